"""What the command centre looks at: who holds how much and since when, and the orders, worst first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Row, Select, Table, and_, case, func, or_, select, tuple_

from casework import access
from casework.actors import StaffView, by
from casework.desks import IN_HAND
from casework.errors import Refused
from casework.queue import PAGE, SOON
from casework.reference import Reference, UnitView, current
from casework.supervision import holding
from models import NEVER, Case, SupervisionOrder, db
from models import supervision as states
from rules import supervision as law
from rules.calendar import end_of_day, local_date
from rules.terms import RULES
from rules.workflow import WORKFLOW, Action

VIEWS = {"live": "督办中", "waiting": "等承办单位答复", "answered": "已答复待认可", "closed": "已了结"}
STATE_WORDS = {
    states.OPEN: "等答复",
    states.ANSWERED: "已答复，等认可",
    states.RETURNED: "答复被退回",
    states.ACCEPTED: "已认可",
    states.REPLACED: "已升级另出一单",
    states.WITHDRAWN: "已撤回",
}
ANSWERING = ("answer_supervision",)
JUDGING = ("accept_supervision", "return_supervision", "set_supervision_term", "withdraw_supervision")
_CASES = cast(Table, Case.__table__)
_ORDERS = cast(Table, SupervisionOrder.__table__)
_COLUMNS = ("id", "number", "kind", "state", "matter", "unit_id", "bureau_id", "handler_id", "receiving_unit_id",
            "delegate_unit_id", "case_unit_id", "regime")  # fmt: skip


@dataclass(frozen=True)
class Worst:
    """The case of a unit whose term ended, or ends, first."""

    number: str
    handler: str
    due_on: date
    late: bool


@dataclass
class Holding:
    """What one unit has in hand."""

    name: str
    unit_id: int
    to_sign: int = 0
    to_decide: int = 0
    in_hand: int = 0
    soon: int = 0
    today: int = 0
    overdue: int = 0
    orders: int = 0
    unanswered: int = 0
    worst_at: datetime = NEVER
    worst: Worst | None = None


@dataclass(frozen=True)
class Line:
    """One order in a list, with what this person may do about it."""

    order: Row[Any]
    case: Mapping[str, Any]
    unit: str
    handler: str
    late: int
    term: str
    also: tuple[str, ...]
    """Further terms of the case that have run out and are on the same order."""
    ladder: tuple[tuple[str, str], ...]
    """(label, done | now | empty) of each level."""
    state: str
    may: tuple[Action, ...]


@dataclass(frozen=True)
class Page:
    """One page of orders; `after` asks for the next one."""

    lines: Sequence[Line]
    after: str | None


@dataclass(frozen=True)
class Filters:
    """What narrows the orders down; empty means all."""

    unit_id: int | None = None
    place: str | None = None


@dataclass(frozen=True)
class Summary:
    """The figures of the overview."""

    holdings: Sequence[Holding] = field(default_factory=tuple)
    total: Holding = field(default_factory=lambda: Holding("合计", 0))


def summary(staff: StaffView, now: datetime) -> Summary:
    """Return what each unit of the person's place has in hand: districts for the city, offices for a district."""
    ref = current()
    places = _places(staff)
    groups = {unit.id: _group(unit, places, ref) for unit in ref.units.values() if _below(unit, places)}
    found: dict[int, Holding] = {}
    worst: dict[int, tuple[int, str, datetime]] = {}
    for row in _counted(sorted(groups), now, ref):
        group = groups[row.unit_id]
        held = found.setdefault(group.id, Holding(group.short_name, group.id))
        held.to_sign += row.number if row.queue == "to_sign" else 0
        held.to_decide += row.number if row.queue == "to_decide" else 0
        held.in_hand += row.number if row.queue in IN_HAND and row.queue != "to_decide" else 0
        held.soon, held.today = held.soon + row.soon, held.today + row.today
        held.overdue += row.overdue
        if row.first < held.worst_at:
            held.worst_at, worst[group.id] = row.first, (row.unit_id, row.queue, row.first)
    _name_worst(found, worst, ref, now)
    _count_orders(found, groups)
    total = Holding("合计", 0)
    for held in found.values():
        for name in ("to_sign", "to_decide", "in_hand", "soon", "today", "overdue", "orders", "unanswered"):
            setattr(total, name, getattr(total, name) + getattr(held, name))
    ordered = sorted(found.values(), key=lambda held: ref.units[held.unit_id].path)
    return Summary(ordered, total)


