"""Tasks: what must happen later, as rows written in the transaction of its cause.

The table is the truth and Redis only carries: `wake` tells the carrier which rows may run now, and whatever was not
carried is found again by `overdue`. A row is worked on by whoever claims it; the claim pushes `not_before` ahead by
a lease, so that a worker that dies gives the row back by doing nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, cast

from sqlalchemy import Table, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from models.base import db, writing
from models.prepared import Prepared
from models.task import Task

log = logging.getLogger("portal.tasks")

DEFAULT = "default"
PDF = "pdf"
QUEUES = (DEFAULT, PDF)

MESSAGE_SEND = "message.send"
NOTICE_SEND = "notice.send"
DOCUMENT_MAKE = "document.make"
ATTACHMENT_CLEAN = "attachment.clean"
INCIDENT_REPORT = "incident.report"
BRIEFING_COMPILE = "briefing.compile"
BRIEFING_PRINT = "briefing.print"
ASSESSMENT_COUNT = "assessment.count"
ASSESSMENT_PRINT = "assessment.print"
DOSSIER_BIND = "dossier.bind"
DESTRUCTION_RUN = "destruction.run"
DUTY_TELL = "duty.tell"
STATION_POSTER = "station.poster"
CALENDAR_RECOUNT = "calendar.recount"
BOARD_TURN = "board.turn"
BOARD_SHEET = "board.sheet"
HOTSPOT_LOOK = "hotspot.look"

LEASE = timedelta(seconds=75)
"""How long a claimed row is left alone. With the reconciler's period it stays under the promised 120 seconds."""
KEEP_DONE = timedelta(days=30)

_MINUTE = 60
_HOUR = 60 * _MINUTE


@dataclass(frozen=True)
class Kind:
    """How the tasks of one kind are worked on. `backoff` is in seconds; its last value repeats."""

    queue: str
    job: str
    """`package.module:function`, called as `function(claim, now)`."""
    tries: int
    backoff: tuple[int, ...]
    lease: timedelta = LEASE
    gave_up: str | None = None
    """Called as `function(claim)` when the last try has failed."""

    def pause(self, attempts: int) -> timedelta:
        """Return how long to wait after the given number of failed attempts (1 or more)."""
        return timedelta(seconds=self.backoff[min(attempts, len(self.backoff)) - 1])


KINDS: Mapping[str, Kind] = {
    # About five days of trying: a mail server that is away over a holiday loses nothing.
    MESSAGE_SEND: Kind(
        DEFAULT,
        "jobs.messages:send",
        tries=16,
        backoff=(60, 300, 900, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR),
        gave_up="jobs.messages:gave_up",
    ),
    NOTICE_SEND: Kind(
        DEFAULT,
        "jobs.messages:send_notice",
        tries=16,
        backoff=(60, 300, 900, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR),
        gave_up="jobs.messages:gave_up_notice",
    ),
    ATTACHMENT_CLEAN: Kind(DEFAULT, "jobs.attachments:clean", tries=3, backoff=(30, 300)),
    DUTY_TELL: Kind(DEFAULT, "jobs.duty:tell", tries=5, backoff=(10, 60, 300)),
    CALENDAR_RECOUNT: Kind(DEFAULT, "jobs.calendar:recount", tries=12, backoff=(5, 30, 300)),
    BOARD_TURN: Kind(DEFAULT, "jobs.board:turn", tries=5, backoff=(5, 60, 300)),
    BOARD_SHEET: Kind(PDF, "jobs.papers:make_sheet", tries=3, backoff=(30, 300), gave_up="jobs.papers:gave_up_sheet"),
    HOTSPOT_LOOK: Kind(DEFAULT, "jobs.hotspots:look", tries=3, backoff=(300, 1800), lease=timedelta(seconds=95)),
    DOCUMENT_MAKE: Kind(PDF, "jobs.papers:make", tries=3, backoff=(30, 300), gave_up="jobs.papers:gave_up"),
    INCIDENT_REPORT: Kind(
        PDF,
        "jobs.papers:make_incident_report",
        tries=3,
        backoff=(30, 300),
        gave_up="jobs.papers:gave_up_incident_report",
    ),
    BRIEFING_COMPILE: Kind(
        DEFAULT,
        "jobs.briefings:compile",
        tries=3,
        backoff=(30, 300),
        lease=timedelta(seconds=95),
        gave_up="jobs.briefings:gave_up",
    ),
    # Papers of the case may still be on their way: it comes again until they are made.
    DESTRUCTION_RUN: Kind(PDF, "jobs.dossiers:destroy", tries=8, backoff=(30, 300, 900), lease=timedelta(seconds=95)),
    DOSSIER_BIND: Kind(
        PDF,
        "jobs.dossiers:bind",
        tries=6,
        backoff=(15, 60, 300),
        lease=timedelta(seconds=95),
        gave_up="jobs.dossiers:gave_up",
    ),
    STATION_POSTER: Kind(PDF, "jobs.stations:poster", tries=3, backoff=(30, 300), gave_up="jobs.stations:gave_up"),
    BRIEFING_PRINT: Kind(
        PDF, "jobs.briefings:print_edition", tries=3, backoff=(30, 300), gave_up="jobs.briefings:gave_up_edition"
    ),
    ASSESSMENT_COUNT: Kind(
        DEFAULT,
        "jobs.assessment:count",
        tries=3,
        backoff=(30, 300),
        lease=timedelta(seconds=95),
        gave_up="jobs.assessment:gave_up",
    ),
    ASSESSMENT_PRINT: Kind(
        PDF, "jobs.assessment:print_notification", tries=3, backoff=(30, 300), gave_up="jobs.assessment:gave_up_print"
    ),
}


