"""Whether the work behind the pages is done, and what waits."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.command.frame import show
from blueprints.web import policy

bp = Blueprint("operations", __name__, url_prefix="/command/operations")


@bp.get("")
@policy("staff", "operations")
def index() -> Response:
    """Say what stands here."""
    return show("command/operations.html")
