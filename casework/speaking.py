"""What a clock says when a moment of its ladder has come: messages, the lapse on record, an order of supervision.

Everything here happens inside the transaction that moves the row on, so that a moment speaks once or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from casework import handling, notices, notify, people, supervision, tasks, telling
from casework.actors import SYSTEM
from casework.reference import Reference, UnitView
from models import Case, Staff
from models import supervision as states
from models.prepared import Prepared
from rules import deadlines
from rules import supervision as law
from rules.calendar import local_date
from rules.deadlines import RULES, Due, Moment
from rules.explanation import long_date
from rules.ladder import LAPSE
from rules.terms import version_of
from rules.workflow import WORKFLOW

SUPERVISES = frozenset(law.LEVELS)
ACTS = {"remind": "remind", "urge": "remind", "supervise": "supervise", "key_supervise": "supervise"}
"""The act that goes with a moment; a warning and what is said after the end of a case are messages alone."""
WORDS = {"warn": "快到期", "remind": "提醒", "urge": "催办", "supervise": "督办", "key_supervise": "重点督办"}
UNITS = {"working_day": "个工作日", "calendar_day": "天", "hour": "小时"}
_AWAY = select(Staff.id, Staff.deputy_id).where(Staff.active, Staff.deputy_id.is_not(None))


@dataclass(frozen=True)
class Turn:
    """What one turn of the sweep knows: the moment, the reference data, and whose deputy stands in."""

    now: datetime
    ref: Reference
    deputies: Mapping[int, int]
    quiet: notices.Quiet
    reached: frozenset[int]
    """Who is sent what presses by a channel beside the portal's own list."""


@dataclass(frozen=True)
class Spoken:
    """A row that speaks: the case as it stands, the row, when it ends."""

    case: Row[Any]
    row: Row[Any]
    due: Due


def turn(session: Session, now: datetime, ref: Reference) -> Turn:
    """Return what a turn needs; two queries, however many rows it takes."""
    away = _AWAY.where(Staff.away_from <= now, Staff.away_until > now)
    found = {one: deputy for one, deputy in session.connection().execute(away) if deputy is not None}
    return Turn(now, ref, found, notices.quiet_hours(), notices.reached(session))


def say(session: Session, spoken: Spoken, moment: Moment, turn: Turn) -> list[tasks.Added]:
    """Say what a moment has to say; return the tasks to wake after the commit."""
    case, row = spoken.case, spoken.row
    if case.kind == "misconduct":
        return _leave(session, spoken, moment, _sealed(case, turn), _sealed_words(spoken), turn)
    if moment.act == LAPSE:
        return _act(session, spoken, "mark_overdue", {"rule": row.rule}, turn)
    order = supervision.live(session, case.id) if moment.act in SUPERVISES or row.rule == law.ANSWER else None
    if row.rule == law.ANSWER and order is not None and order.state == states.ANSWERED:
        who = holders(("supervisor",), case, _unit_at(case, order.place, turn.ref), turn.ref)
        return _leave(session, spoken, moment, who, f"{case.number} 督办答复等待认可：{case.matter}", turn)
    if moment.act in SUPERVISES:
        return _supervise(session, spoken, moment, order, turn)
    added: list[tasks.Added] = []
    if moment.act in ACTS:
        added += _act(session, spoken, "remind", {"level": moment.act, "rule": row.rule}, turn)
    if "citizen" in moment.to:
        added += _tell_filer(session, spoken, turn)
    who = holders(moment.to, case, _unit_at(case, moment.where, turn.ref), turn.ref)
    return added + _leave(session, spoken, moment, who, _words(spoken, moment, turn), turn)


def _act(
    session: Session, spoken: Spoken, action: str, entered: Mapping[str, Any], turn: Turn, **own: Any
) -> list[tasks.Added]:
    """Do the act that goes with a moment, where the case still allows it."""
    if not allowed(spoken.case, action):
        return []
    own = {telling.SPOKEN: True, **own}
    return handling.act(session, spoken.case.id, action, SYSTEM, turn.now, seen=None, entered=entered, own=own)[1]


def allowed(case: Row[Any], action: str) -> bool:
    """Tell whether the system may take an act in the state of a case."""
    return case.state in WORKFLOW.action(action).states.get(case.kind, frozenset())


