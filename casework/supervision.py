"""Supervision orders (督办单) on record: written by the acts that issue, answer, accept, return and withdraw them.

One order lives per case at a time and names every term of the case that has run out (docs/decisions/0024): what is
graver replaces it and takes its terms over, what is lighter joins it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from casework import documents
from casework.effects import Act
from casework.errors import Refused
from casework.reference import Reference, UnitView
from casework.steps import Written
from models import Case, Document, StaffMessage
from models import document as papers
from models import supervision as states
from models.prepared import Prepared
from models.supervision import SupervisionOrder
from rules import supervision as law
from rules.calendar import local_date
from rules.explanation import long_date
from rules.terms import RULES
from rules.workflow import WORKFLOW

PAPER = "paper.supervision_order"
_ORDERS = cast(Table, SupervisionOrder.__table__)
_LIVE = Prepared(select(_ORDERS).where(states.LIVE_ROWS, _ORDERS.c.case_id == bindparam("of_case")))
_ENTER = Prepared(insert(_ORDERS))
_NO_PAPER_YET = (papers.DUE, papers.QUEUED, papers.MAKING, papers.FAILED)

Columns = dict[str, Any]
Facts = dict[str, Any]
Order = Any
"""A row of the orders as it is read."""


@dataclass(frozen=True)
class Cause:
    """Why the system issues an order: the term, its row, the day on which it ended, and how high it is raised."""

    rule: str | None
    deadline_id: int | None
    since_on: date
    place: str
    former_id: int | None = None
    """The row that the term's own row has replaced: it is the same term."""

    def term(self) -> Columns:
        """Return the term as an order lists it."""
        return {"rule": self.rule, "deadline_id": self.deadline_id, "since_on": self.since_on.isoformat()}


def live(session: Session, case_id: int) -> Order | None:
    """Return the order of a case that somebody still has to do something about."""
    return _LIVE.first(session.connection(), {"of_case": case_id})


def check(session: Session, act: Act) -> None:
    """Refuse an act on an order that does not exist or was not answered yet, before anything is written."""
    if act.action.key not in _NEEDS_ORDER:
        return
    order = live(session, act.case["id"])
    if order is None:
        raise Refused("这一件没有等待处理的督办单", conflict=True)
    if act.action.key in _NEEDS_ANSWER and order.state != states.ANSWERED:
        raise Refused("承办单位还没有答复，不能认可或退回", conflict=True)


def record(session: Session, case: Case, act: Act, written: Written) -> Facts:
    """Bring the orders to where the act leaves them; return what its paper says besides the case."""
    doing = _ACTS.get(act.action.key)
    return doing(session, case, act, written) if doing is not None else {}


def standing(order: Order | None, cause: Cause) -> law.Standing | None:
    """Return what a lapse must know of the order that lives, None without one."""
    if order is None:
        return None
    mine = {cause.deadline_id, cause.former_id}
    listed = any(one["rule"] == cause.rule and one["deadline_id"] in mine for one in holding(order))
    return law.Standing(
        order.place, order.level, order.source == states.BY_SYSTEM, order.state != states.ANSWERED, listed
    )


def holding(order: Order) -> list[Columns]:
    """Return the terms of an order that still count."""
    return [one for one in order.terms if "over" not in one]


def obsolete(session: Session, case_id: int, written: Written, now: datetime) -> str | None:
    """Strike off the live order of the system what an act has taken away; return why nothing of it is left, None when
    something is.

    A term that stands still or ends later than now is not overdue. One that was kept before its order was sent out
    needs no answer any more; when the order was out, it does.
    """
    order = live(session, case_id)
    if order is None or order.source != states.BY_SYSTEM or order.rule is None:
        return None
    found: list[Columns] = []
    fallen: list[str] = []
    for one in order.terms:
        why = None if "over" in one else _over(one["rule"], written, now, lambda: _unseen(session, order))
        found.append({**one, "over": why} if why else one)
        fallen += [why] if why else []
    left = [one for one in found if "over" not in one]
    if fallen and left:
        _change(session, order, {**_gravest(left), "terms": found})
    return "；".join(fallen) if fallen and not left else None


def _over(rule: str, written: Written, now: datetime, unseen: Callable[[], bool]) -> str | None:
    """Return why a term gives no cause for an order any more, None when it does."""
    label, running = RULES[rule].label, written.clocks.get(rule)
    if running is None:
        return f"“{label}”在督办单发出以前已经了结" if unseen() else None
    if running.due.on is None:
        return f"“{label}”已经暂停计算"
    if running.due.at is not None and running.due.at > now:
        return f"“{label}”改为{long_date(running.due.on)}届满，不再超期"
    return None


def _unseen(session: Session, order: Order) -> bool:
    """Tell whether the paper of an order has not been made: nobody has read it."""
    waiting = select(Document.id).where(
        Document.case_id == order.case_id,
        Document.event_seq == order.event_seq,
        Document.kind == PAPER,
        Document.state.in_(_NO_PAPER_YET),
    )
    return session.connection().execute(waiting).first() is not None


