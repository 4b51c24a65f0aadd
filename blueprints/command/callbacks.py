"""Calling filers back: the sample of a month, how far it is, and what they said."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from blueprints.command.frame import show
from blueprints.desk import present
from blueprints.web import leave, policy, say
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from blueprints.web.staff import current_staff, may_open
from casework import access, callbacks, casewords, identity
from casework.actors import StaffView
from casework.errors import NotFound, Refused
from casework.identity import Identity
from models import Case, callback, clock
from rules.calendar import ZONE, local_date
from rules.workflow import WORKFLOW

bp = Blueprint("callbacks", __name__, url_prefix="/command/callbacks")
STATES = {
    callback.WAITING: ("待回访", "wait"),
    callback.REACHED: ("已回访", "done"),
    callback.NOT_REACHED: ("三次未接通", ""),
    callback.DECLINED: ("拒访", ""),
}
REASON = "回访"
MONTHS = 6
"""Months whose results stand side by side."""


def _choices(field: str) -> list[tuple[str, str]]:
    found = next(one for one in WORKFLOW.fields(callbacks.ACTION, "complaint") if one.name == field)
    return [(choice.key, choice.label) for choice in found.choices]


@bp.get("")
@policy("staff", "callback")
def index() -> Response:
    """Show the drawn cases of a month by unit, and what the calls brought."""
    staff, now = worker_of_desk(), clock.now()
    last, known = callbacks.month_before(local_date(now)), callbacks.months()
    month = request.args.get("month", "") or (known[0] if known else last)
    callbacks.bounds(month)
    rows = callbacks.of_month(staff, month)
    results = callbacks.results(rows)
    return show(
        "command/callbacks.html",
        month=month,
        words=_words(month),
        months=[(one, _words(one)) for one in known],
        made=callbacks.drawn(month),
        last=last,
        last_words=_words(last),
        last_drawn=last in known,
        may_draw=may_open(current_staff(), ("callback.draw",)),
        rows=rows,
        results=results,
        total=callbacks.total(results),
        states=STATES,
        scores=dict(_choices("score")),
        tries=callbacks.TRIES,
        kinds=WORKFLOW.kind_labels,
        following=callbacks.following(staff, month),
        trend=_trend(staff, known),
    )


def _trend(staff: StaffView, known: list[str]) -> dict[str, Any]:
    """Return the results of the last months by unit, where there is more than one month to compare."""
    months = known[:MONTHS]
    found = callbacks.by_month(staff, months) if len(months) > 1 else {}
    return {"months": [(one, _words(one)) for one in months], "units": found}


def _words(month: str) -> str:
    year, _, number = month.partition("-")
    return f"{year}年{int(number)}月"


@bp.post("/draw")
@policy("staff", "callback.draw")
def draw() -> Response:
    """Draw the last month now, if nobody has."""
    now = clock.now()
    month = callbacks.month_before(local_date(now))
    number = callbacks.draw(month, now, drawn_by=worker_of_desk().id)
    if number:
        say(f"{_words(month)}抽出 {number} 件回访。")
    elif callbacks.drawn(month) is not None:
        say(f"{_words(month)}已经抽过，每个月只抽一次。", tone="warn")
    else:
        say(f"{_words(month)}没有可以回访的办结件。", tone="warn")
    return leave("/command/callbacks")


@bp.get("/next")
@policy("staff", "callback")
def next_one() -> Response:
    """Go to the case that is called about next, or to the list when none is left."""
    staff = worker_of_desk()
    month = request.args.get("month", "") or callbacks.month_before(local_date(clock.now()))
    callbacks.bounds(month)
    number = callbacks.following(staff, month)
    if number is None:
        say(f"{_words(month)}的回访，您能打的都打完了。")
    return leave(f"/command/callbacks/{number}" if number else f"/command/callbacks?month={month}")


@bp.get("/<number>")
@policy("staff", "callback")
def one(number: str) -> Response:
    """Show a drawn case with the form of the call; one that was not drawn is called about on its own page."""
    staff = worker_of_desk()
    case = access.find(staff, number)
    if callbacks.of_case(case.id) is None:
        return leave(f"{present.case_href(case.number)}?do={callbacks.ACTION}#do")
    return _one(case, staff)


@bp.post("/<number>/reveal")
@policy("staff", "callback")
def reveal(number: str) -> Response:
    """Show whom to call, once; the look is on record before anything is shown."""
    staff = worker_of_desk()
    case = access.find(staff, number)
    if callbacks.of_case(case.id) is None:
        raise NotFound("这一件没有抽到回访。")
    try:
        found = identity.reveal(case, staff, REASON, clock.now(), to_call=True)
    except Refused as refused:
        return _one(access.find(staff, number), staff, problem=refused.sentence, status=refused.status)
    return _one(access.find(staff, number), staff, revealed=found)


def _one(
    case: Case, staff: StaffView, revealed: Identity | None = None, problem: str = "", status: int = 200
) -> Response:
    now = clock.now()
    state = WORKFLOW.state(case.kind, case.state)
    drawn = callbacks.of_case(case.id)
    may_act = callbacks.callable_now(staff, case)
    return show(
        "command/callback.html",
        status=status,
        case=case,
        drawn=drawn,
        state=state.label,
        kind=WORKFLOW.kind_labels[case.kind],
        category=casewords.category_name(case.category),
        masked=identity.masked(case.id),
        revealed=revealed,
        problem=problem,
        may_reveal=identity.may_reveal(staff, case, now) or identity.may_reveal_to_call(staff, case),
        may_act=may_act,
        href=present.case_href(case.number),
        form=Filled({"called_at": f"{now.astimezone(ZONE):%Y-%m-%d %H:%M}"}),
        reached=_choices("reached"),
        scores=_choices("score"),
        states=STATES,
        tries=callbacks.TRIES,
        words=_words(drawn.month) if drawn is not None else "",
        following=callbacks.following(staff, drawn.month, case.id) if drawn is not None and may_act else None,
    )
