"""Tokens of forms, and the check of where a request comes from.

The token of a citizen's form is an HMAC of the visit, that of a staff form an HMAC of the session: nothing is stored,
and the token of one is worthless to another. Each page masks it anew, so that compression tells nothing about it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from flask import abort, current_app, g, request

from blueprints.web.policy import current_policy
from blueprints.web.staff import session_token
from blueprints.web.visits import current_visit

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
_SIZE = 32


def csrf_token() -> str:
    """Return the token for a form on this page: of the staff session, else of the visit, else nothing."""
    holder = _holder()
    if holder is None:
        return ""
    pad = secrets.token_bytes(_SIZE)
    masked = bytes(a ^ b for a, b in zip(pad, _digest(holder), strict=True))
    return base64.urlsafe_b64encode(pad + masked).decode()


def is_ours(token: str) -> bool:
    """Tell whether a token belongs to the one who sends it."""
    holder = _holder()
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii"))
    except (binascii.Error, ValueError):
        return False
    if holder is None or len(raw) != 2 * _SIZE:
        return False
    unmasked = bytes(a ^ b for a, b in zip(raw[:_SIZE], raw[_SIZE:], strict=True))
    return hmac.compare_digest(unmasked, _digest(holder))


def _holder() -> str | None:
    policy = current_policy()
    if policy is not None and policy.audience == "staff":
        token = session_token()
        return f"staff:{token}" if token else None
    visit = current_visit()
    return f"visit:{visit}" if visit else None


def _digest(holder: str) -> bytes:
    key: bytes = current_app.config["CSRF_KEY"]
    return hmac.digest(key, holder.encode(), hashlib.sha256)


def same_origin() -> bool:
    """Tell whether the browser says that the request was made by a page of ours.

    `Sec-Fetch-Site` where the browser sends it, else `Origin`, else `Referer`. A client that sends none of them is no
    browser that could be lured; a browser that hides its origin ("null") is refused.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    source = request.headers.get("Origin") or request.headers.get("Referer")
    if source is None:
        return True
    ours = {request.host_url, current_app.config["PUBLIC_URL"] or request.host_url}
    try:
        return urlsplit(source)[:2] in {urlsplit(address)[:2] for address in ours}
    except ValueError:
        return False


def guard_unsafe() -> None:
    """Refuse a POST that does not come from a form of ours.

    Two kinds need no token: the first POST of an anonymous form, because its page is one body for all and it writes no
    case, and the sign-in, which has no session yet. Both still have to come from our own pages.
    """
    policy = current_policy()
    if request.method in SAFE or policy is None or policy.audience in {"api", "machine"}:
        return
    if not same_origin():
        g.refused_because = "origin"
        abort(400)
    if policy.first_post or policy.audience == "login":
        return
    token = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not is_ours(token):
        g.refused_because = "token"
        if not policy.keeps:
            abort(400)
