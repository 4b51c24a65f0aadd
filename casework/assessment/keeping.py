"""The way of a month's assessment: breaches entered, counted by a worker, objected to, signed, then kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from casework import numbers, tasks
from casework.actors import StaffView
from casework.assessment import freezing, places, results
from casework.assessment.results import Result
from casework.documents import Done
from casework.errors import Faults, NotAllowed, NotFound, Refused
from casework.reference import UnitView, current
from models import Assessment, AssessmentBreach, AssessmentObjection, db
from models import assessment as states
from models import document as papers
from models.base import writing
from rules import assessment as law
from rules.calendar import local_date
from rules.periods import Period

LONGEST = 1000
STATES = {
    states.COUNTING: "正在取数",
    states.FAILED: "没能取数",
    states.OPEN: "申诉期",
    states.SIGNED: "已签发",
}


def window_open(row: Assessment, now: datetime) -> bool:
    """Tell whether units may still object."""
    until = row.objections_until
    return row.state == states.OPEN and until is not None and local_date(now) <= until


def state_words(row: Assessment, now: datetime) -> str:
    """Return how far a month is, in words."""
    return "待签发" if row.state == states.OPEN and not window_open(row, now) else STATES[row.state]


def month_of(key: str) -> Period:
    """Return the month with this key. Raise NotFound for what is none."""
    try:
        found = Period.parse(key)
    except ValueError as error:
        raise NotFound("没有这个月份。") from error
    if found.kind != "month":
        raise NotFound("没有这个月份。")
    return found


def listed() -> list[Assessment]:
    """Return the months, the latest first, for ten years."""
    return list(db.session.scalars(select(Assessment).order_by(Assessment.month.desc()).limit(120)))


def find(month: str) -> Assessment:
    """Return a month's assessment. Raise NotFound where there is none."""
    row = db.session.scalar(select(Assessment).where(Assessment.month == month))
    if row is None:
        raise NotFound("这个月还没有考核。")
    return row


def order(staff: StaffView | None, month: Period, now: datetime) -> tuple[int, bool]:
    """Have a month counted by a worker; return its id, and whether it was not there before.

    `staff` is None for the portal itself. Raises NotAllowed, Refused before the districts' reports are due.
    """
    if staff is not None:
        places.require(staff, places.ORDER)
    first = law.counted_from(month, current().calendar)
    if local_date(now) < first:
        raise Refused(f"{month.label}要等各区县报送截止，{first.month}月{first.day}日起才能取数。", "month")
    with writing() as session:
        row = session.scalar(select(Assessment).where(Assessment.month == month.key).with_for_update())
        if row is not None and row.state != states.FAILED:
            return row.id, False
        new = row is None
        if row is None:
            row = Assessment(month=month.key, state=states.COUNTING, ordered_at=now, data={})
            session.add(row)
        added = _count(session, row, staff, now)
        assessment_id = row.id
    tasks.wake(added)
    return assessment_id, new


def order_due(now: datetime) -> int:
    """Order the last month by itself as soon as it may be counted; return how many were ordered (the periodic work)."""
    month = Period.holding("month", local_date(now)).before()
    if local_date(now) < law.counted_from(month, current().calendar):
        return 0
    if db.session.scalar(select(Assessment.id).where(Assessment.month == month.key)) is not None:
        return 0
    return int(order(None, month, now)[1])


def _count(session: Session, row: Assessment, staff: StaffView | None, now: datetime) -> list[tasks.Added]:
    row.state, row.ordered_at, row.ordered_by = states.COUNTING, now, staff.id if staff else None
    session.flush()
    counted = f"{row.frozen_at.timestamp():.0f}" if row.frozen_at else "first"
    key = f"assessment-{row.id}-{counted}-{now.timestamp():.0f}"
    return tasks.add(session, [tasks.row(tasks.ASSESSMENT_COUNT, {"assessment_id": row.id}, key, now)])


