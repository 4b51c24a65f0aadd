"""Answers: a page or its fragment, a redirect after a POST, and the message on the page after it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from flask import Response, current_app, g, make_response, redirect, render_template, request

from blueprints.web.policy import current_policy
from blueprints.web.staff import session_token
from blueprints.web.visits import cookie_name, current_visit, put_cookie

MESSAGE_LASTS = 120
"""Seconds in which the page after a POST is expected to be opened."""


def by_htmx() -> bool:
    """Tell whether htmx asks for a fragment (a boosted link asks for a page)."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def page(template: str, fragment: str | None = None, status: int = 200, **context: Any) -> Response:
    """Render `fragment` alone for an htmx request, else the whole page that includes the same file."""
    partial = fragment is not None and by_htmx()
    context.setdefault("message", None if partial else _take_message())
    response = make_response(render_template(cast(str, fragment) if partial else template, **context), status)
    if fragment is not None:
        response.vary.add("HX-Request")
    return response


def posted(location: str, fragment: str | None = None, **context: Any) -> Response:
    """Answer a POST that was carried out: 303 to `location`, or for htmx the fragment that shows the new state.

    `location` is an own address made by `url_for`; without a fragment htmx is told to go there.
    """
    if not by_htmx():
        return cast(Response, redirect(location, code=303))
    if fragment is None:
        return leave(location)
    response = make_response(render_template(fragment, message=None, **context))
    response.vary.add("HX-Request")
    return response


def leave(location: str) -> Response:
    """Send the browser to another page of ours, however it asked."""
    if request.headers.get("HX-Request") == "true":
        return Response(status=204, headers={"HX-Redirect": location})
    return cast(Response, redirect(location, code=303))


def forget_public_pages() -> None:
    """Let what everybody reads be made anew: something in it has changed."""
    current_app.extensions["portal_pages"].forget()


def say(text: str, *, tone: str = "ok", link: tuple[str, str] | None = None) -> None:
    """Show a sentence at the top of the page that the reader sees next.

    `tone` is ok, warn or red; `link` is (address, words). It travels in a signed cookie that scripts cannot read:
    say nothing personal in it.
    """
    g.message = {"text": text, "tone": tone, "link": list(link) if link else None}


def own_path(wanted: str | None, otherwise: str) -> str:
    """Return `wanted` when it is a path on this host, else `otherwise`: for `?next=` and its like."""
    path = unquote(wanted or "")
    parts = urlsplit(path)
    clean = path.isprintable() and "\\" not in path and not any(c.isspace() for c in path)
    ours = path.startswith("/") and not path.startswith("//") and not parts.netloc and not parts.scheme
    return cast(str, wanted) if clean and ours and not (wanted or "").startswith("/%2f") else otherwise


def write_message(response: Response) -> Response:
    """Put the message for the next page into its cookie, or remove the one that was shown."""
    message = g.get("message")
    if message is not None and not g.get("message_shown"):
        body = base64.urlsafe_b64encode(json.dumps(message, ensure_ascii=False).encode()).decode()
        put_cookie(response, "said", f"{body}.{_sign(body)}", same_site="Lax", lasts=MESSAGE_LASTS)
    elif g.get("message_shown") and cookie_name("said") in request.cookies:
        put_cookie(response, "said", None, same_site="Lax", lasts=None)
    return response


def _take_message() -> dict[str, Any] | None:
    """Return what was said before; it will not be said again."""
    now: dict[str, Any] | None = g.get("message")
    if now is not None:
        g.message_shown = True
        return now
    policy = current_policy()
    body, _, mark = request.cookies.get(cookie_name("said"), "").partition(".")
    if not body or policy is None or policy.cached or not hmac.compare_digest(mark, _sign(body)):
        return None
    g.message_shown = True
    try:
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body))
    except (binascii.Error, ValueError):
        return None
    return found


def _sign(body: str) -> str:
    holder = session_token() or current_visit() or ""
    key: bytes = current_app.config["MESSAGE_KEY"]
    return hmac.digest(key, f"{holder}\0{body}".encode(), hashlib.sha256).hex()
