"""How numbers may be compared: no percentage of a small base, none of nothing, no share rounded to all or to none."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.deadline import DECISION
from rules import statistics as law
from rules.statistics import Renamed


@pytest.mark.parametrize(
    ("now", "was", "words", "short"),
    [
        (7, 3, "由3件增至7件", "3→7"),
        (0, 3, "由3件减至0件", "3→0"),
        (1, 0, "由0件增至1件", "0→1"),
        (0, 0, "--", "--"),
        (5, 5, "持平", "持平"),
        (45, 40, "上升12.5%", "+12.5%"),
        (0, 40, "下降100.0%", "-100.0%"),
        (10_001, 10_000, "由10000件增至10001件", "10,000→10,001"),
    ],
)
def test_a_change_is_a_percentage_only_of_a_base_that_is_large_enough(
    now: int, was: int, words: str, short: str
) -> None:
    found = law.change(now, was, floor=20)
    assert (found.words(), found.short()) == (words, short)


def test_the_floor_lies_under_the_base_and_nowhere_else() -> None:
    assert law.change(40, 19, floor=20).way == "numbers"
    assert law.change(3, 20, floor=20).words() == "下降85.0%"


def test_money_is_compared_by_the_cases_behind_it() -> None:
    assert law.change(200_00, 100_00, base=2, floor=20).way == "numbers"
    assert law.change(200_00, 100_00, base=20, floor=20).words() == "上升100.0%"


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(0, 0, "--"), (2, 3, "2/3"), (20, 20, "100.00%"), (99_999, 100_000, "99.99%"), (1, 100_000, "0.01%"),
     (613, 1000, "61.30%")],
)  # fmt: skip
def test_a_share_of_a_small_whole_names_both_numbers_and_never_rounds_to_all_or_none(
    part: int, whole: int, words: str
) -> None:
    assert law.percentage(part, whole, floor=20) == words


def test_rates_are_compared_in_points() -> None:
    assert law.points((90, 100), (85, 100), 20).words() == "提高5.0个百分点"
    assert law.points((9, 10), (85, 100), 20).words() == "--"
    assert law.points((90, 100), (180, 200), 20).words() == "持平"


@given(st.lists(st.integers(0, 400), min_size=1, max_size=60), st.sampled_from([50, 90]))
def test_a_rank_is_a_value_that_was_there(days: list[int], share: int) -> None:
    histogram = {day: days.count(day) for day in days}
    found = law.rank(histogram, share)
    assert found == sorted(days)[max(0, -(-len(days) * share // 100) - 1)]


def test_nothing_has_no_rank() -> None:
    assert law.rank({}, 50) is None


def test_old_keys_and_old_names_of_a_category_are_known() -> None:
    renamed = (Renamed("takeaway", "送餐服务", date(2026, 6, 30), "delivery"),)
    assert "delivery" in law.keys_of("catering_lodging", renamed)
    assert law.keys_of("takeaway", renamed) == ("takeaway", "delivery")
    assert law.former_names("takeaway", (date(2026, 6, 1),), renamed) == renamed
    assert law.former_names("takeaway", (date(2026, 7, 1),), renamed) == ()


def test_the_index_of_decisions_holds_the_terms_that_count_as_decisions() -> None:
    assert DECISION.text == f"outcome = 'done' AND rule IN {law.DECIDED_BY!r}"
