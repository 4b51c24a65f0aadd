"""Day and night: the roster, who is on duty at a moment, what a watch leaves to the next, what comes in meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from casework import access
from casework.actors import StaffView
from casework.errors import NotAllowed, NotFound, Refused
from casework.reference import Reference, UnitView, current
from models import Case, DutyShift, Handover, Staff, StaffMessage
from models.base import db, writing
from models.unit import CITY, DISTRICT, OFFICE
from rules import access as rule
from rules import duty as watches
from rules.calendar import local_date
from rules.duty import Entry, Slot
from rules.workflow import WORKFLOW

SHOWN = 60
NOTE = 2000
"""Characters of a handover note."""


class NotWhole(Refused):
    """A roster that cannot be saved: `sentences` says what is wrong in the order of the roster, `by_slot` where."""

    def __init__(self, sentences: Sequence[str], by_slot: Mapping[str, str], gaps: Sequence[Slot] = ()) -> None:
        super().__init__("；".join(sentences), "lines")
        self.sentences = tuple(sentences)
        self.by_slot = dict(by_slot)
        self.gaps = tuple(gaps)
        """When only these are wrong, the roster may be saved as knowingly open."""


@dataclass(frozen=True)
class Person:
    """Somebody who can be entered into a roster."""

    id: int
    name: str
    username: str


@dataclass(frozen=True)
class OnDuty:
    """Who is on duty: the watch, its people by name, its telephone. `entered` is False where no roster says so."""

    slot: Slot
    unit: UnitView
    entered: bool
    first: str = ""
    second: str = ""
    phone: str = ""
    people: tuple[int, ...] = ()


def units_of(staff: StaffView) -> list[UnitView]:
    """Return the units whose roster a person may see: their own, their bureau's, the city's, and those that a
    supervisor or leader looks after."""
    ref = current()
    mine = {one.unit_id for one in staff.assignments} | {one.bureau_id for one in staff.assignments}
    above = [one.path for one in staff.assignments if one.role in {"supervisor", "leader"}]
    found = [
        unit
        for unit in ref.units.values()
        if not unit.closed
        and unit.kind in {CITY, DISTRICT, OFFICE}
        and (unit.id in mine or unit.parent_id is None or any(unit.path.startswith(path) for path in above))
    ]
    first = staff.unit_id
    return sorted(found, key=lambda unit: (unit.id != first, unit.path))


def may_enter(staff: StaffView, unit: UnitView) -> bool:
    """Tell whether a person may enter a unit's roster: of their own unit, or below them for who supervises."""
    return any(
        one.unit_id == unit.id or (one.role in {"supervisor", "leader"} and unit.path.startswith(one.path))
        for one in staff.assignments
        if rule.passes("duty.roster", [one.role])
    )


def belongs(staff: StaffView, unit: UnitView) -> bool:
    """Tell whether a person works in the bureau of a unit: notes and recordings of a watch are for them."""
    return any(one.bureau_id == unit.bureau_id for one in staff.assignments)


def people_of(unit: UnitView) -> list[Person]:
    """Return who can be entered into a unit's roster: those of the unit and of what lies below it in the same bureau
    whose role may do duty, by name."""
    ref, roles = current(), rule.policy("duty")
    ids = {
        person
        for (unit_id, role), people in ref.roles.items()
        if role in roles and ref.units[unit_id].within(unit) and ref.units[unit_id].bureau_id == unit.bureau_id
        for person in people
    }
    rows = db.session.execute(select(Staff.id, Staff.name, Staff.username).where(Staff.id.in_(sorted(ids))))
    return sorted((Person(*row) for row in rows), key=lambda person: (person.name, person.username))


def roster(unit_id: int, first: date, last: date) -> dict[str, DutyShift]:
    """Return what is entered for these days, by slot key."""
    wanted = watches.slots(first, last)
    query = select(DutyShift).where(
        DutyShift.unit_id == unit_id,
        DutyShift.starts_at >= wanted[0].starts_at,
        DutyShift.starts_at <= wanted[-1].starts_at,
    )
    rows = {row.starts_at: row for row in db.session.scalars(query)}
    return {one.key: rows[one.starts_at] for one in wanted if one.starts_at in rows}


