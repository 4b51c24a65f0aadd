"""Whatever happens to a term, however the sweep ran: each threshold once, in order, never of one that is over."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from casework import handling, reference, speaking, sweep
from casework.errors import WorkError
from models import Case, Deadline, Event, StaffMessage, SupervisionOrder, db
from models.base import writing
from rules import deadlines
from rules.calendar import ZONE
from rules.deadlines import RULES
from rules.workflow import WORKFLOW
from tests.stories import complete_fields
from tests.support import cast
from tests.support.cast import MORNING, Cast

START = datetime(2026, 11, 23, 9, 30, tzinfo=ZONE)
ACTS = ("start_testing", "end_testing", "extend_verification", "supervise", "answer_supervision",
        "accept_supervision", "open_case", "nothing")  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(20, 300)), min_size=1, max_size=5)
"""What is tried next, and the hours until then."""
TURNS = st.lists(st.integers(10, 120), max_size=4)
"""Hours after which the sweep runs besides."""
FEW = settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""Each example lives through weeks on a real database: few of them, and none made smaller after a failure."""


@pytest.fixture
def people(context: Flask) -> Cast:
    """A city with its people."""
    return cast.build()


class Life:
    """A report to which things happen while the clock is watched."""

    def __init__(self, people: Cast, place: int) -> None:
        self.people = people
        filed = {"respondent_name": f"康颐堂药店{place}", "respondent_address": "东城区望江街道1号"}
        self.case = cast.case_of(cast.file("report", **filed))
        handler = {"handler": people.staff["east_handler"]}
        sent = {"unit": "east_office", "routing_reason": "地址在东城区"}
        for part, action, entered in (
            ("city_dispatcher", "dispatch", sent),
            ("east_lead", "sign_for", {}),
            ("east_lead", "assign", handler),
        ):
            handling.apply(self.case, action, people.actor(part), MORNING, **entered)
        self.now = START

    def attempt(self, key: str) -> None:
        """Try an act, by whoever may; what has no place at this step is refused, and leaves nothing."""
        action, today = WORKFLOW.action(key), self.now.date()
        entered = complete_fields(action, "report", {}, today, "order-121", None)
        entered |= {"case_unit": "east_squad", "handler": self.people.staff["east_handler"], "days": 5}
        attested = [guard for guard in action.guards if WORKFLOW.guards[guard].kind == "attested"]
        for part in ("east_handler", "east_lead", "east_leader", "east_supervisor"):
            with suppress(WorkError):
                actor = self.people.actor(part, self.now)
                handling.apply(self.case, key, actor, self.now, attested=attested, **entered)
                break
        db.session.rollback()

    def live(
        self, steps: Sequence[tuple[str, int]], turns: Sequence[int], sweep_once: Callable[[datetime], None]
    ) -> None:
        """Let the steps happen; the sweep runs before each of them and at the moments given besides."""
        extra = [START + timedelta(hours=sum(turns[: n + 1])) for n in range(len(turns))]
        for wanted, hours in steps:
            self.now += timedelta(hours=hours)
            for moment in [one for one in extra if one < self.now]:
                sweep_once(moment)
            extra = [one for one in extra if one >= self.now]
            sweep_once(self.now)
            if wanted != "nothing":
                self.attempt(wanted)
        self.now += timedelta(days=30)
        sweep_once(self.now)

    def outcome(self) -> dict[str, Any]:
        """What must not depend on the sweep: all but the moments at which it ran and what follows from them.

        The term of an order's answer runs from the day on which it was issued, and so does what is said about it. A
        warning is left out that came too late to be one.
        """
        db.session.rollback()
        rows = list(db.session.scalars(select(Deadline).where(Deadline.case_id == self.case.id).order_by(Deadline.id)))
        clocks = [(row.rule, row.outcome, row.level) for row in rows if row.rule != "supervision.answer"]
        case = db.session.get_one(Case, self.case.id, populate_existing=True)
        return {"state": case.state, "clocks": Counter(clocks), "spoken": Counter(self.spoken(rows))}

    def spoken(self, rows: Sequence[Deadline]) -> list[tuple[str, str, str]]:
        """(rule, level, person) of every line that a clock left, without warnings; those of orders follow from when
        they were issued."""
        names = {row.id: row.rule for row in rows if row.rule != "supervision.answer"}
        marks = db.session.scalars(select(StaffMessage.mark).where(StaffMessage.case_id == self.case.id))
        parts = [mark.split("-") for mark in marks if mark.startswith("deadline-")]
        return [
            (rule, level, person)
            for _, row, level, person in parts
            if (rule := names.get(int(row))) and int(level) > len(RULES[rule].warn_before)
        ]

    def check(self) -> None:
        """No threshold twice, none out of order, none of a clock that was closed or stood still."""
        db.session.rollback()
        rows = {row.id: row for row in db.session.scalars(select(Deadline).where(Deadline.case_id == self.case.id))}
        lines = db.session.scalars(
            select(StaffMessage).where(StaffMessage.case_id == self.case.id).order_by(StaffMessage.id)
        )
        last: dict[tuple[int, int], int] = {}
        for line in lines:
            if not line.mark.startswith("deadline-"):
                continue
            _, row_id, level, person = line.mark.split("-")
            row = rows[int(row_id)]
            assert row.closed_at is None or line.created_at <= row.closed_at, "a closed clock spoke"
            assert last.get((row.id, int(person)), 0) < int(level), "out of order"
            last[(row.id, int(person))] = int(level)
            assert int(level) <= row.level
        lapses = Counter(
            one.fields["rule"]
            for one in db.session.scalars(
                select(Event).where(Event.case_id == self.case.id, Event.action == "mark_overdue")
            )
        )
        for rule, times in lapses.items():
            assert times <= sum(row.rule == rule for row in rows.values())
        living = list(db.session.scalars(select(SupervisionOrder).where(SupervisionOrder.case_id == self.case.id)))
        assert sum(one.closed_at is None for one in living) <= 1


