"""Filing online: choose, fill in, check, send once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, g, redirect, request

from blueprints.public import entry, guide, keys, questions, uploads
from blueprints.public.entry import Values
from blueprints.public.uploads import Holder
from blueprints.web import begin_visit, current_visit, page, policy, posted, say
from blueprints.web.errors import LATER, not_now
from blueprints.web.pages import by_htmx
from blueprints.web.visits import LASTS, cookie_name, put_cookie
from casework import attachments, drafts, intake
from casework.errors import Faults, NotFound, Refused
from casework.knowledge import finding
from casework.knowledge.finding import Entry
from models import clock
from models.outage import Unavailable
from rules import materials
from rules.calendar import local_date
from rules.workflow import WORKFLOW

bp = Blueprint("filing", __name__)
_KIND = "/file/<any(complaint, report, consultation, suggestion, misconduct):kind>"
DRAFT_COOKIE = "draft"
ASKED = "consultation"
"""The kind whose question may have an answer already."""
STALE = "页面放得太久，还没有提交。您填的内容都在下面，请再点一次提交。"


@bp.get("/file")
@policy("public", cached=True)
def choose() -> Response:
    """Let people choose what it is; `?kind=` is what the form of this page sends."""
    wanted = request.args.get("kind")
    if wanted in questions.KINDS:
        return posted(f"/file/{wanted}")
    return _choose(missing="go" in request.args)


@bp.get("/file/drafts")
@policy("filer")
def kept() -> Response:
    """The same page, after something was done with a draft: it may say so, because nobody else gets this body."""
    return _choose()


def _choose(missing: bool = False) -> Response:
    now = clock.now()
    kinds = guide.kinds(local_date(now))
    response = page(
        "public/file_choose.html",
        status=422 if missing else 200,
        kinds=kinds,
        draft=_kept_draft(now).saved,
        missing=missing,
        label=WORKFLOW.kind_labels,
    )
    if current_visit() is not None:
        response.headers["Cache-Control"] = "no-store"
    return response


@bp.get(_KIND)
@policy("public", cached=True)
def form(kind: str) -> Response:
    """Show an empty form: one body for everybody, without a token."""
    return _form(kind, {}, Holder())


def form_at(kind: str, values: Values) -> Response:
    """Show an empty form in which some fields are filled in: for the code on the poster of a station."""
    return _form(kind, values, Holder())


@bp.post(_KIND)
@policy("filer", first_post=True, uploads=True, multi=("demands", "attachments"))
def fill(kind: str) -> Response:
    """Take the form: upload, remove, save, change, or go on to the page before sending."""
    now, visit = clock.now(), begin_visit()
    values = entry.collect(kind, request.form)
    try:
        return _fill(kind, values, visit, now)
    except Unavailable:
        holder = uploads.held(visit, request.form.get("draft", ""), now)
        sentence = LATER + ("刚才选的文件请重新选。" if uploads.sent_files() else "")
        return not_now(_form(kind, values, holder, notice=sentence))


def _fill(kind: str, values: Values, visit: str, now: datetime) -> Response:
    holder = uploads.held(visit, request.form.get("draft", ""), now)
    holder, refused = uploads.take(visit, kind, holder, now)
    errors = {"attachments": refused} if refused else {}
    if "remove" in request.form:
        uploads.remove(holder, request.form["remove"])
    if "save" in request.form and not errors:
        return _save(kind, values, holder, visit, now)
    if "ask" in request.form and kind == ASKED:
        return _answered(kind, values, holder)
    if {"remove", "upload", "change", "save"} & request.form.keys():
        return _form(kind, values, holder, errors)
    if holder.lost:
        errors["attachments"] = "上传的文件过了保存期，请重新上传"
    found, typed = entry.faults(kind, values, now)
    errors |= found
    if errors:
        return _form(kind, values, holder, errors)
    return _check(kind, values, typed, holder, now)


@bp.post(_KIND + "/send")
@policy("filer", keeps=True, multi=("demands",))
def send(kind: str) -> Response:
    """Send: the one key of the form makes one case of it, however often it arrives."""
    now, visit = clock.now(), current_visit()
    values = entry.collect(kind, request.form)
    key, marked = request.form.get("form_key", ""), request.form.get("draft", "")
    token = keys.token_of(visit, key)
    if token is None or visit is None or g.get("refused_because") == "token":
        return _again(kind, values, marked, now)
    draft = keys.draft_of(visit, marked) if marked else None
    try:
        intake.register(
            intake.NewFiling(kind, entry.entered(values), form_key=key, draft_token=draft),
            now,
        )
    except Refused as refusal:
        return _refused(kind, values, marked, refusal, now)
    except Unavailable:
        return _later(kind, values, marked, now)
    response = posted(f"/file/receipt/{token}")
    if marked and request.cookies.get(cookie_name(DRAFT_COOKIE)) == marked:
        put_cookie(response, DRAFT_COOKIE, None, same_site="Lax", lasts=None)
    return response


@bp.get("/file/draft")
@policy("filer")
def draft() -> Response:
    """Show the form again as it was saved in this browser."""
    holder = _kept_draft(clock.now())
    if holder.saved is None:
        say("没有找到保存的草稿。草稿保存 7 天，只能在保存它的浏览器里接着写。", tone="warn")
        return posted("/file/drafts")
    return _form(holder.saved.kind, holder.saved.values, holder)


@bp.post("/file/draft/erase")
@policy("filer")
def erase() -> Response:
    """Throw the saved draft away, with its files."""
    holder = _kept_draft(clock.now())
    if holder.token is not None:
        drafts.erase(holder.token)
    say("草稿和里面的文件都删掉了。")
    response = posted("/file/drafts")
    put_cookie(response, DRAFT_COOKIE, None, same_site="Lax", lasts=None)
    return response


def _kept_draft(now: datetime) -> Holder:
    visit, marked = current_visit(), request.cookies.get(cookie_name(DRAFT_COOKIE), "")
    return uploads.held(visit, marked, now) if visit and marked else Holder()


def _save(kind: str, values: Values, holder: Holder, visit: str, now: datetime) -> Response:
    """Keep what was typed for a week. Pressing the button is what an informant asks for it with."""
    holder, token, _draft = uploads.begun(visit, kind, holder, now, keep=True)
    try:
        saved = drafts.save(token, kind, values, now, keep=True)
    except (Refused, NotFound) as refusal:
        return _form(kind, values, holder, {"content": refusal.sentence})
    until = local_date(saved.expires_at - timedelta(seconds=1))
    say(f"草稿存好了，保存到{until.month}月{until.day}日。用这个浏览器打开“我要反映”，就能接着写。")
    response = posted("/file/drafts")
    put_cookie(response, DRAFT_COOKIE, holder.marked, same_site="Lax", lasts=LASTS)
    return response


def _answered(kind: str, values: Values, holder: Holder) -> Response:
    """Show entries of the knowledge base that fit the question as far as it is written: to htmx these alone."""
    answers = finding.fitting(str(values.get("content", "")))
    if by_htmx():
        return page("public/_answers.html", "public/_answers.html", answers=answers)
    return _form(kind, values, holder, answers=answers)


def _form(
    kind: str, values: Values, holder: Holder, errors: dict[str, str] | None = None, *, notice: str = "",
    answers: list[Entry] | None = None,
) -> Response:  # fmt: skip
    return page(
        "public/file_form.html",
        "public/_files.html",
        422 if errors else 200,
        kind=kind,
        title=questions.TITLES[kind],
        parts=questions.FORMS[kind],
        needed=questions.NEEDED[kind],
        form=entry.filled(values, errors),
        opened={*values, *(errors or {}), request.form.get("change", "")},
        holder=holder,
        files=holder.files(),
        notice=notice,
        answers=answers,
        **_frame(kind),
    )


def _frame(kind: str) -> dict[str, Any]:
    """Return what a form needs to draw its questions."""
    return {
        "required": {name: field.required for name, field in questions.fields_of(kind).items()},
        "options": lambda name: questions.options(kind, name),
        "groups": lambda name: entry.units() if name == "officer_unit" else questions.groups(kind, name),
        "limits": lambda name: questions.limits(kind, name),
        "districts": entry.districts() if kind in {"complaint", "report"} else "",
        "file_limits": attachments.limits_text(),
        "file_types": attachments.accept(),
    }


def _check(
    kind: str,
    values: Values,
    typed: dict[str, Any],
    holder: Holder,
    now: datetime,
    *,
    status: int = 200,
    notice: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    """Show everything once more, with the one-time key and the token that sending needs."""
    visit = begin_visit()
    late = {ask.name for ask in questions.asks(kind) if ask.late}
    carried = {name: value for name, value in values.items() if name not in late}
    return page(
        "public/file_check.html",
        status=status,
        kind=kind,
        title=questions.TITLES[kind],
        parts=entry.told(kind, typed),
        carried=carried,
        late=[ask for ask in questions.asks(kind) if ask.late],
        form=entry.filled(values, errors),
        holder=holder,
        files=holder.files(),
        better=materials.for_category(str(values.get("category", ""))),
        form_key=keys.form_key(visit, kind, carried, holder.token),
        send=questions.SEND[kind],
        promise=intake.promise(kind, now),
        notice=notice,
        stale=status == 400,
        split=bool(typed.get("also_report")),
        anonymous=bool(typed.get("anonymous")),
        reply_by=typed.get("reply_by"),
        answers=finding.fitting(str(values.get("content", ""))) if kind == ASKED else None,
    )


def _again(kind: str, values: Values, marked: str, now: datetime) -> Response:
    """Answer a send whose key or token is not good (any more): nothing is lost, press once more."""
    visit = begin_visit()
    holder = uploads.held(visit, marked, now)
    found, typed = entry.faults(kind, values, now)
    if found:
        return _form(kind, values, holder, found)
    sentence = STALE + ("上传的文件要重新上传。" if holder.lost else "")
    return _check(kind, values, typed, holder, now, status=400, notice=sentence)


def _later(kind: str, values: Values, marked: str, now: datetime) -> Response:
    """Answer a send that the database could not take: the same page with the same key, for the same press once more."""
    _, typed = entry.faults(kind, values, now)
    holder = uploads.held(begin_visit(), marked, now)
    return not_now(_check(kind, values, typed, holder, now, notice=f"{LATER}同一份内容只会登记一件。"))


def _refused(kind: str, values: Values, marked: str, refusal: Refused, now: datetime) -> Response:
    faults = refusal.faults if isinstance(refusal, Faults) else {refusal.field or "content": refusal.sentence}
    late = {ask.name for ask in questions.asks(kind) if ask.late}
    holder = uploads.held(begin_visit(), marked, now)
    errors = questions.in_our_words(kind, faults) or {"content": refusal.sentence}
    if faults.keys() <= late:
        _, typed = entry.faults(kind, values, now)
        return _check(kind, values, typed, holder, now, status=422, errors=errors)
    return _form(kind, values, holder, errors)


@bp.get(_KIND + "/send")
@policy("public")
def sent(kind: str) -> Response:
    """Lead back somebody who opens the address of sending: it answers only a form."""
    return redirect(f"/file/{kind}", code=303)  # type: ignore[return-value]
