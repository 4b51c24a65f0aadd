"""Keeping what is published right: objections of businesses and their answers, corrections, withdrawals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from casework import access, fields, throttle
from casework.actors import StaffView, by
from casework.errors import Conflict, Faults, NotAllowed, NotFound, TooFast
from casework.publicity import publishing
from casework.reference import current
from casework.search import condition
from models import Case, Party, Publication, PublicationObjection, PublicationStep, Respondent, db
from models import publication as states
from models.base import writing
from rules import identifiers
from rules import publicity as law
from rules.calendar import local_date
from rules.workflow import WORKFLOW

LIMITS = {"name": 60, "phone": 40, "code": 18, "reasons": 2000, "text": 2000, "why": 400, "answer": 2000}
LABELS = {
    "name": "联系人",
    "phone": "联系电话",
    "reasons": "异议和理由",
    "text": "公示内容",
    "why": "原因",
    "answer": "答复",
}
LEAST = 10
"""Characters of an objection, a reason, an answer: fewer say nothing."""
CORRECT, WITHDRAW, DENY = "correct", "withdraw", "deny"
WAYS = ((CORRECT, "异议成立，更正公示内容"), (WITHDRAW, "异议成立，撤下公示"), (DENY, "异议不成立，维持公示"))
LISTED = 50
Act = Callable[[StaffView, int, Mapping[str, str], datetime], None]
"""What may be done to a publication, with what was typed."""


@dataclass(frozen=True)
class Row:
    """A publication as staff see it in a list; `objection` is the one that waits, if any."""

    publication: Publication
    case: Case
    business: str
    objection: PublicationObjection | None


def object_to(publication_id: int, typed: Mapping[str, str], network: str, now: datetime) -> None:
    """Take an objection of a business to a publication that is shown.

    The same text again while it waits is the same objection. Raises NotFound, Faults at the fields, TooFast when too
    many came from one network, Conflict when another objection waits.
    """
    with writing() as session:
        row = _shown(session, publication_id, now)
        business = session.get_one(Respondent, row.respondent_id)
        values, faults = _texts(typed, "name", "phone", "reasons")
        values["code"] = fields.half_width(typed.get("code", "")).strip().upper()
        _check_sender(values, business, faults)
        if faults:
            raise Faults(faults)
        waiting = session.scalar(_waiting(publication_id))
        if waiting is not None:
            if waiting.reasons == values["reasons"]:
                return
            raise Conflict("这条公示已有一份异议正在核查，答复以后才能再提。")
    wait = throttle.count(f"objection:{network}", now)
    if wait:
        raise TooFast(f"提交得太频繁，请 {wait} 秒以后再试", wait)
    with writing() as session:
        _shown(session, publication_id, now)
        if session.scalar(_waiting(publication_id)) is not None:
            return  # the same press came twice at once
        due = law.objection_due(local_date(now), current().calendar)
        session.add(PublicationObjection(publication_id=publication_id, at=now, due_on=due, **_of_sender(values)))


def _of_sender(values: Mapping[str, str]) -> dict[str, str | None]:
    return {**{key: values[key] for key in ("name", "phone", "reasons")}, "code": values["code"] or None}


def _check_sender(values: dict[str, str], business: Respondent, faults: dict[str, str]) -> None:
    """Ask for what shows that the business itself objects: its credit code, where the records hold one."""
    if "phone" in values:
        try:
            values["phone"] = identifiers.normalise_phone(values["phone"])
        except ValueError as error:
            faults["phone"] = str(error)
    if business.code and not values["code"]:
        faults["code"] = "请填写营业执照上的统一社会信用代码"
    elif business.code and values["code"] != business.code:
        faults["code"] = "和公示的商家的统一社会信用代码不一致，请照营业执照填写"
    elif values["code"] and not identifiers.credit_code_valid(values["code"]):
        faults["code"] = "统一社会信用代码是 18 位，请对照营业执照再看一下"


def _shown(session: Session, publication_id: int, now: datetime) -> Publication:
    row = session.get(Publication, identifiers.row_number(str(publication_id)) or 0, with_for_update=True)
    if row is None or row.withdrawn_at is not None or row.shown_until < local_date(now):
        raise NotFound("没有这条公示，或者它已经到期、撤下。")
    return row


def _waiting(publication_id: int) -> Select[PublicationObjection]:
    of_it = PublicationObjection.publication_id == publication_id
    return select(PublicationObjection).where(of_it, PublicationObjection.state == states.OPEN)


def _texts(typed: Mapping[str, str], *names: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the texts of some fields, and a sentence for each that cannot be taken."""
    values: dict[str, str] = {}
    faults: dict[str, str] = {}
    for name in names:
        text = fields.clean_text(typed.get(name, ""), lines=name in ("reasons", "text", "answer"))
        if not text:
            faults[name] = f"请填写{LABELS[name]}"
        elif len(text) > LIMITS[name]:
            faults[name] = f"{LABELS[name]}最多 {LIMITS[name]} 个字，现在是 {len(text)} 个字"
        elif name in ("reasons", "why", "answer") and len(text) < LEAST:
            faults[name] = f"{LABELS[name]}至少写 {LEAST} 个字，让看的人明白"
        else:
            values[name] = text
    return values, faults


