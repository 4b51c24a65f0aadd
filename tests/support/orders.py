"""Directives for tests: one order to 望江所 with whatever is changed in it, and what it leaves in the records."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from casework import directives
from casework.directives import Order
from models import Directive, DirectiveClock, DirectiveUnit, StaffMessage, db
from tests.support.cast import MORNING as NOW
from tests.support.cast import Cast

HOUR = timedelta(hours=1)
EAST = Order(
    title="排查健身、早教门店停业风险",
    text="对辖区内健身、早教门店逐户核查。\n发现收款后停业的，当日上报。",
    urgency="urgent",
    hours="24",
    units=("east_office",),
    form_key="form-1",
)


def order(**changed: Any) -> Order:
    """The order to 望江所, with what is changed in it."""
    return Order(**{**vars(EAST), **changed})


def issued(people: Cast, at: datetime = NOW, **changed: Any) -> Directive:
    """A directive of the city centre."""
    return directives.issue(order(**changed), people.view("city_supervisor", at), at)


def copy_of(directive: Directive, people: Cast, unit: str = "east_office") -> DirectiveUnit:
    """The copy of a unit as it is now."""
    db.session.rollback()
    mine = db.session.query(DirectiveUnit).filter_by(directive_id=directive.id, unit_id=people.units[unit])
    return mine.populate_existing().one()


def clocks(directive: Directive) -> dict[str, DirectiveClock]:
    """The clocks of the first copy by rule."""
    db.session.rollback()
    first = db.session.query(DirectiveUnit).filter_by(directive_id=directive.id).order_by(DirectiveUnit.id).first()
    assert first is not None
    rows = db.session.query(DirectiveClock).filter_by(directive_unit_id=first.id).populate_existing()
    return {row.rule: row for row in rows}


def told(people: Cast, part: str) -> list[str]:
    """What stands in the list of a person about directives, in order."""
    mine = db.session.query(StaffMessage).filter_by(staff_id=people.staff[part]).order_by(StaffMessage.id)
    return [row.text for row in mine if row.directive_id]
