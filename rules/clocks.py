"""A running term: when it began, what paused or lengthened it, and the day on which it ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from rules.calendar import Calendar, end_of_day, local_date
from rules.settings import DEFAULTS
from rules.terms import RuleVersion, version_of

DAY = timedelta(days=1)
_OLD_MEDIATION = ("complaint.mediate", "order-20")


class Pause(NamedTuple):
    """Days that do not count, from `from_on` to the day before `to_on`; still running while `to_on` is None."""

    from_on: date
    to_on: date | None = None


class Clock(NamedTuple):
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


class Due(NamedTuple):
    """When a term ends. All None while it stands still.

    `on` is the day told to people (rolled over days off), `raw_on` the last day of the bare count, `at` the end
    of the local day `on` in UTC (the exact moment for terms in hours); `provisional` when a year is not known yet.
    """

    on: date | None
    raw_on: date | None
    at: datetime | None
    provisional: bool


STANDING = Due(None, None, None, False)


def due(clock: Clock, calendar: Calendar, settings: Mapping[str, str] = DEFAULTS) -> Due:
    """When the clock ends under this calendar and these settings; KeyError for a rule or version nobody wrote.

    A term in days ends at 24:00 of its last day; where that is a day off, on the next working
    day (Order 121 article 45, Civil Code article 203; setting `roll_forward`). A date written in a
    notice stands as written.
    """
    version = version_of(clock.rule, clock.version)
    if clock.fixed_on is not None:
        return _on(clock, calendar, clock.fixed_on, clock.fixed_on)
    if clock.pauses and clock.paused and not _ended_before_pause(clock, version, calendar, settings):
        return STANDING
    length = (version.length if clock.length is None else clock.length) + clock.extra
    if version.unit == "hour":
        at = clock.opened_at + timedelta(hours=length)
        return Due(local_date(at), local_date(at), at, False)
    if clock.pauses:
        return _counted(clock, version, length, calendar, settings)
    # Many terms of one rule begin on the same day: what was counted once for a calendar is kept with it.
    counting = settings["roll_forward"], settings["old_mediate_limit"]
    key = (clock.rule, version.key, clock.opened_on, length, clock.extra, counting)
    known: Due | None = calendar.memory.get(key)
    return known or calendar.remember(key, _counted(clock, version, length, calendar, settings))


def _counted(clock: Clock, version: RuleVersion, length: int, calendar: Calendar, settings: Mapping[str, str]) -> Due:
    """When a term in days ends."""
    raw = last_day(clock, version.unit, length, calendar, settings)
    choice = settings["old_mediate_limit"] if (clock.rule, version.key) == _OLD_MEDIATION else "45_working_days"
    if choice != "45_working_days":
        sixty = last_day(clock, "calendar_day", 60 + clock.extra, calendar, settings)
        raw = sixty if choice == "60_calendar_days" else min(raw or date.max, sixty or date.max)
    if raw is None:
        return STANDING
    holidays_only = settings["roll_forward"] == "statutory_holidays_only" and length > 0
    return _on(clock, calendar, calendar.roll_forward(raw, holidays_only), raw)


def extended_by(clock: Clock, times: int) -> Clock:
    """The clock after so many approved extensions of the usual length; ValueError where the rule allows fewer."""
    limit = version_of(clock.rule, clock.version).extend
    allowed = limit.times if limit else 0
    if limit is None or times > allowed:
        if times == 0:
            return clock
        raise ValueError(f"{clock.rule} 最多延长{allowed}次，现在是{times}次")
    return clock._replace(extra=clock.extra + times * limit.length, extended=clock.extended + times)


def last_day(
    clock: Clock, unit: str, length: int, calendar: Calendar, settings: Mapping[str, str] = DEFAULTS
) -> date | None:
    """The last day of the bare count, pauses left out; None when the count runs into an open pause."""
    if length == 0:
        return calendar.roll_forward(clock.opened_on)
    day, need = clock.opened_on, length
    inclusive = settings["pause_counting"] == "both_days_out"
    for pause in sorted(clock.pauses, key=lambda pause: pause.from_on):
        before = max(pause.from_on - DAY, day)
        free = calendar.working_days_between(day, before) if unit == "working_day" else (before - day).days
        if need <= free:
            break
        if pause.to_on is None:
            return None
        need -= free
        day = max(before, pause.to_on if inclusive else pause.to_on - DAY)
    return calendar.add_working_days(day, need) if unit == "working_day" else day + need * DAY


def _ended_before_pause(clock: Clock, version: RuleVersion, calendar: Calendar, settings: Mapping[str, str]) -> bool:
    """True when the term had run out before the open pause began: a pause does not undo a lapse."""
    length = (version.length if clock.length is None else clock.length) + clock.extra
    return version.unit != "hour" and last_day(clock, version.unit, length, calendar, settings) is not None


def _on(clock: Clock, calendar: Calendar, on: date, raw: date) -> Due:
    known, first = calendar.known_years, clock.opened_on.year
    provisional = not (first in known if first == on.year else known.issuperset(range(first, on.year + 1)))
    return Due(on, raw, end_of_day(on), provisional)
