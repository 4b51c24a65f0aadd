"""Directives (指令): an order with a term in hours, a copy for each unit it is addressed to, and what they answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Model, UtcDateTime

RUNNING = "running"
ENDED = "ended"
WITHDRAWN = "withdrawn"

WAITING = "waiting"
"""The unit has not acknowledged its copy."""
ACKNOWLEDGED = "acknowledged"
COMPLETED = "completed"
"""The unit has reported that it is done; the issuer has not put it on file."""
RECORDED = "recorded"

_WAITS = text("state = 'waiting'")
_SPEAKS = text("next_step_at IS NOT NULL")


class Directive(Model):
    """One order of a centre to one unit, many or all."""

    __tablename__ = "directive"
    __table_args__ = (Index("ix_directive_unit", "unit_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    """Of the form that sent it: a second press finds it."""
    number: Mapped[str] = mapped_column(String(60), unique=True)
    """文号, taken when it is issued; its paper bears the same."""
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    urgency: Mapped[str] = mapped_column(String(12))
    hours: Mapped[int] = mapped_column(Integer)
    issuer_id: Mapped[int] = mapped_column(BigId, ForeignKey("staff.id"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    """The centre that issued it."""
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the units must have reported."""
    state: Mapped[str] = mapped_column(String(12), default=RUNNING)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it was withdrawn."""


class DirectiveUnit(Model):
    """The copy of one unit: acknowledged, carried out, put on file by the issuer."""

    __tablename__ = "directive_unit"
    __table_args__ = (
        UniqueConstraint("directive_id", "unit_id"),
        Index("ix_directive_unit_of_unit", "unit_id", "directive_id"),
        Index("ix_directive_unit_waiting", "unit_id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    directive_id: Mapped[int] = mapped_column(BigId, ForeignKey("directive.id"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    state: Mapped[str] = mapped_column(String(12), default=WAITING)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recorded_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DirectiveClock(Model):
    """One term of one copy (rules/data/deadlines: directive.acknowledge, directive.report), in hours."""

    __tablename__ = "directive_clock"
    __table_args__ = (
        UniqueConstraint("directive_unit_id", "rule"),
        Index("ix_directive_clock_next_step", "next_step_at", sqlite_where=_SPEAKS, postgresql_where=_SPEAKS),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    directive_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("directive_unit.id"))
    rule: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(20))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    length: Mapped[int] = mapped_column(Integer)
    """Hours."""
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(20))
    """done, or withdrawn with the directive."""
    level: Mapped[int] = mapped_column(Integer, default=0)
    """The last moment of its ladder that has spoken."""
    next_step_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DirectiveReport(Model):
    """What a unit reports: on the way, and once at the end (`final`)."""

    __tablename__ = "directive_report"
    __table_args__ = (Index("ix_directive_report_copy", "directive_unit_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    directive_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("directive_unit.id"))
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    staff_id: Mapped[int] = mapped_column(BigId, ForeignKey("staff.id"))
    text: Mapped[str] = mapped_column(Text)
    final: Mapped[bool] = mapped_column(Boolean, default=False)


class DirectiveCase(Model):
    """A case that a directive is about."""

    __tablename__ = "directive_case"
    __table_args__ = (UniqueConstraint("directive_id", "case_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    directive_id: Mapped[int] = mapped_column(BigId, ForeignKey("directive.id"))
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"), index=True)
