"""The duty roster, with what one watch leaves to the next."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.command.frame import show
from blueprints.web import policy

bp = Blueprint("duty", __name__, url_prefix="/command/duty")


@bp.get("")
@policy("staff", "duty")
def index() -> Response:
    """Say what stands here."""
    return show("command/duty.html")
