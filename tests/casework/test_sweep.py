"""The clock that speaks: reminders before a term, the lapse on record, supervision after it, each once and in order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from casework import handling, sweep
from models import Case, Deadline, Document, Event, StaffMessage, SupervisionOrder, Task, db
from models.base import writing
from rules.calendar import ZONE, at_time, local_date
from tests.casework.test_handling import accepting, bring
from tests.support import cast
from tests.support.cast import MORNING, Cast

HALF_PAST_EIGHT = time(8, 30)


@pytest.fixture
def people(context: Flask) -> Cast:
    """A city with its people."""
    return cast.build()


@pytest.fixture
def complaint(people: Cast) -> Case:
    """A complaint of Monday 23 November 2026 that 李明 of 望江所 must decide on by Wednesday 2 December."""
    case = cast.case_of(cast.file())
    bring(people, case, "under_review")
    return case


def day(month: int, number: int, hour: int = 9) -> datetime:
    """A moment of 2026 in the city."""
    return datetime(2026, month, number, hour, tzinfo=ZONE)


def term(case: Case, rule: str = "complaint.decide") -> Deadline:
    """The latest row of a term."""
    db.session.rollback()
    query = select(Deadline).where(Deadline.case_id == case.id, Deadline.rule == rule).order_by(Deadline.id.desc())
    return db.session.scalars(query.execution_options(populate_existing=True)).first()  # type: ignore[return-value]


def acts(case: Case, *wanted: str) -> list[str]:
    """What happened to a case, by action."""
    db.session.rollback()
    rows = db.session.scalars(select(Event).where(Event.case_id == case.id).order_by(Event.seq))
    return [row.action for row in rows if not wanted or row.action in wanted]


def lines(people: Cast, part: str) -> list[str]:
    """The list of a person, without what colleagues did."""
    db.session.rollback()
    mine = StaffMessage.staff_id == people.staff[part]
    query = select(StaffMessage.text).where(mine, StaffMessage.mark.startswith("deadline-")).order_by(StaffMessage.id)
    return list(db.session.scalars(query))


def orders(case: Case) -> list[SupervisionOrder]:
    """The orders of a case in the order in which they were issued."""
    db.session.rollback()
    query = select(SupervisionOrder).where(SupervisionOrder.case_id == case.id).order_by(SupervisionOrder.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def days(first: datetime, last: datetime) -> Iterator[datetime]:
    """Every morning at nine from one day to another."""
    while first <= last:
        yield first
        first += timedelta(days=1)


def watch(first: datetime, last: datetime) -> None:
    """Let the sweep run every morning."""
    for moment in days(first, last):
        assert sweep.run(moment).failed == 0


def quiet_but(case: Case, rule: str) -> None:
    """Let nothing but one term speak."""
    with writing() as session:
        for row in session.scalars(select(Deadline).where(Deadline.case_id == case.id, Deadline.rule != rule)):
            row.next_step_at = None


class TestReminders:
    def test_the_handler_and_the_lead_are_warned_two_days_before_the_decision_is_due(
        self, people: Cast, complaint: Case
    ) -> None:
        quiet_but(complaint, "complaint.decide")
        sweep.run(day(11, 30))
        assert len(lines(people, "east_handler")) == len(lines(people, "east_lead")) == 1
        assert "还剩2个工作日（12月2日）" in lines(people, "east_handler")[0]
        assert lines(people, "west_handler") == lines(people, "east_supervisor") == []

    def test_no_reminder_comes_twice_however_often_the_sweep_runs(self, people: Cast, complaint: Case) -> None:
        quiet_but(complaint, "complaint.decide")
        for _ in range(5):
            sweep.run(day(11, 30))
        assert len(lines(people, "east_handler")) == 1

    def test_on_the_last_day_the_lead_is_urged_and_it_stands_in_the_record(self, people: Cast, complaint: Case) -> None:
        quiet_but(complaint, "complaint.decide")
        watch(day(11, 24), day(12, 2))
        assert acts(complaint, "remind", "mark_overdue", "supervise") == ["remind"]
        assert "催办" in lines(people, "east_lead")[-1]

    def test_a_deputy_is_told_as_well_while_the_handler_is_away(self, people: Cast, complaint: Case) -> None:
        from models import Staff

        with writing() as session:
            away = session.get_one(Staff, people.staff["east_handler"])
            away.away_from, away.away_until = MORNING, MORNING + timedelta(days=30)
            away.deputy_id = people.staff["east_handler2"]
        quiet_but(complaint, "complaint.decide")
        sweep.run(day(11, 30))
        assert len(lines(people, "east_handler2")) == len(lines(people, "east_handler")) == 1


class TestSupervision:
    def test_the_lapse_is_recorded_once_at_midnight(self, people: Cast, complaint: Case) -> None:
        quiet_but(complaint, "complaint.decide")
        watch(day(11, 24), day(12, 2))
        sweep.run(datetime(2026, 12, 3, 0, 1, tzinfo=ZONE))
        sweep.run(datetime(2026, 12, 3, 0, 2, tzinfo=ZONE))
        assert acts(complaint, "mark_overdue") == ["mark_overdue"]
        assert orders(complaint) == []

    def test_it_climbs_from_the_office_to_the_district_to_the_city(self, people: Cast, complaint: Case) -> None:
        quiet_but(complaint, "complaint.decide")
        watch(day(11, 24), day(12, 9))
        issued = orders(complaint)
        assert [(one.place, one.level) for one in issued] == [
            ("office", "supervise"), ("district", "supervise"), ("city", "key_supervise"),
        ]  # fmt: skip
        assert [local_date(one.issued_at).day for one in issued] == [3, 7, 9]
        assert [one.state for one in issued] == ["replaced", "replaced", "open"]
        assert [one.number for one in issued] == ["东市监督〔2026〕1号", "东市监督〔2026〕2号", "临市监督〔2026〕1号"]
        assert {one.unit_id for one in issued} == {people.units["east_office"]}
        assert issued[0].due_on.isoformat() == "2026-12-08"
        assert [part for part in cast.PEOPLE if any("重点督办" in text for text in lines(people, part))] == [
            "city_supervisor", "city_leader", "east_lead", "east_handler",
        ]  # fmt: skip

    def test_rel_14_after_three_days_away_each_step_is_made_up_once_and_in_order(
        self, people: Cast, complaint: Case
    ) -> None:
        quiet_but(complaint, "complaint.decide")
        found = sweep.run(day(12, 20))
        assert found.failed == 0
        assert acts(complaint, "remind", "mark_overdue", "supervise") == [
            "remind", "mark_overdue", "supervise", "supervise", "supervise",
        ]  # fmt: skip
        assert [one.state for one in orders(complaint)] == ["replaced", "replaced", "open"]

    def test_a_decided_case_is_silent(self, people: Cast, complaint: Case) -> None:
        quiet_but(complaint, "complaint.decide")
        handling.apply(complaint, "accept", people.actor("east_handler"), MORNING, **accepting(people))
        watch(day(11, 24), day(12, 9))
        assert acts(complaint, "mark_overdue") == []
        assert orders(complaint) == []


class TestSealedCases:
    def test_only_the_discipline_officer_hears_of_it_and_without_content(self, people: Cast) -> None:
        case = cast.case_of(cast.file("misconduct"))
        watch(day(11, 24), day(12, 20))
        heard = {part for part in cast.PEOPLE if lines(people, part)}
        assert heard == {"discipline", "discipline2"}
        assert all("灭火器" not in text and "违纪" not in text for text in lines(people, "discipline"))
        assert orders(case) == []
        assert acts(case, "remind", "mark_overdue", "supervise") == []


def test_a_row_that_cannot_be_handled_waits_an_hour_and_the_others_go_on(
    people: Cast, complaint: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = cast.case_of(cast.file(goods="课程"))
    real: Any = sweep.speaking.say

    def fail(session: Any, spoken: Any, *rest: Any) -> Any:
        if spoken.case.id == complaint.id:
            raise RuntimeError
        return real(session, spoken, *rest)

    monkeypatch.setattr(sweep.speaking, "say", fail)
    found = sweep.run(day(11, 30))
    assert found.failed >= 1
    assert lines(people, "city_dispatcher") or term(other, "intake.distribute").level > 0
    assert term(complaint).next_step_at == day(11, 30) + timedelta(hours=1)
    assert term(complaint).level == 0


def test_papers_and_tasks_come_with_the_order(people: Cast, complaint: Case) -> None:
    quiet_but(complaint, "complaint.decide")
    watch(day(11, 24), day(12, 3))
    paper = db.session.scalars(select(Document).where(Document.kind == "paper.supervision_order")).one()
    assert paper.number == orders(complaint)[0].number
    assert db.session.scalar(select(Task.id).where(Task.unique_key == f"document-{paper.id}")) is not None
    assert paper.facts["addressee"] == "东城区市场监督管理局望江所"
    assert "王秀英" not in str(paper.facts)
    assert at_time(local_date(day(12, 3)), HALF_PAST_EIGHT) <= paper.ordered_at


def test_a_long_sweep_steps_aside_between_its_portions(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        bring(people, cast.case_of(cast.file()), "under_review")
    done: list[str] = []
    take = sweep._together

    def _counted(portion: Any, turn: Any) -> list[str]:
        done.append(f"{len(portion)} rows")
        return take(portion, turn)

    monkeypatch.setattr(sweep, "_together", _counted)
    monkeypatch.setattr(sweep, "PORTION", {"sqlite": 2, "postgresql": 2})
    monkeypatch.setattr(sweep, "give_way", lambda _database: done.append("aside"))
    assert sweep.run(day(12, 3)).failed == 0
    assert set(done[1::2]) == {"aside"}
    assert set(done[::2]) <= {"2 rows", "1 rows"}
    assert len(done) >= 4
