"""The messages of the person who is signed in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request
from flask_login import current_user

from blueprints.web import leave, page, policy
from blueprints.web.pages import by_htmx
from blueprints.web.policy import current_policy
from blueprints.web.signed_in import worker_of_desk
from blueprints.web.staff import may_open
from casework import frame, inbox
from models import clock
from rules.identifiers import row_number

bp = Blueprint("messages", __name__, url_prefix="/desk/messages")
ALARM = "/desk/messages/alarm"


@bp.app_context_processor
def framed() -> dict[str, Any]:
    """Tell the frame of staff pages what waits and whether the sweep stands still: one read for a page.

    A fragment has no frame; the alarm, which asks for itself again, is the one that needs it.
    """
    asked = current_policy()
    staffed = asked is not None and asked.audience == "staff" and "_login_user" in g and current_user.is_authenticated
    if not staffed or (by_htmx() and request.path != ALARM):
        return {"unread": 0, "sweep_still": 0, "sweep_page": None, "waiting_orders": []}
    if "frame" not in g:
        g.frame = frame.of(worker_of_desk(), clock.now())
    found: frame.Frame = g.frame
    return {
        "unread": found.unread,
        "sweep_still": int(found.still.total_seconds() // 60) if found.still else 0,
        "sweep_page": "/command/operations" if may_open(current_user.view, ("operations",)) else None,
        "waiting_orders": found.waiting,
    }


@bp.get("/alarm")
@policy("staff", "staff")
def still() -> Response:
    """Show the alarm line alone: the page asks for it again by itself."""
    return page("desk/messages.html", "layout/_alarm.html") if by_htmx() else leave("/desk/messages")


@bp.get("")
@policy("staff", "staff")
def index() -> Response:
    """Show the latest messages; to htmx the list alone, which the page asks for every minute."""
    return page("desk/messages.html", "desk/_messages.html", lines=inbox.latest(worker_of_desk().id))


@bp.get("/unread")
@policy("staff", "staff")
def count() -> Response:
    """Show how many messages wait: the frame of every page asks for it again each minute."""
    if not by_htmx():
        return leave("/desk/messages")
    return page("layout/_unread.html", "layout/_unread.html", unread=inbox.unread(worker_of_desk().id))


@bp.post("/read")
@policy("staff", "staff", multi=("message",))
def read() -> Response:
    """Mark the messages that were on the page as read."""
    ids = [one for one in map(row_number, request.form.getlist("message")) if one is not None]
    inbox.mark_read(worker_of_desk().id, ids, clock.now())
    return leave("/desk/messages")
