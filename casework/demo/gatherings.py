"""The incidents of the invented city, with their logs. The cases join them one by one as they are lived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert

from casework.demo.sources import read
from casework.demo.town import Town
from casework.incidents import keeping
from models import Incident, IncidentNote
from models.base import writing
from models.incident import ENDED, OPEN
from rules.calendar import at_time, local_date

MORNING = time(8, 20)
"""Before any case of the day is sent on: the first telephone call of the morning began it."""


@dataclass(frozen=True)
class Gathering:
    """An incident of the city: its key and number, and the days whose cases belong to it."""

    id: int
    number: str
    first: int
    last: int


def gather(town: Town, until: datetime) -> tuple[Gathering, ...]:
    """Write the incidents and their logs; return which days' cases join them."""
    closed = town.businesses["gym"][0].name
    found = []
    with writing() as session:
        for row in read("incidents")["incident"]:
            opened_on = local_date(until) - timedelta(days=row["first"])
            number = keeping.next_number(session, opened_on.year)
            incident = _incident(town, row, closed, number, opened_on)
            session.add(incident)
            session.flush()  # its key goes into the log
            session.execute(insert(IncidentNote), _log(town, row, closed, incident, until))
            found.append(Gathering(incident.id, number, row["first"], row["last"]))
    return tuple(found)


def _incident(town: Town, row: dict[str, Any], closed: str, number: str, opened_on: date) -> Incident:
    ended = row.get("ended_after")
    opened_at = at_time(opened_on, MORNING)
    return Incident(
        number=number, mark=f"demo-{number}", title=row["title"].format(gym=closed)[:60], kind=row["kind"],
        level=row["level"], state=ENDED if ended else OPEN, unit_id=town.ref.root().id, opened_by=_chief(town),
        opened_at=opened_at, ended_at=opened_at + timedelta(days=ended, hours=2) if ended else None,
    )  # fmt: skip


def _chief(town: Town) -> int | None:
    return town.people("city", "supervisor")[0].id


def _log(town: Town, row: dict[str, Any], closed: str, incident: Incident, until: datetime) -> list[dict[str, Any]]:
    said: list[tuple[str, str, datetime]] = [("opened", incident.title, incident.opened_at)]
    for note in row["note"]:
        at = incident.opened_at + timedelta(days=note["after"])
        said.append((note["kind"], note["text"].format(gym=closed), at))
    if incident.ended_at is not None:
        said.append(("ended", row["conclusion"], incident.ended_at))
    return [
        {
            "incident_id": incident.id, "mark": f"demo-{incident.number}-{place}", "kind": kind, "text": text,
            "directive": None, "at": at, "staff_id": _chief(town), "unit_id": town.ref.root().id,
        }
        for place, (kind, text, at) in enumerate(said)
        if at <= until
    ]  # fmt: skip
