"""Opening an incident, gathering its cases, writing its log, ending it. Every press counts once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Select, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from casework import access, handling, numbers
from casework.actors import StaffView, by
from casework.bulk import Result
from casework.errors import Faults, NotAllowed, NotFound, Refused, WorkError
from casework.incidents import membership
from casework.reference import Reference, current
from models import Case, Incident, IncidentNote, db
from models.base import writing
from models.incident import ENDED, OPEN
from rules.access import POLICIES
from rules.calendar import local_date
from rules.incidents import KINDS, LEVELS, NOTES
from rules.workflow import WORKFLOW

_INCIDENTS = cast(Table, Incident.__table__)
TITLE_MOST = 60
TEXT_MOST = 2000
DIRECTIVE_MOST = 60
MOST = 100
"""Cases gathered or taken out at a time."""
SHOWN = 200
"""Entries of a log, and incidents of a list, that a page shows."""
OWN_NOTES = {"opened": "建立事件", "ended": "结束事件"}
"""Entries that the program writes itself."""


@dataclass(frozen=True)
class Note:
    """One entry of the log, with names."""

    kind: str
    label: str
    text: str
    directive: str | None
    at: datetime
    by: str


def listed(staff: StaffView) -> list[Incident]:
    """Return the incidents that a person sees: open ones first, the latest on top."""
    query = select(Incident).where(membership.sees(staff, current()))
    return list(db.session.scalars(query.order_by(Incident.state.desc(), Incident.opened_at.desc()).limit(SHOWN)))


def open_ones(staff: StaffView) -> list[tuple[str, str]]:
    """Return the open incidents that a person sees, as (number, title), for a choice; the latest first."""
    found = db.session.connection().execute(_open_ones(staff, current()))
    return [(row.number, row.title) for row in found]


@lru_cache(512)
def _open_ones(staff: StaffView, ref: Reference) -> Select[str, str]:
    # Asked with every page of a desk that may gather cases: written once for each person.
    query = select(_INCIDENTS.c.number, _INCIDENTS.c.title).where(Incident.state == OPEN, membership.sees(staff, ref))
    return query.order_by(Incident.opened_at.desc()).limit(SHOWN)


def notes(incident: Incident) -> list[Note]:
    """Return the log, the latest entry first."""
    ref = current()
    query = select(IncidentNote).where(IncidentNote.incident_id == incident.id)
    return [_note(row, ref) for row in db.session.scalars(query.order_by(IncidentNote.id.desc()).limit(SHOWN))]


def _note(row: IncidentNote, ref: Reference) -> Note:
    unit = ref.units.get(row.unit_id or 0)
    who = ref.names.get(row.staff_id or 0, "系统") + (f"（{unit.short_name}）" if unit else "")
    label = NOTES[row.kind].label if row.kind in NOTES else OWN_NOTES[row.kind]
    return Note(row.kind, label, row.text, row.directive, row.at, who)


def lead_units(staff: StaffView, ref: Reference) -> list[tuple[str, str]]:
    """Return the units, as (key, name), that a person may name as the lead of an incident: the open ones below."""
    return [(unit.key, unit.name) for unit in ref.units.values() if not unit.closed and _below(staff, unit.path)]


def _below(staff: StaffView, path: str) -> bool:
    return any(one.role in POLICIES["command.order"] and path.startswith(one.path) for one in staff.assignments)


def open_incident(staff: StaffView, entered: Mapping[str, str], key: str, now: datetime) -> Incident:
    """Open an incident from a form: title, kind, level, unit (key of the lead unit), text (optional first entry).

    The same `key` again gives the incident of the first press. Raises Faults at the fields, NotAllowed.
    """
    values = checked(staff, entered)
    with writing() as session:
        found, _new = begin(session, staff, values, f"form-{key}", now)
    return found


def checked(staff: StaffView, entered: Mapping[str, str]) -> dict[str, Any]:
    """Return what was typed as values. Raise Faults with a sentence for each field, NotAllowed."""
    _require(staff)
    ref = current()
    title, text = entered.get("title", "").strip(), entered.get("text", "").strip()
    unit = ref.unit_keys.get(entered.get("unit", ""))
    faults = {}
    if not title:
        faults["title"] = "请写事件名称"
    elif len(title) > TITLE_MOST:
        faults["title"] = f"事件名称最多{TITLE_MOST}个字，现在是{len(title)}个"
    if entered.get("kind") not in KINDS:
        faults["kind"] = "请选择类型"
    if entered.get("level") not in LEVELS:
        faults["level"] = "请选择级别"
    if unit is None:
        faults["unit"] = "请选择牵头单位"
    elif unit.closed:
        faults["unit"] = "这个单位已经撤销，请另选一个"
    elif not _below(staff, unit.path):
        faults["unit"] = "只能由本单位或者下级单位牵头"
    if len(text) > TEXT_MOST:
        faults["text"] = f"最多{TEXT_MOST}个字，现在是{len(text)}个"
    if faults:
        raise Faults(faults)
    return {
        "title": title,
        "kind": entered["kind"],
        "level": entered["level"],
        "unit_id": unit.id if unit else 0,
        "text": text,
    }


def begin(
    session: Session, staff: StaffView, values: Mapping[str, Any], mark: str, now: datetime
) -> tuple[Incident, bool]:
    """Write an incident inside the caller's transaction, or find the one of this mark; tell whether it is new."""
    known = session.scalar(select(Incident).where(Incident.mark == mark))
    if known is not None:
        return known, False
    number = next_number(session, local_date(now).year)
    columns = {name: values[name] for name in ("title", "kind", "level", "unit_id")}
    new_id = once(session, Incident, {**columns, "number": number, "mark": mark, "state": OPEN,
                                       "opened_by": staff.id, "opened_at": now})  # fmt: skip
    found = session.scalars(select(Incident).where(Incident.mark == mark)).one()
    if new_id is not None:
        _write(session, found, "opened", found.title, staff, f"opened-{found.id}", now)
        if values.get("text"):
            _write(session, found, "fact", values["text"], staff, f"first-{found.id}", now)
    return found, new_id is not None


