"""The sweep: takes the terms whose moment to speak has come, and no others; one transaction for each portion of them.

Each reached moment speaks (`speaking`), in order and once, and is noted on the row in the same transaction. Terms of
the filer that ran out are closed (nothing is decided by it), a station's dispute that was not settled passes on.
A portion is written whole or not at all; one in which a row raises is taken once more row by row.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Row, Table, bindparam, select, update
from sqlalchemy.orm import Session

from casework import handling, reference, speaking, tasks
from casework.actors import SYSTEM
from casework.lapses import LAPSES, next_look
from casework.reference import Reference
from models import Deadline, db
from models.base import UtcDateTime, writing
from models.prepared import Prepared
from models.turns import give_way
from rules import deadlines
from rules.calendar import local_date
from rules.deadlines import Clock, Due, Moment
from rules.ladder import LAPSE

log = logging.getLogger("portal.sweep")

BATCH = 200
"""Rows looked up at a time: what a turn knows of calendar and people is as old as that."""
PORTION = {"sqlite": 10}
"""Rows written in one transaction. SQLite has one writer at a time, and others wait less for one commit of ten rows
than for ten. Elsewhere a row has a transaction of its own: two that held several cases and series of numbers, in
changing order, would wait for each other."""
PUSHED = timedelta(hours=1)
GONE, BUSY, SPOKEN, LAPSED, FAILED = "gone", "busy", "spoken", "lapsed", "failed"
"""What became of a row: somebody else did it, somebody is at its case, it spoke, the system ended it, it raised."""


@dataclass(frozen=True)
class Found:
    """What one sweep found."""

    spoken: int
    lapsed: int
    failed: int


_TERMS = cast(Table, Deadline.__table__)
_DUE = (
    select(Deadline.id, Deadline.case_id)
    .where(Deadline.next_step_at.is_not(None), Deadline.next_step_at <= bindparam("now", type_=UtcDateTime))
    .order_by(Deadline.next_step_at, Deadline.id)
    .limit(BATCH)
)
_ROW = Prepared(select(_TERMS).where(_TERMS.c.id == bindparam("row_id")))
_MOVE = Prepared(
    update(_TERMS)
    .where(_TERMS.c.id == bindparam("row_id"), _TERMS.c.level == bindparam("stood"), _TERMS.c.closed_at.is_(None))
    .values(level=bindparam("reached"), next_step_at=bindparam("following"))
)


def run(now: datetime, limit: int = 10_000, *, cases: Sequence[int] | None = None) -> Found:
    """Take every moment that has come; a row that raises is pushed an hour ahead, the others go on.

    With `cases` those of these cases alone: a demo city lets a few of its cases speak, as of days that are past.
    """
    found: Counter[str] = Counter()
    wanted = _DUE if cases is None else _DUE.where(Deadline.case_id.in_(list(cases)))
    while found[SPOKEN] + found[LAPSED] + found[FAILED] < limit:
        session = db.session()
        connection = session.connection()
        due = connection.execute(wanted, {"now": now}).all()
        size = PORTION.get(connection.dialect.name, 1)
        turn = speaking.turn(session, now, reference.current()) if due else None
        session.commit()  # ends the reading transaction: each portion gets one of its own
        if turn is None:
            break
        outcomes: Counter[str] = Counter()
        for start in range(0, len(due), size):
            outcomes.update(_take(due[start : start + size], turn))
            give_way(connection.engine.url)  # a large sweep lets everybody else write between its portions
        found += outcomes
        if outcomes[BUSY] == len(due):
            break  # somebody is at each of these cases: the next sweep looks again
    return Found(found[SPOKEN], found[LAPSED], found[FAILED])


def _take(portion: Sequence[Any], turn: speaking.Turn) -> list[str]:
    """Take a portion; where it raises, take its rows one by one and push the one that raises again."""
    try:
        return _together(portion, turn)
    except Exception:
        if len(portion) > 1:
            return [one for row in portion for one in _take([row], turn)]
        log.exception("deadline %s could not be handled; tried again in an hour", portion[0].id)
        _push(portion[0].id, turn.now)
        return [FAILED]


def _together(portion: Sequence[Any], turn: speaking.Turn) -> list[str]:
    """Let each row say what has come, in one transaction with its new place in the ladder; return what became of them.

    A case is locked before its term, as every act does: two who take both in a different order would wait for each
    other. A case that somebody is at is left alone: it may be another sweep, whose rows would be waited for in turn.
    """
    outcomes: list[str] = []
    woken: list[tasks.Added] = []
    with writing() as session:
        if reference.current() is not turn.ref:  # the calendar has changed meanwhile: the next turn counts by it
            return [GONE] * len(portion)
        for one in portion:
            outcome, added = _one(session, one.id, one.case_id, turn)
            outcomes.append(outcome)
            woken += added
    tasks.wake(woken)
    return outcomes


def _one(session: Session, deadline_id: int, case_id: int, turn: speaking.Turn) -> tuple[str, list[tasks.Added]]:
    case = speaking.case_row(session, case_id)
    if case is None:
        return BUSY, []
    row = _ROW.first(session.connection(), {"row_id": deadline_id})
    if row is None or row.next_step_at is None or row.next_step_at > turn.now:
        return GONE, []
    return _let_speak(session, case, row, turn)


def _let_speak(session: Session, case: Row[Any], row: Row[Any], turn: speaking.Turn) -> tuple[str, list[tasks.Added]]:
    now, ref = turn.now, turn.ref
    clock = handling.clock_of(row, handling.pauses_of(session, [row.id]).get(row.id, ()))
    found = deadlines.due(clock, ref.calendar, ref.settings)
    if row.due_on is not None and found.on is not None and row.due_on != found.on:
        return GONE, handling.recount(session, case.id, now)[1]  # speaks in its turn, of the date that holds now
    sealed = case.kind == "misconduct"
    reached = [m for m in deadlines.moments(clock, found, ref.calendar, sealed) if m.level > row.level and m.at <= now]
    lapse = _lapse(case, row, found, now)
    if not _claim(session, row, reached, _following(clock, found, ref, row, reached, sealed, now)):
        return GONE, []
    added: list[tasks.Added] = []
    for moment in _worth_saying(reached, found, now):
        if moment.act != LAPSE or lapse is None:  # a term that the system ends itself is not overdue
            added += speaking.say(session, speaking.Spoken(case, row, found), moment, turn)
    if lapse is not None:
        entered: dict[str, Any] = {"received_on": local_date(now)} if lapse == "station_pass_on" else {}
        added += handling.act(session, case.id, lapse, SYSTEM, now, seen=None, entered=entered)[1]
    return LAPSED if lapse is not None else SPOKEN, added


def _worth_saying(reached: list[Moment], found: Due, now: datetime) -> list[Moment]:
    """Return what is said of the moments reached, in order. What is done and recorded is made up however late; of
    warnings the latest alone is of use, and none once the term is over."""
    warnings = [moment for moment in reached if moment.act == "warn"]
    moot = warnings if found.at is not None and found.at <= now else warnings[:-1]
    return [moment for moment in reached if moment not in moot]


def _lapse(case: Row[Any], row: Row[Any], found: Due, now: datetime) -> str | None:
    """Return the act with which the system ends a term that ran out, None for one that it does not end."""
    action = LAPSES.get(row.rule)
    if action is None or found.at is None or found.at > now or not speaking.allowed(case, action):
        return None
    return action


def _claim(session: Session, row: Row[Any], reached: list[Moment], following: datetime | None) -> bool:
    """Move the row on, if it stands where it was read: whoever comes second finds nothing to say."""
    level = reached[-1].level if reached else row.level
    moved = {"row_id": row.id, "stood": row.level, "reached": level, "following": following}
    return _MOVE.run(session.connection(), moved) == 1


def _following(
    clock: Clock, found: Due, ref: Reference, row: Row[Any], reached: list[Moment], sealed: bool, now: datetime
) -> datetime | None:
    """Return the next moment at which the row must be looked at, from the truth and not from the row."""
    level = reached[-1].level if reached else row.level
    following = deadlines.next_moment(clock, found, ref.calendar, level, sealed)
    ahead = found.at if found.at is not None and found.at > now else None
    return next_look(row.rule, following.at if following else None, ahead)


def _push(deadline_id: int, now: datetime) -> None:
    with writing() as session:
        session.execute(update(Deadline).where(Deadline.id == deadline_id).values(next_step_at=now + PUSHED))