def shift_at(unit_id: int, now: datetime) -> DutyShift | None:
    """Return the watch of a unit that holds at a moment; None where nothing was entered."""
    holds = (DutyShift.unit_id == unit_id, DutyShift.starts_at <= now, DutyShift.ends_at > now)
    return db.session.scalars(select(DutyShift).where(*holds).order_by(DutyShift.starts_at.desc()).limit(1)).first()


def on_duty(unit: UnitView, now: datetime) -> OnDuty:
    """Return who is on duty in a unit at a moment."""
    row, ref = shift_at(unit.id, now), current()
    if row is None:
        return OnDuty(watches.slot_at(now), unit, False, phone=unit.phone)
    people = tuple(one for one in (row.staff_id, row.second_id) if one is not None)
    names = [ref.names.get(one, "") if one is not None else "" for one in (row.staff_id, row.second_id)]
    slot = Slot(row.starts_at, row.ends_at, local_date(row.starts_at), row.part)
    return OnDuty(slot, unit, True, names[0], names[1], row.phone or unit.phone, people)


def officers(unit_id: int, now: datetime, ref: Reference) -> tuple[int, ...]:
    """Return who is on duty for a case of a unit: there, else in its bureau, else at the city centre; () for nobody."""
    for place in dict.fromkeys((unit_id, ref.bureau_of(unit_id).id, ref.root().id)):
        row = shift_at(place, now)
        if row is not None and row.staff_id is not None:
            return tuple(one for one in (row.staff_id, row.second_id) if one is not None)
    return ()


def put(
    unit: UnitView,
    entries: Sequence[Entry],
    staff: StaffView,
    now: datetime,
    *,
    phone: str = "",
    open_known: bool = False,
    wanted: Sequence[Slot] = (),
) -> int:
    """Enter a roster; return how many watches were written.

    Written as a whole or not at all. Raises NotWhole with a sentence for everything that is wrong: names nobody has, a
    watch entered twice, one that is over, somebody who is on duty elsewhere then, and each watch that nobody was
    entered for, unless it was left open knowingly (`open_known`). Looked at are the `wanted` watches, else those from
    the first to the last one entered, where what stands there already counts.
    """
    if not may_enter(staff, unit):
        raise NotAllowed("这个单位的值班表由本单位负责人、分送人或上级安排。")
    if not entries:
        raise NotWhole(["还没有写值班人"], {})
    if len(phone) > 40:
        raise Refused("值班电话最多 40 个字", "phone")
    wrong = watches.doubles(entries)
    chosen = _named(entries, people_of(unit), now, wrong)
    _check_elsewhere(unit, chosen, wrong)
    first, last = min(chosen), max(chosen)
    span = list(wanted) or [one for one in watches.slots(first.day, last.day) if first <= one <= last]
    there = {} if wanted else roster(unit.id, first.day, last.day)
    filled = {*chosen, *(one for one in span if one.key in there or one.ends_at <= now)}
    missing = watches.gaps(span, filled)
    if wrong or (missing and not open_known):
        empty = {one.key: f"{one.words}没有人" for one in missing} if not open_known else {}
        both = {**empty, **wrong}
        raise NotWhole([both[one.key] for one in span if one.key in both], both, () if wrong else missing)
    chosen.update((one, (None, None)) for one in missing)
    with writing() as session:
        for slot, (staff_id, second_id) in sorted(chosen.items()):
            values: dict[str, Any] = {"staff_id": staff_id, "second_id": second_id, "phone": phone}
            values |= {"entered_by": staff.id, "entered_at": now}
            _write(session, unit.id, slot, values)
    return len(chosen)


_Chosen = dict[Slot, tuple[int | None, int | None]]


