"""Calling filers back: the sample of a month, and what they said."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.command.frame import show
from blueprints.web import policy

bp = Blueprint("callbacks", __name__, url_prefix="/command/callbacks")


@bp.get("")
@policy("staff", "callback")
def index() -> Response:
    """Say what stands here."""
    return show("command/callbacks.html")
