"""A batch of walked cases, as rows that any process can hand to the one that writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from casework import channels, search
from casework.lapses import next_look
from casework.loading.tables import SEARCH, Columns, Layout
from casework.loading.walk import Walk
from casework.reference import Reference
from models.document import DUE
from rules import deadlines


@dataclass
class Batch:
    """Columns by table, bound for one database. Ids of terms count from 0; the writer moves them to their place."""

    columns: dict[str, Columns] = field(default_factory=dict)
    series: dict[str, int] = field(default_factory=dict)
    """How far each series of numbers was used."""
    cases: int = 0
    terms: int = 0


def gather(walks: Iterable[Walk], layouts: dict[str, Layout], until: datetime, dialect: str) -> Batch:
    """Bind everything that the walks wrote, which are used up by it. Terms are left as the sweep would have left them
    at `until`, papers as ordered and not begun, messages as sent."""
    batch = Batch()
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in layouts}
    searched: list[int] = []
    grams: list[str] = []
    for walk in walks:
        _settle(walk, until)
        case_id, base = walk.given.case_id, batch.terms
        lists["filing"].append(filing_row(walk))
        lists["cases"].append(walk.case)
        lists["case_text"].append({"case_id": case_id, **walk.text})
        if walk.party:
            lists["party"].append({"case_id": case_id, **walk.party})
        for event, (fields, clocks) in zip(walk.events, walk.recorded, strict=True):
            event["case_id"], event["fields"], event["clocks"] = case_id, fields, clocks
        lists["event"] += walk.events
        for place, row in enumerate(walk.deadlines, start=base):
            row["case_id"], row["id"] = case_id, place
            if row["replaces_id"] is not None:
                row["replaces_id"] += base
        lists["deadline"] += walk.deadlines
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
            searched.append(case_id)
            grams.append(search.joined(found))
        batch.cases += 1
    batch.columns = {name: layouts[name].bound(rows) for name, rows in lists.items() if rows}
    batch.columns[SEARCH] = [searched, grams]
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
