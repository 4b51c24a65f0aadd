"""One case as its page shows it: everything about it, gathered in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from casework import access, attachments, documents, handling, identity, listing, offers, replacing, tasks
from casework.actors import StaffView
from casework.casewords import entry_words
from casework.errors import NotAllowed, NotFound, Refused
from casework.incidents import membership
from casework.listing import Term
from casework.reference import Reference, current
from casework.steps import OpenRow, opened_fields
from models import (
    Attachment,
    Case,
    CaseLink,
    CaseText,
    Deadline,
    Document,
    Event,
    FilerMessage,
    Incident,
    Respondent,
    db,
)
from models import document as states
from models.base import writing
from rules import deadlines
from rules.calendar import local_date
from rules.deadlines import RULES
from rules.terms import version_of
from rules.workflow import WORKFLOW

MOST_EVENTS = 400
RECENT_DAYS = 365
BUSINESS_MOST = 500
"""Counting the cases of one business stops here: a page is not kept waiting for a famous one."""
RELATIONS = {
    "split": "同一来件的另一件",
    "lead": "违法线索",
    "merged": "并案",
    "group": "群体",
    "suspected_duplicate": "疑似重复",
    "same_business": "同一经营者",
    "same_event": "同一事件",
}
WAYS = {"sms": "短信", "email": "电子邮件", "phone": "电话", "mail": "信函", "page": "查询页"}
UNFINISHED = frozenset({states.QUEUED, states.MAKING})


@dataclass(frozen=True)
class Entry:
    """One line of the log."""

    seq: int
    at: datetime
    by: str
    action: str
    said: tuple[tuple[str, str], ...]
    moved_to: str
    system: bool


@dataclass(frozen=True)
class ClockView:
    """One term of the case: running (`term`), or closed with its outcome."""

    label: str
    term: Term | None
    due_on: date | None
    outcome: str | None
    late_by: int
    unit: str
    why: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Paper:
    """One paper of the case; `state` in words."""

    document: Document
    title: str
    state: str
    unfinished: bool
    again: bool
    secret: bool = False
    """It says who filed: opened with a record only."""
    preview: bool = False
    replaceable: bool = False
    replaces: str = ""
    replaced_by: str = ""
    withdrawn: str = ""
    """Why it was withdrawn, and by whom."""


@dataclass(frozen=True)
class File:
    """One attachment; it can be opened when a harmless copy exists."""

    row: Attachment
    state: str
    by: str
    opens: bool


@dataclass(frozen=True)
class Linked:
    """Another case that belongs to this one, as far as this person may know."""

    relation: str
    case: Case
    state: str
    tone: str


@dataclass(frozen=True)
class Told:
    """One message to the filer."""

    at: datetime
    way: str
    text: str
    state: str
    failed: bool


@dataclass(frozen=True)
class CaseFile:
    """Everything the page of a case shows."""

    case: Case
    text: CaseText
    content: str
    unit: str
    handler: str
    state: str
    tone: str
    term: Term | None
    flags: tuple[tuple[str, bool], ...]
    people: Sequence[identity.Masked]
    business: Respondent | None
    business_cases: int
    may_reveal: bool
    files: Sequence[File]
    log: Sequence[Entry]
    papers: Sequence[Paper]
    links: Sequence[Linked]
    incident: Incident | None
    told: Sequence[Told]
    clocks: Sequence[ClockView]
    offers: Sequence[offers.Offer]
    others: Sequence[tuple[Any, str]]


def look(case: Case, staff: StaffView, now: datetime) -> CaseFile:
    """Return everything about a visible case. `case` comes from `access.find`."""
    ref = current()
    text = db.session.get(CaseText, case.id) or CaseText(case_id=case.id, content="", demands=[])
    rows = list(db.session.scalars(select(Deadline).where(Deadline.case_id == case.id).order_by(Deadline.id)))
    pauses = handling.pauses_of(db.session(), [row.id for row in rows])
    clocks = _open(rows, pauses, ref)
    mine = offers.offers(case, staff, clocks, now)
    business = db.session.get(Respondent, case.respondent_id) if case.respondent_id else None
    nearest = next((row for row in rows if row.closed_at is None and row.rule == case.due_rule), None)
    nearest = nearest or next((row for row in rows if row.closed_at is None and row.due_on is None), None)
    return CaseFile(
        case=case,
        text=text,
        content=text.sealed_content or text.content,
        unit=ref.units[case.unit_id].name,
        handler=ref.names.get(case.handler_id, "") if case.handler_id else "",
        state=WORKFLOW.state(case.kind, case.state).label,
        tone=listing.tone(case),
        term=listing.term_of(nearest, ref, now) if nearest else None,
        flags=listing.flags(case),
        people=identity.masked(case.id),
        business=business,
        business_cases=_recent(case, staff, now) if business else 0,
        may_reveal=identity.may_reveal(staff, case, now),
        files=files_of(case, ref),
        log=log_of(case, ref),
        papers=papers_of(case, staff),
        links=_links(case, staff),
        incident=membership.of_case(case),
        told=_told(case),
        clocks=_clock_views(rows, pauses, ref, now),
        offers=mine,
        others=offers.of_others(case, mine, now),
    )


def _open(rows: Sequence[Deadline], pauses: Mapping[int, Any], ref: Reference) -> dict[str, OpenRow]:
    found = {}
    for row in rows:
        if row.closed_at is None:
            clock = handling.clock_of(row, pauses.get(row.id, ()))
            found[row.rule] = OpenRow(clock, row.id, deadlines.due(clock, ref.calendar, ref.settings), row.level)
    return found


def _recent(case: Case, staff: StaffView, now: datetime) -> int:
    """Return how many cases about this business came within a year, among those that the person may see."""
    since = local_date(now) - timedelta(days=RECENT_DAYS)
    same = access.visible(staff).where(Case.respondent_id == case.respondent_id, Case.received_on >= since)
    ids = same.with_only_columns(Case.id).limit(BUSINESS_MOST)
    return db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def files_of(case: Case, ref: Reference) -> list[File]:
    """Return the files of a case with what can be said of each."""
    return [
        File(
            row,
            attachments.state_text(row),
            "来件人" if row.uploaded_by == "citizen" else ref.names.get(row.staff_id or 0, ""),
            row.clean is not None and row.state == "clean",
        )
        for row in attachments.of_case(case)
    ]


def log_of(case: Case, ref: Reference) -> list[Entry]:
    """Return what happened to a case, the latest first."""
    query = select(Event).where(Event.case_id == case.id).order_by(Event.seq.desc()).limit(MOST_EVENTS)
    return [_entry(event, case, ref) for event in db.session.scalars(query)]


def _entry(event: Event, case: Case, ref: Reference) -> Entry:
    action = WORKFLOW.action(event.action)
    moved = event.to_state != event.from_state and event.from_state is not None
    if event.actor_kind == "staff":
        unit = ref.units.get(event.unit_id or 0)
        who = ref.names.get(event.actor_id or 0, "") + (f"（{unit.short_name}）" if unit else "")
    else:
        who = {"citizen": "来件人", "system": "系统"}.get(event.actor_kind, "")
    said: list[tuple[str, str]] = []
    for name, value in opened_fields(event.fields).items():
        words = entry_words(name, value, action, case, ref)
        if words is not None:
            said.append(words)
    return Entry(
        event.seq,
        event.at,
        who,
        action.label,
        tuple(said) if action.from_ else (),
        WORKFLOW.state(case.kind, event.to_state).label if moved else "",
        event.actor_kind == "system",
    )


def papers_of(case: Case, staff: StaffView) -> list[Paper]:
    """Return the papers of a case in the order in which they were ordered."""
    query = select(Document).where(Document.case_id == case.id).order_by(Document.id)
    rows = list(db.session.scalars(query))
    names = current().names
    by_id = {row.id: row for row in rows}
    followers = {row.replaces_id: row for row in rows if row.replaces_id is not None}
    answers = any(replacing.in_force(row) for row in rows) and replacing.answers_for(case, staff)
    return [
        _paper(row, by_id.get(row.replaces_id or 0), followers.get(row.id), names, answers and replacing.in_force(row))
        for row in rows
    ]


def _paper(
    row: Document, former: Document | None, follower: Document | None, names: Mapping[int, str], replaceable: bool
) -> Paper:
    kind = WORKFLOW.documents[row.kind]
    waits = row.state in (states.DUE, states.QUEUED, states.MAKING, states.FAILED)
    by = names.get(row.withdrawn_by or 0, "")
    return Paper(
        row,
        kind.title,
        documents.progress_text(row),
        row.state in UNFINISHED,
        row.state in (states.FAILED, states.DUE) and row.kind in documents.TEMPLATES,
        secret=kind.identifies,
        preview=waits and not kind.identifies,
        replaceable=replaceable,
        replaces=(former.number or "") if former else "",
        replaced_by=(follower.number or "制作中的文书") if follower else "",
        withdrawn=f"{by}：{row.withdrawn_why}" if row.withdrawn_why else "",
    )


def preview_of(row: Document) -> documents.Paper:
    """Return what a paper would say that is ordered and not made yet."""
    return documents.paper_of(db.session(), row, row.number or documents.NO_NUMBER)


def record_look(case: Case, staff: StaffView, row: Document, now: datetime) -> None:
    """Record that somebody opens a paper that says who filed. Raises NotAllowed for whom the rules do not let."""
    if not identity.may_reveal(staff, case, now):
        raise NotAllowed("这份文书写有来件人的身份，只有办理这一件的人可以打开。")
    with suppress(Refused):  # nobody is recorded: the paper says so, too
        identity.reveal(case, staff, f"打开《{WORKFLOW.documents[row.kind].title}》", now)


def paper_of(case: Case, document_id: int) -> Document:
    """Return one paper of a case. Raise NotFound when there is none or it is another case's: both look the same."""
    row = db.session.get(Document, document_id)
    if row is None or row.case_id != case.id:
        raise NotFound
    return row


