"""What a page of statistics was asked for, read from its address: period, division, figures, unit, and what narrows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from casework.statistics import Narrowed
from rules import periods
from rules.periods import Period
from rules.statistics import BREAKDOWNS, TOPICS
from rules.workflow import WORKFLOW

KINDS = [(kind, label) for kind, label in WORKFLOW.kind_labels.items() if kind != "misconduct"]
HOME = "/insight/"
_IN_ADDRESS = {"unit": "held"}
"""`unit` is the unit that is asked about; the one that holds the cases of a line has a name of its own."""
_NARROWING = {name: _IN_ADDRESS.get(name, name) for name in asdict(Narrowed())}
_DAY = re.compile(r"(\d{4})[-./年](\d{1,2})(?:[-./月](\d{1,2}))?日?月?")


@dataclass(frozen=True)
class Question:
    """One question to the statistics; the address holds all of it, and nothing of a person."""

    period: Period
    by: str = "kind"
    topic: str = "counts"
    unit: str = ""
    narrowed: Narrowed = field(default_factory=Narrowed)

    def address(self, path: str = HOME, **more: str) -> str:
        """Return the address of this question on a page, with some parts more."""
        narrowing = {_NARROWING[name]: value for name, value in asdict(self.narrowed).items()}
        given = {"period": self.period.key, "by": self.by, "topic": self.topic, "unit": self.unit, **narrowing, **more}
        return f"{path}?{urlencode({name: value for name, value in given.items() if value})}"

    def wider(self) -> Question:
        """Return the same question without what narrows it down."""
        return replace(self, narrowed=Narrowed())

    def other(self, period: Period) -> Question:
        """Return the same question for another period."""
        return replace(self, period=period)


@dataclass(frozen=True)
class Typed:
    """What the form holds: as it was typed, with a sentence for each fault."""

    kind: str = "month"
    day: str = ""
    until: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)


def read(values: Mapping[str, str], today: date) -> tuple[Question, Typed]:
    """Return the question of an address and what its form holds. What cannot be read keeps its usual answer and gets
    a sentence; without a period it is the last month that is over."""
    period, typed = _period(values, today)
    faults = dict(typed.faults)
    for name, known, sentence in (
        ("by", BREAKDOWNS, "没有这种分项，请从列表里选"),
        ("topic", TOPICS, "没有这一组数字，请从列表里选"),
        ("kind", dict(KINDS), "没有这个类型，请从列表里选"),
    ):
        if values.get(name) and values[name] not in known:
            faults[name] = sentence
    chosen = {name: values.get(name, "") for name in ("by", "topic", "unit") if values.get(name) and name not in faults}
    parts = {name: values.get(said, "")[:60] for name, said in _NARROWING.items() if said not in faults}
    return Question(period, **chosen, narrowed=Narrowed(**parts)), replace(typed, faults=faults)


def last_month(today: date) -> Period:
    """Return the last month that is over."""
    return Period.holding("month", today.replace(day=1) - timedelta(days=1))


def _period(values: Mapping[str, str], today: date) -> tuple[Period, Typed]:
    usual = last_month(today)
    key, kind = values.get("period", "").strip()[:40], values.get("span", "")
    day, until = values.get("day", "").strip()[:20], values.get("until", "").strip()[:20]
    if not kind and not key:
        return usual, _typed(usual)
    if not kind:
        try:
            found = Period.parse(key)
        except ValueError:
            return usual, Typed(day=key, faults={"day": "没有这个期间，请写日期，例如 2026-10-08"})
        return found, _typed(found)
    typed = Typed(kind if kind in periods.KINDS else "month", day, until)
    faults: dict[str, str] = {}
    first, last = _day(day), _day(until)
    if first is None:
        faults["day"] = "请写日期，例如 2026-10-08；按月的写 2026-10 也可以"
    if typed.kind == "custom" and last is None:
        faults["until"] = "请写最后一天，例如 2026-10-20"
    if faults or first is None:
        return usual, replace(typed, faults=faults)
    try:
        if typed.kind == "custom" and last is not None:
            found = Period("custom", first, last)
        else:
            found = Period.holding(typed.kind, first)
    except ValueError:
        return usual, replace(typed, faults={_wrong(typed.kind, first, last): _sentence(first, last)})
    return found, replace(typed, until=until if typed.kind == "custom" else "")


def _typed(period: Period) -> Typed:
    until = period.last.isoformat() if period.kind == "custom" else ""
    return Typed(period.kind, period.first.isoformat(), until)


def _day(text: str) -> date | None:
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3] or 1))
    except ValueError:
        return None


def _wrong(kind: str, first: date, last: date | None) -> str:
    usable = periods.FIRST <= first <= periods.LAST
    return "until" if kind == "custom" and usable and last is not None else "day"


def _sentence(first: date, last: date | None) -> str:
    if not periods.FIRST <= first <= periods.LAST:
        return f"只有{periods.FIRST.year}年到{periods.LAST.year}年的"
    if last is not None and last < first:
        return "最后一天要在第一天之后"
    return f"一次最多{periods.LONGEST}天，更长的请按年看"
