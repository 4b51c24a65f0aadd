"""Incidents: cases that are about one thing, on one page, with what the system suggests."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from blueprints.command import chart
from blueprints.command.frame import show
from blueprints.desk import present
from blueprints.web import leave, policy, say
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework import attachments, listing
from casework.actors import StaffView
from casework.bulk import Result
from casework.errors import Faults, NotFound, Refused
from casework.incidents import figures, keeping, membership, reports, suggesting
from casework.incidents.figures import Narrowed
from casework.reference import current
from models import Incident, IncidentReport, clock
from rules.identifiers import row_number
from rules.incidents import KINDS, LEVELS, NOTES
from rules.workflow import WORKFLOW

bp = Blueprint("incidents", __name__, url_prefix="/command/incidents")
HOME = "/command/incidents"
KIND_OPTIONS = [(one.key, f"{one.label}（{one.help}）") for one in KINDS.values()]
LEVEL_OPTIONS = [(one.key, one.label) for one in LEVELS.values()]


def href(incident: Incident, **narrowed: str) -> str:
    """Return the address of an incident, its cases narrowed down to those of a figure."""
    query = urlencode({name: value for name, value in narrowed.items() if value})
    return f"{HOME}/{incident.id}" + (f"?{query}#cases" if query else "")


@bp.get("")
@policy("staff", "command")
def index() -> Response:
    """List the incidents that the person sees, open ones first, and what the system suggests."""
    staff = worker_of_desk()
    found = keeping.listed(staff)
    return show(
        "command/incidents.html",
        incidents=[(one, href(one)) for one in found],
        sums=figures.sums(staff, [one.id for one in found]),
        units=current().units,
        kinds=KINDS,
        levels=LEVELS,
        suggestions=suggesting.waiting(staff),
        may_change=membership.may_change(staff),
    )


@bp.get("/new")
@policy("staff", "command.order")
def new() -> Response:
    """Show the form that opens an incident."""
    staff = worker_of_desk()
    units = keeping.lead_units(staff, current())
    return _form(Filled({"key": _new_key(), "level": "general", "unit": units[0][0] if units else ""}), staff)


def _form(form: Filled, staff: StaffView, status: int = 200) -> Response:
    return show("command/incident_new.html", status=status, form=form, **_choices(staff))


def _choices(staff: StaffView) -> dict[str, Any]:
    return {"kinds": KIND_OPTIONS, "levels": LEVEL_OPTIONS, "units": keeping.lead_units(staff, current())}


@bp.post("/new")
@policy("staff", "command.order")
def begin() -> Response:
    """Open an incident; the form's key makes a second press the same one."""
    staff, values = worker_of_desk(), _typed("title", "kind", "level", "unit", "text")
    try:
        incident = keeping.open_incident(staff, values, values["key"], clock.now())
    except Faults as found:
        return _form(Filled(values, found.faults), staff, 422)
    say(f"已建立事件 {incident.number}。")
    return leave(href(incident))


@bp.get("/<int:incident_id>")
@policy("staff", "command")
def one(incident_id: int) -> Response:
    """Show an incident; its cases may be narrowed down to those behind one figure."""
    staff = worker_of_desk()
    return _one(membership.find(staff, incident_id), staff, clock.now())


def _one(
    incident: Incident, staff: StaffView, now: datetime, forms: Mapping[str, Filled] | None = None, status: int = 200
) -> Response:
    ref = current()
    counted = figures.look(staff, incident, now)
    narrowed = _narrowed()
    found = figures.cases(staff, incident, narrowed, row_number(request.args.get("after", "")), now)
    args = {name: request.args.get(name, "")[:40] for name in ("day", "unit", "kind", "state", "overdue")}
    filled = {name: Filled({"key": _new_key()}, prefix=f"{name}-") for name in ("note", "attach", "end", "detach")}
    filled |= forms or {}
    made = reports.of(staff, incident)
    return show(
        "command/incident.html",
        status=status,
        incident=incident,
        figures=counted,
        chart=chart.of_days(counted.by_day),
        share=chart.share,
        most=max((part.count for part in counted.by_unit), default=0),
        lead=ref.units[incident.unit_id].name,
        kind=KINDS[incident.kind].label,
        level=LEVELS[incident.level].label,
        notes=keeping.notes(incident),
        note_kinds=[(word.key, word.label) for word in NOTES.values() if _may_note(word.who, staff, incident)],
        rows=present.rows(listing.rows(found.cases, staff, now)),
        narrowed=_narrowed_words(narrowed),
        narrowed_here=not narrowed.empty,
        next_href=href(incident, **args, after=str(found.after)) if found.after else None,
        first_href=href(incident, **args) + ("" if any(args.values()) else "#cases")
        if request.args.get("after")
        else None,
        here=href(incident),
        href=lambda **narrow: href(incident, **narrow),
        forms_of=filled,
        problem=next((form for form in filled.values() if form.errors), None),
        may_change=membership.may_change(staff),
        leads=membership.leads(staff, incident, ref),
        left=suggesting.left_of(staff, incident) if membership.may_change(staff) else None,
        **_report_context(made),
    )


