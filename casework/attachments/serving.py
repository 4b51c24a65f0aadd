"""Handing files out: the cleaned copy for work, the sealed original only by a recorded reveal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from casework.attachments import store
from casework.attachments.keeping import one_of_case
from casework.attachments.names import disposition, split
from casework.attachments.policy import BY_MEDIA_TYPE
from casework.errors import NotFound, Refused
from models.attachment import CLEAN, Attachment
from models.base import writing
from models.case import Case
from models.system import Reveal

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What every answer that carries a file must say, whatever page it comes from."""

_REASON_LENGTH = 200


@dataclass(frozen=True)
class Opened:
    """A file on its way out: plain bytes in pieces, type from our own table, header value for saving, size."""

    chunks: Iterator[bytes]
    media_type: str
    disposition: str
    size: int


def open_clean(attachment: Attachment) -> Opened:
    """Open the cleaned copy. Raise NotFound when there is none: still waiting, or kept sealed."""
    if attachment.state != CLEAN or attachment.clean is None or attachment.clean_type is None:
        raise NotFound("这个文件现在不能查看")
    ending = BY_MEDIA_TYPE[attachment.clean_type].extensions[0]
    stem, own = split(attachment.name)
    same = own.lower() in BY_MEDIA_TYPE[attachment.clean_type].extensions
    return Opened(
        store.read(attachment.clean),
        attachment.clean_type,
        disposition(attachment.name if same else f"{stem}{ending}"),
        attachment.clean_size or 0,
    )


def open_original(attachment_id: int, *, case: Case, staff_id: int, reason: str, now: datetime) -> Opened:
    """Open the sealed original as it was sent; who, when and why is committed before the first byte leaves.

    The caller has asked rules.access whether this person may reveal. Raises Refused without a reason, NotFound when
    the file is not of this case.
    """
    why = reason.strip()
    if not why:
        raise Refused("请写明为什么要看原件", "reason")
    if len(why) > _REASON_LENGTH:
        raise Refused(f"理由最多 {_REASON_LENGTH} 个字，现在是 {len(why)} 个字", "reason")
    attachment = one_of_case(case, attachment_id)
    chunks = store.read(attachment.original)
    with writing() as session:
        session.add(Reveal(case_id=case.id, staff_id=staff_id, at=now, reason=why))
    return Opened(chunks, attachment.media_type, disposition(attachment.name), attachment.size)
