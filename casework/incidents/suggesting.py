"""What the system holds for an incident: found by the periodic process, answered by a person, never acted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from casework import access
from casework.actors import StaffView
from casework.bulk import Result
from casework.errors import Faults, NotAllowed, NotFound, Refused
from casework.incidents import keeping, membership
from casework.reference import Reference, current
from models import Case, Incident, IncidentCase, IncidentSuggestion, db
from models.base import writing
from models.incident import DISMISSED, LAPSED, TAKEN, WAITING
from rules import incidents as rule
from rules.calendar import local_date
from rules.incidents import Filed, Suggestion

KINDS = ("complaint", "report")
REASON_MOST = 200
MOST_CASES = 500
"""Cases kept as evidence of one suggestion."""


@dataclass(frozen=True)
class Shown:
    """A suggestion as one person may know it: only the cases that this person sees are counted and listed."""

    row: IncidentSuggestion
    basis: str
    words: str
    district: str
    cases: Sequence[Case]
    whole: bool
    """The person sees all of its cases, and may answer it."""
    claimed: int
    title: str


@dataclass(frozen=True)
class Looked:
    """What one look found: new suggestions, and those of which too little is left."""

    made: int
    lapsed: int


def look(now: datetime) -> Looked:
    """Look at the filings of the last days and keep what looks like one event. Repeating it changes nothing."""
    ref, today = current(), local_date(now)
    least, days = int(ref.settings[rule.LEAST_SETTING]), int(ref.settings[rule.DAYS_SETTING])
    filed = recent(rule.window(today, days), today)
    known = list(db.session.scalars(select(IncidentSuggestion).where(
        IncidentSuggestion.last_on >= rule.window(today, days)
    )))  # fmt: skip
    judged = {row.subject: row.last_on for row in known if row.state != WAITING and row.state != LAPSED}
    found = rule.suggest(filed, today, least=least, days=days, judged=judged)
    waiting = list(db.session.scalars(select(IncidentSuggestion).where(IncidentSuggestion.state == WAITING)))
    lapsed = [row.id for row in waiting if _left(row) < least]
    plan = _plan(found, [row for row in waiting if row.id not in lapsed])
    if not plan and not lapsed:
        return Looked(0, 0)
    with writing() as session:
        made = sum(_keep(session, one, ids, row_id, now) for one, ids, row_id in plan)
        session.execute(
            update(IncidentSuggestion)
            .where(IncidentSuggestion.id.in_(lapsed), IncidentSuggestion.state == WAITING)
            .values(state=LAPSED, answered_at=now)
        )
    return Looked(made, len(lapsed))


def recent(first: date, last: date) -> list[Filed]:
    """Return the complaints and reports received in these days that lie in no incident. One query by day of receipt;
    what it costs follows the filings of the days, not what is stored."""
    query = (
        select(Case.id, Case.received_on, Case.respondent_id, Case.respondent_name, Case.goods, Case.bureau_id)
        .outerjoin(IncidentCase, IncidentCase.case_id == Case.id)
        .where(
            Case.received_on >= first,
            Case.received_on <= last,
            Case.kind.in_(KINDS),
            Case.main_case_id.is_(None),  # the same filing sent twice is one
            IncidentCase.case_id.is_(None),
        )
    )
    return [
        Filed(row.id, row.received_on, row.respondent_id, row.respondent_name or "", row.goods or "", row.bureau_id)
        for row in db.session.connection().execute(query)
    ]


Planned = tuple[Suggestion, tuple[int, ...], int | None]


def _plan(found: Sequence[Suggestion], waiting: Sequence[IncidentSuggestion]) -> list[Planned]:
    """Return what is to be written: a new row, or new evidence for the row that waits; nothing where all is known."""
    rows = {row.subject: row for row in waiting}
    plan: list[Planned] = []
    for one in found:
        row = rows.get(one.subject)
        before = tuple(row.cases) if row else ()
        ids = tuple(dict.fromkeys((*before, *one.cases)))[:MOST_CASES]
        if row is None or ids != before:
            plan.append((one, ids, row.id if row else None))
    return plan


def _keep(session: Session, one: Suggestion, ids: tuple[int, ...], row_id: int | None, now: datetime) -> int:
    if row_id is not None:
        mine = (IncidentSuggestion.id == row_id) & (IncidentSuggestion.state == WAITING)
        session.execute(update(IncidentSuggestion).where(mine).values(cases=list(ids), last_on=one.last_on))
        return 0
    table, connection = cast(Table, IncidentSuggestion.__table__), session.connection()
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row: Mapping[str, Any] = {
        "subject": one.subject, "basis": one.basis, "words": one.words, "district_id": one.district_id,
        "first_on": one.first_on, "last_on": one.last_on, "cases": list(ids), "state": WAITING, "made_at": now,
    }  # fmt: skip
    statement = make(table).values(**row).on_conflict_do_nothing(index_elements=["subject", "first_on"])
    return len(connection.execute(statement.returning(table.c.id)).all())


def _left(row: IncidentSuggestion) -> int:
    gathered = select(IncidentCase.case_id).where(IncidentCase.case_id.in_(row.cases))
    return len(row.cases) - len(db.session.scalars(gathered).all())


def waiting(staff: StaffView) -> list[Shown]:
    """Return the suggestions that nobody has answered and of which this person sees enough cases, the largest first."""
    rows = db.session.scalars(select(IncidentSuggestion).where(IncidentSuggestion.state == WAITING))
    ref = current()
    least = int(ref.settings[rule.LEAST_SETTING])
    found = [_shown(row, staff, ref) for row in rows]
    return sorted((one for one in found if len(one.cases) >= least), key=lambda one: (-len(one.cases), one.row.id))


def _shown(row: IncidentSuggestion, staff: StaffView, ref: Reference) -> Shown:
    free = ~Case.id.in_(select(IncidentCase.case_id).where(IncidentCase.case_id.in_(row.cases)))
    mine = access.visible(staff).where(Case.id.in_(row.cases), Case.kind != "misconduct", free)
    cases = list(db.session.scalars(mine.order_by(Case.received_on, Case.id)))
    place = ref.units.get(row.district_id or 0)
    district = place.short_name if place else ""
    about = f"{district}{row.words}" if row.basis == rule.GOODS else row.words
    return Shown(
        row=row,
        basis=rule.BASES[row.basis],
        words=row.words,
        district=district,
        cases=cases,
        whole=len(cases) >= _left(row),
        claimed=sum(case.amount or 0 for case in cases),
        title=f"{about}集中投诉举报"[: keeping.TITLE_MOST],
    )


def find(staff: StaffView, suggestion_id: int) -> Shown:
    """Return a suggestion that waits or was taken. Raise NotFound for one of which this person sees nothing."""
    row = db.session.get(IncidentSuggestion, suggestion_id)
    if row is None:
        raise NotFound
    shown = _shown(row, staff, current())
    if not shown.cases and row.state == WAITING:
        raise NotFound
    return shown


def take(staff: StaffView, shown: Shown, entered: Mapping[str, str], now: datetime) -> tuple[Incident, Result]:
    """Open an incident from a suggestion and gather its cases one by one; pressed again, gather what is left.

    Raises Faults at the fields, NotAllowed for whoever does not see all of its cases, Refused when it was dismissed.
    """
    _may_answer(staff, shown)
    if shown.row.incident_id is not None:
        incident = membership.find(staff, shown.row.incident_id)
    else:
        values = keeping.checked(staff, entered)
        with writing() as session:
            row = _waiting_row(session, shown.row.id)
            incident, _new = keeping.begin(session, staff, values, f"suggestion-{row.id}", now)
            row.state, row.incident_id, row.answered_at, row.answered_by = TAKEN, incident.id, now, staff.id
    wanted = [case.number for case in shown.cases]
    result = Result("", (), ()) if not wanted else _gather(staff, incident, wanted, now)
    return incident, result


def _gather(staff: StaffView, incident: Incident, wanted: Sequence[str], now: datetime) -> Result:
    parts = [keeping.attach(staff, incident, wanted[at : at + keeping.MOST], now)
             for at in range(0, len(wanted), keeping.MOST)]  # fmt: skip
    return Result(
        parts[0].label,
        tuple(number for part in parts for number in part.done),
        tuple(one for part in parts for one in part.refused),
    )


def dismiss(staff: StaffView, shown: Shown, reason: str, now: datetime) -> None:
    """Say that a suggestion is no incident; it does not come back for the same filings. Raises Faults, NotAllowed."""
    _may_answer(staff, shown)
    words = reason.strip()
    if not words:
        raise Faults({"reason": "请写明为什么不归为事件"})
    if len(words) > REASON_MOST:
        raise Faults({"reason": f"最多{REASON_MOST}个字，现在是{len(words)}个"})
    with writing() as session:
        row = _waiting_row(session, shown.row.id)
        row.state, row.reason, row.answered_at, row.answered_by = DISMISSED, words, now, staff.id


def _may_answer(staff: StaffView, shown: Shown) -> None:
    if not membership.may_change(staff):
        raise NotAllowed("您的岗位不能改动重大事件。")
    if not shown.whole:
        raise NotAllowed("这条建议还涉及您管辖范围以外的件，由上级中心处理。")


def _waiting_row(session: Session, suggestion_id: int) -> IncidentSuggestion:
    row = session.scalar(
        select(IncidentSuggestion)
        .where(IncidentSuggestion.id == suggestion_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    if row.state != WAITING:
        raise Refused("这条建议刚刚已经有人处理过了", conflict=True)
    return row


def left_of(staff: StaffView, incident: Incident) -> Shown | None:
    """Return the suggestion that an incident came of while cases of it are left that nobody has gathered."""
    row = db.session.scalar(select(IncidentSuggestion).where(IncidentSuggestion.incident_id == incident.id))
    if row is None:
        return None
    shown = _shown(row, staff, current())
    return shown if shown.cases else None
