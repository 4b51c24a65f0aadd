"""Where files belong: bound to a filing or an act, listed for a case, removed, and swept when nobody owns them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from casework.attachments import store
from casework.attachments.names import split
from casework.attachments.receiving import CITIZEN, STAFF, Place, check_room
from casework.errors import NotFound
from models.attachment import DESTROYED, Attachment
from models.base import db, writing
from models.briefing import BriefingPicture
from models.case import Case
from models.duty import Voicemail
from models.filing import Draft

LOOSE_FOR = timedelta(days=7)
"""How long a file that staff uploaded waits for the act that names it."""
STRAY_FOR = timedelta(days=1)
"""How old a stored file without a row must be before it is erased: its row may be on its way."""

Names = tuple[str, str | None]
"""Under which a file is stored: the original, and its cleaned copy once there is one."""

_FREE = (
    Attachment.event_seq.is_(None),
    Attachment.draft_id.is_(None),
    Attachment.filing_id.is_(None),
    Attachment.directive_id.is_(None),
    Attachment.notice_id.is_(None),
    ~select(BriefingPicture.id).where(BriefingPicture.attachment_id == Attachment.id).exists(),
)
"""What no act, filing, directive, notice or briefing has taken yet."""
_FILES = select(Attachment.id, Attachment.original, Attachment.clean)


def bind_to_filing(
    session: Session, *, draft_id: int, filing_id: int, case_id: int | None = None, anonymous: bool = False
) -> list[int]:
    """Move the files of a draft to the filing that came of it, inside the caller's transaction; return their ids.

    `case_id` is None when the filing made two cases: the files then belong to both. For anonymous filings the names,
    which people choose, give way to 附件1.jpg, 附件2.pdf. Raises NotFound when the draft is gone, Refused beyond quota.
    """
    if session.scalar(select(Draft.id).where(Draft.id == draft_id).with_for_update()) is None:
        raise NotFound("这份草稿已经提交或过了保存期，请重新开始")
    rows = list(
        session.scalars(
            select(Attachment).where(Attachment.draft_id == draft_id).order_by(Attachment.id).with_for_update()
        )
    )
    check_room(session, Place(filing_id=filing_id), rows, "attachments")
    for place, row in enumerate(rows, start=1):
        row.draft_id, row.filing_id, row.case_id = None, filing_id, case_id
        if anonymous:
            row.name = f"附件{place}{split(row.name)[1].lower()}"
    session.flush()
    return [row.id for row in rows]


def bind_to_event(
    session: Session, ids: Sequence[int], *, case_id: int, event_seq: int, staff_id: int | None
) -> list[int]:
    """Give loose files of one uploader to an act of a case, inside the caller's transaction; return their ids.

    `staff_id` is None for what the filer sent with a supplement (received with `case_id`). Raises NotFound when one of
    the files is not there, is somebody else's or belongs to something already; Refused for more than one act may have.
    """
    wanted = set(ids)
    if staff_id is None:
        own = (Attachment.uploaded_by == CITIZEN) & (Attachment.case_id == case_id)
    else:
        here = or_(Attachment.case_id == case_id, Attachment.case_id.is_(None))
        own = (Attachment.staff_id == staff_id) & here
    found = select(Attachment).where(Attachment.id.in_(wanted), own, *_FREE).order_by(Attachment.id)
    rows = list(session.scalars(found.with_for_update()))
    if len(rows) != len(wanted):
        raise NotFound("有文件已经不在了，请重新上传")
    check_room(session, Place(case_id=case_id, event_seq=event_seq), rows, "attachments")
    for row in rows:
        row.case_id, row.event_seq = case_id, event_seq
    session.flush()
    return [row.id for row in rows]


def bind_to_directive(
    session: Session, ids: Sequence[int], *, directive_id: int, report_id: int | None, staff_id: int
) -> None:
    """Give loose files of one uploader to a directive, or to a unit's answer to it, in the caller's transaction.

    Raises NotFound when one of the files is not there or belongs to something already, Refused for too many.
    """
    wanted = set(ids)
    mine = (Attachment.staff_id == staff_id, Attachment.case_id.is_(None), *_FREE)
    found = select(Attachment).where(Attachment.id.in_(wanted), *mine).order_by(Attachment.id)
    rows = list(session.scalars(found.with_for_update()))
    if len(rows) != len(wanted):
        raise NotFound("有文件已经不在了，请重新上传")
    check_room(session, Place(directive_id=directive_id, directive_report_id=report_id), rows, "files")
    for row in rows:
        row.directive_id, row.directive_report_id = directive_id, report_id
    session.flush()


def of_directive(directive_id: int) -> list[Attachment]:
    """Return every file of a directive: its own, and those of the answers to it."""
    mine = Attachment.directive_id == directive_id
    return list(db.session.scalars(select(Attachment).where(mine).order_by(Attachment.id)))


def of_draft(draft_id: int) -> list[Attachment]:
    """Return the files of a draft in the order they came."""
    return list(db.session.scalars(select(Attachment).where(Attachment.draft_id == draft_id).order_by(Attachment.id)))


def of_case(case: Case) -> list[Attachment]:
    """Return the files that belong to a case: its own, and those its filing brought for all its cases."""
    shared = (Attachment.filing_id == case.filing_id) & Attachment.case_id.is_(None)
    mine = select(Attachment).where(or_(Attachment.case_id == case.id, shared))
    return list(db.session.scalars(mine.order_by(Attachment.id)))


def one_of_case(case: Case, attachment_id: int) -> Attachment:
    """Return one file of a case. Raise NotFound when there is none or it is another case's: both look the same."""
    row = db.session.get(Attachment, attachment_id)
    if row is None or not belongs(row, case):
        raise NotFound
    return row


