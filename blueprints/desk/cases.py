"""The page of one case, and the one route by which every staff button acts on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from blueprints.desk import panel, present
from blueprints.desk import papers as sheets
from blueprints.desk.panel import Typed
from blueprints.web import leave, page, policy, posted, say
from blueprints.web.errors import LATER, not_now
from blueprints.web.files import handed_out
from blueprints.web.pages import by_htmx, own_path
from blueprints.web.signed_in import worker_of_desk
from blueprints.web.staff import current_staff, may_open
from casework import access, attachments, casefile, casewords, directives, handling, identity, offers
from casework.actors import StaffView, by
from casework.dossiers import showing
from casework.errors import Faults, NotAllowed, NotFound, Refused, Stale
from casework.identity import Identity
from casework.reference import current
from models import Case, clock
from models.outage import Unavailable
from rules.calendar import local_date
from rules.table import Action
from rules.workflow import WORKFLOW

bp = Blueprint("cases", __name__, url_prefix="/desk/cases")
REASONS = (
    ("contact", "联系来件人"),
    ("identity", "核对身份材料"),
    ("serve", "送达文书"),
    ("other", "其他（要写明）"),
)
LIMITS = (
    f"图片、PDF、录音、视频或 TXT，最多 {attachments.MAX_FILES} 个，一共 {attachments.size_text(attachments.MAX_TOTAL)}"
)


@bp.get("/<number>")
@policy("staff", "desk.read")
def show(number: str) -> Response:
    """Show a case; `?do=` opens the form of an action that is not among the usual ones."""
    staff = worker_of_desk()
    return _case(access.find(staff, number), staff, clock.now(), wanted=request.args.get("do", ""))


def _case(
    case: Case,
    staff: StaffView,
    now: datetime,
    *,
    wanted: str = "",
    typed: Typed | None = None,
    status: int = 200,
    revealed: Identity | None = None,
    reveal_error: str = "",
    stale: Stale | None = None,
    done: str = "",
) -> Response:
    file = casefile.look(case, staff, now)
    context = {
        "file": file,
        "case": case,
        "head": _head(file),
        "anchors": _anchors(file),
        "panel": panel.panel(file, staff, wanted, typed, now),
        "badge": present.badge,
        "problem": typed is not None and bool(typed.errors),
        "stale": stale,
        "done": done,
        "revealed": revealed,
        "reveal_error": reveal_error,
        "reasons": REASONS,
        "size_text": attachments.size_text,
        "limits": LIMITS,
        "kind_label": WORKFLOW.kind_labels[case.kind],
        "business_href": present.Place(q=file.business.name if file.business else "").href(),
        "facts": casewords.summary(case, file.text),
        "orders": directives.of_case(case, staff),
        "incident_href": _incident_href(file),
        "order_href": _order_href(case, staff),
        "dossier": showing.shown(staff, case, now),
        "then": _then(),
    }
    if done and by_htmx():
        return posted(present.case_href(case.number), "desk/_case.html", **context)
    return page("desk/case.html", "desk/_case.html", status=status, **context)


def _then() -> str:
    """Return where the form of a list wants to go on after the act; empty for the forms of the case itself."""
    return own_path(request.form.get("then"), "")


def _incident_href(file: casefile.CaseFile) -> str | None:
    """Return the address of the incident of a case for those who may open the command pages."""
    if file.incident is None or not may_open(current_staff(), ("command",)):
        return None
    return f"/command/incidents/{file.incident.id}"


def _order_href(case: Case, staff: StaffView) -> str:
    """Return where a directive about this case is issued, an empty text for who may not."""
    may = case.kind in WORKFLOW.action("attach_directive").kinds and directives.may_issue(staff)
    return f"/command/directives/new?case={case.number}" if may else ""


def _head(file: casefile.CaseFile) -> dict[str, Any]:
    case = file.case
    category = casewords.category_name(case.category)
    words = [WORKFLOW.kind_labels[case.kind], category, file.unit]
    words.append(f"承办人 {file.handler}" if file.handler else "")
    words.append(casewords.channel_name(case))
    return {
        "number": case.number,
        "state": file.state,
        "tone": file.tone,
        "badge": present.badge(file.term),
        "group": "、".join(words for words, _red in file.flags) or None,
        "matter": case.matter or "密封件",
        "meta": [word for word in words if word],
        "received_at": case.received_at,
    }


def _anchors(file: casefile.CaseFile) -> list[tuple[str, str, int | None]]:
    return [
        ("s-sum", "概要", None),
        ("do", "办理", None),
        ("s-file", "材料", len(file.files)),
        ("s-line", "经过", len(file.log)),
        ("s-doc", "文书", len(file.papers)),
        *([("s-dossier", "卷宗", None)] if file.case.closed_at is not None else []),
        ("s-link", "关联", len(file.links) + (file.incident is not None)),
    ]


@bp.get("/<number>/<action>")
@policy("staff", "desk.read")
def form(number: str, action: str) -> Response:
    """Take somebody who loads the address of an act anew (a form sent back stood there) to its form."""
    case = access.find(worker_of_desk(), number)
    if action not in WORKFLOW.actions:
        raise NotFound
    return leave(f"{present.case_href(case.number)}?do={action}#do")


@bp.post("/<number>/<action>")
@policy("staff", "desk.act", uploads=True, multi=panel.MULTI)
def act(number: str, action: str) -> Response:
    """Take an action on a case. What ends it or issues an official form is shown once more first."""
    staff, now = worker_of_desk(), clock.now()
    case = access.find(staff, number)
    if action not in WORKFLOW.actions:
        raise NotFound("没有这个办理动作。")
    row = WORKFLOW.action(action)
    seen = panel.seen_in(request.form)
    _check_place(case, row, staff, seen, now)
    values = panel.entered(request.form, row, case.kind, local_date(now))
    if request.form.get("preview"):
        return _preview(case, row, staff, seen, values, now)
    if request.form.get("edit"):
        return _case(case, staff, now, typed=Typed(action, values))
    try:
        return _act(case, row, staff, seen, values, now)
    except Unavailable:
        typed = Typed(action, values, {"act": LATER})
        return not_now(_case(_again(staff, number), staff, now, typed=typed, status=503))


def _act(
    case: Case, row: Action, staff: StaffView, seen: int | None, values: dict[str, Any], now: datetime
) -> Response:
    action, number = row.key, case.number
    faults = panel.receive(request.files, row, case.kind, values, staff, now)
    if faults:
        return _case(case, staff, now, typed=Typed(action, values, faults), status=422)
    try:
        if request.form.get("confirmed") != "yes" and offers.may_need_confirmation(row, case.kind):
            foreseen = offers.rehearse(case, row, by(staff), now, seen, values)
            if foreseen.confirmed_first:
                return _confirm(_again(staff, number), row, foreseen, values)
        handling.apply(case, action, by(staff), now, seen=seen, **values)
    except Stale as stale:
        return _case(_again(staff, number), staff, now, typed=Typed(action, values), status=409, stale=stale)
    except Faults as found:
        return _case(_again(staff, number), staff, now, typed=Typed(action, values, found.faults), status=422)
    except Refused as refused:
        return _refused(refused, _again(staff, number), staff, now, Typed(action, values))
    return _acted(case, row, staff, now)


def _check_place(case: Case, row: Action, staff: StaffView, seen: int | None, now: datetime) -> None:
    """Refuse what this person may not do, and what has no place at this state, before anything typed is judged.

    A form from before the last event is left to `handling.apply`: it knows a second press from a stale page.
    """
    if access.acting_role(by(staff), row, access.columns(case), current()) is None:
        if seen is None or seen == case.seq:
            raise NotAllowed(f"您现在不能对这一件做“{row.label}”。")
        return
    why = offers.misplaced(case, row, now) if seen is None or seen == case.seq else None
    if why is not None:
        raise Refused(why, conflict=True)


def _again(staff: StaffView, number: str) -> Case:
    """Return the case as it is now, after a transaction that was rolled back."""
    return access.find(staff, number)


def _refused(refused: Refused, case: Case, staff: StaffView, now: datetime, typed: Typed) -> Response:
    names = [field.name for field in WORKFLOW.fields(typed.action, case.kind)]
    where = refused.field if refused.field in names else "act"
    return _case(
        case, staff, now, typed=Typed(typed.action, typed.values, {where: refused.sentence}), status=refused.status
    )


def _confirm(case: Case, row: Action, foreseen: offers.Foreseen, values: dict[str, Any]) -> Response:
    return page(
        "desk/confirm.html",
        "desk/_confirm.html",
        case=case,
        action=row,
        foreseen=foreseen,
        facts=casewords.answers(case, row, values),
        hidden=[
            (name, one)
            for name, value in {**values, "then": _then()}.items()
            for one in ([value] if isinstance(value, str) else value)
        ],
        seen=request.form.get("seen", ""),
        rules=casewords.term_labels(foreseen.opened),
    )


def _preview(
    case: Case, row: Action, staff: StaffView, seen: int | None, values: dict[str, Any], now: datetime
) -> Response:
    """Show a paper that an act would issue; the act is taken back."""
    foreseen = offers.rehearse(case, row, by(staff), now, seen, values)
    wanted = request.form.get("preview", "")
    found = next((sheet for sheet in foreseen.sheets if sheet.kind == wanted), None)
    if found is None:
        raise NotFound("这一步不出这份文书。")
    return sheets.sheet(found)


def _acted(case: Case, row: Action, staff: StaffView, now: datetime) -> Response:
    """Say what was done, on the page of the case, or on the desk when the case has left this person's reach."""
    state = WORKFLOW.state(case.kind, case.state).label
    said = f"“{row.label}”已办好，{case.number} 现在是“{state}”。"
    if not access.may_read(staff, access.columns(case), current()):
        say(said)
        return leave("/desk/")
    if by_htmx() and not _then():
        return _case(_again(staff, case.number), staff, now, done=said)
    say(said)
    return leave(_then() or present.case_href(case.number))


