"""Who stands where: which unit a person may issue for, whom a unit's copy goes to, who may read it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.actors import Assignment, StaffView
from casework.reference import Reference, UnitView
from models import Staff
from rules import access

HEADS = (("lead",), ("leader", "supervisor"))
"""Who answers for a unit: its lead; a centre, which has none, by its leader and supervisors."""


def head_roles(unit_id: int, ref: Reference) -> tuple[str, ...]:
    """Return the roles that answer for a unit; none where nobody does (stations, mediation bodies)."""
    return next((roles for roles in HEADS if any(ref.roles.get((unit_id, role)) for role in roles)), ())


def heads(session: Session, unit_ids: Iterable[int], ref: Reference, now: datetime) -> dict[int, tuple[int, ...]]:
    """Return the staff ids of those who answer for each unit, and of the deputies of who is away."""
    found = {
        unit_id: [one for role in head_roles(unit_id, ref) for one in ref.roles.get((unit_id, role), ())]
        for unit_id in unit_ids
    }
    stand_in = deputies(session, {one for people in found.values() for one in people}, now)
    return {
        unit_id: tuple(dict.fromkeys([*people, *(stand_in[one] for one in people if one in stand_in)]))
        for unit_id, people in found.items()
    }


def deputies(session: Session, people: Iterable[int], now: datetime) -> dict[int, int]:
    """Return who stands in for whom, of those who are away now."""
    away = (Staff.deputy_id.is_not(None), Staff.away_from <= now, Staff.away_until > now)
    rows = session.execute(select(Staff.id, Staff.deputy_id).where(Staff.id.in_(sorted(people)), *away))
    return {row.id: row.deputy_id for row in rows}


def heads_of(staff: StaffView, ref: Reference) -> tuple[int, ...]:
    """Return the units that this person answers for, as one of their own or as a deputy."""
    mine = (one.unit_id for one in staff.assignments if one.role in head_roles(one.unit_id, ref))
    return tuple(dict.fromkeys(mine))


def answers_for(staff: StaffView, unit_id: int, ref: Reference) -> bool:
    """Tell whether a person may acknowledge and report for a unit."""
    return unit_id in heads_of(staff, ref)


def _issuing(staff: StaffView) -> list[Assignment]:
    roles = access.policy("command.order")
    return sorted((one for one in staff.assignments if one.role in roles), key=lambda one: len(one.path))


def may_issue(staff: StaffView) -> bool:
    """Tell whether a person may issue directives at all."""
    return bool(_issuing(staff))


def issuing_unit(staff: StaffView, ref: Reference) -> UnitView | None:
    """Return the centre for which a person issues directives: the highest of theirs; None for who may not."""
    mine = _issuing(staff)
    return ref.units[mine[0].unit_id] if mine else None


def leads(staff: StaffView, unit_id: int, ref: Reference) -> bool:
    """Tell whether a person speaks for the centre that issued a directive: of that unit or of one above it."""
    return any(ref.units[unit_id].path.startswith(one.path) for one in _issuing(staff))


def overseen(staff: StaffView, ref: Reference) -> frozenset[int]:
    """Return the units whose directives and copies a person may read: their own and all below."""
    roles = access.policy("command")
    paths = {one.path for one in staff.assignments if one.role in roles}
    return frozenset(unit.id for unit in ref.units.values() if any(unit.path.startswith(path) for path in paths))


def choosable(centre: UnitView, ref: Reference) -> list[UnitView]:
    """Return the open units below a centre that somebody answers for, in the order of the tree."""
    below = (unit for unit in ref.units.values() if unit.within(centre) and unit.id != centre.id and not unit.closed)
    return sorted((unit for unit in below if head_roles(unit.id, ref)), key=in_tree)


def in_tree(unit: UnitView) -> tuple[int, ...]:
    """Return what sorts units as they stand in the tree, each before those below it."""
    return tuple(int(part) for part in unit.path.strip("/").split("/"))


def above(unit_id: int, roles: Iterable[str], ref: Reference) -> tuple[int, ...]:
    """Return who holds some roles in the nearest unit above this one that has any."""
    parent = ref.units[unit_id].parent_id
    wanted = tuple(roles)
    while parent is not None:
        found = [one for role in wanted for one in ref.roles.get((parent, role), ())]
        if found:
            return tuple(found)
        parent = ref.units[parent].parent_id
    return ()
