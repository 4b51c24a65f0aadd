"""Counting a month: the eight items of every unit, read once, kept as one set of data.

Rates come from the statistics, one table for all units; a district's figures hold everything below it. Equal records
give equal bytes: `text_of` of two sets taken at different times is the same text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from casework import statistics
from casework.assessment import places
from casework.briefings import standings
from casework.reference import Reference, UnitView, current
from casework.statistics import Scope, Table, Value
from models import AssessmentBreach, db
from models.base import canonical
from rules import assessment as law
from rules.assessment import Item
from rules.periods import Period


@dataclass(frozen=True)
class _Read:
    """Everything that was read for a month."""

    ref: Reference
    table: Table
    reports: Mapping[int, str]
    breaches: Mapping[int, Sequence[AssessmentBreach]]


def freeze(month: Period, now: datetime) -> dict[str, Any]:
    """Return the month's figures of every unit as plain values. Reads only."""
    ref = current()
    measures = tuple(one.measure for one in law.ITEMS.values() if one.way == law.RATED)
    table = statistics.figures(Scope.whole(), month, "unit", now=now, measures=measures, compared=False)
    read = _Read(ref, table, _reports(month, now), _breaches(month))
    return {
        "month": month.key,
        "least": law.LEAST,
        "ranked_least": law.RANKED_LEAST,
        "items": [
            {
                "key": one.key,
                "label": one.label,
                "weight": one.weight,
                "formula": one.formula,
                "source": one.source,
            }
            for one in law.ITEMS.values()
        ],
        "breaches": sorted(one.id for found in read.breaches.values() for one in found),
        "units": [_unit(one, read) for one in places.assessed(ref)],
    }


def text_of(data: Mapping[str, Any]) -> str:
    """Return the canonical JSON text of a set of figures."""
    return canonical(data)


def _reports(month: Period, now: datetime) -> dict[int, str]:
    """How each district stands with its report on the month."""
    found = {}
    for one in standings.of_month(month, now):
        if one.report is not None:
            found[one.unit.id] = law.LATE if one.report.late else law.ON_TIME
        else:
            found[one.unit.id] = law.MISSING
    return found


def _breaches(month: Period) -> dict[int, list[AssessmentBreach]]:
    found: dict[int, list[AssessmentBreach]] = {}
    query = select(AssessmentBreach).where(AssessmentBreach.month == month.key, AssessmentBreach.withdrawn_at.is_(None))
    for one in db.session.scalars(query.order_by(AssessmentBreach.id)):
        found.setdefault(one.unit_id, []).append(one)
    return found


def _unit(unit: UnitView, read: _Read) -> dict[str, Any]:
    below = [one for one in read.ref.units.values() if one.within(unit)]
    found = [breach for one in below for breach in read.breaches.get(one.id, ())]
    kinds = [one.kind for one in found]
    items = {}
    for key, item in law.ITEMS.items():
        value = _item(item, unit, read, kinds)
        if law.cleared(key, kinds):
            value = {**value, "score": 0, "words": "经查实有泄露信息的行为"}
        items[key] = value
    return {
        "key": unit.key,
        "name": unit.short_name,
        "group": unit.kind,
        "items": items,
        "breaches": [
            {"kind": one.kind, "on": one.on.isoformat(), "text": one.text, "unit": read.ref.units[one.unit_id].key}
            for one in sorted(found, key=lambda one: one.id)
        ],
    }


def _item(item: Item, unit: UnitView, read: _Read, kinds: Sequence[str]) -> dict[str, Any]:
    if item.way == law.RATED:
        value = _rate_of(read.table, item.measure, unit.key)
        part, whole = value.number or 0, value.of or 0
        return _value(law.rate(part, whole), part, whole, _few(whole))
    if item.way == law.POSTS:
        held = {role for (unit_id, role) in read.ref.roles if unit_id == unit.id}
        part, whole, missing = law.posts(law.GROUPS[unit.kind], held)
        return _value(law.rate(part, whole, 1), part, whole, f"没有{'、'.join(missing)}" if missing else "")
    if item.way == law.REPORT:
        standing = read.reports.get(unit.id)
        if standing is None or unit.kind != "district":
            return _value(None, words="不需要报送")
        return _value(law.report(standing), words=_STANDING[standing])
    said = f"{len(kinds)}项违规" if kinds else "没有违规"
    return _value(law.breaches(kinds), words=said)


_STANDING = {law.ON_TIME: "按时报送", law.LATE: "迟报", law.MISSING: "没有报送"}


def _few(whole: int) -> str:
    return f"不足{law.LEAST}件" if whole < law.LEAST else ""


def _value(score: int | None, part: int | None = None, whole: int | None = None, words: str = "") -> dict[str, Any]:
    return {"score": score, "part": part, "whole": whole, "words": words}


def _rate_of(table: Table, measure: str, unit: str) -> Value:
    try:
        return table.cell(measure, unit).now
    except KeyError:
        return Value(0, 0)