def _gravest(terms: Sequence[Columns]) -> Columns:
    """Return the columns that name the gravest of some terms, by which an order is listed."""
    ordered = in_order(terms)
    if not ordered:
        return {}
    return {**ordered[0], "since_on": date.fromisoformat(ordered[0]["since_on"])}


def in_order(terms: Sequence[Columns]) -> list[Columns]:
    """Return terms of an order, the gravest first."""
    return sorted(terms, key=lambda one: law.gravity(one["rule"], date.fromisoformat(one["since_on"])))


def issuer_of(unit: UnitView, place: str, ref: Reference) -> UnitView:
    """Return in whose name an order goes out: the unit's own bureau up to its level, the city centre above it."""
    return ref.root() if place == law.CITY else ref.units[unit.bureau_id]


def _issue(session: Session, case: Case, act: Act, written: Written) -> Facts:
    ref, now = act.ref, act.now
    unit = ref.units[case.unit_id]
    note = act.action.key == "leader_note"
    cause: Cause | None = act.values.get("_cause")
    issuer, place = _by_whom(act, unit, cause)
    today = local_date(now)
    former = live(session, case.id)
    level = act.values.get("level", "key_supervise" if place == law.CITY else "supervise")
    terms = holding(former) if former is not None else []
    if cause is not None and cause.rule is not None:
        same = {cause.deadline_id, cause.former_id}
        terms = [*(one for one in terms if one["deadline_id"] not in same), cause.term()]
        if former is not None:
            place, level = law.heavier((place, level), (former.place, former.level))
            issuer = issuer_of(unit, place, ref)
    terms = in_order(terms)
    values: Columns = {
        "case_id": case.id,
        "event_seq": written.event["seq"],
        "number": documents.next_number(session, "paper.leader_note" if note else PAPER, issuer, today.year),
        "level": level,
        "place": place,
        "source": _source(act, note),
        "ground": act.values.get("ground", "U3"),
        "requirement": act.values["text" if note else "requirement"],
        **({"rule": None, "deadline_id": None, "since_on": today} | _gravest(terms)),
        "terms": terms,
        "unit_id": unit.id,
        "issuer_id": issuer.id,
        "signer_id": act.actor.id,
        "issued_at": now,
        "due_on": act.values["due_on"],
        "state": states.OPEN,
        "answers": 0,
        "replaces_id": former.id if former else None,
    }
    if former is not None:
        how = "升级为" if law.weight(place, level) > law.weight(former.place, former.level) else "并入"
        _close(session, former, states.REPLACED, now, f"{how}{values['number']}")
    _ENTER.run(session.connection(), values)
    if note:
        return {"number": values["number"], "bureau_id": ref.units[issuer.bureau_id].id}
    return paper_facts(values, ref, case.handler_id)


def _by_whom(act: Act, unit: UnitView, cause: Cause | None) -> tuple[UnitView, str]:
    if cause is not None:
        return issuer_of(unit, cause.place, act.ref), cause.place
    mine = next((one for one in act.actor.staff.assignments if one.role == act.role), None) if act.actor.staff else None
    issuer = act.ref.bureau_of(mine.unit_id) if mine is not None else act.ref.bureau_of(unit.id)
    return issuer, law.CITY if issuer.parent_id is None else law.DISTRICT


def _source(act: Act, note: bool) -> str:
    if act.actor.staff is None:
        return states.BY_SYSTEM
    return states.BY_LEADER if note or act.role == "leader" else states.BY_HAND


def paper_facts(order: Mapping[str, Any], ref: Reference, handler_id: int | None) -> Facts:
    """Return what the paper says (regulations 9.3); an answer follows when there is one. No secrets."""
    ground = next(one for one in WORKFLOW.all_grounds if one.type == "supervision" and one.code == order["ground"])
    level = next(one.label for one in LEVELS if one.key == order["level"])
    unit = ref.units[order["unit_id"]]
    signer = order.get("signer_id")
    return {
        "bureau_id": ref.units[order["issuer_id"]].bureau_id,
        "number": order["number"],
        "addressee": unit.name,
        "level": f"{level}（{law.TEMPLATES[order['place']].label}）",
        "ground": ground.label,
        "terms": [
            {"label": RULES[one["rule"]].label, "on": one["since_on"]} for one in order["terms"] if "over" not in one
        ],
        "answer_by": order["due_on"],
        "requirement": order["requirement"],
        "unit": unit.name,
        "handler": ref.names.get(handler_id) if handler_id is not None else None,
        "signer": ref.names.get(signer) if signer is not None else "系统（期限届满自动签发）",
    }


def _joined(session: Session, case: Case, act: Act, _written: Written) -> Facts:
    """A lighter term joins the order that lives: the act on record is the 催办 that says so."""
    cause: Cause | None = act.values.get(JOINS)
    if cause is not None:
        order = _order(session, case)
        terms = in_order([*order.terms, cause.term()])
        live_ones = [one for one in terms if "over" not in one]
        _change(session, order, {**_gravest(live_ones), "terms": terms})
    return {}


