"""Failures that make the next try wait: five are free of charge, then a minute, doubling up to fifteen.

Kept in the database, so that it counts the same over all processes and survives a restart. A key is whatever
stands for who tries: an account, a network, both hashed by the caller.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from models.base import db, writing
from models.system import Throttle

FREE = 5
FIRST_WAIT = timedelta(seconds=60)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN = timedelta(hours=1)
"""A key that has not failed for so long starts anew."""

_switched_on = True


def switch(on: bool) -> None:
    """Switch every throttle on or off (RATE_LIMITS; off for load tests alone)."""
    global _switched_on
    _switched_on = on


def count(key: str, now: datetime) -> int:
    """Count a failure of `key`; return the seconds it had to wait already, 0 when this try may be looked at.

    While it waits nothing is counted: a stranger who keeps trying does not lengthen anybody's wait.
    """
    if not _switched_on:
        return 0
    with writing() as session:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        fresh = dialect.insert(Throttle).values(key=key, failures=0, since=now)
        session.execute(fresh.on_conflict_do_nothing(index_elements=[Throttle.key]))
        row = session.scalars(
            select(Throttle).where(Throttle.key == key).with_for_update().execution_options(populate_existing=True)
        ).one()
        left = _left(row.wait_until, now)
        if left:
            return left
        row.failures = 1 if now - row.since > FORGOTTEN else row.failures + 1
        row.since = now
        row.wait_until = now + _wait(row.failures) if row.failures >= FREE else None
        return 0


def waiting(key: str, now: datetime) -> int:
    """Return the seconds that `key` still has to wait, 0 for none."""
    if not _switched_on:
        return 0
    return _left(db.session.scalar(select(Throttle.wait_until).where(Throttle.key == key)), now)


def clear(*keys: str) -> None:
    """Forget the failures of these keys: somebody proved who they are."""
    with writing() as session:
        session.execute(delete(Throttle).where(Throttle.key.in_(keys)))


def sweep(now: datetime) -> None:
    """Delete what is forgotten anyway."""
    with writing() as session:
        session.execute(delete(Throttle).where(Throttle.since < now - FORGOTTEN))


def _wait(failures: int) -> timedelta:
    doublings = min(failures - FREE, 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def _left(until: datetime | None, now: datetime) -> int:
    if until is None or until <= now:
        return 0
    return max(1, round((until - now).total_seconds()))
