"""The figures: a table of one topic, divided by one thing, beside the period before and the year before; and trends."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_

from casework.reference import current
from casework.statistics import counting, parts
from casework.statistics.counters import Asked
from casework.statistics.counting import Counting
from casework.statistics.parts import Breakdown, Dividing, Node
from casework.statistics.scope import Scope
from casework.statistics.tables import ALL, Cell, Column, Line, Narrowed, Row, Span, Table, Trend, Value
from rules import statistics as law
from rules.periods import Period
from rules.statistics import COUNT, DAYS, MONEY, RATE, Measure, Renamed, Topic

EVERYTHING = Narrowed()


def figures(
    scope: Scope,
    period: Period,
    breakdown: str = "none",
    *,
    now: datetime,
    topic: str = "counts",
    narrowed: Narrowed = EVERYTHING,
    compared: bool = True,
    renamed: tuple[Renamed, ...] = law.RENAMED,
) -> Table:
    """Return the figures of a topic for a period, divided by a breakdown (rules/data/statistics.toml).

    A period that still runs is compared with as many days of the period before and of the year before. The same
    records, period and (while it runs) moment give the same table. Raises NotFound for a breakdown, unit or part that
    is not there, KeyError for a topic.
    """
    ref, asked_of = current(), law.TOPICS[topic]
    spans = compared_with(period, now) if compared else (period, None, None)
    firsts = tuple(one.first for one in spans if one is not None)
    divided = parts.of(breakdown, Dividing(scope, ref, firsts, renamed))
    within = condition(scope, narrowed, renamed)
    read = [_read(Counting(within, divided), asked_of, Asked(one, now, ref)) if one else None for one in spans]
    lines = _lines(divided, read)
    columns = tuple(_column(one) for one in asked_of.measures)
    rows = tuple(
        Row(
            node.key, node.label, _cells(asked_of, read, members), node.depth,
            node.parent, node.note,
        )
        for node, members in lines
    )  # fmt: skip
    total = Row(ALL, "合计", _cells(asked_of, read, None))
    return Table(
        topic=topic,
        breakdown=breakdown,
        scope=scope.unit,
        scope_label=scope.root(ref).short_name,
        asof=Asked(period, now, ref).until.isoformat(timespec="seconds"),
        period=span(period, period.elapsed(now)),
        before=span(spans[1]) if spans[1] else None,
        year=span(spans[2]) if spans[2] else None,
        columns=columns,
        total=total,
        rows=rows,
        narrowed=narrowed,
    )


def compared_with(period: Period, now: datetime) -> tuple[Period, Period | None, Period | None]:
    """Return a period, the one before it and that of a year ago, cut to the days that have begun while it runs."""
    elapsed = period.elapsed(now)
    others: list[Period | None] = []
    for find in (period.before, period.year_ago):
        try:
            found = find()
        except ValueError:  # before the first year of the records
            found = None
        others.append(found.cut(elapsed) if found is not None and elapsed is not None else found)
    return period, others[0], others[1]


def condition(scope: Scope, narrowed: Narrowed, renamed: tuple[Renamed, ...] = law.RENAMED) -> ColumnElement[bool]:
    """Return the condition on `Case` of everything counted and listed. Raise NotFound for a part that is none."""
    ref = current()
    limits = [scope.clause(ref)]
    for key, part in asdict(narrowed).items():
        if part:
            limits.append(parts.of(key, Dividing(scope, ref, (), renamed)).limit(part))
    return and_(*limits)


def span(period: Period, elapsed: int | None = None) -> Span:
    """Return a period as a table names it."""
    days = elapsed if elapsed is not None and elapsed < period.days else None
    return Span(period.key, period.label, period.first.isoformat(), period.last.isoformat(), days)


@dataclass(frozen=True)
class _Read:
    """What was counted in one period: by counter and line."""

    cases: Mapping[str, Tally[str]]
    amounts: Mapping[str, Tally[str]]
    days: Mapping[str, Mapping[str, Tally[int]]]

    def lines(self) -> set[str]:
        """Return every line in which something was counted."""
        found = {line for tally in (*self.cases.values(), *self.amounts.values()) for line in tally}
        return found | {line for lines in self.days.values() for line in lines}


def _read(counted: Counting, topic: Topic, asked: Asked) -> _Read:
    plain = [key for one in topic.measures for key in (one.counter, one.part, one.whole) if key and one.kind != DAYS]
    money = [one.counter for one in topic.measures if one.kind == MONEY]
    timed = dict.fromkeys(one.counter for one in topic.measures if one.kind == DAYS)
    return _Read(
        counting.cases(counted, dict.fromkeys(plain), asked),
        counting.amounts(counted, dict.fromkeys(money), asked),
        {key: counting.days(counted, key, asked) for key in timed},
    )


def _lines(divided: Breakdown, read: Sequence[_Read | None]) -> list[tuple[Node, frozenset[str]]]:
    """Return the lines to show, each with the lines that it sums up: itself and those below it."""
    found = {line for one in read if one is not None for line in one.lines()}
    nodes = divided.nodes(found)
    members: dict[str, set[str]] = {node.key: {node.key} for node in nodes}
    for node in reversed(nodes):  # a line stands before those below it
        if node.parent in members:
            members[node.parent] |= members[node.key]
    return [(node, frozenset(members[node.key])) for node in nodes if node.always or members[node.key] & found]


def _column(measure: Measure) -> Column:
    rate = measure.whole.partition(".")[0] if measure.kind == RATE else ""
    late = (f"{rate}.late",) if rate in law.RATES else ()
    opens = (measure.part, measure.whole, *late) if measure.kind == RATE else (measure.counter,)
    return Column(measure.key, measure.label, measure.kind, measure.formula, opens)


def _cells(topic: Topic, read: Sequence[_Read | None], members: frozenset[str] | None) -> tuple[Cell, ...]:
    return tuple(
        Cell(*(_value(one, found, members) if found is not None else None for found in read))  # type: ignore[arg-type]
        for one in topic.measures
    )


def _value(measure: Measure, read: _Read, members: frozenset[str] | None) -> Value:
    if measure.kind == COUNT:
        return Value(_sum(read.cases[measure.counter], members))
    if measure.kind == MONEY:
        return Value(_sum(read.amounts[measure.counter], members), _sum(read.cases[measure.counter], members))
    if measure.kind == RATE:
        return Value(_sum(read.cases[measure.part], members), _sum(read.cases[measure.whole], members))
    histogram: Tally[int] = Tally()
    for line, tally in read.days[measure.counter].items():
        if members is None or line in members:
            histogram.update(tally)
    return Value(law.rank(histogram, measure.share), histogram.total())


def _sum(tally: Tally[str], members: frozenset[str] | None) -> int:
    return tally.total() if members is None else sum(tally[line] for line in members)


def trend(
    scope: Scope,
    periods: Sequence[Period],
    keys: Sequence[str],
    *,
    now: datetime,
    narrowed: Narrowed = EVERYTHING,
) -> Trend:
    """Return how many cases of some counters fell in each of some periods (in order, without gaps between them).

    One query for each counter, whatever the number of periods. Only counters of what was received or concluded have a
    day; KeyError for others.
    """
    within = condition(scope, narrowed)
    whole = [_by_day(within, key, periods, now) for key in keys]
    lines = tuple(
        Line(key, _counter_label(key), tuple(_of_period(tally, one) for one in periods))
        for key, tally in zip(keys, whole, strict=True)
    )
    return Trend(tuple(span(one, one.elapsed(now)) for one in periods), lines)


def _by_day(within: ColumnElement[bool], key: str, periods: Sequence[Period], now: datetime) -> Tally[date]:
    found: Tally[date] = Tally()
    for year in _stretches(periods):
        found.update(counting.by_day(within, key, Asked(year, now, current())))
    return found


def _stretches(periods: Sequence[Period]) -> list[Period]:
    """Join periods that follow each other, as long as a stretch may be."""
    found: list[Period] = []
    for one in periods:
        joined = (one.last - found[-1].first).days + 1 if found else 0
        if found and joined <= 366:
            found[-1] = Period("custom", found[-1].first, one.last)
        else:
            found.append(Period("custom", one.first, one.last))
    return found


def _of_period(tally: Tally[date], period: Period) -> int:
    return sum(number for day, number in tally.items() if period.first <= day <= period.last)


def _counter_label(key: str) -> str:
    return next((one.label for one in law.MEASURES.values() if one.kind == COUNT and one.counter == key), key)


def latest(period: Period, count: int) -> list[Period]:
    """Return so many periods that end with this one, in order of time; fewer where the records begin."""
    found = [period]
    while len(found) < count:
        try:
            found.append(found[-1].before())
        except ValueError:
            break
    return found[::-1]
