"""The visit of a citizen: one opaque random number in a cookie, and what is derived from it. Nothing else.

A visit begins with the first POST of a form and never by reading. It names no person and no device.
"""

from __future__ import annotations

import re
import secrets

from flask import Response, current_app, g, request

LASTS = 7 * 24 * 3600
"""Seconds: as long as a draft is kept."""
_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")


def cookie_name(kind: str) -> str:
    """Return the name of a cookie: with the `__Host-` prefix wherever the portal is served over HTTPS."""
    return f"__Host-{kind}" if current_app.config["SECURE_COOKIES"] else kind


def current_visit() -> str | None:
    """Return the visit of this request, if the browser brought a well-formed one or one has just begun."""
    begun: str | None = g.get("visit")
    if begun is not None:
        return begun or None
    brought = request.cookies.get(cookie_name("visit"), "")
    return brought if _SHAPE.fullmatch(brought) else None


def begin_visit() -> str:
    """Return the present visit, or begin one; the answer will carry the cookie."""
    visit = current_visit()
    if visit is None:
        visit = g.visit = secrets.token_urlsafe(32)
    return visit


def end_visit() -> None:
    """Forget the visit; the answer removes the cookie."""
    g.visit = ""


def write_cookie(response: Response) -> Response:
    """Set or remove the cookie, when the view began or ended a visit."""
    visit = g.get("visit")
    if visit is not None:
        put_cookie(response, "visit", visit or None, same_site="Lax", lasts=LASTS)
    return response


def put_cookie(response: Response, kind: str, value: str | None, *, same_site: str, lasts: int | None) -> None:
    """Set a cookie that scripts cannot read, for the whole of our host and no other; None removes it."""
    response.set_cookie(
        cookie_name(kind),
        value or "",
        max_age=0 if value is None else lasts,
        secure=bool(current_app.config["SECURE_COOKIES"]),
        httponly=True,
        samesite=same_site,
        path="/",
    )
