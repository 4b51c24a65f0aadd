"""What colleagues and the clock have left in a person's list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from casework import notices
from models import Case, StaffMessage, db
from models.base import writing

SHOWN = 60
_UNREAD = (
    select(func.count())
    .select_from(StaffMessage)
    .where(StaffMessage.staff_id == bindparam("staff_id"), StaffMessage.read_at.is_(None))
)


@dataclass(frozen=True)
class Line:
    """One message, with the number of the case that it speaks of."""

    message: StaffMessage
    number: str | None
    sent: str = ""
    """How the copy by the person's channel stands, empty without one."""


def unread(staff_id: int) -> int:
    """Return how many messages a person has not read."""
    return db.session.connection().execute(_UNREAD, {"staff_id": staff_id}).scalar_one()


def latest(staff_id: int) -> Sequence[Line]:
    """Return a person's latest messages, those not read yet first."""
    query = (
        select(StaffMessage, Case.number)
        .outerjoin(Case, Case.id == StaffMessage.case_id)
        .where(StaffMessage.staff_id == staff_id)
        .order_by(StaffMessage.read_at.is_not(None), StaffMessage.id.desc())
        .limit(SHOWN)
    )
    found = db.session.execute(query).all()
    sent = notices.states_of([message.id for message, _ in found])
    return [Line(message, number, sent.get(message.id, "")) for message, number in found]


def mark_read(staff_id: int, ids: Sequence[int], now: datetime) -> None:
    """Mark messages of a person as read; those of others are left alone."""
    with writing() as session:
        mine = (StaffMessage.staff_id == staff_id) & StaffMessage.id.in_(list(ids)) & StaffMessage.read_at.is_(None)
        session.execute(update(StaffMessage).where(mine).values(read_at=now))
