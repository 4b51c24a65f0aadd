"""Following a case with its number and query code: the public timeline, and what the filer may still do.

Wrong codes are slowed down, and the answer never tells whether a number exists (rulings 19, quality PRV-10).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import bindparam, select

from casework import access, documents, facts, handling, listing, throttle
from casework.actors import FILER
from casework.cases import Shell
from casework.errors import NotAllowed, NotFound, Refused, TooFast
from casework.reference import current
from casework.steps import opened_fields
from casework.wording import long_date, plain_date
from models import Case, Document, Event, FilerMessage, db
from models.prepared import Prepared
from models.secrets import ring
from rules import deadlines, identifiers, procedure
from rules.workflow import WORKFLOW, Action

WRONG = "编号和查询码对不上。请看回执再输一次；回执找不到了，请打 12315。"
TO_FILER = frozenset(key for key, paper in WORKFLOW.documents.items() if paper.on_the_page)
"""Papers addressed to the filer."""
UNNAMED = frozenset({"report", "misconduct"})
"""Kinds whose filers learn how far it is, not which office has it."""
_DECIDED = {"open_case": "已决定立案", "decide_not_to_open": "已决定不予立案"}


@dataclass(frozen=True)
class Line:
    """One line of the public timeline."""

    at: datetime
    text: str
    message: str


@dataclass(frozen=True)
class Promise:
    """A term that the filer is told of."""

    sentence: str
    on: date


@dataclass(frozen=True)
class Following:
    """What the filer sees of a case."""

    case: Case
    state_text: str
    lines: list[Line]
    promises: list[Promise]
    nearest: Promise | None
    """The term that the state speaks of; else the one that ends first."""
    actions: list[Action]
    """What the filer may do now."""
    not_now: list[str]
    """Why something that filers look for cannot be done (any more)."""
    decision: str | None
    """Whether a report led to a case, where the bureau shows that."""
    question: str | None
    wanted: Mapping[str, Any] | None
    """Material asked for: what, and until when."""
    papers: list[Document]
    siblings: list[str]
    """Numbers of the other cases of the same filing, open with the same code."""


def open_case(number: str, code: str, network: str, now: datetime) -> Case:
    """Return the case that a number and code open. Raise NotFound, always in the same words, and TooFast.

    `network` is the hashed network of the asker, never an address.
    """
    key = f"track:{network}"[:80]
    wait = throttle.waiting(key, now)
    if wait:
        raise TooFast(f"试的次数有点多，请过 {wait} 秒再试。回执找不到了，请打 12315。", wait)
    case = _matching(number, code)
    if case is None:
        throttle.count(key, now)
        raise NotFound(WRONG)
    return case


def _matching(number: str, code: str) -> Case | None:
    """Compare in the same way and time whether the number exists or not."""
    try:
        exact, spelled = identifiers.parse_case_number(number).text, identifiers.normalise_query_code(code)
    except ValueError:
        return None
    case = db.session.scalar(select(Case).where(Case.number == exact))
    keys = [] if case is None else _keys(case)
    wanted = keys or [(exact, _NOBODYS)]
    fits = [hmac.compare_digest(mark, ring().code_mark(number, spelled)) for number, mark in wanted]
    return case if any(fits) else None


_NOBODYS = b"\0" * 32


def _keys(case: Case) -> list[tuple[str, bytes]]:
    """Return what opens a case: its own code, or, when it was split off later, the codes of its filing."""
    if case.query_mark is not None:
        return [(case.number, case.query_mark)]
    query = select(Case.number, Case.query_mark).where(
        Case.filing_id == case.filing_id, Case.query_mark.is_not(None), Case.id != case.id
    )
    if case.channel == "own_finding":  # a lead of the bureau's own has no filer
        return []
    return [(number, mark) for number, mark in db.session.execute(query) if mark is not None]


def again(case_id: int) -> Case:
    """Return a case that this visit has opened before. Raise NotFound if it is gone."""
    case = db.session.get(Case, case_id)
    if case is None:
        raise NotFound(WRONG)
    return case


def glance(case_id: int) -> Case:
    """As `again`, for looking only: plain columns, which are read in a third of the time."""
    for row in _CASE.rows(db.session.connection(), {"case_id": case_id}):
        return cast(Case, Shell(row._asdict(), case_id))
    raise NotFound(WRONG)


def look(case: Case, now: datetime) -> Following:
    """Return what the filer sees of a case that was opened with its code."""
    ref = current()
    clocks = handling.open_clocks(db.session(), case.id, ref)
    told = {
        rule: Promise(_sentence(rule, case, row.due.on), row.due.on)
        for rule, row in clocks.items()
        if row.due.on is not None and _sentence(rule, case, row.due.on)
    }
    promises = sorted(told.values(), key=lambda promise: promise.on)
    spoken = next((told[rule] for rule in WORKFLOW.state(case.kind, case.state).terms if rule in told), None)
    return Following(
        case=case,
        state_text=_state_text(case, spoken.on if spoken else None),
        lines=_lines(case),
        promises=promises,
        nearest=spoken or next(iter(promises), None),
        actions=actions_for_filer(case, frozenset(clocks), now),
        not_now=_not_now(case, now),
        decision=_decision(case),
        question=question(case),
        wanted=case.facts.get("wanted"),
        papers=_papers(case),
        siblings=_siblings(case),
    )


def _sentence(rule: str, case: Case, on: date) -> str:
    known = deadlines.RULES[rule]
    version = deadlines.version_for(rule, case.received_on)
    text = (version.citizen if version else "") or known.citizen
    return text.replace("{due}", long_date(on))


def _state_text(case: Case, due: date | None) -> str:
    ref = current()
    text = WORKFLOW.state(case.kind, case.state).citizen
    # An informant learns phases, not who handles it in which office (workflow.md 22).
    unit = "承办单位" if case.kind in UNNAMED else ref.units[case.unit_id].name
    return text.replace("{unit}", unit).replace("{due}", long_date(due) if due else "期限内")


# What every look at a case reads: written once, and read as plain rows.
_CASE = Prepared(select(*Case.__table__.columns).where(Case.id == bindparam("case_id")))
_TOLD = Prepared(select(FilerMessage.event_seq, FilerMessage.text).where(FilerMessage.case_id == bindparam("case_id")))
_PUBLIC = Prepared(
    select(Event.seq, Event.at, Event.public_text)
    .where(Event.case_id == bindparam("case_id"), Event.public_text != "")
    .order_by(Event.seq)
)
_SIBLINGS = Prepared(
    select(Case.number)
    .where(
        Case.filing_id == bindparam("filing_id"),
        Case.id != bindparam("case_id"),
        Case.kind != "misconduct",
        Case.channel != "own_finding",
    )
    .order_by(Case.id)
)
_PAPERS = Prepared(
    select(*Document.__table__.columns)
    .where(Document.case_id == bindparam("case_id"), Document.sha256.is_not(None))
    .order_by(Document.id)
)


def _lines(case: Case) -> list[Line]:
    connection = db.session.connection()
    told = {row.event_seq: row.text for row in _TOLD.rows(connection, {"case_id": case.id})}
    return [
        Line(row.at, _discreet(case, row.public_text), _discreet(case, told.get(row.seq, "")))
        for row in _PUBLIC.rows(connection, {"case_id": case.id})
    ]


def _discreet(case: Case, text: str) -> str:
    """Return a text without the units' names where the filer learns phases only (workflow.md 22)."""
    if case.kind in UNNAMED:
        for unit in sorted(current().units.values(), key=lambda unit: -len(unit.name)):
            text = text.replace(unit.name, "承办单位").replace(f"，联系电话{unit.phone}" if unit.phone else "\0", "")
    return text


