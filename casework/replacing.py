"""A paper that went wrong is withdrawn by another: the old one keeps its number and file, both say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import access, documents, fields, notify, people, tasks
from casework.actors import StaffView
from casework.errors import Faults, NotAllowed, NotFound, Refused
from casework.reference import Reference, current
from models import Case
from models import document as states
from models.base import writing
from models.document import Document
from rules import access as rule
from rules.calendar import ZONE
from rules.table import Field
from rules.workflow import WORKFLOW

LONGEST = 200
TYPED = frozenset({"text", "long_text", "people", "datetime"})
"""Types of entered fields whose words may be put right on the new paper; what was decided stays as decided."""
_OF_ORDERS = frozenset({"paper.directive", "paper.supervision_order", "paper.leader_note"})
"""Orders are withdrawn where they are given."""


@dataclass(frozen=True)
class Mendable:
    """One text of a paper that may be put right: its field and what stands there."""

    field: Field
    value: str


def may_replace(document: Document, case: Case, staff: StaffView) -> bool:
    """Tell whether this person may withdraw this paper now: it is made, they answer for the case, and it is not in the
    archive, where nothing changes before it is unsealed."""
    mine = document.case_id == case.id and case.state != "archived"
    return mine and in_force(document) and answers_for(case, staff)


def in_force(document: Document) -> bool:
    """Tell whether a paper is made and is withdrawn by another when it is wrong."""
    return document.state == states.MADE and document.kind not in _OF_ORDERS


def answers_for(case: Case, staff: StaffView) -> bool:
    """Tell whether this person answers for the papers of a case."""
    held_by_role = access.holdings(staff, access.columns(case), current())
    return any(rule.may_withdraw(role, held) for role, held in held_by_role)


def mendable(document: Document, case: Case) -> Sequence[Mendable]:
    """Return the texts that an act entered and the paper prints, for the form of the withdrawal."""
    action = WORKFLOW.actions.get(str(document.facts.get("action")))
    if action is None:
        return []
    found = []
    for asked in WORKFLOW.fields(action, case.kind):
        value = document.facts.get(asked.name)
        if asked.type in TYPED and value not in (None, "", []):
            found.append(Mendable(asked, _as_typed(asked, value)))
    return found


def _as_typed(asked: Field, value: Any) -> str:
    if asked.type == "datetime":
        return f"{datetime.fromisoformat(value).astimezone(ZONE):%Y-%m-%d %H:%M}"
    return "、".join(value) if isinstance(value, list) else str(value)


def replace(
    document_id: int, case: Case, staff: StaffView, why: str, mended: Mapping[str, str], now: datetime
) -> Document:
    """Withdraw a paper and order the one in its place; return that. What it says of the case is taken anew.

    `mended` are texts put right, by field. The filer is told where the paper was theirs. Raises NotAllowed, Refused
    without a reason or where the paper is not in force, Faults at what was typed.
    """
    why = why.strip()
    if not why:
        raise Refused("请写明这份文书错在哪里", "why")
    if len(why) > LONGEST:
        raise Refused(f"原因最多 {LONGEST} 个字", "why")
    with writing() as session:
        wrong = _locked(session, document_id)
        here = session.get_one(Case, case.id)
        if wrong is None or wrong.case_id != here.id:
            raise NotFound
        if wrong.state != states.MADE:
            raise Refused("这份文书不在有效状态，可能已经被别人撤回，请刷新后再看", conflict=True)
        if not may_replace(wrong, here, staff):
            raise NotAllowed("只有承办人和所在单位负责人可以撤回这一件的文书。")
        ref = current()
        row = _row(wrong, here, _checked(wrong, here, mended, ref), now, ref)
        wrong.state, wrong.withdrawn_at, wrong.withdrawn_by, wrong.withdrawn_why = (
            states.WITHDRAWN, now, staff.id, why,
        )  # fmt: skip
        rows = documents.add(session, [row], now)
        added = tasks.add(session, [*rows, *_tell(session, wrong, here, now)])
        new = session.scalars(select(Document).where(Document.replaces_id == wrong.id)).one()
    tasks.wake(added)
    return new


def _locked(session: Session, document_id: int) -> Document | None:
    wanted = select(Document).where(Document.id == document_id).with_for_update()
    return session.scalar(wanted.execution_options(populate_existing=True))


def _checked(wrong: Document, case: Case, mended: Mapping[str, str], ref: Reference) -> dict[str, Any]:
    found: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for one in mendable(wrong, case):
        typed = mended.get(one.field.name)
        if typed is None or typed.strip() == one.value.strip():
            continue
        try:
            value = fields.read(one.field, typed, ref)
        except fields.Fault as fault:
            faults[one.field.name] = str(fault)
            continue
        if fields.is_empty(value):
            faults[one.field.name] = fields.missing(one.field)
        else:
            found[one.field.name] = value.isoformat() if isinstance(value, datetime) else value
    if faults:
        raise Faults(faults)
    return found


def _row(wrong: Document, case: Case, mended: Mapping[str, Any], now: datetime, ref: Reference) -> dict[str, Any]:
    """Return the columns of the new paper: what the act entered stays, what is said of the case is read anew."""
    action = WORKFLOW.actions.get(str(wrong.facts.get("action")))
    entered = set(action.named) if action else set()
    fresh = {name: value for name, value in documents.from_case(case, ref).items() if name not in entered}
    for name in ("bureau_id", "due_on", "handler"):  # as the act left them
        if wrong.facts.get(name) is not None:
            fresh[name] = wrong.facts[name]
    return {
        "case_id": case.id,
        "kind": wrong.kind,
        "state": states.QUEUED,
        "event_seq": wrong.event_seq,
        "ordered_at": now,
        "number": None,
        "facts": {**wrong.facts, **fresh, **mended},
        "replaces_id": wrong.id,
    }


def _tell(session: Session, wrong: Document, case: Case, now: datetime) -> list[dict[str, Any]]:
    paper = WORKFLOW.documents[wrong.kind]
    if not paper.on_the_page or case.kind == "misconduct":
        return []
    text = (
        f"您的{WORKFLOW.kind_labels[case.kind]}（编号 {case.number}）中的《{paper.title}》（{wrong.number}）有误，"
        f"已撤回，更正后的文书可以在本平台“查办理进度”查看。"
    )
    filer = people.filer_of(session, case.id)
    rows = notify.filer_message_rows(case, wrong.event_seq, text, [filer] if filer else [], now)
    return notify.add(session, rows, now)
