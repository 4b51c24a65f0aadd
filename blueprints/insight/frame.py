"""The frame of the insight pages: tabs to each part, those that a person may open."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from blueprints.web import page
from blueprints.web.navigation import Link, current_of
from blueprints.web.staff import current_staff, may_open

PARTS = (
    Link("/insight/", "统计", ("insight",)),
    Link("/insight/hotspots", "热点", ("hotspots",)),
    Link("/insight/assessment/", "考核", ("insight",)),
)
"""A part more is a line more; one alone needs no tabs."""


def show(template: str, fragment: str | None = None, status: int = 200, **context: Any) -> Response:
    """Answer with a page of the insight rooms, or with its fragment for htmx."""
    person = current_staff()
    parts = [link for link in PARTS if may_open(person, link.permissions)]
    return page(template, fragment, status, parts=parts, part_here=current_of(PARTS, request.path), **context)
