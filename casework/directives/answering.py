"""What a unit does with its copy: acknowledge it, report on the way, report at the end. Each twice is once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import attachments
from casework.actors import StaffView
from casework.directives import clocks, holding
from casework.directives.messages import tell
from casework.directives.words import RESULT_MOST
from casework.errors import Conflict, NotFound, Refused
from casework.reference import current
from models import Directive, DirectiveReport, DirectiveUnit
from models.base import writing
from models.directive import ACKNOWLEDGED, COMPLETED, RECORDED, WAITING


def acknowledge(copy_id: int, staff: StaffView, now: datetime) -> bool:
    """Acknowledge a copy; return False when somebody of the unit had done so before.

    Raises NotFound, NotAllowed for who does not answer for the unit, Conflict after a withdrawal.
    """
    with writing() as session:
        copy, directive = holding.copy_of(session, copy_id)
        holding.for_unit(copy, directive, staff)
        return _acknowledge(session, copy, staff, now)


def _acknowledge(session: Session, copy: DirectiveUnit, staff: StaffView, now: datetime) -> bool:
    if copy.state != WAITING:
        return False
    copy.state, copy.acknowledged_at, copy.acknowledged_by = ACKNOWLEDGED, now, staff.id
    clocks.close(session, [copy.id], [clocks.ACKNOWLEDGE], "done", now)
    return True


def report(
    copy_id: int, text: str, staff: StaffView, now: datetime, *, form_key: str, files: Sequence[int] = ()
) -> DirectiveReport:
    """Report how far a unit has come; what was not acknowledged is with it. The same form twice is one report.

    Raises Refused at `text` or `files`, and as `acknowledge`.
    """
    with writing() as session:
        copy, directive = holding.copy_of(session, copy_id)
        holding.for_unit(copy, directive, staff)
        twin = _by_key(session, form_key)
        if twin is not None:
            return twin
        if copy.state in (COMPLETED, RECORDED):
            raise Conflict("本单位已经上报办结，不用再报进展。")
        _acknowledge(session, copy, staff, now)
        return _written(session, copy, text, staff, now, form_key, files, final=False)


def complete(
    copy_id: int, text: str, staff: StaffView, now: datetime, *, form_key: str, files: Sequence[int] = ()
) -> DirectiveReport:
    """Report that a unit has carried the directive out: its clocks stop, the issuer hears of it.

    The same form twice is one report; another one after it is refused. Raises as `report`.
    """
    with writing() as session:
        copy, directive = holding.copy_of(session, copy_id)
        holding.for_unit(copy, directive, staff)
        twin = _by_key(session, form_key)
        if twin is not None:
            return twin
        if copy.state in (COMPLETED, RECORDED):
            who = current().names.get(copy.completed_by or 0, "同事")
            raise Conflict(f"{who}已经上报办结，不用再报。")
        _acknowledge(session, copy, staff, now)
        made = _written(session, copy, text, staff, now, form_key, files, final=True)
        copy.state, copy.completed_at, copy.completed_by = COMPLETED, now, staff.id
        clocks.close(session, [copy.id], [clocks.ACKNOWLEDGE, clocks.REPORT], "done", now)
        _tell_issuer(session, directive, copy, now)
        return made


def _by_key(session: Session, form_key: str) -> DirectiveReport | None:
    return session.scalar(select(DirectiveReport).where(DirectiveReport.form_key == form_key))


def _written(
    session: Session,
    copy: DirectiveUnit,
    typed: str,
    staff: StaffView,
    now: datetime,
    form_key: str,
    files: Sequence[int],
    *,
    final: bool,
) -> DirectiveReport:
    text = typed.strip()
    if not text:
        raise Refused("请填写执行情况", "text")
    if len(text) > RESULT_MOST:
        raise Refused(f"执行情况最多{RESULT_MOST}个字，现在是{len(text)}个字", "text")
    made = DirectiveReport(
        directive_unit_id=copy.id, form_key=form_key, at=now, staff_id=staff.id, text=text, final=final
    )
    session.add(made)
    session.flush()  # its id goes into the files
    try:
        attachments.bind_to_directive(
            session, files, directive_id=copy.directive_id, report_id=made.id, staff_id=staff.id
        )
    except NotFound as gone:
        raise Refused(gone.sentence, "files") from gone
    return made


def _tell_issuer(session: Session, directive: Directive, copy: DirectiveUnit, now: datetime) -> None:
    unit = current().units[copy.unit_id].short_name
    said = f"{unit}已上报指令{directive.number}办结，请销号"
    tell(session, directive, [directive.issuer_id], f"done-{copy.id}", said, directive.title, now, goes_out=False)
