"""Issuing a directive: what was entered is checked, shown once more, and then written in one transaction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from casework import access, attachments, documents, handling, tasks
from casework.actors import StaffView, by
from casework.directives import clocks, places
from casework.directives.messages import tell
from casework.directives.words import CASES_MOST, LEVELS, TEXT_MOST, TITLE_MOST, URGENCIES, hours_allowed
from casework.documents import DIRECTIVE
from casework.errors import Faults, NotAllowed, NotFound, Refused
from casework.reference import Reference, UnitView, current
from models import Case, Directive, DirectiveCase, DirectiveClock, DirectiveUnit, db
from models import document as papers
from models.base import writing
from rules.calendar import local_date
from rules.workflow import WORKFLOW

CASE_TEXT_MOST = 1000
_BETWEEN = re.compile(r"[\s,，、;；]+")


@dataclass(frozen=True)
class Order:
    """What somebody entered, as typed. `units` are keys of units ticked, `level` a word of LEVELS or empty."""

    title: str = ""
    text: str = ""
    urgency: str = "urgent"
    hours: str = ""
    level: str = ""
    units: tuple[str, ...] = ()
    cases: str = ""
    files: tuple[int, ...] = ()
    form_key: str = ""


@dataclass(frozen=True)
class Checked:
    """What will be issued, by which centre, to whom, about which cases."""

    centre: UnitView
    title: str
    text: str
    urgency: str
    hours: int
    units: tuple[UnitView, ...]
    cases: tuple[Case, ...]


def check(order: Order, staff: StaffView) -> Checked:
    """Return what an order comes to. Raise NotAllowed for who may not issue, Faults with a sentence by field."""
    ref = current()
    centre = places.issuing_unit(staff, ref)
    if centre is None:
        raise NotAllowed("只有中心的督办员和负责人可以下达指令。")
    faults: dict[str, str] = {}
    title, text = order.title.strip(), order.text.strip()
    _length(faults, "title", title, "事由", TITLE_MOST)
    _length(faults, "text", text, "要求", TEXT_MOST)
    if order.urgency not in URGENCIES:
        faults["urgency"] = "请选择紧急程度"
    hours = _hours(faults, order.hours)
    units = _units(faults, order, centre, ref)
    cases = _cases(faults, order.cases, staff)
    if faults:
        wanted = ("level", "title", "text", "urgency", "hours", "cases")
        raise Faults({name: faults[name] for name in wanted if name in faults})
    return Checked(centre, title, text, order.urgency, hours, tuple(units), tuple(cases))


def _length(faults: dict[str, str], name: str, value: str, label: str, most: int) -> None:
    if not value:
        faults[name] = f"请填写{label}"
    elif len(value) > most:
        faults[name] = f"{label}最多{most}个字，现在是{len(value)}个字"


def _hours(faults: dict[str, str], typed: str) -> int:
    least, most = hours_allowed()
    plain = typed.strip()
    if re.fullmatch(r"-[0-9]{1,4}|0{1,4}", plain):
        faults["hours"] = f"这个时限已经过去，请填{least}至{most}小时"
    elif not re.fullmatch(r"[0-9]{1,4}", plain):
        faults["hours"] = f"时限请填整数小时，{least}至{most}" if plain else "请填写时限"
    elif not least <= int(plain) <= most:
        faults["hours"] = f"时限最少{least}小时，最多{most}小时"
    else:
        return int(plain)
    return 0


def _units(faults: dict[str, str], order: Order, centre: UnitView, ref: Reference) -> list[UnitView]:
    """The units of the level, which leaves out what is closed, and those ticked, of which none may be."""
    open_ones = places.choosable(centre, ref)
    found = {unit.id: unit for unit in open_ones if order.level in ("all", unit.kind)}
    if order.level and order.level not in LEVELS:
        faults["level"] = "请选择受令单位"
    for key in order.units:
        unit = ref.unit_keys.get(key)
        if unit is None or not unit.within(centre) or unit.id == centre.id:
            faults["level"] = "只能向本中心下属的单位下达指令，请重新选择"
        elif unit.closed:
            faults["level"] = f"{unit.name}已经停办，不能向它下达指令"
        elif not places.head_roles(unit.id, ref):
            faults["level"] = f"{unit.name}没有负责人，指令没有人签收，请改选它的上级单位"
        else:
            found[unit.id] = unit
    if not found and "level" not in faults:
        faults["level"] = "请选择受令单位"
    return sorted(found.values(), key=places.in_tree)


def _cases(faults: dict[str, str], typed: str, staff: StaffView) -> list[Case]:
    numbers = list(dict.fromkeys(part for part in _BETWEEN.split(typed.strip().upper()) if part))
    if len(numbers) > CASES_MOST:
        faults["cases"] = f"最多关联{CASES_MOST}件，现在是{len(numbers)}件"
        return []
    rows = db.session.scalars(access.visible(staff).where(Case.number.in_(numbers), Case.kind != "misconduct"))
    found = {case.number: case for case in rows} if numbers else {}
    missing = [number for number in numbers if number not in found]
    if missing:
        faults["cases"] = f"没有找到{'、'.join(missing[:3])}，或者不在您能看的范围里"
    return [found[number] for number in numbers if number in found]


def issue(order: Order, staff: StaffView, now: datetime) -> Directive:
    """Issue a directive and return it; the same form sent twice gives that of the first.

    Raises as `check`, and Refused at `files` for files that are gone.
    """
    existing = _by_key(order.form_key)
    if existing is not None:
        return existing
    try:
        with writing() as session:
            directive, added = _issue(session, order, staff, now)
    except IntegrityError:
        twin = _by_key(order.form_key)  # the two presses came at once
        if twin is None:
            raise
        return twin
    tasks.wake(added)
    return directive


def _by_key(form_key: str) -> Directive | None:
    return db.session.scalar(select(Directive).where(Directive.form_key == form_key))


def _issue(session: Session, order: Order, staff: StaffView, now: datetime) -> tuple[Directive, list[tasks.Added]]:
    wanted, ref = check(order, staff), current()
    bureau = ref.bureau_of(wanted.centre.id)
    opened = clocks.rows(0, wanted.hours, now, ref)
    directive = Directive(
        form_key=order.form_key,
        number=documents.next_number(session, DIRECTIVE, bureau, local_date(now).year),
        title=wanted.title,
        text=wanted.text,
        urgency=wanted.urgency,
        hours=wanted.hours,
        issuer_id=staff.id,
        unit_id=wanted.centre.id,
        issued_at=now,
        due_at=max(row["due_at"] for row in opened),
    )
    session.add(directive)
    session.flush()  # its id goes into the copies
    copies = [DirectiveUnit(directive_id=directive.id, unit_id=unit.id) for unit in wanted.units]
    session.add_all(copies)
    session.flush()  # their ids go into the clocks
    session.execute(
        insert(DirectiveClock), [{**row, "directive_unit_id": copy.id} for copy in copies for row in opened]
    )
    _bind(session, order.files, directive.id, staff)
    added = _tell_heads(session, directive, wanted.units, ref, now)
    added += _link(session, directive, wanted, staff, now)
    return directive, added + _order_paper(session, directive, wanted, staff, ref)


def _bind(session: Session, ids: Sequence[int], directive_id: int, staff: StaffView) -> None:
    try:
        attachments.bind_to_directive(session, ids, directive_id=directive_id, report_id=None, staff_id=staff.id)
    except NotFound as gone:
        raise Refused(gone.sentence, "files") from gone


def _tell_heads(
    session: Session, directive: Directive, units: Sequence[UnitView], ref: Reference, now: datetime
) -> list[tasks.Added]:
    people = places.heads(session, [unit.id for unit in units], ref, now)
    told = [one for held in people.values() for one in held]
    said = f"【{URGENCIES[directive.urgency]}】请签收指令{directive.number}"
    return tell(session, directive, told, "issued", said, directive.title, now)


def _link(
    session: Session, directive: Directive, wanted: Checked, staff: StaffView, now: datetime
) -> list[tasks.Added]:
    """Link the cases. Where the procedure knows the act, the case keeps it among its events."""
    added: list[tasks.Added] = []
    action, ref = WORKFLOW.action("attach_directive"), current()
    for case in wanted.cases:
        unit = next((one for one in wanted.units if ref.units[case.unit_id].within(one)), wanted.units[0])
        known = case.state in action.states.get(case.kind, frozenset())
        if known and access.acting_role(by(staff), action, access.columns(case), ref) is not None:
            entered: dict[str, Any] = {
                "units": unit.key,
                "requirement": directive.title,
                "hours": directive.hours,
                "directive": directive.number,
            }
            added += handling.act(session, case.id, action.key, by(staff), now, seen=None, entered=entered)[1]
        else:
            session.execute(insert(DirectiveCase).values(directive_id=directive.id, case_id=case.id))
    return added


def _order_paper(
    session: Session, directive: Directive, wanted: Checked, staff: StaffView, ref: Reference
) -> list[tasks.Added]:
    names = [unit.name for unit in wanted.units]
    row = {
        "case_id": None,
        "directive_id": directive.id,
        "kind": DIRECTIVE,
        "state": papers.QUEUED,
        "event_seq": 0,
        "ordered_at": directive.issued_at,
        "number": directive.number,
        "facts": {
            "bureau_id": ref.bureau_of(directive.unit_id).id,
            "addressee": "、".join(names) if len(names) <= 4 else "各受令单位",
            "title": directive.title,
            "text": directive.text,
            "urgency": URGENCIES[directive.urgency],
            "hours": directive.hours,
            "issued_at": directive.issued_at.isoformat(),
            "due_at": directive.due_at.isoformat(),
            "issuer": staff.name,
            "units": names,
            "cases": [case.number for case in wanted.cases],
        },
    }
    return tasks.add(session, documents.add(session, [row], directive.issued_at))
