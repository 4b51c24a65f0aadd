"""How cases stand in a list: who, what, how long still, and the one thing that usually comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row as PlainRow
from sqlalchemy import bindparam, or_, select

from casework import access
from casework.actors import Actor, StaffView, by
from casework.queue import Listed, due_day
from casework.reference import Reference, current
from casework.steps import OpenRow
from models import Case, CaseLink, Deadline, db
from rules import deadlines, procedure
from rules.calendar import local_date
from rules.categories import category
from rules.deadlines import RULES, Due
from rules.table import Action
from rules.terms import version_of
from rules.workflow import WORKFLOW

RED_STATES = frozenset({"dispatched"})
WAITING_STATES = frozenset({"registered", "returned", "received", "under_review"})
CHANNELS = {choice.key: choice.label for field in WORKFLOW.action("register_by_staff").fields
            if field.name == "channel" for choice in field.choices} | {
    "online": "网上", "station": "维权服务站", "own_finding": "办案发现"}  # fmt: skip
SHORT_CHANNELS = CHANNELS | {"hotline_12315": "电话", "platform_12315": "平台", "hotline_12345": "12345",
                             "other_department": "转来"}  # fmt: skip

AnyCase = Case | Listed
TermRow = Deadline | PlainRow[*tuple[Any, ...]]
"""The row of a running term, as an object or as plain columns."""


@dataclass(frozen=True)
class Term:
    """How a running term stands: `left` units of `unit` (negative: overdue), or paused since a day."""

    rule: str
    label: str
    due_on: date | None
    left: int | None
    unit: str
    paused: bool
    provisional: bool = False


@dataclass(frozen=True)
class Row:
    """One line of a list."""

    case: Listed
    term: Term | None
    due_on: date | None
    handler: str
    category: str
    channel: str
    state: str
    tone: str
    flags: tuple[tuple[str, bool], ...]
    next: Action | None


def rows(cases: Sequence[Listed], staff: StaffView, now: datetime) -> list[Row]:
    """Return the lines of a page of cases; three queries, however many cases."""
    ref, actor = current(), by(staff)
    ids = [case.id for case in cases]
    clocks = _clocks(ids)
    groups = _grouped(ids)
    found = []
    for case in cases:
        running = clocks.get(case.id, {})
        term = _nearest(case, running, ref, now)
        found.append(
            Row(
                case=case,
                term=term,
                due_on=term.due_on if term and not term.paused else due_day(case),
                handler=ref.names.get(case.handler_id, "") if case.handler_id else "",
                category=category_label(case.category),
                channel=SHORT_CHANNELS.get(case.channel, case.channel),
                state=WORKFLOW.state(case.kind, case.state).label,
                tone=tone(case),
                flags=flags(case, case.id in groups),
                next=usual(case, actor, ref, now),
            )
        )
    return found


# Read with every page of a list: written once, and read as plain rows.
_RUNNING = select(
    Deadline.case_id,
    Deadline.rule,
    Deadline.version,
    Deadline.due_on,
    Deadline.raw_on,
    Deadline.due_at,
    Deadline.provisional,
).where(Deadline.case_id.in_(bindparam("ids", expanding=True)), Deadline.closed_at.is_(None))
_GROUPED = select(CaseLink.case_id, CaseLink.other_id).where(
    CaseLink.relation == "group",
    or_(
        CaseLink.case_id.in_(bindparam("ids", expanding=True)), CaseLink.other_id.in_(bindparam("ids", expanding=True))
    ),
)


def _clocks(ids: Sequence[int]) -> dict[int, dict[str, TermRow]]:
    found: dict[int, dict[str, TermRow]] = {}
    if ids:
        for row in db.session.connection().execute(_RUNNING, {"ids": ids}):
            found.setdefault(row.case_id, {})[row.rule] = row
    return found


def _grouped(ids: Sequence[int]) -> set[int]:
    if not ids:
        return set()
    return {one for pair in db.session.connection().execute(_GROUPED, {"ids": ids}) for one in pair}


def _nearest(case: Listed, running: Mapping[str, TermRow], ref: Reference, now: datetime) -> Term | None:
    """Return the nearest running term; where none runs, the one that stands still."""
    row = running.get(case.due_rule or "")
    if row is None:
        row = next((one for one in running.values() if one.due_on is None), None)
    return term_of(row, ref, now) if row is not None else None


def term_of(row: TermRow, ref: Reference, now: datetime) -> Term:
    """Return how the term of a row stands at this moment."""
    rule = RULES[row.rule]
    unit = version_of(row.rule, row.version).unit
    if row.due_on is None or row.due_at is None:
        return Term(row.rule, rule.label, None, None, unit, paused=True)
    due = Due(row.due_on, row.raw_on, row.due_at, row.provisional)
    left, unit = deadlines.remaining(due, now, unit, ref.calendar)
    return Term(row.rule, rule.label, row.due_on, left, unit, paused=False, provisional=row.provisional)


def tone(case: AnyCase) -> str:
    """Return the tone of a state's tag: red waits unsigned, wait waits for us, on is in hand, done has ended."""
    state = WORKFLOW.state(case.kind, case.state)
    if state.terminal:
        return "done"
    if case.state in RED_STATES:
        return "red"
    if case.state in WAITING_STATES:
        return "wait"
    return "on" if state.move == "unit" else ""


def flags(case: AnyCase, grouped: bool = False) -> tuple[tuple[str, bool], ...]:
    """Return the small words beside the matter, and whether each is red."""
    found: list[tuple[str, bool]] = []
    if case.urgent != "normal":
        found.append(("特急" if case.urgent == "very_urgent" else "紧急", True))
    if case.facts.get("supervised"):
        found.append(("已督办", True))
    if case.anonymous:
        found.append(("匿名", False))
    if grouped or case.facts.get("joint"):
        found.append(("群体", False))
    return tuple(found)


def category_label(key: str | None) -> str:
    """Return the word for a category, empty for none."""
    try:
        return category(key).label if key else ""
    except KeyError:
        return ""


@lru_cache(4096)
def _offered(
    kind: str, state: str, regime: str, roles: frozenset[str], settings: tuple[tuple[str, str], ...]
) -> tuple[Action, ...]:
    """Return what people with these roles are offered at a step, the usual actions alone."""
    found = procedure.offered(kind, state, regime, roles, dict(settings))
    return tuple(action for action in found if action.usual_in(kind, state))


def usual(case: Listed, actor: Actor, ref: Reference, now: datetime) -> Action | None:
    """Return the first usual action of the state that this person may take."""
    columns = case._asdict()
    roles = frozenset(one.role for one in actor.staff.assignments) if actor.staff else frozenset()
    for action in _offered(case.kind, case.state, regime(case, now, ref), roles, ref.choices):
        if access.acting_role(actor, action, columns, ref) is not None:
            return action
    return None


def regime(case: AnyCase, now: datetime, ref: Reference) -> str:
    """Return the regime whose actions and grounds hold for a step of today."""
    return procedure.regime_at(view_of(case, {}), local_date(now), ref.settings)


def view_of(case: AnyCase, clocks: Mapping[str, OpenRow]) -> procedure.CaseView:
    """Return what the procedure must know of a case."""
    return procedure.CaseView(
        kind=case.kind,
        state=case.state,
        previous=case.previous_state,
        received_on=case.received_on,
        regime=case.regime,
        clocks={rule: procedure.OpenClock(row.clock, row.id) for rule, row in clocks.items()},
    )
