"""Dossiers (卷宗): the one PDF of a case, bound from its papers and files."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Model, UtcDateTime


class Dossier(Model):
    """One binding of a case, as the case stood after an event."""

    __tablename__ = "dossier"
    __table_args__ = (UniqueConstraint("case_id", "event_seq"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"))
    event_seq: Mapped[int] = mapped_column(Integer)
    """The last event that it holds."""
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ordered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    state: Mapped[str] = mapped_column(String(12))
    """As models.document: queued, making, made, failed."""
    size: Mapped[int | None] = mapped_column(Integer)
    pages: Mapped[int | None] = mapped_column(Integer)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
