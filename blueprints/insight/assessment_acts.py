"""What is done to a month's assessment: counted anew, breaches, objections, decisions, the signature."""

from __future__ import annotations

from flask import Blueprint, Response, request

from blueprints.insight.assessed import href
from blueprints.insight.assessment import answer, answer_unit
from blueprints.web import leave, policy, say
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework.assessment import keeping, objections, printing
from casework.errors import Faults, Refused
from models import clock

bp = Blueprint("assessment_acts", __name__, url_prefix="/insight/assessment")
MOST = 4000
"""Characters that are kept of what was typed, to be shown again."""


def _typed(*names: str) -> dict[str, str]:
    return {name: request.form.get(name, "").replace("\r\n", "\n")[:MOST] for name in names}


@bp.post("/<month>/recount")
@policy("staff", "assessment.order")
def recount(month: str) -> Response:
    """Count a month anew."""
    staff, row = worker_of_desk(), keeping.find(month)
    keeping.recount(staff, row, clock.now())
    say("正在重新取数，通常几秒钟。")
    return leave(href(month))


@bp.post("/<month>/breaches")
@policy("staff", "assessment.decide")
def enter(month: str) -> Response:
    """Enter a breach."""
    staff, row = worker_of_desk(), keeping.find(month)
    typed = _typed("unit", "kind", "on", "text")
    try:
        keeping.enter_breach(staff, keeping.month_of(month), typed, clock.now())
    except Faults as found:
        return answer(staff, row, {"breach": Filled(typed, found.faults, "breach-")}, 422)
    say("已登记。重新取数以后计入得分。")
    return leave(f"{href(month)}#breaches")


@bp.post("/<month>/breaches/<int:breach_id>")
@policy("staff", "assessment.decide")
def withdraw(month: str, breach_id: int) -> Response:
    """Withdraw a breach with a reason."""
    staff, row, typed = worker_of_desk(), keeping.find(month), _typed("why")
    try:
        keeping.withdraw_breach(staff, keeping.month_of(month), breach_id, typed["why"], clock.now())
    except Faults as found:
        name = f"withdraw-{breach_id}"
        return answer(staff, row, {name: Filled(typed, found.faults, f"{name}-")}, 422)
    say("已撤销，记录仍然保留。重新取数以后得分才变。")
    return leave(f"{href(month)}#breaches")


@bp.post("/<month>/units/<unit>/objections")
@policy("staff", "assessment.object")
def object_to(month: str, unit: str) -> Response:
    """File an objection for a unit."""
    staff, row, typed = worker_of_desk(), keeping.find(month), _typed("item", "reason")
    try:
        objections.file(staff, row, unit, typed["item"], typed["reason"], clock.now())
    except Faults as found:
        return answer_unit(staff, row, unit, Filled(typed, found.faults), 422)
    except Refused as refused:
        return answer_unit(staff, row, unit, Filled(typed, {refused.field or "reason": refused.sentence}), 422)
    say("申诉已提出，市局核对后答复。")
    return leave(f"{href(month)}/units/{unit}#objections")


@bp.post("/<month>/objections/<int:objection_id>")
@policy("staff", "assessment.decide")
def decide(month: str, objection_id: int) -> Response:
    """Decide an objection."""
    staff, row = worker_of_desk(), keeping.find(month)
    typed = _typed("upheld", "answer", "part", "whole", "score")
    try:
        found = objections.decide(staff, row, objection_id, typed, clock.now())
    except Faults as faults:
        name = f"decide-{objection_id}"
        return answer(staff, row, {name: Filled(typed, faults.faults, f"{name}-")}, 422)
    say("申诉成立，得分已更正，原来的得分仍然保留。" if found.upheld else "申诉不成立，已答复。")
    return leave(f"{href(month)}#objections")


@bp.post("/<month>/sign")
@policy("staff", "assessment.sign")
def sign(month: str) -> Response:
    """Sign a month."""
    staff, row = worker_of_desk(), keeping.find(month)
    keeping.sign(staff, row, clock.now())
    say(f"已签发，编为{printing.number_of(row)}。通报正在印制。")
    return leave(href(month))


@bp.post("/<month>/print")
@policy("staff", "assessment.decide")
def print_again(month: str) -> Response:
    """Print once more what could not be printed."""
    worker_of_desk()
    printing.again(keeping.find(month), clock.now())
    say("已重新排队印制。")
    return leave(href(month))