@bp.post("/<number>/reveal")
@policy("staff", "desk.read")
def reveal(number: str) -> Response:
    """Show who the filer is, once; the look is on record before anything is shown."""
    staff, now = worker_of_desk(), clock.now()
    case = access.find(staff, number)
    words = dict(REASONS)
    key, note = request.form.get("reason", ""), request.form.get("note", "").strip()
    reason = note if key == "other" else words.get(key, "")
    if not reason:
        sentence = "请写明为什么要看" if key == "other" else "请选择为什么要看"
        return _case(case, staff, now, status=422, reveal_error=sentence)
    try:
        found = identity.reveal(case, staff, f"{reason}：{note}" if note and key != "other" else reason, now)
    except Refused as refused:
        return _case(_again(staff, number), staff, now, status=422, reveal_error=refused.sentence)
    return _case(_again(staff, number), staff, now, revealed=found)


@bp.get("/<number>/files/<int:file_id>")
@policy("staff", "desk.read")
def file(number: str, file_id: int) -> Response:
    """Hand out the harmless copy of a file."""
    case = access.find(worker_of_desk(), number)
    return handed_out(attachments.open_clean(attachments.one_of_case(case, file_id)))


@bp.post("/<number>/files/<int:file_id>/original")
@policy("staff", "desk.read")
def original(number: str, file_id: int) -> Response:
    """Hand out the sealed original, to whom may see the filer, with the reason on record."""
    staff, now = worker_of_desk(), clock.now()
    case = access.find(staff, number)
    if not identity.may_reveal(staff, case, now):
        raise NotAllowed("只有办理这一件的人可以查看原件。")
    reason = request.form.get("reason", "")
    return handed_out(attachments.open_original(file_id, case=case, staff_id=staff.id, reason=reason, now=now))


