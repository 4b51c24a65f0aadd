"""Working days: the published notices, the vectors worked out by hand, and laws of counting."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.calendar import (
    Calendar,
    CalendarDay,
    end_of_day,
    local_date,
    seeded,
    seeded_years,
    start_of_day,
    statutory_days,
)

CALENDAR = Calendar.seeded()
DAYS = st.dates(date(2018, 1, 1), date(2026, 9, 1))


def test_every_day_from_2018_to_2026_agrees_with_an_independent_source() -> None:
    other = holidays.country_holidays("CN", years=range(2018, 2027))
    day = date(2018, 1, 1)
    while day.year < 2027:
        assert CALENDAR.is_working(day) == other.is_working_day(day), day
        day += timedelta(days=1)


def test_the_lunar_days_of_years_without_a_notice_agree_with_an_independent_source() -> None:
    other = holidays.country_holidays("CN", years=range(2027, 2036), language="zh_CN")
    for year in range(2027, 2036):
        fixed = {day for day, name in other.items() if day.year == year and "补假" not in name}
        assert set(statutory_days(year)) == fixed


def test_the_statute_gives_thirteen_days_off_a_year() -> None:
    # 2028 and 2031 have Mid-Autumn within National Day: one day serves both.
    assert [len(statutory_days(year)) for year in (2027, 2029, 2030)] == [13, 13, 13]


@pytest.mark.parametrize(
    ("start", "length", "wanted"),
    [
        ("2026-09-18", 7, "2026-09-29"),
        ("2026-09-30", 7, "2026-10-15"),
        ("2026-02-13", 7, "2026-03-02"),
        ("2026-04-30", 7, "2026-05-13"),
        ("2026-09-18", 15, "2026-10-15"),
        ("2025-12-31", 5, "2026-01-08"),
        ("2025-09-30", 15, "2025-10-28"),
    ],
)
def test_working_days_are_counted_as_worked_out_by_hand(start: str, length: int, wanted: str) -> None:
    assert CALENDAR.add_working_days(date.fromisoformat(start), length) == date.fromisoformat(wanted)


@given(DAYS, st.integers(1, 400))
def test_adding_working_days_counts_exactly_that_many(day: date, n: int) -> None:
    end = CALENDAR.add_working_days(day, n)
    assert CALENDAR.is_working(end)
    assert CALENDAR.working_days_between(day, end) == n
    counted = sum(CALENDAR.is_working(day + timedelta(days=i)) for i in range(1, (end - day).days + 1))
    assert counted == n


@given(DAYS, st.integers(1, 100))
def test_going_back_from_a_working_day_undoes_going_forward(day: date, n: int) -> None:
    start = CALENDAR.roll_forward(day)
    assert CALENDAR.add_working_days(CALENDAR.add_working_days(start, n), -n) == start


@given(DAYS)
def test_the_working_day_before_a_day_off_is_the_last_one(day: date) -> None:
    before = CALENDAR.add_working_days(day, -1)
    assert before < day
    assert CALENDAR.is_working(before)
    assert not any(CALENDAR.is_working(before + timedelta(days=i)) for i in range(1, (day - before).days))


@given(DAYS)
def test_rolling_forward_passes_over_days_off_only(day: date) -> None:
    rolled = CALENDAR.roll_forward(day)
    assert CALENDAR.is_working(rolled)
    assert all(not CALENDAR.is_working(day + timedelta(days=i)) for i in range((rolled - day).days))


def test_a_plain_weekend_does_not_count_as_a_holiday() -> None:
    assert CALENDAR.roll_forward(date(2026, 7, 4), holidays_only=True) == date(2026, 7, 4)
    assert CALENDAR.roll_forward(date(2026, 10, 2), holidays_only=True) == date(2026, 10, 8)


def test_a_day_says_in_chinese_why_it_counts_or_not() -> None:
    assert CALENDAR.why(date(2026, 11, 22)) == "周日休息"
    assert CALENDAR.why(date(2026, 11, 23)) == "工作日"
    assert CALENDAR.why(date(2026, 10, 2)) == "国庆节放假"
    assert CALENDAR.why(date(2026, 9, 20)) == "周日（国庆节调休上班）"


def test_a_year_without_a_notice_is_not_known_and_has_the_statutory_days() -> None:
    assert not CALENDAR.is_known(date(2027, 2, 6))
    assert not CALENDAR.is_working(date(2027, 2, 5))
    assert CALENDAR.is_known(date(2026, 12, 31))


def test_the_days_of_an_administrator_win() -> None:
    row = CalendarDay(date(2027, 1, 4), False, "元旦放假", "国办发明电〔2026〕1号")
    entered = Calendar.build([*seeded(), row], [*seeded_years(), 2027])
    assert entered.is_known(row.day)
    assert not entered.is_working(row.day)
    assert entered.is_working(date(2027, 2, 5))


def test_a_local_day_begins_at_sixteen_hours_utc_of_the_day_before() -> None:
    assert start_of_day(date(2026, 11, 23)) == datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert end_of_day(date(2026, 11, 23)) == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert local_date(datetime(2026, 11, 22, 16, tzinfo=UTC)) == date(2026, 11, 23)
    assert local_date(datetime(2026, 11, 22, 15, 59, tzinfo=UTC)) == date(2026, 11, 22)


def test_summer_time_of_1990_is_honoured() -> None:
    assert local_date(datetime(1990, 7, 1, 15, 30, tzinfo=UTC)) == date(1990, 7, 2)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_date(datetime(2026, 11, 23))  # noqa: DTZ001


def test_a_day_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="2060"):
        CALENDAR.add_working_days(date(2060, 12, 31), 1)
