"""The moments at which something must be said about a running term: warnings, the lapse, the escalation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rules.calendar import Calendar
from rules.clocks import Clock, Due


@dataclass(frozen=True, slots=True)
class Moment:
    """Something to be said: `act` is warn, remind, urge, supervise or key_supervise; levels count 1..n in time."""

    level: int
    at: datetime
    act: str
    where: str | None
    to: tuple[str, ...]
    offset: int


def moments(clock: Clock, due: Due, calendar: Calendar, sealed: bool = False) -> tuple[Moment, ...]:
    """Every moment of the clock in order of time; none while it stands still."""
    raise NotImplementedError


def next_moment(clock: Clock, due: Due, calendar: Calendar, level: int, sealed: bool = False) -> Moment | None:
    """The first moment above `level`, or None after the last."""
    raise NotImplementedError


def remaining(due: Due, now: datetime, unit: str, calendar: Calendar) -> tuple[int, str]:
    """(count, unit) left for a badge, e.g. (3, "个工作日"); a negative count is overdue."""
    raise NotImplementedError
