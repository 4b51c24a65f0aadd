"""Following a case: number and code once, then the timeline and what the filer may still do, for half an hour."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, request

from blueprints.public import acts, keys, uploads
from blueprints.web import begin_visit, current_visit, page, policy, posted, say
from blueprints.web.errors import LATER, not_now
from blueprints.web.forms import Filled
from blueprints.web.visits import cookie_name, end_visit, put_cookie
from casework import attachments, follow
from casework.attachments import disposition
from casework.errors import Faults, NotAllowed, NotFound, Refused, Stale, TooFast
from casework.follow import Following
from casework.reference import current
from models import Case, Document, clock
from models.document import WITHDRAWN
from models.outage import Unavailable
from rules import identifiers
from rules.calendar import local_date
from rules.workflow import WORKFLOW

bp = Blueprint("track", __name__)
COOKIE = "follow"
MULTI = ("attachments", "statement", "proxy_id", "authorization", "document", "powers")
CASE = "/track/case"
_FIRST_CLAUSE = re.compile("[，；。]")
_DATED = re.compile(r"^\d{4}年\d{1,2}月\d{1,2}日 ")


@dataclass(frozen=True)
class Offer:
    """An act that is open to the filer, with its words and questions."""

    key: str
    words: acts.Words
    asked: list[acts.Asked]


@bp.get("/track")
@policy("public", cached=True)
def ask() -> Response:
    """Ask for number and code."""
    return page("public/track.html", form=Filled())


@bp.get("/track/left")
@policy("filer")
def left() -> Response:
    """Say that the case is closed to this browser, and offer the way in again."""
    return page("public/track.html", form=Filled())


@bp.post("/track")
@policy("filer", first_post=True)
def open_case() -> Response:
    """Open a case; wrong number and wrong code are answered alike, and slowed down."""
    now = clock.now()
    number, code = request.form.get("number", ""), request.form.get("code", "")
    errors = _unreadable(number, code)
    if errors:
        return _ask_again(number, errors, 422)
    network = keys.network_key(request.remote_addr, local_date(now))
    try:
        case = follow.open_case(number, code, network, now)
    except NotFound as wrong:
        return _ask_again(number, {"code": wrong.sentence}, 404)
    except TooFast as fast:
        response = _ask_again(number, {"code": fast.sentence}, 429)
        response.headers["Retry-After"] = str(fast.wait)
        return response
    return _let(posted(CASE), begin_visit(), case, now)


def _unreadable(number: str, code: str) -> dict[str, str]:
    """Say what cannot be a number or a code at all: that tells nothing about which numbers exist."""
    errors = {}
    if not number.strip():
        errors["number"] = "请填写编号，例如 T20261123-00042-7"
    else:
        try:
            identifiers.parse_case_number(number[:100])
        except ValueError:
            errors["number"] = "编号像 T20261123-00042-7 这样写，请对照回执再看一下"
    if not code.strip():
        errors["code"] = "请填写查询码，回执上的 12 位字母和数字"
    else:
        try:
            identifiers.normalise_query_code(code[:100])
        except ValueError:
            errors["code"] = "查询码是 12 位字母和数字，请对照回执再看一下"
    return errors


def _ask_again(number: str, errors: dict[str, str], status: int) -> Response:
    # The code is not given back: it is a key, and this page may stay open on somebody else's screen.
    return page("public/track.html", status=status, form=Filled({"number": number[:100]}, errors))


def _let(response: Response, visit: str, case: Case, now: datetime) -> Response:
    text = keys.grant(visit, case.id, now)
    put_cookie(response, COOKIE, text, same_site="Lax", lasts=int(keys.FOLLOWS.total_seconds()))
    return response


def _followed(now: datetime, find: Callable[[int], Case] = follow.again) -> Case:
    """Return the case that this visit has opened, as `find` reads it. Raise NotFound when it has none (any more)."""
    case_id = keys.granted(current_visit(), request.cookies.get(cookie_name(COOKIE), ""), now)
    if case_id is None:
        raise NotFound("查询已经过了 30 分钟，请用编号和查询码再进来一次。")
    return find(case_id)


def _lapsed(lost: NotFound) -> Response:
    response = page("public/track.html", status=401, form=Filled({}, {"number": lost.sentence}))
    put_cookie(response, COOKIE, None, same_site="Lax", lasts=None)
    return response


@bp.get(CASE)
@policy("filer")
def case_page() -> Response:
    """Show the case: what waits for the filer, the timeline, who handles it, what else may be done."""
    now = clock.now()
    try:
        case = _followed(now, follow.glance)
    except NotFound as lost:
        return _lapsed(lost)
    return _let(_case_page(case, now), begin_visit(), case, now)


def _case_page(case: Case, now: datetime) -> Response:
    seen = follow.look(case, now)
    offers = _offers(seen, now)
    unit = current().units[case.unit_id]
    heading = _FIRST_CLAUSE.split(seen.state_text, maxsplit=1)[0]
    return page(
        "public/track_case.html",
        case=case,
        kind_label=WORKFLOW.kind_labels[case.kind],
        heading=heading,
        seen=seen,
        lines=[(line, _DATED.sub("", line.text)) for line in seen.lines],
        first=[offer for offer in offers if offer.words.first],
        others=sorted((offer for offer in offers if not offer.words.first), key=lambda offer: offer.words.red),
        wanted=follow.wanted_words(case),
        unit=None if case.kind in follow.UNNAMED else unit,
        papers=[(paper.id, _paper_label(paper, seen), paper.size) for paper in seen.papers],
        ended=WORKFLOW.state(case.kind, case.state).terminal,
        form=Filled(),
        kept=[],
        **_upload_words(),
    )


def _upload_words() -> dict[str, Any]:
    return {"file_limits": attachments.limits_text(), "file_types": attachments.accept()}


def _offers(seen: Following, now: datetime) -> list[Offer]:
    today = local_date(now)
    return [
        Offer(action.key, acts.WORDS[action.key], acts.asked(action, seen.case, today))
        for action in seen.actions
        if action.key in acts.WORDS
    ]


def _offer(case: Case, key: str, now: datetime) -> Offer:
    offers = {offer.key: offer for offer in _offers(follow.look(case, now), now)}
    if key not in acts.WORDS:
        abort(404)
    if key == "ask_again" and key not in offers:
        for why in follow.look(case, now).not_now:
            raise Refused(why, conflict=True)
    if key not in offers:
        raise NotAllowed("这一步现在不能做了，请看最新的办理进度。")
    return offers[key]


@bp.get(CASE + "/<action>")
@policy("filer")
def act_page(action: str) -> Response:
    """Show the form of one act on a page of its own; what cannot be undone is asked for here first."""
    now = clock.now()
    try:
        case = _followed(now)
    except NotFound as lost:
        return _lapsed(lost)
    return _act_page(case, _offer(case, action, now), Filled(), [], 200)


def _act_page(
    case: Case, offer: Offer, form: Filled, kept: list[uploads.Shown], status: int, notice: str = ""
) -> Response:
    return page(
        "public/track_act.html",
        status=status,
        case=case,
        kind_label=WORKFLOW.kind_labels[case.kind],
        offer=offer,
        form=form,
        kept=kept,
        notice=notice,
        wanted=follow.wanted_words(case) if offer.key == "supply_material" else [],
        question=follow.question(case) if offer.key == "answer_question" else None,
        **_upload_words(),
    )


@bp.post(CASE + "/<action>")
@policy("filer", uploads=True, multi=MULTI)
def act(action: str) -> Response:
    """Do one act, and go back to the case; a refusal shows the form again with everything in it."""
    now = clock.now()
    try:
        case = _followed(now)
    except NotFound as lost:
        return _lapsed(lost)
    offer = _offer(case, action, now)
    try:
        return _act(case, offer, now)
    except Unavailable:
        values = _typed(offer)
        kept = uploads.waiting(case, [one for asked in offer.asked for one in _kept_ids(asked.name)])
        return not_now(_act_page(case, offer, Filled(values), kept, 503, LATER))


def _act(case: Case, offer: Offer, now: datetime) -> Response:
    action = offer.key
    declared = WORKFLOW.action(action)
    values, errors, kept = _read(case, offer, now)
    entered = {**values, **acts.given(declared, local_date(now)), **_ids(offer, kept)}
    shown = [file for files in kept.values() for file in files]
    if errors:
        return _act_page(case, offer, Filled(values, errors), shown, 422)
    try:
        follow.act(case, action, now, seen=_seen(), **entered)
    except Stale as stale:
        notice = "刚刚有了新的进展：" + "；".join(stale.changes) + "。您写的都在下面，要接着提交，请再点一次。"
        return _act_page(case, offer, Filled(values), shown, 409, notice)
    except Faults as faults:
        found = acts.in_our_words(declared, case.kind, faults.faults)
        return _act_page(case, offer, Filled(values, found), shown, 422)
    except Refused as refusal:
        first = refusal.field or next((one.name for one in offer.asked), "action")
        return _act_page(case, offer, Filled(values, {first: refusal.sentence}), shown, type(refusal).status)
    say(offer.words.done)
    return _let(posted(CASE), begin_visit(), case, now)


def _read(
    case: Case, offer: Offer, now: datetime
) -> tuple[dict[str, Any], dict[str, str], dict[str, list[uploads.Shown]]]:
    """Return what was typed, what was not taken of the files, and the files that are there, by field."""
    errors: dict[str, str] = {}
    kept: dict[str, list[uploads.Shown]] = {}
    for asked in offer.asked:
        if asked.type == "files":
            ids, fault = uploads.receive_for(case.id, asked.name, now)
            if fault:
                errors[asked.name] = fault
            kept[asked.name] = uploads.waiting(case, [*_kept_ids(asked.name), *ids])
    return _typed(offer), errors, kept


def _typed(offer: Offer) -> dict[str, Any]:
    form = request.form
    return {
        asked.name: form.getlist(asked.name) if asked.type == "multi_choice" else form.get(asked.name, "")
        for asked in offer.asked
        if asked.type != "files"
    }


def _kept_ids(name: str) -> list[int]:
    """Return the files that an earlier try has brought already; whose they are is checked where they are read."""
    parts = request.form.get(f"kept_{name}", "").split(",")
    return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 19][:50]


def _ids(offer: Offer, kept: dict[str, list[uploads.Shown]]) -> dict[str, list[int]]:
    return {name: [file.key for file in files] for name, files in kept.items() if files}


def _seen() -> int | None:
    text = request.form.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@bp.post("/track/switch")
@policy("filer")
def switch() -> Response:
    """Go over to the other case of the same filing."""
    now = clock.now()
    try:
        case = _followed(now)
    except NotFound as lost:
        return _lapsed(lost)
    other = follow.sibling(case, request.form.get("number", ""))
    return _let(posted(CASE), begin_visit(), other, now)


def _paper_label(paper: Document, seen: Following) -> str:
    """Return the name of a paper; one that was withdrawn says so, the one in its place as well."""
    label = f"《{WORKFLOW.documents[paper.kind].title}》"
    if any(other.replaces_id == paper.id for other in seen.papers) or paper.state == WITHDRAWN:
        label += "（有误，已撤回）"
    if paper.replaces_id is not None:
        label += "（更正后的）"
    return label


@bp.get(CASE + "/papers/<int(max=9223372036854775807):paper_id>")
@policy("filer")
def paper(paper_id: int) -> Response:
    """Hand out a paper that is addressed to the filer."""
    document, body = follow.paper(_followed(clock.now()), paper_id)
    label = WORKFLOW.documents[document.kind].title
    return Response(
        body,
        mimetype="application/pdf",
        headers={"Content-Disposition": disposition(f"{label}.pdf"), "Content-Security-Policy": "sandbox"},
    )


@bp.post("/track/leave")
@policy("filer")
def leave() -> Response:
    """End the visit in this browser: nobody after this one sees the case or the receipt."""
    response = posted("/track/left")
    put_cookie(response, COOKIE, None, same_site="Lax", lasts=None)
    end_visit()
    say("已退出。在这台设备上，别人看不到您的办理情况和回执了。")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
