"""A batch of walked cases, as rows that any process can hand to the one that writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from casework import channels, search
from casework.lapses import next_look
from casework.loading.tables import SEARCH, Layout
from casework.loading.walk import Walk
from casework.reference import Reference
from models.document import DUE
from rules import deadlines

Rows = list[tuple[Any, ...]]


@dataclass
class Batch:
    """Rows by table, bound for one database. Ids of terms count from 0; the writer moves them to their place."""

    rows: dict[str, Rows] = field(default_factory=dict)
    series: dict[str, int] = field(default_factory=dict)
    """How far each series of numbers was used."""
    cases: int = 0
    terms: int = 0


def gather(walks: Iterable[Walk], layouts: dict[str, Layout], until: datetime, dialect: str) -> Batch:
    """Bind everything that the walks wrote. Terms are left as the sweep would have left them at `until`, papers as
    ordered and not begun, messages as sent."""
    batch = Batch()
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in layouts}
    documents: Rows = []
    for walk in walks:
        _settle(walk, until)
        case_id, base = walk.given.case_id, batch.terms
        lists["filing"].append(filing_row(walk))
        lists["cases"].append(walk.case)
        lists["case_text"].append({"case_id": case_id, **walk.text})
        if walk.party:
            lists["party"].append({"case_id": case_id, **walk.party})
        lists["event"] += [
            {**event, "case_id": case_id, "fields": fields, "clocks": clocks}
            for event, (fields, clocks) in zip(walk.events, walk.recorded, strict=True)
        ]
        for place, row in enumerate(walk.deadlines):
            replaces = row["replaces_id"]
            moved = {"replaces_id": base + replaces} if replaces is not None else {}
            lists["deadline"].append({**row, "case_id": case_id, "id": base + place, **moved})
        lists["deadline_pause"] += [{**row, "deadline_id": base + row["deadline_id"]} for row in walk.pauses]
        batch.terms += len(walk.deadlines)
        lists["case_link"] += walk.links
        lists["incident_case"] += walk.gathered
        lists["attachment"] += walk.attachments
        lists["document"] += [{**row, "state": DUE} for row in walk.documents]
        lists["filer_message"] += [_sent(row) for row in walk.messages]
        lists["staff_message"] += walk.lines
        found = walk.document()
        if found:
            documents.append((case_id, search.joined(found)))
        batch.cases += 1
    batch.rows = {name: layouts[name].bound(rows) for name, rows in lists.items() if rows}
    batch.rows[SEARCH] = documents
    return batch


def _sent(message: dict[str, Any]) -> dict[str, Any]:
    """No gateway is to be troubled for invented people: what a machine would have carried counts as sent."""
    if message["channel"] not in channels.CARRIED:
        return message
    return {**message, "sent_at": message["created_at"], "sent_as": "demo"}


def filing_row(walk: Walk) -> dict[str, Any]:
    """Return the filing that a walk came of. It has no form and no visit: nobody waits for its receipt."""
    new = walk.new
    return {
        "id": walk.given.filing_id,
        "channel": new.channel,
        "received_at": new.received_at,
        "registered_at": walk.case["registered_at"],
        "anonymous": new.anonymous,
    }


def _settle(walk: Walk, until: datetime) -> None:
    """Let the running terms have spoken what they had to say up to `until`, as `sweep` does."""
    ref: Reference = walk.ref
    sealed = walk.case["kind"] == "misconduct"
    for running in walk.clocks.values():
        row = walk.deadlines[running.id]
        if row["next_step_at"] is None or row["next_step_at"] > until:
            continue
        said = [m.level for m in deadlines.moments(running.clock, running.due, ref.calendar, sealed) if m.at <= until]
        row["level"] = max([row["level"], *said])
        following = deadlines.next_moment(running.clock, running.due, ref.calendar, row["level"], sealed)
        row["next_step_at"] = next_look(row["rule"], following.at if following else None, running.due.at)
