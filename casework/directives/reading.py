"""What pages show of directives: lists, one with every copy by the minute, and what waits for a person's own units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, literal_column, or_, select

from casework import access, attachments
from casework.actors import StaffView
from casework.attachments import state_text
from casework.directives import clocks, places
from casework.directives.holding import GONE
from casework.directives.words import STATES, URGENCIES
from casework.errors import NotFound
from casework.reference import Reference, current
from models import (
    Attachment,
    Case,
    Directive,
    DirectiveCase,
    DirectiveClock,
    DirectiveReport,
    DirectiveUnit,
    Document,
    db,
)
from models.directive import ACKNOWLEDGED, COMPLETED, RUNNING, WAITING

SHOWN = 40
LINES = 3
# Asked with every page of a lead: the state stands in the statement, or SQLite would not use the partial index.
WAITING_ONES = (
    select(
        Directive.id, Directive.number, Directive.title, Directive.urgency, Directive.issued_at, DirectiveUnit.unit_id
    )
    .join(Directive, Directive.id == DirectiveUnit.directive_id)
    .where(
        DirectiveUnit.unit_id.in_(bindparam("units", expanding=True)),
        DirectiveUnit.state == literal_column("'waiting'"),
    )
    .order_by(Directive.id)
    .limit(LINES + 1)
)


@dataclass(frozen=True)
class Waiting:
    """A directive that a unit of this person has not acknowledged."""

    id: int
    number: str
    title: str
    urgency: str
    issued_at: datetime
    unit: str


@dataclass(frozen=True)
class Row:
    """One line of the list: how many units, how many of them have come how far."""

    directive: Directive
    centre: str
    urgency: str
    state: str
    tone: str
    units: int
    acknowledged: int
    completed: int
    recorded: int
    late: bool


@dataclass(frozen=True)
class Own:
    """What a unit of this person owes on a directive: to acknowledge, or to report; the most pressing first."""

    directive: Directive
    unit: str
    to_do: str
    due_at: datetime
    late: bool


@dataclass(frozen=True)
class File:
    """One file; it can be opened when a harmless copy exists."""

    row: Attachment
    state: str
    opens: bool


@dataclass(frozen=True)
class Report:
    """What a unit reported, by whom, with its files."""

    at: datetime
    by: str
    text: str
    final: bool
    files: Sequence[File]


@dataclass(frozen=True)
class Copy:
    """The copy of one unit. `since` is how long it has been owing what comes next, None when it owes nothing."""

    row: DirectiveUnit
    unit: str
    state: str
    tone: str
    acknowledged_by: str
    since: timedelta | None
    late: bool
    due_at: datetime | None
    reports: Sequence[Report]
    mine: bool


@dataclass(frozen=True)
class Sheet:
    """Everything the page of a directive shows to one person: the copies of the units that they may see."""

    directive: Directive
    centre: str
    issuer: str
    urgency: str
    state: str
    tone: str
    copies: Sequence[Copy]
    files: Sequence[File]
    cases: Sequence[Case]
    paper: Document | None
    leads: bool


def visible(staff: StaffView, ref: Reference) -> ColumnElement[bool]:
    """Return the condition for the directives that concern a person: issued by a centre of theirs or below it, or
    addressed to a unit of theirs or below it."""
    units = sorted(places.overseen(staff, ref))
    addressed = select(DirectiveUnit.directive_id).where(DirectiveUnit.unit_id.in_(units))
    issued = Directive.unit_id.in_(units) if places.may_issue(staff) else Directive.unit_id.in_(())
    return or_(issued, Directive.id.in_(addressed))


def find(staff: StaffView, directive_id: int) -> Directive:
    """Return a directive that concerns this person. Raise NotFound for any other: no difference."""
    mine = select(Directive).where(Directive.id == directive_id, visible(staff, current()))
    found = db.session.scalar(mine)
    if found is None:
        raise NotFound(GONE)
    return found


def of_copy(staff: StaffView, copy_id: int) -> Directive:
    """Return the directive of a copy, as `find`; the copy must be one that this person sees."""
    row = db.session.get(DirectiveUnit, copy_id)
    if row is None:
        raise NotFound(GONE)
    directive = find(staff, row.directive_id)
    ref = current()
    if not places.leads(staff, directive.unit_id, ref) and row.unit_id not in places.overseen(staff, ref):
        raise NotFound(GONE)
    return directive


def waiting_for(staff: StaffView) -> list[Waiting]:
    """Return what the units that this person answers for have not acknowledged, a few of the oldest; one query."""
    ref = current()
    units = places.heads_of(staff, ref)
    if not units:
        return []
    rows = db.session.connection().execute(WAITING_ONES, {"units": units}).all()
    return [waiting_of(row, ref) for row in rows]


def waiting_of(row: Any, ref: Reference) -> Waiting:
    """Return what a row of WAITING_ONES says."""
    unit = ref.units[row.unit_id].short_name
    return Waiting(row.id, row.number, row.title, URGENCIES[row.urgency], row.issued_at, unit)


def listed(
    staff: StaffView, now: datetime, *, running: bool, before: int | None = None
) -> tuple[list[Row], int | None]:
    """Return directives that concern this person, the latest first, and where the next page begins (None: nowhere)."""
    ref = current()
    state = Directive.state == RUNNING if running else Directive.state != RUNNING
    query = select(Directive).where(visible(staff, ref), state)
    if before is not None:
        query = query.where(Directive.id < before)
    found = list(db.session.scalars(query.order_by(Directive.id.desc()).limit(SHOWN + 1)))
    shown = found[:SHOWN]
    counts = _counts([one.id for one in shown])
    rows = [_row(one, counts.get(one.id, {}), ref, now) for one in shown]
    return rows, shown[-1].id if len(found) > SHOWN else None


def _counts(ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many copies of each directive: all, acknowledged, completed, put on file."""
    columns = (DirectiveUnit.acknowledged_at, DirectiveUnit.completed_at, DirectiveUnit.recorded_at)
    query = select(DirectiveUnit.directive_id, func.count(), *(func.count(one) for one in columns))
    grouped = query.where(DirectiveUnit.directive_id.in_(ids)).group_by(DirectiveUnit.directive_id)
    names = ("units", "acknowledged", "completed", "recorded")
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in db.session.execute(grouped)} if ids else {}


