"""Terms that run, with their pauses. A row is never overwritten by another term: it is replaced by a new row."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Model, UtcDateTime

_OPEN = text("closed_at IS NULL")
_SPEAKS = text("next_step_at IS NOT NULL")
DECISION = text("outcome = 'done' AND rule IN ('complaint.decide', 'report.verify', 'mediation.verify-lead')")
"""The terms that a decision keeps (rules/data/statistics.toml: decided_by), as the index of decisions says it."""


class Deadline(Model):
    """One clock of one case under one version of one rule (names: rules/data/deadlines)."""

    __tablename__ = "deadline"
    __table_args__ = (
        Index("ux_deadline_open", "case_id", "rule", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_deadline_case", "case_id"),
        Index("ix_deadline_due", "rule", "due_on", "case_id"),
        Index(
            "ix_deadline_decision",
            "closed_at",
            "case_id",
            sqlite_where=DECISION,
            postgresql_where=DECISION,
        ),
        Index("ix_deadline_next_step", "next_step_at", sqlite_where=_SPEAKS, postgresql_where=_SPEAKS),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"))
    rule: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(20))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    opened_on: Mapped[date] = mapped_column(Date)
    """Day 0, which is not counted."""
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    length: Mapped[int | None] = mapped_column(Integer)
    """Where the act set the length itself (hours of a directive)."""
    fixed_on: Mapped[date | None] = mapped_column(Date)
    """Where a notice names the date itself."""
    due_on: Mapped[date | None] = mapped_column(Date)
    """NULL while the clock is paused."""
    raw_on: Mapped[date | None] = mapped_column(Date)
    """The date before it rolls over a rest day: what staff are warned on."""
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    provisional: Mapped[bool] = mapped_column(Boolean, default=False)
    extended: Mapped[int] = mapped_column(Integer, default=0)
    extra: Mapped[int] = mapped_column(Integer, default=0)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(20))
    level: Mapped[int] = mapped_column(Integer, default=0)
    """The last moment of its ladder that has spoken."""
    next_step_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replaces_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("deadline.id"))


class DeadlinePause(Model):
    """Days that do not count: from the day of commissioning up to the day before the result."""

    __tablename__ = "deadline_pause"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    deadline_id: Mapped[int] = mapped_column(BigId, ForeignKey("deadline.id"), index=True)
    from_on: Mapped[date] = mapped_column(Date)
    to_on: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(40))
    """Ground code or action that paused it."""
    due_before: Mapped[date | None] = mapped_column(Date)
    approver_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    document_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("document.id"))
