"""How it stands with the districts' monthly reports: which came, which came late, which are missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from casework.briefings import places
from casework.reference import UnitView, current
from models import DistrictReport, db
from rules import briefing as law
from rules.calendar import local_date
from rules.periods import Period


@dataclass(frozen=True)
class Standing:
    """How it stands with one district: its report, or None; when it is due, and whether that day is over."""

    unit: UnitView
    report: DistrictReport | None
    due_on: date
    overdue: bool


def of_month(month: Period, now: datetime) -> list[Standing]:
    """Return how it stands with every district for a month, in the order of the tree."""
    due = law.report_due(month, current().calendar)
    came = select(DistrictReport).where(DistrictReport.month == month.key)
    found = {one.unit_id: one for one in db.session.scalars(came)}
    return [
        Standing(unit, found.get(unit.id), due, unit.id not in found and local_date(now) > due)
        for unit in places.all_districts()
    ]


def late_units(month: Period, now: datetime) -> list[UnitView]:
    """Return the districts that reported late, or have not reported and are over their day: for the assessment."""
    return [one.unit for one in of_month(month, now) if one.overdue or (one.report is not None and one.report.late)]
