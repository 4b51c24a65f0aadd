"""Events: everything that ever happened to a case. Only added to; each carries the hash of the one before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Json, Model, UtcDateTime

_AT_STATION = text("action = 'register_at_station'")


class Event(Model):
    """One act. Triggers in both databases refuse to change or delete a row."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("case_id", "seq"),
        Index("ix_event_at", "at"),  # the events of a month, which a briefing seals
        Index("ix_event_station", "unit_id", "at", sqlite_where=_AT_STATION, postgresql_where=_AT_STATION),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"))
    seq: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    action: Mapped[str] = mapped_column(String(40))
    actor_kind: Mapped[str] = mapped_column(String(10))
    """staff, citizen or system."""
    actor_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    actor_role: Mapped[str] = mapped_column(String(20))
    unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))
    from_state: Mapped[str | None] = mapped_column(String(24))
    to_state: Mapped[str] = mapped_column(String(24))
    fields: Mapped[dict[str, Any]] = mapped_column(Json)
    """What was entered. Names and contacts are not here: they are rows of `party`, named by id.
    Of a sealed case everything stands encrypted under the one key `sealed`."""
    clocks: Mapped[dict[str, Any]] = mapped_column(Json)
    """What the act did to the terms: opened, closed, paused, resumed, extended, with dates."""
    public_text: Mapped[str] = mapped_column(Text, default="")
    respondent_text: Mapped[str] = mapped_column(Text, default="")
    before: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
