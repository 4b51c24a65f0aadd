"""The door for reading, and who may press what: relations of a member of staff to a case.

`visible` is the select that every staff query starts from. What a role may see or do in which relation
stands in rules/access.py; here the relations are found in the records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, or_, select

from casework.actors import CITIZEN, SYSTEM_KIND, Actor, Assignment, StaffView
from casework.errors import NotFound
from casework.reference import Reference, current
from models import Case, Staff, StaffRole, Unit, db
from models.base import UtcDateTime
from rules import access
from rules.workflow import WORKFLOW, Action

SUBTREE = "superior"


_AWAY = and_(
    Staff.deputy_id == bindparam("me"),
    Staff.active,
    Staff.away_from <= bindparam("now", type_=UtcDateTime),
    Staff.away_until > bindparam("now", type_=UtcDateTime),
)
# Asked with every page of the desk: written once, and read as plain rows.
_PERSON = (
    select(
        Staff.id,
        Staff.username,
        Staff.name,
        Staff.active,
        Staff.must_change,
        StaffRole.role,
        Unit.id.label("unit_id"),
        Unit.bureau_id,
        Unit.path,
    )
    .outerjoin(StaffRole, StaffRole.staff_id == Staff.id)
    .outerjoin(Unit, Unit.id == StaffRole.unit_id)
    .where(or_(Staff.id == bindparam("me"), _AWAY))
    .order_by(StaffRole.id)
)


def view_of(staff_id: int, now: datetime) -> StaffView | None:
    """Return a member of staff with every role that counts now; None if the account is closed.

    Roles of a colleague who is away and named this person as deputy count as well (H2).
    """
    rows = db.session.connection().execute(_PERSON, {"me": staff_id, "now": now}).all()
    person = next((row for row in rows if row.id == staff_id), None)
    if person is None or not person.active:
        return None
    assignments = tuple(
        Assignment(row.role, row.unit_id, row.bureau_id or row.unit_id, row.path)
        for row in rows
        if row.role is not None
    )
    return StaffView(
        person.id,
        person.username,
        person.name,
        assignments,
        frozenset(row.id for row in rows),
        assignments[0].unit_id if assignments else None,
        person.must_change,
    )


def scopes(staff: StaffView, assignment: Assignment, case: Mapping[str, Any], ref: Reference) -> frozenset[str]:
    """Return the relations (rules/data: scopes) that hold between one assignment and a case's columns."""
    if case["kind"] == "misconduct":
        return _sealed_scopes(staff, assignment, case, ref)
    found = {"any"}
    unit = ref.units[case["unit_id"]]
    units = {case["unit_id"], case["delegate_unit_id"], case["case_unit_id"]} - {None}
    if assignment.unit_id in units:
        found.add("own_unit")
    if case["handler_id"] in staff.acts_for:
        found.add("assigned")
    if assignment.role == "mediator" and assignment.unit_id == case["delegate_unit_id"]:
        found.add("assigned")
    if assignment.role == "enforcement" and assignment.unit_id == case["case_unit_id"]:
        found.add("assigned")
    receiving = ref.units[case["receiving_unit_id"]]
    if assignment.bureau_id in (case["bureau_id"], receiving.bureau_id):
        found.add("own_bureau")
    if unit.path.startswith(assignment.path):
        found.add(SUBTREE)
    return frozenset(found)


def _sealed_scopes(staff: StaffView, assignment: Assignment, case: Mapping[str, Any], ref: Reference) -> frozenset[str]:
    """A discipline officer of the unit that holds it or above; once an officer has it, that one alone.

    Who steps back (`discipline_recuse`) names another officer, and sees it no more.
    """
    if assignment.role != "discipline" or not ref.units[case["unit_id"]].path.startswith(assignment.path):
        return frozenset()
    if case["handler_id"] is not None and case["handler_id"] not in staff.acts_for:
        return frozenset()
    return frozenset({"sealed"})


def holdings(staff: StaffView, case: Mapping[str, Any], ref: Reference) -> list[tuple[str, frozenset[str]]]:
    """Return (role, relations that hold) for each assignment: what rules.access asks for."""
    return [(assignment.role, scopes(staff, assignment, case, ref)) for assignment in staff.assignments]


def acting_role(actor: Actor, action: Action, case: Mapping[str, Any], ref: Reference) -> str | None:
    """Return the role in which the actor may take this action on this case, None when he may not."""
    if actor.kind == SYSTEM_KIND:
        return "system" if "system" in action.roles else None
    if actor.kind == CITIZEN:
        return "citizen" if "citizen" in action.roles else None
    if actor.staff is None:
        return None
    return _staff_role(actor.staff, action.key, _PLACE(case), ref)


