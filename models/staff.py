"""Staff, their roles per unit, and their sessions, which live here so that they can be ended here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Model, UtcDateTime
from models.secrets import Secret


class Staff(Model):
    """A person who works in the portal."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change: Mapped[bool] = mapped_column(Boolean, default=False)
    totp_secret: Mapped[str | None] = mapped_column(Secret("staff.totp_secret"))
    totp_last_step: Mapped[int] = mapped_column(Integer, default=0)
    """The 30-second step of the last code that was accepted: a code works once."""
    email: Mapped[str | None] = mapped_column(Secret("staff.email"))
    phone: Mapped[str | None] = mapped_column(Secret("staff.phone"))
    reach_by: Mapped[str] = mapped_column(String(10), default="page")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    away_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    away_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deputy_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StaffRole(Model):
    """One role of a person in one unit."""

    __tablename__ = "staff_role"
    __table_args__ = (UniqueConstraint("staff_id", "unit_id", "role"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(BigId, ForeignKey("staff.id"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))


class StaffSession(Model):
    """A signed-in browser. The cookie holds a random token; only its SHA-256 is kept."""

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    staff_id: Mapped[int] = mapped_column(BigId, ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_why: Mapped[str | None] = mapped_column(String(40))
    browser: Mapped[str] = mapped_column(String(120), default="")
