"""Drafts: what somebody has typed and uploaded so far, encrypted, found only by whoever holds the token."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from casework import attachments
from casework.attachments import keeping
from casework.errors import NotFound, Refused
from models.attachment import Attachment
from models.base import canonical, db, writing
from models.filing import Draft

KEPT = timedelta(days=7)
VISIT = timedelta(hours=2)
"""How long a draft lives that its writer did not ask to keep: long enough for one sitting."""
CONFIDENTIAL = frozenset({"report", "misconduct"})
"""Kinds that are kept beyond the visit only when the informant asks for it."""
MAX_CONTENT = 64 * 1024
_BATCH = 200


@dataclass(frozen=True)
class Saved:
    """A draft that is still there: what was typed, by name of field, and until when it is kept."""

    id: int
    kind: str
    values: dict[str, Any]
    expires_at: datetime


def start(kind: str, now: datetime, *, keep: bool | None = None) -> str:
    """Make an empty draft and return its token (256 bits), which is stored only as a hash.

    `keep` None follows the kind: a week, but for reports only the visit.
    """
    token = secrets.token_urlsafe(32)
    with writing() as session:
        session.add(
            Draft(token_hash=_hash(token), kind=kind, created_at=now, expires_at=now + _life(kind, keep), content=None)
        )
    return token


def save(token: str, kind: str, values: Mapping[str, Any], now: datetime, *, keep: bool | None = None) -> Saved:
    """Keep what was typed, in place of what was kept before; the time runs anew and never gets shorter.

    Raises NotFound when the draft was sent, erased or has expired, Refused when it is longer than any form can be.
    """
    content = canonical(dict(values))
    if len(content.encode()) > MAX_CONTENT:
        raise Refused("填的内容太长，草稿存不下，请缩短一些")
    with writing() as session:
        row = session.scalar(_live(token, now).with_for_update())
        if row is None:
            raise _gone()
        row.kind, row.content = kind, content
        row.expires_at = max(row.expires_at, now + _life(kind, keep))
        session.flush()
        return _saved(row)


def load(token: str, now: datetime) -> Saved | None:
    """Return the draft of a token, None when there is none (any more)."""
    row = db.session.scalar(_live(token, now))
    return None if row is None else _saved(row)


def erase(token: str) -> None:
    """Throw a draft away with its files; a draft that is gone already is no matter."""
    _erase(db.session.scalars(select(Draft.id).where(Draft.token_hash == _hash(token))).all())


def consume(
    session: Session, token: str, now: datetime, *, filing_id: int, case_id: int | None = None, anonymous: bool = False
) -> list[int]:
    """Hand the files of a draft to the filing that came of it and delete the draft, in the caller's transaction.

    Returns the ids of the files. Raises NotFound when the draft is gone: the same draft cannot be sent twice.
    """
    row = session.scalar(_live(token, now).with_for_update())
    if row is None:
        raise _gone()
    bound = attachments.bind_to_filing(
        session, draft_id=row.id, filing_id=filing_id, case_id=case_id, anonymous=anonymous
    )
    session.execute(delete(Draft).where(Draft.id == row.id))
    return bound


def erase_expired(now: datetime) -> int:
    """Erase the drafts whose time is over, rows and files; return how many."""
    erased = 0
    while True:
        ids = db.session.scalars(select(Draft.id).where(Draft.expires_at <= now).limit(_BATCH)).all()
        if not ids:
            return erased
        _erase(ids)
        erased += len(ids)


def _erase(ids: Sequence[int]) -> None:
    found = list(ids)
    if not found:
        return
    with writing() as session:
        session.execute(select(Draft.id).where(Draft.id.in_(found)).with_for_update())
        gone = keeping.delete_rows(session, Attachment.draft_id.in_(found))
        session.execute(delete(Draft).where(Draft.id.in_(found)))
    keeping.erase(gone)


def _life(kind: str, keep: bool | None) -> timedelta:
    kept = kind not in CONFIDENTIAL if keep is None else keep
    return KEPT if kept else VISIT


def _live(token: str, now: datetime) -> Select[Draft]:
    return select(Draft).where(Draft.token_hash == _hash(token), Draft.expires_at > now)


def _saved(row: Draft) -> Saved:
    return Saved(row.id, row.kind, json.loads(row.content) if row.content else {}, row.expires_at)


def _gone() -> NotFound:
    return NotFound("这份草稿已经提交或过了保存期，请重新开始")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
