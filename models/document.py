"""Papers (文书): ordered by an act, made by a worker, kept as issued."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Json, Model, UtcDateTime

DUE = "due"
"""Ordered; made up in quiet minutes, or when somebody asks for it."""
QUEUED = "queued"
MAKING = "making"
MADE = "made"
FAILED = "failed"
WITHDRAWN = "withdrawn"
DESTROYED = "destroyed"
"""Its term of retention is over: the file is gone, the row remains as its record."""

_DUE = text("state = 'due'")
_OF_DIRECTIVE = text("directive_id IS NOT NULL")


class Document(Model):
    """One paper of a case or a directive. Once made nothing of it changes; a wrong one is withdrawn by another."""

    __tablename__ = "document"
    __table_args__ = (
        Index("ix_document_case", "case_id"),
        Index("ix_document_kind_state", "kind", "state"),
        Index("ix_document_due", "id", sqlite_where=_DUE, postgresql_where=_DUE),
        Index("ix_document_directive", "directive_id", sqlite_where=_OF_DIRECTIVE, postgresql_where=_OF_DIRECTIVE),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cases.id"))
    """NULL for the paper of a directive."""
    kind: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12), default=DUE)
    event_seq: Mapped[int] = mapped_column(Integer)
    """The act that ordered it; 0 where that was no act on a case."""
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    number: Mapped[str | None] = mapped_column(String(60), unique=True)
    """文号, taken when it is made; kept when it is withdrawn."""
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """What it says, frozen when it was ordered; no secrets."""
    progress: Mapped[str | None] = mapped_column(String(80))
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    file: Mapped[str | None] = mapped_column(String(120))
    size: Mapped[int | None] = mapped_column(Integer)
    pages: Mapped[int | None] = mapped_column(Integer)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    withdrawn_why: Mapped[str | None] = mapped_column(String(200))
    replaces_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("document.id"))
    directive_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("directive.id"))
