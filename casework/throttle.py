"""Slowing down: after some failures each further one waits longer. Kept in the database, so that it holds for all
processes; per key, so that nobody can lock out anybody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete

from casework.errors import TooFast
from models import Throttle
from models.base import db, writing


@dataclass(frozen=True)
class Limit:
    """How many failures are free, how long the first pause is, and the longest; failures are forgotten in time."""

    free: int
    first: timedelta
    most: timedelta
    forget: timedelta = timedelta(hours=1)


SIGN_IN = Limit(free=5, first=timedelta(seconds=60), most=timedelta(minutes=15))
TRACKING = Limit(free=5, first=timedelta(seconds=30), most=timedelta(minutes=5))
_switched_on = True


def switch(on: bool) -> None:
    """Switch all throttles on or off (RATE_LIMITS; off for load tests only)."""
    global _switched_on
    _switched_on = on


def check(key: str, now: datetime) -> None:
    """Raise TooFast while a key must wait."""
    if not _switched_on:
        return
    row = db.session.get(Throttle, key, populate_existing=True)
    if row is not None and row.wait_until is not None and row.wait_until > now:
        seconds = int((row.wait_until - now).total_seconds()) + 1
        raise TooFast(f"试的次数有点多，请过 {words(seconds)}再试。", seconds)


def words(seconds: int) -> str:
    """Return a pause as people say it."""
    return f"{seconds} 秒" if seconds < 90 else f"{(seconds + 59) // 60} 分钟"


def failed(key: str, now: datetime, limit: Limit) -> None:
    """Count a failure; from `limit.free` on, set the time until which the key must wait."""
    if not _switched_on:
        return
    with writing() as session:
        row = session.get(Throttle, key, with_for_update=True, populate_existing=True)
        if row is None:
            row = Throttle(key=key, failures=0, since=now)
            session.add(row)
        if now - row.since > limit.forget:
            row.failures, row.since = 0, now
        row.failures += 1
        if row.failures >= limit.free:
            pause = min(limit.first * 2 ** min(row.failures - limit.free, 20), limit.most)
            row.wait_until, row.since = now + pause, now


def succeeded(key: str) -> None:
    """Forget the failures of a key."""
    if db.session.get(Throttle, key) is None:
        return
    with writing() as session:
        session.execute(delete(Throttle).where(Throttle.key == key))


def forget_old(now: datetime) -> None:
    """Drop keys that have been quiet for a day."""
    with writing() as session:
        session.execute(delete(Throttle).where(Throttle.since < now - timedelta(days=1)))