def question(case: Case) -> str | None:
    """Return the question that waits for an answer, None when none does."""
    if not case.facts.get("question"):
        return None
    query = select(Event).where(Event.case_id == case.id, Event.action == "ask_filer").order_by(Event.seq.desc())
    asked = db.session.scalar(query)
    return str(opened_fields(asked.fields).get("question", "")) if asked else None


def _decision(case: Case) -> str | None:
    """Return whether a case was opened, where the setting shows informants more than the phase (workflow.md 22).

    A decision that was taken back by reopening is none.
    """
    if case.kind != "report" or current().settings["report_tracking_detail"] != "decision":
        return None
    query = select(Event).where(Event.case_id == case.id, Event.action.in_((*_DECIDED, "reopen"))).order_by(Event.seq)
    last = list(db.session.scalars(query))[-1:]
    if not last or last[0].action not in _DECIDED:
        return None
    on = date.fromisoformat(opened_fields(last[0].fields)["decided_on"])
    return f"{plain_date(on)}{_DECIDED[last[0].action]}。"


def _not_now(case: Case, now: datetime) -> list[str]:
    """Return why a filer who was answered cannot ask again any more."""
    if case.state not in WORKFLOW.action("ask_again").states.get(case.kind, frozenset()):
        return []
    why = _why_not(case, WORKFLOW.action("ask_again"), now)
    return [why] if why else []


