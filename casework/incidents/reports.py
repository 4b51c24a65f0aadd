"""The situation report (情况报告) of an incident: frozen when it is asked for, laid out by a worker, kept as made."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from casework import documents, tasks
from casework.actors import Assignment, StaffView
from casework.documents import Done, Paper, Render
from casework.errors import NotAllowed, NotFound
from casework.incidents import figures, keeping
from casework.reference import Reference, current
from models import Incident, IncidentReport, db
from models import document as states
from models.base import writing
from models.secrets import ring
from rules.access import POLICIES
from rules.calendar import ZONE, local_date
from rules.incidents import KINDS, LEVELS

KIND = "incident.report"
NOTES_MOST = 200
WAY = {
    states.QUEUED: "排队等待制作",
    states.MAKING: "正在排版",
    states.MADE: "已制成",
    states.FAILED: "未能制成，已报告管理员",
}
UNFINISHED = frozenset({states.QUEUED, states.MAKING})


def order(staff: StaffView, incident: Incident, key: str, now: datetime) -> None:
    """Freeze the figures, the log and the table of units as this person sees them now, and have the paper made.

    The same key again orders nothing. Raises NotAllowed.
    """
    ref, place = current(), _place(staff)
    if place is None:
        raise NotAllowed("您的岗位不能制作情况报告。")
    facts = freeze(staff, incident, now, ref)
    row = {
        "incident_id": incident.id, "mark": f"form-{key}", "unit_id": place.unit_id, "ordered_by": staff.id,
        "ordered_at": now, "state": states.QUEUED, "facts": facts,
    }  # fmt: skip
    with writing() as session:
        report_id = keeping.once(session, IncidentReport, row)
        added = tasks.add(session, [_task(report_id, now)]) if report_id is not None else []
    tasks.wake(added)


def _place(staff: StaffView) -> Assignment | None:
    """Return the highest place from which the person commands: what is seen from there is what the report tells."""
    found = [one for one in staff.assignments if one.role in POLICIES["command.order"]]
    return min(found, key=lambda one: len(one.path), default=None)


def _task(report_id: int, now: datetime, again: str = "") -> dict[str, Any]:
    return tasks.row(tasks.INCIDENT_REPORT, {"report_id": report_id}, f"incident-report-{report_id}{again}", now)


def freeze(staff: StaffView, incident: Incident, now: datetime, ref: Reference) -> dict[str, Any]:
    """Return all that the report says, as plain values."""
    counted = figures.look(staff, incident, now)
    log = keeping.notes(incident)[:NOTES_MOST]
    return {
        "title": incident.title,
        "number": incident.number,
        "kind": KINDS[incident.kind].label,
        "level": LEVELS[incident.level].label,
        "unit": ref.units[incident.unit_id].name,
        "opened_on": local_date(incident.opened_at).isoformat(),
        "ended_on": local_date(incident.ended_at).isoformat() if incident.ended_at else None,
        "until": _moment(now),
        "total": counted.total,
        "ended": counted.ended,
        "overdue": counted.overdue,
        "claimed": counted.claimed,
        "recovered": counted.recovered,
        "first_on": local_date(counted.first_at).isoformat() if counted.first_at else None,
        "last_on": local_date(counted.last_at).isoformat() if counted.last_at else None,
        "by_day": [[day.isoformat(), number] for day, number in counted.by_day],
        "by_unit": [asdict(part) for part in counted.by_unit],
        "by_state": [asdict(part) for part in counted.by_state],
        "by_kind": [asdict(part) for part in counted.by_kind],
        "log": [
            {"at": _moment(one.at), "by": one.by, "label": one.label, "text": one.text, "directive": one.directive}
            for one in reversed(log)
        ],
    }


def _moment(at: datetime) -> str:
    local = at.astimezone(ZONE)
    return f"{local.year}年{local.month}月{local.day}日{local.hour}时{local.minute:02d}分"


def of(staff: StaffView, incident: Incident) -> list[IncidentReport]:
    """Return the reports that this person may read, the latest first: those made for the person's unit or below."""
    ref = current()
    units = [unit.id for unit in ref.units.values() if _reads(staff, unit.path)]
    mine = select(IncidentReport).where(IncidentReport.incident_id == incident.id, IncidentReport.unit_id.in_(units))
    return list(db.session.scalars(mine.order_by(IncidentReport.id.desc()).limit(50)))


