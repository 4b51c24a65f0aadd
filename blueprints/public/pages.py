"""Pages that everybody may read: the home page, the guide, and the short pages that lead on."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, request

from blueprints.public import figures, flowchart, guide, procedure
from blueprints.web import page, policy
from blueprints.web.pages import leave, own_path
from blueprints.web.setup import keep_look
from casework import places
from casework.board import reading
from models import clock
from rules import board
from rules import materials as of_goods
from rules.calendar import local_date

bp = Blueprint("pages", __name__)


def today() -> date:
    """Return the day in Shanghai."""
    return local_date(clock.now())


@bp.get("/")
@policy("public", cached=True)
def home() -> Response:
    """The way in."""
    kinds, after = guide.kinds(today()), guide.after_filing(today())
    return page("public/home.html", kinds=kinds, after=after, news=_news(), figures=figures.of_home())


def _news() -> list[dict[str, Any]]:
    """Return what the board has for the home page: warnings first."""
    return [
        {
            "href": f"/board/{row.id}",
            "title": row.title,
            "kind": board.CATEGORIES[row.category].label,
            "red": board.CATEGORIES[row.category].urgent,
            "day": row.publish_at,
        }
        for row in reading.for_home(clock.now())
    ]


@bp.get("/guide")
@policy("public", cached=True)
def guide_terms() -> Response:
    """What belongs to us, how long it takes and why, what is not accepted."""
    tables = [(kind, guide.terms(kind.key, today())) for kind in guide.kinds(today())]
    return page("public/guide.html", tables=tables, refusals=guide.refusals(today()))


@bp.get("/guide/flow", defaults={"kind": "complaint"})
@bp.get("/guide/flow/<any(report, consultation, suggestion):kind>")
@policy("public", cached=True)
def guide_flow(kind: str) -> Response:
    """The procedure of a kind, drawn from the table that runs it."""
    phases, all_kinds = procedure.phases(kind, today()), guide.kinds(today())
    return page(
        "public/flow.html",
        kind=next(one for one in all_kinds if one.key == kind),
        kinds=[(one.key, one.label) for one in all_kinds],
        phases=phases,
        chart=flowchart.chart(phases),
        width=flowchart.WIDTH,
    )


@bp.get("/guide/materials")
@policy("public", cached=True)
def guide_materials() -> Response:
    """What to have at hand before filing."""
    lists = [guide.materials(kind) for kind in guide.KINDS]
    return page("public/materials.html", lists=lists, of_goods=of_goods.LISTS, limits=guide.file_limits())


@bp.get("/guide/places")
@policy("public", cached=True)
def guide_places() -> Response:
    """Whom to call and where to go."""
    return page("public/places.html", bureaus=places.bureaus())


@bp.get("/guide/privacy")
@policy("public", cached=True)
def guide_privacy() -> Response:
    """How what people tell us is kept."""
    return page("public/privacy.html")


@bp.get("/guide/access")
@policy("public", cached=True)
def guide_access() -> Response:
    """How to read these pages in large type, by keyboard or by ear."""
    return page("public/access.html")


@bp.get("/look")
@policy("public")
def look() -> Response:
    """Keep the reader's choice of type size and contrast, and go back: `?to=large&back=/guide`."""
    return keep_look(leave(own_path(request.args.get("back"), "/")), request.args.get("to", ""))
