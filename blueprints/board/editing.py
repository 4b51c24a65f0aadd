"""The board as its editors work on it: list, form with preview, review, publication, correction, withdrawal."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from blueprints.board import show
from blueprints.web import leave, page, policy, say
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework.actors import StaffView
from casework.board import correcting, enclosing, keeping, markup, places, typed
from casework.errors import Faults, NotFound, SavedMeanwhile
from casework.reference import current
from models import Notice, clock
from rules import board as law
from rules.identifiers import row_number

bp = Blueprint("board_editing", __name__, url_prefix="/board/edit")
HOME = "/board/edit"
LABELS = {
    "category": "栏目", "title": "标题", "summary": "提要", "body": "正文", "publish_at": "登出时间",
    "expires_at": "到期时间", "note": "更正说明",
}  # fmt: skip
KEY = 40
"""Characters of the key of a form that are kept."""


def href(row: Notice) -> str:
    """Return the address at which a notice is worked on."""
    return f"{HOME}/{row.id}"


@bp.get("")
@policy("staff", "board.edit", "board.publish")
def index() -> Response:
    """List the notices of a state."""
    staff = worker_of_desk()
    numbers = keeping.numbers()
    asked = request.args.get("view", "")
    state = asked if asked in law.STATES else _first(staff, numbers)
    rows, after = keeping.listed(state, row_number(request.args.get("after", "")))
    tabs = [
        {"href": f"{HOME}?view={key}", "label": label, "count": numbers[key], "here": key == state,
         "red": key == law.REVIEW}
        for key, label in law.STATES.items()
    ]  # fmt: skip
    return page(
        "board/index.html",
        rows=rows,
        state=state,
        tabs=tabs,
        more=f"{HOME}?view={state}&after={after}" if after else None,
        corrections=keeping.waiting_corrections(),
        categories=law.CATEGORIES,
        names=current().names,
        now=clock.now(),
        may_edit=places.may(staff, places.EDIT),
    )


def _first(staff: StaffView, numbers: Mapping[str, int]) -> str:
    if places.may(staff, places.PUBLISH) and numbers[law.REVIEW]:
        return law.REVIEW
    return law.DRAFT if numbers[law.DRAFT] else law.PUBLISHED


@bp.get("/new")
@policy("staff", "board.edit")
def new() -> Response:
    """Show the form of a new notice."""
    worker_of_desk()
    return _form(None, Filled({"key": secrets.token_urlsafe(12)}))


@bp.post("/new")
@policy("staff", "board.edit")
def create() -> Response:
    """Keep a new draft; the key of the form makes a repeat the same one. A preview keeps nothing."""
    staff, values = worker_of_desk(), _values("key")
    try:
        notice_id = keeping.draft(staff, values, clock.now(), source=f"form:{values['key'][:KEY]}")
    except Faults as found:
        return _form(None, Filled(values, found.faults), status=422)
    say("草稿已保存。可以上传图片和附件，写好后送审。")
    return leave(f"{HOME}/{notice_id}")


@bp.post("/preview")
@policy("staff", "board.edit")
def preview() -> Response:
    """Show what was typed as everybody will read it; nothing is kept."""
    worker_of_desk()
    values = _values("key", "note")
    found = row_number(request.form.get("notice", ""))
    row = keeping.find(found) if found is not None else None
    title, body = values["title"][: law.TITLE], values["body"][: law.TEXT]
    own = keeping.files_of(row.id) if row is not None else frozenset()
    told = markup.fault(body, own, row.id if row is not None else None)
    shown = {"title": title, "text": markup.for_editors(body), "told": told}
    if "HX-Request" in request.headers:
        return page("board/_preview.html", "board/_preview.html", shown=shown)
    if row is not None and row.state == law.PUBLISHED:
        return answer(row, forms={"correct": Filled(values, prefix="correct-")}, shown=shown)
    return _form(row, Filled(values), shown=shown)


def _values(*more: str) -> dict[str, str]:
    names = (*typed.FIELDS, "version", *more)
    return {name: request.form.get(name, "").replace("\r\n", "\n") for name in names}


def _form(
    row: Notice | None,
    form: Filled,
    *,
    theirs: SavedMeanwhile | None = None,
    shown: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response:
    """Answer with the form alone for a new notice, else with the page of the notice."""
    if row is not None:
        return answer(row, forms={"edit": form}, theirs=theirs, shown=shown, status=status)
    return page(
        "board/new.html", status=status, form=form, shown=shown, notice=None, limits=law, theirs=None, labels=LABELS,
        categories=_choices(), action=f"{HOME}/new",
    )  # fmt: skip


def _choices() -> list[tuple[None, list[tuple[str, str]]]]:
    return [(None, [(one.key, one.label) for one in law.CATEGORIES.values()])]


@bp.get("/<int:notice_id>")
@policy("staff", "board.edit", "board.publish")
def one(notice_id: int) -> Response:
    """Show a notice with what may be done about it."""
    worker_of_desk()
    try:
        return answer(_find(notice_id))
    except NotFound as gone:
        say(gone.sentence, tone="warn")
        return leave(HOME)


def _find(notice_id: int) -> Notice:
    return keeping.find(row_number(str(notice_id)) or 0)


def answer(
    row: Notice,
    *,
    forms: Mapping[str, Filled] | None = None,
    theirs: SavedMeanwhile | None = None,
    shown: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response:
    """Answer with the page of a notice; `forms` hold what was typed when it is sent back."""
    staff, correction = worker_of_desk(), correcting.waiting(row)
    started = correcting.values_of(correction) if correction else {**keeping.values_of(row), "note": "", "version": ""}
    filled = {
        "edit": Filled(keeping.values_of(row)),
        "correct": Filled(started, prefix="correct-"),
        "return": Filled(prefix="return-"),
        "withdraw": Filled(prefix="withdraw-"),
        "file": Filled(prefix="file-"),
        **(forms or {}),
    }
    may_edit, may_publish = places.may(staff, places.EDIT), places.may(staff, places.PUBLISH)
    return page(
        "board/one.html",
        status=status,
        notice=row,
        here=href(row),
        forms=filled,
        problem=next((form for form in filled.values() if form.errors), None),
        theirs=theirs,
        shown=shown,
        labels=LABELS,
        limits=law,
        categories=_choices(),
        action=href(row),
        category=law.CATEGORIES[row.category],
        state=law.STATES[row.state],
        text=markup.for_editors(row.body),
        correction=correction,
        corrected_text=markup.for_editors(correction.body) if correction else None,
        old=[one for one in correcting.texts(row) if one.approved_at is not None][:-1],
        steps=keeping.steps(row),
        step_words=keeping.STEPS,
        names=current().names,
        files=[show.own_file(file, row) for file in enclosing.of(row)],
        sheets=show.sheet_lines(row),
        now=clock.now(),
        may_edit=may_edit,
        may_publish=may_publish,
        correcting_now=bool(correction or (forms or {}).get("correct")),
    )


@bp.post("/<int:notice_id>")
@policy("staff", "board.edit")
def save(notice_id: int) -> Response:
    """Save a draft; when somebody saved meanwhile, show both."""
    staff, row, values = worker_of_desk(), _find(notice_id), _values()
    try:
        keeping.save(staff, row, values, clock.now())
    except SavedMeanwhile as found:
        again = Filled({**values, "version": str(found.version)}, {"body": found.sentence})
        return _form(row, again, theirs=found, status=422)
    except Faults as found:
        return _form(row, Filled(values, found.faults), status=422)
    say("已保存。")
    if request.form.get("next") == "submit":
        keeping.submit(staff, row, clock.now())
        say("已保存并送审，等另一位同事审核。")
    return leave(href(row))


@bp.post("/<int:notice_id>/submit")
@policy("staff", "board.edit")
def submit(notice_id: int) -> Response:
    """Hand a draft to a second person."""
    row = _find(notice_id)
    keeping.submit(worker_of_desk(), row, clock.now())
    say("已送审，等另一位同事审核。")
    return leave(href(row))


@bp.post("/<int:notice_id>/take-back")
@policy("staff", "board.edit")
def take_back(notice_id: int) -> Response:
    """Take a submitted notice back."""
    row = _find(notice_id)
    keeping.take_back(worker_of_desk(), row, clock.now())
    say("已取回，可以修改。")
    return leave(href(row))


@bp.post("/<int:notice_id>/return")
@policy("staff", "board.publish")
def give_back(notice_id: int) -> Response:
    """Return a notice to its editors."""
    row, reason = _find(notice_id), request.form.get("reason", "")
    try:
        keeping.give_back(worker_of_desk(), row, reason, clock.now())
    except Faults as found:
        return answer(row, forms={"return": Filled({"reason": reason}, found.faults, "return-")}, status=422)
    say("已退回修改。")
    return leave(href(row))


@bp.post("/<int:notice_id>/publish")
@policy("staff", "board.publish")
def publish(notice_id: int) -> Response:
    """Approve a notice."""
    row, now = _find(notice_id), clock.now()
    keeping.publish(worker_of_desk(), row, now)
    say("审核通过，已登出。" if row.publish_at <= now else "审核通过，到登出时间自动登出。")
    return leave(href(row))


@bp.post("/<int:notice_id>/pin")
@policy("staff", "board.publish")
def pin(notice_id: int) -> Response:
    """Let a notice stand above the others, or no longer."""
    row, on = _find(notice_id), request.form.get("on") == "yes"
    keeping.pin(worker_of_desk(), row, on, clock.now())
    say("已置顶。" if on else "已取消置顶。")
    return leave(href(row))


@bp.post("/<int:notice_id>/withdraw")
@policy("staff", "board.publish")
def withdraw(notice_id: int) -> Response:
    """Take a notice off the board."""
    row, reason = _find(notice_id), request.form.get("reason", "")
    try:
        keeping.withdraw(worker_of_desk(), row, reason, clock.now())
    except Faults as found:
        return answer(row, forms={"withdraw": Filled({"reason": reason}, found.faults, "withdraw-")}, status=422)
    say("已撤下，原来的地址上写着撤下的原因。")
    return leave(href(row))


@bp.post("/<int:notice_id>/drop")
@policy("staff", "board.edit")
def drop(notice_id: int) -> Response:
    """Delete a draft."""
    keeping.drop(worker_of_desk(), _find(notice_id))
    say("草稿已删除。")
    return leave(HOME)
