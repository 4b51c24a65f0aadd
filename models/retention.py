"""Terms of archived cases, and the lists by which they are destroyed when their term is over."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Model, UtcDateTime

PROPOSED = "proposed"
APPROVED = "approved"
"""Decided; the worker erases."""
REFUSED = "refused"
DONE = "done"


class ArchiveTerm(Model):
    """Until when an archived case is kept, by whose archive. No row: it is kept for good."""

    __tablename__ = "archive_term"
    __table_args__ = (UniqueConstraint("case_id"), Index("ix_archive_term_due", "bureau_id", "keep_until"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"))
    bureau_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    keep_until: Mapped[date] = mapped_column(Date)


class Destruction(Model):
    """A destruction list (销毁清册): proposed by one person, decided by another, carried out by the worker."""

    __tablename__ = "destruction"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    bureau_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    """proposed, approved, refused, done."""
    reason: Mapped[str] = mapped_column(String(400))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proposed_by: Mapped[int] = mapped_column(BigId, ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    decision: Mapped[str | None] = mapped_column(String(400))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    size: Mapped[int | None] = mapped_column(Integer)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Of the printed list, once it is made."""


class DestructionItem(Model):
    """One dossier on a list; `erased_at` once its files are gone, `kept` says why they were not erased after all."""

    __tablename__ = "destruction_item"
    __table_args__ = (UniqueConstraint("destruction_id", "case_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    destruction_id: Mapped[int] = mapped_column(BigId, ForeignKey("destruction.id"))
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"), index=True)
    dossier_number: Mapped[str] = mapped_column(String(40))
    retention: Mapped[str] = mapped_column(String(10))
    keep_until: Mapped[date] = mapped_column(Date)
    files: Mapped[int | None] = mapped_column(Integer)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kept: Mapped[str | None] = mapped_column(String(100))
