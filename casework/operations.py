"""How the work behind the pages runs: each line of the periodic table, what failed and why, and trying again.

Of a failure its kind, its type and its place are shown, never what the task was about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from casework import alive, documents, notify, tasks
from models import Heartbeat, Task
from models.base import db, writing

STILL = timedelta(minutes=5)
"""A sweep that has not run for so long is an alarm on every desk."""
SHOWN = 50

_SWEPT = select(Heartbeat.at).where(Heartbeat.name == alive.line(alive.SWEEP))

AGAIN: Mapping[str, Callable[[Session, Sequence[int]], None]] = {
    tasks.MESSAGE_SEND: notify.wait_again,
    tasks.DOCUMENT_MAKE: documents.wait_again,
}
"""What giving up had marked, and is unmarked when the task gets its tries back. Takes the ids of the payloads."""


@dataclass(frozen=True)
class Line:
    """One line of the periodic table: when it last went well and what it found; when it last failed, and how."""

    name: str
    at: datetime | None
    found: Mapping[str, Any]
    failed_at: datetime | None
    error: str

    @property
    def failing(self) -> bool:
        """Tell whether the last time that it ran it failed."""
        return self.failed_at is not None and (self.at is None or self.failed_at > self.at)


@dataclass(frozen=True)
class Failure:
    """A task that goes wrong: given up (`dead_at`), or tried again at `not_before`."""

    id: int
    kind: str
    since: datetime
    attempts: int
    error: str
    dead_at: datetime | None
    not_before: datetime


@dataclass(frozen=True)
class Backlog:
    """The tasks of one kind that wait: how many, since when the oldest should have run, how many were given up."""

    kind: str
    due: int
    oldest: datetime | None
    dead: int


def still_for(now: datetime) -> timedelta | None:
    """Return how long the sweep has not run, when that is an alarm; None while all is well.

    One look at one row by its key. A house that never swept has no row before it is founded (`founding.found`).
    """
    return still(db.session.connection().execute(_SWEPT).scalar(), now)


def still(swept_at: datetime | None, now: datetime) -> timedelta | None:
    """Return how long ago the sweep ran, when that is an alarm."""
    if swept_at is None or now - swept_at <= STILL:
        return None
    return now - swept_at


def lines() -> list[Line]:
    """Return the lines of the periodic table that have ever run, by name."""
    rows = {row.name: row for row in db.session.scalars(select(Heartbeat).where(Heartbeat.name.like("periodic.%")))}
    names = sorted({name.removeprefix(alive.PREFIX).removesuffix(alive.FAILED) for name in rows})
    found = []
    for name in names:
        well, bad = rows.get(alive.line(name)), rows.get(alive.line(name) + alive.FAILED)
        found.append(
            Line(
                name,
                well.at if well else None,
                well.found if well else {},
                bad.at if bad else None,
                str(bad.found.get("error", "")) if bad else "",
            )
        )
    return found


def backlog(now: datetime) -> list[Backlog]:
    """Return what waits and what was given up, by kind."""
    waiting = (Task.done_at.is_(None)) & (Task.dead_at.is_(None)) & (Task.not_before <= now)
    due = select(Task.kind, func.count(), func.min(Task.not_before)).where(waiting).group_by(Task.kind)
    dead = select(Task.kind, func.count()).where(Task.dead_at.is_not(None)).group_by(Task.kind)
    late = {kind: (count, oldest) for kind, count, oldest in db.session.execute(due)}
    gone = dict(db.session.execute(dead).all())
    kinds = sorted({*late, *gone, *tasks.KINDS})
    nothing: tuple[int, datetime | None] = (0, None)
    return [Backlog(kind, late.get(kind, nothing)[0], late.get(kind, nothing)[1], gone.get(kind, 0)) for kind in kinds]


def failures() -> list[Failure]:
    """Return the tasks that went wrong: those given up first, then those that are being tried again."""
    wrong = Task.dead_at.is_not(None) | (Task.done_at.is_(None) & Task.last_error.is_not(None))
    query = select(Task).where(wrong).order_by(Task.dead_at.is_(None), Task.id.desc()).limit(SHOWN)
    return [
        Failure(row.id, row.kind, row.created_at, row.attempts, row.last_error or "", row.dead_at, row.not_before)
        for row in db.session.scalars(query)
    ]


def try_again(now: datetime, *, task_id: int | None = None, kind: str | None = None) -> int:
    """Give one task, or all of a kind, that were given up their tries back; return how many were.

    One statement takes them, so that a second press finds none left. What giving up had marked is unmarked in the
    same transaction, else the work would find that there is nothing to do.
    """
    if task_id is None and kind is None:
        return 0
    mine = Task.id == task_id if task_id is not None else Task.kind == kind
    revived = (
        update(Task)
        .where(Task.dead_at.is_not(None), mine)
        .values(dead_at=None, attempts=0, not_before=now, carried_at=None)
        .returning(Task.id, Task.kind, Task.payload)
    )
    with writing() as session:
        rows = session.execute(revived).all()
        for unmarked, undo in AGAIN.items():
            ids = [one for row in rows if row.kind == unmarked for one in row.payload.values()]
            if ids:
                undo(session, ids)
    tasks.wake(tasks.Added(row.id, row.kind) for row in rows)
    return len(rows)