@bp.get("/<number>/documents/<int:document_id>")
@policy("staff", "desk.read")
def document(number: str, document_id: int) -> Response:
    """Hand out a paper as it was issued; `?view` lets the browser show and print it."""
    case = access.find(worker_of_desk(), number)
    row = casefile.paper_of(case, document_id)
    if row.file is None:
        raise NotFound("这份文书还没有制成，请过一会儿再看。")
    if WORKFLOW.documents[row.kind].identifies:
        raise NotAllowed("这份文书写有来件人的身份，请在文书一栏按“打开”查看，查看会留下记录。")
    return sheets.handed_out(case, row, inline="view" in request.args)


@bp.post("/<number>/documents/<int:document_id>/again")
@policy("staff", "desk.act")
def make_again(number: str, document_id: int) -> Response:
    """Have a paper made once more that could not be made."""
    case = access.find(worker_of_desk(), number)
    casefile.make_again(casefile.paper_of(case, document_id), clock.now())
    say("已重新排队制作。")
    return leave(f"{present.case_href(number)}#s-doc")


@bp.get("/<number>/papers")
@policy("staff", "desk.read")
def papers(number: str) -> Response:
    """Show the papers of a case alone: the page asks for them again while one is being made."""
    staff = worker_of_desk()
    case = access.find(staff, number)
    if not by_htmx():
        return leave(f"{present.case_href(case.number)}#s-doc")
    found = casefile.papers_of(case, staff)
    return page("desk/_papers.html", "desk/_papers.html", case=case, papers=found, size_text=attachments.size_text)
