"""Attachments: the original sealed as evidence, a cleaned copy for showing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Model, UtcDateTime
from models.secrets import Secret

WAITING = "waiting"
"""Stored, sealed; the worker has not looked at it yet."""
CLEAN = "clean"
"""A cleaned copy can be shown."""
SEALED = "sealed"
"""Kept as evidence, but could not be cleaned: not offered for work."""
REFUSED = "refused"
DESTROYED = "destroyed"
"""Its term of retention is over: the files are gone, the row remains as their record."""

_OF_DIRECTIVE = text("directive_id IS NOT NULL")
_OF_NOTICE = text("notice_id IS NOT NULL")


class Attachment(Model):
    """One file. It belongs to a draft until the filing is sent, then to the filing and its cases; others belong to a
    directive or to a notice of the board."""

    __tablename__ = "attachment"
    __table_args__ = (
        Index("ix_attachment_case", "case_id"),
        Index("ix_attachment_draft", "draft_id"),
        Index("ix_attachment_directive", "directive_id", sqlite_where=_OF_DIRECTIVE, postgresql_where=_OF_DIRECTIVE),
        Index("ix_attachment_notice", "notice_id", sqlite_where=_OF_NOTICE, postgresql_where=_OF_NOTICE),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    draft_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("draft.id"))
    filing_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("filing.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cases.id"))
    event_seq: Mapped[int | None] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(20), default="evidence")
    """evidence, invoice, recording, paper (what a field of an action asked for)."""
    field: Mapped[str | None] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(Secret("attachment.name"))
    media_type: Mapped[str] = mapped_column(String(60))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Of the original, before sealing."""
    original: Mapped[str] = mapped_column(String(80))
    """File under DATA_DIR/uploads, sealed."""
    clean: Mapped[str | None] = mapped_column(String(80))
    clean_type: Mapped[str | None] = mapped_column(String(60))
    clean_size: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(12), default=WAITING)
    reason: Mapped[str | None] = mapped_column(String(120))
    pages: Mapped[int | None] = mapped_column(Integer)
    seconds: Mapped[int | None] = mapped_column(Integer)
    uploaded_by: Mapped[str] = mapped_column(String(10))
    """citizen or staff."""
    staff_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    directive_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("directive.id"))
    directive_report_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("directive_report.id"))
    """The answer of a unit that brought it; NULL for what the directive itself came with."""
    notice_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("notice.id"))
    alt: Mapped[str | None] = mapped_column(String(200))
    """What a picture of a notice shows, for those who do not see it."""