def recount(staff: StaffView, row: Assessment, now: datetime) -> None:
    """Count a month anew. Raise NotAllowed, Refused once somebody objected to the figures or they were signed."""
    places.require(staff, places.ORDER)
    with writing() as session:
        held = locked(session, row.id)
        _require_untouched(session, held.month)
        if held.state == states.COUNTING:
            return
        added = _count(session, held, staff, now)
    tasks.wake(added)


def compile(assessment_id: int, now: datetime, done: Done) -> str:
    """Count the figures of a month and freeze them; called by a worker. Return what happened, for the log."""
    row = db.session.get(Assessment, assessment_id)
    if row is None or row.state != states.COUNTING:
        with writing() as session:
            done(session, now)
        return "nothing to do"
    month = Period.parse(row.month)
    data = freezing.freeze(month, now)
    with writing() as session:
        held = locked(session, assessment_id)
        if held.state == states.COUNTING:
            held.data, held.frozen_at, held.state = data, now, states.OPEN
            held.data_sha256 = hashlib.sha256(freezing.text_of(data).encode()).digest()
            held.objections_until = law.objections_until(local_date(now), current().calendar)
        done(session, now)
    return f"{month.key}: {len(data['units'])} units"


def gave_up(assessment_id: int) -> None:
    """Say of a month that it could not be counted after every try."""
    with writing() as session:
        waiting = (Assessment.id == assessment_id) & (Assessment.state == states.COUNTING)
        session.execute(update(Assessment).where(waiting).values(state=states.FAILED))


def corrections(row: Assessment) -> list[AssessmentObjection]:
    """Return the objections of a month, in the order in which they were filed."""
    query = select(AssessmentObjection).where(AssessmentObjection.assessment_id == row.id)
    return list(db.session.scalars(query.order_by(AssessmentObjection.id)))


def results_of(row: Assessment) -> list[Result]:
    """Return every unit's result with the corrections up to now; none before the month is counted."""
    return results.of(row.data, corrections(row), unit_keys()) if row.data else []


def seen(staff: StaffView, row: Assessment) -> list[Result]:
    """Return the results that a person reads; places among all are computed before any is left out."""
    found = results_of(row)
    keys = set(places.seen(staff, [one.key for one in found], signed=row.state == states.SIGNED))
    return [one for one in found if one.key in keys]


def unit_keys() -> dict[int, str]:
    """Return the keys of the units by their ids."""
    return {one.id: one.key for one in current().units.values()}


def breaches(month: str) -> list[AssessmentBreach]:
    """Return the breaches of a month as they were entered, withdrawn ones included."""
    query = select(AssessmentBreach).where(AssessmentBreach.month == month)
    return list(db.session.scalars(query.order_by(AssessmentBreach.on, AssessmentBreach.id)))


def enter_breach(staff: StaffView, month: Period, entered: Mapping[str, str], now: datetime) -> AssessmentBreach:
    """Enter what a unit was found to have done. Raise NotAllowed, Faults, Refused once the figures are objected to."""
    places.require(staff, places.DECIDE)
    unit, kind, day, text = _read_breach(month, entered, now)
    with writing() as session:
        _require_untouched(session, month.key)
        row = AssessmentBreach(
            month=month.key, unit_id=unit.id, kind=kind, on=day, text=text, entered_at=now, entered_by=staff.id
        )
        session.add(row)
    return row


