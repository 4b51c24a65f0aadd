"""Pictures and files of a notice: they pass the same cleaning as every upload; only cleaned copies leave the house."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from casework import attachments
from casework.actors import StaffView
from casework.attachments import Opened, store
from casework.attachments.keeping import delete_rows, erase
from casework.attachments.receiving import Stream
from casework.board import briefs, places
from casework.board.keeping import locked, require_state
from casework.briefings import editions
from casework.errors import Faults, NotFound
from casework.fields import clean_text
from models import Attachment, Briefing, BriefingEdition, Notice, db
from models import attachment as files
from models import document as states
from models.base import writing
from rules import board as law
from rules import briefing as briefing_law

PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/heic"})


def receive(staff: StaffView, row: Notice, stream: Stream, name: str | None, alt: str, now: datetime) -> int:
    """Take a file in for a draft; what a picture shows has to be said. Return its id.

    Raises Refused for what is no file of ours, Faults, NotAllowed.
    """
    places.require(staff, places.EDIT)
    require_state(row, law.DRAFT)
    alt = clean_text(alt, lines=False)
    if len(alt) > law.ALT:
        raise Faults({"alt": f"说明最多{law.ALT}个字，现在有{len(alt)}个字。"})
    if _number(row.id) >= law.FILES:
        raise Faults({"file": f"一条公示最多{law.FILES}个文件，请先移除不需要的。"})
    got = attachments.receive(
        stream, name, uploaded_by="staff", staff_id=staff.id, kind="notice", field="file", now=now
    )
    with writing() as session:
        held = locked(session, row.id)
        mine = session.get_one(Attachment, got.id, with_for_update=True)
        if got.media_type in PICTURES and not alt:
            session.delete(mine)
            names = (mine.original, mine.clean)
        else:
            require_state(held, law.DRAFT)
            mine.notice_id, mine.alt = held.id, alt or None
            names = None
    if names is not None:
        store.erase(*names)
        raise Faults({"alt": "请写明这张图片上是什么，看不见图片的人靠它。然后再选一次图片。"})
    return got.id


def _number(notice_id: int) -> int:
    query = select(func.count()).select_from(Attachment).where(Attachment.notice_id == notice_id)
    return db.session.scalar(query) or 0


def remove(staff: StaffView, row: Notice, file_id: int) -> None:
    """Take a file out of a draft again: the row first, then its bytes. Raise NotAllowed, NotFound, Refused."""
    places.require(staff, places.EDIT)
    with writing() as session:
        require_state(locked(session, row.id), law.DRAFT)
        gone = delete_rows(session, Attachment.id == file_id, Attachment.notice_id == row.id)
    if not gone:
        raise NotFound("这个文件已经移除了")
    erase(gone)


def of(row: Notice) -> list[Attachment]:
    """Return every file of a notice, in the order they came."""
    return list(db.session.scalars(select(Attachment).where(Attachment.notice_id == row.id).order_by(Attachment.id)))


def shown(row: Notice) -> list[Attachment]:
    """Return the files of a notice that have a cleaned copy."""
    return [one for one in of(row) if one.state == files.CLEAN]


def in_text(row: Notice, one: Attachment) -> bool:
    """Tell whether a file is a picture that stands in the text."""
    return is_picture(one) and address_of(one) in row.body


def is_picture(one: Attachment) -> bool:
    """Tell whether a file is a picture."""
    return one.media_type in PICTURES


def address_of(one: Attachment) -> str:
    """Return the address of a file, as a text names it."""
    return f"/board/{one.notice_id}/files/{one.id}"


def open_file(row: Notice, file_id: int) -> tuple[Opened, bool]:
    """Open the cleaned copy of a file of a notice, and tell whether it is a picture. Raise NotFound."""
    one = db.session.get(Attachment, file_id)
    if one is None or one.notice_id != row.id:
        raise NotFound("没有这个文件。")
    return attachments.open_clean(one), (one.clean_type or "") in PICTURES


def briefing_of(row: Notice) -> BriefingEdition | None:
    """Return the public edition of the briefing that a notice tells of, once it is printed."""
    if not (row.mark or "").startswith(briefs.MARK):
        return None
    month = (row.mark or "").removeprefix(briefs.MARK)
    query = select(BriefingEdition).join(Briefing, Briefing.id == BriefingEdition.briefing_id)
    printed = query.where(BriefingEdition.edition == briefing_law.PUBLIC, BriefingEdition.state == states.MADE)
    return db.session.scalar(printed.where(Briefing.month == month))


def read_briefing(edition: BriefingEdition) -> bytes:
    """Return the file of a printed edition."""
    return editions.read(edition)
