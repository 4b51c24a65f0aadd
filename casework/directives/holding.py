"""A directive and its copies, held for an act: whoever comes second sees what the first has done."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from casework.actors import StaffView
from casework.directives import places
from casework.errors import Conflict, NotAllowed, NotFound
from casework.reference import current
from models import Directive, DirectiveUnit
from models.directive import ENDED, RECORDED, RUNNING, WITHDRAWN

GONE = "没有找到这份指令，或者它与您无关。"


def directive_of(session: Session, directive_id: int) -> Directive:
    """Return a directive, locked until the end of the transaction. Raise NotFound."""
    found = session.get(Directive, directive_id, populate_existing=True, with_for_update=True)
    if found is None:
        raise NotFound(GONE)
    return found


def copy_of(session: Session, copy_id: int) -> tuple[DirectiveUnit, Directive]:
    """Return a copy with its directive, both locked: always the directive first, so that nobody waits in a ring."""
    directive_id = session.scalar(select(DirectiveUnit.directive_id).where(DirectiveUnit.id == copy_id))
    if directive_id is None:
        raise NotFound(GONE)
    directive = directive_of(session, directive_id)
    return session.get_one(DirectiveUnit, copy_id, populate_existing=True, with_for_update=True), directive


def for_unit(copy: DirectiveUnit, directive: Directive, staff: StaffView) -> None:
    """Refuse who does not answer for the unit, and an answer to what was withdrawn."""
    ref = current()
    if not places.answers_for(staff, copy.unit_id, ref):
        raise NotAllowed(
            f"这份指令是下达给{ref.units[copy.unit_id].name}的，只有该单位负责人（或代理人）可以签收和上报。"
        )
    if directive.state == WITHDRAWN:
        raise Conflict("这份指令已经撤回，不用再办了。")


def for_issuer(directive: Directive, staff: StaffView) -> None:
    """Refuse who does not speak for the centre that issued a directive."""
    ref = current()
    if not places.leads(staff, directive.unit_id, ref):
        raise NotAllowed(f"这份指令是{ref.units[directive.unit_id].name}下达的，只有该中心的督办员和负责人可以这样办。")


def end_if_done(session: Session, directive: Directive, staff: StaffView, now: datetime) -> None:
    """End a directive when the last of its copies has been put on file."""
    session.flush()  # what this transaction has changed counts
    open_ones = (DirectiveUnit.directive_id == directive.id) & (DirectiveUnit.state != RECORDED)
    if directive.state == RUNNING and not session.scalar(select(func.count()).where(open_ones)):
        directive.state, directive.ended_at, directive.ended_by = ENDED, now, staff.id
