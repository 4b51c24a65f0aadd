"""Whose desk is where: which lists a role works through, over which cases. Data, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from casework.actors import StaffView
from casework.reference import Reference

LIVE = (
    "to_distribute",
    "to_sign",
    "to_assign",
    "to_decide",
    "waiting",
    "mediating",
    "verifying",
    "answering",
    "to_reply",
    "to_archive",
    "correcting",
)
"""Every list but the archive and the sealed one, in the order of the procedure."""
IN_HAND = ("to_decide", "waiting", "mediating", "verifying", "answering", "to_reply")


@dataclass(frozen=True)
class Reach:
    """Cases of one desk: a column, the value it must have (None: the whole city), and the lists worked there."""

    column: str | None
    value: tuple[int, ...]
    queues: tuple[str, ...]


OF_ROLE: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "archivist": (("bureau", ("to_archive", "correcting")),),
    "auditor": (("all", LIVE),),
    "discipline": (("below", ("sealed",)),),
    "dispatcher": (("bureau", ("to_distribute", "to_sign", "waiting")),),
    "enforcement": (("case_unit", ("verifying",)),),
    "handler": (("own", IN_HAND), ("unit", ("to_sign",))),
    "intake": (("bureau", ("to_distribute", "waiting")),),
    "lead": (("unit", ("to_sign", "to_assign", *IN_HAND)),),
    "leader": (("bureau", LIVE),),
    "mediator": (("delegate", ("mediating",)),),
    "station": (("unit", ("waiting", "to_archive")),),
    "supervisor": (("below", LIVE),),
}


def reaches(staff: StaffView, ref: Reference) -> tuple[Reach, ...]:
    """Return the desks of a member of staff, without those that a wider one holds already."""
    found: list[Reach] = []
    for one in staff.assignments:
        for over, queues in OF_ROLE.get(one.role, ()):
            found.append(_reach(staff, one.unit_id, one.bureau_id, one.path, over, queues, ref))
    return tuple(_without_covered(found, ref))


def own(staff: StaffView) -> Reach:
    """Return what lies with this person (and those stood in for)."""
    return Reach("handler_id", tuple(sorted(staff.acts_for)), IN_HAND)


def _reach(
    staff: StaffView, unit_id: int, bureau_id: int, path: str, over: str, queues: tuple[str, ...], ref: Reference
) -> Reach:
    if over == "own":
        return Reach("handler_id", tuple(sorted(staff.acts_for)), queues)
    if over == "bureau":
        return Reach("bureau_id", (bureau_id,), queues)
    if over == "below":
        return _below(unit_id, path, queues, ref)
    if over == "all":
        return Reach(None, (), queues)
    column = {"unit": "unit_id", "delegate": "delegate_unit_id", "case_unit": "case_unit_id"}[over]
    return Reach(column, (unit_id,), queues)


def _below(unit_id: int, path: str, queues: tuple[str, ...], ref: Reference) -> Reach:
    units = [unit for unit in ref.units.values() if unit.path.startswith(path)]
    if len(units) == len(ref.units):
        return Reach(None, (), queues)
    bureaus = {unit.bureau_id for unit in units}
    if bureaus == {unit_id}:
        return Reach("bureau_id", (unit_id,), queues)
    return Reach("unit_id", tuple(unit.id for unit in units), queues)


def _without_covered(found: list[Reach], ref: Reference) -> list[Reach]:
    """Drop a desk whose cases all lie on another one as well: nobody sees a case twice."""
    kept: list[Reach] = []
    for reach in dict.fromkeys(found):
        queues = tuple(
            queue
            for queue in reach.queues
            if not any(other is not reach and queue in other.queues and _covers(other, reach, ref) for other in found)
        )
        if queues:
            kept.append(Reach(reach.column, reach.value, queues))
    return kept


def _covers(wide: Reach, narrow: Reach, ref: Reference) -> bool:
    if wide == narrow:
        return False
    if wide.column is None:
        return narrow.column is not None
    if wide.column == "bureau_id":
        if narrow.column == "unit_id":
            return {ref.units[unit].bureau_id for unit in narrow.value} <= set(wide.value)
        return narrow.column == "handler_id"
    return wide.column == "unit_id" and narrow.column == "handler_id"
