"""The two clocks of a copy, in hours: acknowledge and report. Opened with it, closed by its unit, swept when due.

They are those of rules/data/deadlines and speak at the moments of its ladder `hours`, like the terms of cases.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from casework import tasks
from casework.directives import places
from casework.directives.messages import tell
from casework.reference import Reference, current
from models import Directive, DirectiveClock, DirectiveUnit, db
from models.base import writing
from rules import deadlines
from rules.calendar import local_date
from rules.deadlines import Clock, Due, Moment

log = logging.getLogger("portal.directives")

ACKNOWLEDGE, REPORT = "directive.acknowledge", "directive.report"
BATCH = 200
PUSHED = timedelta(hours=1)
_TO_DO = {ACKNOWLEDGE: "签收", REPORT: "上报执行情况"}


def rows(copy_id: int, hours: int, now: datetime, ref: Reference) -> list[dict[str, Any]]:
    """Return the clocks of a new copy. A copy must be acknowledged before it must be reported on, not after."""
    usual = deadlines.version_for(ACKNOWLEDGE, local_date(now))
    lengths = {ACKNOWLEDGE: min(hours, usual.length if usual else hours), REPORT: hours}
    return [_row(copy_id, rule, length, now, ref) for rule, length in lengths.items()]


def _row(copy_id: int, rule: str, length: int, now: datetime, ref: Reference) -> dict[str, Any]:
    version = deadlines.version_for(rule, local_date(now))
    if version is None:
        raise ValueError(f"{rule} is in force on no day like {local_date(now)}")
    clock = Clock(rule, version.key, local_date(now), now, length=length)
    found = deadlines.due(clock, ref.calendar, ref.settings)
    first = deadlines.next_moment(clock, found, ref.calendar, 0)
    return {
        "directive_unit_id": copy_id,
        "rule": rule,
        "version": version.key,
        "opened_at": now,
        "length": length,
        "due_at": found.at,
        "level": 0,
        "next_step_at": first.at if first else None,
    }


def close(session: Session, copy_ids: Iterable[int], rules: Iterable[str], outcome: str, now: datetime) -> None:
    """Stop clocks that still run: they speak no more."""
    mine = DirectiveClock.directive_unit_id.in_(list(copy_ids)) & DirectiveClock.rule.in_(list(rules))
    running = mine & DirectiveClock.closed_at.is_(None)
    session.execute(update(DirectiveClock).where(running).values(closed_at=now, outcome=outcome, next_step_at=None))


def sweep(now: datetime, limit: int = 10_000) -> int:
    """Say what has come due about copies, one transaction each; return how many were looked at.

    A copy that raises is pushed an hour ahead, the others go on. Run twice, or late, it says each thing once.
    """
    seen = 0
    while seen < limit:
        due = select(DirectiveClock.id).where(
            DirectiveClock.next_step_at.is_not(None), DirectiveClock.next_step_at <= now
        )
        ids = list(db.session.scalars(due.order_by(DirectiveClock.next_step_at).limit(min(BATCH, limit - seen))))
        db.session.commit()  # ends the reading transaction: each row gets one of its own
        if not ids:
            break
        for clock_id in ids:
            seen += 1
            try:
                _one(clock_id, now)
            except Exception:
                log.exception("clock %s of a directive could not be handled; tried again in an hour", clock_id)
                _push(clock_id, now)
    return seen


def _one(clock_id: int, now: datetime) -> None:
    added: list[tasks.Added] = []
    with writing() as session:
        row = session.get(DirectiveClock, clock_id, populate_existing=True, with_for_update=True)
        if row is None or row.next_step_at is None or row.next_step_at > now:
            return
        ref = current()
        clock = Clock(row.rule, row.version, local_date(row.opened_at), row.opened_at, length=row.length)
        found = deadlines.due(clock, ref.calendar, ref.settings)
        for moment in deadlines.moments(clock, found, ref.calendar):
            if row.level < moment.level and moment.at <= now:
                added += _speak(session, row, moment, found, now, ref)
                row.level = moment.level
        following = deadlines.next_moment(clock, found, ref.calendar, row.level)
        row.next_step_at = following.at if following else None
    tasks.wake(added)


def _speak(
    session: Session, row: DirectiveClock, moment: Moment, due: Due, now: datetime, ref: Reference
) -> list[tasks.Added]:
    copy = session.get_one(DirectiveUnit, row.directive_unit_id)
    directive = session.get_one(Directive, copy.directive_id)
    people: list[int] = []
    if "lead" in moment.to:
        people += places.heads(session, [copy.unit_id], ref, now)[copy.unit_id]
    higher = [role for role in moment.to if role != "lead"]
    if higher:
        people += places.above(copy.unit_id, higher, ref)
        people += [one for role in higher for one in ref.roles.get((directive.unit_id, role), ())]
    said = f"{_words(row, moment, ref.units[copy.unit_id].short_name)}：指令{directive.number}"
    return tell(session, directive, people, f"clock-{row.id}-{moment.level}", said, directive.title, now)


def _words(row: DirectiveClock, moment: Moment, unit: str) -> str:
    what = _TO_DO[row.rule]
    if moment.offset < 0:
        return f"【提醒】{unit}还有{-moment.offset}小时要{what}"
    if moment.act == "urge":
        return f"【催办】{unit}到期没有{what}"
    return f"【督办】{unit}过期{moment.offset}小时仍没有{what}"


def _push(clock_id: int, now: datetime) -> None:
    with writing() as session:
        session.execute(update(DirectiveClock).where(DirectiveClock.id == clock_id).values(next_step_at=now + PUSHED))