def _places(staff: StaffView) -> list[str]:
    """Return the paths of the units over which this person watches."""
    return [one.path for one in staff.assignments if one.role in ("supervisor", "leader", "lead")]


def _below(unit: UnitView, places: Sequence[str]) -> bool:
    return any(unit.path.startswith(path) for path in places)


def _group(unit: UnitView, places: Sequence[str], ref: Reference) -> UnitView:
    """Return the line in which a unit is counted: its bureau for the city, itself for a district or an office."""
    root = ref.root()
    if root.path in places and unit.bureau_id != root.id:
        return ref.units[unit.bureau_id]
    return unit


def _counted(units: Sequence[int], now: datetime, ref: Reference) -> Sequence[Any]:
    """Count the live cases of units by list, from the index of the desks alone."""
    if not units:
        return []
    today = local_date(now)
    tonight, soon = end_of_day(today), end_of_day(ref.calendar.add_working_days(today, SOON))
    due = _CASES.c.due_at
    query = (
        select(
            _CASES.c.unit_id,
            _CASES.c.queue,
            func.count().label("number"),
            func.min(due).label("first"),
            func.sum(case((due <= now, 1), else_=0)).label("overdue"),
            func.sum(case((and_(due > now, due <= tonight), 1), else_=0)).label("today"),
            func.sum(case((and_(due > tonight, due <= soon), 1), else_=0)).label("soon"),
        )
        .where(_CASES.c.unit_id.in_(units), _CASES.c.queue != "archived", _CASES.c.queue != "sealed")
        .group_by(_CASES.c.unit_id, _CASES.c.queue)
    )
    return db.session.connection().execute(query).all()


def _name_worst(
    found: dict[int, Holding], worst: dict[int, tuple[int, str, datetime]], ref: Reference, now: datetime
) -> None:
    wanted = {key: group for group, key in worst.items() if key[2] < NEVER}
    if not wanted:
        return
    key = (_CASES.c.unit_id, _CASES.c.queue, _CASES.c.due_at)
    limits = [and_(*(column == value for column, value in zip(key, values, strict=True))) for values in wanted]
    query = select(*key, _CASES.c.number, _CASES.c.handler_id).where(or_(*limits), _CASES.c.queue != "archived")
    for row in db.session.connection().execute(query):
        group = wanted[(row.unit_id, row.queue, row.due_at)]
        last = local_date(row.due_at - timedelta(microseconds=1))
        found[group].worst = Worst(row.number, ref.names.get(row.handler_id, ""), last, row.due_at <= now)


def _count_orders(found: dict[int, Holding], groups: Mapping[int, UnitView]) -> None:
    if not groups:
        return
    query = (
        select(_ORDERS.c.unit_id, _ORDERS.c.state, func.count().label("number"))
        .where(_ORDERS.c.unit_id.in_(sorted(groups)), _ORDERS.c.state.in_(states.LIVE))
        .group_by(_ORDERS.c.unit_id, _ORDERS.c.state)
    )
    for row in db.session.connection().execute(query):
        group = groups[row.unit_id]
        held = found.setdefault(group.id, Holding(group.short_name, group.id))
        held.orders += row.number
        held.unanswered += row.number if row.state != states.ANSWERED else 0


def counts(staff: StaffView) -> dict[str, int]:
    """Return how many orders each list of VIEWS holds for this person, those that have ended left out."""
    query = (
        select(_ORDERS.c.state, func.count())
        .select_from(_ORDERS.join(_CASES, _CASES.c.id == _ORDERS.c.case_id))
        .where(_ORDERS.c.state.in_(states.LIVE), access.visible_clause(staff, current()))
        .group_by(_ORDERS.c.state)
    )
    by_state: dict[str, int] = dict(db.session.execute(query).all())
    answered = by_state.get(states.ANSWERED, 0)
    live = sum(by_state.values())
    return {"live": live, "waiting": live - answered, "answered": answered}