def _read_breach(month: Period, entered: Mapping[str, str], now: datetime) -> tuple[UnitView, str, date, str]:
    faults: dict[str, str] = {}
    units = {one.key: one for one in places.assessed(current())}
    unit, kind, text = units.get(entered.get("unit", "")), entered.get("kind", ""), entered.get("text", "").strip()
    if unit is None:
        faults["unit"] = "请选择单位"
    if kind not in law.BREACH_KINDS:
        faults["kind"] = "请选择是哪一种违规"
    day = _day(entered.get("on", ""))
    if day is None or not month.first <= day <= min(month.last, local_date(now)):
        faults["on"] = f"请写{month.label}里的日期，例如 {month.first.isoformat()}"
    if not 5 <= len(text) <= LONGEST:
        faults["text"] = f"请写明查实的情况和依据，5到{LONGEST:,}个字"
    if faults or unit is None or day is None:
        raise Faults(faults)
    return unit, kind, day, text


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def withdraw_breach(staff: StaffView, month: Period, breach_id: int, why: str, now: datetime) -> None:
    """Say of a breach that it does not count; it stays on record. Raise NotAllowed, NotFound, Faults, Refused."""
    places.require(staff, places.DECIDE)
    if not 5 <= len(why.strip()) <= LONGEST:
        raise Faults({"why": f"请写明为什么撤销，5到{LONGEST:,}个字"})
    with writing() as session:
        _require_untouched(session, month.key)
        row = session.get(AssessmentBreach, breach_id)
        if row is None or row.month != month.key:
            raise NotFound("没有这一条。")
        if row.withdrawn_at is None:
            row.withdrawn_at, row.withdrawn_by, row.withdrawn_why = now, staff.id, why.strip()


def _require_untouched(session: Session, month: str) -> None:
    """Raise Refused once somebody signed a month or objected to its figures: what they spoke about must stand."""
    row = session.scalar(select(Assessment).where(Assessment.month == month).with_for_update())
    if row is None:
        return
    if row.state == states.SIGNED:
        raise Refused("这个月的考核已经签发，不能再改。")
    objected = select(AssessmentObjection.id).where(AssessmentObjection.assessment_id == row.id).limit(1)
    if session.scalar(objected) is not None:
        raise Refused("已经有单位对这个月的结果申诉，数字不能再变；要改的，通过申诉更正。")


def changed_since(row: Assessment) -> bool:
    """Tell whether breaches were entered or withdrawn after the figures were frozen: they must be counted anew."""
    if row.state != states.OPEN:
        return False
    counted: list[int] = row.data["breaches"]
    return sorted(one.id for one in breaches(row.month) if one.withdrawn_at is None) != counted


def sign(staff: StaffView, row: Assessment, now: datetime) -> None:
    """Sign the month (签发): it gets its number, never changes again, and its notification is ordered.

    Raises NotAllowed, Refused while units may still object, an objection waits, or the figures are not as frozen.
    """
    places.require(staff, places.SIGN)
    with writing() as session:
        held = locked(session, row.id)
        if held.state != states.OPEN:
            raise Refused(f"这个月的考核{STATES[held.state]}，不能签发。")
        if held.ordered_by == staff.id:
            raise NotAllowed("取数的人不能自己签发，请由另一位负责人签发。")
        if hashlib.sha256(freezing.text_of(held.data).encode()).digest() != held.data_sha256:
            raise Refused("数字和冻结时不一样，请报告管理员。")
        until = held.objections_until
        if until is None or local_date(now) <= until:
            raise Refused("申诉期还没有过完，过完以后才能签发。")
        if changed_since(held):
            raise Refused("取数以后又登记或者撤销了违规行为，请先重新取数。")
        waiting = select(AssessmentObjection.id).where(
            AssessmentObjection.assessment_id == held.id, AssessmentObjection.decided_at.is_(None)
        )
        if session.scalar(waiting.limit(1)) is not None:
            raise Refused("还有申诉没有处理，处理完才能签发。")
        held.number = numbers.take(session.connection(), f"assessment.{local_date(now).year}")
        held.state, held.signed_at, held.signed_by = states.SIGNED, now, staff.id
        held.print_state = papers.QUEUED
        added = tasks.add(session, [print_task(held.id, f"assessment-print-{held.id}", now)])
    tasks.wake(added)


def print_task(assessment_id: int, key: str, now: datetime) -> dict[str, Any]:
    """Return the row of the task that prints a notification."""
    return tasks.row(tasks.ASSESSMENT_PRINT, {"assessment_id": assessment_id}, key, now)


def locked(session: Session, assessment_id: int) -> Assessment:
    """Return a month's row, locked until the end of the transaction."""
    wanted = select(Assessment).where(Assessment.id == assessment_id).with_for_update()
    return session.scalars(wanted.execution_options(populate_existing=True)).one()
