"""A notice from draft to publication and withdrawal: written by one person, approved by another, never lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from casework import pagestamp, tasks
from casework.actors import StaffView
from casework.attachments.keeping import delete_rows, erase
from casework.board import finding, places, sheets, typed
from casework.documents import Done
from casework.errors import Faults, NotAllowed, NotFound, Refused, SavedMeanwhile
from casework.fields import clean_text
from casework.tasks import Added
from models import NEVER, Attachment, Notice, NoticeSheet, NoticeStep, NoticeText, db
from models import attachment as files
from models.base import writing
from rules import board as law

STEPS = {
    "created": "起草", "submitted": "送审", "returned": "退回修改", "taken": "取回修改", "published": "审核通过",
    "pinned": "置顶", "unpinned": "取消置顶", "proposed": "提出更正", "corrected": "更正通过", "discarded": "不更正",
    "withdrawn": "撤下", "shown": "按时登出", "expired": "到期撤出列表",
}  # fmt: skip
VIEWS = (law.DRAFT, law.REVIEW, law.PUBLISHED, law.WITHDRAWN)


def find(notice_id: int) -> Notice:
    """Return a notice for those who work on the board. Raise NotFound."""
    row = db.session.get(Notice, notice_id)
    if row is None:
        raise NotFound("没有这条公示。")
    return row


def listed(state: str, after: int | None = None) -> tuple[Sequence[Notice], int | None]:
    """Return the notices of a state, the latest edited first, and the place of the next page."""
    query = select(Notice).where(Notice.state == state).order_by(Notice.id.desc())
    if after is not None:
        query = query.where(Notice.id < after)
    rows = list(db.session.scalars(query.limit(law.PAGE + 1)))
    return rows[: law.PAGE], rows[law.PAGE - 1].id if len(rows) > law.PAGE else None


def numbers() -> dict[str, int]:
    """Return how many notices stand in each state."""
    query = select(Notice.state, func.count()).group_by(Notice.state)
    found = {row.state: row[1] for row in db.session.execute(query)}
    return {state: found.get(state, 0) for state in VIEWS}


def waiting_corrections() -> dict[int, str]:
    """Return the titles of the corrections that wait for a second person, by notice."""
    query = select(NoticeText.notice_id, NoticeText.title).where(NoticeText.approved_at.is_(None))
    return {row.notice_id: row.title for row in db.session.execute(query.limit(100))}


def steps(row: Notice) -> list[NoticeStep]:
    """Return what was done to a notice, in order."""
    return list(db.session.scalars(select(NoticeStep).where(NoticeStep.notice_id == row.id).order_by(NoticeStep.id)))


def values_of(row: Notice) -> dict[str, str]:
    """Return a notice as the form shows it."""
    return {
        "category": row.category,
        "title": row.title,
        "summary": row.summary,
        "body": row.body,
        "publish_at": typed.moment_typed(row.publish_at),
        "expires_at": typed.moment_typed(row.expires_at),
        "version": str(row.version),
    }


def draft(staff: StaffView | None, values: Mapping[str, str], now: datetime, *, source: str | None = None) -> int:
    """Write a new notice and return its id. `source` names what it came of (the key of a form, signal:…): the same
    source again makes no second one.

    `staff` is None for what the house itself drafts. Raises NotAllowed, Faults.
    """
    if staff is not None:
        places.require(staff, places.EDIT)
    read = typed.read(values, now, frozenset(), None)
    with writing() as session:
        return of(session, staff, read, now, source).id


def of(session: Session, staff: StaffView | None, read: typed.Typed, now: datetime, source: str | None) -> Notice:
    """Write a notice inside the caller's transaction, or return the one that the source has made already."""
    who = staff.id if staff is not None else None
    if source is not None:
        there = session.scalar(select(Notice).where(Notice.mark == source[:80]))
        if there is not None:
            return there
    row = Notice(
        mark=source[:80] if source else None, state=law.DRAFT, version=1, pinned=False, words="",
        created_at=now, created_by=who, edited_at=now, edited_by=who,
    )  # fmt: skip
    _write(row, read)
    session.add(row)
    session.flush()
    step(session, row.id, "created", staff, now)
    return row


def _write(row: Notice, read: typed.Typed) -> None:
    row.category, row.title, row.body = read.category, read.title, read.body
    row.summary = read.summary or typed.shortened(read.body)
    row.publish_at, row.expires_at = read.publish_at, read.expires_at


