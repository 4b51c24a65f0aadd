"""Periods of statistics: their bounds by the city's calendar, what they are compared with, how they are named."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rules.periods import Period


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("2026-10-08", date(2026, 10, 8), date(2026, 10, 8)),
        ("2026-W01", date(2025, 12, 29), date(2026, 1, 4)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-10-03..2026-10-20", date(2026, 10, 3), date(2026, 10, 20)),
    ],
)
def test_a_period_is_known_by_its_key(key: str, first: date, last: date) -> None:
    found = Period.parse(key)
    assert (found.first, found.last, found.key) == (first, last, key)


@pytest.mark.parametrize(
    "key",
    ["", "2026-13", "2026-W54", "2026-Q5", "1999", "2060", "2026-02-30", "2026-10-20..2026-10-03", "x",
     "2024-01-01..2026-01-01"],
)  # fmt: skip
def test_what_is_no_period_is_refused(key: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - dates raise plain ones as well
        Period.parse(key)


def test_a_month_begins_and_ends_at_midnight_in_the_city() -> None:
    october = Period.parse("2026-10")
    assert october.begins == datetime(2026, 9, 30, 16, tzinfo=UTC)
    assert october.ends == datetime(2026, 10, 31, 16, tzinfo=UTC) == october.after().begins


@pytest.mark.parametrize(
    ("key", "before", "year_ago"),
    [
        ("2026-03-01", "2026-02-28", "2025-03-01"),
        ("2024-02-29", "2024-02-28", "2023-02-28"),
        ("2026-W53", "2026-W52", "2025-W52"),
        ("2026-01", "2025-12", "2025-01"),
        ("2026-Q1", "2025-Q4", "2025-Q1"),
        ("2026", "2025", None),
        ("2026-10-11..2026-10-20", "2026-10-01..2026-10-10", "2025-10-11..2025-10-20"),
    ],
)
def test_a_period_is_compared_with_the_one_before_and_with_that_of_a_year_ago(
    key: str, before: str, year_ago: str | None
) -> None:
    found = Period.parse(key)
    assert found.before().key == before
    ago = found.year_ago()
    assert (ago.key if ago else None) == year_ago


def test_a_period_that_runs_is_cut_to_the_days_that_have_begun() -> None:
    november = Period.parse("2026-11")
    assert november.elapsed(datetime(2026, 11, 22, 16, tzinfo=UTC)) == 23
    assert november.elapsed(datetime(2026, 11, 22, 15, 59, tzinfo=UTC)) == 22
    assert november.elapsed(datetime(2026, 11, 30, 16, tzinfo=UTC)) is None
    assert november.elapsed(datetime(2026, 10, 1, tzinfo=UTC)) is None
    assert november.before().cut(23).key == "2026-10-01..2026-10-23"
    assert Period.parse("2026-02").cut(31).key == "2026-02"


def test_a_period_is_named_as_people_say_it() -> None:
    assert Period.parse("2026-W53").label == "2026年第53周（12月28日至2027年1月3日）"
    assert Period.parse("2026-Q2").label == "2026年第二季度"
    assert Period.parse("2026-10-03..2026-11-20").label == "2026年10月3日至11月20日"
