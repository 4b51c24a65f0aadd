"""The monthly briefing: the list, the parts that editors write, review and signature, printings."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, request

from blueprints.briefings import figures
from blueprints.web import leave, page, policy, say
from blueprints.web.forms import Filled
from blueprints.web.pages import forget_public_pages
from blueprints.web.signed_in import worker_of_desk
from casework import attachments
from casework.actors import StaffView
from casework.briefings import editions, keeping, pictures, places, standings
from casework.briefings.keeping import Conflict
from casework.errors import Faults, NotFound, Refused
from casework.reference import current
from models import Briefing, BriefingExample, BriefingPicture, clock
from models.attachment import CLEAN, WAITING
from rules import briefing as law
from rules.calendar import local_date
from rules.periods import Period

bp = Blueprint("briefings", __name__, url_prefix="/briefings")
HOME = "/briefings/"


def href(month: str, part: str = "") -> str:
    """Return the address of a month's briefing, at one of its parts."""
    return f"{HOME}{month}" + (f"?part={part}" if part else "")


@bp.get("/")
@policy("staff", "briefing")
def index() -> Response:
    """List the briefings, and how it stands with the districts' reports on the last month."""
    return _index(worker_of_desk(), Filled({}))


def _index(staff: StaffView, form: Filled, status: int = 200) -> Response:
    now = clock.now()
    last = Period.holding("month", local_date(now)).before()
    rows = [one for one in keeping.listed() if keeping.reads(staff, one)]
    months = [Period.parse(one.month).label for one in rows]
    compiled = {one.month for one in keeping.listed()}
    return page(
        "briefings/index.html",
        status=status,
        rows=list(zip(rows, months, strict=True)),
        states=keeping.STATES,
        last=last,
        form=Filled({"month": last.key, **form.values}, form.errors),
        may_edit=places.may(staff, places.EDIT),
        missing=last.key not in compiled,
        standings=standings.of_month(last, now),
        own=[one.key for one in places.districts(staff)],
        reads_all=places.may(staff, places.EDIT) or places.may(staff, places.SIGN),
    )


@bp.post("/")
@policy("staff", "briefing.edit")
def order() -> Response:
    """Have the briefing of a month compiled."""
    staff, typed = worker_of_desk(), request.form.get("month", "").strip()[:10]
    try:
        month = keeping.month_of(typed)
        _, new = keeping.order(staff, month, clock.now())
    except NotFound:
        return _index(staff, Filled({"month": typed}, {"month": "请写成2026-10这样的年月。"}), 422)
    except Refused as refused:
        return _index(staff, Filled({"month": typed}, {"month": refused.sentence}), 422)
    say(f"{month.label}的简报开始汇编，通常几秒钟。" if new else f"{month.label}的简报已经有了。")
    return leave(href(month.key))


@bp.get("/<month>")
@policy("staff", "briefing")
def one(month: str) -> Response:
    """Show a briefing at one of its parts."""
    staff = worker_of_desk()
    try:
        return answer(staff, keeping.find(staff, month), _part())
    except NotFound as gone:
        return back(gone)


def back(gone: NotFound) -> Response:
    """Lead to the list: what is not there and what is not for this person's eyes look the same."""
    say(gone.sentence, tone="warn")
    return leave(HOME)


def _part() -> str:
    asked = request.args.get("part", "")
    return asked if asked in law.SECTIONS else next(iter(law.SECTIONS))


