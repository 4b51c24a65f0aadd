"""The monthly briefing (简报): frozen figures, what editors wrote beside them, its editions; district reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Json, Model, UtcDateTime

COUNTING = "counting"
FAILED = "failed"
DRAFT = "draft"
SUBMITTED = "submitted"
ISSUED = "issued"


class Briefing(Model):
    """One month's briefing. Issued it never changes again."""

    __tablename__ = "briefing"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    month: Mapped[str] = mapped_column(String(7), unique=True)
    """2026-10."""
    state: Mapped[str] = mapped_column(String(12))
    """counting, failed, draft, submitted, issued."""
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ordered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Every figure of it, as casework.briefings.freezing wrote it."""
    data_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Of the canonical text of `data`."""
    records_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Of all events of the month up to `records_last`: the state of the records that the figures come from."""
    records_last: Mapped[int | None] = mapped_column(BigInteger)
    records_count: Mapped[int | None] = mapped_column(Integer)
    number: Mapped[int | None] = mapped_column(Integer)
    """期号 within its year."""
    total_number: Mapped[int | None] = mapped_column(Integer, unique=True)
    """总期号."""
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    issued_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    written_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Of all that people wrote and chose, pictures included, when it was issued (casework.briefings.written)."""


class BriefingSection(Model):
    """What an editor wrote for one part. `version` counts the savings, so that nobody overwrites unseen."""

    __tablename__ = "briefing_section"
    __table_args__ = (UniqueConstraint("briefing_id", "key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    briefing_id: Mapped[int] = mapped_column(BigId, ForeignKey("briefing.id"))
    key: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(Integer, default=0)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    edited_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))


class BriefingExample(Model):
    """A typical case (典型案例), retold without names."""

    __tablename__ = "briefing_example"
    __table_args__ = (UniqueConstraint("briefing_id", "case_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    briefing_id: Mapped[int] = mapped_column(BigId, ForeignKey("briefing.id"))
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"))
    title: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, default=1)


class BriefingPicture(Model):
    """A picture in one part, with its caption (its alternative text, too). Their order is that of `place`, then id."""

    __tablename__ = "briefing_picture"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    briefing_id: Mapped[int] = mapped_column(BigId, ForeignKey("briefing.id"), index=True)
    key: Mapped[str] = mapped_column(String(20))
    """Of the part."""
    attachment_id: Mapped[int] = mapped_column(BigId, ForeignKey("attachment.id"), unique=True)
    place: Mapped[int] = mapped_column(Integer)
    caption: Mapped[str] = mapped_column(String(60))
    inside: Mapped[bool] = mapped_column(Boolean, default=False)
    """It stands in the bureau's own edition alone."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Of the cleaned copy, as it was when the briefing was last submitted."""


class BriefingStep(Model):
    """What was done to a briefing, by whom: counted, submitted, returned with a reason, issued."""

    __tablename__ = "briefing_step"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    briefing_id: Mapped[int] = mapped_column(BigId, ForeignKey("briefing.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    staff_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    step: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text, default="")


class BriefingEdition(Model):
    """One printing of a briefing: a sample while it is written, the full and the public one when it is issued."""

    __tablename__ = "briefing_edition"
    __table_args__ = (UniqueConstraint("briefing_id", "mark"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    briefing_id: Mapped[int] = mapped_column(BigId, ForeignKey("briefing.id"))
    edition: Mapped[str] = mapped_column(String(8))
    """full, public, preview."""
    mark: Mapped[str] = mapped_column(String(60))
    """The edition; for a sample with the key of the form that ordered it: pressed twice it is made once."""
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(12))
    """As models.document: queued, making, made, failed."""
    size: Mapped[int | None] = mapped_column(Integer)
    pages: Mapped[int | None] = mapped_column(Integer)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class DistrictReport(Model):
    """A district's monthly report to the city: what it says, when it was due, when it came."""

    __tablename__ = "district_report"
    __table_args__ = (UniqueConstraint("unit_id", "month"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    month: Mapped[str] = mapped_column(String(7), index=True)
    due_on: Mapped[date] = mapped_column(Date)
    text: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it came first: what decides whether it was late."""
    filed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    late: Mapped[bool] = mapped_column(Boolean)
    version: Mapped[int] = mapped_column(Integer, default=1)
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