def _supervise(
    session: Session, spoken: Spoken, moment: Moment, order: supervision.Order | None, turn: Turn
) -> list[tasks.Added]:
    case, ref = spoken.case, turn.ref
    cause = _cause(spoken, moment, order)
    place = cause.place if cause is not None else law.CITY
    level = "key_supervise" if place == law.CITY and cause is not None else moment.act
    said = ""
    added: list[tasks.Added] = []
    how = law.SAY
    if cause is not None:
        how = law.answered_with(cause.rule, place, level, supervision.standing(order, cause))
    if how == law.ISSUE and cause is not None and allowed(case, "supervise"):
        day = law.answer_by(case.received_on, local_date(turn.now), ref.calendar)
        entered = {
            "level": level,
            "ground": law.TEMPLATES[place].ground,
            "requirement": _requirement(cause, order, day),
            "due_on": day,
        }
        added += _act(session, spoken, "supervise", entered, turn, _cause=cause)
        issued = supervision.live(session, case.id)
        said = f"{issued.number if issued else ''}，请在{long_date(day)}前答复"
    elif how == law.JOIN and order is not None and allowed(case, "remind"):
        added += _act(session, spoken, "remind", {"level": "urge", "rule": spoken.row.rule}, turn, _joins=cause)
        said = f"并入{order.number}，请在{long_date(order.due_on)}前一并答复"
    who = holders((*moment.to, "lead", "handler"), case, _unit_at(case, place, ref), ref)
    words = _words(spoken, moment, turn, f"（{law.TEMPLATES[place].label}）", said)
    return added + _leave(session, spoken, moment, who, words, turn, urgent=level == "key_supervise")


def _requirement(cause: supervision.Cause, order: supervision.Order | None, answer_by: date) -> str:
    """Return what an order of the system asks for: about its own term, the others that it takes over, and what a
    person had required before."""
    label = RULES[cause.rule].label if cause.rule else "督办事项"
    text = law.TEMPLATES[cause.place].fill(label, cause.since_on, answer_by)
    if order is None:
        return text
    others = [one for one in supervision.holding(order) if one["rule"] != cause.rule]
    text += law.also([(RULES[one["rule"]].label, date.fromisoformat(one["since_on"])) for one in others])
    if order.source != states.BY_SYSTEM and order.state != states.ANSWERED:
        text += law.kept(order.number, order.requirement, law.REQUIREMENT_MOST - len(text))
    return text


def _cause(spoken: Spoken, moment: Moment, order: supervision.Order | None) -> supervision.Cause | None:
    """Return why and how high an order goes. One that stays unanswered is raised a level, about what caused it."""
    row = spoken.row
    if row.rule != law.ANSWER or order is None:
        since_on = spoken.due.on or local_date(row.due_at)
        return supervision.Cause(row.rule, row.id, since_on, moment.where or law.DISTRICT, row.replaces_id)
    higher = law.above(order.place)
    return supervision.Cause(order.rule, order.deadline_id, order.since_on, higher) if higher else None


def _unit_at(case: Row[Any], place: str | None, ref: Reference) -> UnitView:
    """Return the unit at a level of the tree above a case: the one that has it, its bureau, the city centre."""
    if place == law.CITY:
        return ref.root()
    return ref.bureau_of(case.unit_id) if place == law.DISTRICT else ref.units[case.unit_id]


def holders(roles: Iterable[str], case: Row[Any], at: UnitView, ref: Reference) -> set[int]:
    """Return who is spoken to: the handler in person, the lead of the unit that has the case, others at the level.

    A role that nobody holds there is sought upwards; a handler who has left is stood in for by the lead.
    """
    found: set[int] = set()
    for role in roles:
        if role == "citizen":
            continue
        mine: tuple[int, ...] = ()
        if role == "handler":
            mine = telling.holders("handler", case, ref) if case.handler_id in ref.active else ()
            role = "lead"
        start = ref.units[case.unit_id] if role == "lead" else at
        found |= set(mine or _upwards(role, start, ref))
    return found