def _row(directive: Directive, counts: Mapping[str, int], ref: Reference, now: datetime) -> Row:
    state, tone = STATES[directive.state]
    units, completed = counts.get("units", 0), counts.get("completed", 0)
    return Row(
        directive,
        ref.units[directive.unit_id].short_name,
        URGENCIES[directive.urgency],
        state,
        tone,
        units,
        counts.get("acknowledged", 0),
        completed,
        counts.get("recorded", 0),
        directive.state == RUNNING and now >= directive.due_at and completed < units,
    )


def own(staff: StaffView, now: datetime) -> list[Own]:
    """Return what the units that this person answers for owe, the most pressing first."""
    ref = current()
    units = places.heads_of(staff, ref)
    if not units:
        return []
    rule = {WAITING: clocks.ACKNOWLEDGE, ACKNOWLEDGED: clocks.REPORT}
    query = (
        select(Directive, DirectiveUnit, DirectiveClock.rule, DirectiveClock.due_at)
        .join(DirectiveUnit, DirectiveUnit.directive_id == Directive.id)
        .join(DirectiveClock, DirectiveClock.directive_unit_id == DirectiveUnit.id)
        .where(DirectiveUnit.unit_id.in_(units), DirectiveUnit.state.in_(rule), Directive.state == RUNNING)
        .order_by(DirectiveClock.due_at, Directive.id)
        .limit(4 * SHOWN)
    )
    to_do = {WAITING: "签收", ACKNOWLEDGED: "上报"}
    return [
        Own(directive, ref.units[copy.unit_id].short_name, to_do[copy.state], due_at, now >= due_at)
        for directive, copy, clock, due_at in db.session.execute(query)
        if clock == rule[copy.state]
    ]


def owed(staff: StaffView, now: datetime) -> dict[str, int]:
    """Return how many directives wait for this person, by what is to be done: 签收 and 上报 by the units that they
    answer for, 销号 by the centre that they speak for. What is nought is left out."""
    ref = current()
    found = Counter(one.to_do for one in own(staff, now))
    centres = [unit.id for unit in ref.units.values() if places.leads(staff, unit.id, ref)]
    if centres:
        query = (
            select(func.count())
            .select_from(DirectiveUnit)
            .join(Directive, Directive.id == DirectiveUnit.directive_id)
            .where(Directive.state == RUNNING, Directive.unit_id.in_(centres), DirectiveUnit.state == COMPLETED)
        )
        found["销号"] = db.session.scalar(query) or 0
    return {to_do: number for to_do in ("签收", "上报", "销号") if (number := found[to_do])}


