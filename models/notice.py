"""The bulletin board: notices, every text they ever had, what was done to them, their sheets for the wall."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER, BigId, Model, UtcDateTime


class Notice(Model):
    """One notice. Once it is published its columns hold what everybody reads; a correction waits in `notice_text`."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_shown", "state", "publish_at", "id"),
        Index("ix_notice_category", "state", "category", "publish_at", "expires_at"),
        Index("ix_notice_title", "state", "title"),
        Index("ix_notice_pinned", "publish_at", sqlite_where=text("pinned = 1"), postgresql_where=text("pinned")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mark: Mapped[str | None] = mapped_column(String(80), unique=True)
    """What it came of, once only: the key of a form, signal:…, briefing:2026-10; NULL for nothing of the kind."""
    category: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(80))
    summary: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    """Markdown."""
    words: Mapped[str] = mapped_column(Text, default="")
    """What the search index holds of it: empty as long as it is not indexed."""
    state: Mapped[str] = mapped_column(String(12))
    """draft, review, published, withdrawn (rules.board). Whether a published one is shown depends on the moment."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    """Counts the savings, so that nobody overwrites unseen."""
    pinned: Mapped[bool] = mapped_column(Boolean, default=False)
    publish_at: Mapped[datetime] = mapped_column(UtcDateTime, default=NEVER)
    """Shown from this moment; before it is published, what its editor wishes (NEVER: at once)."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, default=NEVER)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    edited_at: Mapped[datetime] = mapped_column(UtcDateTime)
    edited_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    corrected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    correction: Mapped[str | None] = mapped_column(String(200))
    """The note of the last correction, as everybody reads it."""
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawal: Mapped[str | None] = mapped_column(String(200))
    """Why it was withdrawn, as everybody reads it."""


class NoticeText(Model):
    """One text of a notice: as first published, and each correction. Not approved yet: it waits for a second person."""

    __tablename__ = "notice_text"
    __table_args__ = (UniqueConstraint("notice_id", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    notice_id: Mapped[int] = mapped_column(BigId, ForeignKey("notice.id"))
    number: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(80))
    summary: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(String(200), default="")
    """What was corrected, and why."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    written_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))


class NoticeStep(Model):
    """What was done to a notice, by whom."""

    __tablename__ = "notice_step"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    notice_id: Mapped[int] = mapped_column(BigId, ForeignKey("notice.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    staff_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    step: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(String(200), default="")


class NoticeSheet(Model):
    """A sheet for the wall of one text of a notice, in one size of paper."""

    __tablename__ = "notice_sheet"
    __table_args__ = (UniqueConstraint("notice_id", "number", "size"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    notice_id: Mapped[int] = mapped_column(BigId, ForeignKey("notice.id"))
    number: Mapped[int] = mapped_column(Integer)
    """Of the text."""
    size: Mapped[str] = mapped_column(String(2))
    """a4 or a3."""
    state: Mapped[str] = mapped_column(String(12))
    """As models.document: queued, making, made, failed."""
    length: Mapped[int | None] = mapped_column(BigInteger)
    pages: Mapped[int | None] = mapped_column(Integer)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
