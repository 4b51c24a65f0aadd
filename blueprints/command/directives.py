"""Directives: orders in an emergency, and who has answered them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Blueprint, Response, request

from blueprints.command import entries
from blueprints.command.frame import show
from blueprints.web import leave, policy, say
from blueprints.web.files import handed_out
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework import attachments, casefile, directives, documents
from casework.actors import StaffView
from casework.errors import Refused
from models import Directive, clock
from rules.identifiers import row_number

bp = Blueprint("directives", __name__, url_prefix="/command/directives")


@bp.get("")
@policy("staff", "command")
def index() -> Response:
    """List the directives that concern this person; what their own units owe stands first."""
    staff, now = worker_of_desk(), clock.now()
    running = request.args.get("view") != "ended"
    rows, following = directives.listed(staff, now, running=running, before=row_number(request.args.get("before", "")))
    return show(
        "command/directives.html",
        rows=rows,
        following=following,
        running=running,
        own=directives.own(staff, now) if running else [],
        may_issue=directives.may_issue(staff),
    )


@bp.get("/<int:directive_id>")
@policy("staff", "command")
def one(directive_id: int) -> Response:
    """Show a directive with its copies; htmx asks for the table of these alone, each minute."""
    staff = worker_of_desk()
    return _page(directives.find(staff, directive_id), staff, clock.now())


def _page(
    directive: Directive, staff: StaffView, now: datetime, typed: dict[int, Filled] | None = None, status: int = 200
) -> Response:
    sheet = directives.one(directive, staff, now)
    blank = {copy.row.id: Filled({"form_key": entries.new_key()}, prefix=f"c{copy.row.id}-") for copy in sheet.copies}
    return show(
        "command/directive.html",
        "command/_copies.html",
        status=status,
        sheet=sheet,
        directive=sheet.directive,
        elapsed=elapsed,
        asked_at=now,
        forms_of={**blank, **(typed or {})},
        leading=(typed or {}).get(0, Filled(prefix="w-")),
        limits=entries.LIMITS,
        size_text=attachments.size_text,
        paper_state=documents.progress_text(sheet.paper) if sheet.paper else "",
    )


def elapsed(time: timedelta) -> str:
    """Return a stretch of time to the minute: 40分, 2小时10分, 1天3小时."""
    minutes = int(time.total_seconds()) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days}天{hours}小时"
    return f"{hours}小时{minutes % 60}分" if hours else f"{minutes}分"


def _href(directive: Directive) -> str:
    return f"/command/directives/{directive.id}"


@bp.post("/copies/<int:copy_id>/acknowledge")
@policy("staff", "command")
def acknowledge(copy_id: int) -> Response:
    """Acknowledge the copy of a unit."""
    staff = worker_of_desk()
    directive = directives.of_copy(staff, copy_id)
    first = directives.acknowledge(copy_id, staff, clock.now())
    say("已签收。" if first else "这份指令先前已经签收。")
    return leave(_href(directive))


@bp.post("/copies/<int:copy_id>/report")
@policy("staff", "command", uploads=True, multi=("files",))
def report(copy_id: int) -> Response:
    """Take the report of a unit: on the way, or with `final` the last one."""
    staff, now = worker_of_desk(), clock.now()
    directive = directives.of_copy(staff, copy_id)
    final = request.form.get("final") == "yes"
    files, wrong = entries.received("files", staff, now)
    token, text = entries.key_in_form(), request.form.get("text", "")
    write: Callable[..., object] = directives.complete if final else directives.report
    try:
        if wrong:
            raise Refused(wrong, "files")
        plain, key = text.replace("\r\n", "\n"), entries.key_of(token)
        write(copy_id, plain, staff, now, form_key=key, files=entries.ids_of(files))
    except Refused as refused:
        values = {"text": text, "form_key": token, "files": files}
        filled = Filled(values, {refused.field or "text": refused.sentence}, prefix=f"c{copy_id}-")
        return _page(directives.find(staff, directive.id), staff, now, {copy_id: filled}, refused.status)
    say("已上报办结，等待销号。" if final else "进展已上报。")
    return leave(_href(directive))


@bp.post("/copies/<int:copy_id>/record")
@policy("staff", "command.order")
def record(copy_id: int) -> Response:
    """Put the copy of a unit on file."""
    staff = worker_of_desk()
    directives.of_copy(staff, copy_id)
    directive = directives.record(copy_id, staff, clock.now())
    say("已销号。" if directive.ended_at is None else "已销号，这份指令全部办结。")
    return leave(_href(directive))


@bp.post("/copies/<int:copy_id>/remind")
@policy("staff", "command.order")
def remind_one(copy_id: int) -> Response:
    """Remind one unit."""
    staff = worker_of_desk()
    return _reminded(directives.of_copy(staff, copy_id), staff, copy_id)


@bp.post("/<int:directive_id>/remind")
@policy("staff", "command.order")
def remind(directive_id: int) -> Response:
    """Remind every unit that owes an answer."""
    staff = worker_of_desk()
    return _reminded(directives.find(staff, directive_id), staff, None)


def _reminded(directive: Directive, staff: StaffView, copy_id: int | None) -> Response:
    told = directives.remind(directive.id, staff, clock.now(), copy_id)
    say(f"已催办{told}个单位。" if told else "十分钟内已经催办过，或者没有要催的单位。")
    return leave(_href(directive))


@bp.post("/<int:directive_id>/withdraw")
@policy("staff", "command.order")
def withdraw(directive_id: int) -> Response:
    """Withdraw a directive with its reason."""
    staff, now = worker_of_desk(), clock.now()
    directive = directives.find(staff, directive_id)
    reason = request.form.get("reason", "")
    try:
        directives.withdraw(directive_id, reason.replace("\r\n", "\n"), staff, now)
    except Refused as refused:
        filled = Filled({"reason": reason}, {"reason": refused.sentence}, prefix="w-")
        return _page(directives.find(staff, directive_id), staff, now, {0: filled}, refused.status)
    say("已撤回，受令单位已收到消息。")
    return leave(_href(directive))


@bp.get("/<int:directive_id>/paper")
@policy("staff", "command")
def paper(directive_id: int) -> Response:
    """Hand out the paper as it was issued; until it is made, say so on the page."""
    directive = directives.find(worker_of_desk(), directive_id)
    row = directives.paper_of(directive)
    if row is None or row.file is None:
        say("指令单还没有制成，请过一会儿再看。", tone="warn")
        return leave(_href(directive))
    name = attachments.disposition(f"指令单{directive.number}.pdf")
    headers = {**attachments.HEADERS, "Content-Disposition": name}
    return Response(documents.read(row), mimetype="application/pdf", headers=headers)


@bp.post("/<int:directive_id>/paper/again")
@policy("staff", "command.order")
def paper_again(directive_id: int) -> Response:
    """Have the paper made once more that could not be made."""
    directive = directives.find(worker_of_desk(), directive_id)
    row = directives.paper_of(directive)
    if row is not None:
        casefile.make_again(row, clock.now())
        say("已重新排队制作。")
    return leave(_href(directive))


@bp.get("/<int:directive_id>/files/<int:enclosure_id>")
@policy("staff", "command")
def enclosure(directive_id: int, enclosure_id: int) -> Response:
    """Hand out the harmless copy of a file of the directive, or of an answer that this person may see."""
    staff = worker_of_desk()
    directive = directives.find(staff, directive_id)
    opened = attachments.open_clean(directives.file_of(directive, staff, enclosure_id))
    return handed_out(opened)
