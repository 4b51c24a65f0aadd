"""The moments at which something must be said about a running term: warnings, the lapse, the escalation.

Warnings count working days back from the last day of the bare count (hours for terms in hours), also where the term
itself is in calendar days: a warning is for people, and people act on working days. So a term whose last day is a
Saturday is warned of as if it ended on that Saturday, although it may be kept until Monday.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import cache
from math import ceil
from typing import NamedTuple

from rules.calendar import Calendar, at_time, end_of_day, local_date
from rules.clocks import Clock, Due
from rules.terms import LADDERS, RULES, version_of

SPOKEN_AT = time(8, 30)
_HOUR = timedelta(hours=1)
_SUPERVISION = ("supervise", "key_supervise")
LAPSE = "lapse"
_OF_NOBODY = ("filer", "sealed")
"""Ladders without a lapse: nothing of ours ends when a filer stays silent, and a sealed case has no supervision."""
_WARNED = {"statutory": ("handler", "lead"), "internal": ("handler", "lead"), "filer": ("citizen",), "hours": ("lead",)}


class Moment(NamedTuple):
    """Something to be said: `act` is warn, remind, urge, lapse, supervise or key_supervise.

    The lapse is the end of the term itself: it goes on record and is said to nobody.

    `level` is the place in the full list of the rule, so that it keeps its meaning when dates move; levels grow with
    time. `where` is the level of the tree, `to` the roles, `offset` units from the term (negative: before it).
    """

    level: int
    at: datetime
    act: str
    where: str | None
    to: tuple[str, ...]
    offset: int


@cache
def _plan(rule_key: str, sealed: bool) -> tuple[tuple[int, str, str | None, tuple[str, ...], int], ...]:
    """(level, act, where, to, offset) of a rule: its warnings, then the steps of its ladder."""
    rule = RULES[rule_key]
    ladder = LADDERS["sealed" if sealed else rule.ladder]
    warnings = () if ladder.key == "sealed" else rule.warn_before
    plan: list[tuple[str, str | None, tuple[str, ...], int]] = [
        ("warn", None, _WARNED.get(ladder.key, ()), -n) for n in warnings
    ]
    steps = [(s.act, s.where, s.to, s.after) for s in ladder.steps if s.after >= 0 or not warnings]
    before = sum(step[3] <= 0 for step in steps)
    lapse = [] if ladder.key in _OF_NOBODY else [(LAPSE, None, (), 0)]
    plan += [*steps[:before], *lapse, *steps[before:]]
    return tuple((level, *row) for level, row in enumerate(plan, 1))


def moments(clock: Clock, due: Due, calendar: Calendar, sealed: bool = False) -> tuple[Moment, ...]:
    """Every moment of the clock in order of time; none while it stands still.

    What lay in the past when the clock began is not said any more, but for the last supervision step: a case that
    is overdue on the day it is restored is supervised once, at the level it has reached.
    """
    if due.on is None or due.raw_on is None or due.at is None or (clock.pauses and clock.paused):
        return ()
    end = due.at
    if version_of(clock.rule, clock.version).unit == "hour":
        found = _laid_out(clock.rule, sealed, lambda _act, offset: end + offset * _HOUR)
    else:
        found = _of_days(clock.rule, due.on, due.raw_on, calendar, sealed)
    if not found or found[0].at > clock.opened_at:
        return found
    past = [moment for moment in found if moment.at <= clock.opened_at]
    keep = past[-1:] if past[-1].act in _SUPERVISION else []
    return (*keep, *found[len(past) :])


def _of_days(rule: str, on: date, raw_on: date, calendar: Calendar, sealed: bool) -> tuple[Moment, ...]:
    """Every moment of a term in days that ends on these days, also those already past.

    Many terms end on the same day: what was laid out once for a calendar is kept with it.
    """
    key = (rule, on, raw_on, sealed)
    known: tuple[Moment, ...] | None = calendar.memory.get(key)
    if known is not None:
        return known

    def _spoken_at(act: str, offset: int) -> datetime:
        if act == LAPSE:
            return end_of_day(on)
        return at_time(_spoken_on(act, offset, on, raw_on, calendar), SPOKEN_AT)

    return calendar.remember(key, _laid_out(rule, sealed, _spoken_at))


def _laid_out(rule: str, sealed: bool, spoken_at: Callable[[str, int], datetime]) -> tuple[Moment, ...]:
    """Every moment of a rule, given when an act is spoken so many units from the term."""
    found: list[Moment] = []
    for level, act, where, to, offset in _plan(rule, sealed):
        at = spoken_at(act, offset)
        if act != "warn" and found and found[-1].act == "warn" and found[-1].at >= at:
            found.pop()
        found.append(Moment(level, at, act, where, to, offset))
    return tuple(found)


def _spoken_on(act: str, offset: int, on: date, raw_on: date, calendar: Calendar) -> date:
    if act != "warn":
        return calendar.add_working_days(on, offset)
    day = calendar.add_working_days(raw_on, offset)
    return day if calendar.is_working(day) else calendar.add_working_days(day, -1)


@cache
def lapse_level(rule: str, sealed: bool = False) -> int | None:
    """The level at which the end of a term goes on record; None where nothing of ours ends."""
    return next((level for level, act, *_ in _plan(rule, sealed) if act == LAPSE), None)


def said_before_the_end(rule: str, level: int, sealed: bool = False) -> int:
    """What of the spoken levels still holds when a term turns out to end later than now: reminders were said and are
    not said again; the lapse and what followed it have not happened."""
    steps = _plan(rule, sealed)
    return max((one for one, act, _, _, offset in steps if one <= level and offset <= 0 and act != LAPSE), default=0)


def next_moment(clock: Clock, due: Due, calendar: Calendar, level: int, sealed: bool = False) -> Moment | None:
    """The first moment above `level`, or None after the last."""
    for moment in moments(clock, due, calendar, sealed):
        if moment.level > level:
            return moment
    return None


def remaining(due: Due, now: datetime, unit: str, calendar: Calendar) -> tuple[int, str]:
    """(count, unit) left for a badge: 0 on the last day, negative when overdue. ValueError while the term stands still.

    Units are those of the tables: working_day, calendar_day, hour.
    """
    if due.on is None or due.at is None:
        raise ValueError("a term that stands still has no remaining days")
    if unit == "hour":
        return ceil((due.at - now) / _HOUR) if now < due.at else min(-1, -int((now - due.at) / _HOUR)), unit
    today = local_date(now)
    count = calendar.working_days_between(today, due.on) if unit == "working_day" else (due.on - today).days
    return (min(-1, count), unit) if now >= due.at else (count, unit)