@dataclass(frozen=True)
class Added:
    """A row that was written and may run at once: what `wake` needs to know."""

    id: int
    kind: str
    attempts: int = 0


Carrier = Callable[[Sequence[Added]], None]
"""Takes rows to where workers wait. May lose them, must not block."""


class GaveUp(RuntimeError):
    """The task had used up its tries without its workers ever reporting back, and was given up just now."""

    def __init__(self, claim: Claim) -> None:
        super().__init__(f"task {claim.id}")
        self.claim = claim


class LostClaim(RuntimeError):
    """The lease ran out and somebody else has the task: what this one did must not be committed."""


@dataclass(frozen=True)
class Claim:
    """A task that this process may work on until the lease ends. `attempts` counts this one, too."""

    id: int
    kind: str
    payload: Mapping[str, Any]
    attempts: int

    def finish(self, session: Session, now: datetime) -> None:
        """Mark the task done inside the caller's writing transaction, so that effect and mark are one.

        Raises LostClaim when another attempt has begun meanwhile; the caller's transaction is then rolled back.
        Finishing twice changes nothing.
        """
        mine = (Task.id == self.id) & (Task.attempts == self.attempts) & Task.dead_at.is_(None)
        done = func.coalesce(Task.done_at, now)
        result = session.execute(update(Task).where(mine).values(done_at=done, last_error=None))
        if _touched(result) != 1:
            raise LostClaim(f"task {self.id}")


@dataclass(frozen=True)
class Waiting:
    """What lies in the table: rows that should have run, seconds the oldest is late, rows given up, rows retried."""

    due: int
    oldest_seconds: float
    dead: int
    retrying: int


def row(
    kind: str, payload: Mapping[str, Any], unique_key: str, now: datetime, not_before: datetime | None = None
) -> dict[str, Any]:
    """Return the columns of a task to be written with `add`. Raise KeyError for a kind nobody works on.

    `payload` holds ids only. `unique_key` names the work: a second row of the same key is not written.
    """
    KINDS[kind]
    return {
        "kind": kind,
        "payload": dict(payload),
        "unique_key": unique_key,
        "created_at": now,
        "not_before": now if not_before is None else not_before,
        "attempts": 0,
    }


