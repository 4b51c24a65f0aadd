"""Errors, answered in one place: a page that says what to do, or a fragment for `#notice` when htmx asks."""

from __future__ import annotations

import secrets
from typing import Any, cast

from flask import Flask, Response, current_app, g, make_response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from blueprints.web.policy import current_policy
from blueprints.web.tokens import FIELD
from models import clock
from models.outage import WAIT, is_outage
from rules.calendar import ZONE

CODES = (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)
KEYS = frozenset({"password", "new_password", "current", "otp", "code"})
"""Names of what opens something: never printed into a page."""


def prepare(app: Flask) -> None:
    """Let every exception end here."""
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> BaseResponse:
    """Turn any exception into an answer.

    Casework says by the class attribute `status` and by `sentence` how a refusal reads; what is none of these and no
    HTTP error is a fault of ours: it gets a number that the reader can tell and the log holds.
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
    g.pop("_login_user", None)  # the page is made without asking the database anything: it may be what is at fault
    if is_outage(error):
        log = current_app.logger.warning
        log(
            "the database is not available: %s %s (%s)",
            request.method,
            request.endpoint,
            type(error.__cause__ or error),
        )
        return _render(503, None, retry_after=WAIT)
    g.incident = incident_number()
    current_app.logger.exception("%s %s %s", g.incident, request.method, request.endpoint)
    return _render(503 if status == 503 else 500, None)


LATER = "平台正在忙，这一步还没有办成。您填的内容都在，什么都没有丢，请过一会儿再点一次。"


def not_now(response: Response) -> Response:
    """Mark a page that shows a form again because the database was not available: 503, with the time to wait."""
    response.status_code = 503
    response.headers["Retry-After"] = str(WAIT)
    response.headers["Cache-Control"] = "no-store"
    return response


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
        "kept": _typed() if code == 503 else [],
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


def _typed() -> list[tuple[str, str]]:
    """Return what a form has sent, so that the page can carry it until it is sent again; nothing where a key is in it.

    Files cannot be given back to a browser; the page says so.
    """
    policy = current_policy()
    if request.method != "POST" or policy is None or policy.audience not in {"public", "filer", "staff"}:
        return []
    if KEYS & request.form.keys():
        return []
    return [(name, value) for name, value in request.form.items(multi=True) if name != FIELD]


def _layout(code: int) -> str:
    """Return the frame: that of the desk only where the person is known to be signed in."""
    policy = current_policy()
    signed_in = policy is not None and policy.audience == "staff" and code not in {401, 500, 503}
    return "layout/staff.html" if signed_in and "_login_user" in g and _known() else "layout/public.html"


def _known() -> bool:
    return bool(cast(Any, g)._login_user.is_authenticated)
