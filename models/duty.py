"""Day and night: who is on duty when, what one watch leaves to the next, and the voicemail of the night."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Model, UtcDateTime


class DutyShift(Model):
    """One watch of one unit. A row without a person was knowingly left open; no row at all means that nobody thought
    of it."""

    __tablename__ = "duty_shift"
    __table_args__ = (UniqueConstraint("unit_id", "starts_at"), Index("ix_duty_shift_times", "starts_at", "ends_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    part: Mapped[str] = mapped_column(String(10))
    """Which of the day's watches (rules/data/duty.toml)."""
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """The first moment that belongs to the next watch."""
    staff_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    second_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    phone: Mapped[str] = mapped_column(String(40), default="")
    entered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Handover(Model):
    """What a watch leaves to the next one, and who has read it there."""

    __tablename__ = "handover"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    shift_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("duty_shift.id"))
    """The watch in which it was written; none where no roster was entered."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(BigId, ForeignKey("staff.id"))
    text: Mapped[str] = mapped_column(Text)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))


class Voicemail(Model):
    """A recording left while nobody answered. It waits until a case takes its file, or somebody says why none will."""

    __tablename__ = "voicemail"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    attachment_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("attachment.id", ondelete="SET NULL"), unique=True
    )
    """None when the recording of a message that needed no case was erased."""
    arrived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[int] = mapped_column(BigId, ForeignKey("staff.id"))
    taken_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dropped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dropped_why: Mapped[str | None] = mapped_column(String(100))
