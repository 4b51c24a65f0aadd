"""The knowledge base (知识库): questions with reviewed answers, and the pairs of characters by which they are found."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Model, UtcDateTime


class KnowledgeEntry(Model):
    """One entry: what is published, and beside it a draft that waits for another person's review.

    Without `published_at` it is a proposal; without `draft_question` nothing waits. `version` counts the savings.
    """

    __tablename__ = "knowledge_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject: Mapped[str] = mapped_column(String(20), index=True)
    question: Mapped[str | None] = mapped_column(String(120))
    answer: Mapped[str | None] = mapped_column(Text)
    basis: Mapped[str | None] = mapped_column(String(400))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    draft_question: Mapped[str | None] = mapped_column(String(120))
    draft_answer: Mapped[str | None] = mapped_column(Text)
    draft_basis: Mapped[str | None] = mapped_column(String(400))
    drafted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    drafted_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cases.id"))
    """The consultation whose answer it came from."""
    version: Mapped[int] = mapped_column(Integer, default=1)


class KnowledgePair(Model):
    """A pair of characters that a published entry holds: how an asked question finds it."""

    __tablename__ = "knowledge_pair"
    __table_args__ = (Index("ix_knowledge_pair_entry", "entry_id"),)

    pair: Mapped[str] = mapped_column(String(40), primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigId, ForeignKey("knowledge_entry.id"), primary_key=True)
    weight: Mapped[int] = mapped_column(Integer)


class KnowledgeStep(Model):
    """What was done to an entry, with the text that was published until then. Only added to."""

    __tablename__ = "knowledge_step"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigId, ForeignKey("knowledge_entry.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    staff_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    step: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(String(400), default="")
    before: Mapped[str | None] = mapped_column(Text)
