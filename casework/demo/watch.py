"""The watches and the call-backs of the demo city: a roster of four weeks, notes of the nights, last month's calls.

Rosters and notes are written as they would be entered; calls go through `handling.apply` like those of the desk.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import cycle
from random import Random
from typing import Any

from sqlalchemy import select

from casework import access, callbacks, duty, handling
from casework.actors import by
from casework.errors import WorkError
from casework.reference import Reference, UnitView, current
from models import CallbackDraw, Case, DutyShift, Handover, db
from models.base import writing
from models.unit import CITY, DISTRICT
from rules import duty as watches
from rules.calendar import local_date
from rules.duty import Slot

BEFORE, AFTER = timedelta(days=14), timedelta(days=14)
ASKED = 60
"""Drawn cases that were called about at most."""
CALLED = 0.6
NOTES = (
    "昨晚电话 14 个，登记 5 件，其余是咨询，已当场答复。没有紧急件。",
    "22:40 有人来电反映网红餐厅多人腹泻，已登记为紧急件并电话告知所在区值班。请白班跟进医院就诊人数。",
    "系统正常。12345 转来 3 件，已登记，等分送。",
    "一位老人连续来电三次，都是同一件健身卡的事，已告知编号，请承办所早点联系。",
    "凌晨有一条留言没有说清商家地址，已回拨没有人接，请白班再打一次。",
    "无事。",
)


def fill(seed: int, now: datetime) -> tuple[int, int]:
    """Enter rosters, notes and calls as of `now`; return how many watches and how many drawn cases there are."""
    rng = Random(f"{seed}/watch")  # noqa: S311 - invented work, no secret
    ref = current()
    first, last = local_date(now - BEFORE), local_date(now + AFTER)
    shifts = 0
    for unit in [one for one in ref.units.values() if one.kind in {CITY, DISTRICT}]:
        shifts += _roster(unit, first, last, rng, now)
    _notes(ref.root(), now)
    drawn = callbacks.draw(callbacks.month_before(local_date(now)), now, seed=f"demo-{seed}")
    _call(rng, ref, now)
    return shifts, drawn


def _roster(unit: UnitView, first: date, last: date, rng: Random, now: datetime) -> int:
    people = [person.id for person in duty.people_of(unit)]
    if len(people) < 2:
        return 0
    rng.shuffle(people)
    turn = cycle(people)
    slots = watches.slots(first, last)
    with writing() as session:
        for one in slots:
            session.add(_shift(unit, one, next(turn), next(turn), now))
    return len(slots)


def _shift(unit: UnitView, slot: Slot, first: int, second: int, now: datetime) -> DutyShift:
    times = {"starts_at": slot.starts_at, "ends_at": slot.ends_at}
    return DutyShift(
        unit_id=unit.id, part=slot.part, **times, staff_id=first, second_id=second, phone=unit.phone, entered_at=now
    )


def _notes(unit: UnitView, now: datetime) -> None:
    """Each of the last watches leaves a note at its end, confirmed by the next; the latest still waits."""
    query = select(DutyShift).where(DutyShift.unit_id == unit.id, DutyShift.ends_at <= now)
    shifts = list(db.session.scalars(query.order_by(DutyShift.ends_at.desc()).limit(len(NOTES))))
    with writing() as session:
        for place, (shift, text) in enumerate(reversed(list(zip(shifts, NOTES, strict=False)))):
            latest = place == len(shifts) - 1
            after = duty.shift_at(unit.id, shift.ends_at)
            reader = after.staff_id if after is not None and not latest else None
            read_at = shift.ends_at + timedelta(minutes=8) if reader is not None else None
            left = shift.ends_at - timedelta(minutes=12)
            session.add(
                Handover(
                    unit_id=unit.id, shift_id=shift.id, at=left, by_id=shift.staff_id, text=text, read_at=read_at,
                    read_by_id=reader,
                )
            )  # fmt: skip


def _call(rng: Random, ref: Reference, now: datetime) -> None:
    """Call about some of the drawn cases, one after the other up to now, most of them with an answer."""
    rows = list(db.session.execute(select(CallbackDraw.case_id).order_by(CallbackDraw.id)).scalars())
    chosen = sorted(rng.sample(rows, min(ASKED, round(len(rows) * CALLED))))
    caller = ref.roles.get((ref.root().id, "supervisor"), ())
    view = access.view_of(caller[0], now) if caller else None
    for place, case_id in enumerate(chosen):
        case = db.session.get_one(Case, case_id)
        at = max(case.last_event_at + timedelta(minutes=30), now - timedelta(minutes=20 * (len(chosen) - place)))
        if view is None or at > now:
            continue
        reached = rng.choices(("reached", "no_answer", "refused"), (75, 20, 5))[0]
        score = rng.choices(("satisfied", "fairly_satisfied", "dissatisfied"), (70, 20, 10))[0]
        said: dict[str, Any] = {"score": score} if reached == "reached" else {}
        try:
            handling.apply(case, callbacks.ACTION, by(view), at, called_at=at, reached=reached, **said)
        except WorkError:
            db.session.rollback()  # somebody rated it meanwhile, or it left the state: such a case is not called about
