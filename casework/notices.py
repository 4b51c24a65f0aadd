"""Texts to staff by the channel they chose: what presses goes out at once, the rest in one digest each morning.

The list in the portal holds every line (`inbox`); a notice is a copy that goes out. It is a row first and a task
second, so that a gateway that is away holds up nothing: the notice waits, and is tried again with growing pauses.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Protocol, cast

from sqlalchemy import Table, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from casework import channels, tasks
from casework.channels import Outgoing, Undeliverable
from casework.notify import Done
from models import Staff, StaffMessage, StaffNotice
from models.base import db, writing
from models.prepared import Prepared
from rules.calendar import ZONE, at_time, local_date

log = logging.getLogger("portal.messages")

_NOTICES = cast(Table, StaffNotice.__table__)
_INSERT = Prepared(
    {
        name: insert(_NOTICES).on_conflict_do_nothing(index_elements=["mark"]).returning(_NOTICES.c.id)
        for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
    }
)
_REACHED = select(Staff.id).where(Staff.active, Staff.reach_by.in_(channels.OF_STAFF))


@dataclass(frozen=True)
class Quiet:
    """The hours of the night in which only what is urgent goes out, and when the digest of the day is written."""

    begins: time = time(21, 0)
    ends: time = time(8, 0)
    digest_at: time = time(8, 40)

    def from_(self, now: datetime, *, urgent: bool = False) -> datetime:
        """Return when a text may go out: now, or at the end of the quiet hours."""
        here = now.astimezone(ZONE).timetz().replace(tzinfo=None)
        if urgent or self.begins == self.ends:
            return now
        overnight = self.begins > self.ends
        if overnight and here >= self.begins:
            return at_time(local_date(now) + timedelta(days=1), self.ends)
        if here < self.ends and (overnight or here >= self.begins):
            return at_time(local_date(now), self.ends)
        return now


class Options(Protocol):
    """The settings of this duty, by the portal's names."""

    @property
    def quiet_hours(self) -> str:
        """HH:MM-HH:MM; the same hour twice for none."""

    @property
    def digest_at(self) -> str:
        """HH:MM."""


_quiet = Quiet()


def configure(options: Options) -> None:
    """Take the quiet hours and the hour of the digest from the settings, which have been checked."""
    global _quiet
    begins, _, ends = options.quiet_hours.partition("-")
    _quiet = Quiet(time.fromisoformat(begins), time.fromisoformat(ends), time.fromisoformat(options.digest_at))


def quiet_hours() -> Quiet:
    """Return the quiet hours of this portal."""
    return _quiet


def reached(session: Session) -> frozenset[int]:
    """Return who chose a channel by which texts go out to them."""
    return frozenset(session.connection().execute(_REACHED).scalars())


def for_lines(
    session: Session, marks: Sequence[str], text: str, now: datetime, quiet: Quiet, *, urgent: bool = False
) -> list[tasks.Added]:
    """Send a text for the lines of these marks to those who chose a channel, in the transaction that wrote them."""
    if not marks:
        return []
    query = (
        select(StaffMessage.id, StaffMessage.staff_id, Staff.reach_by)
        .join(Staff, Staff.id == StaffMessage.staff_id)
        .where(StaffMessage.mark.in_(marks), Staff.reach_by.in_(channels.OF_STAFF), Staff.active)
    )
    start = quiet.from_(now, urgent=urgent)
    rows = [
        {
            "staff_id": line.staff_id,
            "message_id": line.id,
            "mark": f"message-{line.id}",
            "channel": line.reach_by,
            "text": text,
            "created_at": now,
            "not_before": start,
        }
        for line in session.connection().execute(query)
    ]
    return add(session, rows, now)


def add(session: Session, rows: Sequence[dict[str, Any]], now: datetime) -> list[tasks.Added]:
    """Write notices and their tasks inside the caller's transaction; one that is there already is left out."""
    connection = session.connection()
    made: list[dict[str, Any]] = []
    for row in rows:
        found = _INSERT.value(connection, row)
        if found is not None:
            made.append(tasks.row(tasks.NOTICE_SEND, {"notice_id": found}, f"notice-{found}", now, row["not_before"]))
    return tasks.add(session, made)


def send(notice_id: int, now: datetime, done: Done) -> str:
    """Send one notice through its gateway and record it; return a word for the log. Raises Unavailable to be retried.

    Whether the person is still there, and where, is read now: an address may have changed while the notice waited.
    """
    query = select(StaffNotice, Staff.username, Staff.email, Staff.phone, Staff.active)
    found = db.session.execute(
        query.join(Staff, Staff.id == StaffNotice.staff_id).where(StaffNotice.id == notice_id)
    ).one_or_none()
    if found is None or found.StaffNotice.sent_at is not None or found.StaffNotice.failed is not None:
        with writing() as session:
            done(session, now)
        return "nothing to do"
    notice: StaffNotice = found.StaffNotice
    way = notice.channel
    address = {channels.EMAIL: found.email, channels.SMS: found.phone, channels.WEBHOOK: found.username}.get(way) or ""
    outgoing = Outgoing(f"portal-notice-{notice.id}", address, _subject(notice), notice.text)
    active = found.active
    db.session.rollback()  # no transaction stays open while a gateway makes us wait
    values: dict[str, Any]
    try:
        if not address or not active:
            raise Undeliverable("没有登记联系方式" if active else "账号已停用")
        values = {"sent_as": channels.gateway(way).send(outgoing), "sent_at": now}
        outcome = "sent"
    except Undeliverable as error:
        values = {"failed": error.reason}
        outcome = "undeliverable"
        log.warning("notice %d by %s cannot be delivered: %s", notice_id, way, error.reason)
    with writing() as session:
        mine = (StaffNotice.id == notice_id) & StaffNotice.sent_at.is_(None)
        session.execute(update(StaffNotice).where(mine).values(**values))
        done(session, now)
    return outcome


def _subject(notice: StaffNotice) -> str:
    return "12315办理台：今天要办的" if notice.message_id is None else "12315办理台：有一件要您处理"


def gave_up(notice_id: int) -> None:
    """Record on a notice that its gateway stayed away for good; the line in the list is there all the same."""
    with writing() as session:
        mine = (StaffNotice.id == notice_id) & StaffNotice.sent_at.is_(None)
        session.execute(update(StaffNotice).where(mine).values(failed="多次发送未成功"))


def states_of(ids: Sequence[int]) -> dict[int, str]:
    """Return in a few words how the notices of these lines stand, by the id of the line."""
    if not ids:
        return {}
    names = {channels.EMAIL: "邮件", channels.SMS: "短信", channels.WEBHOOK: "办公平台"}
    query = select(StaffNotice.message_id, StaffNotice.channel, StaffNotice.sent_at, StaffNotice.failed)
    found = {}
    for row in db.session.execute(query.where(StaffNotice.message_id.in_(ids))):
        how = f"没有送到：{row.failed}" if row.failed else "已发出" if row.sent_at else "等待发出"
        found[row.message_id] = f"{names.get(row.channel, row.channel)}{how}"
    return found