def may_keep(staff: StaffView, case: Case) -> bool:
    """Tell whether a person may correct or withdraw what is published of a case: who may decide about it."""
    action = WORKFLOW.action(publishing.ACTION)
    return access.acting_role(by(staff), action, access.columns(case), current()) is not None


def waiting(staff: StaffView) -> list[Row]:
    """Return the publications in sight with an unanswered objection, the most urgent first."""
    query = _of(staff).join(PublicationObjection, PublicationObjection.publication_id == Publication.id)
    query = query.where(PublicationObjection.state == states.OPEN).add_columns(PublicationObjection)
    found = db.session.execute(query.order_by(PublicationObjection.due_on, PublicationObjection.id).limit(LISTED))
    return [Row(row[0], row[1], row[2], row[3]) for row in found]


def recent(staff: StaffView, entered: str = "") -> list[Row]:
    """Return the publications in sight, the latest first; `entered` narrows them as the desk's search does."""
    query = _of(staff)
    wanted = condition(entered) if entered else None
    if wanted is not None:
        query = query.where(wanted)
    elif entered.strip():
        return []
    found = db.session.execute(query.order_by(Publication.id.desc()).limit(LISTED))
    return [Row(row[0], row[1], row[2], None) for row in found]


def _of(staff: StaffView) -> Select[*tuple[Any, ...]]:
    """Select (Publication, Case, name of the business) for the cases that a person sees."""
    return (
        select(Publication, Case, Respondent.name)
        .join(Case, Case.id == Publication.case_id)
        .join(Respondent, Respondent.id == Publication.respondent_id)
        .where(access.visible_clause(staff, current()))
    )


def find(staff: StaffView, publication_id: int) -> Row:
    """Return a publication in sight, with the objection that waits. Raise NotFound."""
    found = db.session.execute(
        _of(staff).where(Publication.id == (identifiers.row_number(str(publication_id)) or 0))
    ).first()
    if found is None:
        raise NotFound("没有这条公示，或者它不在您能看的范围里。")
    return Row(found[0], found[1], found[2], db.session.scalar(_waiting(publication_id)))


def objections(publication_id: int) -> list[PublicationObjection]:
    """Return every objection to a publication, the latest first."""
    query = select(PublicationObjection).where(PublicationObjection.publication_id == publication_id)
    return list(db.session.scalars(query.order_by(PublicationObjection.id.desc())))


def steps(publication_id: int) -> list[PublicationStep]:
    """Return what was done to a publication, the latest first."""
    query = select(PublicationStep).where(PublicationStep.publication_id == publication_id)
    return list(db.session.scalars(query.order_by(PublicationStep.id.desc())))


