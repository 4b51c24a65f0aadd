"""The desk's lists: by due date, a page at a time, at the same cost on the first page and the thousandth."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam
from sqlalchemy import true as always

from casework import access, ranges, search
from casework.actors import StaffView
from casework.desks import Reach, own, reaches
from casework.errors import Refused
from casework.ranges import Moments, Range
from casework.reference import Reference, current
from models import NEVER, Case, db
from rules.calendar import end_of_day, local_date

_CASES = Case.__table__
PAGE = 25
COUNTED = 1000
"""Counting stops here; more is shown as "999+"."""
SOON = 3
"""Working days ahead that count as due soon (look.md: amber from three days on)."""


@dataclass(frozen=True)
class View:
    """One tab of the desk."""

    key: str
    label: str
    queue: str | None = None
    due: str | None = None
    mine: bool = False
    red: bool = False


VIEWS: Mapping[str, View] = {
    view.key: view
    for view in (
        View("all", "全部在办"),
        View("mine", "我的", mine=True),
        View("to-distribute", "待分送", "to_distribute"),
        View("to-sign", "待签收", "to_sign"),
        View("to-assign", "待指派", "to_assign"),
        View("to-decide", "待决定受理", "to_decide"),
        View("waiting", "等待中", "waiting"),
        View("mediating", "调解中", "mediating"),
        View("verifying", "核查中", "verifying"),
        View("answering", "待答复", "answering"),
        View("to-reply", "待回复", "to_reply"),
        View("to-archive", "待归档", "to_archive"),
        View("correcting", "解封更正中", "correcting"),
        View("sealed", "密封件", "sealed"),
        View("due-today", "今天到期", due="today", red=True),
        View("due-soon", "快到期", due="soon"),
        View("overdue", "已超期", due="overdue", red=True),
    )
}
"""Every tab; a person is shown those that their desk has."""


@dataclass(frozen=True)
class Filters:
    """What narrows a list down. Empty means all."""

    kind: str | None = None
    category: str | None = None
    handler_id: int | None = None
    unit_id: int | None = None
    bureau_id: int | None = None
    urgent: bool = False
    text: str = ""


@dataclass(frozen=True)
class Tab:
    """A tab with its count; `count` stops at COUNTED."""

    view: View
    count: int


class Listed(NamedTuple):
    """The columns of a case that a line of a list needs: plain values, which cost a third of an object to read."""

    id: int
    number: str
    kind: str
    state: str
    previous_state: str | None
    regime: str
    due_at: datetime
    due_rule: str | None
    channel: str
    received_on: date
    urgent: str
    anonymous: bool
    category: str | None
    amount: int | None
    matter: str
    respondent_name: str | None
    unit_id: int
    bureau_id: int
    receiving_unit_id: int
    delegate_unit_id: int | None
    case_unit_id: int | None
    handler_id: int | None
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """One page of a list; `after` asks for the next one, None on the last."""

    view: View
    cases: Sequence[Listed]
    after: str | None
    unsearchable: bool = False
    """The words that were typed are too short to search for."""


def tabs(staff: StaffView, now: datetime) -> list[Tab]:
    """Return the tabs of this person's desk with their counts, in one query."""
    ref = current()
    desk = reaches(staff, ref)
    parts = {view.key: _parts(view, desk, staff) for view in VIEWS.values()}
    shown = [view for view in VIEWS.values() if parts[view.key]]
    if not shown:
        return []
    counted = ranges.counts((one for view in shown for one in parts[view.key]), _moments(now, ref), COUNTED)
    return [Tab(view, sum(counted[one, view.due or ""] for one in parts[view.key])) for view in shown]


def page(staff: StaffView, view_key: str, after: str | None, filters: Filters, now: datetime, size: int = PAGE) -> Page:
    """Return a page of a list, most urgent first. Raise Refused for a list or a place that does not exist."""
    view = VIEWS.get(view_key)
    if view is None:
        raise Refused("没有这个列表，请从上面选一个。")
    ref = current()
    if filters.text.strip():
        return _found(staff, view, after, filters, size, ref)
    parts = _parts(view, reaches(staff, ref), staff)
    if not parts:
        return Page(view, (), None)
    ids = ranges.first_ids(parts, view.due or "", _moments(now, ref), _narrower(filters), _place(after), size + 1)
    return _page(staff, view, ids, size, ref)


