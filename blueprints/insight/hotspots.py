"""Hot spots: what the system noticed, the evidence of one signal, and the two answers to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, request

from blueprints.insight.asking import Question
from blueprints.insight.frame import show
from blueprints.web import leave, policy, say
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from blueprints.web.staff import current_staff, may_open
from casework import listing
from casework.actors import StaffView
from casework.errors import Faults, NotFound
from casework.hotspots import answering, reading, words
from casework.hotspots.reading import Shown
from casework.incidents import suggesting
from casework.reference import current
from casework.statistics import Narrowed, charts
from models import Signal, clock
from rules import hotspots as law
from rules.citation import cite
from rules.hotspots import FILER, KINDS
from rules.identifiers import row_number
from rules.periods import Period

bp = Blueprint("hotspots", __name__, url_prefix="/insight/hotspots")
HOME = "/insight/hotspots"


@dataclass(frozen=True)
class Bar:
    """One window of the chart: its days, its bar, its number in words; `now` is the one that is looked at."""

    days: tuple[date, date]
    bar: charts.Bar
    number: str
    now: bool
    year_ago: bool


def href(row: Signal) -> str:
    """Return the address of a signal."""
    return f"{HOME}/{row.id}"


@bp.get("")
@policy("staff", "hotspots")
def index() -> Response:
    """List the signals of a view, kind by kind."""
    staff, now = worker_of_desk(), clock.now()
    view = request.args.get("view", "now")
    view = view if view in reading.VIEWS else "now"
    found = reading.listed(staff, view, now)
    groups = [(kind, [one for one in found if one.row.kind == kind.key]) for kind in KINDS.values()]
    gathering = suggesting.waiting(staff) if view == "now" and may_open(current_staff(), ("command",)) else []
    return show(
        "insight/hotspots.html",
        view=view,
        views=[
            {"href": f"{HOME}?view={key}" if key != "now" else HOME, "label": label, "count": 0, "here": key == view}
            for key, label in reading.VIEWS.items()
        ],
        groups=[(kind, signals) for kind, signals in groups if signals],
        gathering=gathering,
        number=len(found),
        law=law,
    )


@bp.get("/<int:signal_id>")
@policy("staff", "hotspots")
def signal(signal_id: int) -> Response:
    """Show a signal with what was compared, its cases and the answers to it."""
    staff = worker_of_desk()
    try:
        shown = reading.find(staff, signal_id)
    except NotFound as gone:  # one that is not there and one for others' eyes: both lead to the person's own list
        say(gone.sentence, tone="warn")
        return leave(HOME)
    return _one(shown, staff)


@bp.post("/<int:signal_id>/aside")
@policy("staff", "hotspots.answer")
def set_aside(signal_id: int) -> Response:
    """Say why a signal needs nothing."""
    staff, typed = worker_of_desk(), {"reason": request.form.get("reason", "")}
    shown = reading.find(staff, signal_id)
    try:
        answering.set_aside(staff, shown, typed["reason"], clock.now())
    except Faults as found:
        return _one(shown, staff, aside=Filled(typed, found.faults, "aside-"))
    say("已搁置。同一件事在时段重叠的时候不再提出。")
    return leave(HOME)


@bp.post("/<int:signal_id>/hand-over")
@policy("staff", "hotspots.answer")
def hand_over(signal_id: int) -> Response:
    """Hand a signal to the editor of the board, with the draft of a warning."""
    staff, typed = worker_of_desk(), {name: request.form.get(name, "") for name in ("title", "text")}
    shown = reading.find(staff, signal_id)
    try:
        answering.hand_over(staff, shown, typed, clock.now())
    except Faults as found:
        return _one(shown, staff, draft=Filled(typed, found.faults, "draft-"))
    say("已交公示栏编辑。发不发布、怎么写，由编辑决定。")
    return leave(href(shown.row))


def _one(shown: Shown, staff: StaffView, aside: Filled | None = None, draft: Filled | None = None) -> Response:
    now = clock.now()
    row = shown.row
    aside = aside or Filled(prefix="aside-")
    draft = draft or Filled(answering.draft(shown) if shown.may_hand_over else {}, prefix="draft-")
    after = row_number(request.args.get("after", ""))
    found = reading.cases(staff, shown, after) if shown.seen else None
    return show(
        "insight/hotspot.html",
        status=422 if aside.errors or draft.errors else 200,
        shown=shown,
        kind=KINDS[row.kind],
        states=reading.STATES,
        compared=words.compared(row.kind, row.evidence),
        factors=words.factors(row.evidence) if row.kind == FILER else [],
        bars=_bars(row),
        rows=listing.rows(found.cases, staff, now) if found else [],
        next_href=f"{href(row)}?after={found.after}#cases" if found and found.after else None,
        first_href=f"{href(row)}#cases" if after else None,
        figures_href=_figures(row) if not KINDS[row.kind].cases and may_open(current_staff(), ("insight",)) else "",
        answered_by=current().names.get(row.answered_by or 0, ""),
        aside=aside,
        draft=draft,
        address=href(row),
        sources=cite("order-121:17") if row.kind == FILER else "",
    )


def _bars(row: Signal) -> list[Bar]:
    """Return the windows from the oldest to the one that is looked at, all bars to one scale."""
    past: list[dict[str, Any]] = list(reversed(row.evidence.get("past", [])))
    if not past:
        return []
    numbers = [(one["count"], one.get("texts")) for one in past] + [(row.evidence["now"], row.evidence.get("texts"))]
    lengths = [round(10_000 * count / texts) if texts else count for count, texts in numbers]
    spans = [(date.fromisoformat(one["first"]), date.fromisoformat(one["last"])) for one in past]
    spans.append((row.first_on, row.last_on))
    drawn = charts.bars([(length, None) for length in lengths])
    return [
        Bar(
            span,
            bar,
            f"{count:,}/{texts:,}" if texts else f"{count:,}",
            place == len(past),
            place < len(past) and past[place]["back"] > law.WINDOWS,
        )
        for place, (span, bar, (count, texts)) in enumerate(zip(spans, drawn, numbers, strict=True))
    ]


def _figures(row: Signal) -> str:
    """Return the address of the cases behind a count of the city."""
    question = Question(Period("custom", row.first_on, row.last_on), narrowed=Narrowed(**reading.narrowing(row)))
    return question.address("/insight/cases", figure="received")
