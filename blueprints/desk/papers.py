"""The papers of a case on the desk: looked at before they are issued, opened with a record, withdrawn by another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from flask import Blueprint, Response, current_app, render_template, request

from blueprints.desk import present
from blueprints.web import leave, page, policy, say
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework import access, attachments, casefile, documents, papertext, replacing
from casework.documents import Paper
from casework.errors import Faults, NotAllowed, NotFound, Refused
from models import Case, Document, clock
from models import document as states
from rules.workflow import WORKFLOW

bp = Blueprint("papers", __name__, url_prefix="/desk")
KIT = {
    "paper.css": "text/css",
    "preview.css": "text/css",
    "letter.svg": "image/svg+xml",
    "seal-place.svg": "image/svg+xml",
}
"""What a preview loads; the fonts are those of the browser."""
WITHDRAWN = "这份文书已经撤回了。"
NOT_YOURS = "只有承办人和所在单位负责人可以撤回这一件已经制成的文书。"
INLINE = {
    **attachments.HEADERS,
    # Without `sandbox`, under which browsers do not show a PDF: this one we made ourselves.
    "Content-Security-Policy": "default-src 'none'; object-src 'self'; frame-ancestors 'none'",
}


@bp.get("/kit/<name>")
@policy("staff", "desk.read")
def kit(name: str) -> Response:
    """Hand out a style or drawing of the papers."""
    if name not in KIT:
        raise NotFound
    body = (Path(current_app.root_path) / "templates" / "print" / name).read_bytes()
    return Response(body, mimetype=KIT[name])


@bp.get("/cases/<number>/documents/<int:document_id>/preview")
@policy("staff", "desk.read")
def preview(number: str, document_id: int) -> Response:
    """Show a paper that is ordered and not made yet, from the template that will print it."""
    case = access.find(worker_of_desk(), number)
    row = casefile.paper_of(case, document_id)
    if row.file is not None or row.state == states.WITHDRAWN:
        return leave(f"{present.case_href(case.number)}#s-doc")
    if WORKFLOW.documents[row.kind].identifies:
        raise NotAllowed("这份文书写有来件人的身份，制成后由办理这一件的人打开。")
    return sheet(casefile.preview_of(row))


def sheet(paper: Paper) -> Response:
    """Answer with a paper as a page of the browser, marked as a preview."""
    made = render_template(
        papertext.template_of(paper.kind), paper=paper, seal=None, preview=True, **papertext.given(paper)
    )
    return Response(papertext.breaking(made), headers={"Cache-Control": "no-store"})


@bp.post("/cases/<number>/documents/<int:document_id>/open")
@policy("staff", "desk.read")
def open_secret(number: str, document_id: int) -> Response:
    """Hand out a paper that says who filed, to whom may know it; the look is on record before anything is shown."""
    staff, now = worker_of_desk(), clock.now()
    case = access.find(staff, number)
    row = casefile.paper_of(case, document_id)
    if row.file is None:
        raise NotFound("这份文书还没有制成，请过一会儿再看。")
    if WORKFLOW.documents[row.kind].identifies:
        casefile.record_look(case, staff, row, now)
    return handed_out(case, row, inline=bool(request.form.get("inline")))


def handed_out(case: Case, row: Document, *, inline: bool) -> Response:
    """Answer with a paper as issued: to be saved, or shown by the browser, which prints it."""
    title = WORKFLOW.documents[row.kind].title.replace("/", "、")
    disposition = attachments.disposition(f"{title}{case.number}.pdf")
    headers = {**attachments.HEADERS, "Content-Disposition": disposition}
    if inline:
        headers = {**INLINE, "Content-Disposition": disposition.replace("attachment", "inline", 1)}
    return Response(documents.read(row), mimetype="application/pdf", headers=headers)


@bp.get("/cases/<number>/documents/<int:document_id>/withdraw")
@policy("staff", "desk.act")
def withdrawal(number: str, document_id: int) -> Response:
    """Show the form that withdraws a paper by another."""
    staff = worker_of_desk()
    case = access.find(staff, number)
    row = casefile.paper_of(case, document_id)
    if not replacing.may_replace(row, case, staff):
        say(WITHDRAWN if row.state == states.WITHDRAWN else NOT_YOURS)
        return leave(f"{present.case_href(case.number)}#s-doc")
    parts = replacing.mendable(row, case)
    return _form(case, row, Filled({one.field.name: one.value for one in parts}))


@bp.post("/cases/<number>/documents/<int:document_id>/withdraw")
@policy("staff", "desk.act")
def withdraw(number: str, document_id: int) -> Response:
    """Withdraw a paper and order the one in its place."""
    staff, now = worker_of_desk(), clock.now()
    case = access.find(staff, number)
    row = casefile.paper_of(case, document_id)
    _check(row, case, replacing.may_replace(row, case, staff))
    typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
    mended = {name: value for name, value in typed.items() if name != "why"}
    try:
        replacing.replace(row.id, case, staff, typed.get("why", ""), mended, now)
    except Faults as found:
        faults: Mapping[str, str] = found.faults
    except Refused as refused:
        if refused.field is None:
            raise
        faults = {refused.field: refused.sentence}
    else:
        say("已撤回原文书，更正后的正在制作。")
        return leave(f"{present.case_href(case.number)}#s-doc")
    again = access.find(staff, number)  # as it is after the transaction that was rolled back
    return _form(again, casefile.paper_of(again, document_id), Filled(typed, faults), status=422)


def _check(row: Document, case: Case, allowed: bool) -> None:
    if row.state == states.WITHDRAWN:
        raise Refused(WITHDRAWN, conflict=True)
    if not allowed:
        raise NotAllowed(NOT_YOURS)


def _form(case: Case, row: Document, filled: Filled, status: int = 200) -> Response:
    paper = WORKFLOW.documents[row.kind]
    return page(
        "desk/withdraw.html", status=status, case=case, document=row, title=paper.title, filled=filled,
        parts=replacing.mendable(row, case), longest=replacing.LONGEST, told=paper.on_the_page,
    )  # fmt: skip