def next_number(session: Session, year: int) -> str:
    """Take the next number of a year's incidents, such as SJ2026-007."""
    return f"SJ{year}-{numbers.take(session.connection(), f'incident.{year}'):03d}"


def note(staff: StaffView, incident: Incident, entered: Mapping[str, str], key: str, now: datetime) -> None:
    """Add an entry to the log: kind, text, directive (number, optional). The same key again adds nothing.

    Raises Faults at the fields, NotAllowed when orders and decisions are not this person's, Refused after the end.
    """
    _require(staff)
    kind, text = entered.get("kind", ""), entered.get("text", "").strip()
    directive = entered.get("directive", "").strip()
    faults = {}
    if kind not in NOTES:
        faults["kind"] = "请选择这一条是情况、指令还是决定"
    if not text:
        faults["text"] = "请写内容"
    elif len(text) > TEXT_MOST:
        faults["text"] = f"最多{TEXT_MOST}个字，现在是{len(text)}个"
    if len(directive) > DIRECTIVE_MOST:
        faults["directive"] = f"指令文号最多{DIRECTIVE_MOST}个字"
    if faults:
        raise Faults(faults)
    if NOTES[kind].who == "leads" and not membership.leads(staff, incident, current()):
        raise Faults({"kind": f"“{NOTES[kind].label}”由牵头单位或者其上级来写，您可以写“{NOTES['fact'].label}”"})
    with writing() as session:
        row = _open_row(session, incident)
        _write(session, row, kind, text, staff, f"form-{key}", now, directive or None)


