"""The assessment as its pages show it: scores with what stands behind them, and where each leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from blueprints.insight.asking import Question
from blueprints.web.staff import current_staff, may_open
from casework import statistics
from casework.actors import StaffView
from casework.assessment import keeping, results
from casework.assessment.results import Figure, Result
from models import Assessment
from rules import assessment as law
from rules.citation import cite
from rules.periods import Period
from rules.statistics import MEASURES

HOME = "/insight/assessment/"


def href(month: str, more: str = "") -> str:
    """Return the address of a month, or of a page below it."""
    return f"{HOME}{month}{more}"


@dataclass(frozen=True)
class Cell:
    """One score: in words, what stands behind it as (words, address), and the score that a correction replaced."""

    shown: str
    notes: tuple[tuple[str, str], ...]
    was: str


@dataclass(frozen=True)
class Line:
    """One unit: its place, its cells in the order of the items, its total."""

    rank: str
    name: str
    href: str
    cells: tuple[Cell, ...]
    total: str


@dataclass(frozen=True)
class Item:
    """One item of one unit with everything that explains it."""

    number: int
    key: str
    label: str
    weight: int
    formula: str
    source: str
    cell: Cell
    words: str


class Shown:
    """How one person sees one month: figures lead to cases where that person may ask for the unit's figures."""

    def __init__(self, staff: StaffView, row: Assessment) -> None:
        self.row, self.month = row, Period.parse(row.month)
        self._asks = {one.key for one in statistics.choices(staff)}
        self._reads_reports = may_open(current_staff(), ("briefing",))

    def groups(self, found: list[Result]) -> list[tuple[str, list[Line]]]:
        """Return the lines of each group, the best first."""
        return [(label, [self.line(one) for one in members]) for label, members in results.by_group(found)]

    def line(self, result: Result) -> Line:
        """Return the line of a unit."""
        rank = str(result.rank) if result.rank is not None else "不排名"
        cells = tuple(self.cell(result, one) for one in result.figures)
        return Line(rank, result.name, href(self.row.month, f"/units/{result.key}"), cells, result.shown)

    def cell(self, result: Result, figure: Figure) -> Cell:
        """Return a score with the addresses of what stands behind it."""
        was = figure.was
        if was is None:
            return Cell(figure.shown, tuple(self._notes(result, figure)), "")
        return Cell(figure.shown, ((f"更正后{figure.numbers}", ""), *self._notes(result, was)), was.shown)

    def _notes(self, result: Result, figure: Figure) -> list[tuple[str, str]]:
        item = law.ITEMS[figure.key]
        if item.way == law.RATED:
            part, whole = figure.part or 0, figure.whole or 0
            if not whole:
                return []
            notes = [(f"{part:,}/{whole:,}件", self._cases(result.key, MEASURES[item.measure].whole))]
            late = whole - part
            return [*notes, (f"{late:,}件没做到", self._cases(result.key, item.late))] if late else notes
        if item.way == law.REPORT and figure.score is not None:
            address = f"/briefings/{self.row.month}/reports/{result.key}" if self._reads_reports else ""
            return [(figure.words, address)]
        if item.way == law.BREACHES:
            address = href(self.row.month, f"/units/{result.key}#breaches") if result.breaches else ""
            return [(figure.words, address)]
        return [(figure.behind, "")] if figure.behind else []

    def _cases(self, unit: str, counter: str) -> str:
        """Return the address of the cases behind a figure; nothing where the person may not ask."""
        if unit not in self._asks:
            return ""
        return Question(self.month, unit=unit).address("/insight/cases", figure=counter)

    def items(self, result: Result) -> list[Item]:
        """Return every item of a unit with weight, formula and source as they were frozen."""
        found = []
        for kept in self.row.data["items"]:
            figure = result.figure(kept["key"])
            words = figure.words if law.ITEMS[figure.key].way == law.RATED else ""  # the others say it in the cell
            found.append(
                Item(
                    law.ITEMS[kept["key"]].number, kept["key"], kept["label"], kept["weight"], kept["formula"],
                    cite(kept["source"]), self.cell(result, figure), words,
                )
            )  # fmt: skip
        return found


def heads(row: Assessment) -> list[dict[str, Any]]:
    """Return the items as a month froze them: label, weight, formula, source in words."""
    return [{**one, "source": cite(one["source"])} for one in row.data.get("items", [])]


def objections(row: Assessment, found: list[Result], names: dict[int, str]) -> list[dict[str, Any]]:
    """Return the objections of the units shown, in order: what was said, what was decided, what changed."""
    keys, by_key = keeping.unit_keys(), {one.key: one for one in found}
    lines = []
    for one in keeping.corrections(row):
        result = by_key.get(keys.get(one.unit_id, ""))
        if result is None:
            continue
        figure = result.figure(one.item)
        item = law.ITEMS[one.item]
        lines.append(
            {
                "row": one,
                "unit": result.name,
                "unit_key": result.key,
                "item": item,
                "numbers": item.way in (law.RATED, law.POSTS),
                "old": figure.was or figure,
                "new": figure if one.upheld else None,
                "filed_by": names.get(one.filed_by or 0, ""),
                "decided_by": names.get(one.decided_by or 0, ""),
            }
        )
    return lines
