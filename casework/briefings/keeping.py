"""The way of a briefing: counted by a worker, written by editors, submitted, returned or signed off, then kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from casework import numbers, tasks
from casework.actors import StaffView
from casework.board import briefs
from casework.board import keeping as notices
from casework.briefings import editions, freezing, pictures, places, sentences, written
from casework.documents import Done
from casework.errors import Faults, NotAllowed, NotFound, Refused
from models import Briefing, BriefingExample, BriefingSection, BriefingStep, Case, db
from models import briefing as states
from models.base import writing
from rules import briefing as law
from rules import categories
from rules.calendar import local_date
from rules.periods import Period

LONGEST = 6000
"""Characters of what is written for one part."""
STEPS = {
    "ordered": "开始汇编",
    "frozen": "数字已经冻结",
    "recounted": "重新取数",
    "failed": "没能汇编",
    "submitted": "送审",
    "returned": "退回修改",
    "issued": "签发",
}
STATES = {
    states.COUNTING: "正在取数",
    states.FAILED: "没能汇编",
    states.DRAFT: "编写中",
    states.SUBMITTED: "待签发",
    states.ISSUED: "已签发",
}


class Conflict(Exception):
    """Somebody saved the same part meanwhile: `text` and `version` are what stands there now, `by` whose it is."""

    def __init__(self, text: str, version: int, by: int | None) -> None:
        super().__init__(f"saved meanwhile, version {version}")
        self.text, self.version, self.by = text, version, by


def month_of(key: str) -> Period:
    """Return the month with this key. Raise NotFound for what is none."""
    try:
        found = Period.parse(key)
    except ValueError as error:
        raise NotFound("没有这个月份。") from error
    if found.kind != "month":
        raise NotFound("没有这个月份。")
    return found


def listed() -> list[Briefing]:
    """Return the briefings, the latest month first."""
    return list(db.session.scalars(select(Briefing).order_by(Briefing.month.desc()).limit(120)))


def find(staff: StaffView, month: str) -> Briefing:
    """Return the briefing of a month. Raise NotFound where there is none, or not yet one for this person."""
    row = db.session.scalar(select(Briefing).where(Briefing.month == month))
    if row is None or not reads(staff, row):
        raise NotFound("这个月的简报还没有汇编。")
    return row


def reads(staff: StaffView, row: Briefing) -> bool:
    """Tell whether a person reads a briefing: before it is issued only who writes, signs or audits it."""
    auditor = any(one.role == "auditor" for one in staff.assignments)
    return row.state == states.ISSUED or auditor or places.may(staff, places.EDIT) or places.may(staff, places.SIGN)


def order(staff: StaffView | None, month: Period, now: datetime) -> tuple[int, bool]:
    """Have a month's briefing compiled by a worker; return its id, and whether it was not there before.

    `staff` is None for a command. Raises NotAllowed, Refused for a month that is not over.
    """
    if staff is not None:
        places.require(staff, places.EDIT)
    if month.ends > now:
        raise Refused(f"{month.label}还没有过完，过完以后才能汇编。", "month")
    with writing() as session:
        row = session.scalar(select(Briefing).where(Briefing.month == month.key).with_for_update())
        if row is not None and row.state != states.FAILED:
            return row.id, False
        new = row is None
        if row is None:
            row = Briefing(month=month.key, state=states.COUNTING, ordered_at=now, data={})
            session.add(row)
        row.state, row.ordered_at, row.ordered_by = states.COUNTING, now, staff.id if staff else None
        session.flush()
        briefing_id = row.id
        _step(session, briefing_id, "ordered", staff, now)
        added = tasks.add(session, [_task(briefing_id, now)])
    tasks.wake(added)
    return briefing_id, new


def _task(briefing_id: int, now: datetime) -> dict[str, Any]:
    key = f"briefing-{briefing_id}-{now.timestamp():.0f}"
    return tasks.row(tasks.BRIEFING_COMPILE, {"briefing_id": briefing_id}, key, now)


def recount(staff: StaffView, row: Briefing, now: datetime) -> None:
    """Count the figures of a draft anew; what was written stays. Raise NotAllowed, Refused once it is submitted."""
    places.require(staff, places.EDIT)
    with writing() as session:
        held = locked(session, row.id)
        if held.state not in (states.DRAFT, states.FAILED):
            raise Refused("送审以后不能重新取数。")
        held.state = states.COUNTING
        _step(session, held.id, "recounted", staff, now)
        added = tasks.add(session, [_task(held.id, now)])
    tasks.wake(added)


def compile(briefing_id: int, now: datetime, done: Done) -> str:
    """Count the figures of a briefing and freeze them; called by a worker. Return what happened, for the log."""
    row = db.session.get(Briefing, briefing_id)
    if row is None or row.state != states.COUNTING:
        with writing() as session:
            done(session, now)
        return "nothing to do"
    month = Period.parse(row.month)
    data = freezing.freeze(month, now)
    digest, last, count = freezing.seal_of(month)
    with writing() as session:
        held = locked(session, briefing_id)
        if held.state == states.COUNTING:
            held.data, held.frozen_at, held.state = data, now, states.DRAFT
            held.data_sha256 = hashlib.sha256(freezing.text_of(data).encode()).digest()
            held.records_sha256, held.records_last, held.records_count = digest, last, count
            there = set(session.scalars(select(BriefingSection.key).where(BriefingSection.briefing_id == held.id)))
            session.add_all(
                BriefingSection(briefing_id=held.id, key=key, text="", version=0)
                for key in law.SECTIONS
                if key not in there
            )
            _step(session, held.id, "frozen", None, now)
        done(session, now)
    return f"{row.month}: {count} events sealed"


def gave_up(briefing_id: int, now: datetime) -> None:
    """Say of a briefing that it could not be compiled after every try."""
    with writing() as session:
        waiting = (Briefing.id == briefing_id) & (Briefing.state == states.COUNTING)
        if session.scalars(update(Briefing).where(waiting).values(state=states.FAILED).returning(Briefing.id)).all():
            _step(session, briefing_id, "failed", None, now)


def sections(row: Briefing) -> dict[str, BriefingSection]:
    """Return what was written, by part."""
    query = select(BriefingSection).where(BriefingSection.briefing_id == row.id)
    found = {one.key: one for one in db.session.scalars(query)}
    return {key: found[key] for key in law.SECTIONS if key in found}


def said(row: Briefing) -> dict[str, list[str]]:
    """Return the sentences that follow from the figures, by part; none before they are counted."""
    return sentences.of(row.data) if row.data else {key: [] for key in law.SECTIONS}


def write(staff: StaffView, row: Briefing, key: str, text: str, version: int, now: datetime) -> None:
    """Save what an editor wrote for a part. Raise Conflict when it was saved since `version`, Faults, NotAllowed."""
    places.require(staff, places.EDIT)
    if key not in law.SECTIONS:
        raise NotFound("没有这一部分。")
    if len(text) > LONGEST:
        raise Faults({"text": f"最多写{LONGEST:,}个字，现在有{len(text):,}个字。"})
    with writing() as session:
        held = locked(session, row.id)
        require_draft(held)
        part = session.scalars(
            select(BriefingSection).where(BriefingSection.briefing_id == held.id, BriefingSection.key == key)
        ).one()
        if part.text == text:
            return
        if part.version != version:
            raise Conflict(part.text, part.version, part.edited_by)
        part.text, part.version, part.edited_at, part.edited_by = text, version + 1, now, staff.id


def require_draft(row: Briefing) -> None:
    """Raise Refused for a briefing in which nothing may be changed now."""
    if row.state != states.DRAFT:
        raise Refused(f"这一期{STATES[row.state]}，现在不能改。")


def examples(row: Briefing) -> list[BriefingExample]:
    """Return the typical cases chosen, in the order of choosing."""
    query = select(BriefingExample).where(BriefingExample.briefing_id == row.id).order_by(BriefingExample.id)
    return list(db.session.scalars(query))


def choose(staff: StaffView, row: Briefing, case_id: int) -> None:
    """Take one of the proposed cases as a typical case, retold without a name. Raise NotAllowed, NotFound, Refused."""
    places.require(staff, places.EDIT)
    if case_id not in {one["id"] for one in row.data.get("proposals", ())}:
        raise NotFound("这件不在可选的案例里。")
    with writing() as session:
        held = locked(session, row.id)
        require_draft(held)
        there = select(BriefingExample.id).where(
            BriefingExample.briefing_id == row.id, BriefingExample.case_id == case_id
        )
        if session.scalar(there) is None:
            case = session.get_one(Case, case_id)
            session.add(
                BriefingExample(briefing_id=row.id, case_id=case_id, title=_title(case), text=_retold(case), version=1)
            )


def _title(case: Case) -> str:
    return f"{case.goods or '一起消费'}纠纷调解案"[:60]


def _retold(case: Case) -> str:
    """A first wording without names, places or numbers: an editor makes a story of it."""
    received, closed = case.received_on, local_date(case.closed_at) if case.closed_at else None
    ended = f"{closed.month}月{closed.day}日" if closed else "后来"
    problem = _problem(case.problem)
    claimed = f"，涉及金额{sentences.money(case.amount)}" if case.amount else ""
    recovered, goods = sentences.money(case.amount_recovered or 0), case.goods or "商品或者服务"
    return (
        f"{received.month}月{received.day}日，消费者反映，购买{goods}发生{problem}问题{claimed}。"
        f"市场监管部门受理后组织双方调解，{ended}双方达成一致，为消费者挽回损失{recovered}。"
    )


def _problem(key: str | None) -> str:
    try:
        return categories.category(key or "").label
    except KeyError:
        return "消费"


def retell(staff: StaffView, row: Briefing, example_id: int, values: Mapping[str, str]) -> None:
    """Change the title and the text of a typical case. Raise Faults, Conflict, NotAllowed, NotFound."""
    places.require(staff, places.EDIT)
    title, text = values.get("title", "").strip(), values.get("text", "").strip()
    faults = {}
    if not 0 < len(title) <= 60:
        faults["title"] = "请写案例的标题，最多60个字。"
    if not 0 < len(text) <= LONGEST:
        faults["text"] = f"请写案例的内容，最多{LONGEST:,}个字。"
    if faults:
        raise Faults(faults)
    with writing() as session:
        require_draft(locked(session, row.id))
        one = session.get(BriefingExample, example_id)
        if one is None or one.briefing_id != row.id:
            raise NotFound("没有这个案例。")
        if str(one.version) != values.get("version") and (one.title, one.text) != (title, text):
            raise Conflict(f"{one.title}\n{one.text}", one.version, None)
        one.title, one.text, one.version = title, text, one.version + 1


def leave_out(staff: StaffView, row: Briefing, example_id: int) -> None:
    """Take a typical case out again. Raise NotAllowed, Refused."""
    places.require(staff, places.EDIT)
    with writing() as session:
        require_draft(locked(session, row.id))
        one = session.get(BriefingExample, example_id)
        if one is not None and one.briefing_id == row.id:
            session.delete(one)


def submit(staff: StaffView, row: Briefing, now: datetime) -> None:
    """Hand a draft to the leader, its pictures as they are now. Raise NotAllowed, Refused."""
    places.require(staff, places.EDIT)
    seals = pictures.seals(db.session(), row.id)  # reads every picture: not while others wait for the row
    with writing() as session:
        held = locked(session, row.id)
        require_draft(held)
        there = [one for one, _file in pictures.of(session, held.id)]
        if {one.id for one in there} != set(seals):
            raise Refused("刚才有人增减了图片，请看过再送审。", conflict=True)
        for one in there:
            one.sha256 = seals[one.id]
        held.state = states.SUBMITTED
        _step(session, held.id, "submitted", staff, now)


def give_back(staff: StaffView, row: Briefing, reason: str, now: datetime) -> None:
    """Return a submitted briefing to its editors with a reason. Raise NotAllowed, Faults, Refused."""
    places.require(staff, places.SIGN)
    reason = reason.strip()
    if not 0 < len(reason) <= 500:
        raise Faults({"reason": "请写明要改什么，最多500个字。"})
    with writing() as session:
        held = locked(session, row.id)
        if held.state != states.SUBMITTED:
            raise Refused(f"这一期{STATES[held.state]}，不能退回。")
        held.state = states.DRAFT
        _step(session, held.id, "returned", staff, now, reason)


def issue(staff: StaffView, row: Briefing, now: datetime) -> None:
    """Sign a briefing off (签发): it gets its number, never changes again, and its two editions are ordered.

    Raises NotAllowed, Refused, also where the figures are not those that were frozen, or a picture not the one that was
    submitted.
    """
    places.require(staff, places.SIGN)
    seals = pictures.seals(db.session(), row.id)
    with writing() as session:
        held = locked(session, row.id)
        if held.state != states.SUBMITTED:
            raise Refused(f"这一期{STATES[held.state]}，不能签发。")
        if hashlib.sha256(freezing.text_of(held.data).encode()).digest() != held.data_sha256:
            raise Refused("这一期的数字和冻结时不一样，请报告管理员。")
        if {one.id: one.sha256 for one, _file in pictures.of(session, held.id)} != seals:
            raise Refused("这一期的图片和送审时不一样，请报告管理员。")
        if _submitted_by(session, held.id) == staff.id:
            raise NotAllowed("送审的人不能自己签发，请由另一位负责人签发。")
        year = local_date(now).year
        held.number = numbers.take(session.connection(), f"briefing.{year}")
        held.total_number = numbers.take(session.connection(), "briefing")
        held.state, held.issued_at, held.issued_by = states.ISSUED, now, staff.id
        held.written_sha256 = written.digest(session, held.id)
        _step(session, held.id, "issued", staff, now)
        added = tasks.add(session, editions.of_issue(session, held.id, now))
        session.flush()
        added += briefs.publish(session, held, editions.parts_of(session, held, law.PUBLIC), staff, now)
    notices.done(added)


def _submitted_by(session: Session, briefing_id: int) -> int | None:
    query = select(BriefingStep.staff_id).where(
        BriefingStep.briefing_id == briefing_id, BriefingStep.step == "submitted"
    )
    return session.scalar(query.order_by(BriefingStep.id.desc()).limit(1))


def steps(row: Briefing) -> list[BriefingStep]:
    """Return what was done to a briefing, in order."""
    return list(
        db.session.scalars(select(BriefingStep).where(BriefingStep.briefing_id == row.id).order_by(BriefingStep.id))
    )


def _step(
    session: Session, briefing_id: int, step: str, staff: StaffView | None, now: datetime, text: str = ""
) -> None:
    who = staff.id if staff is not None else None
    session.add(BriefingStep(briefing_id=briefing_id, at=now, staff_id=who, step=step, text=text))


def locked(session: Session, briefing_id: int) -> Briefing:
    """Return a briefing as it is now, held until the transaction ends."""
    wanted = select(Briefing).where(Briefing.id == briefing_id).with_for_update()
    return session.scalars(wanted.execution_options(populate_existing=True)).one()
