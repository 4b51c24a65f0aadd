"""What is counted: a base (which cases of the period) and, within it, what makes a case count. Conditions on `Case`.

A figure and the list of cases behind it are asked by the same condition, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, not_, or_, select, union_all

from casework.reference import Reference
from models import CallbackDraw, Case, Deadline, Reveal, SupervisionOrder
from models import callback as calls
from models.deadline import DECISION
from rules import assessment
from rules import statistics as law
from rules.calendar import end_of_day
from rules.periods import Period

KEPT_OPEN = ("ended", "withdrawn", "lapsed")
"""How a term may close without the act that it waits for; every other way puts a new term in its place."""


@dataclass(frozen=True)
class Asked:
    """For what the conditions are: a period, the moment of asking, and the reference data."""

    period: Period
    now: datetime
    ref: Reference

    @property
    def until(self) -> datetime:
        """Return up to when records count: the end of the period, or now while it runs."""
        return min(self.period.ends, self.now)


@dataclass(frozen=True)
class Counter:
    """Cases of `base` that meet `extra`; `amount` is the column summed for money."""

    base: str
    extra: Callable[[Asked], ColumnElement[bool]] | None = None
    amount: ColumnElement[Any] | None = None


def _of(condition: ColumnElement[bool]) -> Callable[[Asked], ColumnElement[bool]]:
    return lambda _asked: condition


def _outcome(*lists: str) -> ColumnElement[bool]:
    return or_(*(Case.outcome.startswith(f"{one}/", autoescape=True) for one in lists))


def _drawn(*limits: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(CallbackDraw.case_id == Case.id, *limits)


_COMPLAINT = Case.kind == "complaint"
_REPORT = Case.kind == "report"
_CASE_OPENED = exists().where(Deadline.case_id == Case.id, Deadline.rule == "case.decide")
_OPENED = and_(_REPORT, _CASE_OPENED)
_NOT_OPENED = and_(_REPORT, _outcome("non_opening"))
_CONTENT = ("satisfied", "fairly_satisfied")
_RATED = (*_CONTENT, "dissatisfied")
_ANSWERED = and_(CallbackDraw.state == calls.REACHED, CallbackDraw.result.in_(_RATED))


def _entered_well(asked: Asked) -> ColumnElement[bool]:
    """Registered within the working days that the assessment allows, with everything stated that its kind needs."""
    prompt = or_(
        *(
            and_(Case.received_on >= first, Case.received_on <= last, Case.registered_at < end)
            for first, last, end in graces(asked.period, assessment.ENTRY_DAYS, asked.ref)
        )
    )
    stated = or_(
        *(
            and_(Case.kind == kind, *(func.coalesce(Case.__table__.c[name], "") != "" for name in columns))
            for kind, columns in assessment.COMPLETE.items()
        )
    )
    return and_(prompt, stated)


def _supervised(asked: Asked) -> ColumnElement[bool]:
    """Not every order that was to be answered in the period was found, at its end, not to count in the assessment."""
    left_out = exists().where(
        SupervisionOrder.case_id == Case.id,
        SupervisionOrder.assessed.is_(False),
        SupervisionOrder.due_on >= asked.period.first,
        SupervisionOrder.due_on <= asked.period.last,
    )
    return not_(left_out)


def _supervised_late(asked: Asked) -> ColumnElement[bool]:
    return and_(_supervised(asked), _late(law.RATES["supervision"], asked))


def _looked(asked: Asked) -> ColumnElement[bool]:
    """Somebody looked in the period at who filed it."""
    return Case.id.in_(select(Reveal.case_id).where(_in_period(asked)))


def _in_period(asked: Asked) -> ColumnElement[bool]:
    return and_(Reveal.at >= asked.period.begins, Reveal.at < asked.period.ends)


def _looked_late(asked: Asked) -> ColumnElement[bool]:
    """One of the looks came after the case had ended, and nobody was to be called back about it."""
    after = exists().where(Reveal.case_id == Case.id, _in_period(asked), Reveal.at > Case.closed_at)
    return and_(after, not_(_drawn()))


_PLAIN: Mapping[str, Counter] = {
    "received": Counter("received"),
    "decided": Counter("decided"),
    "concluded": Counter("concluded"),
    "open": Counter("open"),
    "accepted": Counter("decided", _of(and_(_COMPLAINT, or_(Case.outcome.is_(None), not_(_outcome("refusal")))))),
    "refused": Counter("decided", _of(and_(_COMPLAINT, _outcome("refusal")))),
    "opened": Counter("decided", _of(_OPENED)),
    "not_opened": Counter("decided", _of(_NOT_OPENED)),
    "verified": Counter("decided", _of(or_(_OPENED, _NOT_OPENED))),
    "settled": Counter("concluded", _of(and_(_COMPLAINT, _outcome("settlement")))),
    "terminated": Counter("concluded", _of(and_(_COMPLAINT, _outcome("termination")))),
    "mediated": Counter("concluded", _of(and_(_COMPLAINT, _outcome("settlement", "termination")))),
    "claims": Counter("received", _of(Case.amount > 0), Case.amount.expression),
    "recoveries": Counter("concluded", _of(Case.amount_recovered > 0), Case.amount_recovered.expression),
    "rated": Counter("concluded", _of(Case.rating.in_(_RATED))),
    "satisfied": Counter("concluded", _of(Case.rating.in_(_CONTENT))),
    "dissatisfied": Counter("concluded", _of(Case.rating == "dissatisfied")),
    "called": Counter("concluded", _of(_drawn())),
    "reached": Counter("concluded", _of(_drawn(_ANSWERED))),
    "called_satisfied": Counter("concluded", _of(_drawn(_ANSWERED, CallbackDraw.result.in_(_CONTENT)))),
    "entered_well": Counter("received", _entered_well),
    "entered_badly": Counter("received", lambda asked: not_(_entered_well(asked))),
    "supervised": Counter("supervision", _supervised),
    "supervised_late": Counter("supervision", _supervised_late),
    "supervised_in_time": Counter("supervision", lambda asked: and_(_supervised(asked), not_(_supervised_late(asked)))),
    "looked": Counter("looked"),
    "looked_late": Counter("looked", _looked_late),
    "looked_in_order": Counter("looked", lambda asked: not_(_looked_late(asked))),
}


def base(key: str, asked: Asked) -> ColumnElement[bool]:
    """Return the condition of a base: received, decided, concluded, open, or the term of a rate that ended."""
    if key in _BASES:
        return _BASES[key](asked)
    return Case.id.in_(_ended(law.RATES[key], asked))


def beyond(key: str, asked: Asked) -> ColumnElement[bool] | None:
    """Return what a counter asks beyond its base; None when that is all."""
    found = COUNTERS[key].extra
    return found(asked) if found is not None else None


def condition(key: str, asked: Asked) -> ColumnElement[bool]:
    """Return the whole condition of a counter. Raise KeyError for one that nobody counts."""
    more = beyond(key, asked)
    whole = base(COUNTERS[key].base, asked)
    return whole if more is None else and_(whole, more)


def _received(asked: Asked) -> ColumnElement[bool]:
    return and_(Case.received_on >= asked.period.first, Case.received_on <= asked.period.last)


def _concluded(asked: Asked) -> ColumnElement[bool]:
    return and_(Case.closed_at >= asked.period.begins, Case.closed_at < asked.period.ends)


def _open(asked: Asked) -> ColumnElement[bool]:
    # Two stretches of the index by end. Asked as one condition, a planner may walk through everything ever received.
    row = Case.__table__.c
    came = row.received_on <= asked.period.last
    running = select(row.id).where(row.closed_at.is_(None), came)
    later = select(row.id).where(row.closed_at >= asked.period.ends, came)
    return Case.id.in_(union_all(running, later))


def _decided(asked: Asked) -> ColumnElement[bool]:
    # In the very words of the index, so that both planners see that it holds all of them.
    kept = select(Deadline.case_id).where(
        DECISION, Deadline.closed_at >= asked.period.begins, Deadline.closed_at < asked.period.ends
    )
    return Case.id.in_(kept)


_BASES: Mapping[str, Callable[[Asked], ColumnElement[bool]]] = {
    "received": _received,
    "concluded": _concluded,
    "open": _open,
    "decided": _decided,
    "looked": _looked,
}


def _due(rate: law.Timely, asked: Asked) -> ColumnElement[bool]:
    """Terms of a rate that ended in the period: kept, or not kept when they ended.

    A term that fell away before its end (withdrawn, passed on) asked nothing of anybody. One that is paused has no end.
    """
    unkept = and_(
        or_(Deadline.closed_at.is_(None), Deadline.closed_at >= Deadline.due_at),
        or_(Deadline.outcome.is_(None), Deadline.outcome.in_(KEPT_OPEN)),
    )
    return and_(
        Deadline.rule.in_(rate.rules),
        Deadline.due_on >= asked.period.first,
        Deadline.due_on <= asked.period.last,
        Deadline.due_at <= asked.until,
        or_(Deadline.outcome == "done", unkept),
    )


def _ended(rate: law.Timely, asked: Asked) -> Select[int]:
    return select(Deadline.case_id).where(_due(rate, asked))


def _late(rate: law.Timely, asked: Asked) -> ColumnElement[bool]:
    """A case of which one of the terms of the rate was not kept when it ended."""
    return exists().where(
        Deadline.case_id == Case.id,
        _due(rate, asked),
        or_(Deadline.closed_at.is_(None), and_(Deadline.closed_at >= Deadline.due_at, not_(_graced(rate, asked)))),
    )


def _graced(rate: law.Timely, asked: Asked) -> ColumnElement[bool]:
    """What counts as kept all the same: an end by lapse of the term (期满终止), decided within the days of grace."""
    grace = law.GRACE
    days = int(asked.ref.settings[grace.setting])
    if grace.rule not in rate.rules or not days:
        return false()
    until = or_(
        *(
            and_(Deadline.due_on >= first, Deadline.due_on <= last, Deadline.closed_at < end)
            for first, last, end in graces(asked.period, days, asked.ref)
        )
    )
    return and_(Deadline.rule == grace.rule, Deadline.outcome == "done", Case.outcome == grace.outcome, until)


def graces(period: Period, days: int, ref: Reference) -> list[tuple[date, date, datetime]]:
    """Return (first due day, last due day, moment) for the days of a period: up to when a decision is in grace."""
    found: list[tuple[date, date, datetime]] = []
    for n in range(period.days):
        day = period.first + timedelta(days=n)
        end = end_of_day(ref.calendar.add_working_days(day, days))
        if found and found[-1][2] == end:
            found[-1] = (found[-1][0], day, end)
        else:
            found.append((day, day, end))
    return found


def _of_rate(rate: law.Timely) -> dict[str, Counter]:
    return {
        f"{rate.key}.due": Counter(rate.key),
        f"{rate.key}.late": Counter(rate.key, lambda asked: _late(rate, asked)),
        f"{rate.key}.in_time": Counter(rate.key, lambda asked: not_(_late(rate, asked))),
    }


COUNTERS: Mapping[str, Counter] = MappingProxyType(
    {**_PLAIN, **{key: one for rate in law.RATES.values() for key, one in _of_rate(rate).items()}}
)
"""Everything that can be counted, by the names of rules/statistics.py."""

if COUNTERS.keys() != law.COUNTERS:
    raise RuntimeError("rules/statistics.py and casework/statistics/counters.py count different things")
