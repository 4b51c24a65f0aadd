"""Settings, people, keys and records of the portal itself."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.web import page, policy
from blueprints.web.staff import current_staff, may_open

bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.get("/")
@policy("staff", "admin.system", "admin.security")
def index() -> Response:
    """Say what is worked on here, and where to find it meanwhile."""
    return page("admin/index.html", keeps_calendar=may_open(current_staff(), ("admin.system",)))