def _named(entries: Sequence[Entry], people: Sequence[Person], now: datetime, wrong: dict[str, str]) -> _Chosen:
    """Return the ids behind the names; what cannot be taken gets its sentence in `wrong`."""
    known: dict[str, list[int]] = {}
    for person in people:
        for word in {person.name, person.username}:
            known.setdefault(word, []).append(person.id)
    chosen: _Chosen = {}
    for entry in entries:
        ids: list[int | None] = []
        for name in (entry.first, entry.second):
            found = known.get(name, []) if name is not None else [None]
            if len(found) != 1:
                why = "没有这个人" if not found else f"有 {len(found)} 个人叫这个名字，请写登录名"
                wrong.setdefault(entry.slot.key, f"{entry.place}：“{name}”，本单位{why}")
            ids.append(found[0] if found else None)
        if entry.slot.ends_at <= now:
            wrong.setdefault(entry.slot.key, f"{entry.place}：{entry.slot.words}已经过去，不能再改")
        chosen[entry.slot] = (ids[0], ids[1])
    return chosen


def _check_elsewhere(unit: UnitView, chosen: _Chosen, wrong: dict[str, str]) -> None:
    ids = {one for pair in chosen.values() for one in pair if one is not None}
    if not ids:
        return
    ref, first, last = current(), min(chosen), max(chosen)
    query = select(DutyShift).where(
        or_(DutyShift.staff_id.in_(ids), DutyShift.second_id.in_(ids)),
        DutyShift.unit_id != unit.id,
        DutyShift.starts_at < last.ends_at,
        DutyShift.ends_at > first.starts_at,
    )
    for row in db.session.scalars(query).all():
        for slot, pair in chosen.items():
            both = {row.staff_id, row.second_id} & set(pair) - {None}
            if both and row.starts_at < slot.ends_at and row.ends_at > slot.starts_at:
                name, place = ref.names.get(next(iter(both)) or 0, ""), ref.units[row.unit_id].short_name
                wrong.setdefault(slot.key, f"{slot.words}：{name}这一班已在{place}值班")


def _write(session: Session, unit_id: int, slot: Slot, values: Mapping[str, Any]) -> None:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    times = {"starts_at": slot.starts_at, "ends_at": slot.ends_at}
    made = dialect.insert(DutyShift).values(unit_id=unit_id, part=slot.part, **times, **values)
    session.execute(
        made.on_conflict_do_update(index_elements=["unit_id", "starts_at"], set_={**values, "ends_at": slot.ends_at})
    )


def swap(unit: UnitView, one: Slot, other: Slot, staff: StaffView, now: datetime) -> None:
    """Let the people of two watches change places. Raises Refused when one is over, open, or both are the same."""
    if not may_enter(staff, unit):
        raise NotAllowed("这个单位的值班表由本单位负责人、分送人或上级安排。")
    if one == other:
        raise Refused("请选两个不同的班次", "swap_other")
    with writing() as session:
        pair = []
        for slot, field in ((one, "swap_one"), (other, "swap_other")):
            query = select(DutyShift).where(DutyShift.unit_id == unit.id, DutyShift.starts_at == slot.starts_at)
            row = session.scalar(query.with_for_update())
            if row is None or row.staff_id is None:
                raise Refused(f"{slot.words}还没有排人，不能对调", field)
            if row.ends_at <= now:
                raise Refused(f"{slot.words}已经过去，不能对调", field)
            pair.append(row)
        first, second = pair
        moved = (first.staff_id, first.second_id)
        first.staff_id, first.second_id = second.staff_id, second.second_id
        second.staff_id, second.second_id = moved
        for row in pair:
            row.entered_by, row.entered_at = staff.id, now


def hand_over(unit: UnitView, text: str, staff: StaffView, now: datetime) -> None:
    """Leave a note to the next watch. Raises Refused for an empty or too long one."""
    note = text.strip()
    if not belongs(staff, unit):
        raise NotAllowed("交接由本单位的人写。")
    if not note:
        raise Refused("请写下要交接的事；没有就写“无事”", "text")
    if len(note) > NOTE:
        raise Refused(f"交接最多 {NOTE} 个字，现在是 {len(note)} 个字", "text")
    row = shift_at(unit.id, now)
    with writing() as session:
        session.add(Handover(unit_id=unit.id, shift_id=row.id if row else None, at=now, by_id=staff.id, text=note))


