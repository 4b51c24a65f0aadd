"""Supervision in the demo city: the last days' lapses speak through the real sweep, and the units answer.

A bounded number of cases, so that a large city costs no more than a small one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import cycle
from random import Random
from typing import Any

from sqlalchemy import select, update

from casework import access, handling, reference, sweep
from casework.actors import by
from casework.demo.sources import read
from casework.errors import WorkError
from casework.reference import Reference
from models import Case, Deadline, StaffMessage, SupervisionOrder, db
from models import supervision as states
from models.base import writing
from rules import deadlines
from rules.calendar import at_time, local_date
from rules.terms import RULES

MOST = 60
"""Terms that speak."""
DAYS = 14
MORNING, AFTERNOON = time(9, 10), time(15, 20)
LADDERS = ("statutory", "internal")
ANSWERED = ("answer", "wait", "wait", "wait", "answer", "wait", "wait", "wait", "wait", "withdraw", "wait")
JUDGED = ("return", "accept", "wait", "accept", "wait")
"""What happens, order by order, to those that wait for their answer and to those that were answered."""
UNREAD = timedelta(days=2)
"""Lines older than this have been read."""


def fill(seed: int, until: datetime) -> int:
    """Let the lapses of the last days speak up to `until`, morning by morning; return how many orders there are."""
    rng = Random(f"{seed}/supervision")  # noqa: S311 - invented answers, no secret
    ref = reference.current()
    cases = _awake(until, ref)
    answered, judged = cycle(ANSWERED), cycle(JUDGED)
    first = local_date(until) - timedelta(days=DAYS)
    for place in range(DAYS + 1):
        day = first + timedelta(days=place)
        if not ref.calendar.is_working(day):
            continue
        if at_time(day, MORNING) <= until:
            sweep.run(at_time(day, MORNING), cases=cases)
        if at_time(day, AFTERNOON) <= until:
            _answer(at_time(day, AFTERNOON), ref, rng, answered, judged)
    _by_hand(until, ref)
    with writing() as session:
        old = StaffMessage.case_id.in_(cases) & (StaffMessage.created_at < until - UNREAD)
        session.execute(update(StaffMessage).where(old).values(read_at=until - UNREAD))
    return len(db.session.scalars(select(SupervisionOrder.id)).all())


def _awake(until: datetime, ref: Reference) -> list[int]:
    """Let the terms that ran out last be as if only what was said before the last act of their case had been said."""
    rules = [rule.key for rule in RULES.values() if rule.ladder in LADDERS]
    query = (
        select(Deadline, Case.last_event_at)
        .join(Case, Case.id == Deadline.case_id)
        .where(Deadline.closed_at.is_(None), Deadline.due_at < until, Deadline.rule.in_(rules))
        .where(Case.closed_at.is_(None), Case.kind != "misconduct")
        .order_by(Deadline.due_at.desc(), Deadline.id)
        .limit(MOST)
    )
    found: set[int] = set()
    with writing() as session:
        rows = session.execute(query).all()
        pauses = handling.pauses_of(session, [row.id for row, _ in rows])
        for row, last in rows:
            clock = handling.clock_of(row, pauses.get(row.id, ()))
            due = deadlines.due(clock, ref.calendar, ref.settings)
            said = [one.level for one in deadlines.moments(clock, due, ref.calendar) if one.at <= last]
            row.level = max(said, default=0)
            following = deadlines.next_moment(clock, due, ref.calendar, row.level)
            row.next_step_at = following.at if following else None
            found.add(row.case_id)
    return sorted(found)


def _answer(at: datetime, ref: Reference, rng: Random, answered: Iterator[str], judged: Iterator[str]) -> None:
    """Some units answer, and some answers are judged, in turn; a few orders are withdrawn."""
    live = select(SupervisionOrder).where(SupervisionOrder.state.in_(states.LIVE)).order_by(SupervisionOrder.id)
    words = read("supervision")
    steps = [(one.case_id, one.state, one.issued_at) for one in db.session.scalars(live)]
    for case_id, state, issued_at in steps:
        if issued_at > at - timedelta(hours=20):
            continue
        turn = next(judged if state == states.ANSWERED else answered)
        if turn == "accept":
            _act(case_id, "accept_supervision", "supervisor", at, ref, assessed=rng.random() < 0.3)
        elif turn == "return":
            due_on = ref.calendar.add_working_days(local_date(at), 3)
            reasons = rng.choice(words["returns"])
            _act(case_id, "return_supervision", "supervisor", at, ref, reasons=reasons, due_on=due_on)
        elif turn == "answer":
            measure = rng.choice(words["measures"])
            _act(case_id, "answer_supervision", "lead", at, ref, answer=rng.choice(words["answers"]), measure=measure)
        elif turn == "withdraw":
            _act(case_id, "withdraw_supervision", "supervisor", at, ref, reasons=rng.choice(words["withdrawals"]))


def _by_hand(until: datetime, ref: Reference) -> None:
    """The centre supervises a few cases by hand the afternoon before the last day."""
    at = until - timedelta(hours=26)
    day = ref.calendar.add_working_days(local_date(until), 3)
    fresh = (
        select(Case.id)
        .where(Case.queue.in_(("to_decide", "mediating", "verifying")), Case.last_event_at < at)
        .order_by(Case.id.desc())
    )
    orders = read("supervision")["order"]
    for case_id, row in zip(list(db.session.scalars(fresh.limit(len(orders)))), orders, strict=False):
        _act(
            case_id, "supervise", "supervisor", at, ref, level="supervise", ground=row["ground"],
            requirement=row["requirement"], due_on=day,
        )  # fmt: skip


def _act(case_id: int, action: str, role: str, at: datetime, ref: Reference, **entered: Any) -> None:
    """Act as the lead of the unit that has the case, or as the city's supervisor."""
    case = db.session.get_one(Case, case_id)
    unit = ref.root().id if role == "supervisor" else case.unit_id
    held = ref.roles.get((unit, role), ())
    view = access.view_of(held[0], at) if held and case.last_event_at <= at else None
    if view is None:
        return
    try:
        handling.apply(case, action, by(view), at, **entered)
    except WorkError:
        db.session.rollback()  # the case has gone on meanwhile, or lies where nobody answers for it