def answer(
    staff: StaffView,
    row: Briefing,
    part: str,
    forms: dict[str, Filled] | None = None,
    conflict: Conflict | None = None,
    status: int = 200,
) -> Response:
    """Answer with the page of a briefing at one part; `forms` hold what was typed when it is sent back."""
    written = keeping.sections(row)
    own = written.get(part)
    filled = {
        "say": Filled({"text": own.text if own else "", "version": str(own.version) if own else "0"}),
        "return": Filled({}, prefix="return-"),
        "picture": Filled({}, prefix="picture-"),
        **(forms or {}),
    }
    month = Period.parse(row.month)
    return page(
        "briefings/one.html",
        status=status,
        briefing=row,
        month=month,
        here=href(row.month),
        part=law.SECTIONS[part],
        parts=_contents(row, part),
        following=_following(part),
        said=keeping.said(row)[part],
        own=own,
        forms=filled,
        conflict=conflict,
        names=current().names,
        examples=keeping.examples(row) if part == "cases" else [],
        example_form=_example_form,
        proposals=row.data.get("proposals", []) if part == "cases" else [],
        shown=figures.beside(row, part),
        steps=keeping.steps(row),
        step_words=keeping.STEPS,
        state=keeping.STATES[row.state],
        may_edit=places.may(staff, places.EDIT) and row.state == "draft",
        may_recount=places.may(staff, places.EDIT) and row.state in ("draft", "failed"),
        may_sign=places.may(staff, places.SIGN) and row.state == "submitted",
        problem=next((form for form in filled.values() if form.errors), None),
        **_printings(staff, row),
        **_pictures(row, part),
    )


def _pictures(row: Briefing, part: str) -> dict[str, Any]:
    found = pictures.shown(row.id, part)
    family = attachments.FAMILIES["image"]
    largest = attachments.size_text(family.max_bytes)
    return {
        "pictures": [(one, file.state == CLEAN, attachments.state_text(file)) for one, file in found],
        "waiting": sum(file.state == WAITING for _one, file in found),
        "picture_form": _picture_form,
        "limits": law,
        "limits_text": f"{attachments.names_of(family)}，每张{largest}以内，最多{law.PICTURES}张",
    }


def _picture_form(one: BriefingPicture) -> Filled:
    values = {"caption": one.caption, "inside": "yes" if one.inside else "", "version": str(one.version)}
    return Filled(values, prefix=f"picture-{one.id}-")


def _example_form(one: BriefingExample) -> Filled:
    values = {"title": one.title, "text": one.text, "version": str(one.version)}
    return Filled(values, prefix=f"example-{one.id}-")


def _contents(row: Briefing, here: str) -> list[dict[str, Any]]:
    written, said, chosen = keeping.sections(row), keeping.said(row), keeping.examples(row)
    found = []
    for key, part in law.SECTIONS.items():
        own = written.get(key)
        word = "写好" if own and own.text.strip() else "有数字" if said[key] else "没写"
        if key == "cases" and chosen:
            word = f"选了{len(chosen)}件"
        found.append({"href": href(row.month, key), "title": part.title, "word": word, "here": key == here})
    return found


def _following(part: str) -> str:
    keys = list(law.SECTIONS)
    place = keys.index(part) + 1
    return keys[place] if place < len(keys) else ""


def _printings(staff: StaffView, row: Briefing) -> dict[str, Any]:
    inside = places.may(staff, places.EDIT) or places.may(staff, places.SIGN)
    made = [one for one in editions.listed(row) if inside or one.edition != law.PREVIEW]
    return {
        "editions": made,
        "ways": editions.way(made),
        "labels": law.EDITIONS,
        "unfinished": [one for one in made if one.state in editions.UNFINISHED],
        "size_text": attachments.size_text,
        "may_sample": places.may(staff, places.EDIT) and bool(row.data) and row.state != "issued",
        "print_key": secrets.token_urlsafe(12),
    }


@bp.post("/<month>/parts/<part>")
@policy("staff", "briefing.edit")
def write(month: str, part: str) -> Response:
    """Save what an editor wrote; when somebody saved meanwhile, show both."""
    staff = worker_of_desk()
    row = keeping.find(staff, month)
    typed = {"text": request.form.get("text", "").replace("\r\n", "\n"), "version": request.form.get("version", "")}
    version = int(typed["version"]) if typed["version"].isdecimal() and len(typed["version"]) < 9 else -1
    try:
        keeping.write(staff, row, part, typed["text"], version, clock.now())
    except Conflict as conflict:
        again = Filled(
            {**typed, "version": str(conflict.version)}, {"text": "这一部分刚才有人保存过，请对照下面的内容再保存。"}
        )
        return answer(staff, row, part, {"say": again}, conflict, 422)
    except Faults as found:
        return answer(staff, row, part, {"say": Filled(typed, found.faults)}, status=422)
    say("已保存。")
    return leave(href(month, request.form.get("next", "") or part))


