"""The counts that hot spots are looked for in: by window and by what is compared. Sealed cases are in none of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from models import Case, Respondent, db
from rules import hotspots as law
from rules.hotspots import Measure, Series, Window

OPEN = Case.kind != "misconduct"
"""Reports on officials (干部违纪) are counted nowhere."""
ONCE = Case.main_case_id.is_(None)
"""The same filing sent twice is one."""
Groups = Mapping[tuple[str | None, str | None, int], Counter[int]]
"""By (category, problem, competent bureau): cases by window."""


@dataclass(frozen=True)
class Record:
    """The windows that are looked at and what was received in each; those before the record began are left out."""

    windows: tuple[Window, ...]
    received: Mapping[int, int]

    @property
    def now(self) -> Window:
        """Return the window that is looked at."""
        return self.windows[0]

    @property
    def past(self) -> tuple[Window, ...]:
        """Return the windows right before it, the nearest first."""
        return tuple(one for one in self.windows if 0 < one.back <= law.WINDOWS)

    @property
    def years(self) -> tuple[Window, ...]:
        """Return the same window of earlier years."""
        return tuple(one for one in self.windows if one.back > law.WINDOWS)

    def measure(self) -> Measure:
        """Return by how much was received in all."""
        got = self.received
        return law.measure(got[0], [got[one.back] for one in self.past], [got[one.back] for one in self.years])

    def series(self, subject: str, counts: Mapping[int, int]) -> Series:
        """Return the counts of a subject as they are compared."""
        return Series(
            subject,
            counts.get(0, 0),
            tuple(counts.get(one.back, 0) for one in self.past),
            tuple(counts.get(one.back, 0) for one in self.years),
        )


def record(last: date) -> tuple[Record, Groups]:
    """Return what was received in the windows of a day, and how it divides. One query over these windows."""
    begun = db.session.scalar(select(func.min(Case.received_on)).where(OPEN))
    wanted = law.windows(last)
    kept = tuple(one for one in wanted if one.back == 0 or (begun is not None and one.first >= begun))
    number = _number(kept)
    columns = (Case.category, Case.problem, Case.competent_bureau_id, number)
    query = select(*columns, func.count()).where(OPEN, _within(kept)).group_by(*columns)
    groups: dict[tuple[str | None, str | None, int], Counter[int]] = {}
    received = Counter({one.back: 0 for one in kept})
    for category, problem, bureau, back, count in db.session.connection().execute(query):
        groups.setdefault((category, problem, bureau), Counter())[back] += count
        received[back] += count
    return Record(kept, received), groups


def respondents(of: Record) -> tuple[list[Series], int]:
    """Return the counts of the businesses with enough cases in the window, and how many businesses there are."""
    there = Case.respondent_id.is_not(None)
    busy = (
        select(Case.respondent_id)
        .where(OPEN, ONCE, there, _within((of.now,)))
        .group_by(Case.respondent_id)
        .having(func.count() >= law.FLOOR)
    )
    ids = [found for found in db.session.scalars(busy) if found is not None]
    counts: dict[int, Counter[int]] = {one: Counter() for one in ids}
    number = _number(of.windows)
    for part in _parts(ids):
        query = select(Case.respondent_id, number, func.count()).where(
            Case.respondent_id.in_(part), OPEN, ONCE, _within(of.windows)
        )
        for respondent, back, count in db.session.execute(query.group_by(Case.respondent_id, number)):
            counts[respondent or 0][back] += count
    tested = db.session.scalar(select(func.count()).select_from(Respondent)) or 0
    return [of.series(str(one), found) for one, found in sorted(counts.items())], tested


def cases_of(respondent_ids: Iterable[int], window: Window) -> dict[int, list[int]]:
    """Return the cases of businesses in a window."""
    found: dict[int, list[int]] = {one: [] for one in respondent_ids}
    for part in _parts(sorted(found)):
        query = select(Case.respondent_id, Case.id).where(Case.respondent_id.in_(part), OPEN, ONCE, _within((window,)))
        for respondent, case_id in db.session.execute(query.order_by(Case.id)):
            found[respondent or 0].append(case_id)
    return found


def _parts(ids: list[int], size: int = 500) -> Iterable[list[int]]:
    return (ids[at : at + size] for at in range(0, len(ids), size))


def _within(windows: Iterable[Window]) -> ColumnElement[bool]:
    return or_(*(and_(Case.received_on >= one.first, Case.received_on <= one.last) for one in windows))


def _number(windows: Iterable[Window]) -> ColumnElement[int]:
    """Return the number of the window that a case lies in; it lies in one of them."""
    return case(*((Case.received_on >= one.first, one.back) for one in sorted(windows, key=lambda one: one.back)))
