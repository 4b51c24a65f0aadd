"""Whether the house is well: database, Redis, workers, and how long tasks wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from casework import alive, tasks
from models import Case, FilerMessage, db

OLDEST = timedelta(minutes=15)
"""A task that waits longer than this is an alarm."""

_ping: Callable[[], bool] = lambda: True  # noqa: E731  (replaced by `configure`)


@dataclass(frozen=True)
class Part:
    """One part of the house; `note` says in a few words what is seen."""

    name: str
    well: bool
    note: str


def configure(ping: Callable[[], bool]) -> None:
    """Say how Redis is asked whether it answers."""
    global _ping
    _ping = ping


def parts(now: datetime) -> list[Part]:
    """Return every part with its state; when the database does not answer, that is all that can be said."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        db.session.rollback()
        return [Part("database", False, type(error).__name__)]
    found = [Part("database", True, "answers"), Part("redis", *(_redis()))]
    for name, seconds in alive.seconds_since(now).items():
        well = seconds is not None and seconds <= alive.LATE.total_seconds()
        found.append(Part(name, well, "never seen" if seconds is None else f"alive {seconds:.0f} s ago"))
    waiting = tasks.waiting(now)
    note = f"{waiting.due} due, the oldest waits {waiting.oldest_seconds:.0f} s, {waiting.dead} given up"
    found.append(Part("tasks", waiting.oldest_seconds <= OLDEST.total_seconds(), note))
    return found


def _redis() -> tuple[bool, str]:
    return (True, "answers") if _ping() else (False, "does not answer; tasks wait in the database")


def figures(now: datetime) -> dict[str, float]:
    """Return the figures for a collector, by metric name."""
    waiting = tasks.waiting(now)
    last = db.session.scalar(select(func.max(Case.id))) or 0
    unsent = select(func.count()).select_from(FilerMessage).where(FilerMessage.failed.is_not(None))
    found = {
        "portal_cases_total": float(last),
        "portal_tasks_due": float(waiting.due),
        "portal_tasks_oldest_seconds": waiting.oldest_seconds,
        "portal_tasks_dead": float(waiting.dead),
        "portal_tasks_retrying": float(waiting.retrying),
        "portal_messages_failed": float(db.session.scalar(unsent) or 0),
    }
    for part in parts(now):
        found[f'portal_up{{part="{part.name}"}}'] = 1.0 if part.well else 0.0
    return found
