"""What the frame of every staff page says: messages that wait, orders not acknowledged, a sweep that stands still.

One statement for all of it, because every page of every person asks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, true

from casework import alive, operations
from casework.actors import StaffView
from casework.directives.places import heads_of
from casework.directives.reading import WAITING_ONES, Waiting, waiting_of
from casework.reference import current
from models import Heartbeat, StaffMessage, db
from models.prepared import Prepared


@dataclass(frozen=True)
class Frame:
    """What the frame shows to one person. `still` is how long the sweep has not run, None while all is well."""

    unread: int
    still: timedelta | None
    waiting: list[Waiting]


_UNREAD = (
    select(func.count())
    .select_from(StaffMessage)
    .where(StaffMessage.staff_id == bindparam("staff_id"), StaffMessage.read_at.is_(None))
    .scalar_subquery()
)
_SWEPT = select(Heartbeat.at).where(Heartbeat.name == alive.line(alive.SWEEP)).scalar_subquery()
_HEAD = select(_UNREAD.label("unread"), _SWEPT.label("swept_at")).subquery()
_ORDERS = WAITING_ONES.subquery()
_PLAIN = Prepared(select(_HEAD))
_WITH_ORDERS = select(_HEAD, _ORDERS).join_from(_HEAD, _ORDERS, true(), isouter=True).order_by(_ORDERS.c.id)


def of(staff: StaffView, now: datetime) -> Frame:
    """Return what the frame of a page shows to a person; one query."""
    ref = current()
    units = heads_of(staff, ref)
    asked, connection = {"staff_id": staff.id}, db.session.connection()
    if units:
        rows = list(connection.execute(_WITH_ORDERS, {**asked, "units": units}))
    else:
        rows = _PLAIN.rows(connection, asked)
    first = rows[0]
    waiting = [waiting_of(row, ref) for row in rows if units and row.id is not None]
    return Frame(first.unread, operations.still(first.swept_at, now), waiting)
