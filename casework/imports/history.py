"""What happened before the portal was there: cases that begin and end with their import.

The declared way past the one door: the acts are those of the table and go through the same pure functions (state,
event, chain), done by the system at the times that the source gives. They carry no terms, order no papers, and tell
nobody: all of that happened long ago, elsewhere (rulings: input from before 2020).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from casework import cases, numbers, people, search, steps
from casework.actors import SYSTEM
from casework.cases import NewCase
from casework.effects import Act
from casework.imports.mapping import Past
from casework.imports.profile import Profile
from casework.reference import Reference
from models import Case, CaseText, Event, Filing, Party
from rules.calendar import local_date
from rules.workflow import WORKFLOW

BEFORE = "before-2020"
ANSWERS = {"consultation": "answer_at_once"}
"""The act that closes a case of a kind straight from the desk that took it."""
_FILINGS, _CASES, _TEXTS = (cast(Table, model.__table__) for model in (Filing, Case, CaseText))
_EVENTS, _PARTIES = (cast(Table, model.__table__) for model in (Event, Party))


def write(session: Session, profile: Profile, key: str, found: Past, now: datetime, ref: Reference) -> str:
    """Write one message of the past inside the caller's transaction; return its number."""
    received_on = local_date(found.received_at)
    number = numbers.case_number(session.connection(), profile.kind, received_on)
    values: dict[str, Any] = {
        "channel": profile.channel,
        "received_on": received_on,
        "urgent": "normal",
        "matter": found.matter,
        "content": found.content,
    }
    if found.filer_name:
        values["filer_name"] = found.filer_name
    new = NewCase(
        kind=profile.kind,
        action="register_by_staff",
        values=values,
        actor=SYSTEM,
        role="system",
        channel=profile.channel,
        received_on=received_on,
        received_at=found.received_at,
        unit_id=ref.root().id,
        extra={"regime": BEFORE},
    )
    filing_id = session.execute(
        insert(_FILINGS).returning(_FILINGS.c.id),
        {
            "source_key": key,
            "channel": profile.channel,
            "received_at": found.received_at,
            "registered_at": now,
            "anonymous": False,
        },
    ).scalar_one()
    columns, events = _acts(profile, new, number, filing_id, found, now, ref)
    case_id = session.execute(insert(_CASES).returning(_CASES.c.id), columns).scalar_one()
    session.execute(insert(_TEXTS), {"case_id": case_id, **cases.text_row(new)})
    session.execute(insert(_EVENTS), [{"case_id": case_id, **event} for event in events])
    if people.is_somebody(values):
        session.execute(insert(_PARTIES), {"case_id": case_id, **people.party_row(values)})
    search.enter(session.connection(), case_id, search.joined(search.document_of(columns, found.content)))
    return number


def _acts(
    profile: Profile, new: NewCase, number: str, filing_id: int, found: Past, now: datetime, ref: Reference
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the case as the acts leave it, and their events: registered, answered, filed."""
    act, columns = cases.beginning(new, number, filing_id, None, found.received_at, ref)
    written = steps.write(act, {}, {"number": number})
    columns.update(written.case, query_mark=None)
    events = [written.event]

    def follow(action_key: str, at: datetime, given: dict[str, Any], *held: str) -> None:
        doing = Act(WORKFLOW.action(action_key), columns, given, frozenset(held) | act.facts, SYSTEM, "system", at, ref)
        done = steps.write(doing, {})
        columns.update(done.case)
        events.append(done.event)

    if found.answer:
        follow(ANSWERS[profile.kind], found.answered_at or found.received_at, {"answer": found.answer})
        dossier = {
            "dossier_number": f"历史数据 {profile.name}",
            "retention": "10",
            "missing": "导入的历史数据，无纸质卷",
        }
        follow("archive", now, dossier, "dossier_complete")
    return columns, events