def correct(staff: StaffView, publication_id: int, typed: Mapping[str, str], now: datetime) -> None:
    """Correct the text of a publication; the note stands beside it in public, the old text stays on record.

    Raises NotFound, NotAllowed, Faults.
    """
    with writing() as session:
        row = _held(session, staff, publication_id)
        _correct(session, row, typed, staff, now)


def withdraw(staff: StaffView, publication_id: int, typed: Mapping[str, str], now: datetime) -> None:
    """Withdraw a publication. Raise NotFound, NotAllowed, Faults, Conflict when it is withdrawn."""
    values, faults = _texts(typed, "why")
    if faults:
        raise Faults(faults)
    with writing() as session:
        row = _held(session, staff, publication_id)
        publishing.withdraw(session, row.case_id, now, staff.id, values["why"])


def answer(staff: StaffView, publication_id: int, typed: Mapping[str, str], now: datetime) -> None:
    """Answer the objection that waits: correct, withdraw or keep the publication (`way`).

    Whoever decided to publish does not judge the objection. Raises NotFound, NotAllowed, Faults, Conflict.
    """
    way = typed.get("way", "")
    values, faults = _texts(typed, "answer")
    if way not in dict(WAYS):
        faults = {"way": "请选择异议是不是成立", **faults}
    if faults:
        raise Faults(faults)
    with writing() as session:
        row = _held(session, staff, publication_id)
        waiting_one = session.scalar(_waiting(publication_id))
        if waiting_one is None:
            raise Conflict("没有等待答复的异议，它可能刚刚答复过。")
        if row.decided_by == staff.id:
            raise NotAllowed("作出公示决定的人不能处理对它的异议，请由单位另一位负责人或者上级办理。")
        if way == CORRECT:
            _correct(session, row, {"text": typed.get("text", ""), "why": values["answer"]}, staff, now)
        elif way == WITHDRAW:
            publishing.withdraw(session, row.case_id, now, staff.id, values["answer"])
        state = states.DENIED if way == DENY else states.UPHELD
        changed = {"state": state, "answered_at": now, "answered_by": staff.id, "answer": values["answer"]}
        mine = PublicationObjection.id == waiting_one.id
        session.execute(update(PublicationObjection).where(mine).values(**changed))


def _held(session: Session, staff: StaffView, publication_id: int) -> Publication:
    row = session.get(
        Publication, identifiers.row_number(str(publication_id)) or 0, populate_existing=True, with_for_update=True
    )
    case = session.scalar(access.visible(staff).where(Case.id == row.case_id)) if row is not None else None
    if row is None or case is None:
        raise NotFound("没有这条公示，或者它不在您能看的范围里。")
    if not may_keep(staff, case):
        raise NotAllowed("您不能更正或者撤下这条公示，请找承办单位负责人或者上级督办人员。")
    if row.withdrawn_at is not None:
        raise Conflict("这条公示已经撤下。")
    return row


def _correct(session: Session, row: Publication, typed: Mapping[str, str], staff: StaffView, now: datetime) -> None:
    values, faults = _texts(typed, "text", "why")
    people = session.scalars(select(Party.name).where(Party.case_id == row.case_id, Party.name.is_not(None)))
    if "text" in values:
        secret = law.reveals(values["text"], [name for name in people if name])
        if secret:
            faults["text"] = secret
        elif values["text"] == row.text:
            faults["text"] = "公示内容没有改动"
    if "why" in values and (secret := law.reveals(values["why"])):
        faults["why"] = secret.replace("公示内容", "说明")
    if faults:
        raise Faults(faults)
    session.add(
        PublicationStep(
            publication_id=row.id,
            at=now,
            staff_id=staff.id,
            step="corrected",
            why=values["why"],
            text_before=row.text,
        )  # fmt: skip
    )
    row.text = values["text"]
