"""A running term: when it began, what paused or lengthened it, and the day on which it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from rules.calendar import Calendar
from rules.settings import DEFAULTS


@dataclass(frozen=True, slots=True)
class Pause:
    """Days that do not count, from `from_on` to the day before `to_on`; still running while `to_on` is None."""

    from_on: date
    to_on: date | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """One term of one case.

    `opened_on` is day 0 and never counted; `opened_at` is the moment from which hours run. `extra` are the units
    that approved extensions added, `extended` their number. `fixed_on` is a date written in a notice; `length`
    the number of units that the issuer wrote, in place of the rule's own.
    """

    rule: str
    version: str
    opened_on: date
    opened_at: datetime
    pauses: tuple[Pause, ...] = ()
    extra: int = 0
    extended: int = 0
    fixed_on: date | None = None
    length: int | None = None

    @property
    def paused(self) -> bool:
        """True while the last pause has no end."""
        return bool(self.pauses) and self.pauses[-1].to_on is None


@dataclass(frozen=True, slots=True)
class Due:
    """When a term ends. All None while it stands still.

    `on` is the day told to people (rolled over days off), `raw_on` the last day of the bare count, `at` the end
    of the local day `on` in UTC (the exact moment for terms in hours); `provisional` when a year is not known yet.
    """

    on: date | None
    raw_on: date | None
    at: datetime | None
    provisional: bool


def due(clock: Clock, calendar: Calendar, settings: Mapping[str, str] = DEFAULTS) -> Due:
    """When the clock ends under this calendar and these settings; KeyError for a rule or version nobody wrote."""
    raise NotImplementedError
