"""A due date that explains itself day by day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rules.calendar import Calendar
from rules.clocks import Clock, Due
from rules.settings import DEFAULTS


@dataclass(frozen=True, slots=True)
class Line:
    """One day of the count: does it count, as which number (0 where it does not), and why."""

    day: date
    counts: bool
    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The count of a clock: its days, its due date, and (label, text) rows: 起算 长度 顺延 稳妥 暂停 依据."""

    lines: tuple[Line, ...]
    due: Due
    summary: tuple[tuple[str, str], ...]


def explain(clock: Clock, calendar: Calendar, settings: Mapping[str, str] = DEFAULTS) -> Explanation:
    """The count of the clock, day by day."""
    raise NotImplementedError
