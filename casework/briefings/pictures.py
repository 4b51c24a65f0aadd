"""The pictures of a briefing as they stand: in their order, with their cleaned copies, as they were when submitted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.attachments import store
from casework.errors import Refused
from models import Attachment, BriefingPicture, db
from models import attachment as files
from rules import briefing as law

Shown = tuple[BriefingPicture, Attachment]


def of(session: Session, briefing_id: int, key: str | None = None) -> list[Shown]:
    """Return the pictures of a briefing, or of one of its parts, with their files: part by part, in their order."""
    query = select(BriefingPicture, Attachment).join(Attachment, Attachment.id == BriefingPicture.attachment_id)
    query = query.where(BriefingPicture.briefing_id == briefing_id)
    if key is not None:
        query = query.where(BriefingPicture.key == key)
    parts = list(law.SECTIONS)
    found = [(one, file) for one, file in session.execute(query)]
    return sorted(found, key=lambda row: (parts.index(row[0].key), row[0].place, row[0].id))


def shown(briefing_id: int, key: str) -> list[Shown]:
    """Return the pictures of one part of a briefing with their files, in their order, for its page."""
    return of(db.session(), briefing_id, key)


def body_of(file: Attachment) -> bytes:
    """Return the cleaned copy of a picture. Raise NotFound when there is none, Unreadable when it was altered."""
    return store.body(file.clean or "")


def seals(session: Session, briefing_id: int) -> dict[int, bytes]:
    """Return the SHA-256 of every picture as it is shown, by id.

    Raise Refused while one is being checked, or when one cannot be shown.
    """
    found = {}
    for one, file in of(session, briefing_id):
        where = f"“{law.SECTIONS[one.key].title}”里的图片“{one.caption}”"
        if file.state == files.WAITING:
            raise Refused(f"{where}还在检查，通常几秒钟，请过一会儿再试。", conflict=True)
        if file.state != files.CLEAN:
            raise Refused(
                f"{where}不能用：{file.reason or '没有可以查看的副本'}。请移除它，或者换一张。", conflict=True
            )
        found[one.id] = hashlib.sha256(body_of(file)).digest()
    return found


def printed(session: Session, briefing_id: int, *, public: bool, draft: bool) -> dict[str, list[dict[str, Any]]]:
    """Return what an edition shows of the pictures, by part: name, caption; of a draft also those not yet checked.

    `public`: without those of the bureau alone.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for one, file in of(session, briefing_id):
        ready = file.state == files.CLEAN
        if (public and one.inside) or not (ready or draft):
            continue
        found.setdefault(one.key, []).append({"name": f"{one.id}.jpg" if ready else "", "caption": one.caption})
    return found


def opened(session: Session, briefing_id: int) -> Mapping[str, Callable[[], bytes]]:
    """Return how the layout gets at each picture, by the name in `printed`."""
    rows = [(one, file) for one, file in of(session, briefing_id) if file.state == files.CLEAN]
    return {f"{one.id}.jpg": _opener(one.sha256, file.clean or "") for one, file in rows}


def _opener(digest: bytes | None, name: str) -> Callable[[], bytes]:
    def read() -> bytes:
        body = store.body(name)
        if digest is not None and hashlib.sha256(body).digest() != digest:
            raise ValueError("a picture is not what was submitted")
        return body

    return read
