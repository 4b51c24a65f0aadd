"""Who may do what with a briefing: it is the city's; the districts report to it and read what was issued."""

from __future__ import annotations

from casework.actors import Assignment, StaffView
from casework.errors import NotAllowed
from casework.reference import Reference, UnitView, current
from rules.access import POLICIES

READ, EDIT, SIGN, REPORT = "briefing", "briefing.edit", "briefing.sign", "briefing.report"


def may(staff: StaffView, policy: str) -> bool:
    """Tell whether a person may edit or sign: with a role for it at the city's own bureau."""
    ref = current()
    return any(_is_city(one, ref) for one in staff.assignments if one.role in POLICIES[policy])


def require(staff: StaffView, policy: str) -> None:
    """Raise NotAllowed for a person who may not edit, or not sign."""
    if not may(staff, policy):
        raise NotAllowed("您的岗位不能做这一步。简报由市局编写，由市局负责人签发。")


def districts(staff: StaffView) -> list[UnitView]:
    """Return the districts for which a person reports to the city, in the order of their keys."""
    ref = current()
    root = ref.root()
    found = {
        ref.bureau_of(one.unit_id).id
        for one in staff.assignments
        if one.role in POLICIES[REPORT] and ref.bureau_of(one.unit_id) is not root
    }
    return sorted((ref.units[one] for one in found), key=lambda unit: unit.key)


def all_districts() -> list[UnitView]:
    """Return the districts that have to report, in the order of the tree."""
    ref = current()
    root = ref.root()
    bureaus = [one for one in ref.units.values() if one.bureau_id == one.id and one is not root and not one.closed]
    return sorted(bureaus, key=lambda unit: [int(part) for part in unit.path.strip("/").split("/")])


def _is_city(assignment: Assignment, ref: Reference) -> bool:
    return ref.bureau_of(assignment.unit_id) is ref.root()