def _report_context(made: list[IncidentReport]) -> dict[str, Any]:
    return {
        "reports": made,
        "ways": reports.way(made),
        "unfinished": [row for row in made if row.state in reports.UNFINISHED],
        "size_text": attachments.size_text,
        "names": current().names,
        "report_units": current().units,
    }


def _may_note(who: str, staff: StaffView, incident: Incident) -> bool:
    return who == "sees" or membership.leads(staff, incident, current())


def _narrowed() -> Narrowed:
    """Return what the address asks for; what it does not know is left out."""
    asked = request.args
    try:
        day = date.fromisoformat(asked.get("day", ""))
    except ValueError:
        day = None
    return Narrowed(
        day=day,
        unit=row_number(asked.get("unit", "")),
        kind=asked.get("kind", "")[:20],
        state=asked.get("state", "")[:50],
        overdue=asked.get("overdue") == "yes",
    )


def _narrowed_words(narrowed: Narrowed) -> str:
    ref = current()
    words = [f"{narrowed.day.month}月{narrowed.day.day}日收到" if narrowed.day else ""]
    unit = ref.units.get(narrowed.unit or 0)
    words.append(unit.short_name if unit else "")
    words.append(WORKFLOW.kind_labels.get(narrowed.kind, ""))
    kind, _, state = narrowed.state.partition(".")
    known = WORKFLOW.states.get(kind, {}).get(state)
    words.append(known.label if known else "")
    words.append("已超期" if narrowed.overdue else "")
    return "，".join(word for word in words if word)


@bp.post("/<int:incident_id>/notes")
@policy("staff", "command.order")
def note(incident_id: int) -> Response:
    """Add a fact, an order or a decision to the log."""
    staff, now, values = worker_of_desk(), clock.now(), _typed("kind", "text", "directive")
    incident = membership.find(staff, incident_id)
    try:
        keeping.note(staff, incident, values, values["key"], now)
    except Refused as refused:
        return _again(incident_id, staff, now, "note", values, refused, "text")
    say("已记入经过。")
    return leave(f"{href(incident)}#log")


@bp.post("/<int:incident_id>/attach")
@policy("staff", "command.order")
def attach(incident_id: int) -> Response:
    """Gather cases by their numbers, one by one; say which were not, and why."""
    staff, now, values = worker_of_desk(), clock.now(), _typed("numbers")
    incident = membership.find(staff, incident_id)
    try:
        result = keeping.attach(staff, incident, keeping.split(values["numbers"]), now)
    except Refused as refused:
        return _again(incident_id, staff, now, "attach", values, refused, "numbers")
    return _result(result, incident)


@bp.post("/<int:incident_id>/detach")
@policy("staff", "command.order", multi=("case",))
def detach(incident_id: int) -> Response:
    """Take the ticked cases out, one by one; say which were not, and why."""
    staff, now, values = worker_of_desk(), clock.now(), _typed("reasons")
    incident = membership.find(staff, incident_id)
    try:
        result = keeping.detach(staff, incident, request.form.getlist("case"), values["reasons"], now)
    except Refused as refused:
        return _again(incident_id, staff, now, "detach", values, refused, "reasons")
    return _result(result, incident)


@bp.post("/<int:incident_id>/end")
@policy("staff", "command.order")
def end(incident_id: int) -> Response:
    """End an incident; its cases go on by their own procedure."""
    staff, now, values = worker_of_desk(), clock.now(), _typed("conclusion")
    incident = membership.find(staff, incident_id)
    try:
        keeping.end(staff, incident, values["conclusion"], now)
    except Refused as refused:
        return _again(incident_id, staff, now, "end", values, refused, "conclusion")
    say("事件已结束。各件仍按各自的程序办理。")
    return leave(href(incident))


def _again(
    incident_id: int, staff: StaffView, now: datetime, form: str, values: dict[str, str], refused: Refused, field: str
) -> Response:
    """Show the page again with what was typed and the sentence at its field."""
    errors = refused.faults if isinstance(refused, Faults) else {field: refused.sentence}
    filled = Filled(values, errors, prefix=f"{form}-")
    return _one(membership.find(staff, incident_id), staff, now, {form: filled}, refused.status)


def _result(result: Result, incident: Incident) -> Response:
    if result.refused:
        return show("command/incident_result.html", result=result, incident=incident, back=href(incident))
    say(f"已{result.label}{len(result.done)}件。" if result.done else "没有要办的件。")
    return leave(f"{href(incident)}#cases")


@bp.post("/<int:incident_id>/reports")
@policy("staff", "command.order")
def order_report(incident_id: int) -> Response:
    """Freeze what stands now and have a situation report made of it."""
    staff = worker_of_desk()
    incident = membership.find(staff, incident_id)
    reports.order(staff, incident, _typed()["key"], clock.now())
    say("情况报告已排队制作，数字以现在的为准。")
    return leave(f"{href(incident)}#reports")


