"""The frame of the command pages: tabs to each part, those that a person may open."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from blueprints.web import page
from blueprints.web.navigation import Link, current_of
from blueprints.web.staff import current_staff, may_open

PARTS = (
    Link("/command/", "总览", ("command",)),
    Link("/command/supervision", "督办", ("command",)),
    Link("/command/directives", "指令", ("command",)),
    Link("/command/incidents", "重大事件", ("command",)),
    Link("/command/duty", "值班", ("duty",)),
    Link("/command/callbacks", "回访", ("callback",)),
    Link("/command/publicity", "投诉公示", ("publicity",)),
    Link("/command/operations", "运行情况", ("operations",)),
)


def show(template: str, fragment: str | None = None, status: int = 200, **context: Any) -> Response:
    """Answer with a page of the command centre, or with its fragment for htmx."""
    person = current_staff()
    return page(
        template,
        fragment,
        status,
        parts=[link for link in PARTS if may_open(person, link.permissions)],
        part_here=current_of(PARTS, request.path),
        **context,
    )