def end(staff: StaffView, incident: Incident, conclusion: str, now: datetime) -> None:
    """End an incident with a conclusion, which becomes the last entry of its log. Ending it twice changes nothing.

    Its cases go on by their own procedure. Raises Faults, NotAllowed.
    """
    _require(staff)
    if not membership.leads(staff, incident, current()):
        raise NotAllowed("事件由牵头单位或者其上级结束。")
    text = conclusion.strip()
    if not text:
        raise Faults({"conclusion": "请写明处置结果"})
    if len(text) > TEXT_MOST:
        raise Faults({"conclusion": f"最多{TEXT_MOST}个字，现在是{len(text)}个"})
    with writing() as session:
        ended = session.scalars(
            update(Incident)
            .where(Incident.id == incident.id, Incident.state == OPEN)
            .values(state=ENDED, ended_at=now)
            .returning(Incident.id)
        )
        if list(ended):
            _write(session, incident, "ended", text, staff, f"ended-{incident.id}", now)


def attach(staff: StaffView, incident: Incident, wanted: Sequence[str], now: datetime) -> Result:
    """Gather cases, by number, one by one; say which were not gathered, and why. Raises Refused for an empty list."""
    return _each(staff, wanted, "attach_incident", lambda case: _enter(case, staff, now, incident))


def detach(staff: StaffView, incident: Incident, wanted: Sequence[str], reasons: str, now: datetime) -> Result:
    """Take cases out, one by one; say which were not, and why. Raises Faults without a reason."""
    if not reasons.strip():
        raise Faults({"reasons": "请写明为什么移出"})
    return _each(staff, wanted, "detach_incident", lambda case: _leave(case, staff, now, incident, reasons.strip()))


def _enter(case: Case, staff: StaffView, now: datetime, incident: Incident) -> None:
    handling.apply(case, "attach_incident", by(staff), now, incident=incident.number)


def _leave(case: Case, staff: StaffView, now: datetime, incident: Incident, reasons: str) -> None:
    handling.apply(case, "detach_incident", by(staff), now, incident=incident.number, reasons=reasons)


def _each(staff: StaffView, wanted: Sequence[str], action: str, act: Callable[[Case], None]) -> Result:
    _require(staff)
    chosen = list(dict.fromkeys(one for one in wanted if one))
    if not chosen:
        raise Refused("请先写编号或者在表里勾选", "case")
    if len(chosen) > MOST:
        raise Refused(f"一次最多办 {MOST} 件", "case")
    done, refused = [], []
    for number in chosen:
        try:
            act(access.find(staff, number))
        except WorkError as error:
            refused.append((number, error.sentence))
        else:
            done.append(number)
    return Result(WORKFLOW.action(action).label, tuple(done), tuple(refused))


def split(text: str) -> list[str]:
    """Return the numbers in a text that somebody typed, whatever stands between them."""
    return [one.upper() for one in re.split(r"[^0-9A-Za-z-]+", text) if one]


def _require(staff: StaffView) -> None:
    if not membership.may_change(staff):
        raise NotAllowed("您的岗位不能改动重大事件。")


def _open_row(session: Session, incident: Incident) -> Incident:
    row = session.scalar(select(Incident).where(Incident.id == incident.id).with_for_update())
    if row is None:
        raise NotFound
    if row.state != OPEN:
        raise Refused("这个事件已经结束，不能再改", conflict=True)
    return row


def _write(
    session: Session,
    incident: Incident,
    kind: str,
    text: str,
    staff: StaffView,
    mark: str,
    now: datetime,
    directive: str | None = None,
) -> None:
    once(session, IncidentNote, {"incident_id": incident.id, "mark": mark, "kind": kind, "text": text,
                                  "directive": directive, "at": now, "staff_id": staff.id,
                                  "unit_id": staff.unit_id})  # fmt: skip


def once(session: Session, model: type[Any], row: Mapping[str, Any]) -> int | None:
    """Write a row unless its mark is there already; return its id, None when it was."""
    table, connection = cast(Table, model.__table__), session.connection()
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(table).values(**row).on_conflict_do_nothing(index_elements=["mark"]).returning(table.c.id)
    found: int | None = connection.execute(statement).scalar_one_or_none()
    return found