def _page(staff: StaffView, view: View, ids: list[int], size: int, ref: Reference) -> Page:
    cases = _read(_these(staff, ref), {"ids": ids[:size]})
    more = len(ids) > size and bool(cases)
    return Page(view, cases, cursor(cases[-1].due_at, cases[-1].id) if more else None)


@lru_cache(512)
def _these(staff: StaffView, ref: Reference) -> Select[Any]:
    """Return the select of the cases `ids`, written once for a person: it is asked with every page."""
    shown = access.visible_rows(staff, Listed._fields).where(_CASES.c.id.in_(bindparam("ids", expanding=True)))
    return shown.order_by(_CASES.c.due_at, _CASES.c.id)


def _read(query: Select[Any], given: Mapping[str, Any] = MappingProxyType({})) -> list[Listed]:
    return [Listed._make(row) for row in db.session.connection().execute(query, dict(given))]


def _parts(view: View, desk: Iterable[Reach], staff: StaffView) -> list[Range]:
    """Return the index ranges that a view reads: one for each desk and each list of it."""
    if view.mine:
        mine = own(staff)
        return _ranges(mine, mine.queues) if staff.has("handler", "lead") else []
    found: list[Range] = []
    for reach in desk:
        wanted = [queue for queue in reach.queues if queue == view.queue or (view.queue is None and queue != "sealed")]
        found += _ranges(reach, wanted)
    return found


def _ranges(reach: Reach, queues: Iterable[str]) -> list[Range]:
    # A desk of several units is several ranges: only one value of the column keeps an index in the order of the list.
    values = reach.value if reach.column is not None else (0,)
    return [Range(reach.column, value, queue) for queue in queues for value in values]


def _moments(now: datetime, ref: Reference) -> Moments:
    today = local_date(now)
    return Moments(now, end_of_day(today), end_of_day(ref.calendar.add_working_days(today, SOON)))


def _narrower(filters: Filters) -> dict[str, Any]:
    """Return what narrows a list down, by the names of `ranges.NARROWER`."""
    found: dict[str, Any] = {
        "kind": filters.kind,
        "handler": filters.handler_id,
        "unit": filters.unit_id,
        "bureau": filters.bureau_id,
        "urgent": "normal" if filters.urgent else None,
    }
    if filters.category:
        found["category"] = re.sub(r"([/%_])", r"/\1", filters.category) + "%"
    return {name: value for name, value in found.items() if value}


def _filter_limits(filters: Filters) -> list[ColumnElement[bool]]:
    limits: list[ColumnElement[bool]] = []
    if filters.kind:
        limits.append(Case.kind == filters.kind)
    if filters.category:
        limits.append(Case.category.startswith(filters.category, autoescape=True))
    if filters.handler_id:
        limits.append(Case.handler_id == filters.handler_id)
    if filters.unit_id:
        limits.append(Case.unit_id == filters.unit_id)
    if filters.bureau_id:
        limits.append(Case.bureau_id == filters.bureau_id)
    if filters.urgent:
        limits.append(Case.urgent != "normal")
    return limits


def _found(staff: StaffView, view: View, after: str | None, filters: Filters, size: int, ref: Reference) -> Page:
    """Search goes over everything the person may see, archived cases included, newest first."""
    condition = search.condition(filters.text)
    if condition is None:
        return Page(view, (), None, unsearchable=True)
    place = _place(after)
    before = Case.id < place[1] if place else always()
    query = access.visible_rows(staff, Listed._fields).where(condition, before, *_filter_limits(filters))
    cases = _read(query.order_by(Case.id.desc()).limit(size + 1))
    more = len(cases) > size
    return Page(view, cases[:size], cursor(NEVER, cases[size - 1].id) if more else None)


def cursor(due_at: datetime, case_id: int) -> str:
    """Return the place after a row, for the address of the next page: opaque, worthless elsewhere."""
    plain = f"{due_at.isoformat()}|{case_id}"
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _place(after: str | None) -> tuple[datetime, int] | None:
    if not after:
        return None
    try:
        plain = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
        moment, _, number = plain.partition("|")
        place = datetime.fromisoformat(moment), int(number)
    except (ValueError, binascii.Error, UnicodeError) as error:
        raise Refused("这一页的地址不完整，请从第一页重新翻。") from error
    if place[0].tzinfo is None or not 0 < place[1] < 2**62:
        raise Refused("这一页的地址不完整，请从第一页重新翻。")
    return place


def due_day(case: Case | Listed) -> date | None:
    """Return the last day of the nearest term of a case, None when none runs."""
    return None if case.due_at == NEVER else local_date(case.due_at - timedelta(microseconds=1))
