"""Open data (数据公开): the figures of issued briefings, with small numbers protected, for pages and files.

What is published comes from the frozen data of a briefing that a leader signed off (签发), so that page, file and paper
say the same, and nothing changes afterwards.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Any

from sqlalchemy import select

from casework.statistics import Table
from casework.statistics.sheets import BOM, plain
from casework.statistics.tables import ALL, Column, Row, Value, compare
from models import Briefing, db
from models.briefing import ISSUED
from rules import open_data as law
from rules import statistics
from rules.open_data import Line, OpenTable
from rules.periods import Period
from rules.statistics import COUNT, DAYS, MONEY, RATE

UNITS = {COUNT: "件", MONEY: "元", RATE: "%", DAYS: "天"}
DEEPEST = 1
"""Lines of a tree are published down to this depth."""


@dataclass(frozen=True)
class Told:
    """One figure: a decimal number as text for programs; None where nothing can be said, or `withheld`.

    `share` is its part of the total. `change` is how the total stands against the month before; the lines have
    none, for it would tell what was kept back in that month.
    """

    number: str | None
    withheld: bool = False
    share: str = ""
    change: str = ""


@dataclass(frozen=True)
class OpenLine:
    """One line of a published table."""

    key: str
    label: str
    depth: int
    parent: str
    figures: tuple[Told, ...]


@dataclass(frozen=True)
class Published:
    """One table of one month. The last line is the total when the table has other lines."""

    table: OpenTable
    columns: tuple[Column, ...]
    lines: tuple[OpenLine, ...]
    total: OpenLine

    @property
    def withholds(self) -> bool:
        """Tell whether any figure in it is not told."""
        return any(one.withheld for line in (*self.lines, self.total) for one in line.figures)

    def first(self, key: str = ALL, measure: str = "") -> Told:
        """Return a figure of a line. Raise KeyError for a line or measure that the table does not have."""
        for line in (self.total, *self.lines):
            if line.key == key:
                for column, told in zip(self.columns, line.figures, strict=True):
                    if measure in ("", column.key):
                        return told
        raise KeyError(f"{key} {measure}")


@dataclass(frozen=True)
class Month:
    """The published figures of one month; `issued_at` is when the briefing that they come from was signed off."""

    period: Period
    issued_at: datetime
    tables: tuple[Published, ...]
    trend: tuple[tuple[str, tuple[int, ...]], ...] = ()
    trend_names: tuple[str, ...] = ()

    def table(self, key: str) -> Published:
        """Return one of its tables. Raise KeyError."""
        return next(one for one in self.tables if one.table.key == key)


def months() -> list[str]:
    """Return the keys of the months that are published, the latest first."""
    query = select(Briefing.month).where(Briefing.state == ISSUED).order_by(Briefing.month.desc()).limit(law.MONTHS)
    return list(db.session.scalars(query))


def month(key: str = "") -> Month | None:
    """Return the published figures of a month, of the latest without a key; None where nothing is published."""
    query = select(Briefing.month, Briefing.issued_at, Briefing.data).where(Briefing.state == ISSUED)
    if key:
        query = query.where(Briefing.month == key)
    row = db.session.execute(query.order_by(Briefing.month.desc()).limit(1)).first()
    return _month(*row) if row is not None else None


def _month(key: str, issued_at: datetime, data: dict[str, Any]) -> Month:
    tables = tuple(_published(table, Table.of(data["tables"][table.frozen])) for table in law.TABLES)
    trend = data.get("trend", {"spans": [], "lines": []})
    lines = tuple((one["label"], tuple(one["numbers"])) for one in trend["lines"])
    if any(0 < number < law.LEAST for _, numbers in lines for number in numbers):
        lines = ()
    return Month(Period.parse(key), issued_at, tables, lines, tuple(span["label"] for span in trend["spans"]))


def _published(table: OpenTable, frozen: Table) -> Published:
    places = [frozen.column(one) for one in table.measures]
    rows = [row for row in frozen.rows if row.depth <= DEEPEST]
    hidden = {place: _hidden(frozen, rows, place) for place in places}

    def line(row: Row) -> OpenLine:
        figures = tuple(_told(frozen, row, place, hidden) for place in places)
        return OpenLine(row.key, row.label, row.depth, row.parent, figures)

    columns = tuple(frozen.columns[place] for place in places)
    return Published(table, columns, tuple(line(row) for row in rows), line(frozen.total))


def _hidden(frozen: Table, rows: Sequence[Row], place: int) -> frozenset[str]:
    """Return the keys of the lines whose count is not told in one column, the total as ALL."""
    if frozen.columns[place].kind != COUNT:
        return frozenset()
    counts = [Line(row.key, row.parent, row.cells[place].now.number or 0) for row in rows]
    found = law.withheld(frozen.total.cells[place].now.number or 0, counts)
    return frozenset(key or ALL for key in found)


def _told(frozen: Table, row: Row, place: int, hidden: dict[int, frozenset[str]]) -> Told:
    column, cell = frozen.columns[place], row.cells[place]
    if column.kind == RATE:
        return _rate(frozen, column, cell.now)
    if row.key in hidden[place] or (column.kind == MONEY and 0 < (cell.now.of or 0) < law.LEAST):
        return Told(None, withheld=True)
    if column.kind == DAYS:
        few = (cell.now.of or 0) < law.LEAST
        return Told(
            None if few or cell.now.number is None else str(cell.now.number), withheld=(cell.now.of or 0) > 0 and few
        )
    if column.kind == MONEY:
        return Told(str(Decimal(cell.now.number or 0) / 100))
    whole = frozen.total.cells[place].now.number or 0
    share = statistics.percentage(cell.now.number or 0, whole, frozen.floor) if ALL not in hidden[place] else ""
    change = _change(column, cell.now, cell.before, frozen) if row.key == ALL else ""
    return Told(str(cell.now.number or 0), share=share if "%" in share else "", change=change)


def _change(column: Column, now: Value, was: Value | None, frozen: Table) -> str:
    """Return in words how a total stands against the month before; nothing where the number of then is too small."""
    change = compare(column.kind, now, was, frozen.floor)
    return change.words() if change.way in ("percent", "same") else ""


def _rate(frozen: Table, column: Column, value: Value) -> Told:
    """Return a rate; not told where it would give away a count that stands beside it."""
    part, whole = value.number or 0, value.of or 0
    if whole == 0:
        return Told(None)
    counted = {one.opens[0] for one in frozen.columns if one.kind == COUNT}
    small = any(0 < one < law.LEAST for one in (part, whole - part))
    if whole < frozen.floor or (small and column.opens[0] in counted):
        return Told(None, withheld=True)
    return Told(statistics.percentage(part, whole, frozen.floor).rstrip("%"))


HEAD = ("月份", "表", "表名", "分项键", "分项", "上级键", "层级", "指标键", "指标", "单位", "数值", "说明")
WITHHELD = f"少于{law.LEAST}件，或者为防推算不公布"


def csv_text() -> str:
    """Return every published figure of every month as CSV, a figure a line; /figures/dictionary explains it."""
    stream = StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(HEAD)
    for key in months():
        found = month(key)
        if found is not None:
            writer.writerows(_lines(found))
    return BOM + stream.getvalue()


def _lines(found: Month) -> Iterator[list[str | int]]:
    for published in found.tables:
        for line in (*published.lines, published.total):
            for column, told in zip(published.columns, line.figures, strict=True):
                said = WITHHELD if told.withheld else ""
                yield [
                    found.period.key, published.table.key, published.table.label, line.key, plain(line.label),
                    line.parent, line.depth, column.key, column.label, UNITS[column.kind], told.number or "", said,
                ]  # fmt: skip
