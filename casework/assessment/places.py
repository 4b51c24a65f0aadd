"""Which units are assessed, who answers for the assessment at the city, and who may speak for a unit."""

from __future__ import annotations

from casework.actors import StaffView
from casework.errors import NotAllowed
from casework.reference import Reference, UnitView, current
from casework.statistics.scope import in_tree
from rules import assessment as law
from rules.access import POLICIES

READ, ORDER, OBJECT = "insight", "assessment.order", "assessment.object"
DECIDE, SIGN = "assessment.decide", "assessment.sign"


def assessed(ref: Reference) -> list[UnitView]:
    """Return the units that are assessed, in the order of the tree: the city centre counts, nobody counts it."""
    found = [one for one in ref.units.values() if one.kind in law.GROUPS and not one.closed]
    return sorted(found, key=in_tree)


def may(staff: StaffView, policy: str) -> bool:
    """Tell whether a person has a role for this at the city centre itself."""
    root = current().root().id
    return any(one.unit_id == root and one.role in POLICIES[policy] for one in staff.assignments)


def require(staff: StaffView, policy: str) -> None:
    """Raise NotAllowed for a person who may not do this."""
    if not may(staff, policy):
        raise NotAllowed("您的岗位不能做这一步。考核由市局指挥中心组织，由市局负责人签发。")


def sees_all(staff: StaffView) -> bool:
    """Tell whether a person reads every unit's figures before they are signed: the city centre and auditors."""
    return may(staff, DECIDE) or any(one.role == "auditor" for one in staff.assignments)


def speaks_for(staff: StaffView, unit: UnitView) -> bool:
    """Tell whether a person may object for a unit: who leads or supervises it or its district, never the city."""
    ref = current()
    root = ref.root()
    return any(
        one.role in POLICIES[OBJECT] and one.unit_id != root.id and unit.within(ref.units[one.unit_id])
        for one in staff.assignments
    )


def seen(staff: StaffView, keys: list[str], *, signed: bool) -> list[str]:
    """Return those of the units whose figures a person reads: all once signed, before that only their own."""
    if signed or sees_all(staff):
        return keys
    ref = current()
    return [key for key in keys if key in ref.unit_keys and speaks_for(staff, ref.unit_keys[key])]
