"""Pages that everybody may read: the home page, the guide, and the short pages that lead on."""

from __future__ import annotations

from flask import Blueprint, Response, request

from blueprints.public import guide
from blueprints.web import page, policy
from blueprints.web.pages import leave, own_path
from blueprints.web.setup import keep_look

bp = Blueprint("pages", __name__)


@bp.get("/")
@policy("public", cached=True)
def home() -> Response:
    """The way in."""
    return page("public/home.html", kinds=guide.kinds(), after=guide.after_filing(), news=(), figures=None)


@bp.get("/look")
@policy("public")
def look() -> Response:
    """Keep the reader's choice of type size and contrast, and go back: `?to=large&back=/guide`."""
    return keep_look(leave(own_path(request.args.get("back"), "/")), request.args.get("to", ""))


@bp.get("/healthz")
@policy("machine")
def healthz() -> Response:
    """Say that this process answers."""
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})
