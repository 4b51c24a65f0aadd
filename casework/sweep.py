"""The sweep: takes the terms whose moment to speak has come, and no others; one transaction for each.

In this room: terms of the filer that ran out are closed (nothing is decided by it), a station's dispute that was
not settled passes on by itself, and each reached moment is noted on the row. Reminders and supervision hang on the
same rows.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from casework import handling, reference, tasks
from casework.actors import SYSTEM
from models import Case, Deadline, db
from models.base import writing
from rules import deadlines
from rules.calendar import local_date
from rules.workflow import WORKFLOW

log = logging.getLogger("portal.sweep")

BATCH = 200
PUSHED = timedelta(hours=1)
LAPSES: Mapping[str, str] = {
    "complaint.supplement": "lapse_material",
    "complaint.identity": "lapse_material",
    "question.answer": "lapse_question",
    "recusal.request": "lapse_recusal",
    "station.settle": "station_pass_on",
}
"""What the system does when such a term is over: it never decides anything."""


@dataclass(frozen=True)
class Found:
    """What one sweep found."""

    spoken: int
    lapsed: int
    failed: int


def run(now: datetime, limit: int = 10_000) -> Found:
    """Take every moment that has come, row by row; a row that raises is pushed an hour ahead, the others go on."""
    spoken = lapsed = failed = 0
    while spoken + lapsed + failed < limit:
        due = select(Deadline.id).where(Deadline.next_step_at.is_not(None), Deadline.next_step_at <= now)
        ids = list(db.session.scalars(due.order_by(Deadline.next_step_at).limit(BATCH)))
        db.session.commit()  # ends the reading transaction: each row gets one of its own
        if not ids:
            break
        for deadline_id in ids:
            try:
                outcome = _one(deadline_id, now)
            except Exception:
                log.exception("deadline %s could not be handled; tried again in an hour", deadline_id)
                _push(deadline_id, now)
                failed += 1
                continue
            lapsed += outcome == "lapsed"
            spoken += outcome == "spoken"
    return Found(spoken, lapsed, failed)


def _one(deadline_id: int, now: datetime) -> str:
    with writing() as session:
        row = session.get(Deadline, deadline_id, populate_existing=True, with_for_update=True)
        if row is None or row.next_step_at is None or row.next_step_at > now:
            return "gone"
        added, outcome = _lapse(session, row, now)
        if outcome == "spoken":
            _speak(session, row, now)
    tasks.wake(added)
    return outcome


def _lapse(session: Session, row: Deadline, now: datetime) -> tuple[list[tasks.Added], str]:
    action = LAPSES.get(row.rule)
    if action is None or row.due_at is None or row.due_at > now:
        return [], "spoken"
    case = session.get_one(Case, row.case_id)
    if case.state not in WORKFLOW.action(action).states.get(case.kind, frozenset()):
        return [], "spoken"
    entered: dict[str, Any] = {"received_on": local_date(now)} if action == "station_pass_on" else {}
    _event, added = handling.act(session, case.id, action, SYSTEM, now, seen=None, entered=entered)
    return added, "lapsed"


def _speak(session: Session, row: Deadline, now: datetime) -> None:
    """Note the moments that have come, and set the next one from the truth, not from the row."""
    ref = reference.current()
    clock = handling.clock_of(row, handling.pauses_of(session, [row.id]).get(row.id, ()))
    found = deadlines.due(clock, ref.calendar, ref.settings)
    kind = session.scalar(select(Case.kind).where(Case.id == row.case_id))
    sealed = kind == "misconduct"
    reached = [one.level for one in deadlines.moments(clock, found, ref.calendar, sealed) if one.at <= now]
    row.level = max([row.level, *reached])
    following = deadlines.next_moment(clock, found, ref.calendar, row.level, sealed)
    wanted = following.at if following else None
    if row.rule in LAPSES and found.at is not None and found.at > now:
        wanted = min(wanted, found.at) if wanted else found.at
    row.next_step_at = wanted


def _push(deadline_id: int, now: datetime) -> None:
    with writing() as session:
        session.execute(update(Deadline).where(Deadline.id == deadline_id).values(next_step_at=now + PUSHED))
