"""The assessment of units: its months, one month's table, one unit's eight items, the notification as files."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from blueprints.insight import assessed
from blueprints.insight.assessed import HOME, Shown, href
from blueprints.insight.frame import show
from blueprints.insight.views import FILES
from blueprints.web import leave, policy, say
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework import attachments
from casework.actors import StaffView
from casework.assessment import keeping, objections, places, printing
from casework.errors import NotFound, Refused
from casework.reference import current
from casework.statistics import sheets
from models import Assessment, clock
from models import document as papers
from rules import assessment as law
from rules.calendar import local_date
from rules.periods import Period

bp = Blueprint("assessment", __name__, url_prefix="/insight/assessment")
PRINTS = {
    papers.QUEUED: "排队等待制作",
    papers.MAKING: "正在排版",
    papers.MADE: "已制成",
    papers.FAILED: "未能制成，已报告管理员",
}


@bp.get("/")
@policy("staff", "insight")
def index() -> Response:
    """List the months."""
    return _index(worker_of_desk(), Filled({}))


def _index(staff: StaffView, form: Filled, status: int = 200) -> Response:
    now = clock.now()
    last = Period.holding("month", local_date(now)).before()
    rows = keeping.listed()
    return show(
        "insight/assessment-months.html",
        status=status,
        rows=[(row, Period.parse(row.month).label, keeping.state_words(row, now)) for row in rows],
        form=Filled({"month": last.key, **form.values}, form.errors),
        may_order=places.may(staff, places.ORDER),
        first=law.counted_from(last, current().calendar),
        last=last,
        missing=last.key not in {row.month for row in rows},
        number_of=printing.number_of,
    )


@bp.post("/")
@policy("staff", "assessment.order")
def order() -> Response:
    """Have a month counted."""
    staff, typed = worker_of_desk(), request.form.get("month", "").strip()[:10]
    try:
        month = keeping.month_of(typed)
        _, new = keeping.order(staff, month, clock.now())
    except NotFound:
        return _index(staff, Filled({"month": typed}, {"month": "请写成2026-10这样的年月。"}), 422)
    except Refused as refused:
        return _index(staff, Filled({"month": typed}, {"month": refused.sentence}), 422)
    say(f"{month.label}的考核开始取数，通常几秒钟。" if new else f"{month.label}的考核已经有了。")
    return leave(href(month.key))


@bp.get("/<month>")
@policy("staff", "insight")
def one(month: str) -> Response:
    """Show a month: its table by groups, breaches, objections, what is still to be done."""
    staff = worker_of_desk()
    try:
        return answer(staff, keeping.find(month))
    except NotFound as gone:
        return back(gone)


def back(gone: NotFound) -> Response:
    """Lead to the list of months."""
    say(gone.sentence, tone="warn")
    return leave(HOME)


def answer(staff: StaffView, row: Assessment, forms: dict[str, Filled] | None = None, status: int = 200) -> Response:
    """Answer with the page of a month; `forms` hold what was typed when it is sent back."""
    found, names = keeping.seen(staff, row), dict(current().names)
    forms = forms or {}
    filed = assessed.objections(row, found, names)
    now = clock.now()
    return show(
        "insight/assessment-month.html",
        status=status,
        assessment=row,
        month=Period.parse(row.month),
        here=href(row.month),
        state=keeping.state_words(row, clock.now()),
        groups=Shown(staff, row).groups(found) if found else [],
        heads=assessed.heads(row),
        least=row.data.get("least"),
        ranked_least=row.data.get("ranked_least"),
        objections=filed,
        waiting=sum(1 for one in filed if one["row"].decided_at is None),
        decision_form=lambda one: forms.get(f"decide-{one.id}") or Filled({}, prefix=f"decide-{one.id}-"),
        withdraw_form=lambda one: forms.get(f"withdraw-{one.id}") or Filled({}, prefix=f"withdraw-{one.id}-"),
        breach_form=forms.get("breach") or Filled({"on": Period.parse(row.month).first.isoformat()}, prefix="breach-"),
        problem=next((form for form in forms.values() if form.errors), None),
        names=names,
        number=printing.number_of(row),
        window_open=keeping.window_open(row, now),
        changed=keeping.changed_since(row),
        **_breaches(staff, row, {one.key for one in found}),
        **_may(staff, row),
    )


def _breaches(staff: StaffView, row: Assessment, seen: set[str]) -> dict[str, Any]:
    units = current().units
    return {
        "breaches": [
            (one, units[one.unit_id].short_name, law.BREACH_KINDS[one.kind])
            for one in keeping.breaches(row.month)
            if units[one.unit_id].key in seen
        ],
        "breach_units": [(None, [(one.key, one.short_name) for one in places.assessed(current())])],
        "breach_kinds": [(None, [(one.key, f"{one.label}（{_effect(one)}）") for one in law.BREACH_KINDS.values()])],
        "effect": _effect,
    }


def _effect(kind: law.BreachKind) -> str:
    return f"“{law.ITEMS[kind.clears].label}”记0分" if kind.clears else f"扣{kind.points}分"


def _may(staff: StaffView, row: Assessment) -> dict[str, Any]:
    is_open, objected = row.state == "open", bool(keeping.corrections(row))
    decides = places.may(staff, places.DECIDE)
    return {
        "may_recount": places.may(staff, places.ORDER) and (row.state == "failed" or (is_open and not objected)),
        "may_decide": decides and is_open,
        "may_enter": decides and is_open and not objected,
        "may_sign": places.may(staff, places.SIGN) and is_open,
        "may_print": places.may(staff, places.DECIDE) and row.print_state == papers.FAILED,
    }


@bp.get("/<month>/units/<unit>")
@policy("staff", "insight")
def unit(month: str, unit: str) -> Response:
    """Show the eight items of one unit: formula, source, what stands behind, objections."""
    staff = worker_of_desk()
    try:
        return answer_unit(staff, keeping.find(month), unit)
    except NotFound as gone:
        return back(gone)


def answer_unit(
    staff: StaffView, row: Assessment, unit_key: str, form: Filled | None = None, status: int = 200
) -> Response:
    """Answer with the page of a unit; `form` holds an objection that is sent back. Raise NotFound."""
    found = next((one for one in keeping.seen(staff, row) if one.key == unit_key), None)
    if found is None:
        raise NotFound("没有这个单位的考核，或者签发以前您还不能看。")
    names = dict(current().names)
    filed = assessed.objections(row, [found], names)
    closed = {one["row"].item for one in filed}
    shown = Shown(staff, row)
    return show(
        "insight/assessment-unit.html",
        status=status,
        assessment=row,
        month=Period.parse(row.month),
        here=href(row.month),
        unit=found,
        group=law.GROUPS[found.group].label,
        line=shown.line(found),
        items=shown.items(found),
        objections=filed,
        breaches=[(one, law.BREACH_KINDS[one["kind"]].label) for one in found.breaches],
        may_object=objections.may_file(staff, row, unit_key, clock.now()),
        form=form or Filled({}),
        choices=[(None, [(one.key, one.label) for one in law.ITEMS.values() if one.key not in closed])],
        state=keeping.state_words(row, clock.now()),
    )


@bp.get("/<month>/notification")
@policy("staff", "insight")
def notification(month: str) -> Response:
    """Hand out the printed notification; while it is not made, lead to where its progress is shown."""
    worker_of_desk()
    try:
        row = keeping.find(month)
    except NotFound as gone:
        return back(gone)
    if row.print_state != papers.MADE:
        said = PRINTS.get(row.print_state or "", "签发以后才印制")
        say(f"通报还没有印好：{said}。", tone="warn")
        return leave(href(row.month))
    name = f"{law.NAME}-{row.month}.pdf"
    headers = {**attachments.HEADERS, "Content-Disposition": attachments.disposition(name)}
    return Response(printing.read(row), mimetype="application/pdf", headers=headers)


@bp.get("/<month>/table/<any(csv, xlsx):suffix>")
@policy("staff", "insight")
def table(month: str, suffix: str) -> Response:
    """Give the table as a file: the units whose figures the person reads."""
    staff = worker_of_desk()
    try:
        row = keeping.find(month)
    except NotFound as gone:
        return back(gone)
    grid = printing.grid(row, keeping.seen(staff, row))
    body = sheets.grid_csv(grid) if suffix == "csv" else sheets.grid_workbook(grid)
    name = attachments.disposition(f"12315考核-{row.month}.{suffix}")
    headers = {**attachments.HEADERS, "Content-Disposition": name}
    return Response(body, content_type=FILES[suffix], headers=headers)
