"""Rows that files need around them: a unit, a filing with its cases, somebody of the staff, a draft."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from secrets import token_bytes

from models.base import writing
from models.case import Case
from models.filing import Draft, Filing
from models.staff import Staff
from models.unit import Unit
from tests.casework.attachments.samples import NOW


@dataclass(frozen=True)
class World:
    """Two cases of one filing, a case of another, and two members of staff."""

    complaint: Case
    report: Case
    other: Case
    staff_id: int
    colleague_id: int


def world() -> World:
    """Write the rows and return them."""
    with writing() as session:
        unit = Unit(key="city", name="临江市市场监督管理局", short_name="市局", kind="city", path="/1/")
        people = [
            Staff(username=name, name=name, password_hash="-", created_at=NOW) for name in ("handler", "colleague")
        ]
        filings = [Filing(channel="web", received_at=NOW, registered_at=NOW) for _ in range(2)]
        session.add_all([unit, *people, *filings])
        session.flush()
        cases = [
            Case(
                filing_id=filing.id,
                number=f"{letter}20261123-0000{place}-0",
                kind=kind,
                state="received",
                regime="order-121",
                queue="new",
                channel="web",
                received_on=NOW.date(),
                received_at=NOW,
                registered_at=NOW,
                last_event_at=NOW,
                unit_id=unit.id,
                bureau_id=unit.id,
                competent_bureau_id=unit.id,
                receiving_unit_id=unit.id,
            )
            for place, (filing, letter, kind) in enumerate(
                ((filings[0], "T", "complaint"), (filings[0], "J", "report"), (filings[1], "T", "complaint"))
            )
        ]
        session.add_all(cases)
    return World(cases[0], cases[1], cases[2], people[0].id, people[1].id)


def draft() -> int:
    """Write a draft that lives for a week and return its id."""
    with writing() as session:
        row = Draft(token_hash=token_bytes(32), kind="complaint", created_at=NOW, expires_at=NOW + timedelta(days=7))
        session.add(row)
        session.flush()
        return row.id
