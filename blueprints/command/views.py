"""The overview of the command centre: what each unit has in hand, since when, and where to look next."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response

from blueprints.command.frame import show
from blueprints.desk import present
from blueprints.web import policy
from blueprints.web.signed_in import worker_of_desk
from casework import overview, queue
from casework.actors import StaffView
from models import clock

bp = Blueprint("command", __name__, url_prefix="/command")
WATCHED = ("overdue", "due-today", "due-soon", "to-sign")
"""The lists whose length says first how things stand."""


@bp.get("/")
@policy("staff", "command")
def index() -> Response:
    """Show who holds how much and since when; to htmx the figures alone, which the page asks for every minute."""
    staff, now = worker_of_desk(), clock.now()
    return show(
        "command/index.html",
        "command/_holdings.html",
        summary=overview.summary(staff, now),
        counts=overview.counts(staff),
        lists=_lists(staff, now),
        now=now,
    )


def _lists(staff: StaffView, now: datetime) -> list[dict[str, Any]]:
    """Return how long the lists are that say first how things stand."""
    tabs = {tab.view.key: tab for tab in queue.tabs(staff, now)}
    return [
        {
            "label": tabs[key].view.label,
            "count": present.count(tabs[key].count),
            "href": present.Place(view=key).href(),
            "red": tabs[key].view.red and tabs[key].count > 0,
        }
        for key in WATCHED
        if key in tabs
    ]
