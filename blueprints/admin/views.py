"""Settings, people, keys and records of the portal itself."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.web import page, policy

bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.get("/")
@policy("staff", "admin.system", "admin.security")
def index() -> Response:
    """Say what is worked on here, and where to find it meanwhile."""
    return page("admin/index.html")
