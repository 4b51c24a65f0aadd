"""The assessment for tests: November counted for the small city, and terms of its cases that end as a test says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import delete

from casework.assessment import keeping
from casework.assessment.results import Figure, Result
from models import Assessment, Case, Deadline, db
from models.base import writing
from rules.calendar import end_of_day
from rules.periods import Period
from tests.support.cast import MORNING, Cast

NOVEMBER = Period.parse("2026-11")
REPORTED = datetime(2026, 12, 2, 1, tzinfo=UTC)
COUNTED = datetime(2026, 12, 4, 1, tzinfo=UTC)
"""The fourth working day after November: the districts' reports were due the day before."""
OVER = datetime(2026, 12, 14, 1, tzinfo=UTC)
"""The day after the last on which a unit may object."""
BREACH = {"unit": "east_office", "kind": "offline", "on": "2026-11-20", "text": "抽查时值班电话无人接听，有录音。"}


def done(_session: Any, _now: datetime) -> None:
    """Mark no task."""


def counted(people: Cast, now: datetime = COUNTED) -> Assessment:
    """November, counted."""
    assessment_id, _ = keeping.order(people.view("city_supervisor"), NOVEMBER, now)
    keeping.compile(assessment_id, now, done)
    return db.session.get_one(Assessment, assessment_id)


def result(people: Cast, unit: str = "east_office") -> Result:
    """What November gives for a unit."""
    return of(counted(people), unit)


def of(row: Assessment, unit: str = "east_office") -> Result:
    return next(one for one in keeping.results_of(row) if one.key == unit)


def shown(figure: Figure) -> tuple[str, int | None, int | None]:
    return figure.shown, figure.part, figure.whole


def terms(cases: Sequence[Case], rule: str, closed: Sequence[date | None], due: date = date(2026, 11, 25)) -> None:
    """Give each case one term, due on one day, and kept on another or not at all; nothing else runs."""
    with writing() as session:
        session.execute(delete(Deadline).where(Deadline.case_id.in_([one.id for one in cases])))
        for case, day in zip(cases, closed, strict=True):
            session.add(term(case, rule, day, due))


def term(case: Case, rule: str, day: date | None, due: date = date(2026, 11, 25)) -> Deadline:
    return Deadline(
        case_id=case.id, rule=rule, version="local", unit_id=case.unit_id, opened_on=date(2026, 11, 23),
        opened_at=MORNING, due_on=due, raw_on=due, due_at=end_of_day(due),
        closed_at=end_of_day(day) - timedelta(hours=6) if day else None, outcome="done" if day else None,
    )  # fmt: skip


IN_TIME, LATE = date(2026, 11, 25), date(2026, 11, 26)