@bp.get("/<int:incident_id>/reports")
@policy("staff", "command")
def list_reports(incident_id: int) -> Response:
    """Show the reports alone: the page asks for them again while one is being made."""
    staff = worker_of_desk()
    incident = membership.find(staff, incident_id)
    if "HX-Request" not in request.headers:
        return leave(f"{href(incident)}#reports")
    return show(
        "command/_incident_reports.html",
        "command/_incident_reports.html",
        incident=incident,
        here=href(incident),
        may_change=membership.may_change(staff),
        report_key=_new_key(),
        **_report_context(reports.of(staff, incident)),
    )


@bp.get("/<int:incident_id>/reports/<int:report_id>")
@policy("staff", "command")
def report(incident_id: int, report_id: int) -> Response:
    """Hand out a report as it was made; while it is not, lead to where its progress is shown."""
    staff = worker_of_desk()
    incident = membership.find(staff, incident_id)
    try:
        row = reports.find(staff, incident, report_id)
    except NotFound as gone:  # one that is not there and one for others' eyes: both lead to the person's own list
        say(gone.sentence, tone="warn")
        return leave(f"{href(incident)}#reports")
    if row.sha256 is None:
        say("这份情况报告还没有制成，请过一会儿再看。", tone="warn")
        return leave(f"{href(incident)}#reports")
    name = f"情况报告{incident.number}-{row.id}.pdf"
    headers = {**attachments.HEADERS, "Content-Disposition": attachments.disposition(name)}
    return Response(reports.read(row), mimetype="application/pdf", headers=headers)


@bp.post("/<int:incident_id>/reports/<int:report_id>/again")
@policy("staff", "command.order")
def report_again(incident_id: int, report_id: int) -> Response:
    """Have a report made once more that could not be made."""
    staff = worker_of_desk()
    incident = membership.find(staff, incident_id)
    reports.again(reports.find(staff, incident, report_id), clock.now())
    say("已重新排队制作。")
    return leave(f"{href(incident)}#reports")


@bp.get("/suggestions/<int:suggestion_id>")
@policy("staff", "command")
def suggestion(suggestion_id: int) -> Response:
    """Show a suggestion with its evidence, and the two answers to it."""
    staff = worker_of_desk()
    return _suggestion(suggesting.find(staff, suggestion_id), staff)


def _suggestion(
    shown: suggesting.Shown, staff: StaffView, opening: Filled | None = None, dismissing: Filled | None = None
) -> Response:
    units = keeping.lead_units(staff, current())
    first = {"title": shown.title, "kind": "group_complaint", "level": "general", "unit": units[0][0] if units else ""}
    opening = opening or Filled(first, prefix="open-")
    dismissing = dismissing or Filled(prefix="dismiss-")
    return show(
        "command/incident_suggestion.html",
        status=422 if opening.errors or dismissing.errors else 200,
        shown=shown,
        cases=[
            (case, present.case_href(case.number), WORKFLOW.state(case.kind, case.state).label, listing.tone(case))
            for case in shown.cases
        ],
        opening=opening,
        dismissing=dismissing,
        may_answer=membership.may_change(staff) and shown.whole and shown.row.state == "waiting",
        address=f"{HOME}/suggestions/{shown.row.id}",
        **_choices(staff),
    )


@bp.post("/suggestions/<int:suggestion_id>/open")
@policy("staff", "command.order")
def take_suggestion(suggestion_id: int) -> Response:
    """Open an incident from a suggestion and gather its cases one by one."""
    staff, values = worker_of_desk(), _typed("title", "kind", "level", "unit", "text")
    shown = suggesting.find(staff, suggestion_id)
    try:
        incident, result = suggesting.take(staff, shown, values, clock.now())
    except Faults as found:
        again = suggesting.find(staff, suggestion_id)
        return _suggestion(again, staff, opening=Filled(values, found.faults, "open-"))
    if not result.refused:
        say(f"已建立事件 {incident.number}，纳入{len(result.done)}件。")
        return leave(href(incident))
    return _result(result, incident)


@bp.post("/suggestions/<int:suggestion_id>/dismiss")
@policy("staff", "command.order")
def dismiss_suggestion(suggestion_id: int) -> Response:
    """Say that a suggestion is no incident."""
    staff, values = worker_of_desk(), _typed("reason")
    shown = suggesting.find(staff, suggestion_id)
    try:
        suggesting.dismiss(staff, shown, values["reason"], clock.now())
    except Faults as found:
        again = suggesting.find(staff, suggestion_id)
        return _suggestion(again, staff, dismissing=Filled(values, found.faults, "dismiss-"))
    say("已记下：不归为事件。")
    return leave(HOME)


def _typed(*names: str) -> dict[str, str]:
    """Return what was typed, and the key of the form: that of the page, or a new one for a form without."""
    key = request.form.get("key", "")
    good = re.fullmatch(r"[A-Za-z0-9_-]{8,40}", key) is not None
    return {"key": key if good else _new_key(), **{name: request.form.get(name, "") for name in names}}


def _new_key() -> str:
    return secrets.token_urlsafe(12)