def _upwards(role: str, start: UnitView, ref: Reference) -> tuple[int, ...]:
    unit: UnitView | None = start
    while unit is not None:
        people_there = ref.roles.get((unit.id, role))
        if people_there:
            return people_there
        unit = ref.units[unit.parent_id] if unit.parent_id else None
    return ()


def _sealed(case: Row[Any], turn: Turn) -> set[int]:
    """Return the officers who may know of a sealed case: the one who has it, else those of its unit or above."""
    if case.handler_id is not None:
        return {case.handler_id} & turn.ref.active
    return set(_upwards("discipline", turn.ref.units[case.unit_id], turn.ref))


def _sealed_words(spoken: Spoken) -> str:
    """Say nothing but that a day comes: rulings 3, workflow.md 34."""
    day = long_date(spoken.due.on) if spoken.due.on else ""
    return f"{spoken.case.number} 有一个期限：{day}"


def _words(spoken: Spoken, moment: Moment, turn: Turn, level: str = "", more: str = "") -> str:
    case, row, due = spoken.case, spoken.row, spoken.due
    unit = version_of(row.rule, row.version).unit
    left, unit = deadlines.remaining(due, turn.now, unit, turn.ref.calendar)
    how = f"已超期{-left}{UNITS[unit]}" if left < 0 else "今天到期" if left == 0 else f"还剩{left}{UNITS[unit]}"
    day = due.on or local_date(row.due_at)
    tail = f"；{more}" if more else ""
    return (
        f"{case.number} {WORDS[moment.act]}{level}：{RULES[row.rule].label}{how}（{_short(day)}）{tail}。{case.matter}"
    )


def _short(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _tell_filer(session: Session, spoken: Spoken, turn: Turn) -> list[tasks.Added]:
    """Remind the filer of a term of theirs, by the way they chose."""
    case, rule = spoken.case, RULES[spoken.row.rule]
    if not rule.citizen or spoken.due.on is None or spoken.due.at is None or spoken.due.at <= turn.now:
        return []  # too late to remind: what follows from the silence is told by its own act
    text = f"提醒您：{rule.citizen.format(due=long_date(spoken.due.on))}（编号 {case.number}）"
    filer = people.filer_of(session, case.id)
    rows = notify.filer_message_rows(case, case.seq, text, [filer] if filer else [], turn.now)
    return tasks.add(session, notify.add(session, rows, turn.now))


def _leave(
    session: Session, spoken: Spoken, moment: Moment, who: set[int], text: str, turn: Turn, *, urgent: bool = False
) -> list[tasks.Added]:
    """Leave a line in the list of each person and of who stands in for them: once per clock, level and person."""
    sealed = spoken.case.kind == "misconduct"
    for person in sorted(who):
        deputy = turn.deputies.get(person)
        if deputy is not None and (not sealed or deputy in turn.ref.holders_of("discipline")):
            who = who | {deputy}
    lines = [
        {
            "staff_id": person,
            "case_id": spoken.case.id,
            "mark": f"deadline-{spoken.row.id}-{moment.level}-{person}",
            "text": text,
            "created_at": turn.now,
            "read_at": None,
        }
        for person in sorted(who)
    ]
    telling.leave(session, lines)
    presses = urgent or moment.act in SUPERVISES or moment.to and RULES[spoken.row.rule].ladder == "hours"
    if not presses or sealed or not who & turn.reached:
        return []
    brief = text.removesuffix(spoken.case.matter)  # what a case is about stays in the house
    marks = [line["mark"] for line in lines]
    return notices.for_lines(session, marks, brief, turn.now, turn.quiet, urgent=urgent)


def case_row(session: Session, case_id: int) -> Row[Any] | None:
    """Return the columns that speaking needs of a case, locked: whoever acts on it waits, or has acted. None while
    somebody else has it locked."""
    found: Row[Any] | None = _CASE.first(session.connection(), {"of_case": case_id})
    return found


_CASE = Prepared(
    select(
        Case.id,
        Case.number,
        Case.kind,
        Case.state,
        Case.matter,
        Case.unit_id,
        Case.handler_id,
        Case.delegate_unit_id,
        Case.case_unit_id,
        Case.received_on,
        Case.seq,
    )
    .where(Case.id == bindparam("of_case"))
    .with_for_update(skip_locked=True)
)
