"""Statistics: figures of a period divided as one likes, the cases behind each, and the same figures as files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from blueprints.insight import asking
from blueprints.insight.asking import KINDS, Question, Typed
from blueprints.insight.frame import show
from blueprints.insight.present import TRENDS, Page, numbers_table, trend_lines
from blueprints.web import policy, posted
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework import attachments, listing, statistics
from casework.actors import StaffView
from casework.statistics import Behind, Scope, Table, sheets
from models import clock
from rules import periods
from rules.calendar import local_date
from rules.periods import Period
from rules.statistics import BREAKDOWNS, MEASURES, RATES, TOPICS

bp = Blueprint("insight", __name__, url_prefix="/insight")
FILES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@bp.get("/")
@policy("staff", "insight")
def index() -> Response:
    """Show the figures that the address asks for."""
    staff, now = worker_of_desk(), clock.now()
    question, typed = asking.read(request.args, local_date(now))
    scope = Scope.of(staff, question.unit)
    table = _table(scope, question, now)
    shown = Page(table, question)
    return show(
        "insight/index.html",
        status=422 if typed.faults else 200,
        question=question,
        filled=Filled({}, typed.faults),
        breakdown_label=BREAKDOWNS[question.by],
        fields=_fields(staff, question, typed, scope),
        page=shown,
        table=table,
        trend=_trend(scope, question, now),
        around=_around(question, now),
        narrowed=_narrowed(question, scope),
    )


def _table(scope: Scope, question: Question, now: datetime) -> Table:
    return statistics.figures(
        scope, question.period, question.by, now=now, topic=question.topic, narrowed=question.narrowed
    )


def _trend(scope: Scope, question: Question, now: datetime) -> dict[str, Any] | None:
    """Return how many came and ended in the periods up to this one: chart and table."""
    count = TRENDS.get(question.period.kind)
    if count is None or question.topic != "counts":
        return None
    periods_shown = statistics.latest(question.period, count)
    found = statistics.trend(scope, periods_shown, ("received", "concluded"), now=now, narrowed=question.narrowed)
    chart = trend_lines(found)
    if chart is None:
        return None
    return {"chart": chart, "lines": found.lines, "rows": numbers_table(found), "spans": found.spans}


def _fields(staff: StaffView, question: Question, typed: Typed, scope: Scope) -> list[dict[str, Any]]:
    """Return the fields of the form: name, label, value, options (none: typed), fault."""
    units = [(one.key, one.short_name) for one in statistics.choices(staff)]
    asked = [
        ("span", "按", typed.kind, [(key, f"按{label}") for key, label in periods.KINDS.items()]),
        ("day", "日期", typed.day, None),
        ("until", "止日（起止日期）", typed.until, None),
        ("by", "分项", question.by, list(BREAKDOWNS.items())),
        ("topic", "看什么", question.topic, [(one.key, one.label) for one in TOPICS.values()]),
        ("kind", "类型", question.narrowed.kind, [("", "全部类型"), *KINDS]),
        ("unit", "单位", scope.unit, units),
    ]
    return [
        {"name": name, "label": label, "value": value, "options": options, "fault": typed.faults.get(name, "")}
        for name, label, value, options in asked
    ]


def _around(question: Question, now: datetime) -> list[tuple[str, str]]:
    """Return (words, address) of the periods beside this one, and of the one that runs."""
    found: list[tuple[str, str]] = []
    for find in (question.period.before, question.period.after):
        try:
            other = find()
        except ValueError:
            continue
        if other.begins <= now:
            found.append((other.label, question.other(other).address()))
    if question.period.kind != "custom":
        running = Period.holding(question.period.kind, local_date(now))
        if running != question.period and all(running.label != words for words, _ in found):
            found.append((running.label, question.other(running).address()))
    return found


def _narrowed(question: Question, scope: Scope) -> list[str]:
    """Return the words of what narrows the figures down."""
    return statistics.words_of(scope, question.narrowed)


@bp.get("/cases")
@policy("staff", "insight")
def cases() -> Response:
    """List the cases behind a figure."""
    if "figure" not in request.args:
        return posted("/insight/")
    staff, now = worker_of_desk(), clock.now()
    question, _typed = asking.read(request.args, local_date(now))
    scope = Scope.of(staff, question.unit)
    behind = Behind(question.period, request.args.get("figure", "")[:40], question.narrowed)
    after = request.args.get("after", "")[:80]
    found = statistics.cases(staff, question.unit, behind, after or None, now)
    return show(
        "insight/cases.html",
        question=question,
        title=_figure_words(behind.counter),
        rows=listing.rows(found.cases, staff, now),
        total=statistics.total(scope, behind, now),
        scope_label=scope.label(),
        narrowed=_narrowed(question, scope),
        back=question.address(),
        next_href=question.address("/insight/cases", figure=behind.counter, after=found.after) if found.after else None,
        first_href=question.address("/insight/cases", figure=behind.counter) if after else None,
    )


def _figure_words(counter: str) -> str:
    """Return the words for a counter: those of the figure that shows it."""
    rate, _, what = counter.partition(".")
    if rate in RATES and what:
        said = {"due": "期限届满的", "in_time": "按时的", "late": "没有按时的"}
        return f"{RATES[rate].label}：{said.get(what, '')}"
    named = next((one for one in MEASURES.values() if one.counter == counter and one.kind == "count"), None)
    named = named or next((one for one in MEASURES.values() if counter in (one.counter, one.part, one.whole)), None)
    return named.label if named is not None else ""


@bp.get("/figures/<any(csv, xlsx):suffix>")
@policy("staff", "insight")
def download(suffix: str) -> Response:
    """Give the figures as a file."""
    staff, now = worker_of_desk(), clock.now()
    question, _typed = asking.read(request.args, local_date(now))
    table = _table(Scope.of(staff, question.unit), question, now)
    body = sheets.csv_file(table) if suffix == "csv" else sheets.workbook(table)
    name = attachments.disposition(f"12315统计-{table.period.label}-{BREAKDOWNS[table.breakdown]}.{suffix}")
    headers = {**attachments.HEADERS, "Content-Disposition": name}
    return Response(body, content_type=FILES[suffix], headers=headers)
