"""Publication of complaint information (投诉信息公示): what everybody reads about a business, and objections to it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Model, UtcDateTime
from models.secrets import Secret

OPEN = "open"
UPHELD = "upheld"
DENIED = "denied"


class Publication(Model):
    """One complaint as everybody reads it: masked, for a time, corrected or withdrawn visibly.

    Its columns are copied at the decision: a later change of the case changes nothing in public by itself.
    """

    __tablename__ = "publication"
    __table_args__ = (
        Index("ix_publication_shown", "shown_until", "id"),
        Index("ix_publication_respondent", "respondent_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"), unique=True)
    respondent_id: Mapped[int] = mapped_column(BigId, ForeignKey("respondent.id"))
    bureau_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    """The bureau that answers for it, named in public."""
    category: Mapped[str | None] = mapped_column(String(40))
    problem: Mapped[str | None] = mapped_column(String(40))
    received_on: Mapped[date] = mapped_column(Date)
    happened_on: Mapped[date | None] = mapped_column(Date)
    closed_on: Mapped[date] = mapped_column(Date)
    outcome: Mapped[str] = mapped_column(String(40))
    """Ground by which it ended, as in the case: settlement/S2."""
    regime: Mapped[str] = mapped_column(String(20))
    """The Measures under which the outcome means what it means."""
    text: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    shown_until: Mapped[date] = mapped_column(Date)
    """The last day on which it is shown."""
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PublicationStep(Model):
    """What was done to a publication: corrected, with the text of before; withdrawn; shown again. Only added to."""

    __tablename__ = "publication_step"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    publication_id: Mapped[int] = mapped_column(BigId, ForeignKey("publication.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    staff_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    step: Mapped[str] = mapped_column(String(12))
    why: Mapped[str] = mapped_column(Text)
    text_before: Mapped[str | None] = mapped_column(Text)


class PublicationObjection(Model):
    """An objection of the business. Who sent it is encrypted; one unanswered at a time for each publication."""

    __tablename__ = "publication_objection"
    __table_args__ = (Index("ix_publication_objection_state", "state", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    publication_id: Mapped[int] = mapped_column(BigId, ForeignKey("publication.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date] = mapped_column(Date)
    name: Mapped[str] = mapped_column(Secret("publication_objection.name"))
    phone: Mapped[str] = mapped_column(Secret("publication_objection.phone"))
    code: Mapped[str | None] = mapped_column(String(18))
    """The credit code that the sender gave."""
    reasons: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8), default=OPEN)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    answer: Mapped[str | None] = mapped_column(Text)
