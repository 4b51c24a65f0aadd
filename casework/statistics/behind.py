"""The cases behind a figure: the same condition that counted them, as a list that the person may open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from casework import access
from casework.actors import StaffView
from casework.errors import NotFound, Refused
from casework.queue import Listed
from casework.reference import current
from casework.statistics import counters
from casework.statistics.counters import COUNTERS, Asked
from casework.statistics.figures import condition
from casework.statistics.scope import Scope
from casework.statistics.tables import Narrowed
from models import Case, db
from rules.periods import Period

PAGE = 25
_ORDER: dict[str, InstrumentedAttribute[Any]] = {"received": Case.received_on, "concluded": Case.closed_at}
"""By base: what its lists are sorted by before the id; an index holds them in that order."""
_PLACE = re.compile(r"([0-9T:.+-]{0,40})~(\d{1,18})")
_BROKEN = "这一页的地址不完整，请从第一页重新翻。"


@dataclass(frozen=True)
class Behind:
    """Which figure: the period, the counter, and the line of the table, as parts that narrow it down."""

    period: Period
    counter: str
    narrowed: Narrowed


@dataclass(frozen=True)
class Page:
    """One page of cases, the latest first; `after` asks for the next one, None on the last."""

    cases: Sequence[Listed]
    after: str | None


def cases(staff: StaffView, unit: str, behind: Behind, after: str | None, now: datetime, size: int = PAGE) -> Page:
    """Return a page of the cases that a person finds behind a figure of a unit (empty: their highest).

    Raises NotFound for an unknown counter, part or unit, Refused for a broken place.
    """
    scope, first = Scope.of(staff, unit), _ORDER.get(_base(behind))
    query = access.visible_rows(staff, Listed._fields).where(_meets(scope, behind, now))
    order = (Case.id,) if first is None else (first, Case.id)
    if first is not None:
        query = query.add_columns(first)
    if after:
        query = query.where(_further(first, after))
    rows = db.session.connection().execute(query.order_by(*(one.desc() for one in order)).limit(size + 1)).all()
    found = [Listed._make(row[: len(Listed._fields)]) for row in rows]
    if len(rows) <= size:
        return Page(found, None)
    place = rows[size - 1][-1].isoformat() if first is not None else ""
    return Page(found[:size], f"{place}~{found[size - 1].id}")


def total(scope: Scope, behind: Behind, now: datetime) -> int:
    """Return how many cases stand behind a figure. Raise NotFound for an unknown counter or part."""
    query = select(func.count()).select_from(Case).where(_meets(scope, behind, now))
    return db.session.scalar(query) or 0


def ids(scope: Scope, behind: Behind, now: datetime) -> list[int]:
    """Return the ids of all cases behind a figure in order, for what is computed from them further."""
    return list(db.session.scalars(select(Case.id).where(_meets(scope, behind, now)).order_by(Case.id)))


def _base(behind: Behind) -> str:
    if behind.counter not in COUNTERS:
        raise NotFound("没有这个数字。")
    return COUNTERS[behind.counter].base


def _meets(scope: Scope, behind: Behind, now: datetime) -> ColumnElement[bool]:
    _base(behind)
    asked = Asked(behind.period, now, current())
    return and_(condition(scope, behind.narrowed), counters.condition(behind.counter, asked))


def _further(first: InstrumentedAttribute[Any] | None, after: str) -> ColumnElement[bool]:
    found = _PLACE.fullmatch(after)
    if found is None or (first is None) != (found[1] == ""):
        raise Refused(_BROKEN)
    last_id = int(found[2])
    if first is None:
        return Case.id < last_id
    try:
        value = date.fromisoformat(found[1]) if first is Case.received_on else datetime.fromisoformat(found[1])
    except ValueError as error:
        raise Refused(_BROKEN) from error
    if isinstance(value, datetime) and value.tzinfo is None:
        raise Refused(_BROKEN)
    return or_(first < value, and_(first == value, Case.id < last_id))
