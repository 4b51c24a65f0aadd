"""Which filings of the last days look like one event: counted in whole days, once each, never the judged ones."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rules import incidents
from rules.incidents import Filed, suggest, window
from rules.settings import SETTINGS

TODAY = date(2026, 11, 23)


def about(respondent: int, *days_ago: int, first_id: int = 1, goods: str = "", district: int = 4) -> list[Filed]:
    """Filings about one business, received so many days ago."""
    return [
        Filed(first_id + n, TODAY - timedelta(days=ago), respondent, f"商家{respondent}", goods, district)
        for n, ago in enumerate(days_ago)
    ]


def test_five_filings_about_one_business_within_seven_days_are_suggested_as_one_event() -> None:
    (found,) = suggest(about(7, 0, 1, 2, 5, 6), TODAY, least=5, days=7)
    assert (found.subject, found.basis, found.words) == ("respondent:7", "respondent", "商家7")
    assert (found.first_on, found.last_on) == (date(2026, 11, 17), TODAY)
    assert len(found.cases) == 5


def test_four_are_not_enough() -> None:
    assert suggest(about(7, 0, 1, 2, 6), TODAY, least=5, days=7) == []


def test_the_seventh_day_back_counts_today_being_the_first() -> None:
    assert window(TODAY, 7) == date(2026, 11, 17)
    assert suggest(about(7, 0, 0, 0, 0, 6), TODAY, least=5, days=7)
    assert suggest(about(7, 0, 0, 0, 0, 7), TODAY, least=5, days=7) == []


def test_a_filing_dated_tomorrow_does_not_count() -> None:
    assert suggest(about(7, 0, 0, 0, 0, -1), TODAY, least=5, days=7) == []


def test_the_same_goods_in_the_same_district_are_one_event_whatever_the_business() -> None:
    filed = [Filed(n, TODAY, n, f"商家{n}", "健身 年卡" if n % 2 else "健身年卡。", 4) for n in range(1, 6)]
    (found,) = suggest(filed, TODAY, least=5, days=7)
    assert (found.basis, found.district_id) == ("goods", 4)


def test_the_same_goods_in_another_district_are_another_matter() -> None:
    filed = [Filed(n, TODAY, n, "", "年卡", 4 if n < 4 else 5) for n in range(1, 7)]
    assert suggest(filed, TODAY, least=5, days=7) == []


def test_a_shop_that_is_suggested_is_not_suggested_again_by_its_goods() -> None:
    filed = about(7, 0, 0, 0, 0, 0, goods="年卡") + about(8, 0, 0, first_id=20, goods="年卡")
    assert [one.basis for one in suggest(filed, TODAY, least=5, days=7)] == ["respondent"]


def test_what_a_person_has_answered_for_is_not_suggested_again_until_as_many_new_ones_come() -> None:
    filed = about(7, 0, 1, 2, 5, 6)
    judged = {"respondent:7": TODAY - timedelta(days=1)}
    assert suggest(filed, TODAY, least=5, days=7, judged=judged) == []
    later = filed + about(7, 0, 0, 0, 0, first_id=30)
    (found,) = suggest(later, TODAY, least=5, days=7, judged=judged)
    assert found.first_on == TODAY
    assert len(found.cases) == 5


def test_how_many_and_how_long_are_local_settings() -> None:
    for key, default in ((incidents.LEAST_SETTING, "5"), (incidents.DAYS_SETTING, "7")):
        assert (SETTINGS[key].default, SETTINGS[key].source) == (default, "local")
        assert all(choice.isdigit() for choice in SETTINGS[key].choices)


FILED = st.lists(
    st.builds(
        Filed,
        case_id=st.integers(1, 60),
        on=st.dates(TODAY - timedelta(days=12), TODAY + timedelta(days=2)),
        respondent_id=st.none() | st.integers(1, 3),
        respondent=st.just("商家"),
        goods=st.sampled_from(["", "年卡", "面包 机"]),
        district_id=st.integers(4, 5),
    ),
    max_size=40,
    unique_by=lambda one: one.case_id,
)


@given(FILED, st.integers(2, 6), st.integers(1, 9), st.randoms())
def test_whatever_was_filed_each_case_speaks_once_and_only_for_what_it_shares(
    filed: list[Filed], least: int, days: int, order: object
) -> None:
    found = suggest(filed, TODAY, least=least, days=days)
    by_id = {one.case_id: one for one in filed}
    spoken = Counter(case for one in found for case in one.cases)
    assert all(number == 1 for number in spoken.values())
    for one in found:
        mine = [by_id[case] for case in one.cases]
        assert len(mine) >= least
        assert window(TODAY, days) <= one.first_on <= one.last_on <= TODAY
        assert (min(x.on for x in mine), max(x.on for x in mine)) == (one.first_on, one.last_on)
        if one.basis == "respondent":
            assert len({x.respondent_id for x in mine}) == 1
        else:
            assert {(incidents.plain(x.goods), x.district_id) for x in mine} == {
                (incidents.plain(one.words), one.district_id)
            }
    shuffled = list(filed)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert suggest(shuffled, TODAY, least=least, days=days) == found


@given(FILED, st.integers(2, 5))
def test_nothing_that_is_enough_is_passed_over(filed: list[Filed], least: int) -> None:
    found = {one.subject for one in suggest(filed, TODAY, least=least, days=7)}
    near = Counter(x.respondent_id for x in filed if x.respondent_id and window(TODAY, 7) <= x.on <= TODAY)
    assert {f"respondent:{key}" for key, number in near.items() if number >= least} <= found


@given(FILED, st.integers(2, 5))
def test_what_was_dismissed_stays_dismissed_while_nothing_new_comes(filed: list[Filed], least: int) -> None:
    found = suggest(filed, TODAY, least=least, days=7)
    judged = {one.subject: one.last_on for one in found}
    assert suggest(filed, TODAY, least=least, days=7, judged=judged) == []
