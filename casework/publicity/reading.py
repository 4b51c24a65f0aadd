"""What everybody reads: the published complaints, the latest first, by business, found by its name or credit code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select

from casework.errors import NotFound
from casework.reference import current
from casework.search import plain
from casework.statistics.parts import ending, ending_label
from models import Publication, PublicationStep, Respondent, db
from rules import categories, statistics
from rules import publicity as law
from rules.calendar import local_date
from rules.identifiers import row_number

PAGE = 12
FOUND = 30
"""So many businesses are listed for a search."""


@dataclass(frozen=True)
class Shown:
    """One published complaint. `corrected` are (day, note) of its corrections."""

    id: int
    business_id: int
    business: str
    category: str
    problem: str
    received_on: date
    happened_on: date | None
    closed_on: date
    result: str
    settled: bool
    text: str
    bureau: str
    decided_on: date
    shown_until: date
    corrected: tuple[tuple[date, str], ...] = ()


@dataclass(frozen=True)
class Page:
    """Some published complaints and the mark of the page after them, empty on the last one."""

    rows: tuple[Shown, ...]
    after: str


@dataclass(frozen=True)
class Business:
    """A business with what is published about it: how many, how many settled, the share where it may be told."""

    id: int
    name: str
    code: str
    address: str
    number: int
    settled: int

    @property
    def share(self) -> str:
        """Return the share of settled complaints as a percentage; empty where there are too few."""
        if self.number < law.RATE_FLOOR:
            return ""
        return statistics.percentage(self.settled, self.number, law.RATE_FLOOR)


def _shown(today: date) -> ColumnElement[bool]:
    return and_(Publication.shown_until >= today, Publication.withdrawn_at.is_(None))


_COLUMNS = (Publication, Respondent.name)


def latest(today: date, after: str = "", business_id: int | None = None) -> Page:
    """Return a page of the complaints shown, those decided last first; `after` is the mark that a page gave."""
    query = select(*_COLUMNS).join(Respondent, Respondent.id == Publication.respondent_id).where(_shown(today))
    if business_id is not None:
        query = query.where(Publication.respondent_id == business_id)
    mark = _mark(after)
    if mark is not None:
        until, last = mark
        earlier = or_(Publication.shown_until < until, and_(Publication.shown_until == until, Publication.id < last))
        query = query.where(Publication.shown_until <= until, earlier)
    query = query.order_by(Publication.shown_until.desc(), Publication.id.desc()).limit(PAGE + 1)
    found = db.session.execute(query).all()
    rows = tuple(_row(one, name) for one, name in found[:PAGE])
    last_one = found[PAGE - 1][0] if len(found) > PAGE else None
    return Page(rows, f"{last_one.shown_until}.{last_one.id}" if last_one else "")


def _mark(after: str) -> tuple[date, int] | None:
    found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})\.(\d{1,18})", after, re.ASCII)
    if found is None:
        return None
    try:
        return date.fromisoformat(found[1]), row_number(found[2]) or 0
    except ValueError:
        return None


def one(publication_id: int, today: date) -> Shown:
    """Return one complaint that is shown, with its corrections. Raise NotFound."""
    query = select(*_COLUMNS).join(Respondent, Respondent.id == Publication.respondent_id)
    found = db.session.execute(
        query.where(Publication.id == (row_number(str(publication_id)) or 0), _shown(today))
    ).first()
    if found is None:
        raise NotFound("没有这条公示，或者它已经到期、撤下。")
    return _row(found[0], found[1], corrections([publication_id]).get(publication_id, ()))


def corrections(ids: Sequence[int]) -> dict[int, tuple[tuple[date, str], ...]]:
    """Return the corrections of publications, each as (day, note)."""
    query = select(PublicationStep.publication_id, PublicationStep.at, PublicationStep.why)
    query = query.where(PublicationStep.publication_id.in_(ids), PublicationStep.step == "corrected")
    found: dict[int, tuple[tuple[date, str], ...]] = {}
    for publication_id, at, why in db.session.execute(query.order_by(PublicationStep.id)):
        found[publication_id] = (*found.get(publication_id, ()), (local_date(at), why))
    return found


def business(respondent_id: int, today: date) -> Business:
    """Return a business about which something is shown. Raise NotFound for every other."""
    wanted = row_number(str(respondent_id)) or 0
    query = select(func.count(), func.count().filter(Publication.outcome.startswith("settlement/")))
    number, settled = db.session.execute(query.where(Publication.respondent_id == wanted, _shown(today))).one()
    row = db.session.get(Respondent, wanted) if number else None
    if row is None:
        raise NotFound("没有公示过这家的投诉，或者公示已经到期。")
    return Business(row.id, row.name, row.code or "", row.address or "", number, settled)


def search(entered: str, today: date) -> list[Business] | None:
    """Return businesses with published complaints by credit code or part of the name; None for too short a search."""
    wanted = plain(entered).strip()
    if len(wanted) < 2:
        return None
    number = func.count().label("number")
    settled = func.count().filter(Publication.outcome.startswith("settlement/"))
    query = (
        select(Respondent.id, Respondent.name, Respondent.code, Respondent.address, number, settled)
        .join(Publication, Publication.respondent_id == Respondent.id)
        .where(
            _shown(today), or_(Respondent.code == wanted.upper(), Respondent.name.icontains(wanted, autoescape=True))
        )
        .group_by(Respondent.id)
        .order_by(number.desc(), Respondent.id)
        .limit(FOUND)
    )
    return [Business(*row[:2], row[2] or "", row[3] or "", *row[4:]) for row in db.session.execute(query)]


def _row(row: Publication, name: str, corrected: tuple[tuple[date, str], ...] = ()) -> Shown:
    return Shown(
        id=row.id,
        business_id=row.respondent_id,
        business=name,
        category=_label(row.category),
        problem=_label(row.problem),
        received_on=row.received_on,
        happened_on=row.happened_on,
        closed_on=row.closed_on,
        result=ending_label(ending(row.outcome, row.regime)) if row.outcome else "已办结",
        settled=row.outcome.startswith("settlement/"),
        text=row.text,
        bureau=current().units[row.bureau_id].name,
        decided_on=local_date(row.decided_at),
        shown_until=row.shown_until,
        corrected=corrected,
    )


def _label(key: str | None) -> str:
    if not key:
        return ""
    try:
        return categories.category(key).label
    except KeyError:
        return ""
