"""The sweep: takes the terms whose moment to speak has come, and no others; a few of them in each transaction.

Each reached moment speaks (`speaking`), in order and once, and is noted on the row in the same transaction. Terms of
the filer that ran out are closed (nothing is decided by it), a station's dispute that was not settled passes on.
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
from rules import deadlines
from rules.calendar import local_date
from rules.deadlines import Clock, Due, Moment
from rules.ladder import LAPSE

log = logging.getLogger("portal.sweep")

BATCH = 200
PORTION = 10
"""Rows that share a transaction: on SQLite a filing waits for its turn as long as one portion takes."""
SPOKEN, LAPSED, FAILED = "spoken", "lapsed", "failed"
MOVED = "moved"
"""The calendar has changed: the row speaks in the next turn, of the date that holds then."""
GONE = "gone"
"""Somebody else has the row or its case in hand, or had."""
PUSHED = timedelta(hours=1)


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
    .order_by(Deadline.next_step_at)
    .limit(BATCH)
)
_ROW = Prepared(select(_TERMS).where(Deadline.id == bindparam("deadline_id")))
_CLAIM = Prepared(
    update(_TERMS)
    .where(
        _TERMS.c.id == bindparam("deadline_id"), _TERMS.c.level == bindparam("from_level"), _TERMS.c.closed_at.is_(None)
    )
    .values(level=bindparam("to_level"), next_step_at=bindparam("following"))
)


def run(now: datetime, limit: int = 10_000, *, cases: Sequence[int] | None = None) -> Found:
    """Take every moment that has come, row by row; a row that raises is pushed an hour ahead, the others go on.

    With `cases` those of these cases alone: a demo city lets a few of its cases speak, as of days that are past.
    """
    spoken = lapsed = failed = 0
    wanted = _DUE if cases is None else _DUE.where(Deadline.case_id.in_(list(cases)))
    while spoken + lapsed + failed < limit:
        session = db.session()
        due = session.connection().execute(wanted, {"now": now}).all()
        turn = speaking.turn(session, now, reference.current()) if due else None
        session.commit()  # ends the reading transaction: each row gets one of its own
        if turn is None:
            break
        portions = (due[start : start + PORTION] for start in range(0, len(due), PORTION))
        said = Counter(outcome for rows in portions for outcome in _portion(rows, turn))
        spoken, lapsed, failed = spoken + said[SPOKEN], lapsed + said[LAPSED], failed + said[FAILED]
        if said.keys() <= {GONE}:  # others have them all in hand: what is left is due in the next turn as well
            break
    return Found(spoken, lapsed, failed)


def _portion(rows: Sequence[Row[int, int]], turn: speaking.Turn) -> list[str]:
    """Let a few rows say what has come, in one transaction with their new places in the ladder; return how each ended.

    Each row has a savepoint of its own: what it says is written whole or not at all, whatever becomes of the others.
    When the portion itself cannot be committed, nothing of it was said, and the next turn says it.
    """
    outcomes: list[str] = []
    added: list[tasks.Added] = []
    failed: list[int] = []
    with writing() as session:
        for row in rows:
            if reference.current() is not turn.ref:  # the calendar has changed: the next turn counts by the new one
                outcomes.append(MOVED)
                continue
            try:
                with session.begin_nested():
                    outcome, more = _one(session, row.id, row.case_id, turn)
            except Exception:
                if not session.is_active:
                    raise
                log.exception("deadline %s could not be handled; tried again in an hour", row.id)
                failed.append(row.id)
                continue
            outcomes.append(outcome)
            added += more
        _push(session, failed, turn.now)
    tasks.wake(added)
    return [*outcomes, *([FAILED] * len(failed))]


def _one(session: Session, deadline_id: int, case_id: int, turn: speaking.Turn) -> tuple[str, list[tasks.Added]]:
    """Let one row say what has come, with its new place in the ladder; return how it ended and the tasks to wake.

    The case is locked first, as every act does: two who take both in a different order would wait for each other.
    """
    case = speaking.case_row(session, case_id)
    found = _ROW.rows(session.connection(), {"deadline_id": deadline_id})
    if case is None or not found or found[0].next_step_at is None or found[0].next_step_at > turn.now:
        return GONE, []
    return _let_speak(session, case, found[0], turn)


def _let_speak(session: Session, case: Row[Any], row: Row[Any], turn: speaking.Turn) -> tuple[str, list[tasks.Added]]:
    now, ref = turn.now, turn.ref
    clock = handling.clock_of(row, handling.pauses_of(session, [row.id]).get(row.id, ()))
    found = deadlines.due(clock, ref.calendar, ref.settings)
    if row.due_on is not None and found.on is not None and row.due_on != found.on:
        return MOVED, handling.recount(session, case.id, now)[1]  # speaks in its turn, of the date that holds now
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
    claim = {"deadline_id": row.id, "from_level": row.level, "to_level": level, "following": following}
    return _CLAIM.run(session.connection(), claim) == 1


def _following(
    clock: Clock, found: Due, ref: Reference, row: Row[Any], reached: list[Moment], sealed: bool, now: datetime
) -> datetime | None:
    """Return the next moment at which the row must be looked at, from the truth and not from the row."""
    level = reached[-1].level if reached else row.level
    following = deadlines.next_moment(clock, found, ref.calendar, level, sealed)
    ahead = found.at if found.at is not None and found.at > now else None
    return next_look(row.rule, following.at if following else None, ahead)


def _push(session: Session, ids: list[int], now: datetime) -> None:
    if ids:
        session.execute(update(Deadline).where(Deadline.id.in_(ids)).values(next_step_at=now + PUSHED))
