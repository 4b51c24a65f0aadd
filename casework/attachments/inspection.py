"""Cleaning a stored file: its bytes go through a process of its own, what comes back is sealed like the original."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import update

from casework.attachments import store
from casework.attachments.policy import BY_MEDIA_TYPE, FAMILIES
from casework.cleaning.runner import Answer, Cleaned, clean_apart
from models.attachment import CLEAN, SEALED, WAITING, Attachment
from models.base import db, writing
from models.secrets import Unreadable

log = logging.getLogger("portal.attachments")


def clean(attachment_id: int, now: datetime) -> None:
    """Make the cleaned copy of a waiting file, or say why there is none; repeat it as often as you like.

    A file that cannot be cleaned is kept sealed with the reason. Raises casework.cleaning.runner.Interrupted when the
    cleaning process was killed from outside: the file stays waiting and the task is tried again.
    """
    row = db.session.get(Attachment, attachment_id, populate_existing=True)
    if row is None or row.state != WAITING:
        return
    original, media_type, size = row.original, row.media_type, row.size
    db.session.commit()  # no transaction is held open while the file is being worked on
    family = FAMILIES[BY_MEDIA_TYPE[media_type].family]
    writer = store.Writer()
    try:
        answer = _answer(original, media_type, size, family.max_bytes, writer)
        name = writer.close() if isinstance(answer, Cleaned) else None
        if not _settle(attachment_id, answer, name) or name is None:
            writer.abandon()
    except BaseException:
        writer.abandon()
        raise
    log.info("attachment %d: %s", attachment_id, "clean" if name else "sealed")


def _answer(original: str, media_type: str, size: int, limit: int, writer: store.Writer) -> Answer:
    try:
        return clean_apart(media_type, size, store.read(original), writer.write, limit)
    except Unreadable:
        log.error("the stored file of an attachment was altered: %s", original)
        return Answer("存放的原件被改动过，请联系管理员")


def _settle(attachment_id: int, answer: Answer, name: str | None) -> bool:
    """Write the outcome unless somebody else did, or the file was removed meanwhile; tell whether it was written."""
    values: dict[str, object] = {"state": SEALED, "reason": answer.reason[:120]}
    if isinstance(answer, Cleaned):
        values = {
            "state": CLEAN,
            "reason": None,
            "clean": name,
            "clean_type": answer.media_type,
            "clean_size": answer.size,
            "pages": answer.pages,
            "seconds": answer.seconds,
        }
    waiting = (Attachment.id == attachment_id, Attachment.state == WAITING)
    with writing() as session:
        done = session.execute(update(Attachment).where(*waiting).values(**values).returning(Attachment.id)).all()
    return bool(done)
