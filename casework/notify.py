"""Telling filers what happened: the rows of a message, and sending it by the way they chose.

A message is written in the transaction of its event, with the task that sends it. Whatever the gateway does, the
tracking page shows the text from that moment on.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, cast

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from casework import channels, tasks
from casework.channels import EMAIL, MAIL, PAGE, PHONE, SMS, Outgoing, Undeliverable
from models.base import db, writing
from models.case import Case
from models.message import FilerMessage
from models.prepared import Prepared

log = logging.getLogger("portal.messages")

_MESSAGES = cast(Table, FilerMessage.__table__)
_INSERT = Prepared(insert(_MESSAGES).returning(_MESSAGES.c.id))
GAVE_UP = "多次发送未成功"
_MOBILE = re.compile(r"1[3-9]\d{9}")


class CaseLike(Protocol):
    """What a message needs to know of its case."""

    @property
    def id(self) -> int:
        """Number of the row."""


class PartyLike(Protocol):
    """What a message needs to know of the person."""

    @property
    def phone(self) -> str | None:
        """Telephone, as normalised; None when none was left."""

    @property
    def email(self) -> str | None:
        """Address for mails."""

    @property
    def address(self) -> str | None:
        """Postal address."""

    @property
    def reply_by(self) -> str | None:
        """The way the person chose, as a key."""


def way_to(party: PartyLike | None) -> tuple[str, str | None]:
    """Return how a person is reached, and where: the way they chose when they left what it needs.

    Somebody who stayed anonymous, or left nothing to reach them by, finds the text on the tracking page. A landline
    takes no short message: somebody calls.
    """
    if party is None:
        return PAGE, None
    by_phone = None
    if party.phone:
        by_phone = (SMS if _MOBILE.fullmatch(party.phone) else PHONE, party.phone)
    chosen: Mapping[str | None, tuple[str, str | None] | None] = {
        SMS: by_phone,
        PHONE: (PHONE, party.phone) if party.phone else None,
        EMAIL: (EMAIL, party.email) if party.email else None,
        MAIL: (MAIL, party.address) if party.address else None,
        PAGE: (PAGE, None),
    }
    return chosen.get(party.reply_by) or by_phone or chosen[EMAIL] or (PAGE, None)


def filer_message_row(
    case: CaseLike, event_seq: int, text: str, party: PartyLike | None, now: datetime
) -> dict[str, Any]:
    """Return the columns of one message about one event; `text` is complete, its placeholders filled."""
    way, address = way_to(party)
    return {
        "case_id": case.id,
        "event_seq": event_seq,
        "channel": way,
        "address": address,
        "text": text,
        "created_at": now,
        "sent_at": now if way == PAGE else None,
    }


def filer_message_rows(
    case: CaseLike, event_seq: int, text: str, parties: Sequence[PartyLike], now: datetime
) -> list[dict[str, Any]]:
    """Return a message for every person who is told; one for the tracking page when there is nobody to reach.

    An empty text says nothing to anybody. Write the rows with `add`.
    """
    if not text:
        return []
    return [filer_message_row(case, event_seq, text, party, now) for party in parties or (None,)]


def add(session: Session, rows: Sequence[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Write messages inside the caller's transaction; return the task rows (for `tasks.add`) that will send them."""
    if not rows:
        return []
    connection = session.connection()  # below the ORM: every act passes here
    ids = [(_INSERT.value(connection, entry), entry["channel"]) for entry in rows]
    return [
        tasks.row(tasks.MESSAGE_SEND, {"message_id": message_id}, f"message-{message_id}", now)
        for message_id, channel in ids
        if channel in channels.CARRIED
    ]


Done = Callable[[Session, datetime], None]


def send(message_id: int, now: datetime, done: Done) -> str:
    """Send one message through its gateway and record it; return what happened in a word or two, for the log.

    `done` marks the task inside the transaction that records the sending. Between the sending and that commit a
    crash is possible; the repeat carries the same key, by which the receiver knows it. Raises Unavailable when the
    gateway is away, to be tried again.
    """
    query = select(FilerMessage, Case.number).join(Case, Case.id == FilerMessage.case_id)
    found = db.session.execute(query.where(FilerMessage.id == message_id)).one_or_none()
    if found is None or found.FilerMessage.sent_at is not None or found.FilerMessage.failed is not None:
        with writing() as session:
            done(session, now)
        return "nothing to do"
    message: FilerMessage = found.FilerMessage
    values: dict[str, Any]
    outgoing = Outgoing(
        key=f"portal-message-{message.id}",
        address=message.address or "",
        subject=f"您的诉求（{found.number}）有新进展",
        text=message.text,
    )
    way = message.channel
    db.session.rollback()  # no transaction stays open while a gateway makes us wait
    try:
        values = {"sent_as": channels.gateway(way).send(outgoing), "sent_at": now}
        outcome = "sent"
    except Undeliverable as error:
        values = {"failed": error.reason}
        outcome = "undeliverable"
        log.warning("message %d by %s cannot be delivered: %s", message_id, way, error.reason)
    with writing() as session:
        session.execute(
            update(FilerMessage).where(FilerMessage.id == message_id, FilerMessage.sent_at.is_(None)).values(**values)
        )
        done(session, now)
    return outcome


def gave_up(message_id: int) -> None:
    """Record on a message that its gateway stayed away for good; staff see it on the case."""
    with writing() as session:
        session.execute(
            update(FilerMessage)
            .where(FilerMessage.id == message_id, FilerMessage.sent_at.is_(None))
            .values(failed=GAVE_UP)
        )


def wait_again(session: Session, message_ids: Sequence[int]) -> None:
    """Let messages whose gateway stayed away be sent once more, inside the caller's transaction."""
    given_up = FilerMessage.id.in_(message_ids) & FilerMessage.sent_at.is_(None) & (FilerMessage.failed == GAVE_UP)
    session.execute(update(FilerMessage).where(given_up).values(failed=None))