def _links(case: Case, staff: StaffView) -> list[Linked]:
    query = select(CaseLink).where(or_(CaseLink.case_id == case.id, CaseLink.other_id == case.id))
    relations: dict[int, str] = {}
    for link in db.session.scalars(query):
        relations[link.other_id if link.case_id == case.id else link.case_id] = link.relation
    if case.main_case_id:
        relations.setdefault(case.main_case_id, "merged")
    if not relations:
        return []
    seen = access.visible(staff).where(Case.id.in_(relations)).order_by(Case.id)
    return [
        Linked(
            RELATIONS.get(relations[other.id], "关联"),
            other,
            WORKFLOW.state(other.kind, other.state).label,
            listing.tone(other),
        )
        for other in db.session.scalars(seen)
    ]


def _told(case: Case) -> list[Told]:
    query = select(FilerMessage).where(FilerMessage.case_id == case.id).order_by(FilerMessage.id.desc())
    found = []
    for row in db.session.scalars(query):
        if row.failed:
            state = f"没有送到：{row.failed}"
        elif row.channel in {"phone", "mail"} and row.sent_at is None:
            state = "要由人" + ("打电话告知" if row.channel == "phone" else "寄出")
        else:
            state = "已发出" if row.sent_at else "等待发出"
        found.append(Told(row.created_at, WAYS.get(row.channel, ""), row.text, state, bool(row.failed)))
    return found


