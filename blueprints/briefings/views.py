"""The monthly briefing."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.web import page, policy

bp = Blueprint("briefings", __name__, url_prefix="/briefings")


@bp.get("/")
@policy("staff", "briefing")
def index() -> Response:
    """Say what is worked on here, and where to find it meanwhile."""
    return page("briefings/index.html")
