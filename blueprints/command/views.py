"""Supervision, directives and incidents: what the command centre works on."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.command.frame import show
from blueprints.web import policy

bp = Blueprint("command", __name__, url_prefix="/command")


@bp.get("/")
@policy("staff", "command")
def index() -> Response:
    """Say what is worked on here, and where to find it meanwhile."""
    return show("command/index.html")
