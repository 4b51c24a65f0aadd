"""Published complaints (投诉信息公示): the latest, a business's, what the rules are, and how a business objects."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from blueprints.public import keys
from blueprints.public.guide import length_words
from blueprints.web import begin_visit, leave, page, policy, say
from blueprints.web.forms import Filled
from casework.errors import Conflict, Faults, NotFound, Refused, TooFast
from casework.publicity import keeping, reading
from models import clock
from rules import publicity as law
from rules.calendar import local_date
from rules.citation import cite
from rules.terms import version_for
from rules.workflow import WORKFLOW, regime_for

bp = Blueprint("publicity", __name__)
MOST = 60
"""Characters of a search."""


@bp.get("/publicity")
@policy("public", cached=True)
def index() -> Response:
    """The complaints published last, or the businesses that a search finds."""
    today = local_date(clock.now())
    entered = request.args.get("q", "").strip()[:MOST]
    found = reading.search(entered, today) if entered else None
    return page(
        "public/publicity.html",
        entered=entered,
        found=found,
        listed=reading.latest(today, request.args.get("after", "")),
        first=not request.args.get("after"),
    )


@bp.get("/publicity/businesses/<int:business_id>")
@policy("public", cached=True)
def business(business_id: int) -> Response:
    """What is published about one business."""
    today = local_date(clock.now())
    found = reading.business(business_id, today)
    listed = reading.latest(today, request.args.get("after", ""), business_id)
    return page("public/publicity_business.html", business=found, listed=listed, months=law.MONTHS)


@bp.get("/publicity/rules")
@policy("public", cached=True)
def rules() -> Response:
    """What is published, when, for how long, what is not, and how it is put right."""
    today = local_date(clock.now())
    version = version_for("publicity.publish", today)
    return page(
        "public/publicity_rules.html",
        days=length_words(version) if version is not None else "",
        months=law.MONTHS,
        objection_days=law.OBJECTION_DAYS,
        floor=law.RATE_FLOOR,
        grounds=[ground.text for ground in WORKFLOW.grounds("non_publication", regime_for(today))],
        source=cite(law.SOURCE),
    )


@bp.get("/publicity/<int:publication_id>")
@policy("public", cached=True)
def one(publication_id: int) -> Response:
    """One published complaint."""
    found = reading.one(publication_id, local_date(clock.now()))
    return page("public/publicity_one.html", one=found)


@bp.get("/publicity/<int:publication_id>/objection")
@policy("filer")
def ask(publication_id: int) -> Response:
    """The form by which a business objects."""
    begin_visit()
    return _ask(publication_id, Filled())


def _ask(publication_id: int, form: Filled, status: int = 200) -> Response:
    found = reading.one(publication_id, local_date(clock.now()))
    return page(
        "public/publicity_objection.html", status=status, one=found, form=form, days=law.OBJECTION_DAYS,
        limits=keeping.LIMITS,
    )  # fmt: skip


@bp.post("/publicity/<int:publication_id>/objection")
@policy("filer", keeps=True)
def send(publication_id: int) -> Response:
    """Take an objection; with a token that is too old the form comes back as it was filled in."""
    now = clock.now()
    if g.get("refused_because"):
        return _once_more(publication_id)
    network = keys.network_key(request.remote_addr, local_date(now))
    try:
        keeping.object_to(publication_id, request.form, network, now)
    except Faults as found:
        return _ask(publication_id, Filled(request.form, found.faults), found.status)
    except (TooFast, Conflict) as found:
        return _ask(publication_id, Filled(request.form, {"reasons": found.sentence}), found.status)
    say(f"异议已收到，{law.OBJECTION_DAYS} 个工作日内核查，按您留的电话答复。")
    return leave(f"/publicity/{publication_id}")


def _once_more(publication_id: int) -> Response:
    """Give back what was typed with a token that holds again."""
    begin_visit()
    typed = Filled(request.form, {"reasons": "页面开得太久了，内容还在，请再按一次“提出异议”"})
    try:
        return _ask(publication_id, typed, 422)
    except NotFound as gone:
        raise Refused(gone.sentence) from gone
