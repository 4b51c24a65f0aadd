"""Incidents for tests: complaints about one gym, sent on, gathered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from casework import handling
from casework.incidents import keeping
from models import Case, Incident, db
from tests.support import cast
from tests.support.cast import MORNING as NOW
from tests.support.cast import Cast

FORM = {"title": "澜亭健身停业退费", "kind": "group_complaint", "level": "larger", "unit": "city"}


def filed(
    people: Cast, count: int, unit: str | None = "east_office", now: datetime = NOW, **entered: Any
) -> list[Case]:
    """Complaints of different people about the gym (unless entered otherwise), sent on to a unit."""
    found = []
    for n in range(count):
        case = cast.case_of(cast.file(now=now, **{"filer_phone": f"1380000{n:04d}", **entered}))
        if unit:
            way = {"unit": unit, "routing_reason": "按地址"}
            handling.apply(case, "dispatch", people.actor("city_dispatcher", now), now, **way)
        found.append(case)
    return found


def opened(people: Cast, part: str = "city_supervisor", key: str = "press-0001", **other: str) -> Incident:
    """An incident opened from a form."""
    return keeping.open_incident(people.view(part), {**FORM, **other}, key, NOW)


def gathered(people: Cast, incident: Incident, cases: list[Case], part: str = "city_supervisor") -> None:
    """Gather cases, all of them."""
    result = keeping.attach(people.view(part), incident, [case.number for case in cases], NOW)
    assert result.refused == ()


def count(model: type[Any]) -> int:
    """How many rows there are."""
    return db.session.scalar(select(func.count()).select_from(model)) or 0
