"""Terms, pauses, extensions, warnings and what a due date says about itself."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.calendar import Calendar, CalendarDay, at_time, seeded, seeded_years, start_of_day
from rules.deadlines import (
    DEFAULTS,
    LADDERS,
    RULES,
    Clock,
    Pause,
    cite,
    due,
    explain,
    extended_by,
    moments,
    next_moment,
    remaining,
    version_for,
)
from rules.terms import version_of

CALENDAR = Calendar.seeded()
STARTS = st.dates(date(2024, 1, 1), date(2026, 6, 30))


def clock(rule: str, opened: date, version: str = "order-121", **more: object) -> Clock:
    return Clock(rule, version, opened, at_time(opened, datetime.min.time()), **more)  # type: ignore[arg-type]


def test_a_complaint_must_be_decided_within_seven_working_days() -> None:
    assert due(clock("complaint.decide", date(2026, 9, 18)), CALENDAR).on == date(2026, 9, 29)


@pytest.mark.parametrize(
    ("start", "raw", "rolled"),
    [
        ("2026-08-03", "2026-10-02", "2026-10-08"),
        ("2026-03-05", "2026-05-04", "2026-05-06"),
        ("2026-05-05", "2026-07-04", "2026-07-06"),
        ("2026-08-11", "2026-10-10", "2026-10-10"),
    ],
)
def test_sixty_days_of_mediation_end_as_worked_out_by_hand(start: str, raw: str, rolled: str) -> None:
    found = due(clock("complaint.mediate", date.fromisoformat(start)), CALENDAR)
    assert (found.raw_on, found.on) == (date.fromisoformat(raw), date.fromisoformat(rolled))
    assert found.at == start_of_day(date.fromisoformat(rolled) + timedelta(days=1))


def test_statutory_holidays_only_do_not_roll_a_plain_saturday() -> None:
    settings = {**DEFAULTS, "roll_forward": "statutory_holidays_only"}
    assert due(clock("complaint.mediate", date(2026, 5, 5)), CALENDAR, settings).on == date(2026, 7, 4)
    assert due(clock("complaint.mediate", date(2026, 8, 3)), CALENDAR, settings).on == date(2026, 10, 8)


def test_a_pause_leaves_out_the_day_of_commissioning_and_counts_the_day_of_the_result() -> None:
    pause = Pause(date(2026, 5, 1), date(2026, 5, 10))
    plain = due(clock("complaint.mediate", date(2026, 4, 20)), CALENDAR).raw_on
    paused = due(clock("complaint.mediate", date(2026, 4, 20), pauses=(pause,)), CALENDAR).raw_on
    assert plain is not None
    assert paused == plain + timedelta(days=9)
    both = due(clock("complaint.mediate", date(2026, 4, 20), pauses=(pause,)), CALENDAR,
               {**DEFAULTS, "pause_counting": "both_days_out"}).raw_on  # fmt: skip
    assert both == plain + timedelta(days=10)


def test_a_clock_that_stands_still_has_no_date_and_nothing_to_say() -> None:
    standing = clock("complaint.mediate", date(2026, 6, 3), pauses=(Pause(date(2026, 6, 15)),))
    found = due(standing, CALENDAR)
    assert (found.on, found.raw_on, found.at) == (None, None, None)
    assert moments(standing, found, CALENDAR) == ()
    with pytest.raises(ValueError, match="stands still"):
        remaining(found, datetime(2026, 6, 20, tzinfo=UTC), "calendar_day", CALENDAR)


def test_a_pause_that_begins_after_the_lapse_does_not_undo_it() -> None:
    late = clock("complaint.mediate", date(2026, 6, 3), pauses=(Pause(date(2026, 9, 1)),))
    assert due(late, CALENDAR).on == date(2026, 8, 3)


def brute_force(start: date, length: int, working: bool, pauses: list[Pause]) -> date:
    """The same count, one day after the other."""
    day, counted = start, 0
    while counted < length:
        day += timedelta(days=1)
        if any(p.from_on <= day and (p.to_on is None or day < p.to_on) for p in pauses):
            continue
        counted += not working or CALENDAR.is_working(day)
    return day


@given(STARTS, st.lists(st.tuples(st.integers(0, 80), st.integers(0, 30)), max_size=3), st.booleans())
def test_counting_by_look_up_equals_counting_day_by_day(
    start: date, spans: list[tuple[int, int]], working: bool
) -> None:
    pauses: list[Pause] = []
    for after, length in sorted(spans):
        first = start + timedelta(days=after)
        if not pauses or first >= (pauses[-1].to_on or first):
            pauses.append(Pause(first, first + timedelta(days=length)))
    rule, version = ("report.verify", "proc") if working else ("complaint.mediate", "order-121")
    wanted = brute_force(start, 15 if working else 60, working, pauses)
    assert due(clock(rule, start, version, pauses=tuple(pauses)), CALENDAR).raw_on == wanted


@given(STARTS, st.integers(0, 40), st.integers(1, 40))
def test_a_pause_never_shortens_a_term(start: date, after: int, length: int) -> None:
    first = start + timedelta(days=after)
    plain = due(clock("complaint.mediate", start), CALENDAR).on
    paused = due(clock("complaint.mediate", start, pauses=(Pause(first, first + timedelta(days=length)),)), CALENDAR).on
    assert plain is not None
    assert paused is not None
    assert paused >= plain


def test_the_version_of_the_day_of_receipt_governs() -> None:
    before, after = (
        version_for("complaint.mediate", date(2026, 4, 14)),
        version_for("complaint.mediate", date(2026, 4, 15)),
    )
    assert before is not None
    assert after is not None
    assert (before.length, before.unit) == (45, "working_day")
    assert (after.length, after.unit) == (60, "calendar_day")
    assert version_for("complaint.decide", date(2019, 12, 31)) is None
    assert version_for("report.notify-informant", date(2026, 4, 15)) is None


def test_the_old_mediation_term_follows_the_setting() -> None:
    old = clock("complaint.mediate", date(2026, 4, 20), "order-20")
    assert due(old, CALENDAR).on == date(2026, 6, 25)
    assert due(old, CALENDAR, {**DEFAULTS, "old_mediate_limit": "60_calendar_days"}).on == date(2026, 6, 22)
    assert due(old, CALENDAR, {**DEFAULTS, "old_mediate_limit": "earlier_of_both"}).on == date(2026, 6, 22)


def test_a_date_written_in_a_notice_stands_as_written() -> None:
    fixed = clock("complaint.supplement", date(2026, 8, 12), "local", fixed_on=date(2026, 8, 15))
    assert due(fixed, CALENDAR).on == date(2026, 8, 15)


def test_hours_run_from_the_minute_of_issue() -> None:
    issued = datetime(2026, 6, 24, 2, 20, tzinfo=UTC)
    found = due(Clock("directive.report", "local", date(2026, 6, 24), issued, length=30), CALENDAR)
    assert found.at == issued + timedelta(hours=30)
    assert found.on == date(2026, 6, 25)


def test_a_date_in_a_year_without_a_notice_is_provisional_and_moves_when_the_year_is_entered() -> None:
    running = clock("complaint.mediate", date(2026, 11, 25))
    first = due(running, CALENDAR)
    assert first.provisional
    assert first.on == date(2027, 1, 25)
    row = CalendarDay(date(2027, 1, 25), False, "测试放假", "test")
    entered = Calendar.build([*seeded(), row], [*seeded_years(), 2027])
    second = due(running, entered)
    assert (second.on, second.provisional) == (date(2027, 1, 26), False)


def test_an_approved_extension_is_counted_on() -> None:
    extended = clock("report.verify", date(2026, 4, 20), "proc", extra=15, extended=1)
    assert due(extended, CALENDAR).on == date(2026, 6, 3)


def test_extensions_of_the_usual_length_are_counted_up_to_what_the_rule_allows() -> None:
    verify = clock("report.verify", date(2026, 4, 20), "proc")
    assert extended_by(verify, 0) == verify
    assert due(extended_by(verify, 1), CALENDAR).on == date(2026, 6, 3)
    with pytest.raises(ValueError, match="最多延长1次，现在是2次"):
        extended_by(verify, 2)
    decide = clock("complaint.decide", date(2026, 4, 20))
    assert extended_by(decide, 0) == decide
    with pytest.raises(ValueError, match="最多延长0次"):
        extended_by(decide, 1)


def test_warnings_look_at_the_unrolled_day_and_the_lapse_at_the_rolled_one() -> None:
    running = clock("complaint.mediate", date(2026, 8, 3))  # raw Friday 2 October, in the holiday; due 8 October
    found = moments(running, due(running, CALENDAR), CALENDAR)
    assert [(m.act, m.offset) for m in found] == [
        ("warn", -15), ("warn", -5), ("warn", -1),
        ("urge", 0), ("lapse", 0), ("supervise", 1), ("supervise", 3), ("key_supervise", 5),
    ]  # fmt: skip
    assert found[2].at == datetime(2026, 9, 30, 0, 30, tzinfo=UTC)
    assert found[3].at == datetime(2026, 10, 8, 0, 30, tzinfo=UTC)
    assert found[4].at == due(running, CALENDAR).at
    assert [m.where for m in found[5:]] == ["office", "district", "city"]
    assert next_moment(running, due(running, CALENDAR), CALENDAR, 4) == found[4]
    assert next_moment(running, due(running, CALENDAR), CALENDAR, 8) is None


@given(st.sampled_from(sorted(RULES)), STARTS, st.booleans())
def test_moments_come_in_order_with_growing_levels(rule: str, start: date, sealed: bool) -> None:
    for version in RULES[rule].versions:
        running = Clock(rule, version.key, start, at_time(start, datetime.min.time()))
        found = moments(running, due(running, CALENDAR), CALENDAR, sealed)
        assert list(found) == sorted(found, key=lambda moment: moment.at)
        assert [m.level for m in found] == sorted({m.level for m in found})


def test_a_sealed_case_speaks_to_discipline_officers_alone() -> None:
    for rule in ("archive.file", "correction.finish", "question.answer", "misconduct.sign", "misconduct.answer"):
        running = clock(rule, date(2026, 6, 1), "local")
        found = moments(running, due(running, CALENDAR), CALENDAR, sealed=True)
        assert found
        assert {role for moment in found for role in moment.to} == {"discipline"}
        assert {moment.act for moment in found} == {"remind"}


def test_a_case_restored_long_after_its_term_is_supervised_once_at_the_level_it_has_reached() -> None:
    begun = clock("complaint.decide", date(2026, 3, 2), "order-20")
    running = begun._replace(opened_at=at_time(date(2026, 6, 1), datetime.min.time()))
    found = moments(running, due(running, CALENDAR), CALENDAR)
    assert [moment.act for moment in found] == ["key_supervise"]


def test_remaining_counts_what_the_unit_counts_and_goes_negative_when_overdue() -> None:
    found = due(clock("complaint.decide", date(2026, 11, 12)), CALENDAR)
    assert found.on == date(2026, 11, 23)
    assert remaining(found, datetime(2026, 11, 20, 4, tzinfo=UTC), "working_day", CALENDAR) == (1, "working_day")
    assert remaining(found, datetime(2026, 11, 20, 4, tzinfo=UTC), "calendar_day", CALENDAR) == (3, "calendar_day")
    assert remaining(found, datetime(2026, 11, 23, 4, tzinfo=UTC), "working_day", CALENDAR) == (0, "working_day")
    assert remaining(found, datetime(2026, 11, 26, 4, tzinfo=UTC), "calendar_day", CALENDAR) == (-3, "calendar_day")
    assert remaining(found, datetime(2026, 11, 23, 10, tzinfo=UTC), "hour", CALENDAR) == (6, "hour")


def test_a_term_that_ended_on_friday_is_overdue_on_saturday() -> None:
    found = due(clock("complaint.decide", date(2026, 11, 11)), CALENDAR)
    assert found.on == date(2026, 11, 20)
    assert remaining(found, datetime(2026, 11, 21, 4, tzinfo=UTC), "working_day", CALENDAR) == (-1, "working_day")


def test_a_due_date_explains_itself_day_by_day() -> None:
    told = explain(clock("complaint.decide", date(2026, 9, 18)), CALENDAR)
    assert [line.number for line in told.lines if line.counts] == list(range(1, 8))
    assert told.lines[0].why == "起算之日不计入"
    assert {line.day: line.why for line in told.lines}[date(2026, 9, 25)] == "中秋节放假"
    assert told.lines[-1].day == told.due.on
    assert dict(told.summary)["依据"] == "《市场监督管理投诉举报处理办法》第十五条"


def test_an_explanation_names_the_roll_the_safe_day_and_the_pause() -> None:
    told = explain(clock("complaint.mediate", date(2026, 8, 3)), CALENDAR)
    rows = dict(told.summary)
    assert "10月8日" in rows["顺延"]
    assert "10月2日" in rows["稳妥"]
    paused = clock("complaint.mediate", date(2026, 6, 3), pauses=(Pause(date(2026, 6, 15), date(2026, 7, 8)),))
    assert sum(line.why == "计时暂停" for line in explain(paused, CALENDAR).lines) == 23


@given(st.sampled_from(sorted(RULES)), STARTS)
def test_every_explanation_ends_on_its_due_date_with_the_full_count(rule: str, start: date) -> None:
    for version in RULES[rule].versions:
        running = Clock(rule, version.key, start, at_time(start, datetime.min.time()))
        told = explain(running, CALENDAR)
        assert told.due == due(running, CALENDAR)
        if version.unit != "hour":
            assert sum(line.counts for line in told.lines) == version.length


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("order-121:15(1)", "《市场监督管理投诉举报处理办法》第十五条第一款"),
        ("order-121:16(3)", "《市场监督管理投诉举报处理办法》第十六条第三项"),
        ("order-121:23(1)(5)", "《市场监督管理投诉举报处理办法》第二十三条第一款第五项"),
        ("food-law:115", "《食品安全法》第一百一十五条"),
        ("local; local", "本局规定"),
        ("forms-2026:7", "《投诉举报文书式样》（2026年）式样之七"),
    ],
)
def test_sources_are_cited_as_lawyers_write_them(source: str, text: str) -> None:
    assert cite(source) == text


def test_every_rule_can_be_cited_and_has_a_ladder() -> None:
    for rule in RULES.values():
        assert rule.ladder in LADDERS
        for version in rule.versions:
            assert cite(version.source)
            assert version_of(rule.key, version.key) is version


def test_ten_thousand_terms_are_computed_in_half_a_second() -> None:
    running = clock("complaint.mediate", date(2026, 6, 3))
    begun = time.perf_counter()
    for _ in range(10_000):
        due(running, CALENDAR)
    assert time.perf_counter() - begun < 0.5
