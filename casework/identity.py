"""Who the filer is: masked everywhere, shown in full once, to whom the rules allow, with the reason on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from casework import access, callbacks, people
from casework.actors import StaffView
from casework.errors import NotAllowed, Refused
from casework.reference import current
from models import Case, Event, Party, Reveal
from models.base import db, writing
from rules import access as rule
from rules import identifiers
from rules.calendar import local_date


@dataclass(frozen=True)
class Identity:
    """A person in full, for one look."""

    name: str | None
    phone: str | None
    address: str | None
    postcode: str | None
    email: str | None
    id_type: str | None
    id_number: str | None


@dataclass(frozen=True)
class Masked:
    """A person as pages show one."""

    role: str
    name: str
    phone: str
    address: str
    reply_by: str | None


def masked(case_id: int) -> list[Masked]:
    """Return the people of a case, masked."""
    query = select(Party).where(Party.case_id == case_id, Party.left_at.is_(None)).order_by(Party.id)
    return [
        Masked(
            role=party.role,
            name=identifiers.mask_name(party.name) if party.name else "",
            phone=identifiers.mask_phone(party.phone) if party.phone else "",
            address=identifiers.mask_address(party.address) if party.address else "",
            reply_by=party.reply_by,
        )
        for party in db.session.scalars(query)
    ]


def may_reveal(staff: StaffView, case: Case, now: datetime) -> bool:
    """Tell whether this member of staff may see who the filer is (Order 121 art. 37)."""
    ref = current()
    columns = access.columns(case)
    today = local_date(case.registered_at) == local_date(now) and _registered_by(case, staff)
    return any(rule.may_reveal(role, held, today) for role, held in access.holdings(staff, columns, ref))


def may_open_dossier(staff: StaffView, case: Case, now: datetime) -> bool:
    """Tell whether this person may open the dossier of a case: who may see the filer, and who keeps the archive."""
    if may_reveal(staff, case, now):
        return True
    held_by_role = access.holdings(staff, access.columns(case), current())
    return any(rule.may_reveal_dossier(role, held) for role, held in held_by_role)


def look_into_dossier(case: Case, staff: StaffView, now: datetime) -> None:
    """Record that a person opens the dossier of a case. Raise NotAllowed for whom the rules do not let."""
    if not may_open_dossier(staff, case, now):
        raise NotAllowed("卷宗里有来件人的身份，只有办理这一件的人和档案人员可以打开。")
    with writing() as session:
        session.execute(insert(Reveal).values(case_id=case.id, staff_id=staff.id, at=now, reason="打开卷宗"))


def may_reveal_to_call(staff: StaffView, case: Case) -> bool:
    """Tell whether this person may see whom to call: the month's draw chose the case, the call is still due, and it
    could be recorded (not of a case that has gone to the archive meanwhile)."""
    if not callbacks.waits(case.id) or not callbacks.callable_now(staff, case):
        return False
    held_by_role = access.holdings(staff, access.columns(case), current())
    return any(rule.may_reveal_to_call(role, held) for role, held in held_by_role)


def _registered_by(case: Case, staff: StaffView) -> bool:
    query = select(Event.actor_id).where(Event.case_id == case.id, Event.seq == 1)
    return db.session.scalar(query) == staff.id


def reveal(case: Case, staff: StaffView, reason: str, now: datetime, *, to_call: bool = False) -> Identity:
    """Show who the filer is, and record who looked, when and why, before anything is shown.

    `to_call`: to call back, where the draw of a month asks for it; name and telephone are then all that is given,
    because a call needs no more. Raises NotAllowed for whom the rules do not let, Refused without a reason or where
    nobody is recorded.
    """
    if not may_reveal(staff, case, now) and not (to_call and may_reveal_to_call(staff, case)):
        raise NotAllowed("只有办理这一件的人可以查看来件人的信息。")
    reason = reason.strip()
    if not reason:
        raise Refused("请写明为什么要看", "reason")
    if len(reason) > 200:
        raise Refused("原因最多 200 个字", "reason")
    with writing() as session:
        session.execute(insert(Reveal).values(case_id=case.id, staff_id=staff.id, at=now, reason=reason))
        party = people.filer_of(session, case.id)
        if party is None:
            raise Refused("这一件是匿名的，没有来件人的信息")
        if to_call:
            return Identity(party.name, party.phone, None, None, None, None, None)
        return Identity(
            party.name, party.phone, party.address, party.postcode, party.email, party.id_type, party.id_number
        )
