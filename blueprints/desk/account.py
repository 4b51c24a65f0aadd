"""The way in and out, and what a person sees of their own account."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from typing import cast

from flask import Blueprint, Response, current_app, request
from flask_login import current_user

from blueprints.desk.browsers import browser_words
from blueprints.web import current_staff, leave, page, policy, say
from blueprints.web.forms import Filled
from blueprints.web.pages import own_path
from blueprints.web.policy import current_policy
from blueprints.web.signed_in import Signed
from blueprints.web.staff import session_token, sign_in, sign_out
from casework import notices, reaching, sessions
from casework.errors import Faults, Refused, TooFast
from casework.reaching import Reach
from models import clock
from rules import access

bp = Blueprint("account", __name__)
HOME = "/desk/"
STARTS = (
    ("desk.read", HOME),
    ("admin.system", "/admin/"),
    ("admin.security", "/admin/"),
    ("board.edit", "/board/edit"),
)
"""Where somebody begins who asked for no page: the first address that the roles open."""


@bp.get("/login")
@policy("login")
def login() -> Response:
    """Show the three fields, with where to go afterwards."""
    return page("desk/login.html", form=Filled(), next=own_path(request.args.get("next"), ""), wait=0)


@bp.post("/login")
@policy("login")
def enter() -> Response:
    """Open a session and go where the person wanted to go; else show the form again, the password left out."""
    username = request.form.get("username", "")
    wanted = own_path(request.form.get("next"), "")
    found = sessions.sign_in(
        username,
        request.form.get("password", ""),
        request.form.get("otp", ""),
        network_key(),
        request.headers.get("User-Agent", ""),
        clock.now(),
    )
    if isinstance(found, sessions.SignInRefused):
        form = Filled({"username": username}, {"username": found.sentence})
        status = 429 if found.wait else 422
        response = page("desk/login.html", status=status, form=form, next=wanted, wait=found.wait)
        if found.wait:
            response.headers["Retry-After"] = str(found.wait)
        return response
    if found.must_change:
        say("这个密码是别人替您设的，请先换成自己的。", tone="warn")
        return sign_in(leave("/account"), found.token)
    return sign_in(leave(wanted or "/start"), found.token)


@bp.get("/start")
@policy("staff")
def start() -> Response:
    """Go to the first page that the person's roles open."""
    roles = current_staff().roles
    return leave(next((address for name, address in STARTS if access.passes(name, roles)), "/account"))


@bp.post("/logout")
@policy("staff")
def logout() -> Response:
    """End the session on the server and take the token away."""
    token = session_token()
    if token is not None:
        sessions.end(token, clock.now())
    return sign_out(leave("/login"))


@bp.get("/account")
@policy("staff")
def account() -> Response:
    """Show the person's sessions and the form for a new password."""
    return _account(Filled())


@bp.post("/account/password")
@policy("staff")
def password() -> Response:
    """Change the password; every other session of the person ends."""
    entered = request.form
    try:
        if entered.get("new_password") != entered.get("new_password_again"):
            raise Refused("两次输入的新密码不一样，请再输一次", "new_password_again")
        sessions.change_password(
            current_staff().id,
            entered.get("password", ""),
            entered.get("new_password", ""),
            entered.get("otp", ""),
            clock.now(),
            keep=session_token(),
        )
    except TooFast as fast:
        return _account(Filled({}, {"password": fast.sentence}), 429)
    except Refused as refused:
        return _account(Filled({}, {refused.field or "password": refused.sentence}), 422)
    say("密码已换。您在别处的登录都已退出。")
    return leave("/account")


@bp.post("/account/reach")
@policy("staff")
def reach() -> Response:
    """Let the person be reached in another way; a new address asks for the password and the code."""
    entered = {name: request.form.get(name, "") for name in ("reach_by", "email", "phone")}
    wanted = Reach(entered["reach_by"], entered["email"], entered["phone"])
    secret = request.form.get("reach_password", ""), request.form.get("reach_otp", "")
    own = {"password": "reach_password", "otp": "reach_otp"}
    try:
        reaching.choose(current_staff().id, wanted, *secret, clock.now())
    except Faults as faults:
        return _account(Filled(entered, faults.faults), 422)
    except TooFast as fast:
        return _account(Filled(entered, {"reach_password": fast.sentence}), 429)
    except Refused as refused:
        return _account(Filled(entered, {own.get(refused.field or "", "reach_password"): refused.sentence}), 422)
    say(f"提醒以后发到：{reaching.LABELS[wanted.way]}。")
    return leave("/account")


@bp.post("/account/sessions/<int:session_id>/end")
@policy("staff")
def end_session(session_id: int) -> Response:
    """End one of the person's own sessions."""
    sessions.end_one(current_staff().id, session_id, clock.now())
    say("那一处登录已退出。")
    return leave("/account")


@bp.before_app_request
def ask_for_own_password() -> Response | None:
    """Let nobody go on with a password that somebody else has set."""
    asked = current_policy()
    if asked is None or asked.audience != "staff" or not current_user.is_authenticated:
        return None
    person = current_staff()
    if not isinstance(person, Signed) or not person.must_change or request.blueprint == bp.name:
        return None
    return leave("/account")


def _account(form: Filled, status: int = 200) -> Response:
    person = cast(Signed, current_staff())
    running = sessions.sessions_of(person.id, clock.now(), session_token())
    roles = [access.ROLES[role].label for role in person.roles]
    present = reaching.of(person.id)
    kept = {"reach_by": present.way, "email": present.email, "phone": present.phone}
    return page(
        "desk/account.html",
        status=status,
        form=Filled({**kept, **form.values}, form.errors),
        sessions=running,
        roles=roles,
        person=person,
        words=browser_words,
        ways=reaching.offered(present.way),
        quiet=notices.quiet_hours(),
    )


def network_key() -> str:
    """Return what stands for the network of the asker: a keyed hash of the /24 or /56 with the day, no address."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    prefix = 24 if address.version == 4 else 56
    network = ipaddress.ip_network((address, prefix), strict=False)
    key: bytes = current_app.config["CSRF_KEY"]
    said = f"network\0{clock.now():%Y-%m-%d}\0{network}"
    return hmac.digest(key, said.encode(), hashlib.sha256).hex()[:32]