def add(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[Added]:
    """Write rows made by `row` inside the caller's transaction; leave out those whose key exists already.

    Returns the new ones that may run at once; hand them to `wake` after the commit.
    """
    if not rows:
        return []
    connection = session.connection()  # below the ORM: every act passes here
    ids = [(_INSERT.value(connection, entry), entry) for entry in rows]
    return [
        Added(task_id, entry["kind"])
        for task_id, entry in ids
        if task_id is not None and entry["not_before"] <= entry["created_at"]
    ]


_TASKS = cast(Table, Task.__table__)
_INSERT = Prepared(
    {
        name: insert(_TASKS).on_conflict_do_nothing(index_elements=["unique_key"]).returning(_TASKS.c.id)
        for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
    }
)


_carrier: Carrier | None = None


def carry_with(carrier: Carrier | None) -> None:
    """Install what takes tasks to the workers of this process; None leaves them to the reconciler."""
    global _carrier
    _carrier = carrier


def wake(added: Iterable[Added]) -> None:
    """Tell the workers about rows just committed. Never raises and never waits: a row that is not carried is found
    by the reconciler within its period."""
    rows = list(added)
    if not rows or _carrier is None:
        return
    try:
        _carrier(rows)
    except Exception:
        log.warning("tasks were not carried; the reconciler will find them", exc_info=True)


def claim(task_id: int, now: datetime) -> Claim | None:
    """Take a task to work on, or None when it is done, given up, not due yet, or somebody else's.

    Raises GaveUp for a row that has used up its tries without ever reporting back (its worker was killed each time).
    """
    free = (Task.id == task_id) & Task.done_at.is_(None) & Task.dead_at.is_(None) & (Task.not_before <= now)
    with writing() as session:
        found = session.execute(select(Task.kind, Task.payload, Task.attempts).where(free)).one_or_none()
        if found is None:
            return None
        kind = KINDS.get(found.kind)
        spent = kind is None or found.attempts >= kind.tries
        values: dict[str, Any] = {"dead_at": now, "last_error": "worker lost on every try" if kind else "unknown kind"}
        if kind is not None and not spent:
            values = {"attempts": found.attempts + 1, "not_before": now + kind.lease}
        taken = session.execute(update(Task).where(free, Task.attempts == found.attempts).values(**values))
        if _touched(taken) != 1:
            return None
    if spent:
        log.error("task %d (%s) given up: %s", task_id, found.kind, values["last_error"])
        raise GaveUp(Claim(task_id, found.kind, found.payload, found.attempts))
    return Claim(task_id, found.kind, found.payload, found.attempts + 1)


def finish(claimed: Claim, now: datetime) -> None:
    """Mark a task done in a transaction of its own: for work whose effect is not in the database."""
    with writing() as session:
        claimed.finish(session, now)


def fail(claimed: Claim, error: BaseException, now: datetime) -> bool:
    """Record a failed attempt: try again after a growing pause, or give up after the last one.

    Returns True when the task was given up. Of the error its type and place are kept, never its text, which may
    hold what people wrote.
    """
    kind = KINDS[claimed.kind]
    dead = claimed.attempts >= kind.tries
    values: dict[str, Any] = {"last_error": describe(error)}
    if dead:
        values["dead_at"] = now
    else:
        values["not_before"] = now + kind.pause(claimed.attempts)
    mine = (Task.id == claimed.id) & (Task.attempts == claimed.attempts) & Task.done_at.is_(None)
    with writing() as session:
        session.execute(update(Task).where(mine).values(**values))
    return dead


def describe(error: BaseException) -> str:
    """Return the type of an error and where it was raised, without its message."""
    place: TracebackType | None = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = ""
    if place is not None:
        where = f" at {place.tb_frame.f_globals.get('__name__', '?')}:{place.tb_lineno}"
    return f"{type(error).__name__}{where}"


def overdue(now: datetime, limit: int = 1000) -> list[Added]:
    """Return the rows that may run now, the longest waiting first, for the reconciler to carry."""
    waiting = (Task.done_at.is_(None)) & (Task.dead_at.is_(None)) & (Task.not_before <= now)
    query = select(Task.id, Task.kind, Task.attempts).where(waiting).order_by(Task.not_before, Task.id).limit(limit)
    return [Added(found.id, found.kind, found.attempts) for found in db.session.execute(query)]


def carried(ids: Sequence[int], now: datetime) -> None:
    """Remember when rows were last handed to the workers, for whoever looks into a delay."""
    if ids:
        with writing() as session:
            session.execute(update(Task).where(Task.id.in_(ids)).values(carried_at=now))


def waiting(now: datetime) -> Waiting:
    """Return the figures of the readiness page."""
    open_rows = (Task.done_at.is_(None)) & (Task.dead_at.is_(None))
    due = open_rows & (Task.not_before <= now)
    count = db.session.scalar(select(func.count()).where(due))
    oldest = db.session.scalar(select(Task.not_before).where(due).order_by(Task.not_before).limit(1))
    retrying = db.session.scalar(select(func.count()).where(open_rows & Task.last_error.is_not(None)))
    dead = db.session.scalar(select(func.count()).where(Task.dead_at.is_not(None)))
    age = (now - oldest).total_seconds() if oldest is not None else 0.0
    return Waiting(count or 0, age, dead or 0, retrying or 0)


def revive(task_id: int, now: datetime) -> bool:
    """Give a task that was given up its tries back. Returns False when it is not one."""
    with writing() as session:
        result = session.execute(
            update(Task)
            .where(Task.id == task_id, Task.dead_at.is_not(None))
            .values(dead_at=None, attempts=0, not_before=now)
        )
        return _touched(result) == 1


def forget_done(now: datetime, limit: int = 2000) -> int:
    """Delete rows done more than KEEP_DONE ago, at most `limit` of them; return how many."""
    old = select(Task.id).where(Task.done_at < now - KEEP_DONE).order_by(Task.id).limit(limit)
    with writing() as session:
        return _touched(session.execute(delete(Task).where(Task.id.in_(old))))


def _touched(result: Any) -> int:
    found: CursorResult[Any] = result
    return found.rowcount
