"""A small portal with views made for the tests: every kind of policy, every kind of refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request

from app import create_app
from blueprints.web import begin_visit, current_staff, page, policy, posted, say
from blueprints.web.staff import StaffView, hash_of
from casework import actors
from casework.errors import NotAllowed, Refused, Stale, TooFast
from config import Settings
from models import db

TOKEN = "a-session-token-of-forty-three-characters-xx"
OTHER = "another-token-of-another-person-altogether-x"


@dataclass(frozen=True)
class Person:
    """Somebody of the staff."""

    id: int = 7
    name: str = "顾晓岚"
    unit_name: str = "江南区局消保科"
    roles: Iterable[str] = ("handler",)

    @property
    def staff(self) -> actors.StaffView:
        """As the frame of staff pages asks for the person."""
        return actors.StaffView(self.id, "probe", self.name, ())


class Keeper:
    """Keeps two sessions."""

    def __init__(self) -> None:
        self.open: dict[bytes, StaffView] = {hash_of(TOKEN): Person(), hash_of(OTHER): Person(8, "沈嘉禾")}

    def resume(self, token_hash: bytes, now: datetime) -> StaffView | None:
        """Return who holds the session."""
        return self.open.get(token_hash)


probe = Blueprint("probe", __name__, url_prefix="/probe")


@probe.get("/form")
@policy("public", cached=True)
def form() -> Response:
    return page("public/publicity.html")


@probe.post("/check")
@policy("filer", first_post=True, multi=("demands",))
def check() -> Response:
    begin_visit()
    return Response(",".join(request.form.getlist("demands")) + request.form.get("content", ""))


@probe.post("/send")
@policy("filer")
def send() -> Response:
    say("投诉已收到")
    return posted("/probe/done")


@probe.get("/done")
@policy("filer")
def done() -> Response:
    return page("public/publicity.html")


@probe.post("/upload")
@policy("filer", first_post=True, uploads=True, multi=("attachments",))
def upload() -> Response:
    return Response(str(sum(len(f.read()) for f in request.files.getlist("attachments"))))


@probe.get("/desk")
@policy("staff")
def desk() -> Response:
    return page("admin/index.html", keeps_calendar=False)


@probe.get("/centre")
@policy("staff", "command")
def centre() -> Response:
    return page("command/index.html")


@probe.post("/act")
@policy("staff")
def act() -> Response:
    say(f"已签收，{current_staff().name}", link=("/probe/desk", "改派"))
    return posted("/probe/desk")


@probe.get("/raise/<what>")
@policy("public")
def fail(what: str) -> Response:
    known: dict[str, Exception] = {
        "allowed": NotAllowed("这一步要由承办人办"),
        "refused": Refused("金额要写成数字，例如 3680", "amount"),
        "stale": Stale(changes=("10:24 沈嘉禾 受理",)),
        "fast": TooFast("请等 30 秒再试", wait=30),
        "broken": KeyError("secret-canary"),
    }
    if what.isdigit():
        abort(int(what))
    raise known[what]


def make_portal(folder: Path, **settings: object) -> Flask:
    """Return a portal with the probe views, on a data directory of its own."""
    made = create_app(Settings(data_dir=folder, **settings), sessions=Keeper())  # type: ignore[arg-type]
    made.register_blueprint(probe)
    with made.app_context():
        db.create_all()  # the frame of staff pages counts messages
    return made


def token_in(html: str) -> str:
    """Return the token of the first form on a page."""
    found = re.search(r'name="csrf_token" value="([^"]*)"', html)
    assert found is not None
    return found[1]
