"""The knowledge base for staff: what waits for review, what is published, writing, publishing, withdrawing."""

from __future__ import annotations

from flask import Blueprint, Response, request

from blueprints.web import leave, page, policy, say
from blueprints.web.forms import Filled
from blueprints.web.pages import forget_public_pages
from blueprints.web.signed_in import worker_of_desk
from blueprints.web.staff import current_staff, may_open
from casework.errors import Faults, NotFound, Refused
from casework.knowledge import keeping
from casework.knowledge.keeping import SavedMeanwhile
from casework.reference import current
from models import KnowledgeEntry, clock
from rules import knowledge as law

HERE = "/desk/knowledge"
bp = Blueprint("knowledge", __name__, url_prefix=HERE)
STEPS = {
    "proposed": "由答复提出",
    "drafted": "写了稿子",
    "published": "审核发布",
    "dropped": "退掉稿子",
    "withdrawn": "撤下",
}


@bp.get("")
@policy("staff", "knowledge")
def index() -> Response:
    """List what waits and what is published."""
    worker_of_desk()
    entered = request.args.get("q", "").strip()[:100]
    return page(
        "desk/knowledge.html",
        waiting=keeping.waiting(),
        entries=keeping.published(entered),
        entered=entered,
        subjects=law.SUBJECTS,
        names=current().names,
    )


@bp.get("/new")
@policy("staff", "knowledge")
def new() -> Response:
    """Show an empty form."""
    worker_of_desk()
    return _form(None, Filled({"version": "0"}))


@bp.post("/new")
@policy("staff", "knowledge")
def write_new() -> Response:
    """Save the draft of a new entry."""
    return _write(None)


@bp.get("/<int:entry_id>")
@policy("staff", "knowledge")
def one(entry_id: int) -> Response:
    """Show an entry: what is published, the draft, what was done; one that is not there leads back to the list."""
    worker_of_desk()
    try:
        return _one(keeping.find(entry_id))
    except NotFound as gone:
        say(gone.sentence, tone="warn")
        return leave(HERE)


@bp.post("/<int:entry_id>")
@policy("staff", "knowledge")
def write(entry_id: int) -> Response:
    """Save the draft of an entry."""
    return _write(entry_id)


def _write(entry_id: int | None) -> Response:
    staff, row = worker_of_desk(), keeping.find(entry_id) if entry_id is not None else None
    typed = request.form.get("version", "")
    version = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else -1
    try:
        saved = keeping.write(staff, entry_id, request.form, version, clock.now())
    except SavedMeanwhile as meanwhile:
        row = keeping.find(entry_id or 0)
        values = {**request.form.to_dict(), "version": str(row.version)}
        return _one(row, Filled(values, {"answer": meanwhile.sentence}), theirs=meanwhile.theirs, status=409)
    except Faults as found:
        form = Filled(request.form, found.faults)
        return _form(None, form, found.status) if row is None else _one(row, form, status=found.status)
    say("稿子已保存，等另一个人审核发布。")
    return leave(f"{HERE}/{saved}")


@bp.post("/<int:entry_id>/publish")
@policy("staff", "knowledge.publish")
def publish(entry_id: int) -> Response:
    """Publish the draft."""
    staff, row = worker_of_desk(), keeping.find(entry_id)
    typed = request.form.get("version", "")
    try:
        keeping.publish(staff, entry_id, int(typed) if typed.isascii() and typed.isdigit() else -1, clock.now())
    except Faults as found:
        return _one(row, Filled(_values(row), found.faults), status=found.status)
    forget_public_pages()
    say("已发布，公众提问时能找到。")
    return leave(f"{HERE}/{entry_id}")


@bp.post("/<int:entry_id>/drop")
@policy("staff", "knowledge.publish")
def drop(entry_id: int) -> Response:
    """Drop the draft with a reason."""
    return _with_note(entry_id, "稿子已退掉。", withdraw=False)


@bp.post("/<int:entry_id>/withdraw")
@policy("staff", "knowledge.publish")
def withdraw(entry_id: int) -> Response:
    """Withdraw what is published."""
    return _with_note(entry_id, "已撤下，公众不再找到。", withdraw=True)


def _with_note(entry_id: int, said: str, *, withdraw: bool) -> Response:
    staff, row = worker_of_desk(), keeping.find(entry_id)
    act = keeping.withdraw if withdraw else keeping.give_back
    note = request.form.get("note", "")
    try:
        act(staff, entry_id, note, clock.now())
    except Refused as found:
        return _one(row, Filled({**_values(row), "note": note}, {"note": found.sentence}), status=found.status)
    forget_public_pages()
    say(said)
    return leave(f"{HERE}/{entry_id}")


def _values(row: KnowledgeEntry) -> dict[str, str]:
    shown = keeping.shown(row)
    return {
        "subject": shown.subject, "question": shown.question, "answer": shown.answer, "basis": shown.basis,
        "version": str(row.version),
    }  # fmt: skip


def _form(row: KnowledgeEntry | None, form: Filled, status: int = 200) -> Response:
    return page(
        "desk/knowledge_new.html", status=status, form=form, subjects=list(law.SUBJECTS.items()), limits=keeping.LIMITS
    )


def _one(
    row: KnowledgeEntry, form: Filled | None = None, *, theirs: keeping.Typed | None = None, status: int = 200
) -> Response:
    staff = current_staff()
    mine = row.drafted_by == staff.id
    return page(
        "desk/knowledge_entry.html",
        status=status,
        row=row,
        form=form or Filled(_values(row)),
        theirs=theirs,
        mine=mine,
        may_publish=may_open(staff, ("knowledge.publish",)),
        subjects=list(law.SUBJECTS.items()),
        limits=keeping.LIMITS,
        steps=keeping.steps(row.id),
        step_names=STEPS,
        names=current().names,
    )
