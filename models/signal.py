"""Hot spots (热点): what the system noticed, with its evidence, and what a person said to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Json, Model, UtcDateTime

NEW = "new"
HANDED_OVER = "handed_over"
SET_ASIDE = "set_aside"


class Signal(Model):
    """One thing that rose beyond chance, or that the rules watch. A hint for people: it never decides anything."""

    __tablename__ = "signal"
    __table_args__ = (
        UniqueConstraint("kind", "subject", "month"),
        Index("ix_signal_state", "state", "last_on"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    """A kind of rules/data/hotspots.toml."""
    subject: Mapped[str] = mapped_column(String(120))
    """What rose: a key of a category, a place, the id of a respondent, a term; a keyed hash for a filer."""
    month: Mapped[str] = mapped_column(String(7))
    """The month in which the window ends: the same thing is said once a month."""
    words: Mapped[str] = mapped_column(String(120))
    """What it is called."""
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date)
    evidence: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """What was compared and how it came out, as casework.hotspots.finding wrote it."""
    state: Mapped[str] = mapped_column(String(12), default=NEW)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    reason: Mapped[str | None] = mapped_column(String(200))
    """Why it was set aside."""
    draft_title: Mapped[str | None] = mapped_column(String(80))
    draft_text: Mapped[str | None] = mapped_column(Text)
    """Markdown, for the editor of the board."""


class SignalCase(Model):
    """A case that a signal was found in; only for kinds that no figure of the statistics leads to."""

    __tablename__ = "signal_case"

    signal_id: Mapped[int] = mapped_column(BigId, ForeignKey("signal.id"), primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"), primary_key=True, autoincrement=False)