def _answered(session: Session, case: Case, act: Act, _written: Written) -> Facts:
    order = _order(session, case)
    values = {
        "state": states.ANSWERED,
        "answer": act.values["answer"],
        "measure": act.values.get("measure"),
        "new_due_on": act.values.get("new_due_on"),
        "answered_at": act.now,
        "answered_by": act.actor.id,
        "answers": order.answers + 1,
    }
    _change(session, order, values)
    again = str(values["answers"]) if values["answers"] > 1 else ""
    # The paper with its answer is a second paper of the same order: its own number only tells the two files apart.
    return {**_told(session, {**order._asdict(), **values}, case, act), "number": f"{order.number}（复{again}）"}


def _told(session: Session, order: Mapping[str, Any], case: Case, act: Act) -> Facts:
    """Return what the paper of an answered order says: when the unit had it, what it answered, how the last answer
    was taken."""
    names = act.ref.names
    return {
        **paper_facts(order, act.ref, case.handler_id),
        "order_number": order["number"],
        "signed_at": _signed_at(session, order, act.ref).isoformat(),
        "answer": order["answer"],
        "measure": order["measure"],
        "new_due_on": order["new_due_on"],
        "answered_on": local_date(order["answered_at"]),
        "answered_by": names.get(order["answered_by"]),
        "returned": order["returned"],
    }


def _signed_at(session: Session, order: Mapping[str, Any], ref: Reference) -> datetime:
    """Return when the unit had an order (签收时间): when the first of its people read the line about it, at the latest
    when it answered."""
    mine = {one for (unit_id, _role), held in ref.roles.items() if unit_id == order["unit_id"] for one in held}
    query = select(func.min(StaffMessage.read_at)).where(
        StaffMessage.case_id == order["case_id"],
        StaffMessage.created_at == order["issued_at"],
        StaffMessage.staff_id.in_(mine),
    )
    answered: datetime = order["answered_at"]
    read: datetime | None = session.connection().execute(query).scalar_one()
    return min(read, answered) if read is not None else answered


def _accepted(session: Session, case: Case, act: Act, _written: Written) -> Facts:
    order = _order(session, case)
    _change(session, order, {"assessed": act.values["assessed"]})
    _close(session, order, states.ACCEPTED, act.now, "答复已认可")
    judged = {
        "result": "答复已认可，督办单销号",
        "judged_on": local_date(act.now),
        "judged_by": act.ref.names.get(act.actor.id) if act.actor.id is not None else None,
        "assessed": act.values["assessed"],
    }
    return {**_told(session, order._asdict(), case, act), **judged, "number": f"{order.number}（结）"}


def _returned(session: Session, case: Case, act: Act, _written: Written) -> Facts:
    values = {"state": states.RETURNED, "due_on": act.values["due_on"], "returned": act.values["reasons"]}
    _change(session, _order(session, case), values)
    return {}


def _term_set(session: Session, case: Case, act: Act, _written: Written) -> Facts:
    values = {"state": states.OPEN, "due_on": act.values["due_on"], "returned": act.values.get("comment")}
    _change(session, _order(session, case), values)
    return {}


def _withdrawn(session: Session, case: Case, act: Act, _written: Written) -> Facts:
    _close(session, _order(session, case), states.WITHDRAWN, act.now, act.values["reasons"])
    return {}


def _order(session: Session, case: Case) -> Order:
    order = live(session, case.id)
    if order is None:
        raise Refused("这一件没有等待处理的督办单", conflict=True)
    return order


def _change(session: Session, order: Order, values: Columns) -> None:
    session.execute(update(_ORDERS).where(_ORDERS.c.id == order.id).values(**values))


def _close(session: Session, order: Order, state: str, at: datetime, why: str) -> None:
    """End an order. Of a paper that nobody has seen nothing need be made; one that is out stays as it was issued."""
    _change(session, order, {"state": state, "closed_at": at, "closed_why": why})
    if state != states.ACCEPTED:
        unseen = (Document.case_id == order.case_id) & (Document.event_seq == order.event_seq)
        unseen &= Document.state.in_(_NO_PAPER_YET)
        session.execute(update(Document).where(unseen).values(state=papers.WITHDRAWN, progress=None))


LEVELS = next(one.choices for one in WORKFLOW.action("supervise").fields if one.name == "level")
JOINS = "_joins"
"""Among the values of a 催办: the cause that joins the live order."""
_ACTS = {
    "remind": _joined,
    "supervise": _issue,
    "leader_note": _issue,
    "answer_supervision": _answered,
    "accept_supervision": _accepted,
    "return_supervision": _returned,
    "set_supervision_term": _term_set,
    "withdraw_supervision": _withdrawn,
}
_NEEDS_ORDER = frozenset(_ACTS) - {"supervise", "leader_note", "remind"}
_NEEDS_ANSWER = frozenset({"accept_supervision", "return_supervision"})
