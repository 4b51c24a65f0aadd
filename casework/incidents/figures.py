"""The figures of an incident: counted from the cases that the person may see, and from no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from casework import access
from casework.actors import StaffView
from casework.errors import Refused
from casework.queue import Listed
from casework.reference import Reference, current
from models import Case, Incident, IncidentCase, db
from rules.workflow import WORKFLOW

PAGE = 25
CALENDAR_MOST = 62
"""Days that a chart shows one by one; over a longer time only those with filings."""


class Line(NamedTuple):
    """What the figures need of one case."""

    received_on: date
    received_at: datetime
    kind: str
    state: str
    unit_id: int
    amount: int | None
    amount_recovered: int | None
    due_at: datetime


@dataclass(frozen=True)
class Part:
    """One line of a table of figures: the value to filter by, its words, how many; `depth` in the tree of units."""

    key: str
    label: str
    count: int
    depth: int = 0


@dataclass(frozen=True)
class Figures:
    """What can be counted of an incident. Money is in fen (分)."""

    total: int
    ended: int
    overdue: int
    claimed: int
    recovered: int
    first_at: datetime | None
    last_at: datetime | None
    by_day: tuple[tuple[date, int], ...]
    by_unit: tuple[Part, ...]
    by_state: tuple[Part, ...]
    by_kind: tuple[Part, ...]


@dataclass(frozen=True)
class Narrowed:
    """What narrows the list of an incident's cases down: what a figure stands for. Empty means all."""

    day: date | None = None
    unit: int | None = None
    kind: str = ""
    state: str = ""
    overdue: bool = False

    @property
    def empty(self) -> bool:
        """Tell whether all cases are listed."""
        return self == Narrowed()


@dataclass(frozen=True)
class CasePage:
    """A page of an incident's cases, the latest first; `after` asks for the next one."""

    cases: Sequence[Listed]
    after: int | None


def _of(query: Select[Any], incident_id: int) -> Select[Any]:
    held = select(IncidentCase.case_id).where(IncidentCase.incident_id == incident_id)
    # A sealed case cannot be gathered; if one were, it would not be counted all the same.
    return query.where(Case.id.in_(held), Case.kind != "misconduct")


def look(staff: StaffView, incident: Incident, now: datetime) -> Figures:
    """Return the figures of an incident as this person may know them. One query."""
    query = _of(access.visible_rows(staff, Line._fields), incident.id)
    lines = [Line._make(row) for row in db.session.connection().execute(query)]
    return count(lines, now, current())


def count(lines: Iterable[Line], now: datetime, ref: Reference) -> Figures:
    """Count. Pure."""
    lines = list(lines)
    moments = [line.received_at for line in lines]
    states = Counter((line.kind, line.state) for line in lines)
    return Figures(
        total=len(lines),
        ended=sum(WORKFLOW.state(line.kind, line.state).terminal for line in lines),
        overdue=sum(line.due_at <= now for line in lines),
        claimed=sum(line.amount or 0 for line in lines),
        recovered=sum(line.amount_recovered or 0 for line in lines),
        first_at=min(moments, default=None),
        last_at=max(moments, default=None),
        by_day=days(Counter(line.received_on for line in lines)),
        by_unit=tree(Counter(line.unit_id for line in lines), ref),
        by_state=tuple(
            Part(f"{kind}.{state}", f"{WORKFLOW.kind_labels[kind]} · {WORKFLOW.state(kind, state).label}", number)
            for (kind, state), number in sorted(states.items(), key=lambda one: (-one[1], one[0]))
        ),
        by_kind=tuple(
            Part(kind, WORKFLOW.kind_labels[kind], number)
            for kind, number in sorted(Counter(line.kind for line in lines).items(), key=lambda one: -one[1])
        ),
    )


def days(counted: Mapping[date, int]) -> tuple[tuple[date, int], ...]:
    """Return the filings of each day in order, days without any between them included when the time is short."""
    if not counted:
        return ()
    first, last = min(counted), max(counted)
    length = (last - first).days + 1
    if length > CALENDAR_MOST:
        return tuple(sorted(counted.items()))
    return tuple((day, counted.get(day, 0)) for day in (first + timedelta(days=n) for n in range(length)))


def tree(counted: Mapping[int, int], ref: Reference) -> tuple[Part, ...]:
    """Return the units that have cases in the order of the tree, with those above them (which may have none)."""
    shown: set[int] = set()
    for unit_id in counted:
        shown |= {int(one) for one in ref.units[unit_id].path.strip("/").split("/")}
    found: list[Part] = []
    for unit in _in_order(shown, ref):
        depth = len(unit.path.strip("/").split("/")) - 1
        found.append(Part(str(unit.id), unit.name, counted.get(unit.id, 0), depth))
    return tuple(found)


def _in_order(shown: set[int], ref: Reference) -> list[Any]:
    chosen = [ref.units[one] for one in shown]
    return sorted(chosen, key=lambda unit: [int(one) for one in unit.path.strip("/").split("/")])


def cases(
    staff: StaffView, incident: Incident, narrowed: Narrowed, after: int | None, now: datetime, size: int = PAGE
) -> CasePage:
    """Return a page of the cases behind the figures, narrowed down to one of them; `after` is the last id seen."""
    query = _of(access.visible_rows(staff, Listed._fields), incident.id)
    if narrowed.day is not None:
        query = query.where(Case.received_on == narrowed.day)
    if narrowed.unit is not None:
        query = query.where(Case.unit_id == narrowed.unit)
    if narrowed.kind:
        query = query.where(Case.kind == narrowed.kind)
    if narrowed.state:
        kind, _, state = narrowed.state.partition(".")
        query = query.where(Case.kind == kind, Case.state == state)
    if narrowed.overdue:
        query = query.where(Case.due_at <= now)
    if after is not None:
        if not 0 < after < 2**62:
            raise Refused("这一页的地址不完整，请从第一页重新翻。")
        query = query.where(Case.id < after)
    rows = db.session.connection().execute(query.order_by(Case.id.desc()).limit(size + 1))
    found = [Listed._make(row) for row in rows]
    return CasePage(found[:size], found[size - 1].id if len(found) > size else None)


def sums(staff: StaffView, incident_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return (cases, amount claimed in fen) of several incidents as this person may know them, in one query."""
    if not incident_ids:
        return {}
    query = (
        access.visible(staff)
        .join(IncidentCase, IncidentCase.case_id == Case.id)
        .where(IncidentCase.incident_id.in_(incident_ids), Case.kind != "misconduct")
        .with_only_columns(IncidentCase.incident_id, func.count(), func.coalesce(func.sum(Case.amount), 0))
        .group_by(IncidentCase.incident_id)
    )
    rows = db.session.connection().execute(query)
    return {row[0]: (row[1], int(row[2] or 0)) for row in rows}