@bp.post("/<month>/recount")
@policy("staff", "briefing.edit")
def recount(month: str) -> Response:
    """Count the figures of a draft anew."""
    staff = worker_of_desk()
    keeping.recount(staff, keeping.find(staff, month), clock.now())
    say("正在重新取数。已经写好的文字不变。")
    return leave(href(month))


@bp.post("/<month>/submit")
@policy("staff", "briefing.edit")
def submit(month: str) -> Response:
    """Hand a draft to the leader."""
    staff = worker_of_desk()
    keeping.submit(staff, keeping.find(staff, month), clock.now())
    say("已送审，等负责人签发。")
    return leave(href(month))


@bp.post("/<month>/return")
@policy("staff", "briefing.sign")
def give_back(month: str) -> Response:
    """Return a briefing to its editors."""
    staff, reason = worker_of_desk(), request.form.get("reason", "")
    row = keeping.find(staff, month)
    try:
        keeping.give_back(staff, row, reason, clock.now())
    except Faults as found:
        return answer(staff, row, _part(), {"return": Filled({"reason": reason}, found.faults, "return-")}, status=422)
    say("已退回修改。")
    return leave(href(month))


@bp.post("/<month>/issue")
@policy("staff", "briefing.sign")
def issue(month: str) -> Response:
    """Sign a briefing off."""
    staff = worker_of_desk()
    row = keeping.find(staff, month)
    keeping.issue(staff, row, clock.now())
    forget_public_pages()  # the month's figures stand in them from now on
    say(f"已签发，编为第{row.number}期。两种版本正在印制。")
    return leave(href(month))


@bp.post("/<month>/samples")
@policy("staff", "briefing.edit")
def sample(month: str) -> Response:
    """Have a sample printed of what is written now."""
    staff = worker_of_desk()
    editions.sample(staff, keeping.find(staff, month), request.form.get("key", ""), clock.now())
    say("样稿已排队印制。")
    return leave(f"{href(month)}#editions")


@bp.get("/<month>/editions")
@policy("staff", "briefing")
def list_editions(month: str) -> Response:
    """Show the printings alone: the page asks for them again while one is being made."""
    staff = worker_of_desk()
    if "HX-Request" not in request.headers:
        return leave(f"{href(keeping.month_of(month).key)}#editions")
    row = keeping.find(staff, month)
    name = "briefings/_editions.html"
    return page(name, name, briefing=row, here=href(row.month), **_printings(staff, row))


@bp.get("/<month>/editions/<int:edition_id>")
@policy("staff", "briefing")
def edition(month: str, edition_id: int) -> Response:
    """Hand out a printing; while it is not made, lead to where its progress is shown."""
    staff = worker_of_desk()
    try:
        row = keeping.find(staff, month)
    except NotFound as gone:
        return back(gone)
    found = next((one for one in _printings(staff, row)["editions"] if one.id == edition_id), None)
    if found is None or found.sha256 is None:
        say("这一份还没有印好，请过一会儿再看。", tone="warn")
        return leave(f"{href(row.month)}#editions")
    name = f"{law.NAME}-{row.month}-{law.EDITIONS[found.edition]}.pdf"
    headers = {**attachments.HEADERS, "Content-Disposition": attachments.disposition(name)}
    return Response(editions.read(found), mimetype="application/pdf", headers=headers)


@bp.post("/<month>/editions/<int:edition_id>/again")
@policy("staff", "briefing.edit", "briefing.sign")
def edition_again(month: str, edition_id: int) -> Response:
    """Print once more what could not be printed."""
    staff = worker_of_desk()
    row = keeping.find(staff, month)
    editions.again(editions.find(row, edition_id), clock.now())
    say("已重新排队印制。")
    return leave(f"{href(row.month)}#editions")
