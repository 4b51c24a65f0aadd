"""The tables and the chart of a briefing as words and places: what its page and its print show alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from casework.briefings import freezing
from casework.statistics import Row, Table, charts, compare
from rules import briefing as law
from rules import statistics as figures

_WIDTH = 156
"""Millimetres of the type area."""


@dataclass(frozen=True)
class Sheet:
    """One table: its title, the heads of its columns, its lines as (label, depth, words); the last line is the sum.

    `public`: it stands in the edition for everybody.
    """

    key: str
    title: str
    heads: tuple[str, ...]
    lines: tuple[tuple[str, int, tuple[str, ...]], ...]
    public: bool = True
    month: str = ""
    """Of which month it speaks where that is not the briefing's own."""
    summed: bool = True
    """Its last line holds the sum of the others."""


def sheets(data: Mapping[str, Any]) -> list[Sheet]:
    """Return the tables of a briefing in their order."""
    tables = {name: freezing.table(data, name) for name in freezing.TABLES}
    whole = tables["kinds"].cell("received").now.number or 0
    complaints = tables["complaints"].cell("received").now.number or 0
    return [
        _sheet("kinds", "各类来件", "类型", tables["kinds"], [_received, _before, _year, _ended, _still]),
        _sheet(
            "places", "各地区收到和办结", "地区", tables["places"], [_received, _part(whole), _before, _year, _ended]
        ),
        _sheet("channels", "来件渠道", "渠道", tables["channels"], [_received, _part(whole), _before, _year]),
        _sheet("goods", "投诉的商品和服务", "类别", tables["goods"], [_received, _part(complaints), _before, _year], 1),
        _sheet("problems", "投诉的问题", "问题", tables["problems"], [_received, _part(complaints), _before, _year], 0),
        _rates(tables["places_rates"]),
        *_assessed(data.get("assessment")),
    ]


def _assessed(told: Mapping[str, Any] | None) -> list[Sheet]:
    """The places of the assessment, a table for each group; none where nothing was signed."""
    if not told:
        return []
    return [
        Sheet(
            f"assessment-{place}",
            f"{group['label']}考核得分",
            ("单位", "总分", "名次"),
            tuple((name, 0, (score, str(rank) if rank else "不排名")) for rank, name, score in group["lines"]),
            public=law.SECTIONS["assessment"].public,
            month=told["month"],
            summed=False,
        )
        for place, group in enumerate(told["groups"])
    ]


_Column = Callable[[Row], tuple[str, str]]


def _received(row: Row) -> tuple[str, str]:
    return "收到", _number(row.cells[0].now.number)


def _before(row: Row) -> tuple[str, str]:
    return "环比", compare(figures.COUNT, row.cells[0].now, row.cells[0].before).short()


def _year(row: Row) -> tuple[str, str]:
    return "同比", compare(figures.COUNT, row.cells[0].now, row.cells[0].year).short()


def _ended(row: Row) -> tuple[str, str]:
    return "办结", _number(row.cells[1].now.number)


def _still(row: Row) -> tuple[str, str]:
    return "月末在办", _number(row.cells[2].now.number)


def _part(whole: int) -> _Column:
    return lambda row: ("占比", figures.percentage(row.cells[0].now.number or 0, whole))


def _sheet(key: str, title: str, first: str, table: Table, columns: list[_Column], deepest: int = 9) -> Sheet:
    rows = [row for row in table.rows if row.depth <= deepest and _says_something(table, row)]
    lines = [(row.label, row.depth, tuple(column(row)[1] for column in columns)) for row in (*rows, table.total)]
    heads = (first, *(column(table.total)[0] for column in columns))
    return Sheet(key, title, heads, tuple(lines))


def _says_something(table: Table, row: Row) -> bool:
    """Whether a line is printed: places and kinds always, of long lists what had any case now or before."""
    if table.breakdown in ("place", "kind"):
        return True
    cell = row.cells[0]
    return bool(cell.now.number or (row.depth == 0 and cell.before and cell.before.number))


def _rates(table: Table) -> Sheet:
    def words(row: Row) -> tuple[str, ...]:
        return tuple(figures.percentage(one.now.number or 0, one.now.of or 0) for one in row.cells)

    heads = ("地区", *(column.label for column in table.columns))
    lines = tuple((row.label, row.depth, words(row)) for row in (*table.rows, table.total))
    return Sheet("places_rates", "各地区办理时效", heads, lines, public=law.SECTIONS["efficiency"].public)


def _number(number: int | None) -> str:
    return "—" if not number else f"{number:,}"


@dataclass(frozen=True)
class Chart:
    """Lines over months: places in millimetres from the left and points from the top."""

    lines: tuple[tuple[str, tuple[tuple[float, float, str], ...]], ...]
    grid: tuple[tuple[float, str], ...]
    names: tuple[tuple[float, str], ...]
    ground: int
    height: int


def chart(trend: Mapping[str, Any]) -> Chart | None:
    """Return the chart of what was received and concluded month by month; None where there is nothing to draw."""
    names = [_month(span["key"]) for span in trend["spans"]]
    drawn = charts.lines(names, [(line["label"], line["numbers"]) for line in trend["lines"]])
    if drawn is None:
        return None
    return Chart(
        tuple((one.label, tuple((_mm(p.x), p.y, p.words) for p in one.points)) for one in drawn.lines),
        drawn.grid,
        tuple((_mm(place), name) for place, name in drawn.names),
        drawn.ground,
        drawn.height,
    )


def _mm(place: str) -> float:
    return round(float(place.removesuffix("%")) * _WIDTH / 100, 2)


def _month(key: str) -> str:
    year, _, month = key.partition("-")
    return f"{int(month)}月" if month != "01" else f"{year[2:]}年1月"
