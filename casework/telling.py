"""What an act causes beyond the case itself: papers ordered, the filer told, colleagues informed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from casework import documents, notify, tasks
from casework.effects import Act
from casework.reference import Reference
from casework.steps import Written
from models import Case, Party, StaffMessage


def after(session: Session, act: Act, case: Case, written: Written, filer: Party | None) -> list[tasks.Added]:
    """Write papers, messages and notes of one act in its transaction; return the tasks to wake after the commit."""
    seq, now = written.event["seq"], act.now
    rows = documents.order(session, case, seq, written.step.documents, frozen_facts(act, written), now)
    if written.tell and "filer" in (act.action.told or ("filer",)):
        to_tell = notify.filer_message_rows(case, seq, written.tell, [filer] if filer else [], now)
        rows += notify.add(session, to_tell, now)
    inform(session, act, case, seq)
    return tasks.add(session, rows)


def frozen_facts(act: Act, written: Written) -> dict[str, Any]:
    """Return what a paper says, as it stood when it was ordered: entered values and dates, no secrets."""
    facts = {name: value for name, value in written.event["fields"].items() if name not in {"facts", "sealed"}}
    return {
        **facts,
        "action": act.action.key,
        "at": written.event["at"].isoformat(),
        "due_on": written.due.isoformat() if written.due else None,
    }


def inform(session: Session, act: Act, case: Case, seq: int) -> None:
    """Leave a line in the list of everybody whom the action informs, once each; the doer knows already."""
    people = informed(act, case)
    if not people:
        return
    text = f"{case.number} {act.action.label}"
    if case.kind != "misconduct":
        text += f"：{case.matter}"
    rows = [
        {
            "staff_id": person,
            "case_id": case.id,
            "mark": f"event-{case.id}-{seq}-{person}",
            "text": text,
            "created_at": act.now,
            "read_at": None,
        }
        for person in people
    ]
    session.execute(_insert_once(session), rows)


def informed(act: Act, case: Case) -> list[int]:
    """Return the staff ids that the action informs: by role in the unit that has the case, or above it."""
    found: list[int] = []
    for role in act.action.inform:
        found += [person for person in holders(role, case, act.ref) if person != act.actor.id]
    return sorted(set(found))


def holders(role: str, case: Case, ref: Reference) -> tuple[int, ...]:
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


def _insert_once(session: Session) -> Insert:
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(StaffMessage).on_conflict_do_nothing(index_elements=[StaffMessage.mark])
    return postgresql.insert(StaffMessage).on_conflict_do_nothing(index_elements=[StaffMessage.mark])


