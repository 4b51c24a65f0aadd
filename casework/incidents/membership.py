"""Which case lies in which incident, and who sees an incident. What the case acts themselves do stands here."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, exists, false, insert, or_, select, true
from sqlalchemy.orm import Session

from casework import access
from casework.actors import StaffView
from casework.effects import Act
from casework.errors import NotFound, Refused
from casework.reference import Reference, current
from models import Case, Incident, IncidentCase, db
from models.incident import OPEN
from rules.access import POLICIES

UNKNOWN = "没有这个编号的事件，或者它已经结束、不在您能看的范围里"


def sees(staff: StaffView, ref: Reference) -> ColumnElement[bool]:
    """Return the condition for the incidents that a person sees.

    Those led by a unit below the person; for supervisors and leaders those led by a unit above as well; and every one
    that holds a case which the person may see.
    """
    units: set[int] = set()
    for one in staff.assignments:
        if one.role in POLICIES["command"]:
            units |= {unit.id for unit in ref.units.values() if unit.path.startswith(one.path)}
        if one.role in POLICIES["command.order"]:
            units |= {unit.id for unit in ref.units.values() if one.path.startswith(unit.path)}
    if len(units) == len(ref.units):
        return true()
    held = exists().where(
        IncidentCase.incident_id == Incident.id,
        Case.id == IncidentCase.case_id,
        access.visible_clause(staff, ref),
    )
    return or_(Incident.unit_id.in_(sorted(units)) if units else false(), held)


def find(staff: StaffView, incident_id: int) -> Incident:
    """Return an incident that the person sees. Raise NotFound for one that is not there or not theirs."""
    found = db.session.scalar(select(Incident).where(Incident.id == incident_id, sees(staff, current())))
    if found is None:
        raise NotFound("没有找到这个事件，或者它不在您能看的范围里。")
    return found


def leads(staff: StaffView, incident: Incident, ref: Reference) -> bool:
    """Tell whether the lead unit of an incident answers to this person, who may then order, decide and end it."""
    path = ref.units[incident.unit_id].path
    return any(one.role in POLICIES["command.order"] and path.startswith(one.path) for one in staff.assignments)


def may_change(staff: StaffView) -> bool:
    """Tell whether a person may change incidents at all."""
    return staff.has(*POLICIES["command.order"])


def of_case(case: Case) -> Incident | None:
    """Return the incident that a case lies in, None for none. Whoever may read the case may know it."""
    if not case.facts.get("incident"):
        return None
    return db.session.scalar(
        select(Incident)
        .join(IncidentCase, IncidentCase.incident_id == Incident.id)
        .where(IncidentCase.case_id == case.id)
    )


def attached(session: Session, case: Case, act: Act) -> None:
    """Put a case into the incident that the act names, inside its transaction. Raise Refused at the field."""
    wanted = select(Incident).where(Incident.number == act.values["incident"], Incident.state == OPEN)
    if act.actor.staff is not None:
        wanted = wanted.where(sees(act.actor.staff, act.ref))
    # The row is locked: an incident that is being ended takes no case in any more.
    incident = session.scalar(wanted.with_for_update())
    if incident is None:
        raise Refused(UNKNOWN, "incident")
    held = session.scalar(select(IncidentCase.incident_id).where(IncidentCase.case_id == case.id))
    if held is not None:
        mine = held == incident.id
        raise Refused("这一件已经在这个事件里" if mine else "这一件已经在另一个事件里，请先移出", "incident")
    session.execute(
        insert(IncidentCase).values(
            case_id=case.id, incident_id=incident.id, attached_at=act.now, attached_by=act.actor.id
        )
    )


def detached(session: Session, case: Case, act: Act) -> None:
    """Take a case out of the incident that the act names, inside its transaction. Raise Refused at the field."""
    named = select(Incident.id).where(Incident.number == act.values["incident"])
    gone = session.scalars(
        delete(IncidentCase)
        .where(IncidentCase.case_id == case.id, IncidentCase.incident_id.in_(named))
        .returning(IncidentCase.case_id)
    )
    if not list(gone):
        raise Refused("这一件不在这个事件里", "incident")