def _why_not(case: Case, action: Action, now: datetime) -> str | None:
    """Return which condition of a step that the records decide is not met, as a sentence."""
    ref, columns = current(), access.columns(case)
    held = facts.holding(facts.Asked(db.session(), action, columns, {}, frozenset(), FILER, now, ref))
    return procedure.why_not(listing.view_of(case, {}), action, now, ref.calendar, ref.settings, held)


def actions_for_filer(case: Case, running: frozenset[str], now: datetime) -> list[Action]:
    """Return what the filer may do at this step, given the rules of the running terms; only what has a sense now."""
    withdrawing = "withdrawal.confirm" in running
    senseless = {
        "answer_question": not case.facts.get("question"),
        "rate": case.rating is not None,
        "cancel_withdrawal": not withdrawing,
        "request_withdrawal": withdrawing,
        "change_representative": not case.facts.get("joint"),
        "ask_again": bool(_not_now(case, now)),
    }
    return [
        action
        for action in WORKFLOW.actions_from(case.kind, case.state, case.regime)
        if "citizen" in action.roles and not senseless.get(action.key, False)
    ]


def act(case: Case, action: str, now: datetime, *, seen: int | None = None, **entered: Any) -> Event:
    """Let the filer take an action. Raise NotAllowed for one that is not theirs at this step."""
    running = frozenset(handling.open_clocks(db.session(), case.id, current()))
    if action == "ask_again":
        for why in _not_now(case, now):
            raise Refused(why, conflict=True)
    if action not in {one.key for one in actions_for_filer(case, running, now)}:
        raise NotAllowed("这一步现在不能做了，请看最新的办理进度。")
    return handling.apply(case, action, FILER, now, seen=seen, **entered)


def _papers(case: Case) -> list[Document]:
    made = _PAPERS.rows(db.session.connection(), {"case_id": case.id})
    return [paper for paper in made if paper.kind in TO_FILER]


def paper(case: Case, document_id: int) -> tuple[Document, bytes]:
    """Return a paper addressed to the filer with its bytes, one that was withdrawn as well. Raise NotFound for any
    other."""
    document = next((one for one in _papers(case) if one.id == document_id), None)
    if document is None:
        raise NotFound
    return document, documents.read(document)


def sibling(case: Case, number: str) -> Case:
    """Return another case of the same filing, which opens with it. Raise NotFound for any other."""
    found = db.session.scalar(select(Case).where(Case.number == number)) if number in _siblings(case) else None
    if found is None:
        raise NotFound(WRONG)
    return found


def wanted_words(case: Case) -> list[str]:
    """Return the material that was asked for, each thing in the words of the table."""
    wanted = case.facts.get("wanted")
    if not wanted:
        return []
    asked = {field.name: field for field in WORKFLOW.fields(wanted["action"], case.kind)}
    field = asked.get("materials")
    found = []
    for key in wanted["materials"]:
        choice = field.choice(key) if field else None
        found.append(choice.plain if choice else str(key))
    return found


def _siblings(case: Case) -> list[str]:
    if case.kind == "misconduct":
        return []
    asked = {"filing_id": case.filing_id, "case_id": case.id}
    return [number for (number,) in _SIBLINGS.rows(db.session.connection(), asked)]
