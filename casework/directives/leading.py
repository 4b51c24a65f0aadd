"""What the issuer does with a directive: put copies on file, remind, withdraw. Each twice is once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from casework import tasks
from casework.actors import StaffView
from casework.directives import clocks, holding, places
from casework.directives.messages import tell
from casework.errors import Conflict, Refused
from casework.reference import current
from models import Directive, DirectiveUnit
from models.base import writing
from models.directive import ACKNOWLEDGED, COMPLETED, RECORDED, RUNNING, WAITING, WITHDRAWN

PAUSE = timedelta(minutes=10)
"""A unit that was reminded is left alone for so long."""
REASON_MOST = 400
_TO_DO = {WAITING: "签收", ACKNOWLEDGED: "上报执行情况"}


def record(copy_id: int, staff: StaffView, now: datetime) -> Directive:
    """Put a copy whose unit has reported on file (销号); with the last one the directive ends. Return the directive.

    Raises NotFound, NotAllowed for who does not speak for the issuing centre, Conflict before the report.
    """
    with writing() as session:
        copy, directive = holding.copy_of(session, copy_id)
        holding.for_issuer(directive, staff)
        if copy.state == RECORDED:
            return directive
        if copy.state != COMPLETED:
            raise Conflict("这个单位还没有上报办结，不能销号。")
        copy.state, copy.recorded_at, copy.recorded_by = RECORDED, now, staff.id
        holding.end_if_done(session, directive, staff, now)
        return directive


def remind(directive_id: int, staff: StaffView, now: datetime, copy_id: int | None = None) -> int:
    """Remind the unit of one copy, or every unit that owes an answer; return how many units were told.

    Who was reminded less than ten minutes ago is not told again. Raises as `record`; Conflict when it has ended.
    """
    added: list[tasks.Added] = []
    with writing() as session:
        directive = holding.directive_of(session, directive_id)
        holding.for_issuer(directive, staff)
        if directive.state != RUNNING:
            raise Conflict("这份指令已经结束，不用再催。")
        owing = (DirectiveUnit.directive_id == directive.id) & DirectiveUnit.state.in_((WAITING, ACKNOWLEDGED))
        wanted = select(DirectiveUnit).where(owing).order_by(DirectiveUnit.id).with_for_update()
        rows = list(session.scalars(wanted.execution_options(populate_existing=True)))
        copies = [
            one
            for one in rows
            if (copy_id is None or one.id == copy_id) and (one.reminded_at is None or one.reminded_at <= now - PAUSE)
        ]
        people = places.heads(session, [one.unit_id for one in copies], current(), now)
        for copy in copies:
            copy.reminded_at = now
            said = f"【催办】请{_TO_DO[copy.state]}指令{directive.number}"
            mark = f"reminder-{copy.id}-{now.timestamp():.0f}"
            added += tell(session, directive, people[copy.unit_id], mark, said, directive.title, now)
    tasks.wake(added)
    return len(copies)


def withdraw(directive_id: int, reason: str, staff: StaffView, now: datetime) -> Directive:
    """Withdraw a directive: every clock stops, the units hear why; what they have reported stays.

    Raises Refused at `reason`, Conflict when it has ended, and as `record`. Twice is once.
    """
    why = reason.strip()
    with writing() as session:
        directive = holding.directive_of(session, directive_id)
        holding.for_issuer(directive, staff)
        if directive.state == WITHDRAWN:
            return directive
        if directive.state != RUNNING:
            raise Conflict("这份指令已经办结，不能撤回。")
        if not why:
            raise Refused("请写明为什么撤回", "reason")
        if len(why) > REASON_MOST:
            raise Refused(f"理由最多{REASON_MOST}个字，现在是{len(why)}个字", "reason")
        directive.state, directive.ended_at, directive.ended_by = WITHDRAWN, now, staff.id
        directive.reason = why
        wanted = select(DirectiveUnit).where(DirectiveUnit.directive_id == directive.id).with_for_update()
        copies = list(session.scalars(wanted.execution_options(populate_existing=True)))
        for copy in copies:
            if copy.state in (WAITING, ACKNOWLEDGED):
                copy.state = WITHDRAWN
        clocks.close(session, [copy.id for copy in copies], [clocks.ACKNOWLEDGE, clocks.REPORT], "withdrawn", now)
        people = places.heads(session, [copy.unit_id for copy in copies], current(), now)
        told = [one for held in people.values() for one in held]
        added = tell(session, directive, told, "withdrawn", f"指令{directive.number}已撤回", why, now)
    tasks.wake(added)
    return directive
