"""The overview of the command centre: what each unit has in hand, since when, and where to look next."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.command.frame import show
from blueprints.web import policy
from blueprints.web.signed_in import worker_of_desk
from casework import overview
from models import clock

bp = Blueprint("command", __name__, url_prefix="/command")


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
        now=now,
    )
