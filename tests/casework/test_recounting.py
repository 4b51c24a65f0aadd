"""The recount behind a change of the calendar: killed anywhere, in batches, by whoever comes to a case first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from casework import calendars, handling, recounting, sweep, tasks
from casework.errors import Stale
from models import (
    CalendarChange,
    Case,
    Deadline,
    SupervisionOrder,
    db,
)
from models.base import writing
from tests.casework.test_calendar_changes import STORM, change, declare, one_task, recount, rows, sound
from tests.casework.test_handling import accepting, bring
from tests.casework.test_sweep import acts, day, quiet_but, term, watch
from tests.support import cast
from tests.support.cast import MORNING, Cast


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


class Killed(BaseException):
    """As kill -9: nobody catches it and cleans up."""


@contextmanager
def killed_after(statements: int) -> Iterator[None]:
    """Die before the nth statement."""
    engine, left = db.session.get_bind(), [statements]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", count)


class TestTheRecount:
    def many(self, number: int = 5) -> list[Case]:
        """Some complaints."""
        return [cast.case_of(cast.file(goods=f"年卡{n}")) for n in range(number)]

    def test_killed_between_any_two_statements_it_goes_on_and_moves_each_term_once(self, people: Cast) -> None:
        cases = self.many()
        expected = calendars.preview(calendars.read(STORM, MORNING), MORNING).moved
        moving, at, allowed = declare(people, STORM), MORNING, 3
        while change(moving).finished_at is None:
            try:
                with killed_after(allowed):
                    one_task(at)
            except Killed:
                db.session.rollback()
                db.session.info.pop("writing", None)
            at, allowed = at + tasks.LEASE, allowed + 25
        assert change(moving).moved == expected
        assert change(moving).looked_at == len(cases)
        for case in cases:
            assert len(rows(case)) == 2
        assert sound()

    def test_it_goes_in_batches_and_says_how_far_it_is(self, people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recounting, "BATCH", 2)
        self.many()
        moving = declare(people, STORM)
        seen = []
        while change(moving).finished_at is None:
            one_task(MORNING)
            seen.append(change(moving).looked_at)
        assert seen == [2, 4, 5]

    def test_a_case_that_cannot_be_counted_does_not_hold_up_the_others(
        self, people: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cases, real = self.many(3), handling.recount

        def fail(session: Any, case_id: int, now: datetime) -> Any:
            if case_id == cases[1].id:
                raise RuntimeError
            return real(session, case_id, now)

        monkeypatch.setattr(handling, "recount", fail)
        moving = declare(people, STORM)
        recount()
        assert (change(moving).failed, change(moving).looked_at) == (1, 3)
        assert [len(rows(case)) for case in cases] == [2, 1, 2]

    def test_done_again_it_finds_nothing(self, people: Cast, complaint: Case) -> None:
        moving = declare(people, STORM)
        recount()
        seq = db.session.get_one(Case, complaint.id, populate_existing=True).seq
        with writing() as session:
            again = session.get_one(CalendarChange, moving)
            again.finished_at, again.last_case_id = None, 0
        recounting.run_batch(moving, MORNING, lambda _session, _now: None)
        assert db.session.get_one(Case, complaint.id, populate_existing=True).seq == seq

    def test_it_reads_running_terms_by_their_index_and_not_what_has_ended(self, people: Cast, complaint: Case) -> None:
        query = recounting.cases_touched(date(2026, 11, 30), date(2026, 11, 30)).order_by(Deadline.case_id).limit(9)
        text = query.compile(db.engine, compile_kwargs={"literal_binds": True})
        connection = db.session.connection()
        if connection.dialect.name == "postgresql":  # of the few rows of a test it would read all
            for scan in ("seqscan", "bitmapscan", "sort"):
                connection.exec_driver_sql(f"SET LOCAL enable_{scan} = off")
        word = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        plan = " ".join(str(row) for row in connection.exec_driver_sql(f"{word} {text}"))
        assert "ux_deadline_open" in plan


class TestWhoeverComesFirst:
    def test_an_act_counts_its_case_anew_before_it_decides_by_a_date(self, people: Cast, complaint: Case) -> None:
        declare(people, STORM)
        handling.apply(complaint, "accept", people.actor("east_handler"), MORNING, **accepting(people))
        assert [(one.due_on, one.outcome) for one in rows(complaint)] == [
            (date(2026, 12, 2), "recomputed"), (date(2026, 12, 3), "done"),
        ]  # fmt: skip
        assert acts(complaint)[-1] == "accept"

    def test_the_person_who_has_the_form_open_is_told_that_the_date_moved(self, people: Cast, complaint: Case) -> None:
        seen = complaint.seq
        declare(people, STORM)
        recount()
        with pytest.raises(Stale) as told:
            handling.apply(complaint, "accept", people.actor("east_handler"), MORNING, seen=seen, **accepting(people))
        assert "系统 · 重算期限" in told.value.changes

    def test_the_sweep_says_nothing_by_a_date_that_holds_no_longer(self, people: Cast, complaint: Case) -> None:
        quiet_but(complaint, "complaint.decide")
        watch(day(11, 24), day(12, 2))
        declare(people, {**STORM, "first_on": "2026-12-02"}, day(12, 2, 10))
        sweep.run(day(12, 3, 0) + timedelta(minutes=1))
        assert acts(complaint, "mark_overdue", "supervise") == []
        assert term(complaint).due_on == date(2026, 12, 3)
        assert db.session.scalar(select(func.count()).select_from(SupervisionOrder)) == 0
