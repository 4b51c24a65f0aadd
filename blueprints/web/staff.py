"""Who is signed in. Session rows live in the database; the cookie holds a random token and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol, cast
from urllib.parse import urlencode

from flask import Flask, Request, Response, abort, g, redirect, request
from flask.sessions import SessionInterface, SessionMixin
from flask_login import LoginManager, current_user

from blueprints.web.policy import current_policy
from blueprints.web.visits import cookie_name, put_cookie
from models import clock
from rules import access

SESSION_COOKIE = "staff"


class StaffView(Protocol):
    """What pages need to know of the person who is signed in."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def unit_name(self) -> str: ...
    @property
    def roles(self) -> Iterable[str]: ...


class Sessions(Protocol):
    """The keeper of sessions (`casework.sessions`)."""

    def resume(self, token_hash: bytes, now: datetime) -> StaffView | None:
        """Return who holds the session, and note the use; None when it has ended."""


class SignedIn:
    """The person as Flask-Login wants to see one."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, view: StaffView) -> None:
        self.view = view

    def get_id(self) -> str:
        """Return the staff id as text."""
        return str(self.view.id)


class NoClientSession(SessionInterface):
    """Flask's signed cookie session is not used: a cookie must hold nothing that can be read."""

    class Empty(dict[str, Any], SessionMixin):
        """Lives for one request; Flask-Login keeps its notes here and they go nowhere."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin:
        """Return an empty one."""
        return self.Empty()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep nothing."""


def session_token() -> str | None:
    """Return the token that the browser brought, unproven, or that was just given to it."""
    given: str | None = g.get("staff_token")
    return given if given is not None else request.cookies.get(cookie_name(SESSION_COOKIE))


def hash_of(token: str) -> bytes:
    """Return what the database keeps of a session token."""
    return hashlib.sha256(token.encode()).digest()


def sign_in(response: Response, token: str) -> Response:
    """Give the browser the token of a session that was just opened; it ends with the browser."""
    put_cookie(response, SESSION_COOKIE, token, same_site="Strict", lasts=None)
    return response


def sign_out(response: Response) -> Response:
    """Take the token away, and what the browser has kept of our pages."""
    put_cookie(response, SESSION_COOKIE, None, same_site="Strict", lasts=None)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def current_staff() -> StaffView:
    """Return who is signed in. In a view of another audience nobody is: 401."""
    if not current_user.is_authenticated:
        abort(401)
    return cast(SignedIn, current_user).view


def prepare(app: Flask, sessions: Sessions) -> None:
    """Let Flask-Login find the person by the session cookie."""
    app.session_interface = NoClientSession()
    # Templates get what they need from `frame`; an error page must not look for the person in a database that is away.
    manager = LoginManager(app, add_context_processor=False)

    def resume(incoming: Request) -> SignedIn | None:
        token = incoming.cookies.get(cookie_name(SESSION_COOKIE))
        view = sessions.resume(hash_of(token), clock.now()) if token else None
        return SignedIn(view) if view is not None else None

    manager.request_loader(resume)


def may_open(staff: StaffView, permissions: tuple[str, ...]) -> bool:
    """Tell whether one of the person's roles is let in by one of these route policies of `rules.access`."""
    return any(access.passes(permission, staff.roles) for permission in permissions)


def require_staff() -> Response | None:
    """Let only the staff through to staff pages; send the others to sign in, and back afterwards."""
    policy = current_policy()
    if policy is None or policy.audience != "staff":
        return None
    if not current_user.is_authenticated:
        return to_login()
    if policy.permissions and not may_open(current_staff(), policy.permissions):
        abort(403)
    return None


def to_login() -> Response:
    """Answer one whose session has ended: a page leaves for the sign-in, an htmx request is told to."""
    # Only the path: what was searched for may be somebody's number, and this stands in an address.
    back = request.path if request.method == "GET" else "/desk/"
    if request.headers.get("HX-Request") == "true":
        return Response(status=401, headers={"HX-Redirect": "/login"})
    return cast(Response, redirect(f"/login?{urlencode({'next': back})}", code=303))