def confirm(handover_id: int, staff: StaffView, now: datetime) -> None:
    """Confirm that a note was read. The first one counts; nobody confirms a note of their own."""
    row = db.session.get(Handover, handover_id)
    if row is None or not belongs(staff, current().units[row.unit_id]):
        raise NotFound
    if row.by_id == staff.id:
        raise Refused("交接由接班的人确认，不由写的人自己确认")
    unread = (Handover.id == handover_id, Handover.read_at.is_(None))
    with writing() as session:
        session.execute(update(Handover).where(*unread).values(read_at=now, read_by_id=staff.id))


def notes(unit_id: int) -> list[Handover]:
    """Return the latest notes of a unit, newest first."""
    query = select(Handover).where(Handover.unit_id == unit_id).order_by(Handover.id.desc()).limit(12)
    return list(db.session.scalars(query))


def incoming(staff: StaffView, since: datetime) -> list[Case]:
    """Return what came in off hours or is urgent since a watch began and this person may see, newest first."""
    # The day of receipt keeps the look short; a letter may have been received days before it was registered.
    query = access.visible(staff).where(
        Case.received_on >= local_date(since) - timedelta(days=14),
        Case.registered_at >= since,
        or_(Case.off_hours, Case.urgent != "normal"),
    )
    return list(db.session.scalars(query.order_by(Case.id.desc()).limit(SHOWN)))


def concerns(action: str, case: Case, values: Mapping[str, Any]) -> bool:
    """Tell whether an act is for the officer on duty: something was filed off hours or as urgent, or became urgent."""
    if case.sealed:
        return False
    if action == "set_priority":
        return bool(values.get("urgent", "normal") != "normal")
    return action.startswith("register_") and case.seq <= 1 and (case.off_hours or case.urgent != "normal")


def tell(case_id: int, seq: int, now: datetime, done: Callable[[Session, datetime], None]) -> str:
    """Leave a line in the list of everybody on duty for a case; return what happened in a word or two, for the log.

    `done` marks the task in the same transaction, and each line has a mark of its own: repeated, it is written once.
    Without a roster nobody is told, and the case stands in the list of the watch all the same.
    """
    case = db.session.get(Case, case_id)
    people = officers(case.unit_id, now, current()) if case is not None else ()
    rows = [_line(case, seq, one, now) for one in people] if case is not None else []
    with writing() as session:
        if rows:
            dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
            once = dialect.insert(StaffMessage).on_conflict_do_nothing(index_elements=[StaffMessage.mark])
            session.execute(once, rows)
        done(session, now)
    return f"told {len(rows)} on duty" if rows else "nobody on duty"


def _line(case: Case, seq: int, staff_id: int, now: datetime) -> dict[str, Any]:
    view = access.view_of(staff_id, now)
    what = "紧急来件" if case.urgent != "normal" else "非工作时间来件"
    text = f"{what} {case.number}（{WORKFLOW.kind_labels[case.kind]}）"
    # Whoever may not open the case learns that it is there, and nothing of what it says.
    may_read = view is not None and access.may_read(view, access.columns(case), current())
    return {
        "staff_id": staff_id,
        "case_id": case.id if may_read else None,
        "mark": f"duty-{case.id}-{seq}-{staff_id}",
        "text": f"{text}：{case.matter}"
        if may_read
        else f"{text}，请转告承办单位 {current().units[case.unit_id].short_name}",
        "created_at": now,
        "read_at": None,
    }


def names(ids: Iterable[int | None]) -> str:
    """Return the names of people, as a roster writes them: 张三、李四."""
    ref = current()
    return "、".join(ref.names.get(one, "") for one in ids if one is not None)