def orders(staff: StaffView, view: str, after: str | None, filters: Filters, now: datetime, size: int = PAGE) -> Page:
    """Return a page of orders, the longest overdue first; those that have ended, the latest first.

    Raises Refused for a list or a place that does not exist.
    """
    if view not in VIEWS:
        raise Refused("没有这个列表，请从上面选一个。")
    ref = current()
    query = _listed(staff, view, filters, ref)
    place = _place(after)
    if view == "closed":
        query = query.order_by(_ORDERS.c.id.desc())
        query = query.where(_ORDERS.c.id < place[1]) if place else query
    else:
        query = query.order_by(_ORDERS.c.since_on, _ORDERS.c.id)
        query = query.where(tuple_(_ORDERS.c.since_on, _ORDERS.c.id) > place) if place else query
    found = db.session.connection().execute(query.limit(size + 1)).all()
    lines = [_line(row, staff, ref, now) for row in found[:size]]
    last = found[size - 1] if len(found) > size else None
    return Page(lines, f"{last.since_on.isoformat()}.{last.id}" if last is not None else None)


def _listed(staff: StaffView, view: str, filters: Filters, ref: Reference) -> Select[Any]:
    wanted: Mapping[str, Sequence[str]] = {
        "live": states.LIVE,
        "waiting": (states.OPEN, states.RETURNED),
        "answered": (states.ANSWERED,),
        "closed": (states.ACCEPTED, states.REPLACED, states.WITHDRAWN),
    }
    query = (
        select(*_ORDERS.c, *(_CASES.c[name].label(f"case_{name}_") for name in _COLUMNS))
        .select_from(_ORDERS.join(_CASES, _CASES.c.id == _ORDERS.c.case_id))
        .where(_ORDERS.c.state.in_(wanted[view]), access.visible_clause(staff, ref))
    )
    if view != "closed":
        query = query.where(_ORDERS.c.state.in_(states.LIVE))  # names the index
    if filters.unit_id:
        query = query.where(_ORDERS.c.unit_id.in_(_counted_with(filters.unit_id, ref)))
    if filters.place in law.PLACES:
        query = query.where(_ORDERS.c.place == filters.place)
    return query


def _counted_with(unit_id: int, ref: Reference) -> list[int]:
    """Return the units counted in the line of a unit: all of a bureau's, of the city centre itself alone."""
    if unit_id == ref.root().id or unit_id not in ref.units:
        return [unit_id]
    path = ref.units[unit_id].path
    return [unit.id for unit in ref.units.values() if unit.path.startswith(path)]


def _line(row: Row[Any], staff: StaffView, ref: Reference, now: datetime) -> Line:
    found = {name: row._mapping[f"case_{name}_"] for name in _COLUMNS}
    today = local_date(now)
    reached = law.PLACES.index(row.place)
    ladder = tuple(
        (law.TEMPLATES[place].label, "done" if n < reached else "now" if n == reached else "")
        for n, place in enumerate(law.PLACES)
    )
    term = RULES[row.rule].label if row.rule else "督办期限"
    late = ref.calendar.working_days_between(row.since_on, today) if row.rule else 0
    return Line(
        order=row,
        case=found,
        unit=ref.units[found["unit_id"]].short_name,
        handler=ref.names.get(found["handler_id"], ""),
        late=late,
        term=term,
        also=tuple(RULES[one["rule"]].label for one in holding(row) if one["deadline_id"] != row.deadline_id),
        ladder=ladder,
        state=STATE_WORDS[row.state],
        may=_may(row, found, staff, ref),
    )


def _may(row: Row[Any], found: Mapping[str, Any], staff: StaffView, ref: Reference) -> tuple[Action, ...]:
    """Return the acts about this order that the person may take now."""
    if row.state not in states.LIVE:
        return ()
    keys = [*ANSWERING, *JUDGING]
    if row.state != states.ANSWERED:
        keys = [key for key in keys if key not in ("accept_supervision", "return_supervision")]
    actions = [WORKFLOW.action(key) for key in keys]
    return tuple(one for one in actions if access.acting_role(by(staff), one, found, ref) is not None)


def _place(after: str | None) -> tuple[date, int] | None:
    if not after:
        return None
    day, _, number = after.partition(".")
    try:
        place = date.fromisoformat(day), int(number)
    except ValueError as error:
        raise Refused("这一页的地址不完整，请从第一页重新翻。") from error
    if not 0 < place[1] < 2**62:
        raise Refused("这一页的地址不完整，请从第一页重新翻。")
    return place
