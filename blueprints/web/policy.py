"""Who may call a view, and how. Every view says it in one line; a view that says nothing is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from flask import Flask, abort, current_app, g, request

Audience = Literal["public", "filer", "staff", "login", "api", "machine"]
View = TypeVar("View", bound=Callable[..., Any])

UPLOAD_BODY = 210 * 1024 * 1024
"""Bytes: the 200 MB of files that one filing may bring, and its text."""


@dataclass(frozen=True)
class Policy:
    """What one view has declared.

    `audience`: `public` reads anonymous pages; `filer` is a citizen on the way through a form (visit cookie, nothing is
    kept by the browser); `staff` is signed in; `login` is the way in; `api` brings a key of its own; `machine` is asked
    by monitors. `permissions`: the route policies of `rules.access`, one of which must let a person of the staff in;
    none means everybody who is signed in. `cached`: one body for all.
    `first_post`: the first POST of an anonymous form, which writes no case and is guarded by origin, not by token.
    `keeps`: the view itself answers a POST whose token is not good, to show again what was typed: `g.refused_because`
    is then "token", and the view must write nothing. `uploads`: takes files. `multi`: field names that may come more
    than once.
    """

    audience: Audience
    permissions: tuple[str, ...] = ()
    cached: bool = False
    first_post: bool = False
    uploads: bool = False
    multi: frozenset[str] = frozenset()
    keeps: bool = False


def policy(
    audience: Audience,
    *permissions: str,
    cached: bool = False,
    first_post: bool = False,
    uploads: bool = False,
    multi: tuple[str, ...] = (),
    keeps: bool = False,
) -> Callable[[View], View]:
    """Declare the policy of a view; see `Policy`. Put it directly on the function, below the route."""
    declared = Policy(audience, permissions, cached, first_post, uploads, frozenset(multi), keeps)

    def mark(view: View) -> View:
        view.__dict__["policy"] = declared
        return view

    return mark


def policy_of(app: Flask, endpoint: str) -> Policy | None:
    """Return what the view behind an endpoint declared, or None."""
    found = getattr(app.view_functions.get(endpoint), "policy", None)
    return found if isinstance(found, Policy) else None


def current_policy() -> Policy | None:
    """Return the policy of the view that answers this request; None when there is no view (404)."""
    found: Policy | None = g.get("policy")
    return found


def require_policy() -> None:
    """Refuse a view without a policy: loudly while it is built, closed in production."""
    if request.endpoint is None:
        return
    g.policy = policy_of(current_app, request.endpoint)
    if g.policy is None:
        if current_app.config["PROFILE"] == "production":
            abort(403)
        raise RuntimeError(f"view {request.endpoint} has no policy")
    # Only files are read in pieces: a body of any other kind would be held in memory whole.
    if g.policy.uploads and request.mimetype == "multipart/form-data":
        request.max_content_length = UPLOAD_BODY
