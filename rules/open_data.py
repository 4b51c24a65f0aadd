"""Open data (数据公开): which figures everybody may read, and the protection of small numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.citation import parts
from rules.statistics import MEASURES
from rules.tables import TableError, only, read, strings


@dataclass(frozen=True, slots=True)
class OpenTable:
    """One published table: `frozen` is its name in a briefing's data, `rows` what its lines are called."""

    key: str
    label: str
    rows: str
    frozen: str
    measures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One count of a table: `parent` is the key of the line above, which holds it too; empty for the highest."""

    key: str
    parent: str
    number: int


def _table(row: Mapping[str, Any]) -> OpenTable:
    where = f"open_data.toml table {row.get('key')}"
    only(row, where, ("key", "label", "rows", "frozen", "measures"))
    measures = strings(row["measures"], where)
    if unknown := [one for one in measures if one not in MEASURES]:
        raise TableError(f"{where}: no such measures {unknown}")
    return OpenTable(row["key"], row["label"], row["rows"], row["frozen"], measures)


_DATA: dict[str, Any] = read("open_data.toml")
only(_DATA, "open_data.toml", ("least", "source", "months", "table"))
parts(_DATA["source"])
LEAST: int = _DATA["least"]
"""A count from one up to below this is never told."""
MONTHS: int = _DATA["months"]
TABLES: tuple[OpenTable, ...] = tuple(_table(row) for row in _DATA["table"])


def withheld(total: int, lines: Sequence[Line], least: int = LEAST) -> frozenset[str]:
    """Return the keys of the lines whose counts are not told; the total has the key "" and may be among them.

    A count between nought and `least` is not told. Beside it others are kept back, the smallest first, until those
    kept back under one line are two at least and `least` cases in sum; noughts among them are kept back as well, so
    that what is missing can always be divided in more than one way. Below a line that is kept back nothing is told.
    """
    below: dict[str, list[Line]] = {}
    for line in lines:
        below.setdefault(line.parent, []).append(line)
    hidden: set[str] = set()
    if 0 < total < least:
        hidden.add("")
    waiting = [""]
    while waiting:
        above = waiting.pop()
        children = below.get(above, [])
        hidden |= {one.key for one in children} if above in hidden else _kept_back(children, least)
        waiting += [one.key for one in children]
    return frozenset(hidden)


def _kept_back(children: Sequence[Line], least: int) -> set[str]:
    """Return the keys kept back among the lines under one line that is told."""
    if not any(0 < one.number < least for one in children):
        return set()
    kept = [one for one in children if one.number < least]
    others = sorted((one for one in children if one.number >= least), key=lambda one: one.number)
    while others and (len(kept) < 2 or sum(one.number for one in kept) < least):
        kept.append(others.pop(0))
    return {one.key for one in kept}
