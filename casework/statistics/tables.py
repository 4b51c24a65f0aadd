"""What statistics answer with: frozen values in a fixed order, the same JSON text whenever they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from models.base import canonical
from rules import statistics as law
from rules.statistics import COUNT, DAYS, MONEY, RATE, Change

ALL = "all"
"""The key of the total."""
UNKNOWN = "none"
"""The key of the line of cases of which it is not known."""


@dataclass(frozen=True, slots=True)
class Value:
    """One number. For a count: cases. For money: fen (分), `of` the cases that name an amount. For a rate: its part,
    `of` its whole. For days: days (None where nothing was concluded), `of` the cases behind them."""

    number: int | None
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure now, in the period before (环比) and a year ago (同比); None where there is nothing to compare with."""

    now: Value
    before: Value | None = None
    year: Value | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of the table (a measure of rules/data/statistics.toml).

    `opens` are the counters whose cases stand behind the figure: the one a link leads to; for a rate its part, its
    whole and, where the terms are watched, those that were late.
    """

    key: str
    label: str
    kind: str
    formula: str
    opens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `key` names the part in addresses, `depth` its place in a tree; a line above others holds their sum.

    `note` says what a reader must know: a former name.
    """

    key: str
    label: str
    cells: tuple[Cell, ...]
    depth: int = 0
    parent: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A period as the table names it; `days` is how much of it is counted when that is not all."""

    key: str
    label: str
    first: str
    last: str
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What narrows the figures down: the key of a part of each breakdown. Empty means all.

    `category`, `problem` and `unit` hold what lies below them as well.
    """

    kind: str = ""
    category: str = ""
    problem: str = ""
    place: str = ""
    unit: str = ""
    channel: str = ""
    sales_mode: str = ""
    outcome: str = ""

    def also(self, breakdown: str, part: str) -> Narrowed:
        """Return it narrowed down by one part more; unchanged for the total."""
        if breakdown == "none" or part == ALL:
            return self
        return Narrowed(**{**asdict(self), breakdown: part})


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of one topic for one period, divided by one breakdown. Equal records give equal tables."""

    topic: str
    breakdown: str
    scope: str
    """The key of the unit whose subtree is counted."""
    scope_label: str
    asof: str
    """Up to when the records count (ISO, UTC): the end of the period, or the moment of asking while it runs."""
    period: Span
    before: Span | None
    year: Span | None
    columns: tuple[Column, ...]
    total: Row
    rows: tuple[Row, ...]
    floor: int = law.FLOOR
    narrowed: Narrowed = field(default_factory=Narrowed)

    def column(self, key: str) -> int:
        """Return the place of a figure in the cells of a row. Raise KeyError when the table has none of that key."""
        for place, one in enumerate(self.columns):
            if one.key == key:
                return place
        raise KeyError(key)

    def cell(self, measure: str, part: str = ALL) -> Cell:
        """Return one figure of one line. Raise KeyError for a line or a figure that the table does not have."""
        row = next((one for one in (self.total, *self.rows) if one.key == part), None)
        if row is None:
            raise KeyError(part)
        return row.cells[self.column(measure)]

    def top(self, measure: str, count: int, depth: int = 0) -> tuple[Row, ...]:
        """Return the lines of one depth with the largest figures, those with nothing left out; equal ones in order."""
        place = self.column(measure)
        found = [row for row in self.rows if row.depth == depth and (row.cells[place].now.number or 0) > 0]
        return tuple(sorted(found, key=lambda row: -(row.cells[place].now.number or 0))[:count])

    def data(self) -> dict[str, Any]:
        """Return the table as plain values: mappings, lists, text, numbers and None."""
        return asdict(self)

    def text(self) -> str:
        """Return the canonical JSON text of the table, the same bytes for the same figures."""
        return canonical(self.data())

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Table:
        """Return the table that `data` was made from, to show again what was frozen."""
        return cls(
            **{
                **data,
                "period": Span(**data["period"]),
                "before": Span(**data["before"]) if data["before"] else None,
                "year": Span(**data["year"]) if data["year"] else None,
                "columns": tuple(Column(**{**one, "opens": tuple(one["opens"])}) for one in data["columns"]),
                "total": _row(data["total"]),
                "rows": tuple(_row(one) for one in data["rows"]),
                "narrowed": Narrowed(**data["narrowed"]),
            }
        )


def _row(data: Mapping[str, Any]) -> Row:
    cells = tuple(Cell(*(_value(one[name]) for name in ("now", "before", "year"))) for one in data["cells"])  # type: ignore[arg-type]
    return Row(**{**data, "cells": cells})


def _value(data: Mapping[str, Any] | None) -> Value | None:
    return Value(**data) if data is not None else None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a trend: a counter, and its number in each period."""

    counter: str
    label: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """How numbers went from period to period. A last period that still runs has `days`: so many of it are counted."""

    spans: tuple[Span, ...]
    lines: tuple[Line, ...]

    def data(self) -> dict[str, Any]:
        """Return the trend as plain values."""
        return asdict(self)


def compare(kind: str, now: Value, was: Value | None, floor: int = law.FLOOR) -> Change:
    """Return how a figure of a kind (count, money, rate, days) stands against an earlier one."""
    if was is None or now.number is None or was.number is None:
        return Change("none", 0, 0)
    if kind == RATE:
        return law.points((now.number, now.of or 0), (was.number, was.of or 0), floor)
    if kind == MONEY:
        return law.change(now.number, was.number, was.of or 0, floor)
    if kind == DAYS:
        same = now.number == was.number
        return Change("same" if same else "numbers", was.number, now.number)
    if kind == COUNT:
        return law.change(now.number, was.number, None, floor)
    raise ValueError(f"no kind of figure: {kind}")
