"""Supervision orders (督办单) on record: written by the acts that issue, answer, accept, return and withdraw them.

One order lives per case at a time: a heavier one replaces it, and its number stays with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Row, Table, insert, select, update
from sqlalchemy.orm import Session

from casework import documents
from casework.effects import Act
from casework.errors import Refused
from casework.reference import Reference, UnitView
from casework.steps import Written
from models import Case, Document
from models import document as papers
from models import supervision as states
from models.supervision import SupervisionOrder
from rules import supervision as law
from rules.calendar import local_date
from rules.explanation import long_date
from rules.terms import RULES
from rules.workflow import WORKFLOW

PAPER = "paper.supervision_order"
_ORDERS = cast(Table, SupervisionOrder.__table__)
_LIVE = select(_ORDERS).where(_ORDERS.c.state.in_(states.LIVE))
_NO_PAPER_YET = (papers.DUE, papers.QUEUED, papers.MAKING, papers.FAILED)

Columns = dict[str, Any]
Facts = dict[str, Any]
Order = Row[Any]


@dataclass(frozen=True)
class Cause:
    """Why the system issues an order: the term, its row, the day on which it ended, and how high it is raised."""

    rule: str | None
    deadline_id: int | None
    since_on: date
    place: str


def live(session: Session, case_id: int) -> Order | None:
    """Return the order of a case that somebody still has to do something about."""
    return session.connection().execute(_LIVE.where(_ORDERS.c.case_id == case_id)).one_or_none()


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


def obsolete(session: Session, case_id: int, written: Written, now: datetime) -> str | None:
    """Return why the order that the system issued about this case holds no longer after an act; None when it does.

    A term that stands still or ends later than now is not overdue. One that was kept before its order was sent out
    needs no answer any more; when the order was out, it does.
    """
    order = live(session, case_id)
    if order is None or order.source != states.BY_SYSTEM or order.rule is None:
        return None
    label = RULES[order.rule].label
    running = written.clocks.get(order.rule)
    if running is not None:
        if running.due.on is None:
            return f"“{label}”已经暂停计算"
        if running.due.at is not None and running.due.at > now:
            return f"“{label}”改为{long_date(running.due.on)}届满，不再超期"
        return None
    waiting = select(Document.id).where(
        Document.case_id == case_id,
        Document.event_seq == order.event_seq,
        Document.kind == PAPER,
        Document.state.in_(_NO_PAPER_YET),
    )
    if session.connection().execute(waiting).first() is not None:
        return f"“{label}”在督办单发出以前已经了结"
    return None


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
    values: Columns = {
        "case_id": case.id,
        "event_seq": written.event["seq"],
        "number": documents.next_number(session, "paper.leader_note" if note else PAPER, issuer, today.year),
        "level": act.values.get("level", "key_supervise" if place == law.CITY else "supervise"),
        "place": place,
        "source": _source(act, note),
        "ground": act.values.get("ground", "U3"),
        "requirement": act.values["text" if note else "requirement"],
        "rule": cause.rule if cause else None,
        "deadline_id": cause.deadline_id if cause else None,
        "since_on": cause.since_on if cause else today,
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
        _close(session, former, states.REPLACED, now, f"升级为{values['number']}")
    session.execute(insert(_ORDERS), values)
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
        "term": RULES[order["rule"]].label if order.get("rule") else None,
        "since_on": order["since_on"] if order.get("rule") else None,
        "answer_by": order["due_on"],
        "requirement": order["requirement"],
        "unit": unit.name,
        "handler": ref.names.get(handler_id) if handler_id is not None else None,
        "signer": ref.names.get(signer) if signer is not None else "系统（期限届满自动签发）",
    }


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
    facts = paper_facts({**order._mapping, **values}, act.ref, case.handler_id)
    answer = {
        "answer": values["answer"],
        "measure": values["measure"],
        "new_due_on": values["new_due_on"],
        "answered_on": local_date(act.now),
        "answered_by": act.ref.names.get(act.actor.id) if act.actor.id is not None else None,
    }
    # The paper with its answer is a second paper of the same order: its own number only tells the two files apart.
    return {**facts, **answer, "number": f"{order.number}（复{again}）", "order_number": order.number}


def _accepted(session: Session, case: Case, act: Act, _written: Written) -> Facts:
    order = _order(session, case)
    _change(session, order, {"assessed": act.values["assessed"]})
    _close(session, order, states.ACCEPTED, act.now, "答复已认可")
    return {}


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
_ACTS = {
    "supervise": _issue,
    "leader_note": _issue,
    "answer_supervision": _answered,
    "accept_supervision": _accepted,
    "return_supervision": _returned,
    "set_supervision_term": _term_set,
    "withdraw_supervision": _withdrawn,
}
_NEEDS_ORDER = frozenset(_ACTS) - {"supervise", "leader_note"}
_NEEDS_ANSWER = frozenset({"accept_supervision", "return_supervision"})
