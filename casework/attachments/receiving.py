"""Taking a file in: count, recognise, seal, and only then write its row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from casework import tasks
from casework.attachments import policy, sniff, store
from casework.attachments.names import shown_name, split
from casework.attachments.policy import FAMILIES, POLICY, FileType, size_text
from casework.errors import NotFound, Refused
from models.attachment import WAITING, Attachment
from models.base import writing
from models.case import Case
from models.filing import Draft, Filing

CITIZEN = "citizen"
STAFF = "staff"
_PIECE = 256 * 1024


class Stream(Protocol):
    """What a file is read from: an upload, an open file, a recording fetched by an import."""

    def read(self, size: int = ..., /) -> bytes:
        """Return at most `size` bytes, none at the end."""


@dataclass(frozen=True)
class Place:
    """Where a file belongs: a draft, filing, case or directive. Staff may leave it loose until their act binds it."""

    draft_id: int | None = None
    filing_id: int | None = None
    case_id: int | None = None
    event_seq: int | None = None
    directive_id: int | None = None
    directive_report_id: int | None = None


def receive(
    stream: Stream,
    file_name: str | None,
    *,
    draft_id: int | None = None,
    filing_id: int | None = None,
    case_id: int | None = None,
    event_seq: int | None = None,
    uploaded_by: str,
    staff_id: int | None = None,
    kind: str = "evidence",
    field: str | None = None,
    family: str | None = None,
    now: datetime,
) -> Attachment:
    """Seal the stream into a stored file, then write its row and the task that cleans it; return the row.

    `family`: only files of that sort are taken (policy.IMAGE).
    The row is written only when the file has reached the disk; when it cannot be written the file goes again.
    Raises Refused (with `field`) for a type, size, number or total that is not taken, NotFound when the draft,
    filing or case is not there (any more).
    """
    name = shown_name(file_name)
    if store.is_full():
        raise Refused("现在收不了文件，您填的内容还在，请先提交，文件以后再补", field)
    place = Place(draft_id, filing_id, case_id, event_seq)
    head = _first(stream)
    file_type = recognise(name, head, field)
    if family is not None and file_type.family != family:
        raise Refused(f"“{name}”是 {file_type.label}，这里只收{FAMILIES[family].label}", field)
    writer = store.Writer()
    try:
        size, digest = _copy(stream, head, writer, name, file_type, field)
        writer.close()
        row = Attachment(
            draft_id=draft_id,
            filing_id=filing_id,
            case_id=case_id,
            event_seq=event_seq,
            kind=kind,
            field=field,
            name=name,
            media_type=file_type.media_type,
            size=size,
            sha256=digest,
            original=writer.name,
            state=WAITING,
            uploaded_by=uploaded_by,
            staff_id=staff_id,
            uploaded_at=now,
        )
        added = _write(row, place, field, now)
    except BaseException:
        writer.abandon()
        raise
    tasks.wake(added)
    return row


def recognise(name: str, head: bytes, field: str | None = None) -> FileType:
    """Return the type of a file from its shown name and first bytes. Raise Refused with what to do instead."""
    if not head:
        raise Refused(f"“{name}”是空的，请重新选一次", field)
    ending = split(name)[1].lower()
    claimed = policy.BY_EXTENSION.get(ending)
    found = sniff.sniff(head)
    if claimed is None and ending not in policy.NEUTRAL:
        raise Refused(f"“{name}”不是能收的格式，{policy.advice(ending)}", field)
    if not found:
        what = f"里面不是 {claimed.label}" if claimed else "不是能收的格式"
        raise Refused(f"“{name}”{what}，请拍照后上传 JPG，或存成 PDF", field)
    if claimed is None:
        claimed = POLICY[min(found, key=lambda key: list(POLICY).index(key))]
    if claimed.key not in found:
        real = POLICY[min(found)]
        raise Refused(f"“{name}”其实是 {real.label}，请把名字的结尾改成“{real.extensions[0]}”再上传", field)
    sides = sniff.dimensions(head, claimed.key)
    if sides and (max(sides) > policy.MAX_SIDE or sides[0] * sides[1] > policy.MAX_PIXELS):
        raise Refused(
            f"“{name}”有 {sides[0]}×{sides[1]} 像素，最大 {policy.MAX_SIDE} 像素一边、"
            f"共 {policy.MAX_PIXELS // 10_000} 万像素，请缩小后上传",
            field,
        )
    return claimed


def _first(stream: Stream) -> bytes:
    """Read until there is enough to recognise the type, however small the pieces come in."""
    head = b""
    while len(head) < sniff.HEAD:
        piece = stream.read(_PIECE)
        if not piece:
            break
        head += piece
    return head


def _copy(
    stream: Stream, head: bytes, writer: store.Writer, name: str, file_type: FileType, field: str | None
) -> tuple[int, bytes]:
    """Seal everything, stop at the first byte too many; return size and SHA-256 of the plain bytes."""
    family = FAMILIES[file_type.family]
    digest, size, piece = hashlib.sha256(), 0, head
    while piece:
        size += len(piece)
        if size > family.max_bytes:
            limit = size_text(family.max_bytes)
            raise Refused(f"“{name}”超过 {limit}，{family.label}每个最多 {limit}，{family.shorten}", field)
        digest.update(piece)
        writer.write(piece)
        piece = stream.read(_PIECE)
    return size, digest.digest()


def _write(row: Attachment, place: Place, field: str | None, now: datetime) -> list[tasks.Added]:
    with writing() as session:
        _hold(session, place, now)
        check_room(session, place, [row], field)
        session.add(row)
        session.flush()
        task = tasks.row(tasks.ATTACHMENT_CLEAN, {"attachment": row.id}, f"{tasks.ATTACHMENT_CLEAN}:{row.id}", now)
        return tasks.add(session, [task])


def _hold(session: Session, place: Place, now: datetime) -> None:
    """Lock what the file goes to, so that two uploads at once are counted one after the other (SQLite locks all)."""
    if place.draft_id is not None:
        live = (Draft.id == place.draft_id, Draft.expires_at > now)
        if session.scalar(select(Draft.id).where(*live).with_for_update()) is None:
            raise NotFound("这份草稿已经提交或过了保存期，请重新开始")
    if (
        place.filing_id is not None
        and session.scalar(select(Filing.id).where(Filing.id == place.filing_id).with_for_update()) is None
    ):
        raise NotFound
    if (
        place.case_id is not None
        and session.scalar(select(Case.id).where(Case.id == place.case_id).with_for_update()) is None
    ):
        raise NotFound


def check_room(session: Session, place: Place, coming: list[Attachment], field: str | None = None) -> None:
    """Raise Refused when `coming` would exceed the number or the bytes that one filing or one act may have.

    A draft counts its own files, a filing those that its filer sent, a case those of the same act (or those that no act
    has taken yet). The caller holds the lock on the draft, filing or case.
    """
    if place.draft_id is not None:
        mine = Attachment.draft_id == place.draft_id
    elif place.filing_id is not None:
        mine = (Attachment.filing_id == place.filing_id) & (Attachment.uploaded_by == CITIZEN)
    elif place.case_id is not None:
        act = (Attachment.event_seq == place.event_seq) & Attachment.filing_id.is_(None)
        mine = (Attachment.case_id == place.case_id) & act
    elif place.directive_id is not None:
        answer = Attachment.directive_report_id == place.directive_report_id
        mine = (Attachment.directive_id == place.directive_id) & answer
    else:
        return
    count, total = session.execute(select(func.count(), func.coalesce(func.sum(Attachment.size), 0)).where(mine)).one()
    if count + len(coming) > policy.MAX_FILES:
        raise Refused(f"最多 {policy.MAX_FILES} 个文件，已经有 {count} 个，请先移除不需要的", field)
    if int(total) + sum(row.size for row in coming) > policy.MAX_TOTAL:
        raise Refused(
            f"文件加起来最多 {size_text(policy.MAX_TOTAL)}，已经有 {size_text(int(total))}，请先移除不需要的", field
        )
