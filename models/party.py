"""People of a case, encrypted; and those they complain about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Model, UtcDateTime
from models.secrets import Secret

FILER = "filer"
PROXY = "proxy"
MEMBER = "member"
REPRESENTATIVE = "representative"
HEIR = "heir"


class Party(Model):
    """A person on the filer's side of one case. Anonymous filings have none."""

    __tablename__ = "party"
    __table_args__ = (
        Index("ix_party_phone_index", "phone_index"),
        Index("ix_party_name_index", "name_index"),
        Index("ix_party_id_number_index", "id_number_index"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"), index=True)
    role: Mapped[str] = mapped_column(String(20), default=FILER)
    name: Mapped[str | None] = mapped_column(Secret("party.name"))
    name_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    phone: Mapped[str | None] = mapped_column(Secret("party.phone"))
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    address: Mapped[str | None] = mapped_column(Secret("party.address"))
    postcode: Mapped[str | None] = mapped_column(String(6))
    email: Mapped[str | None] = mapped_column(Secret("party.email"))
    id_type: Mapped[str | None] = mapped_column(String(20))
    id_number: Mapped[str | None] = mapped_column(Secret("party.id_number"))
    id_number_index: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    reply_by: Mapped[str | None] = mapped_column(String(10))
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Respondent(Model):
    """A business (or person) complained about or reported; one row for the same name and code."""

    __tablename__ = "respondent"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mark: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    """Hash of the credit code, else of the normalised name and address: finds the same one again."""
    name: Mapped[str] = mapped_column(String(120), index=True)
    code: Mapped[str | None] = mapped_column(String(18), index=True)
    phone: Mapped[str | None] = mapped_column(String(40))
    contact: Mapped[str | None] = mapped_column(String(60))
    address: Mapped[str | None] = mapped_column(String(200))
