"""Keeping entries: written by one, published by another, withdrawn; proposed by answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from casework import fields
from casework.actors import StaffView
from casework.effects import Act
from casework.errors import Conflict, Faults, NotAllowed, NotFound, Refused
from casework.knowledge import finding
from models import Case, KnowledgeEntry, KnowledgeStep, Party, db
from models.base import writing
from rules import knowledge as law
from rules import publicity
from rules.identifiers import row_number

LIMITS = {"question": 60, "answer": 4000, "basis": 400, "note": 400}
LABELS = {"question": "问题", "answer": "答案", "basis": "依据", "note": "原因"}
LISTED = 100
PROPOSES, SAVES = "answer", "save_as_knowledge"


@dataclass(frozen=True)
class Typed:
    """An entry as it was typed and found good."""

    subject: str
    question: str
    answer: str
    basis: str


class SavedMeanwhile(Conflict):
    """Somebody else saved the draft since it was opened; `theirs` is what they wrote."""

    def __init__(self, theirs: Typed) -> None:
        super().__init__("您打开以后，别人改过这一条。下面是对方写的，请合到一起再存。")
        self.theirs = theirs


def waiting() -> list[KnowledgeEntry]:
    """Return the entries with a draft that waits for review, the oldest first."""
    query = select(KnowledgeEntry).where(KnowledgeEntry.drafted_at.is_not(None)).order_by(KnowledgeEntry.drafted_at)
    return list(db.session.scalars(query.limit(LISTED)))


def published(entered: str = "") -> list[KnowledgeEntry]:
    """Return the published entries, the latest first; `entered` narrows them to those with these words."""
    query = select(KnowledgeEntry).where(KnowledgeEntry.published_at.is_not(None))
    if entered:
        words = KnowledgeEntry.question.icontains(entered, autoescape=True)
        query = query.where(or_(words, KnowledgeEntry.answer.icontains(entered, autoescape=True)))
    return list(db.session.scalars(query.order_by(KnowledgeEntry.published_at.desc()).limit(LISTED)))


def find(entry_id: int) -> KnowledgeEntry:
    """Return an entry. Raise NotFound."""
    found = db.session.get(KnowledgeEntry, row_number(str(entry_id)) or 0)
    if found is None:
        raise NotFound("没有这一条。")
    return found


def steps(entry_id: int) -> list[KnowledgeStep]:
    """Return what was done to an entry, the latest first."""
    query = select(KnowledgeStep).where(KnowledgeStep.entry_id == entry_id).order_by(KnowledgeStep.id.desc())
    return list(db.session.scalars(query))


def write(staff: StaffView, entry_id: int | None, typed: Mapping[str, str], version: int, now: datetime) -> int:
    """Save a draft, of a new entry without an id; return its id.

    Raises Faults at the fields, NotFound, SavedMeanwhile when the entry is not at `version` any more.
    """
    values = _read(typed)
    with writing() as session:
        if entry_id is None:
            row = KnowledgeEntry(subject=values.subject, version=0)
            session.add(row)
        else:
            row = _held(session, entry_id)
            if row.version != version:
                raise SavedMeanwhile(_draft_of(row))
        row.subject, row.version = values.subject, row.version + 1
        row.draft_question, row.draft_answer, row.draft_basis = values.question, values.answer, values.basis or None
        row.drafted_at, row.drafted_by = now, staff.id
        session.flush()
        _step(session, row.id, "drafted", staff.id, now)
        return row.id


def _draft_of(row: KnowledgeEntry) -> Typed:
    drafted = row.draft_question is not None
    return Typed(
        row.subject,
        (row.draft_question if drafted else row.question) or "",
        (row.draft_answer if drafted else row.answer) or "",
        (row.draft_basis if drafted else row.basis) or "",
    )


def shown(row: KnowledgeEntry) -> Typed:
    """Return what the form of an entry shows: its draft, else what is published."""
    return _draft_of(row)


def _read(typed: Mapping[str, str]) -> Typed:
    found: dict[str, str] = {}
    faults: dict[str, str] = {}
    for name in ("question", "answer", "basis"):
        text = fields.clean_text(typed.get(name, ""), lines=name == "answer")
        if not text and name != "basis":
            faults[name] = f"请填写{LABELS[name]}"
        elif len(text) > LIMITS[name]:
            faults[name] = f"{LABELS[name]}最多 {LIMITS[name]} 个字，现在是 {len(text)} 个字"
        found[name] = text
    if typed.get("subject") not in law.SUBJECTS:
        faults = {"subject": "请选择类别", **faults}
    if faults:
        raise Faults(faults)
    return Typed(typed["subject"], found["question"], found["answer"], found["basis"])


def publish(staff: StaffView, entry_id: int, version: int, now: datetime) -> None:
    """Publish the draft of an entry; whoever wrote it does not. Raise NotAllowed, Conflict, Faults at the fields."""
    with writing() as session:
        row = _held(session, entry_id)
        if row.draft_question is None or row.draft_answer is None:
            raise Conflict("没有等待审核的稿子，它可能刚刚审核过。")
        if row.version != version:
            raise Conflict("您打开以后，稿子又改过，请看过新的再审核。")
        if row.drafted_by == staff.id:
            raise NotAllowed("自己写的，要请另一个人审核发布。")
        names = (
            []
            if row.case_id is None
            else list(session.scalars(select(Party.name).where(Party.case_id == row.case_id, Party.name.is_not(None))))
        )
        faults = {}
        for name, text in (("question", row.draft_question), ("answer", row.draft_answer)):
            if secret := publicity.reveals(text, [one for one in names if one]):
                faults[name] = secret.replace("公示内容", LABELS[name])
        if faults:
            raise Faults(faults)
        before = f"{row.question}\n{row.answer}" if row.question else None
        row.question, row.answer, row.basis = row.draft_question, row.draft_answer, row.draft_basis
        row.published_at, row.published_by, row.withdrawn_at = now, staff.id, None
        _drop_draft(row)
        finding.index(session, row.id, row.question, row.answer)
        _step(session, row.id, "published", staff.id, now, before=before)


def give_back(staff: StaffView, entry_id: int, note: str, now: datetime) -> None:
    """Drop the draft of an entry with a reason. Raise Refused at the field, Conflict where none waits."""
    text = _note(note)
    with writing() as session:
        row = _held(session, entry_id)
        if row.draft_question is None:
            raise Conflict("没有等待审核的稿子，它可能刚刚审核过。")
        before = f"{row.draft_question}\n{row.draft_answer}"
        _drop_draft(row)
        _step(session, row.id, "dropped", staff.id, now, note=text, before=before)


def withdraw(staff: StaffView, entry_id: int, note: str, now: datetime) -> None:
    """Withdraw a published entry: nobody finds it any more. Raise Refused at the field, Conflict."""
    text = _note(note)
    with writing() as session:
        row = _held(session, entry_id)
        if row.published_at is None or row.withdrawn_at is not None:
            raise Conflict("这一条没有在公开。")
        row.withdrawn_at = now
        finding.index(session, row.id, None, None)
        _step(session, row.id, "withdrawn", staff.id, now, note=text)


def _note(note: str) -> str:
    text = fields.clean_text(note, lines=False)
    if len(text) < 2:
        raise Refused("请写明原因", "note")
    return text[: LIMITS["note"]]


def _drop_draft(row: KnowledgeEntry) -> None:
    row.draft_question = row.draft_answer = row.draft_basis = None
    row.drafted_at = row.drafted_by = None
    row.version += 1


def _held(session: Session, entry_id: int) -> KnowledgeEntry:
    wanted = row_number(str(entry_id)) or 0
    row = session.get(KnowledgeEntry, wanted, populate_existing=True, with_for_update=True)
    if row is None:
        raise NotFound("没有这一条。")
    return row


def _step(
    session: Session, entry_id: int, step: str, staff_id: int | None, now: datetime, *, note: str = "",
    before: str | None = None,
) -> None:  # fmt: skip
    session.add(KnowledgeStep(entry_id=entry_id, at=now, staff_id=staff_id, step=step, note=note, before=before))


def saved(session: Session, case: Case, act: Act) -> None:
    """Propose an entry from a closed consultation (`save_as_knowledge`). Raise Refused for personal data in it."""
    names = session.scalars(select(Party.name).where(Party.case_id == case.id, Party.name.is_not(None)))
    people = [name for name in names if name]
    for name in ("title", "text"):
        if secret := publicity.reveals(act.values[name], people):
            raise Refused(secret.replace("公示内容", "条目"), name)
    _propose(session, case, act, act.values["title"], act.values["text"], None)


def answered(session: Session, case: Case, act: Act) -> None:
    """Propose an entry from an answer that its writer thinks worth keeping (`answer`, `save_to_knowledge`)."""
    if act.values.get("save_to_knowledge"):
        title = (case.matter or act.values["answer"])[: LIMITS["question"]]
        _propose(session, case, act, title, act.values["answer"], act.values.get("basis"))


def _propose(session: Session, case: Case, act: Act, title: str, text: str, basis: str | None) -> None:
    waits = KnowledgeEntry.drafted_at.is_not(None)
    if session.scalar(select(func.count()).where(KnowledgeEntry.case_id == case.id, waits)):
        return  # one proposal of a case waits at a time
    row = KnowledgeEntry(
        subject="other", draft_question=title, draft_answer=text, draft_basis=basis, drafted_at=act.now,
        drafted_by=act.actor.id, case_id=case.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _step(session, row.id, "proposed", act.actor.id, act.now)