def belongs(row: Attachment, case: Case) -> bool:
    """Tell whether a file is one of the case's own or of its whole filing."""
    if row.case_id is not None:
        return row.case_id == case.id
    return row.filing_id is not None and row.filing_id == case.filing_id


def remove(attachment_id: int, *, draft_id: int) -> None:
    """Take a file back out of a draft: the row first, then its bytes. Raise NotFound when it is not in that draft."""
    with writing() as session:
        gone = delete_rows(session, Attachment.id == attachment_id, Attachment.draft_id == draft_id)
    if not gone:
        raise NotFound("这个文件已经移除了")
    erase(gone)


def delete_rows(session: Session, *which: ColumnElement[bool]) -> list[Names]:
    """Delete the rows of some files inside the caller's transaction.

    Returns the stored names of each, which the caller hands to `erase` after the commit: should it stop before that,
    the sweep for strays finds the bytes.
    """
    named = delete(Attachment).where(*which).returning(Attachment.original, Attachment.clean)
    return [(original, clean) for original, clean in session.execute(named)]


def erase(gone: Iterable[Names]) -> None:
    """Erase the bytes of files whose rows were deleted."""
    for names in gone:
        store.erase(*names)


@dataclass(frozen=True)
class Strays:
    """What a sweep found: files without a row (erased), loose rows nobody bound (erased), rows without their file."""

    files: int
    loose: int
    missing: tuple[int, ...]


def sweep_strays(now: datetime) -> Strays:
    """Erase files that no row names and loose uploads that no act took; report the ids of rows whose file is gone.

    Rows are never deleted because their file is missing: that is a loss somebody must look at.
    """
    loose = _erase_loose(now)
    # Files are listed before rows are read: a file that appears in between is too young to be touched.
    stored = list(store.stored())
    named: dict[str, int] = {}
    for row_id, original, clean in db.session.execute(_FILES.where(Attachment.state != DESTROYED)):
        named.update({name: row_id for name in (original, clean) if name is not None})
    oldest = (now - STRAY_FOR).timestamp()
    files = 0
    for name, changed, finished in stored:
        if changed >= oldest or (finished and name in named):
            continue
        (store.erase if finished else store.erase_part)(name)
        files += 1
    missing = {row_id for name, row_id in named.items() if not store.path_of(name).exists()}
    return Strays(files, loose, tuple(sorted(missing)))


def _erase_loose(now: datetime) -> int:
    unowned = (Attachment.case_id.is_(None), *_FREE)
    late = (Attachment.uploaded_by == STAFF, Attachment.uploaded_at <= now - LOOSE_FOR)
    # A recording of the night waits for its clerk however long it takes; one that needs no case goes like the rest.
    heard = (
        ~select(Voicemail.id).where(Voicemail.attachment_id == Attachment.id, Voicemail.dropped_at.is_(None)).exists()
    )
    with writing() as session:
        gone = delete_rows(session, *unowned, *late, heard)
    erase(gone)
    return len(gone)
