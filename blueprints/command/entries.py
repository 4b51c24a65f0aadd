"""What the forms of the command pages have in common: the key against a second press, and files on their way."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from flask import request

from blueprints.web.staff import session_token
from casework import attachments
from casework.actors import StaffView
from casework.errors import Refused
from rules.identifiers import row_number

LIMITS = (
    f"图片、PDF、录音、视频或 TXT，最多 {attachments.MAX_FILES} 个，一共 {attachments.size_text(attachments.MAX_TOTAL)}"
)


def new_key() -> str:
    """Return what a form carries so that it counts once, however often it is sent."""
    return secrets.token_urlsafe(24)


def key_in_form() -> str:
    """Return the key that the form brought; a new one in place of what no form of ours carries."""
    key = request.form.get("form_key", "")
    return key if 20 <= len(key) <= 64 and key.isascii() else new_key()


def key_of(token: str) -> str:
    """Return the key to keep: that of the form in this session, worthless in another."""
    return hashlib.sha256(f"{session_token()}\0{token}".encode()).hexdigest()


def ids_of(values: Sequence[str]) -> tuple[int, ...]:
    """Return the row numbers among what a form carries."""
    return tuple(one for one in map(row_number, values) if one is not None)


def received(name: str, staff: StaffView, now: datetime) -> tuple[list[str], str]:
    """Take the files of a field in; return the ids of all that the form holds, and a sentence for a bad one."""
    ids = request.form.getlist(name)
    for upload in request.files.getlist(name):
        if not upload.filename:
            continue
        try:
            row = attachments.receive(
                upload.stream,
                upload.filename,
                uploaded_by="staff",
                staff_id=staff.id,
                kind="paper",
                field=name,
                now=now,
            )
        except Refused as refused:
            return ids, refused.sentence
        ids.append(str(row.id))
    return ids, ""
