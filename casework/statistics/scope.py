"""Whose cases are counted: those of a unit and of all below it, as far as the person who asks may see them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_

from casework import access
from casework.actors import StaffView
from casework.errors import NotFound
from casework.reference import Reference, UnitView, current
from models import Case
from models.unit import MEDIATION, STATION

ASKING = ("supervisor", "leader", "lead", "auditor")
"""The roles that statistics are for; an auditor reads the whole city's."""


@dataclass(frozen=True)
class Scope:
    """A unit with all below it; `staff` narrows it down to what that person may see, None (a worker) to nothing less.

    Sealed cases (干部违纪) are in no scope.
    """

    unit: str
    staff: StaffView | None = None

    @classmethod
    def of(cls, staff: StaffView, unit: str = "") -> Scope:
        """Return the scope of a person: the unit asked for, else the highest of their places.

        Raises NotFound for a unit that is not there or not below any place of theirs: both look the same.
        """
        ref = current()
        places = _places(staff, ref)
        wanted = ref.unit_keys.get(unit) if unit else next(iter(places), None)
        if wanted is None or not any(wanted.within(place) for place in places):
            raise NotFound("没有这个单位，或者它不在您能看的范围里。")
        return cls(wanted.key, staff)

    @classmethod
    def whole(cls) -> Scope:
        """Return the scope of the whole city, for what workers compile."""
        return cls(current().root().key)

    def root(self, ref: Reference) -> UnitView:
        """Return the unit at its top. Raise NotFound when it is not there."""
        unit = ref.unit_keys.get(self.unit)
        if unit is None:
            raise NotFound("没有这个单位。")
        return unit

    def label(self) -> str:
        """Return the short name of the unit at its top."""
        return self.root(current()).short_name

    def units(self, ref: Reference) -> tuple[UnitView, ...]:
        """Return its units in the order of the tree."""
        root = self.root(ref)
        return tuple(sorted((one for one in ref.units.values() if one.within(root)), key=in_tree))

    def clause(self, ref: Reference) -> ColumnElement[bool]:
        """Return the condition on `Case` that everything counted and listed meets."""
        parts = [Case.kind != "misconduct"]
        below = [one.id for one in self.units(ref)]
        if len(below) < len(ref.units):
            parts.append(Case.unit_id.in_(below))
        if self.staff is not None:
            parts.append(access.visible_clause(self.staff, ref))
        return and_(*parts)


def choices(staff: StaffView) -> list[UnitView]:
    """Return the units whose figures a person may ask for, in the order of the tree; stations only for their office."""
    ref = current()
    places = _places(staff, ref)
    found = [one for one in ref.units.values() if any(one.within(place) for place in places)]
    kept = [one for one in found if one.kind not in (STATION, MEDIATION) or len(found) < 12]
    return sorted(kept, key=in_tree)


def in_tree(unit: UnitView) -> list[int]:
    """Return what sorts units by the tree: a unit stands before those below it."""
    return [int(one) for one in unit.path.strip("/").split("/")]


def _places(staff: StaffView, ref: Reference) -> list[UnitView]:
    """Return the units at the top of what a person watches over, the highest first."""
    found = {
        ref.root() if one.role == "auditor" else ref.units[one.unit_id]
        for one in staff.assignments
        if one.role in ASKING
    }
    return sorted(found, key=lambda unit: (len(in_tree(unit)), in_tree(unit)))