_WHERE = (
    "kind", "unit_id", "delegate_unit_id", "case_unit_id", "handler_id", "receiving_unit_id", "bureau_id",
)  # fmt: skip
"""The columns of a case from which relations follow."""
_PLACE = itemgetter(*_WHERE)


@lru_cache(2**14)
def _staff_role(staff: StaffView, action_key: str, place: tuple[Any, ...], ref: Reference) -> str | None:
    """As `acting_role`: the same person does the same to one case after another that stands in the same place."""
    action, case = WORKFLOW.action(action_key), dict(zip(_WHERE, place, strict=True))
    for assignment in staff.assignments:
        # The relations are found only for roles that the table names at all.
        if assignment.role in action.scope:
            held = scopes(staff, assignment, case, ref)
            if access.may_act(action, assignment.role, held, ref.settings):
                return assignment.role
    return None


def may_read(staff: StaffView, case: Mapping[str, Any], ref: Reference) -> bool:
    """Tell whether a member of staff may open the case."""
    return any(access.may_read(role, held, case["state"]) for role, held in holdings(staff, case, ref))


def visible(staff: StaffView) -> Select[Case]:
    """Return the select of every case that this member of staff may see: all staff queries start from it."""
    return select(Case).where(visible_clause(staff, current()))


def visible_rows(staff: StaffView, columns: Sequence[str]) -> Select[Any]:
    """As `visible`, for lists: some columns of the same cases as plain rows, which are read in half the time."""
    return _rows(staff, current(), tuple(columns))


@lru_cache(512)
def _rows(staff: StaffView, ref: Reference, columns: tuple[str, ...]) -> Select[Any]:
    table = Case.__table__
    return select(*(table.c[name] for name in columns)).where(visible_clause(staff, ref))


@lru_cache(512)
def visible_clause(staff: StaffView, ref: Reference) -> ColumnElement[bool]:
    """Return the condition behind `visible`; the same truth as `may_read`, in SQL (a test compares the two)."""
    clauses = [_clause(staff, assignment, ref) for assignment in staff.assignments]
    return or_(false(), *clauses)


def _clause(staff: StaffView, assignment: Assignment, ref: Reference) -> ColumnElement[bool]:
    role = assignment.role
    if role == "discipline":
        return _sealed_clause(staff, assignment, ref)
    parts: list[ColumnElement[bool]] = []
    for scope, states in access.READS.get(role, {}).items():
        clause = _relation(staff, assignment, scope, ref)
        parts.append(and_(clause, Case.state.in_(states)) if states else clause)
    return and_(Case.kind != "misconduct", or_(false(), *parts))


def _relation(staff: StaffView, assignment: Assignment, scope: str, ref: Reference) -> ColumnElement[bool]:
    unit = assignment.unit_id
    if scope == "any":
        return Case.id.is_not(None)
    if scope == "assigned":
        if assignment.role == "mediator":
            return or_(Case.handler_id.in_(staff.acts_for), Case.delegate_unit_id == unit)
        if assignment.role == "enforcement":
            return or_(Case.handler_id.in_(staff.acts_for), Case.case_unit_id == unit)
        return Case.handler_id.in_(sorted(staff.acts_for))
    if scope == "own_unit":
        return or_(Case.unit_id == unit, Case.delegate_unit_id == unit, Case.case_unit_id == unit)
    if scope == "own_bureau":
        bureau = assignment.bureau_id
        desks = [other.id for other in ref.units.values() if other.bureau_id == bureau]
        return or_(Case.bureau_id == bureau, Case.receiving_unit_id.in_(desks))
    if scope == SUBTREE:
        below = [other.id for other in ref.units.values() if other.path.startswith(assignment.path)]
        if len(below) == len(ref.units):
            return Case.id.is_not(None)
        return Case.unit_id.in_(below)
    return false()


def _sealed_clause(staff: StaffView, assignment: Assignment, ref: Reference) -> ColumnElement[bool]:
    below = [other.id for other in ref.units.values() if other.path.startswith(assignment.path)]
    return and_(
        Case.kind == "misconduct",
        Case.unit_id.in_(below),
        or_(Case.handler_id.is_(None), Case.handler_id.in_(sorted(staff.acts_for))),
    )


def find(staff: StaffView, number: str) -> Case:
    """Return a visible case by its number. Raise NotFound for one that is not there or not theirs: no difference."""
    case = db.session.scalar(visible(staff).where(Case.number == number))
    if case is None:
        raise NotFound("没有找到这一件，或者它不在您能看的范围里。")
    return case


def columns(case: Case) -> dict[str, Any]:
    """Return the columns of a case as plain values."""
    loaded = vars(case)  # asking each attribute takes longer, and a page of cases asks often
    return {key: loaded[key] if key in loaded else getattr(case, key) for key in _COLUMNS}


_COLUMNS = tuple(column.key for column in Case.__table__.columns)
