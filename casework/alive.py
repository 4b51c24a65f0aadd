"""Which parts of the house are alive: heartbeats, and the lease that lets one process do the periodic work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.base import db, writing
from models.system import Heartbeat, Lease

EVERY = timedelta(seconds=5)
"""How often each part says that it is alive."""
LATE = timedelta(seconds=30)
"""A part that has said nothing for so long counts as gone."""
PARTS = ("worker.default", "worker.pdf", "periodic")
PREFIX = "periodic."
FAILED = ".failed"
SWEEP = "terms"
"""The line that looks at the terms: what the house is judged by."""


def line(name: str) -> str:
    """Return the name under which a line of the periodic table says that it went well; with FAILED, that it did not."""
    return PREFIX + name


def beat(name: str, found: Mapping[str, Any], now: datetime) -> None:
    """Write down that a part is alive, with what it is doing (counts and ids only)."""
    with writing() as session:
        row = _dialect(session).insert(Heartbeat).values(name=name, at=now, found=dict(found))
        session.execute(
            row.on_conflict_do_update(
                index_elements=[Heartbeat.name], set_={"at": row.excluded.at, "found": row.excluded.found}
            )
        )


def seconds_since(now: datetime) -> dict[str, float | None]:
    """Return for each of PARTS how many seconds ago it was alive; None for one that never was."""
    seen = {row.name: row.at for row in db.session.execute(select(Heartbeat.name, Heartbeat.at))}
    return {name: (now - seen[name]).total_seconds() if name in seen else None for name in PARTS}


def acquire(name: str, holder: str, now: datetime, length: timedelta) -> bool:
    """Take or renew a lease: True for one holder at a time, until `length` passes without renewal."""
    with writing() as session:
        first = _dialect(session).insert(Lease).values(name=name, holder=holder, until=now + length)
        made = session.execute(first.on_conflict_do_nothing(index_elements=[Lease.name]).returning(Lease.name)).all()
        if made:
            return True
        free = or_(Lease.holder == holder, Lease.until <= now)
        taken = session.execute(
            update(Lease)
            .where(Lease.name == name, free)
            .values(holder=holder, until=now + length)
            .returning(Lease.name)
        ).all()
        return bool(taken)


def release(name: str, holder: str) -> None:
    """Give a lease back, so that the next holder need not wait for its end."""
    with writing() as session:
        session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))


def _dialect(session: Session) -> Any:
    return sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
