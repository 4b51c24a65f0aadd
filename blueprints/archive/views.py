"""The archive: what is due for destruction, the lists, the decision of another person, the printed list."""

from __future__ import annotations

from flask import Blueprint, Response, request

from blueprints.web import leave, page, policy, say
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework import attachments
from casework.actors import StaffView
from casework.dossiers import destroying
from casework.errors import Faults, NotFound
from casework.reference import current
from models import Destruction, clock
from rules import retention

bp = Blueprint("archive", __name__, url_prefix="/archive")
HOME = "/archive/"
_ANSWERS = {"yes": True, "no": False}


@bp.get("/")
@policy("staff", "archive")
def index() -> Response:
    """Show what is due for destruction, and the lists."""
    return _index(worker_of_desk(), Filled({}), ())


def _index(staff: StaffView, form: Filled, chosen: tuple[str, ...], status: int = 200) -> Response:
    rows = destroying.lists(staff)
    return page(
        "archive/index.html",
        status=status,
        due=[(row, case, retention.words(case.retention)) for row, case in destroying.due(staff, clock.now())],
        lists=[(row, destroying.count_items(row)) for row in rows],
        states=destroying.STATES,
        form=form,
        chosen=chosen,
        may_propose=bool(destroying.bureaus(staff, destroying.PROPOSE)),
        most=destroying.MOST,
    )


@bp.post("/")
@policy("staff", "archive.propose", multi=("cases",))
def propose() -> Response:
    """Put the chosen dossiers on a new list."""
    staff = worker_of_desk()
    chosen = tuple(request.form.getlist("cases"))
    reason = request.form.get("reason", "")
    ids = [int(one) for one in dict.fromkeys(chosen) if one.isascii() and one.isdigit() and len(one) < 16]
    try:
        row = destroying.propose(staff, ids, reason, clock.now())
    except Faults as found:
        return _index(staff, Filled({"reason": reason}, found.faults), chosen, 422)
    say("销毁清册已提出，等待负责人审批。")
    return leave(f"{HOME}{row.id}")


@bp.get("/<int:destruction_id>")
@policy("staff", "archive")
def one(destruction_id: int) -> Response:
    """Show one list."""
    staff = worker_of_desk()
    try:
        row = destroying.find(staff, destruction_id)
    except NotFound as gone:
        say(gone.sentence, tone="warn")
        return leave(HOME)
    return _one(staff, row, Filled({}))


def _one(staff: StaffView, row: Destruction, form: Filled, status: int = 200) -> Response:
    names = current().names
    return page(
        "archive/one.html",
        status=status,
        row=row,
        items=[(item, case, retention.words(item.retention)) for item, case in destroying.items(row)],
        states=destroying.STATES,
        form=form,
        may_decide=destroying.may_decide(staff, row),
        proposed_by=names.get(row.proposed_by, ""),
        decided_by=names.get(row.decided_by or 0, ""),
        size_text=attachments.size_text,
    )


@bp.post("/<int:destruction_id>")
@policy("staff", "archive.decide")
def decide(destruction_id: int) -> Response:
    """Approve a list, or refuse it."""
    staff = worker_of_desk()
    row = destroying.find(staff, destruction_id)
    typed = {"agrees": request.form.get("agrees", ""), "decision": request.form.get("decision", "")}
    agrees = _ANSWERS.get(typed["agrees"])
    try:
        destroying.decide(staff, row, agrees, typed["decision"], clock.now())
    except Faults as found:
        return _one(staff, destroying.find(staff, destruction_id), Filled(typed, found.faults), 422)
    say("已批准，正在销毁。" if agrees else "已退回，不销毁。")
    return leave(f"{HOME}{destruction_id}")


@bp.post("/<int:destruction_id>/print")
@policy("staff", "archive")
def printed(destruction_id: int) -> Response:
    """Hand out the printed list."""
    row = destroying.find(worker_of_desk(), destruction_id)
    headers = {**attachments.HEADERS, "Content-Disposition": attachments.disposition(f"档案销毁清册{row.id}.pdf")}
    return Response(destroying.read(row), mimetype="application/pdf", headers=headers)
