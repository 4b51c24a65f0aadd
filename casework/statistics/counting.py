"""Counting in the database: one query for each base, grouped by what the table is divided by."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, case, func, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from casework.statistics import counters
from casework.statistics.counters import COUNTERS, Asked
from casework.statistics.parts import Breakdown
from models import Case, db


class days_taken(GenericFunction[int]):
    """The calendar days from a day to the day of a moment by the city's calendar: 0 for the same day."""

    type = Integer()
    inherit_cache = True
    name = "days_taken"


@compiles(days_taken, "sqlite")
def _days_taken_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    first, moment = (compiler.process(one, **more) for one in element.clauses)
    return f"CAST(julianday(date({moment}, '+8 hours')) - julianday({first}) AS INTEGER)"


@compiles(days_taken, "postgresql")
def _days_taken_postgresql(element: Any, compiler: Any, **more: Any) -> str:
    first, moment = (compiler.process(one, **more) for one in element.clauses)
    return f"(CAST({moment} AT TIME ZONE 'Asia/Shanghai' AS DATE) - {first})"


@dataclass(frozen=True)
class Counting:
    """What is counted where: the condition of scope and narrowing, and how it is divided."""

    within: ColumnElement[bool]
    breakdown: Breakdown


def cases(counting: Counting, keys: Iterable[str], asked: Asked) -> dict[str, Tally[str]]:
    """Return by counter how many cases fall in each line (without the lines above it). A query for each base."""
    return _summed(counting, dict.fromkeys(keys), asked)


def amounts(counting: Counting, keys: Iterable[str], asked: Asked) -> dict[str, Tally[str]]:
    """Return by counter the sum of money (fen) in each line. Raise KeyError for a counter that has no amount."""
    wanted: dict[str, ColumnElement[Any] | None] = {}
    for key in keys:
        column = COUNTERS[key].amount
        if column is None:
            raise KeyError(key)
        wanted[key] = column
    return _summed(counting, wanted, asked)


def _summed(counting: Counting, wanted: Mapping[str, ColumnElement[Any] | None], asked: Asked) -> dict[str, Tally[str]]:
    """Count the cases of each counter, or sum the column that stands beside it."""
    by_base: dict[str, dict[str, ColumnElement[Any]]] = {}
    for key, column in wanted.items():
        sums = by_base.setdefault(COUNTERS[key].base, {})
        sums[key] = _sum(counters.beyond(key, asked), column)
    found: dict[str, Tally[str]] = {key: Tally() for key in wanted}
    columns = counting.breakdown.columns
    for base, sums in by_base.items():
        query = select(*columns, *sums.values()).where(counting.within, counters.base(base, asked))
        for row in db.session.connection().execute(query.group_by(*columns)):
            leaf = counting.breakdown.leaf(tuple(row[: len(columns)]))
            for key, number in zip(sums, row[len(columns) :], strict=True):
                if number:
                    found[key][leaf] += int(number)
    return found


def _sum(extra: ColumnElement[bool] | None, column: ColumnElement[Any] | None) -> ColumnElement[Any]:
    if extra is None:
        return func.count() if column is None else func.sum(column)
    return func.sum(case((extra, literal(1) if column is None else column), else_=0))


def days(counting: Counting, key: str, asked: Asked) -> dict[str, Tally[int]]:
    """Return for each line how many cases took how many calendar days from receipt to their end."""
    columns = counting.breakdown.columns
    took = func.days_taken(Case.received_on, Case.closed_at)
    query = select(*columns, took, func.count()).where(counting.within, counters.condition(key, asked))
    found: dict[str, Tally[int]] = {}
    for row in db.session.connection().execute(query.group_by(*columns, took)):
        leaf = counting.breakdown.leaf(tuple(row[: len(columns)]))
        found.setdefault(leaf, Tally())[int(row[-2])] += row[-1]
    return found


def total(within: ColumnElement[bool], key: str, asked: Asked) -> int:
    """Return how many cases of a counter there are."""
    query = select(func.count()).select_from(Case).where(within, counters.condition(key, asked))
    return db.session.connection().execute(query).scalar() or 0
