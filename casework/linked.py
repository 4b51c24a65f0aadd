"""Cases that come of another case: the second half of a mixed filing, another kind, a lead, a member who leaves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from casework import people, tasks
from casework.actors import SYSTEM
from casework.cases import NewCase, prepare
from casework.cases import create as create_case
from casework.effects import Act
from casework.reference import Reference
from casework.steps import Written
from models import Case, CaseLink, CaseText, Filing, Respondent

KEPT = ("category", "problem", "sales_mode", "platform", "order_number", "goods", "happened_on", "amount",
        "source_number")  # fmt: skip


def kind_of(act: Act, written: Written) -> str:
    """Return the kind of the case that the act makes."""
    action = written.step.creates[0]
    if action == "register_lead":
        return "report"
    return "misconduct" if action == "register_sealed" else str(act.values.get("new_kind", act.case["kind"]))


def create(session: Session, case: Case, act: Act, written: Written, number: str) -> list[tasks.Added]:
    """Make the case that an act orders (split_mixed, convert_kind, lead_found, a member who leaves) and link it.

    The filer follows it with the code of the case it comes from; a member who leaves is another person, has a
    filing of their own, and hears of it by letter.
    """
    action = written.step.creates[0]
    new = _new_case(session, case, act, action, kind_of(act, written), number)
    leaves = act.action.key == "change_representative"
    filing_id = _own_filing(session, case, act.now) if leaves else case.filing_id
    made = create_case(session, filing_id, prepare(new, act.now, act.ref))
    link(session, case.id, made.case_id, "lead" if action == "register_lead" else "split", act.now)
    return list(made.added)


def _own_filing(session: Session, case: Case, now: datetime) -> int:
    row = Filing(channel=case.channel, received_at=case.received_at, registered_at=now)
    session.add(row)
    session.flush()  # its id goes into the case
    return row.id


def _new_case(session: Session, case: Case, act: Act, action: str, kind: str, number: str) -> NewCase:
    lead, sealed = action == "register_lead", kind == "misconduct"
    day: date = act.values["discovered_on"] if lead else case.received_on
    text = session.get(CaseText, case.id)
    before = (text.sealed_content or text.content) if text else ""
    content = str(act.values.get("part_content") or (act.values.get("summary") if lead else None) or before)
    values: dict[str, Any] = {name: getattr(case, name) for name in KEPT if getattr(case, name) is not None}
    values |= {"content": content, "linked_case": case.number, **_business(session, case)}
    values["discovered_on" if lead else "received_on"] = day
    if not lead:  # a lead found ex officio has no informant
        values |= _filer(session, case, act)
    return NewCase(
        kind=kind,
        action=action,
        values=values,
        actor=SYSTEM,
        role="system",
        channel="own_finding" if lead else case.channel,
        received_on=day,
        received_at=act.now if lead else case.received_at,
        unit_id=act.ref.root().id if sealed else case.unit_id if lead else _desk_of(case, act.ref),
        anonymous=case.anonymous,
        number=number,
        coded=False,
    )


def _desk_of(case: Case, ref: Reference) -> int:
    """Return where the new case waits to be sent on: the desk that sent or received the old one."""
    unit = ref.units[case.unit_id]
    if unit.kind in {"city", "district"}:
        return unit.id
    return case.sender_unit_id or case.receiving_unit_id


def _business(session: Session, case: Case) -> dict[str, Any]:
    row = session.get(Respondent, case.respondent_id) if case.respondent_id else None
    if row is None:
        return {}
    parts = {part: getattr(row, part) for part in ("name", "code", "phone", "contact", "address")}
    return {f"respondent_{part}": value for part, value in parts.items() if value}


def _filer(session: Session, case: Case, act: Act) -> dict[str, Any]:
    """Return the filer's fields for the new case: the same person, or the member who leaves."""
    if act.action.key == "change_representative":
        return {"filer_name": act.values["who"][0]}
    party = people.filer_of(session, case.id)
    if party is None:
        return {"anonymous": True} if case.anonymous else {}
    names = ("name", "phone", "address", "postcode", "email", "id_type", "id_number")
    found = {f"filer_{part}": getattr(party, part) for part in names if getattr(party, part)}
    return {**found, "reply_by": party.reply_by} if party.reply_by else found


def link(session: Session, case_id: int, other_id: int, relation: str, now: datetime) -> None:
    """Tie two cases together inside the caller's transaction; `relation` says how (split, lead, merged, same_event)."""
    session.execute(insert(CaseLink).values(case_id=case_id, other_id=other_id, relation=relation, created_at=now))
