"""Stations and points near by (消费维权服务站): directory, poster, the form with its place filled in."""

from __future__ import annotations

from flask import Blueprint, Response, request

from blueprints.public import filing
from blueprints.web import page, policy
from casework import attachments
from casework.stations import directory, posters

bp = Blueprint("stations", __name__, url_prefix="/stations")
MOST = 60
"""Characters of a search."""


@bp.get("")
@policy("public", cached=True)
def index() -> Response:
    """The stations by district, or those that a search finds."""
    entered = request.args.get("q", "").strip()[:MOST]
    return page("public/stations.html", entered=entered, districts=directory.listed(entered))


@bp.get("/<code>")
@policy("public", cached=True)
def one(code: str) -> Response:
    """One station; a closed one says so."""
    found = directory.one(code)
    return page("public/station.html", status=410 if found.closed_on else 200, one=found)


@bp.get("/<code>/complaint")
@policy("public", cached=True)
def complain(code: str) -> Response:
    """The form of a complaint with the place of the station filled in: where the code on its poster leads."""
    found = directory.one(code)
    if found.closed_on is not None:
        return page("public/station.html", status=410, one=found)
    return filing.form_at("complaint", {"respondent_address": found.fills})


@bp.get("/<code>/poster.pdf")
@policy("public")
def poster(code: str) -> Response:
    """The poster as it was made."""
    headers = {**attachments.HEADERS, "Content-Disposition": attachments.disposition(f"服务站海报{code}.pdf")}
    return Response(posters.read(code), mimetype="application/pdf", headers=headers)
