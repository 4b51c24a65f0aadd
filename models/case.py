"""The case: one matter of one kind, its place in the procedure, and its text."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
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

from models.base import NEVER, BigId, Json, Model, UtcDateTime
from models.secrets import Secret

_LIVE = text("queue <> 'archived'")
_DELEGATED = text("delegate_unit_id IS NOT NULL")
_ORDERED = text("order_number IS NOT NULL")
_IN_CASE = text("case_unit_id IS NOT NULL AND queue <> 'archived'")


def _desk_index(name: str, *columns: str) -> Index:
    """An index that holds the pages of one desk in the order they are shown; archived cases are left out."""
    return Index(name, *columns, "queue", "due_at", "id", sqlite_where=_LIVE, postgresql_where=_LIVE)


class Case(Model):
    """One complaint, report, consultation, suggestion or sealed item. Changed only by casework.handling.apply."""

    __tablename__ = "cases"
    __table_args__ = (
        _desk_index("ix_cases_city_desk"),
        _desk_index("ix_cases_bureau_desk", "bureau_id"),
        _desk_index("ix_cases_unit_desk", "unit_id"),
        _desk_index("ix_cases_handler_desk", "handler_id"),
        Index("ix_cases_respondent", "respondent_id", "received_on"),
        # Statistics count from these two alone: what was received, what ended, what was open between the two.
        Index("ix_cases_received", "received_on", "id", "kind", "unit_id"),
        Index("ix_cases_closed", "closed_at", "received_on", "id", "kind", "unit_id"),
        Index("ix_cases_order_number", "order_number", sqlite_where=_ORDERED, postgresql_where=_ORDERED),
        Index("ix_cases_delegate", "delegate_unit_id", sqlite_where=_DELEGATED, postgresql_where=_DELEGATED),
        Index("ix_cases_case_unit", "case_unit_id", sqlite_where=_IN_CASE, postgresql_where=_IN_CASE),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    filing_id: Mapped[int] = mapped_column(BigId, ForeignKey("filing.id"), index=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(24))
    previous_state: Mapped[str | None] = mapped_column(String(24))
    regime: Mapped[str] = mapped_column(String(12))
    """The measures it lives under, by the day of receipt: order-20, order-121 (or before-2020: no clocks)."""
    queue: Mapped[str] = mapped_column(String(20))
    """The desk list it lies in; follows from kind and state (rules/data/states)."""
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=NEVER)
    """End of its nearest running term that staff must keep; NEVER when none runs."""
    due_rule: Mapped[str | None] = mapped_column(String(40))

    channel: Mapped[str] = mapped_column(String(20))
    source_number: Mapped[str | None] = mapped_column(String(60), index=True)
    """Registration number of the national platform (登记编号) or of the 12345 worksheet."""
    received_on: Mapped[date] = mapped_column(Date)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    off_hours: Mapped[bool] = mapped_column(Boolean, default=False)
    urgent: Mapped[str] = mapped_column(String(12), default="normal")
    complexity: Mapped[str | None] = mapped_column(String(12))
    anonymous: Mapped[bool] = mapped_column(Boolean, default=False)

    category: Mapped[str | None] = mapped_column(String(40))
    problem: Mapped[str | None] = mapped_column(String(40))
    sales_mode: Mapped[str | None] = mapped_column(String(20))
    platform: Mapped[str | None] = mapped_column(String(50))
    order_number: Mapped[str | None] = mapped_column(String(60))
    goods: Mapped[str | None] = mapped_column(String(40))
    happened_on: Mapped[date | None] = mapped_column(Date)
    amount: Mapped[int | None] = mapped_column(BigInteger)
    """Money is kept in fen (分)."""
    amount_recovered: Mapped[int | None] = mapped_column(BigInteger)
    matter: Mapped[str] = mapped_column(String(120), default="")
    respondent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("respondent.id"))
    respondent_name: Mapped[str | None] = mapped_column(String(120))

    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    """Who has it now."""
    bureau_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    """The bureau of that unit."""
    competent_bureau_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    """The bureau whose receipt counts as day 0 (Order 121 art. 15)."""
    receiving_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    sender_unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))
    """Who sent it on last; a return goes there."""
    handler_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"))
    delegate_unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))
    case_unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))

    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """What later steps ask about: stances, notices served, joint complaint, proxy (keys: casework/facts.py)."""
    outcome: Mapped[str | None] = mapped_column(String(40))
    """Ground code of the act that ended it, with its list: `settlement/S2`, `refusal/R3`."""
    main_case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cases.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rating: Mapped[str | None] = mapped_column(String(20))
    dossier_number: Mapped[str | None] = mapped_column(String(40))
    retention: Mapped[str | None] = mapped_column(String(10))

    query_mark: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    seq: Mapped[int] = mapped_column(Integer, default=0)
    """Number of its last event; what a form saw, and what `apply` compares."""
    head: Mapped[bytes] = mapped_column(LargeBinary(32), default=b"\0" * 32)
    """Hash of its last event."""
    last_event_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def sealed(self) -> bool:
        """Misconduct cases are for discipline officers only."""
        return self.kind == "misconduct"


class CaseText(Model):
    """The long texts of a case, apart, so that a page of cases stays narrow."""

    __tablename__ = "case_text"

    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"), primary_key=True)
    content: Mapped[str] = mapped_column(Text, default="")
    demands: Mapped[list[str]] = mapped_column(Json, default=list)
    demand_text: Mapped[str | None] = mapped_column(Text)
    evidence: Mapped[str | None] = mapped_column(Text)
    sealed_content: Mapped[str | None] = mapped_column(Secret("case_text.sealed_content"))
    """The text of a misconduct report, encrypted; `content` stays empty then."""
    consent_publish: Mapped[bool | None] = mapped_column(Boolean)
    consent_mediation: Mapped[bool | None] = mapped_column(Boolean)
    consent_truth: Mapped[bool | None] = mapped_column(Boolean)


class CaseLink(Model):
    """Two cases that belong together; kept once, seen from both."""

    __tablename__ = "case_link"
    __table_args__ = (UniqueConstraint("case_id", "other_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"))
    other_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"), index=True)
    relation: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
