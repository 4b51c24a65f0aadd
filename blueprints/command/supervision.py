"""Supervision orders: what lies with whom, since when."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.command.frame import show
from blueprints.web import policy

bp = Blueprint("supervision", __name__, url_prefix="/command/supervision")


@bp.get("")
@policy("staff", "command")
def index() -> Response:
    """Say what stands here."""
    return show("command/supervision.html")
