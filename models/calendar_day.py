"""The working-day calendar as rows with their source; an administrator's rows win over the seeded ones.

What an administrator declared stands in `calendar_change`, with how far the terms it touches have been counted anew.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Json, Model, UtcDateTime


class CalendarYear(Model):
    """A year whose arrangement has been published."""

    __tablename__ = "calendar_year"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(String(200))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))


class CalendarDay(Model):
    """A day that differs from its weekday: a day off, or a weekend that is worked (调休)."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    is_working: Mapped[bool] = mapped_column(Boolean)
    note: Mapped[str] = mapped_column(String(60), default="")
    source: Mapped[str] = mapped_column(String(200), default="")
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))


class CalendarChange(Model):
    """One act of an administrator: days declared, or a year entered."""

    __tablename__ = "calendar_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    declared_at: Mapped[datetime] = mapped_column(UtcDateTime)
    declared_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    kind: Mapped[str] = mapped_column(String(10))
    """off, working, plain (as the week has it), year."""
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date)
    words: Mapped[str] = mapped_column(Text)
    """What was declared, in a sentence: the reason that every term counted anew gives."""
    days: Mapped[list[Any]] = mapped_column(Json)
    """Each day as it was before: [day, is working, note, source], without a mark where it had none."""
    touched: Mapped[int] = mapped_column(Integer)
    """Cases with a running term that may move, when it was declared."""
    looked_at: Mapped[int] = mapped_column(Integer, default=0)
    moved: Mapped[int] = mapped_column(Integer, default=0)
    """Terms that got another date."""
    failed: Mapped[int] = mapped_column(Integer, default=0)
    last_case_id: Mapped[int] = mapped_column(BigId, default=0)
    """The recount goes over the cases in order and has come so far."""
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
