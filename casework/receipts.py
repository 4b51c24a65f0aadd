"""The receipt of a filing: its numbers and query codes, shown again within the same visit and then erased.

The codes are sealed under a key that only the form (and so the visit) knows; the database holds that key's
SHA-256 alone. After the visit nobody can read them again, the bureau included (rulings 21).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select, update

from casework.errors import NotFound
from models import Attachment, Case, Filing, Party, db
from models.base import writing

VISIT = timedelta(hours=24)


@dataclass(frozen=True)
class Slip:
    """One case on a receipt."""

    kind: str
    number: str
    code: str
    due_rule: str | None = None
    due_on: date | None = None


@dataclass(frozen=True)
class Receipt:
    """What the filer gets: a slip for each case."""

    slips: tuple[Slip, ...]
    received_at: datetime
    repeated: bool = False


def mark_of(form_key: str) -> bytes:
    """Return what the database keeps of a form's key."""
    return hashlib.sha256(form_key.encode()).digest()


def _key(form_key: str) -> bytes:
    return hmac.digest(form_key.encode(), b"receipt codes", hashlib.sha256)


def seal(slips: tuple[Slip, ...], form_key: str) -> bytes:
    """Return the slips encrypted under the form's key."""
    plain = json.dumps(
        [[s.kind, s.number, s.code, s.due_rule, s.due_on.isoformat() if s.due_on else None] for s in slips]
    )
    nonce = os.urandom(12)
    return nonce + AESGCM(_key(form_key)).encrypt(nonce, plain.encode(), None)


def unseal(sealed: bytes, form_key: str) -> tuple[Slip, ...]:
    """Return the slips again; raises cryptography's InvalidTag for another key."""
    plain = AESGCM(_key(form_key)).decrypt(sealed[:12], sealed[12:], None)
    return tuple(
        Slip(kind, number, code, rule, date.fromisoformat(due) if due else None)
        for kind, number, code, rule, due in json.loads(plain)
    )


def show(form_key: str, now: datetime) -> Receipt:
    """Return the receipt of the form with this key. Raise NotFound when there is none or the visit is over."""
    filing = db.session.scalar(select(Filing).where(Filing.form_key == mark_of(form_key)))
    if filing is None or filing.receipt_codes is None or filing.receipt_until is None or filing.receipt_until <= now:
        raise NotFound("回执已经过了显示时间。编号和查询码请看您保存或打印的那一份；都没有的，请打 12315。")
    return Receipt(unseal(filing.receipt_codes, form_key), filing.received_at, repeated=True)


@dataclass(frozen=True)
class About:
    """What a receipt repeats of what was filed: enough to recognise it by, nothing of the person."""

    respondent_name: str | None
    matter: str
    files: tuple[str, ...]
    reply_by: str | None


def about(slip: Slip) -> About:
    """Return what the receipt of a case says beside its number. A sealed case says nothing."""
    case = db.session.scalar(select(Case).where(Case.number == slip.number))
    if case is None or case.kind == "misconduct":
        return About(None, "", (), None)
    reply_by = db.session.scalar(
        select(Party.reply_by).where(Party.case_id == case.id, Party.role == "filer", Party.left_at.is_(None))
    )
    shared = (Attachment.filing_id == case.filing_id) & (Attachment.uploaded_by == "citizen")
    files = db.session.scalars(select(Attachment.name).where(shared).order_by(Attachment.id))
    return About(case.respondent_name, case.matter, tuple(files), reply_by)


def erase_old(now: datetime, limit: int = 1000) -> int:
    """Erase the codes of visits that are over; return how many."""
    with writing() as session:
        over = select(Filing.id).where(Filing.receipt_until.is_not(None), Filing.receipt_until <= now).limit(limit)
        gone = session.scalars(
            update(Filing)
            .where(Filing.id.in_(list(session.scalars(over))))
            .values(receipt_codes=None, receipt_until=None)
            .returning(Filing.id)
        )
        return len(list(gone))