def once(moment: datetime) -> None:
    """One sweep."""
    assert sweep.run(moment).failed == 0


def lived(
    people: Cast, steps: Sequence[tuple[str, int]], turns: Sequence[int], sweep_once: Callable[[datetime], None]
) -> dict[str, Any]:
    """The outcome of one life. Lives follow each other: a sweep goes over all cases there are."""
    life = Life(people, 1)
    life.live(steps, turns, sweep_once)
    life.check()
    return life.outcome()


@FEW
@given(STEPS, TURNS)
def test_each_threshold_speaks_once_and_in_order_and_how_often_the_sweep_ran_makes_no_difference(
    people: Cast, steps: list[tuple[str, int]], turns: list[int]
) -> None:
    seldom = lived(people, steps, (), once)
    assert seldom == lived(people, steps, turns, once)


class Killed(BaseException):
    """As kill -9: nobody catches it and cleans up."""


def crashing(after: int) -> Callable[[datetime], None]:
    """A sweep that dies before its nth statement, again and again a little later, until it comes through."""

    def turn(moment: datetime) -> None:
        engine = db.session.get_bind()
        allowed = after
        while True:
            left = [allowed]

            def count(*_: Any, left: list[int] = left) -> None:
                left[0] -= 1
                if left[0] < 0:
                    raise Killed

            event.listen(engine, "before_cursor_execute", count)
            try:
                found = sweep.run(moment)
            except Killed:
                db.session.rollback()
                db.session.info.pop("writing", None)
                allowed += 7
                continue
            finally:
                event.remove(engine, "before_cursor_execute", count)
            assert found.failed == 0
            return

    return turn


@FEW
@given(STEPS, st.integers(0, 40))
def test_a_crash_between_any_two_statements_makes_no_difference(
    people: Cast, steps: list[tuple[str, int]], after: int
) -> None:
    whole = lived(people, steps, (), once)
    assert whole == lived(people, steps, (), crashing(after))


def at_once(context: Flask) -> Callable[[datetime], None]:
    """Two sweeps that begin together, as of the same moment."""

    def turn(moment: datetime) -> None:
        failed: list[int] = []

        def run() -> None:
            with context.app_context():
                failed.append(sweep.run(moment).failed)

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == [0, 0]

    return turn


@FEW
@given(STEPS)
def test_two_sweeps_at_once_make_no_difference(people: Cast, context: Flask, steps: list[tuple[str, int]]) -> None:
    assert lived(people, steps, (), once) == lived(people, steps, (), at_once(context))


