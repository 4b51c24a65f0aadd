"""Corrections of published notices: proposed by one person, approved by another, said on the page; old texts stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select

from casework import tasks
from casework.actors import StaffView
from casework.board import finding, places, sheets, typed
from casework.board.keeping import done, files_of, locked, require_state, step
from casework.errors import Faults, NotAllowed, NotFound, Refused, SavedMeanwhile
from casework.fields import clean_text
from models import Notice, NoticeText, db
from models.base import writing
from rules import board as law

FIELDS = (*typed.TEXTS, "note")


def texts(row: Notice) -> list[NoticeText]:
    """Return every text that a notice ever had, the first one first; one that waits for approval is the last."""
    return list(
        db.session.scalars(select(NoticeText).where(NoticeText.notice_id == row.id).order_by(NoticeText.number))
    )


def waiting(row: Notice) -> NoticeText | None:
    """Return the correction that waits for a second person."""
    open_one = select(NoticeText).where(NoticeText.notice_id == row.id, NoticeText.approved_at.is_(None))
    return db.session.scalar(open_one)


def values_of(text: NoticeText) -> dict[str, str]:
    """Return a proposed correction as the form shows it."""
    return {**{name: getattr(text, name) for name in FIELDS}, "version": str(text.version)}


def propose(staff: StaffView, row: Notice, values: Mapping[str, str], now: datetime) -> None:
    """Propose a correction, or change the one that waits. What everybody reads stays until it is approved.

    Raise SavedMeanwhile, Faults, NotAllowed, Refused.
    """
    places.require(staff, places.EDIT)
    faults: dict[str, str] = {}
    title, summary, body = typed.read_texts(values, files_of(row.id), row.id, faults)
    note = clean_text(values.get("note", ""), lines=False)
    if not 0 < len(note) <= law.REASON:
        faults["note"] = f"请写明更正了什么，读者会看到，最多{law.REASON}个字。"
    if faults:
        raise Faults({name: faults[name] for name in FIELDS if name in faults})
    with writing() as session:
        held = locked(session, row.id)
        require_state(held, law.PUBLISHED)
        if (held.title, held.summary, held.body) == (title, summary, body):
            raise Faults({"body": "和现在登出的文字一样，没有可以更正的。"})
        mine = select(NoticeText).where(NoticeText.notice_id == held.id, NoticeText.approved_at.is_(None))
        there = session.scalar(mine.with_for_update())
        seen = values.get("version", "")
        if there is None:
            last = session.scalar(select(func.max(NoticeText.number)).where(NoticeText.notice_id == held.id)) or 0
            there = NoticeText(notice_id=held.id, number=last + 1, version=0)
            session.add(there)
        elif str(there.version) != seen and any(getattr(there, name) != values.get(name, "") for name in FIELDS):
            raise SavedMeanwhile(values_of(there), there.version, there.written_by)
        there.title, there.summary, there.body, there.note = title, summary or typed.shortened(body), body, note
        there.version, there.written_at, there.written_by = there.version + 1, now, staff.id
        step(session, held.id, "proposed", staff, now, note)


def approve(staff: StaffView, row: Notice, version: str, now: datetime) -> None:
    """Let a correction take the place of the text, with its note; new sheets are ordered.

    Raise NotAllowed for who has no right or wrote it, NotFound, Refused when it was changed since it was read.
    """
    places.require(staff, places.PUBLISH)
    with writing() as session:
        held = locked(session, row.id)
        require_state(held, law.PUBLISHED)
        mine = select(NoticeText).where(NoticeText.notice_id == held.id, NoticeText.approved_at.is_(None))
        text = session.scalar(mine.with_for_update())
        if text is None:
            raise NotFound("没有等待审核的更正。")
        if text.written_by == staff.id:
            raise NotAllowed("写更正的人不能自己审核，请由另一位同事审核。")
        if str(text.version) != version:
            raise Refused("这份更正刚才又改过，请看过再审核。", conflict=True)
        text.approved_at, text.approved_by = now, staff.id
        held.title, held.summary, held.body = text.title, text.summary, text.body
        held.corrected_at, held.correction = now, text.note
        finding.enter(session, held)
        step(session, held.id, "corrected", staff, now, text.note)
        added = tasks.add(session, sheets.order(session, held.id, text.number, now))
    done(added)


def discard(staff: StaffView, row: Notice, now: datetime) -> None:
    """Drop a correction that waits. Raise NotAllowed, NotFound."""
    if not places.may(staff, places.EDIT):
        places.require(staff, places.PUBLISH)
    with writing() as session:
        held = locked(session, row.id)
        text = session.scalar(
            select(NoticeText).where(NoticeText.notice_id == held.id, NoticeText.approved_at.is_(None))
        )
        if text is None:
            raise NotFound("没有等待审核的更正。")
        session.delete(text)
        step(session, held.id, "discarded", staff, now)
