"""Choosing the pictures of a briefing: taken in, named, put in order, left out again, as long as it is a draft."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import attachments
from casework.actors import StaffView
from casework.attachments.keeping import delete_rows, erase
from casework.attachments.policy import IMAGE
from casework.attachments.receiving import Stream
from casework.briefings import keeping, pictures, places
from casework.briefings.keeping import Conflict
from casework.errors import Faults, NotFound, WorkError
from casework.fields import clean_text
from models import Attachment, Briefing, BriefingPicture, db
from models.base import writing
from rules import briefing as law

KIND = "briefing"
UP, DOWN = "up", "down"


def find(row: Briefing, picture_id: int) -> tuple[BriefingPicture, Attachment]:
    """Return a picture of a briefing with its file. Raise NotFound."""
    one = db.session.get(BriefingPicture, picture_id)
    if one is None or one.briefing_id != row.id:
        raise NotFound("这张图片已经移除了。")
    return one, db.session.get_one(Attachment, one.attachment_id)


def add(
    staff: StaffView, row: Briefing, key: str, stream: Stream, name: str, values: Mapping[str, str], now: datetime
) -> None:
    """Take a picture into a part of a draft; the same picture with the same caption again is taken once.

    `values`: caption, inside ("yes" for the bureau's edition alone). Raises Faults and Refused for what is no picture
    of ours, too large or too many; NotAllowed, NotFound.
    """
    places.require(staff, places.EDIT)
    if key not in law.SECTIONS:
        raise NotFound("没有这一部分。")
    caption = _caption(values, "然后再选一次图片。")
    _require_room(pictures.of(db.session(), row.id, key))
    got = attachments.receive(
        stream, name, uploaded_by="staff", staff_id=staff.id, kind=KIND, field="file", family=IMAGE, now=now
    )
    try:
        taken = _bind(row.id, key, got, caption, inside=values.get("inside") == "yes")
    except WorkError:
        _drop(got.id)
        raise
    if not taken:
        _drop(got.id)


def _bind(briefing_id: int, key: str, got: Attachment, caption: str, *, inside: bool) -> bool:
    with writing() as session:
        held = keeping.locked(session, briefing_id)
        keeping.require_draft(held)
        there = pictures.of(session, held.id, key)
        for one, file in there:
            if file.sha256 == got.sha256 and one.caption == caption:
                return False
        _require_room(there)
        place = max((one.place for one, _file in there), default=0) + 1
        session.add(
            BriefingPicture(
                briefing_id=held.id, key=key, attachment_id=got.id, place=place, caption=caption, inside=inside,
                version=1,
            )
        )  # fmt: skip
        return True


def _require_room(there: list[pictures.Shown]) -> None:
    if len(there) >= law.PICTURES:
        raise Faults({"file": f"每一部分最多{law.PICTURES}张图片，请先移除不需要的。"})


def _caption(values: Mapping[str, str], then: str = "") -> str:
    caption = clean_text(values.get("caption", ""), lines=False)
    if not caption:
        raise Faults({"caption": f"请写明图片上是什么：它印在图下面，看不见图片的人也靠它。{then}"})
    if len(caption) > law.CAPTION:
        raise Faults({"caption": f"图片说明最多{law.CAPTION}个字，现在有{len(caption)}个字。{then}"})
    return caption


def _drop(attachment_id: int) -> None:
    """Take back a file that nothing came to name: the row first, then its bytes."""
    with writing() as session:
        gone = delete_rows(session, Attachment.id == attachment_id)
    erase(gone)


def name(staff: StaffView, row: Briefing, picture_id: int, values: Mapping[str, str]) -> None:
    """Change the caption of a picture and in which editions it stands.

    Raises Faults, Conflict when somebody changed it since `version`, NotAllowed, NotFound, Refused.
    """
    places.require(staff, places.EDIT)
    caption, inside = _caption(values), values.get("inside") == "yes"
    with writing() as session:
        one = _held(session, row.id, picture_id)
        if (one.caption, one.inside) == (caption, inside):
            return
        if str(one.version) != values.get("version"):
            raise Conflict(one.caption, one.version, None)
        one.caption, one.inside, one.version = caption, inside, one.version + 1


def move(staff: StaffView, row: Briefing, picture_id: int, way: str) -> None:
    """Put a picture one place further up or down in its part; the first stays the first. Raises as `name`."""
    places.require(staff, places.EDIT)
    with writing() as session:
        one = _held(session, row.id, picture_id)
        order = [other for other, _file in pictures.of(session, row.id, one.key)]
        at = order.index(one)
        to = min(max(at + (-1 if way == UP else 1), 0), len(order) - 1)
        order.insert(to, order.pop(at))
        for place, other in enumerate(order, 1):
            other.place = place


def remove(staff: StaffView, row: Briefing, picture_id: int) -> None:
    """Take a picture out of a draft: the rows first, then the bytes. Raises as `name`."""
    places.require(staff, places.EDIT)
    with writing() as session:
        one = _held(session, row.id, picture_id)
        attachment_id = one.attachment_id
        session.delete(one)
    _drop(attachment_id)


def _held(session: Session, briefing_id: int, picture_id: int) -> BriefingPicture:
    keeping.require_draft(keeping.locked(session, briefing_id))
    wanted = select(BriefingPicture).where(BriefingPicture.id == picture_id, BriefingPicture.briefing_id == briefing_id)
    one = session.scalar(wanted.execution_options(populate_existing=True))
    if one is None:
        raise NotFound("这张图片已经移除了。")
    return one
