"""The lists of the desk: tabs with counts, filters, search, pages, and the same act on many cases at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from blueprints.desk import present
from blueprints.desk.present import Place
from blueprints.web import page, policy, posted, say
from blueprints.web.pages import own_path
from blueprints.web.signed_in import worker_of_desk
from casework import bulk, listing, offers, queue
from casework.actors import StaffView
from casework.errors import Refused
from casework.incidents import keeping
from casework.reference import current
from models import clock
from rules import categories
from rules.identifiers import row_number
from rules.workflow import WORKFLOW

bp = Blueprint("desk", __name__, url_prefix="/desk")
KINDS = [(kind, label) for kind, label in WORKFLOW.kind_labels.items() if kind != "misconduct"]
TOPS = [(node.key, node.label) for node in categories.children("goods")]


@bp.get("/")
@policy("staff", "desk.read")
def index() -> Response:
    """Show a list; to htmx the list alone."""
    return _list(Place.asked(request))


def _list(place: Place, status: int = 200) -> Response:
    staff, now = worker_of_desk(), clock.now()
    tabs = queue.tabs(staff, now)
    view = _view(place.view, tabs, staff)
    filters = queue.Filters(
        kind=place.kind or None,
        category=place.category or None,
        handler_id=row_number(place.handler),
        text=place.q,
    )
    found = queue.page(staff, view, place.after or None, filters, now)
    shown = present.rows(listing.rows(found.cases, staff, now))
    return page(
        "desk/index.html",
        "desk/_list.html",
        status=status,
        place=place,
        here=found.view,
        tabs=[_tab(tab, place, view) for tab in tabs],
        rows=shown,
        unsearchable=found.unsearchable or (not shown and len(place.q.strip()) == 1),
        span=_span(shown),
        next_href=place.href(view=view, after=found.after) if found.after else None,
        first_href=place.href(view=view, after="") if place.after else None,
        filters=_filters(place, staff),
        bulk=_bulk(staff, view) if shown else {},
        total=next((present.count(tab.count) for tab in tabs if tab.view.key == view), ""),
        can_register=staff.has("intake", "dispatcher", "handler", "station"),
    )


def _view(wanted: str, tabs: list[queue.Tab], staff: StaffView) -> str:
    """Return the list to show: the one asked for, else a handler's own, else the first."""
    keys = [tab.view.key for tab in tabs]
    if wanted in queue.VIEWS:
        return wanted
    if "mine" in keys and staff.has("handler") and not staff.has("lead", "dispatcher"):
        return "mine"
    return keys[0] if keys else "all"


def _tab(tab: queue.Tab, place: Place, view: str) -> dict[str, Any]:
    return {
        "href": Place(view=tab.view.key).href(),
        "label": tab.view.label,
        "count": present.count(tab.count) if tab.count else "",
        "red": tab.view.red,
        "here": tab.view.key == view and not place.q,
    }


def _filters(place: Place, staff: StaffView) -> list[dict[str, Any]]:
    return [
        {"name": "q", "label": "编号、商家、事由、姓名、电话", "value": place.q, "wide": True, "options": None},
        {"name": "kind", "label": "类型", "value": place.kind, "wide": False, "options": KINDS},
        {"name": "category", "label": "类别", "value": place.category, "wide": False, "options": TOPS},
        {"name": "handler", "label": "承办人", "value": place.handler, "wide": False, "options": _handlers(staff)},
    ]


def _handlers(staff: StaffView) -> list[tuple[str, str]]:
    """Return the colleagues by whom a list may be narrowed: those of the person's own units."""
    ref = current()
    units = {one.unit_id for one in staff.assignments}
    ids = [one for unit in units for role in ("handler", "lead") for one in ref.roles.get((unit, role), ())]
    return [(str(one), ref.names[one]) for one in dict.fromkeys(ids)]


def _span(rows: list[present.Line]) -> tuple[Any, Any] | None:
    days = [row.due_on for row in rows if row.due_on]
    return (min(days), max(days)) if days else None


def _bulk(staff: StaffView, view: str) -> dict[str, Any]:
    """Return what this person may do to several cases of this list at once."""
    found: dict[str, Any] = {"units": [], "sign": False, "handlers": [], "incidents": []}
    everywhere = view in {"all", "mine", "due-today", "due-soon", "overdue"}
    if staff.has("dispatcher", "supervisor") and (everywhere or view == "to-distribute"):
        found["units"] = offers.unit_groups(current())
    if staff.has("lead", "handler") and (everywhere or view == "to-sign"):
        found["sign"] = True
    if staff.has("lead") and (everywhere or view == "to-assign"):
        found["handlers"] = _handlers(staff)
    if staff.has("supervisor", "leader"):
        found["incidents"] = [(number, f"{number} {title}") for number, title in keeping.open_ones(staff)]
    return found if any(found.values()) else {}


@bp.post("/bulk")
@policy("staff", "desk.act", multi=("case",))
def many() -> Response:
    """Do one act to each of the ticked cases, one by one; say which were not done, and why."""
    staff, now = worker_of_desk(), clock.now()
    back = own_path(request.form.get("back"), "/desk/")
    back = back if back.startswith("/desk/") else "/desk/"
    try:
        result = _do_many(staff, now)
    except Refused as refused:
        say(refused.sentence, tone="warn")
        return posted(back)
    if result.refused:
        return page("desk/bulk.html", result=result, back=back)
    say(f"已{result.label}{len(result.done)}件。")
    return posted(back)


def _do_many(staff: StaffView, now: datetime) -> bulk.Result:
    entered = request.form
    return bulk.do(
        staff,
        entered.getlist("case"),
        entered.get("do", ""),
        now,
        unit=entered.get("unit") or None,
        handler=entered.get("handler") or None,
        incident=entered.get("incident") or None,
    )
