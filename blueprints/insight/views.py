"""Statistics, hot spots and assessment."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.web import page, policy

bp = Blueprint("insight", __name__, url_prefix="/insight")


@bp.get("/")
@policy("staff", "insight")
def index() -> Response:
    """Say what is worked on here, and where to find it meanwhile."""
    return page("insight/index.html")
