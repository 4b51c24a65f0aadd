"""Counting running terms anew after the calendar has changed: what will move, and moving it, case by case.

The change itself is a few rows and one task; the task goes over the cases with a running term that the days can touch,
in order of their ids, each in a transaction of its own together with how far it has come. Killed between any two cases
it goes on with the next one; done twice it finds nothing to do. What has ended is never read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, func, or_, select, update
from sqlalchemy.orm import Session

from casework import handling, steps, tasks
from casework.reference import Reference, current
from casework.steps import OpenRow
from models import CalendarChange, Case, Deadline, db
from models.base import writing
from models.outage import is_outage
from rules import deadlines
from rules.calendar import Calendar

log = logging.getLogger("portal.recounting")

BATCH = 100
"""Cases of one task."""
AFTERMATH = timedelta(days=40)
"""So long after a term its supervision may still have steps to come, which are counted in working days as well."""
_CHUNK = 500

Finish = Callable[[Session, datetime], None]


@dataclass(frozen=True)
class Preview:
    """What a change would mean for the running terms: how many end later or earlier, how many dates become certain,
    how many that count as overdue now are not any more."""

    later: int
    earlier: int
    certain: int
    revived: int

    @property
    def moved(self) -> int:
        """Return how many terms get another date."""
        return self.later + self.earlier


def _touched(first: date, last: date, after: int = 0) -> tuple[Any, ...]:
    """The conditions for running terms that days between `first` and `last` may concern: those that had begun by then
    and end, or have something left to say, since."""
    ends = or_(Deadline.due_on.is_(None), Deadline.due_on >= first - AFTERMATH)
    return Deadline.closed_at.is_(None), Deadline.case_id > after, Deadline.opened_on <= last, ends


def cases_touched(first: date, last: date, after: int = 0) -> Select[int]:
    """Return the select of the ids of the cases with such a term, each once; add an order and a limit."""
    return select(Deadline.case_id).where(*_touched(first, last, after)).distinct()


def count_touched(session: Session, first: date, last: date) -> int:
    """Return how many cases have such a term."""
    return session.scalar(select(func.count()).select_from(cases_touched(first, last).subquery())) or 0


def preview(calendar: Calendar, first: date, last: date, now: datetime) -> Preview:
    """Return what would move if `calendar` held, which differs from today's between two days. Reads only."""
    ref = current()
    later = earlier = certain = revived = 0
    for row, found in _counted(calendar, first, last, ref):
        if row.due_on is None or found.on is None:
            continue
        later += found.on > row.due_on
        earlier += found.on < row.due_on
        certain += row.provisional and not found.provisional
        revived += row.due_at <= now < (found.at or now)
    return Preview(later, earlier, certain, revived)


def _counted(calendar: Calendar, first: date, last: date, ref: Reference) -> Iterator[tuple[Row[Any], deadlines.Due]]:
    query = select(*Deadline.__table__.columns).where(*_touched(first, last)).order_by(Deadline.case_id)
    result = db.session.connection().execute(query.execution_options(yield_per=_CHUNK))
    for rows in result.partitions(_CHUNK):
        pauses = handling.pauses_of(db.session(), [row.id for row in rows])
        for row in rows:
            clock = handling.clock_of(row, pauses.get(row.id, ()))
            yield row, deadlines.due(clock, calendar, ref.settings)


def task_row(change: CalendarChange, now: datetime) -> dict[str, Any]:
    """Return the task that goes on with a change from where it stands; one for each place."""
    key = f"calendar-{change.id}-{change.last_case_id}"
    return tasks.row(tasks.CALENDAR_RECOUNT, {"change": change.id}, key, now)


def run_batch(change_id: int, now: datetime, finish: Finish) -> str:
    """Count the next cases of a change anew, then leave the rest to the next task. Return words for the log."""
    change = db.session.get(CalendarChange, change_id, populate_existing=True)
    if change is None or change.finished_at is not None:
        with writing() as session:
            finish(session, now)
        return "nothing left"
    after, first, last = change.last_case_id, change.first_on, change.last_on
    query = cases_touched(first, last, after).order_by(Deadline.case_id).limit(BATCH)
    ids = list(db.session.scalars(query))
    moved = sum(_one(change_id, case_id, now) for case_id in ids)
    with writing() as session:
        change = session.get_one(CalendarChange, change_id, populate_existing=True)
        if len(ids) < BATCH:
            change.finished_at = now
        added = tasks.add(session, [task_row(change, now)]) if len(ids) == BATCH else []
        finish(session, now)
    tasks.wake(added)
    return f"{len(ids)} cases, {moved} terms moved"


def _one(change_id: int, case_id: int, now: datetime) -> int:
    """Bring one case to the calendar, in one transaction with the place that the change has reached."""
    try:
        with writing() as session:
            # Locked first, as every act does: the terms are read as they stand, and stand until they are written.
            session.get(Case, case_id, populate_existing=True, with_for_update=True)
            moved, added = handling.recount(session, case_id, now)
            _settle(session, case_id)
            _came_to(session, change_id, case_id, moved=moved)
    except Exception as error:
        if is_outage(error):
            raise
        log.exception("case %d could not be counted anew; the others go on", case_id)
        with writing() as session:
            _came_to(session, change_id, case_id, failed=1)
        return 0
    tasks.wake(added)
    return moved


def _came_to(session: Session, change_id: int, case_id: int, moved: int = 0, failed: int = 0) -> None:
    """Note the place. Of two workers who go over the same cases the second one finds nothing to count."""
    here = (CalendarChange.id == change_id) & (CalendarChange.last_case_id < case_id)
    values = {
        "last_case_id": case_id,
        "looked_at": CalendarChange.looked_at + 1,
        "moved": CalendarChange.moved + moved,
        "failed": CalendarChange.failed + failed,
    }
    session.execute(update(CalendarChange).where(here).values(**values))


def _settle(session: Session, case_id: int) -> None:
    """Put right what follows from the calendar besides the date: the moments to speak, the day before it rolls over,
    whether it is provisional. Nothing of it is an event: the date that people were told stands."""
    ref, case = current(), session.get_one(Case, case_id)
    query = select(Deadline).where(Deadline.case_id == case_id, Deadline.closed_at.is_(None))
    rows = list(session.scalars(query.execution_options(populate_existing=True)))
    pauses = handling.pauses_of(session, [row.id for row in rows])
    running: dict[str, OpenRow] = {}
    changed = False
    for row in rows:
        clock = handling.clock_of(row, pauses.get(row.id, ()))
        found = deadlines.due(clock, ref.calendar, ref.settings)
        running[row.rule] = OpenRow(clock, row.id, found, row.level)
        wanted = steps.due_columns(clock, found, row.level, ref, case.kind == "misconduct")
        if any(getattr(row, name) != value for name, value in wanted.items()):
            changed = True
            for name, value in wanted.items():
                setattr(row, name, value)
    if changed:
        case.due_at, case.due_rule = steps.nearest(running)
    session.flush()
