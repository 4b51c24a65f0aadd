"""Supervision, directives and incidents: what the command centre works on."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.command.frame import show
from blueprints.desk import present
from blueprints.web import policy
from blueprints.web.signed_in import worker_of_desk
from casework import queue
from models import clock

bp = Blueprint("command", __name__, url_prefix="/command")
WATCHED = ("overdue", "due-today", "due-soon", "to-sign")
"""The lists whose length says first how things stand."""


@bp.get("/")
@policy("staff", "command")
def index() -> Response:
    """Say how much is late or soon due, what is worked on here, and where to find it meanwhile."""
    tabs = {tab.view.key: tab for tab in queue.tabs(worker_of_desk(), clock.now())}
    counts = [
        {
            "label": tabs[key].view.label,
            "count": present.count(tabs[key].count),
            "href": present.Place(view=key).href(),
            "red": tabs[key].view.red and tabs[key].count > 0,
        }
        for key in WATCHED
        if key in tabs
    ]
    return show("command/index.html", counts=counts)
