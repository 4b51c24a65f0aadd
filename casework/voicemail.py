"""Voicemail of the night: a recording waits until a clerk registers what it says, or writes down why nothing is.

The file lies with the other uploads, sealed. Whoever takes a recording to register it becomes its holder, so that the
act that registers the case can bind it; two clerks do not write the same call down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from casework import attachments, duty
from casework.actors import StaffView
from casework.attachments.names import split
from casework.attachments.policy import AUDIO, BY_EXTENSION
from casework.attachments.receiving import Stream
from casework.errors import NotAllowed, NotFound, Refused
from casework.reference import UnitView, current
from models import Attachment, Voicemail
from models.base import db, writing

HELD = timedelta(minutes=30)
"""How long a recording is left to the clerk who took it."""
KIND = "recording"


@dataclass(frozen=True)
class Waiting:
    """A recording that nobody has registered yet."""

    id: int
    arrived_at: datetime
    name: str
    state: str
    playable: bool
    taken_by: str
    taken_at: datetime | None


def receive(
    stream: Stream, file_name: str, unit: UnitView, staff: StaffView, arrived_at: datetime | None, now: datetime
) -> None:
    """Take a recording in; it waits from then on. Raises Refused for what is no recording and for a time to come."""
    if not duty.belongs(staff, unit):
        raise NotAllowed("留言录音由本单位值班的人上传。")
    if arrived_at is None:
        raise Refused("请写明什么时候留的言，例如 2026-11-24 2:10", "arrived_at")
    if arrived_at > now:
        raise Refused("留言的时间还没有到，请再看一下", "arrived_at")
    kind = BY_EXTENSION.get(split(file_name)[1].lower())
    if not file_name:
        raise Refused("请选择录音文件", "recording")
    if kind is None or kind.family != AUDIO:
        raise Refused("这里只收录音：MP3、M4A、AAC、WAV 或 AMR", "recording")
    row = attachments.receive(stream, file_name, uploaded_by="staff", staff_id=staff.id, kind=KIND, field=KIND, now=now)
    with writing() as session:
        session.add(Voicemail(unit_id=unit.id, attachment_id=row.id, arrived_at=arrived_at, entered_by=staff.id))


def waiting(unit: UnitView, staff: StaffView) -> list[Waiting]:
    """Return the recordings of a unit that wait, the oldest first; none for who does not work in its bureau."""
    if not duty.belongs(staff, unit):
        return []
    query = (
        select(Voicemail, Attachment)
        .join(Attachment, Attachment.id == Voicemail.attachment_id)
        .where(Voicemail.unit_id == unit.id, Voicemail.dropped_at.is_(None), Attachment.case_id.is_(None))
        .order_by(Voicemail.arrived_at, Voicemail.id)
    )
    names = current().names
    return [
        Waiting(
            row.id,
            row.arrived_at,
            file.name,
            attachments.state_text(file),
            file.clean is not None,
            names.get(row.taken_by, "") if row.taken_by else "",
            row.taken_at,
        )
        for row, file in db.session.execute(query)
    ]


def sound(voicemail_id: int, staff: StaffView) -> Attachment:
    """Return the file of a waiting recording, to be heard. Raise NotFound when it is not there or not theirs."""
    return _waiting(voicemail_id, staff)[1]


def take(voicemail_id: int, staff: StaffView, now: datetime) -> int:
    """Let a clerk register a recording; return the id of its file, which is now theirs to bind.

    Raises Refused while a colleague has it, for half an hour.
    """
    row, file = _waiting(voicemail_id, staff)
    others = row.taken_by not in (None, staff.id) and row.taken_at is not None and row.taken_at > now - HELD
    if others:
        who = current().names.get(row.taken_by or 0, "")
        raise Refused(f"{who}正在登记这一条。半小时内没有登记完，别人可以接着登记", conflict=True)
    mine = (Voicemail.id == row.id, Voicemail.taken_by.is_not_distinct_from(row.taken_by))
    with writing() as session:
        taken = session.execute(
            update(Voicemail).where(*mine).values(taken_by=staff.id, taken_at=now).returning(Voicemail.id)
        ).all()
        if not taken:
            raise Refused("刚刚有同事开始登记这一条", conflict=True)
        loose = (Attachment.id == file.id, Attachment.case_id.is_(None))
        session.execute(update(Attachment).where(*loose).values(staff_id=staff.id))
    return file.id


def held(voicemail_id: int, staff: StaffView) -> tuple[int, datetime] | None:
    """Return file and arrival of a recording that this clerk has taken and not registered yet; None otherwise."""
    try:
        row, file = _waiting(voicemail_id, staff)
    except NotFound:
        return None
    return (file.id, row.arrived_at) if file.staff_id == staff.id else None


def drop(voicemail_id: int, why: str, staff: StaffView, now: datetime) -> None:
    """Write down why a recording makes no case (nobody spoke, a wrong number); its file goes after a week."""
    reason = why.strip()
    if not reason:
        raise Refused("请写明为什么不用登记，例如：没有人说话", f"why-{voicemail_id}")
    if len(reason) > 100:
        raise Refused("原因最多 100 个字", f"why-{voicemail_id}")
    row, _file = _waiting(voicemail_id, staff)
    still = (Voicemail.id == row.id, Voicemail.dropped_at.is_(None))
    with writing() as session:
        session.execute(update(Voicemail).where(*still).values(dropped_at=now, dropped_why=reason))


def _waiting(voicemail_id: int, staff: StaffView) -> tuple[Voicemail, Attachment]:
    query = (
        select(Voicemail, Attachment)
        .join(Attachment, Attachment.id == Voicemail.attachment_id)
        .where(Voicemail.id == voicemail_id, Voicemail.dropped_at.is_(None), Attachment.case_id.is_(None))
    )
    found = db.session.execute(query).one_or_none()
    if found is None or not duty.belongs(staff, current().units[found[0].unit_id]):
        raise NotFound("这条留言已经登记过，或者不在您的单位。")
    return found[0], found[1]
