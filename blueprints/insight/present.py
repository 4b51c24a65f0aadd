"""From a table of figures to what the page prints: words, links to the cases behind, bars and lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from blueprints.insight.asking import Question
from blueprints.web.filters import money_wan
from casework.statistics import Cell, Column, Row, Span, Table, Trend, Value, charts, compare
from rules import statistics as law
from rules.periods import BEFORE, YEAR_AGO, Period
from rules.statistics import COUNT, DAYS, MONEY, RATE

LIST = "/insight/cases"
BARS = 12
"""So many bars a chart has; the table has all."""
TRENDS = {"day": 31, "week": 13, "month": 13, "quarter": 9, "year": 5}
_WRITE: Mapping[str, Callable[[int], str]] = {COUNT: "{}件".format, MONEY: money_wan, DAYS: "{}天".format, RATE: str}


@dataclass(frozen=True)
class Shown:
    """One figure as the page prints it. `notes` are (words, address) under it; no address: plain words."""

    words: str
    href: str = ""
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Line:
    """One line of the table: `lead` is its first figure with what it is compared with, `rest` the others."""

    label: str
    depth: int
    note: str
    lead: Shown
    share: str
    before: Shown | None
    before_change: str
    year: Shown | None
    year_change: str
    rest: tuple[Shown, ...]


@dataclass(frozen=True)
class Sum:
    """One figure of the total, with its changes in words."""

    label: str
    shown: Shown
    changes: tuple[str, ...]


class Page:
    """A table and the question that it answers, for the template."""

    def __init__(self, table: Table, question: Question) -> None:
        self.table, self.question = table, question
        self.lead = table.columns[0]
        self.before_name = BEFORE[question.period.kind]
        self.year_name = YEAR_AGO.get(question.period.kind, "")

    def lines(self) -> list[Line]:
        """Return the lines of the table."""
        return [self.line(row) for row in self.table.rows]

    def line(self, row: Row) -> Line:
        """Return one line."""
        cell, whole = row.cells[0], self.table.total.cells[0].now.number or 0
        share = ""
        if self.lead.kind in (COUNT, MONEY):
            share = law.percentage(cell.now.number or 0, whole, self.table.floor)
            share = share if "%" in share else ""
        return Line(
            row.label, row.depth, row.note, self._now(row, 0), share,
            self._then(row, cell.before, self.table.before), self._change(self.lead, cell.now, cell.before),
            self._then(row, cell.year, self.table.year), self._change(self.lead, cell.now, cell.year),
            tuple(self._now(row, place) for place in range(1, len(row.cells))),
        )  # fmt: skip

    def sums(self) -> list[Sum]:
        """Return the figures of the total."""
        return [
            Sum(column.label, self._now(self.table.total, place), self._changes(column, self.table.total.cells[place]))
            for place, column in enumerate(self.table.columns)
        ]

    def _changes(self, column: Column, cell: Cell) -> tuple[str, ...]:
        found = []
        for name, was in ((self.before_name, cell.before), (self.year_name, cell.year)):
            if name and was is not None:
                words = compare(column.kind, cell.now, was, self.table.floor).words(_WRITE[column.kind])
                found.append(f"比{name}{words}" if words != "--" else f"{name}没有可比的")
        return tuple(found)

    def _change(self, column: Column, now: Value, was: Value | None) -> str:
        return compare(column.kind, now, was, self.table.floor).short(_WRITE[column.kind]) if was is not None else ""

    def _now(self, row: Row, place: int) -> Shown:
        return self._shown(row, self.table.columns[place], row.cells[place].now, self.question)

    def _then(self, row: Row, value: Value | None, span: Span | None) -> Shown | None:
        if value is None or span is None:
            return None
        shown = self._shown(row, self.lead, value, self.question.other(Period.parse(span.key)))
        return replace(shown, notes=())

    def _shown(self, row: Row, column: Column, value: Value, question: Question) -> Shown:
        """Return a figure with the way to its cases; nothing leads nowhere."""
        if column.kind == RATE:
            return self._rate(row, column, value, question)
        href = self.href(row.key, column.opens[0], question)
        if column.kind == COUNT:
            return Shown(f"{value.number or 0:,}", href if value.number else "")
        if column.kind == MONEY:
            return Shown(money_wan(value.number or 0), href if value.of else "")
        return Shown("--" if value.number is None else f"{value.number}天", href if value.of else "")

    def _rate(self, row: Row, column: Column, value: Value, question: Question) -> Shown:
        part, whole = value.number or 0, value.of or 0
        if not whole:
            return Shown("--")
        of_part, of_whole, *of_late = column.opens
        notes: list[tuple[str, str]] = [(f"共{whole:,}件", self.href(row.key, of_whole, question))]
        if of_late and whole > part:
            notes.append((f"迟{whole - part:,}件", self.href(row.key, of_late[0], question)))
        words = law.percentage(part, whole, self.table.floor)
        return Shown(words, self.href(row.key, of_part, question) if part else "", tuple(notes))

    def href(self, part: str, counter: str, question: Question) -> str:
        """Return the address of the cases behind a figure of a line."""
        narrowed = question.narrowed.also(self.table.breakdown, part)
        return replace(question, narrowed=narrowed).address(LIST, figure=counter)

    def bars(self) -> list[tuple[Row, charts.Bar, Shown, str]]:
        """Return the bars of the lines that say most: those of one depth, the longest first."""
        rows = _of_one_depth(self.table.rows)
        chosen = [row for row in rows if _length(self.lead, row.cells[0].now)]
        chosen = sorted(chosen, key=lambda row: -_length(self.lead, row.cells[0].now))[:BARS]
        lengths = [
            (
                _length(self.lead, row.cells[0].now),
                _length(self.lead, row.cells[0].before) if self.table.before else None,
            )
            for row in chosen
        ]
        return [
            (
                row,
                bar,
                replace(self._now(row, 0), notes=()),
                self._change(self.lead, row.cells[0].now, row.cells[0].before),
            )
            for row, bar in zip(chosen, charts.bars(lengths), strict=True)
        ]


def _length(column: Column, value: Value | None) -> int:
    if value is None or value.number is None:
        return 0
    if column.kind == RATE:
        return law.rounded(value.number * 10_000, value.of) if value.of else 0
    return value.number


def _of_one_depth(rows: Sequence[Row]) -> list[Row]:
    """Return the highest lines that divide the whole: where one or two lines hold everything, those below them."""
    top = [row for row in rows if row.depth == 0]
    below = [row for row in rows if row.depth == 1]
    roots = {row.parent for row in below}
    return below if below and len([row for row in top if row.key in roots]) <= 2 and len(top) <= 3 else top


def trend_lines(trend: Trend) -> charts.Lines | None:
    """Return the chart of a trend."""
    names = [_short(span) for span in trend.spans]
    return charts.lines(names, [(line.label, line.numbers) for line in trend.lines])


def _short(span: Span) -> str:
    """Return the name of a period below an axis: 10月, 10-08, W41, 2026."""
    period = Period.parse(span.key)
    if period.kind == "month":
        return f"{period.first.month}月" if period.first.month > 1 else f"{period.first.year % 100}年1月"
    if period.kind == "day":
        return f"{period.first:%m-%d}"
    if period.kind == "week":
        return f"{period.first:%m-%d}"
    if period.kind == "quarter":
        return f"{period.first.year % 100}年{period.first.month // 3 + 1}季"
    return str(period.first.year)


def numbers_table(trend: Trend) -> list[dict[str, Any]]:
    """Return the numbers of a trend as lines of a table."""
    return [
        {"label": span.label, "part": span.days, "numbers": [line.numbers[place] for line in trend.lines]}
        for place, span in enumerate(trend.spans)
    ]
