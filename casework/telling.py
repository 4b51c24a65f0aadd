"""What an act causes beyond the case itself: papers ordered, the filer told, colleagues informed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from casework import documents, duty, notify, tasks
from casework.effects import Act
from casework.reference import Reference
from casework.steps import Written
from models import Case, Party, StaffMessage
from models.prepared import Prepared

SPOKEN = "_spoken"
"""Among the values of an act: its messages are written by the clock that caused it."""


def after(
    session: Session,
    act: Act,
    case: Case,
    written: Written,
    filer: Party | None,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> list[tasks.Added]:
    """Write papers, messages and notes of one act in its transaction; return the tasks to wake after the commit.

    `case` is the case as the act leaves it; `more` is what its papers say besides.
    """
    seq, now = written.event["seq"], act.now
    rows: list[dict[str, Any]] = []
    if written.step.documents:
        ordered = documents.order_rows(
            case, act.action.key, seq, written.step.documents, {**frozen_facts(act, written), **more}, now, act.ref
        )
        rows += documents.add(session, ordered, now)
    if written.tell and "filer" in (act.action.told or ("filer",)):
        told = notify.filer_message_rows(case, seq, written.tell, [filer] if filer else [], now)
        rows += notify.add(session, told, now)
    if duty.concerns(act.action.key, case, act.values):
        rows.append(tasks.row(tasks.DUTY_TELL, {"case_id": case.id, "seq": seq}, f"duty-{case.id}-{seq}", now))
    if SPOKEN not in act.values:
        inform(session, act, case, seq)
    return tasks.add(session, rows)


def frozen_facts(act: Act, written: Written) -> dict[str, Any]:
    """Return what a paper says, as it stood when it was ordered: entered values, dates, who acted; no secrets."""
    kept: dict[str, Any] = {
        name: value for name, value in written.event["fields"].items() if name not in {"facts", "sealed", "handler"}
    }
    if "handler" in act.values:
        kept["handler"] = act.ref.names.get(act.values["handler"], "")
    if "facts" in act.action.named and act.values.get("facts"):  # a field of that name; the event's are the guards'
        kept["facts"] = act.values["facts"]
    if act.actor.staff is not None and act.case["kind"] != "misconduct":
        kept |= {"by": act.ref.names.get(act.actor.id or 0, ""), "by_unit": written.event["unit_id"]}
    return {"due_on": written.due, **kept} if written.due else kept


def inform(session: Session, act: Act, case: Case, seq: int) -> None:
    """Leave a line in the list of everybody whom the action informs, once each; the doer knows already."""
    leave(session, inform_rows(act, case, seq))


def leave(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Leave lines in lists, those that are there already left out: a line is known by its mark."""
    _INSERT_ONCE.each(session.connection(), rows)


def inform_rows(act: Act, case: Case, seq: int) -> list[dict[str, Any]]:
    """Return a line for each of them, none when the action informs nobody."""
    text = f"{case.number} {act.action.label}"
    if not case.sealed:
        text += f"：{case.matter}"
    return [
        {
            "staff_id": person,
            "case_id": case.id,
            "mark": f"event-{case.id}-{seq}-{person}",
            "text": text,
            "created_at": act.now,
            "read_at": None,
        }
        for person in informed(act, case)
    ]


def informed(act: Act, case: Case) -> list[int]:
    """Return the staff ids that the action informs: by role in the unit that has the case, or above it."""
    found = {person for role in act.action.inform for person in holders(role, case, act.ref)}
    return sorted(found - {act.actor.id})


def holders(role: str, case: Case | Row[Any], ref: Reference) -> tuple[int, ...]:
    """Return who holds a role for this case: the handler in person, others in the nearest unit that has the role."""
    if role == "handler":
        return (case.handler_id,) if case.handler_id else ()
    special = {"mediator": case.delegate_unit_id, "enforcement": case.case_unit_id}.get(role)
    unit = ref.units.get(special or case.unit_id)
    while unit is not None:
        people = ref.roles.get((unit.id, role))
        if people:
            return people
        unit = ref.units.get(unit.parent_id) if unit.parent_id else None
    return ()


_LINES = cast(Table, StaffMessage.__table__)
_INSERT_ONCE = Prepared(
    {
        "sqlite": sqlite.insert(_LINES).on_conflict_do_nothing(index_elements=["mark"]),
        "postgresql": postgresql.insert(_LINES).on_conflict_do_nothing(index_elements=["mark"]),
    }
)
