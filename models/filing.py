"""Filings: what came in at one time from one person; and drafts, encrypted, for a week."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Model, UtcDateTime
from models.secrets import Secret


class Filing(Model):
    """One submission; one or two cases come of it (Order 121 art. 9)."""

    __tablename__ = "filing"
    __table_args__ = (
        Index(
            "ix_filing_receipt_until",
            "receipt_until",
            postgresql_where=text("receipt_until IS NOT NULL"),
            sqlite_where=text("receipt_until IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    form_key: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    """SHA-256 of the key that the form carried: a repeat finds this row."""
    body_mark: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """SHA-256 of what was sent with it: the same key with another text is refused."""
    source_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    """Profile and row of an import: the same row is taken once."""
    channel: Mapped[str] = mapped_column(String(20))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    anonymous: Mapped[bool] = mapped_column(Boolean, default=False)
    receipt_codes: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Numbers and query codes for the length of the visit, sealed with a key derived from the form's key."""
    receipt_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Draft(Model):
    """What somebody has typed and uploaded so far; only the holder of the token can find it."""

    __tablename__ = "draft"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    content: Mapped[str | None] = mapped_column(Secret("draft.content"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
