"""Messages: to filers by the channel they chose, to staff in the portal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BigId, Model, UtcDateTime
from models.secrets import Secret


class FilerMessage(Model):
    """One message to one filer about one event."""

    __tablename__ = "filer_message"
    __table_args__ = (Index("ix_filer_message_case", "case_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("cases.id"))
    event_seq: Mapped[int] = mapped_column(Integer)
    channel: Mapped[str] = mapped_column(String(10))
    """sms, email, phone (somebody calls), mail (a letter), page (only on the tracking page)."""
    address: Mapped[str | None] = mapped_column(Secret("filer_message.address"))
    text: Mapped[str] = mapped_column(Secret("filer_message.text"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_as: Mapped[str | None] = mapped_column(String(80))
    """The id under which the gateway knows it: a repeat after a crash carries the same."""
    failed: Mapped[str | None] = mapped_column(String(200))


class StaffMessage(Model):
    """One line in a staff member's list; `mark` makes sure that it is written once."""

    __tablename__ = "staff_message"
    __table_args__ = (
        Index(
            "ix_staff_message_unread",
            "staff_id",
            "id",
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(BigId, ForeignKey("staff.id"))
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cases.id"), index=True)
    mark: Mapped[str] = mapped_column(String(120), unique=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    directive_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("directive.id"))


class StaffNotice(Model):
    """One text on its way to a member of staff by the channel they chose: a message that presses, or a day's digest."""

    __tablename__ = "staff_notice"
    __table_args__ = (Index("ix_staff_notice_staff", "staff_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(BigId, ForeignKey("staff.id"))
    message_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("staff_message.id"), index=True)
    """The line of the list that it carries; empty for a digest."""
    mark: Mapped[str] = mapped_column(String(120), unique=True)
    """`message-<id>` or `digest-<person>-<day>`: each goes out once."""
    channel: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    """Quiet hours put it off until the morning."""
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_as: Mapped[str | None] = mapped_column(String(80))
    failed: Mapped[str | None] = mapped_column(String(200))