def test_a_row_that_raises_leaves_the_others_of_its_portion_alone(
    people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives = [Life(people, place) for place in range(3)]
    broken, say = lives[1].case.id, speaking.say

    def fails(session: Any, spoken: speaking.Spoken, *rest: Any) -> Any:
        if spoken.case.id == broken:
            raise RuntimeError("broken")
        return say(session, spoken, *rest)

    moment = datetime(2026, 12, 30, 9, 0, tzinfo=ZONE)
    monkeypatch.setattr(speaking, "say", fails)
    assert sweep.run(moment).failed
    assert lives[0].outcome() == lives[2].outcome()
    assert lives[0].outcome()["spoken"]
    assert not lives[1].outcome()["spoken"]
    monkeypatch.setattr(speaking, "say", say)
    once(moment + timedelta(hours=2))
    for life in lives:
        life.check()
    assert lives[1].outcome() == lives[0].outcome()


def test_rel_13_two_sweeps_at_once_say_each_thing_once(people: Cast, context: Flask) -> None:
    lives = [Life(people, place) for place in range(12)]
    moment = datetime(2026, 12, 30, 9, 0, tzinfo=ZONE)
    failed: list[int] = []

    def turn() -> None:
        with context.app_context():
            failed.append(sweep.run(moment).failed)

    threads = [threading.Thread(target=turn) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [0, 0]
    for life in lives:
        life.check()
    first = lives[0].outcome()
    assert all(life.outcome() == first for life in lives)
    assert first["spoken"]
    numbers = list(db.session.scalars(select(SupervisionOrder.number)))
    assert len(numbers) == len(set(numbers))


class TestRel15TheClockJumps:
    def test_an_hour_back_repeats_nothing(self, people: Cast) -> None:
        life = Life(people, 1)
        moment = datetime(2026, 12, 3, 9, 0, tzinfo=ZONE)
        once(moment)
        before = life.outcome()
        once(moment - timedelta(hours=1))
        once(moment)
        assert life.outcome() == before
        life.check()

    def test_a_week_forward_makes_up_what_was_missed_and_coming_back_repeats_nothing(self, people: Cast) -> None:
        life = Life(people, 1)
        once(datetime(2026, 12, 1, 9, 0, tzinfo=ZONE))
        once(datetime(2026, 12, 8, 9, 0, tzinfo=ZONE))
        ahead = life.outcome()
        for hour in range(9, 18):
            once(datetime(2026, 12, 1, hour, 0, tzinfo=ZONE))
        assert life.outcome() == ahead
        seqs = list(db.session.scalars(select(Event.seq).where(Event.case_id == life.case.id).order_by(Event.seq)))
        times = list(db.session.scalars(select(Event.at).where(Event.case_id == life.case.id).order_by(Event.seq)))
        assert seqs == list(range(1, len(seqs) + 1))
        assert times == sorted(times)


def test_midnight_belongs_to_the_day_that_begins(people: Cast) -> None:
    life = Life(people, 1)
    once(datetime(2026, 12, 14, 23, 59, 59, tzinfo=ZONE))

    def lapsed() -> int:
        db.session.rollback()
        mine = (Event.case_id == life.case.id) & (Event.action == "mark_overdue")
        return sum(one.fields["rule"] == "report.verify" for one in db.session.scalars(select(Event).where(mine)))

    assert lapsed() == 0
    once(datetime(2026, 12, 15, 0, 0, 0, tzinfo=ZONE))
    assert lapsed() == 1


def test_what_is_said_follows_the_ladder_and_nothing_else(people: Cast) -> None:
    life = Life(people, 1)
    once(datetime(2027, 1, 20, 9, 0, tzinfo=ZONE))
    db.session.rollback()
    ref = reference.current()
    for row in db.session.scalars(
        select(Deadline).where(Deadline.case_id == life.case.id, Deadline.closed_at.is_(None))
    ):
        if row.rule == "supervision.answer":  # began with the order of this sweep
            assert row.level == 0
            continue
        clock = handling.clock_of(row)
        found = deadlines.due(clock, ref.calendar, ref.settings)
        assert row.level == max(one.level for one in deadlines.moments(clock, found, ref.calendar))
        assert row.next_step_at is None


def test_a_turn_knows_who_is_away(people: Cast) -> None:
    from models import Staff

    with writing() as session:
        away = session.get_one(Staff, people.staff["east_lead"])
        away.away_from, away.away_until = MORNING, MORNING + timedelta(days=2)
        away.deputy_id = people.staff["east_handler"]
    session = db.session()
    turn = speaking.turn(session, MORNING + timedelta(hours=1), reference.current())
    assert turn.deputies == {people.staff["east_lead"]: people.staff["east_handler"]}
    assert speaking.turn(session, MORNING + timedelta(days=3), reference.current()).deputies == {}
