"""Supervision orders (督办单): what a unit was asked to answer for, by whom, until when, and what it said."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Json, Model, UtcDateTime

OPEN = "open"
ANSWERED = "answered"
RETURNED = "returned"
ACCEPTED = "accepted"
REPLACED = "replaced"
WITHDRAWN = "withdrawn"
LIVE = (OPEN, ANSWERED, RETURNED)
"""States in which somebody still has to do something about an order."""

BY_SYSTEM = "system"
BY_LEADER = "leader"
BY_HAND = "hand"

LIVE_ROWS = text("state IN ('open', 'answered', 'returned')")


class SupervisionOrder(Model):
    """One order about one case. Follows from the events of the case, and is written with them."""

    __tablename__ = "supervision_order"
    __table_args__ = (
        UniqueConstraint("case_id", "event_seq"),
        Index("ux_supervision_order_live", "case_id", unique=True, sqlite_where=LIVE_ROWS, postgresql_where=LIVE_ROWS),
        Index("ix_supervision_order_worst", "since_on", "id", sqlite_where=LIVE_ROWS, postgresql_where=LIVE_ROWS),
        Index("ix_supervision_order_unit", "unit_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"))
    event_seq: Mapped[int] = mapped_column(Integer)
    """The act that issued it."""
    number: Mapped[str] = mapped_column(String(60), unique=True)
    """文号, in the series of the bureau that issued it."""
    level: Mapped[str] = mapped_column(String(16))
    """supervise or key_supervise."""
    place: Mapped[str] = mapped_column(String(10))
    """How high it was raised: office, district, city."""
    source: Mapped[str] = mapped_column(String(10))
    """system, leader (a note), hand."""
    ground: Mapped[str] = mapped_column(String(8))
    """Code of the list `supervision`."""
    requirement: Mapped[str] = mapped_column(Text)
    rule: Mapped[str | None] = mapped_column(String(40))
    """The gravest of the terms whose lapse caused it."""
    deadline_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("deadline.id"))
    since_on: Mapped[date] = mapped_column(Date)
    """The day on which that term ended; the day of the order where no term caused it. Lists are in this order."""
    terms: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list, server_default="[]")
    """Every term that the order is about, the gravest first: `rule`, `deadline_id`, `since_on`; `over` says why one of
    them does not count any more."""
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    """Who has to answer."""
    issuer_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    signer_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10), default=OPEN)
    answer: Mapped[str | None] = mapped_column(Text)
    measure: Mapped[str | None] = mapped_column(Text)
    new_due_on: Mapped[date | None] = mapped_column(Date)
    """The day until which the unit asks for more time."""
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    answers: Mapped[int] = mapped_column(Integer, default=0)
    """How often it was answered: a returned answer is followed by another."""
    returned: Mapped[str | None] = mapped_column(Text)
    """Why the last answer was sent back."""
    assessed: Mapped[bool | None] = mapped_column(Boolean)
    """Counts in the assessment (纳入考核)."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_why: Mapped[str | None] = mapped_column(Text)
    replaces_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("supervision_order.id"))