def save(staff: StaffView, row: Notice, values: Mapping[str, str], now: datetime) -> None:
    """Save a draft. Raise SavedMeanwhile when somebody saved since `version`, Faults, NotAllowed, Refused."""
    places.require(staff, places.EDIT)
    read = typed.read(values, now, files_of(row.id), row.id)
    with writing() as session:
        held = locked(session, row.id)
        require_state(held, law.DRAFT)
        if str(held.version) != values.get("version"):
            theirs = values_of(held)
            if any(theirs[name] != values.get(name, "") for name in typed.FIELDS):
                raise SavedMeanwhile(theirs, held.version, held.edited_by)
        _write(held, read)
        held.version, held.edited_at, held.edited_by = held.version + 1, now, staff.id


def submit(staff: StaffView, row: Notice, now: datetime) -> None:
    """Hand a draft to a second person. Raise NotAllowed, Refused."""
    places.require(staff, places.EDIT)
    with writing() as session:
        held = locked(session, row.id)
        require_state(held, law.DRAFT)
        unseen = (Attachment.notice_id == held.id) & (Attachment.state == files.WAITING)
        if session.scalar(select(Attachment.id).where(unseen).limit(1)) is not None:
            raise Refused("有文件还在检查，通常几秒钟，请过一会儿再送审。", conflict=True)
        held.state = law.REVIEW
        step(session, held.id, "submitted", staff, now)


def take_back(staff: StaffView, row: Notice, now: datetime) -> None:
    """Take a submitted notice back to change it. Raise NotAllowed, Refused."""
    places.require(staff, places.EDIT)
    with writing() as session:
        held = locked(session, row.id)
        require_state(held, law.REVIEW)
        held.state = law.DRAFT
        step(session, held.id, "taken", staff, now)


def give_back(staff: StaffView, row: Notice, reason: str, now: datetime) -> None:
    """Return a submitted notice to its editors. Raise NotAllowed, Faults, Refused."""
    places.require(staff, places.PUBLISH)
    reason = reason_of(reason, "请写明要改什么")
    with writing() as session:
        held = locked(session, row.id)
        require_state(held, law.REVIEW)
        held.state = law.DRAFT
        step(session, held.id, "returned", staff, now, reason)


def publish(staff: StaffView, row: Notice, now: datetime) -> None:
    """Approve a submitted notice: it is shown from the moment that its editor wished, or at once when that is past.

    Raise NotAllowed for who has no right or wrote it, Refused.
    """
    places.require(staff, places.PUBLISH)
    with writing() as session:
        held = locked(session, row.id)
        require_state(held, law.REVIEW)
        if staff.id in {held.edited_by, _submitted_by(session, held.id)}:
            raise NotAllowed("写稿或者送审的人不能自己审核，请由另一位同事审核。")
        if held.expires_at <= now:
            raise Refused("到期时间已经过了，登出来也没有人看得到。请退回，改好到期时间。")
        added = approve(session, held, staff, now)
    done(added)


def approve(session: Session, held: Notice, staff: StaffView | None, now: datetime) -> list[Added]:
    """Publish a notice inside the caller's transaction; return the tasks that `done` wakes after the commit."""
    held.state = law.PUBLISHED
    if held.publish_at < now or held.publish_at == NEVER:
        held.publish_at = now
    session.add(
        NoticeText(
            notice_id=held.id, number=1, title=held.title, summary=held.summary, body=held.body, note="", version=1,
            written_at=held.edited_at, written_by=held.edited_by, approved_at=now,
            approved_by=staff.id if staff is not None else None,
        )
    )  # fmt: skip
    finding.enter(session, held)
    step(session, held.id, "published", staff, now)
    rows = [turn(held.id, "shown", held.publish_at, now)]
    if held.expires_at != NEVER:
        rows.append(turn(held.id, "expired", held.expires_at, now))
    return tasks.add(session, [*rows, *sheets.order(session, held.id, 1, now)])


def turn(notice_id: int, what: str, at: datetime, now: datetime) -> dict[str, Any]:
    """Return the task that lets pages be made anew at a moment, and writes down that it came."""
    key = f"board-{notice_id}-{what}-{at.timestamp():.0f}"
    return tasks.row(tasks.BOARD_TURN, {"notice_id": notice_id}, key, now, max(at, now))


def done(added: Sequence[Added]) -> None:
    """After a commit that changed the board: old pages go at once, and workers hear of their tasks."""
    pagestamp.forget()
    tasks.wake(added)


