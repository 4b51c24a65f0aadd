"""Directives: orders in an emergency, and who has answered them."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.command.frame import show
from blueprints.web import policy

bp = Blueprint("directives", __name__, url_prefix="/command/directives")


@bp.get("")
@policy("staff", "command")
def index() -> Response:
    """Say what stands here."""
    return show("command/directives.html")