def _reads(staff: StaffView, path: str) -> bool:
    return any(one.role in POLICIES["command"] and path.startswith(one.path) for one in staff.assignments)


def find(staff: StaffView, incident: Incident, report_id: int) -> IncidentReport:
    """Return one report of an incident. Raise NotFound for what is not there or not this person's to read."""
    row = db.session.get(IncidentReport, report_id)
    if row is None or row.incident_id != incident.id or not _reads(staff, current().units[row.unit_id].path):
        raise NotFound
    return row


def path_of(report_id: int) -> Path:
    """Return where the file of a report lies once it is made."""
    return documents.folder() / f"incident-report-{report_id}.pdf"


def read(row: IncidentReport) -> bytes:
    """Return a report as it was made. Raise ValueError when the file is not what was made."""
    body = ring().open(path_of(row.id).read_bytes(), _bound(row.id))
    if row.state != states.MADE or hashlib.sha256(body).digest() != row.sha256:
        raise ValueError(f"incident report {row.id} is not as made")
    return body


def _bound(report_id: int) -> str:
    return f"incident-report/{report_id}"


def make(report_id: int, now: datetime, render: Render, done: Done) -> str:
    """Make one report: lay it out and put the file in its place. Killed at any point, it begins again.

    `done` marks the task inside the transaction that marks the report.
    """
    paper = _begin(report_id, now, done)
    if paper is None:
        return "nothing to do"
    rendered = render(paper)  # takes a while; no transaction is open meanwhile
    # Its log may name people: it lies on the disk encrypted, as every paper does.
    scratch = documents.write_scratch(f"incident-report-{report_id}", ring().seal(rendered.pdf, _bound(report_id)))
    try:
        with writing() as session:
            row = _locked(session, report_id)
            if row is not None and row.state == states.MAKING:
                # Renamed under the row's lock: a slower twin of this attempt finds the report made and leaves it.
                os.replace(scratch, path_of(report_id))
                documents.sync(documents.folder())
                row.state, row.size, row.pages = states.MADE, len(rendered.pdf), rendered.pages
                row.sha256 = hashlib.sha256(rendered.pdf).digest()
            done(session, now)
    finally:
        with suppress(FileNotFoundError):
            scratch.unlink()
    return f"made, {rendered.pages} page(s)"


def _begin(report_id: int, now: datetime, done: Done) -> Paper | None:
    with writing() as session:
        row = _locked(session, report_id)
        if row is None or row.state == states.MADE:
            done(session, now)
            return None
        row.state = states.MAKING
        bureau = current().bureau_of(row.unit_id)
        return Paper(
            kind=KIND,
            title=f"关于“{row.facts['title']}”的情况报告",
            number=row.facts["number"],
            bureau=documents.organ_of(bureau),
            bureau_key=bureau.key,
            addressee="",
            issued_on=local_date(row.ordered_at),
            facts=row.facts,
        )


def _locked(session: Session, report_id: int) -> IncidentReport | None:
    wanted = select(IncidentReport).where(IncidentReport.id == report_id).with_for_update()
    return session.scalar(wanted.execution_options(populate_existing=True))


def gave_up(report_id: int) -> None:
    """Mark a report that could not be made after every try."""
    with writing() as session:
        waiting = (IncidentReport.id == report_id) & IncidentReport.state.in_(UNFINISHED)
        session.execute(update(IncidentReport).where(waiting).values(state=states.FAILED))


def again(row: IncidentReport, now: datetime) -> None:
    """Queue a report once more that had failed; what it says stays as it was frozen."""
    with writing() as session:
        failed = (IncidentReport.id == row.id) & (IncidentReport.state == states.FAILED)
        found = session.scalars(
            update(IncidentReport).where(failed).values(state=states.QUEUED).returning(IncidentReport.id)
        )
        added = tasks.add(session, [_task(one, now, f"-{now.timestamp():.0f}") for one in list(found)])
    tasks.wake(added)


def way(rows: Sequence[IncidentReport]) -> Mapping[int, str]:
    """Return in words how far each report is."""
    return {row.id: WAY[row.state] + (f"，共{row.pages}页" if row.pages else "") for row in rows}
