"""Supervision, directives and incidents: what the command centre works on."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.web import page, policy

bp = Blueprint("command", __name__, url_prefix="/command")


@bp.get("/")
@policy("staff", "command")
def index() -> Response:
    """Say what is worked on here, and where to find it meanwhile."""
    return page("command/index.html")
