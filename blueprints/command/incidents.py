"""Incidents: cases that are about one thing, on one page."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.command.frame import show
from blueprints.web import policy

bp = Blueprint("incidents", __name__, url_prefix="/command/incidents")


@bp.get("")
@policy("staff", "command")
def index() -> Response:
    """Say what stands here."""
    return show("command/incidents.html")