def one(directive: Directive, staff: StaffView, now: datetime) -> Sheet:
    """Return all about a directive from `find`, as far as it concerns this person."""
    ref = current()
    leads = places.leads(staff, directive.unit_id, ref)
    query = select(DirectiveUnit).where(DirectiveUnit.directive_id == directive.id).order_by(DirectiveUnit.id)
    if not leads:
        query = query.where(DirectiveUnit.unit_id.in_(sorted(places.overseen(staff, ref))))
    rows = list(db.session.scalars(query))
    files = _files(directive.id)
    reports = _reports([row.id for row in rows], files, ref)
    due = _due([row.id for row in rows])
    mine = set(places.heads_of(staff, ref))
    copies = [_copy(row, directive, reports.get(row.id, []), due, row.unit_id in mine, ref, now) for row in rows]
    linked = select(DirectiveCase.case_id).where(DirectiveCase.directive_id == directive.id)
    state, tone = STATES[directive.state]
    return Sheet(
        directive,
        ref.units[directive.unit_id].name,
        ref.names.get(directive.issuer_id, ""),
        URGENCIES[directive.urgency],
        state,
        tone,
        # What is owed longest stands first; units that owe nothing keep the order of the tree.
        sorted(copies, key=lambda copy: (not copy.mine, -(copy.since or timedelta()).total_seconds())),
        files.get(None, []),
        list(db.session.scalars(access.visible(staff).where(Case.id.in_(linked)).order_by(Case.id))),
        paper_of(directive),
        leads,
    )


def _copy(
    row: DirectiveUnit,
    directive: Directive,
    reports: Sequence[Report],
    due: Mapping[tuple[int, str], datetime],
    mine: bool,
    ref: Reference,
    now: datetime,
) -> Copy:
    rule = {WAITING: clocks.ACKNOWLEDGE, ACKNOWLEDGED: clocks.REPORT}.get(row.state)
    state, tone = STATES[row.state]
    due_at = due.get((row.id, rule)) if rule else None
    began = row.acknowledged_at or directive.issued_at
    return Copy(
        row,
        ref.units[row.unit_id].short_name,
        state,
        tone,
        ref.names.get(row.acknowledged_by or 0, ""),
        now - began if rule else None,
        due_at is not None and now >= due_at,
        due_at,
        reports,
        mine,
    )


def _due(copy_ids: Sequence[int]) -> dict[tuple[int, str], datetime]:
    wanted = DirectiveClock.directive_unit_id.in_(copy_ids)
    query = select(DirectiveClock.directive_unit_id, DirectiveClock.rule, DirectiveClock.due_at).where(wanted)
    return {(copy_id, rule): due_at for copy_id, rule, due_at in db.session.execute(query)} if copy_ids else {}


def _files(directive_id: int) -> dict[int | None, list[File]]:
    """Every file of a directive by the report that brought it; its own under None."""
    found: dict[int | None, list[File]] = {}
    for row in attachments.of_directive(directive_id):
        file = File(row, state_text(row), row.clean is not None and row.state == "clean")
        found.setdefault(row.directive_report_id, []).append(file)
    return found


def _reports(
    copy_ids: Sequence[int], files: Mapping[int | None, Sequence[File]], ref: Reference
) -> dict[int, list[Report]]:
    found: dict[int, list[Report]] = {}
    query = select(DirectiveReport).where(DirectiveReport.directive_unit_id.in_(copy_ids)).order_by(DirectiveReport.id)
    for row in db.session.scalars(query) if copy_ids else ():
        report = Report(row.at, ref.names.get(row.staff_id, ""), row.text, row.final, files.get(row.id, ()))
        found.setdefault(row.directive_unit_id, []).append(report)
    return found


def paper_of(directive: Directive) -> Document | None:
    """Return the paper of a directive (指令单), made or not."""
    return db.session.scalar(select(Document).where(Document.directive_id == directive.id).order_by(Document.id))


def file_of(directive: Directive, staff: StaffView, file_id: int) -> Attachment:
    """Return a file of a directive, or of an answer that this person may see. Raise NotFound for any other."""
    row = db.session.get(Attachment, file_id)
    if row is None or row.directive_id != directive.id:
        raise NotFound
    if row.directive_report_id is not None:
        report = db.session.get_one(DirectiveReport, row.directive_report_id)
        of_copy(staff, report.directive_unit_id)
    return row


def of_case(case: Case, staff: StaffView) -> list[tuple[Directive, bool]]:
    """Return the directives that a case stands under, the latest first, each with whether this person may open it."""
    linked = select(DirectiveCase.directive_id).where(DirectiveCase.case_id == case.id)
    found = list(db.session.scalars(select(Directive).where(Directive.id.in_(linked)).order_by(Directive.id.desc())))
    if not found:
        return []
    mine = select(Directive.id).where(Directive.id.in_([one.id for one in found]), visible(staff, current()))
    opens = set(db.session.scalars(mine))
    return [(one, one.id in opens) for one in found]
