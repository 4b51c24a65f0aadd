"""Calling back: the draw of a month, and each case that it drew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Json, Model, UtcDateTime

WAITING = "waiting"
REACHED = "reached"
NOT_REACHED = "not_reached"
DECLINED = "refused"


class CallbackMonth(Model):
    """The draw of one month, made once: with its seed it can be made again and compared."""

    __tablename__ = "callback_month"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    """2026-10, by the city's calendar."""
    seed: Mapped[str] = mapped_column(String(40))
    share: Mapped[int] = mapped_column(Integer)
    """Per cent of the closed cases of a unit."""
    least: Mapped[int] = mapped_column(Integer)
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    drawn_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    units: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """By unit id: how many cases could be drawn (`from`), how many were (`drawn`), and the SHA-256 of the ids."""


class CallbackDraw(Model):
    """One drawn case, and how the calls went."""

    __tablename__ = "callback_draw"
    __table_args__ = (
        UniqueConstraint("month", "case_id"),
        Index("ix_callback_draw_unit", "month", "unit_id"),
        Index("ix_callback_draw_case", "case_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    month: Mapped[str] = mapped_column(String(7), ForeignKey("callback_month.month"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"))
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(12), default=WAITING)
    """waiting, reached, refused, or not_reached after the third failed try."""
    tries: Mapped[int] = mapped_column(Integer, default=0)
    result: Mapped[str | None] = mapped_column(String(20))
    """How satisfied the filer was, by the key of the list `score`."""
    called_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the last try was recorded."""
