"""Incidents (重大事件): cases about one thing gathered on one page, with a log, suggestions and reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Json, Model, UtcDateTime

OPEN = "open"
ENDED = "ended"

WAITING = "waiting"
"""A suggestion that nobody has answered."""
TAKEN = "taken"
"""An incident was opened from it."""
DISMISSED = "dismissed"
LAPSED = "lapsed"
"""Too few of its cases are left that no incident holds."""


class Incident(Model):
    """One incident. Its cases go through their own procedure; here they are only seen together."""

    __tablename__ = "incident"
    __table_args__ = (Index("ix_incident_state", "state", "opened_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(60), unique=True)
    """What the case acts attach_incident and detach_incident name."""
    mark: Mapped[str] = mapped_column(String(80), unique=True)
    """What makes it one: the key of the form, or the suggestion. A second press finds the first incident."""
    title: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20))
    level: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12), default=OPEN)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    """The lead unit (牵头单位)."""
    opened_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class IncidentCase(Model):
    """A case in an incident; a case lies in one at most. Written by the case acts alone."""

    __tablename__ = "incident_case"
    __table_args__ = (Index("ix_incident_case_incident", "incident_id", "case_id"),)

    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    incident_id: Mapped[int] = mapped_column(BigId, ForeignKey("incident.id"))
    attached_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attached_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))


class IncidentNote(Model):
    """One entry of the log: only added to, never changed."""

    __tablename__ = "incident_note"
    __table_args__ = (Index("ix_incident_note_incident", "incident_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(BigId, ForeignKey("incident.id"))
    mark: Mapped[str] = mapped_column(String(80), unique=True)
    """The key of the form: the same press twice writes one entry."""
    kind: Mapped[str] = mapped_column(String(12))
    """fact, order, decision; opened and ended are the program's own."""
    text: Mapped[str] = mapped_column(Text)
    directive: Mapped[str | None] = mapped_column(String(60))
    """Number of the directive (指令) that belongs to it, as text."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    staff_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))


class IncidentSuggestion(Model):
    """What the system holds for an incident: the cases that speak for it, and what a person said to it."""

    __tablename__ = "incident_suggestion"
    __table_args__ = (
        UniqueConstraint("subject", "first_on"),
        Index(
            "ix_incident_suggestion_waiting",
            "last_on",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject: Mapped[str] = mapped_column(String(120))
    """What the cases have in common: `respondent:17`, `goods:4:健身年卡`."""
    basis: Mapped[str] = mapped_column(String(12))
    words: Mapped[str] = mapped_column(String(120))
    """The name of the business, or of the goods."""
    district_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date, index=True)
    cases: Mapped[list[int]] = mapped_column(Json, default=list)
    """Ids of the cases: the evidence."""
    state: Mapped[str] = mapped_column(String(12), default=WAITING)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    reason: Mapped[str | None] = mapped_column(String(200))
    incident_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("incident.id"), index=True)


class IncidentReport(Model):
    """A situation report (情况报告): its figures are those of the moment it was asked for, as its orderer saw them."""

    __tablename__ = "incident_report"
    __table_args__ = (Index("ix_incident_report_incident", "incident_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(BigId, ForeignKey("incident.id"))
    mark: Mapped[str] = mapped_column(String(80), unique=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    """The unit for whose view it was made: who stands below it does not read it."""
    ordered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(12))
    """As models.document: queued, making, made, failed."""
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """All that it says, frozen."""
    size: Mapped[int | None] = mapped_column(Integer)
    pages: Mapped[int | None] = mapped_column(Integer)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
