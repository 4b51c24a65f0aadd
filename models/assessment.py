"""The monthly assessment of units (考核): frozen figures, breaches entered by hand, objections and corrections."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Json, Model, UtcDateTime

COUNTING = "counting"
FAILED = "failed"
OPEN = "open"
SIGNED = "signed"


class Assessment(Model):
    """One month. Its figures never change once counted; corrections stand beside them, and end with the signature."""

    __tablename__ = "assessment"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    month: Mapped[str] = mapped_column(String(7), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    """counting, failed, open, signed."""
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ordered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    """None: the portal ordered it by itself."""
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    objections_until: Mapped[date | None] = mapped_column(Date)
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Weights, formulas and every unit's figures, as casework.assessment.freezing wrote them."""
    data_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Of the canonical text of `data`."""
    number: Mapped[int | None] = mapped_column(Integer)
    """期号 of the notification within its year."""
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    print_state: Mapped[str | None] = mapped_column(String(12))
    """As models.document: queued, making, made, failed; None before it is signed."""
    print_size: Mapped[int | None] = mapped_column(Integer)
    print_pages: Mapped[int | None] = mapped_column(Integer)
    print_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class AssessmentBreach(Model):
    """What a unit was found to have done, entered by hand. Withdrawn it stays on record and counts no more."""

    __tablename__ = "assessment_breach"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    month: Mapped[str] = mapped_column(String(7), index=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    kind: Mapped[str] = mapped_column(String(20))
    on: Mapped[date] = mapped_column(Date)
    text: Mapped[str] = mapped_column(Text)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    withdrawn_why: Mapped[str | None] = mapped_column(Text)


class AssessmentObjection(Model):
    """A unit's objection to one item, what was decided, and the corrected value where it was found right."""

    __tablename__ = "assessment_objection"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    assessment_id: Mapped[int] = mapped_column(BigId, ForeignKey("assessment.id"), index=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    item: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    filed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    upheld: Mapped[bool | None] = mapped_column(Boolean)
    answer: Mapped[str | None] = mapped_column(Text)
    part: Mapped[int | None] = mapped_column(Integer)
    """The corrected numbers of a rate."""
    whole: Mapped[int | None] = mapped_column(Integer)
    score: Mapped[int | None] = mapped_column(Integer)
    """The corrected score in hundredths; None also where the corrected whole is too small to be assessed."""
