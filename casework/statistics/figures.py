"""The figures: a table of one topic, divided by one thing, beside the period before and the year before; and trends."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

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
from rules.statistics import COUNT, DAYS, MONEY, RATE, Measure, Renamed

EVERYTHING = Narrowed()


def figures(
    scope: Scope,
    period: Period,
    breakdown: str = "none",
    *,
    now: datetime,
    topic: str = "counts",
    measures: Sequence[str] = (),
    narrowed: Narrowed = EVERYTHING,
    compared: bool = True,
    renamed: tuple[Renamed, ...] = law.RENAMED,
) -> Table:
    """Return the figures of a topic for a period, divided by a breakdown (rules/data/statistics.toml).

    `measures` names some figures, of any topic, in place of all those of the topic: what is not asked is not counted.
    A period that still runs is compared with as many days of the period before and of the year before. The same
    records, period and (while it runs) moment give the same table. Raises NotFound for a breakdown, unit or part that
    is not there, KeyError for a topic or measure.
    """
    ref, chosen = current(), tuple(law.MEASURES[one] for one in measures) or law.TOPICS[topic].measures
    spans = compared_with(period, now) if compared else (period, None, None)
    firsts = tuple(one.first for one in spans if one is not None)
    divided = parts.of(breakdown, Dividing(scope, ref, firsts, renamed))
    within = condition(scope, narrowed, renamed)
    read = [_read(Counting(within, divided), chosen, Asked(one, now, ref)) if one else None for one in spans]
    lines = _lines(divided, read)
    columns = tuple(_column(one) for one in chosen)
    rows = tuple(
        Row(
            node.key, node.label, _cells(chosen, read, members), node.depth,
            node.parent, node.note,
        )
        for node, members in lines
    )  # fmt: skip
    total = Row(ALL, "合计", _cells(chosen, read, None))
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


def words_of(scope: Scope, narrowed: Narrowed) -> list[str]:
    """Return the words of the parts that figures are narrowed down to. Raise NotFound for a part that is none."""
    dividing, found = Dividing(scope, current()), []
    for key, part in asdict(narrowed).items():
        if part:
            divided = parts.of(key, dividing)
            divided.limit(part)
            found.append(next((node.label for node in divided.nodes([part]) if node.key == part), part))
    return found


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


def _read(counted: Counting, measures: Sequence[Measure], asked: Asked) -> _Read:
    plain = [key for one in measures for key in (one.counter, one.part, one.whole) if key and one.kind != DAYS]
    money = [one.counter for one in measures if one.kind == MONEY]
    timed = dict.fromkeys(one.counter for one in measures if one.kind == DAYS)
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


def _cells(
    measures: Sequence[Measure], read: Sequence[_Read | None], members: frozenset[str] | None
) -> tuple[Cell, ...]:
    return tuple(
        Cell(*(_value(one, found, members) if found is not None else None for found in read))  # type: ignore[arg-type]
        for one in measures
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
    """Return how many cases of some counters there were in each of some periods.

    Raises NotFound for a part that is none, KeyError for a counter that nobody counts.
    """
    within, ref = condition(scope, narrowed), current()
    lines = tuple(
        Line(key, _counter_label(key), tuple(counting.total(within, key, Asked(one, now, ref)) for one in periods))
        for key in keys
    )
    return Trend(tuple(span(one, one.elapsed(now)) for one in periods), lines)


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