def _clock_views(rows: Sequence[Deadline], pauses: Mapping[int, Any], ref: Reference, now: datetime) -> list[ClockView]:
    """Return the terms: running ones first, the nearest on top; then the closed ones, the latest first."""
    running = sorted((row for row in rows if row.closed_at is None), key=lambda row: (row.due_on or date.max, row.id))
    closed = [row for row in reversed(rows) if row.closed_at is not None and row.outcome in {"done", "ended", "lapsed"}]
    return [_clock_view(row, pauses.get(row.id, ()), ref, now) for row in (*running, *closed)]


def _clock_view(row: Deadline, pauses: Any, ref: Reference, now: datetime) -> ClockView:
    unit = version_of(row.rule, row.version).unit
    late = 0
    if row.closed_at is not None:
        if row.outcome == "done" and row.due_on is not None and row.due_at is not None and row.closed_at >= row.due_at:
            closed_on = local_date(row.closed_at)
            worked = ref.calendar.working_days_between(row.due_on, closed_on)
            late = max(1, worked if unit == "working_day" else (closed_on - row.due_on).days)
        return ClockView(RULES[row.rule].label, None, row.due_on, row.outcome, late, unit, ())
    explained = deadlines.explain(handling.clock_of(row, pauses), ref.calendar, ref.settings)
    return ClockView(
        RULES[row.rule].label, listing.term_of(row, ref, now), row.due_on, None, 0, unit, explained.summary
    )


def loose_files(staff: StaffView, ids: Sequence[int]) -> dict[int, Attachment]:
    """Return the files, by id, that a person has uploaded and no act has taken yet: what a form still holds."""
    if not ids:
        return {}
    free = (Attachment.event_seq.is_(None), Attachment.directive_id.is_(None))
    mine = (Attachment.id.in_(ids), Attachment.staff_id == staff.id, *free)
    return {row.id: row for row in db.session.scalars(select(Attachment).where(*mine))}


def make_again(document: Document, now: datetime) -> None:
    """Queue a paper once more that could not be made."""
    with writing() as session:
        row = session.get_one(Document, document.id, populate_existing=True)
        added = tasks.add(session, documents.try_again(session, row, now))
    tasks.wake(added)
