"""Where people can go and whom they can call: the bureaus of the city with the offices that belong to each."""

from __future__ import annotations

from dataclasses import dataclass

from casework.reference import UnitView, current
from models.unit import DISTRICT, OFFICE


@dataclass(frozen=True)
class Bureau:
    """A bureau of a district with its offices, those that have closed left out."""

    district: str
    unit: UnitView
    offices: tuple[UnitView, ...]


def bureaus() -> list[Bureau]:
    """Return the bureaus of the districts with their offices, in the order in which they were entered."""
    units = sorted((unit for unit in current().units.values() if not unit.closed), key=lambda unit: unit.id)
    return [
        Bureau(
            unit.area,
            unit,
            tuple(one for one in units if one.kind == OFFICE and one.bureau_id == unit.id),
        )
        for unit in units
        if unit.kind == DISTRICT
    ]
