"""The assessment as the bureau reads it: eight items, their weights, and what numbers become."""

from __future__ import annotations

import pytest

from rules import assessment as law
from rules.calendar import Calendar
from rules.periods import Period


def test_there_are_the_eight_grounds_of_the_opinions_in_their_order_and_their_weights_make_a_hundred() -> None:
    assert [one.source for one in law.ITEMS.values()] == [f"nj:五{n}" for n in range(1, 9)]
    assert sum(law.WEIGHTS.values()) == 100


@pytest.mark.parametrize(
    ("part", "whole", "score"),
    [
        (9, 10, 90_00),  # nine of ten
        (2, 3, None),  # fewer than five say nothing about a unit: 不考核
        (4, 4, None),
        (5, 5, 100_00),
        (0, 7, 0),
        (2, 7, 28_57),  # 2 ÷ 7 = 0.285714…
        (99_999, 100_000, 99_99 + 0),  # what is not all is never written as all
        (1, 100_000, 1),  # what is not nothing is never written as nothing
    ],
)
def test_a_rate_is_its_part_over_its_whole_in_hundredths_of_a_point(part: int, whole: int, score: int | None) -> None:
    assert law.rate(part, whole) == score


def test_posts_one_person_may_hold_several_and_one_of_two_roles_is_enough() -> None:
    department, district = law.GROUPS["department"], law.GROUPS["district"]
    assert law.posts(department, ["lead", "enforcement"]) == (2, 2, ())
    assert law.posts(department, ["lead", "handler"]) == (2, 2, ())
    held, needed, missing = law.posts(district, ["intake", "dispatcher", "leader", "archivist"])
    assert (held, needed, missing) == (3, 4, ("中心督办员",))
    assert law.rate(held, needed, 1) == 75_00


def test_a_report_in_time_is_worth_a_hundred_a_late_one_sixty_and_none_nothing() -> None:
    assert [law.report(one) for one in (law.ON_TIME, law.LATE, law.MISSING)] == [100_00, 60_00, 0]


def test_breaches_take_their_points_until_nothing_is_left_and_a_leak_clears_the_item_of_secrecy() -> None:
    assert law.breaches([]) == 100_00
    assert law.breaches(["refused_call", "offline"]) == 50_00
    assert law.breaches(["false_data"] * 3) == 0
    assert law.breaches(["leak"]) == 100_00
    assert law.cleared("secrecy", ["leak"])
    assert not law.cleared("secrecy", ["offline"])
    assert not law.cleared("handle", ["leak"])


def test_the_total_is_the_mean_over_the_items_that_are_assessed() -> None:
    scores = dict.fromkeys(law.ITEMS, None) | {"staffing": 100_00, "handle": 80_00, "breaches": 90_00}
    # (10 × 100 + 25 × 80 + 5 × 90) ÷ 40 = 86.25
    assert law.total(scores, law.WEIGHTS) == (86_25, 40)
    assert law.total(dict.fromkeys(law.ITEMS), law.WEIGHTS) == (None, 0)


def test_equal_totals_share_a_place_and_too_little_weight_has_none() -> None:
    totals = {"a": (90_00, 100), "b": (95_00, 90), "c": (90_00, 60), "d": (80_00, 100), "e": (100_00, 40)}
    assert law.ranks(totals) == {"a": 2, "b": 1, "c": 2, "d": 4, "e": None}


def test_scores_are_written_with_two_places_and_none_as_not_assessed() -> None:
    assert [law.score_words(one) for one in (100_00, 97_30, 5, None)] == ["100.00", "97.30", "0.05", "不考核"]


def test_a_month_is_counted_on_the_day_after_the_reports_are_due_and_objected_to_for_five_working_days() -> None:
    plain = Calendar.seeded()
    november = Period.parse("2026-11")
    assert law.counted_from(november, plain).isoformat() == "2026-12-04"  # reports are due on Thursday the third
    assert law.objections_until(law.counted_from(november, plain), plain).isoformat() == "2026-12-11"
