"""Day and night: a roster is whole or knowingly open, and whoever is on duty learns what comes in meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from casework import duty, handling, tasks
from casework.duty import NotWhole
from casework.errors import NotAllowed, NotFound, Refused
from casework.reference import UnitView, current
from jobs import run
from models import DutyShift, Handover, StaffMessage, Task, clock, db
from rules import duty as watches
from rules.calendar import ZONE
from tests.support import cast
from tests.support.cast import MORNING, Cast

WEEK = "2026-11-24 昼 孙慧 钱伟\n2026-11-24 夜 陈立\n2026-11-25 昼 钱伟\n2026-11-25 夜 孙慧 陈立"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 in the city."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


@pytest.fixture
def people(context: Flask) -> Cast:
    """The cast, on Monday 23 November 2026 at 9:30."""
    return cast.build()


@pytest.fixture
def centre(people: Cast) -> UnitView:
    """The city centre."""
    return current().unit_keys["city"]


def enter(people: Cast, unit: UnitView, text: str = WEEK, *, part: str = "city_supervisor", known: bool = False) -> int:
    """Paste a roster, every line of which can be read."""
    read = watches.parse_lines(text)
    assert read.faults == ()
    return duty.put(unit, read.entries, people.view(part), MORNING, phone="66123150", open_known=known)


def refused(people: Cast, unit: UnitView, text: str) -> Sequence[str]:
    """The sentences for a roster that cannot be saved; nothing of it is."""
    before = db.session.query(DutyShift).count()
    with pytest.raises(NotWhole) as wrong:
        enter(people, unit, text)
    assert db.session.query(DutyShift).count() == before
    return wrong.value.sentences


def lines_of(people: Cast, part: str) -> list[str]:
    """What stands in the list of a person."""
    rows = db.session.query(StaffMessage.text).filter_by(staff_id=people.staff[part]).order_by(StaffMessage.id)
    return [text for (text,) in rows]


def do_tasks(now: datetime) -> int:
    """Let a worker tell whoever is on duty."""
    waiting = db.session.query(Task.id).filter_by(kind=tasks.DUTY_TELL, done_at=None).all()
    db.session.rollback()
    return sum(run.run(task_id, now) for (task_id,) in waiting)


def test_a_whole_roster_is_saved_and_says_who_is_on_duty(people: Cast, centre: UnitView) -> None:
    assert enter(people, centre) == 4
    noon = duty.on_duty(centre, at(24, 12))
    assert (noon.entered, noon.first, noon.second, noon.phone) == (True, "孙慧", "钱伟", "66123150")


def test_who_is_on_duty_at_midnight_and_at_the_change_of_shift(people: Cast, centre: UnitView) -> None:
    enter(people, centre)
    moments = [(24, 17, 29), (24, 17, 30), (25, 0, 0), (25, 8, 29), (25, 8, 30)]
    assert [duty.on_duty(centre, at(*moment)).first for moment in moments] == ["孙慧", "陈立", "陈立", "陈立", "钱伟"]


def test_a_gap_gets_a_sentence_that_names_day_and_shift(people: Cast, centre: UnitView) -> None:
    text = "2026-11-24 昼 孙慧\n2026-11-25 夜 陈立"
    assert refused(people, centre, text) == ("11月24日（周二）夜班没有人", "11月25日（周三）昼班没有人")


def test_a_gap_may_be_left_open_knowingly(people: Cast, centre: UnitView) -> None:
    assert enter(people, centre, "2026-11-24 昼 孙慧\n2026-11-24 夜 空\n2026-11-25 夜 陈立", known=True) == 4
    night = duty.on_duty(centre, at(24, 20))
    assert (night.entered, night.first) == (True, "")


def test_a_roster_that_continues_another_has_no_gap_between_them(people: Cast, centre: UnitView) -> None:
    enter(people, centre)
    assert enter(people, centre, "2026-11-25 夜 孙慧\n2026-11-26 昼 陈立") == 2


def test_a_double_entry_gets_a_sentence_that_names_both(people: Cast, centre: UnitView) -> None:
    text = "2026-11-24 昼 孙慧\n2026-11-24 夜 陈立\n2026-11-24 昼 钱伟"
    assert refused(people, centre, text) == ("11月24日（周二）昼班写了两次：第1行孙慧、第3行钱伟，请留一个",)


def test_a_name_that_nobody_has_is_refused_at_its_line(people: Cast, centre: UnitView) -> None:
    text = "2026-11-24 昼 孙慧\n2026-11-24 夜 李明"
    assert refused(people, centre, text) == ("第2行：“李明”，本单位没有这个人",)


def test_nobody_is_on_duty_in_two_places_at_once(people: Cast, centre: UnitView) -> None:
    office = current().unit_keys["east_office"]
    enter(people, office, "2026-11-24 昼 李明", part="east_lead")
    east = current().unit_keys["east"]
    (sentence,) = refused_by(people, east, "2026-11-24 昼 李明", "east_supervisor")
    assert "李明这一班已在东城区市场监督管理局望江所值班" in sentence


def refused_by(people: Cast, unit: UnitView, text: str, part: str) -> Sequence[str]:
    """As `refused`, for another person."""
    with pytest.raises(NotWhole) as wrong:
        enter(people, unit, text, part=part)
    return wrong.value.sentences


def test_a_watch_that_is_over_stays_as_it_was(people: Cast, centre: UnitView) -> None:
    (sentence,) = refused(people, centre, "2026-11-22 昼 孙慧\n2026-11-22 夜 陈立")[:1]
    assert "11月22日（周日）昼班已经过去" in sentence


def test_only_those_who_answer_for_a_unit_enter_its_roster(people: Cast, centre: UnitView) -> None:
    for part in ("east_supervisor", "city_intake"):
        with pytest.raises(NotAllowed):
            enter(people, centre, part=part)
    east = current().unit_keys["east"]
    assert enter(people, east, "2026-11-24 昼 周岚", part="city_supervisor") == 1


def test_two_watches_change_their_people(people: Cast, centre: UnitView) -> None:
    enter(people, centre)
    one, other = watches.slot_at(at(24, 12)), watches.slot_at(at(25, 20))
    duty.swap(centre, one, other, people.view("city_supervisor"), MORNING)
    db.session.rollback()
    assert duty.on_duty(centre, at(24, 12)).first == "孙慧"
    assert duty.on_duty(centre, at(24, 12)).second == "陈立"
    assert duty.on_duty(centre, at(25, 20)).second == "钱伟"
    with pytest.raises(Refused, match="还没有排人"):
        duty.swap(centre, one, watches.slot_at(at(27, 12)), people.view("city_supervisor"), MORNING)
    with pytest.raises(Refused, match="已经过去"):
        duty.swap(centre, one, other, people.view("city_supervisor"), at(25, 9))


def test_a_handover_note_is_confirmed_by_the_next_one_and_not_by_its_writer(people: Cast, centre: UnitView) -> None:
    enter(people, centre)
    writer, reader = people.view("city_supervisor"), people.view("city_intake")
    duty.hand_over(centre, " T20261124-00012-3 请跟进 ", writer, at(25, 8, 20))
    (note,) = duty.notes(centre.id)
    night = duty.shift_at(centre.id, at(25, 2))
    assert night is not None
    assert (note.text, note.shift_id) == ("T20261124-00012-3 请跟进", night.id)
    with pytest.raises(Refused, match="接班的人"):
        duty.confirm(note.id, writer, at(25, 8, 30))
    duty.confirm(note.id, reader, at(25, 8, 31))
    duty.confirm(note.id, people.view("city_dispatcher"), at(25, 9))
    db.session.rollback()
    row = db.session.query(Handover).populate_existing().one()
    assert (row.read_by_id, row.read_at) == (people.staff["city_intake"], at(25, 8, 31))
    with pytest.raises(NotFound):
        duty.confirm(note.id, people.view("west_lead"), at(25, 9))


def test_a_handover_without_a_word_is_refused(people: Cast, centre: UnitView) -> None:
    with pytest.raises(Refused, match="无事"):
        duty.hand_over(centre, "  ", people.view("city_intake"), MORNING)


def test_what_is_filed_at_night_goes_to_the_officers_on_duty_once(people: Cast, centre: UnitView) -> None:
    enter(people, centre)
    receipt = cast.file(now=at(25, 2))
    assert lines_of(people, "city_supervisor") == []
    assert do_tasks(at(25, 2, 1)) == 1
    (line,) = lines_of(people, "city_supervisor")
    assert line.startswith(f"非工作时间来件 {receipt.slips[0].number}（投诉）：")
    assert lines_of(people, "city_intake") == []


def test_telling_again_after_a_crash_writes_no_second_line(people: Cast, centre: UnitView) -> None:
    enter(people, centre)
    case = cast.case_of(cast.file(now=at(25, 2)))
    for _ in range(2):
        duty.tell(case.id, 1, at(25, 2), lambda _session, _now: None)
    assert len(lines_of(people, "city_supervisor")) == 1


def test_what_is_filed_by_day_troubles_nobody(people: Cast, centre: UnitView) -> None:
    enter(people, centre)
    cast.file(now=at(24, 10))
    assert db.session.query(Task).filter_by(kind=tasks.DUTY_TELL).count() == 0


def test_a_case_that_becomes_urgent_goes_to_the_officer_on_duty(people: Cast, centre: UnitView) -> None:
    enter(people, centre)
    case = cast.case_of(cast.file(now=at(24, 10)))
    actor = people.actor("city_dispatcher")
    handling.apply(case, "set_priority", actor, at(24, 11), urgent="urgent", reasons="多人就医")
    assert do_tasks(at(24, 11)) == 1
    assert lines_of(people, "city_intake")[0].startswith(f"紧急来件 {case.number}")


def test_a_sealed_filing_is_told_to_nobody_on_duty(people: Cast, centre: UnitView) -> None:
    enter(people, centre)
    cast.file("misconduct", now=at(25, 2))
    assert db.session.query(Task).filter_by(kind=tasks.DUTY_TELL).count() == 0


def test_without_a_roster_everything_works_and_nobody_is_told(people: Cast, centre: UnitView) -> None:
    cast.file(now=at(25, 2))
    assert do_tasks(at(25, 2, 1)) == 1
    assert db.session.query(StaffMessage).count() == 0
    found = duty.on_duty(centre, at(25, 2))
    assert (found.entered, found.slot.words) == (False, "11月24日（周二）夜班")
    assert len(duty.incoming(people.view("city_intake"), found.slot.starts_at)) == 1


def test_the_list_of_a_watch_holds_off_hours_and_urgent_cases_since_it_began(people: Cast, centre: UnitView) -> None:
    night = cast.file(now=at(25, 2)).slips[0].number
    cast.file(now=at(24, 20))
    cast.file(now=at(25, 10))
    began = at(25, 0)
    assert [case.number for case in duty.incoming(people.view("city_intake"), began)] == [night]
    assert duty.incoming(people.view("west_lead"), began) == []


def test_the_roster_of_the_unit_counts_before_that_of_the_city(people: Cast, centre: UnitView) -> None:
    enter(people, centre)
    office = current().unit_keys["east_office"]
    enter(people, office, "2026-11-24 昼 李明", part="east_lead")
    ref = current()
    assert duty.officers(office.id, at(24, 10), ref) == (people.staff["east_handler"],)
    assert duty.officers(office.id, at(24, 20), ref) == (people.staff["city_supervisor"],)
    assert duty.officers(office.id, at(30, 20), ref) == ()


def test_the_clock_of_the_city_decides_and_not_that_of_the_server(people: Cast, centre: UnitView) -> None:
    enter(people, centre)
    with clock.frozen(at(25, 0) + timedelta(seconds=1)):
        assert duty.on_duty(centre, clock.now()).first == "陈立"
