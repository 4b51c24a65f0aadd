"""Files on the way: each belongs to a draft that only this visit can name, until the form is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import request
from werkzeug.datastructures import FileStorage

from blueprints.public import keys
from casework import attachments, drafts
from casework.attachments.receiving import CITIZEN
from casework.drafts import Saved
from casework.errors import NotFound, Refused
from models import Case
from models.attachment import REFUSED, Attachment

FIELD = "attachments"
_ICONS = {"image": "image", "audio": "sound"}


@dataclass(frozen=True)
class Shown:
    """A file as a list shows it; `key` is sent to remove it."""

    key: int
    name: str
    state: str
    icon: str
    bad: bool


@dataclass(frozen=True)
class Holder:
    """The draft of a form: `marked` is what the form carries, `saved` the draft itself, both None without one.

    `lost` when the form named a draft that is gone: sent, expired, or not of this visit.
    """

    token: str | None = None
    marked: str = ""
    saved: Saved | None = None
    lost: bool = False

    def files(self) -> list[Shown]:
        """Return the files so far."""
        return [] if self.saved is None else [shown(row) for row in attachments.of_draft(self.saved.id)]


def shown(row: Attachment) -> Shown:
    """Return a stored file as a list shows it."""
    icon = _ICONS.get(row.media_type.partition("/")[0], "doc")
    return Shown(row.id, row.name, attachments.state_text(row), icon, row.state == REFUSED)


def held(visit: str, marked: str, now: datetime) -> Holder:
    """Return the draft that a form names."""
    if not marked:
        return Holder()
    token = keys.draft_of(visit, marked)
    saved = drafts.load(token, now) if token else None
    return Holder(token, marked, saved) if saved else Holder(lost=True)


def begun(
    visit: str, kind: str, holder: Holder, now: datetime, *, keep: bool | None = None
) -> tuple[Holder, str, Saved]:
    """Return the draft of a form, begun now if there was none: the holder, its token, the draft."""
    if holder.token is not None and holder.saved is not None:
        return holder, holder.token, holder.saved
    token = drafts.start(kind, now, keep=keep)
    saved = drafts.load(token, now)
    if saved is None:
        raise NotFound("草稿没有存上，请再试一次")
    return Holder(token, keys.mark_draft(visit, token), saved, holder.lost), token, saved


def sent_files(field: str = FIELD) -> list[FileStorage]:
    """Return the files of this request; a browser sends an empty one when none was chosen."""
    return [file for file in request.files.getlist(field) if file.filename]


def take(visit: str, kind: str, holder: Holder, now: datetime) -> tuple[Holder, str]:
    """Receive the files of this request into the draft; return it and a sentence on what was not taken."""
    files = sent_files()
    if not files:
        return holder, ""
    holder, _token, draft = begun(visit, kind, holder, now)
    faults = []
    for file in files:
        try:
            attachments.receive(
                file.stream,
                file.filename,
                draft_id=draft.id,
                uploaded_by=CITIZEN,
                field=FIELD,
                now=now,
            )
        except Refused as refusal:
            faults.append(refusal.sentence)
    return holder, "；".join(dict.fromkeys(faults))


def remove(holder: Holder, key: str) -> None:
    """Take a file out of the draft again; one that is gone already is no matter."""
    if holder.saved is None or not (key.isascii() and key.isdigit() and len(key) < 19):
        return
    try:
        attachments.remove(int(key), draft_id=holder.saved.id)
    except NotFound:
        return


def receive_for(case_id: int, field: str, now: datetime) -> tuple[list[int], str]:
    """Receive the files of this request for a case; return their ids and a sentence on what was not taken."""
    ids, faults = [], []
    for file in sent_files(field):
        try:
            row = attachments.receive(
                file.stream, file.filename, case_id=case_id, uploaded_by=CITIZEN, field=field, now=now
            )
        except Refused as refusal:
            faults.append(refusal.sentence)
        else:
            ids.append(row.id)
    return ids, "；".join(dict.fromkeys(faults))


def waiting(case: Case, ids: Sequence[int]) -> list[Shown]:
    """Return those of the files that this filer has brought for the case and no act has taken yet."""
    wanted = set(ids)
    return [
        shown(row)
        for row in attachments.of_case(case)
        if row.id in wanted
        and row.uploaded_by == CITIZEN
        and row.case_id == case.id
        and row.event_seq is None
        and row.filing_id is None
    ]
