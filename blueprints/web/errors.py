"""Errors, answered in one place: a page that says what to do, or a fragment for `#notice` when htmx asks."""

from __future__ import annotations

import secrets
from typing import Any, cast

from flask import Flask, Response, current_app, g, make_response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from blueprints.web.policy import current_policy
from models import clock
from models.base import is_away
from rules.calendar import ZONE

CODES = (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)
PLAIN_ONLY = frozenset({"login", "public", "filer"})


def prepare(app: Flask) -> None:
    """Let every exception end here."""
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> BaseResponse:
    """Turn any exception into an answer.

    Casework says by the class attribute `status` and by `sentence` how a refusal reads; what is none of these and no
    HTTP error is a fault of ours: it gets a number that the reader can tell and the log holds. Only while the database
    is away does trying again help, and the page says so.
    """
    if isinstance(error, HTTPException):
        if error.response is not None:
            return cast(BaseResponse, error.response)
        if error.code is not None and error.code < 400:
            return error.get_response()
        return _render(error.code or 500, None, retry_after=getattr(error, "retry_after", None))
    # The class says that it is a refusal; the instance may say which: a wrong step is a conflict, a wrong entry is not.
    status = getattr(error, "status", None) if hasattr(type(error), "status") else None
    if isinstance(status, int) and 400 <= status < 500:
        return _render(status, error, retry_after=getattr(error, "wait", None))
    g.incident = incident_number()
    g.pop("_login_user", None)  # the page is made without asking the database anything: it may be what is at fault
    current_app.logger.exception("%s %s %s", g.incident, request.method, request.endpoint)
    return _render(503 if status == 503 or is_away(error) else 500, None)


def incident_number() -> str:
    """Return a number to tell on the phone: month and day, hour and minute, four characters by chance."""
    local = clock.now().astimezone(ZONE)
    return f"E-{local:%m%d-%H%M}-{secrets.token_hex(2).upper()}"


def _render(code: int, error: Exception | None, retry_after: Any = None) -> Response:
    known = code if code in CODES else (400 if code < 500 else 500)
    context: dict[str, Any] = {
        "code": code,
        "sentence": getattr(error, "sentence", None),
        "changes": getattr(error, "changes", None),
        "because": g.get("refused_because"),
        "incident": g.get("incident"),
        "message": None,
        "layout": _layout(known),
    }
    if request.headers.get("HX-Request") == "true":
        response = make_response(render_template("errors/_notice.html", **context), code)
        response.headers["HX-Retarget"] = "#notice"
        response.headers["HX-Reswap"] = "outerHTML"
    else:
        response = make_response(render_template(f"errors/{known}.html", **context), code)
    if code in {429, 503}:
        response.headers["Retry-After"] = str(retry_after or 60)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("HX-Request")
    return response


def _layout(code: int) -> str:
    """Return the frame: that of the desk only where the person is known to be signed in."""
    policy = current_policy()
    signed_in = policy is not None and policy.audience == "staff" and code not in {401, 500, 503}
    return "layout/staff.html" if signed_in and "_login_user" in g and _known() else "layout/public.html"


def _known() -> bool:
    return bool(cast(Any, g)._login_user.is_authenticated)
