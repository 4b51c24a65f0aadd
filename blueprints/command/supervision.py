"""Supervision orders: what lies with whom, since when; answers, and orders about several cases at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from blueprints.command.frame import show
from blueprints.desk import present
from blueprints.desk.dates import completed
from blueprints.web import page, policy, posted, say
from blueprints.web.badges import running
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework import bulk, listing, overview, queue
from casework.actors import StaffView
from casework.errors import Faults, Refused
from casework.reference import current
from models import clock
from rules import supervision as law
from rules.calendar import local_date
from rules.identifiers import row_number
from rules.workflow import WORKFLOW

bp = Blueprint("supervision", __name__, url_prefix="/command/supervision")
CASE_VIEWS = {"overdue": "已超期的案件", "due-soon": "快到期的案件", "all": "全部在办"}
FIELDS = ("level", "ground", "requirement", "due_on")


@dataclass(frozen=True)
class Place:
    """Where somebody is on this page; the address holds all of it."""

    view: str = "live"
    unit: str = ""
    level: str = ""
    q: str = ""
    after: str = ""

    @classmethod
    def asked(cls, values: Any) -> Place:
        """Return the place that an address or a form names; an unknown list is the first one."""
        view = values.get("view", "live")
        known = view if view in overview.VIEWS or view in CASE_VIEWS else "live"
        return cls(known, *(values.get(name, "")[:200] for name in ("unit", "level", "q", "after")))

    def href(self, **other: str) -> str:
        """Return the address of this place with some parts changed."""
        parts = {**self.__dict__, **other}
        query = urlencode({name: value for name, value in parts.items() if value and (name, value) != ("view", "live")})
        return "/command/supervision" + (f"?{query}" if query else "")


@bp.get("")
@policy("staff", "command")
def index() -> Response:
    """Show orders, the longest overdue first, or cases that may be supervised by hand."""
    return _list(Place.asked(request.args), Filled())


def _list(place: Place, filled: Filled, status: int = 200) -> Response:
    staff, now = worker_of_desk(), clock.now()
    counts = overview.counts(staff)
    context: dict[str, Any] = {
        "place": place,
        "tabs": [_tab(key, label, counts.get(key, 0), place) for key, label in overview.VIEWS.items()]
        + [_tab(key, label, 0, place) for key, label in CASE_VIEWS.items() if key != "all" or _orders_by_hand(staff)],
        "units": _units(staff),
        "levels": [(one.place, one.label) for one in law.TEMPLATES.values()],
        "filled": filled,
        "by_hand": _orders_by_hand(staff),
        "of_cases": place.view in CASE_VIEWS,
    }
    if place.view in CASE_VIEWS:
        context |= _cases(place, staff, now)
    else:
        context |= _orders(place, staff, now)
    return show("command/supervision.html", "command/_orders.html", status, **context)


def _orders_by_hand(staff: StaffView) -> bool:
    return staff.has("supervisor", "leader")


def _tab(key: str, label: str, count: int, place: Place) -> dict[str, Any]:
    red = key == "waiting"
    number = present.count(count) if count else ""
    return {"href": Place(view=key).href(), "label": label, "count": number, "red": red, "here": place.view == key}


def _units(staff: StaffView) -> list[tuple[str, str]]:
    """Return the units by which orders may be narrowed down: those below the person's own."""
    places = [one.path for one in staff.assignments if one.role in ("supervisor", "leader", "lead")]
    units = (unit for unit in current().units.values() if any(unit.path.startswith(path) for path in places))
    return [(str(unit.id), unit.short_name) for unit in units]


def _orders(place: Place, staff: StaffView, now: datetime) -> dict[str, Any]:
    filters = overview.Filters(unit_id=row_number(place.unit), place=place.level or None)
    found = overview.orders(staff, place.view, place.after or None, filters, now)
    badges = {line.order.id: running(-line.late, "working_day") for line in found.lines if line.late > 0}
    next_href = place.href(after=found.after) if found.after else None
    return {"lines": found.lines, "badges": badges, "next_href": next_href, "rows": []}


def _cases(place: Place, staff: StaffView, now: datetime) -> dict[str, Any]:
    unit = current().units.get(row_number(place.unit) or 0)
    whole = unit is not None and unit.bureau_id == unit.id and unit.parent_id is not None
    filters = queue.Filters(
        text=place.q,
        unit_id=unit.id if unit is not None and not whole else None,
        bureau_id=unit.id if unit is not None and whole else None,
    )
    found = queue.page(staff, place.view, place.after or None, filters, now)
    action = WORKFLOW.action("supervise")
    grounds = [(one.code, one.label) for one in WORKFLOW.all_grounds if one.type == "supervision"]
    levels = next(asked.choices for asked in action.fields if asked.name == "level")
    return {
        "rows": present.rows(listing.rows(found.cases, staff, now)),
        "next_href": place.href(after=found.after) if found.after else None,
        "grounds": grounds,
        "order_levels": [(one.key, one.label) for one in levels],
        "lines": [],
    }


@bp.post("/many")
@policy("staff", "command.order", multi=("case",))
def many() -> Response:
    """Issue an order about each of the ticked cases, one by one; say about which none was issued, and why."""
    staff, now = worker_of_desk(), clock.now()
    place = Place.asked(request.form)
    entered = {name: request.form.get(name, "") for name in FIELDS}
    entered["due_on"] = completed(entered["due_on"], local_date(now))
    ticked = request.form.getlist("case")
    try:
        result = bulk.supervise(staff, ticked, now, entered)
    except Faults as faults:
        return _list(place, Filled({**entered, "case": ticked}, faults.faults), 422)
    except Refused as refused:
        return _list(place, Filled({**entered, "case": ticked}, {"requirement": refused.sentence}), 422)
    if result.refused:
        return page("desk/bulk.html", result=result, back=place.href())
    say(f"已签发{len(result.done)}份督办单。")
    return posted("/command/supervision")