def turned(notice_id: int, now: datetime, finish: Done) -> str:
    """Say in the log of a notice that its time came or went, and let the pages be made anew; called by a worker."""
    with writing() as session:
        held = session.get(Notice, notice_id, with_for_update=True)
        word = "nothing to say"
        if held is not None and held.state == law.PUBLISHED:
            said = set(session.scalars(select(NoticeStep.step).where(NoticeStep.notice_id == notice_id)))
            # What was shown with its approval needs no word of its own.
            approved = select(NoticeText.approved_at).where(NoticeText.notice_id == notice_id, NoticeText.number == 1)
            waited = held.publish_at > (session.scalar(approved) or held.publish_at)
            for what, at in (("shown", held.publish_at if waited else NEVER), ("expired", held.expires_at)):
                if at <= now and what not in said:
                    step(session, notice_id, what, None, at)
                    word = what
            if held.expires_at <= now:
                held.pinned = False
        finish(session, now)
    pagestamp.forget()
    return word


def pin(staff: StaffView, row: Notice, on: bool, now: datetime) -> None:
    """Let a notice stand above the others, or no longer. Raise NotAllowed, Refused."""
    places.require(staff, places.PUBLISH)
    with writing() as session:
        held = locked(session, row.id)
        require_state(held, law.PUBLISHED)
        if held.pinned == on:
            return
        others = select(func.count()).where(Notice.state == law.PUBLISHED, Notice.pinned, Notice.expires_at > now)
        if on and (session.scalar(others) or 0) >= law.PINS:
            raise Refused(f"最多置顶{law.PINS}条，请先取消一条的置顶。", conflict=True)
        held.pinned = on
        step(session, held.id, "pinned" if on else "unpinned", staff, now)
    done([])


def withdraw(staff: StaffView, row: Notice, reason: str, now: datetime) -> None:
    """Take a published notice off the board; its page says that and why. Raise NotAllowed, Faults, Refused."""
    places.require(staff, places.PUBLISH)
    reason = reason_of(reason, "请写明为什么撤下，读者会看到")
    with writing() as session:
        held = locked(session, row.id)
        require_state(held, law.PUBLISHED)
        held.state, held.pinned, held.withdrawn_at, held.withdrawal = law.WITHDRAWN, False, now, reason
        finding.remove(session, held)
        session.execute(delete(NoticeText).where(NoticeText.notice_id == held.id, NoticeText.approved_at.is_(None)))
        step(session, held.id, "withdrawn", staff, now, reason)
    done([])


def drop(staff: StaffView, row: Notice) -> None:
    """Delete a draft that nobody wants, with its files. Raise NotAllowed, Refused."""
    places.require(staff, places.EDIT)
    with writing() as session:
        held = locked(session, row.id)
        require_state(held, law.DRAFT)
        gone = delete_rows(session, Attachment.notice_id == held.id)
        for table in (NoticeStep, NoticeText, NoticeSheet):
            session.execute(delete(table).where(table.notice_id == held.id))
        session.delete(held)
    erase(gone)


def files_of(notice_id: int) -> frozenset[int]:
    """Return the ids of the files that the text of a notice may name: those that can be shown, or soon will be."""
    usable = Attachment.state.in_((files.WAITING, files.CLEAN))
    return frozenset(db.session.scalars(select(Attachment.id).where(Attachment.notice_id == notice_id, usable)))


def reason_of(text: str, asked: str) -> str:
    """Return a reason as it is kept. Raise Faults when there is none or it is too long."""
    reason = clean_text(text, lines=False)
    if not 0 < len(reason) <= law.REASON:
        raise Faults({"reason": f"{asked}，最多{law.REASON}个字。"})
    return reason


def require_state(row: Notice, state: str) -> None:
    """Raise Refused when a notice does not stand in a state."""
    if row.state != state:
        raise Refused(f"这一条现在是“{law.STATES[row.state]}”，做不了这一步，请看过再办。", conflict=True)


def _submitted_by(session: Session, notice_id: int) -> int | None:
    query = select(NoticeStep.staff_id).where(NoticeStep.notice_id == notice_id, NoticeStep.step == "submitted")
    return session.scalar(query.order_by(NoticeStep.id.desc()).limit(1))


def step(session: Session, notice_id: int, what: str, staff: StaffView | None, now: datetime, text: str = "") -> None:
    """Write down what was done to a notice."""
    who = staff.id if staff is not None else None
    session.add(NoticeStep(notice_id=notice_id, at=now, staff_id=who, step=what, text=text))


def locked(session: Session, notice_id: int) -> Notice:
    """Return a notice that nobody else changes until the transaction ends. Raise NotFound."""
    wanted = select(Notice).where(Notice.id == notice_id).with_for_update()
    row = session.scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("没有这条公示，可能刚才有同事删掉了。")
    return row
