"""Freezing a month: every figure of its briefing, read once, kept as one set of data with the hash of the records.

Equal records give equal bytes: `text_of` of two sets taken at different times is the same text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from casework import statistics
from casework.assessment import telling
from casework.hotspots import finding
from casework.reference import current
from casework.statistics import Narrowed, Scope, Table
from models import Case, Event, Respondent, SupervisionOrder, db
from models.base import canonical
from models.supervision import ACCEPTED, REPLACED, WITHDRAWN
from rules import briefing as law
from rules.periods import Period

COMPLAINTS, REPORTS, QUESTIONS = Narrowed(kind="complaint"), Narrowed(kind="report"), Narrowed(kind="consultation")
_RATES = ("decide_rate", "mediate_rate", "verify_rate", "answer_rate", "notify_rate")

TABLES: Mapping[str, tuple[str, tuple[str, ...], Narrowed]] = {
    "kinds": ("kind", ("received", "concluded", "open"), Narrowed()),
    "totals": ("none", ("received", "concluded", "open", "recovered", "median_days", "satisfied_rate"), Narrowed()),
    "timeliness": ("none", _RATES, Narrowed()),
    "channels": ("channel", ("received",), Narrowed()),
    "places": ("place", ("received", "concluded"), Narrowed()),
    "places_rates": ("place", _RATES, Narrowed()),
    "complaints": ("none", ("received", "accepted", "refused", "settled", "terminated", "success"), COMPLAINTS),
    "goods": ("category", ("received",), COMPLAINTS),
    "problems": ("problem", ("received",), COMPLAINTS),
    "reports": ("none", ("received", "opened", "not_opened", "opening"), REPORTS),
    "violations": ("problem", ("received",), REPORTS),
}
"""By name: the breakdown, the measures and what they are narrowed down to."""


def freeze(month: Period, now: datetime, tell: Callable[[str], None] = lambda _step: None) -> dict[str, Any]:
    """Return every figure of a month's briefing for the whole city as plain values. Reads only."""
    scope = Scope.whole()
    data: dict[str, Any] = {"month": month.key, "tables": {}}
    for name, (breakdown, measures, narrowed) in TABLES.items():
        tell(name)
        table = statistics.figures(scope, month, breakdown, now=now, measures=measures, narrowed=narrowed)
        data["tables"][name] = table.data()
    data["trend"] = statistics.trend(
        scope, statistics.latest(month, law.MONTHS), ("received", "concluded"), now=now
    ).data()
    data["businesses"] = _businesses(month)
    data["supervision"] = _supervision(month)
    data["proposals"] = _proposals(month)
    tell("hotspots")
    data["hotspots"] = [one.data() for one in finding.find(month.last, finding.STATISTICAL)]
    data["assessment"] = telling.signed(month)
    return data


def text_of(data: Mapping[str, Any]) -> str:
    """Return the canonical JSON text of a set of figures."""
    return canonical(data)


def table(data: Mapping[str, Any], name: str) -> Table:
    """Return one of the frozen tables."""
    return Table.of(data["tables"][name])


def _businesses(month: Period) -> list[dict[str, Any]]:
    """The businesses with most complaints received in the month, worst first."""
    number = func.count().label("n")
    query = (
        select(Case.respondent_id, number)
        .where(
            Case.kind == "complaint",
            Case.received_on >= month.first,
            Case.received_on <= month.last,
            Case.respondent_id.is_not(None),
        )
        .group_by(Case.respondent_id)
        .having(number >= law.BUSINESS_LEAST)
        .order_by(number.desc(), Case.respondent_id)
        .limit(law.BUSINESSES)
    )
    found = db.session.execute(query).all()
    ids = [row[0] for row in found]
    names = {one.id: one.name for one in db.session.scalars(select(Respondent).where(Respondent.id.in_(ids)))}
    return [{"id": row[0], "name": names[row[0] or 0], "complaints": row[1]} for row in found]


def _supervision(month: Period) -> dict[str, Any]:
    """The supervision orders issued in the month: how many, to whom, and how they ended up to now."""
    query = select(SupervisionOrder.unit_id, SupervisionOrder.state, func.count()).where(
        SupervisionOrder.issued_at >= month.begins, SupervisionOrder.issued_at < month.ends
    )
    ref = current()
    by_bureau: dict[str, int] = {}
    states: dict[str, int] = {}
    for unit_id, state, number in db.session.execute(query.group_by(SupervisionOrder.unit_id, SupervisionOrder.state)):
        bureau = ref.bureau_of(unit_id).short_name
        by_bureau[bureau] = by_bureau.get(bureau, 0) + number
        states[state] = states.get(state, 0) + number
    over = sum(states.get(one, 0) for one in (ACCEPTED, REPLACED, WITHDRAWN))
    return {
        "issued": sum(states.values()),
        "closed": over,
        "by_bureau": sorted(by_bureau.items(), key=lambda one: (-one[1], one[0])),
    }


def _proposals(month: Period) -> list[dict[str, Any]]:
    """Complaints that ended well in the month and recovered most: what an editor may retell as a typical case."""
    query = (
        select(Case.id, Case.number, Case.matter, Case.amount_recovered)
        .where(
            Case.kind == "complaint",
            Case.closed_at >= month.begins,
            Case.closed_at < month.ends,
            Case.outcome.startswith("settlement/"),
            Case.amount_recovered > 0,
        )
        .order_by(Case.amount_recovered.desc(), Case.id)
        .limit(law.PROPOSALS)
    )
    return [
        {"id": row.id, "number": row.number, "matter": row.matter, "recovered": row.amount_recovered}
        for row in db.session.execute(query)
    ]


def seal_of(month: Period, last: int | None = None) -> tuple[bytes, int, int]:
    """Return (SHA-256 of all events of a month in their order, the id of the last one, how many).

    `last` bounds them by id: what came in later, an import of old records, is not part of an earlier seal.
    """
    row = Event.__table__.c
    query = select(row.case_id, row.seq, row.hash, row.id).where(row.at >= month.begins, row.at < month.ends)
    if last is not None:
        query = query.where(row.id <= last)
    total, count, highest = hashlib.sha256(), 0, 0
    connection = db.session.connection()
    for case_id, seq, digest, event_id in connection.execute(query.order_by(row.id)).yield_per(5000):
        total.update(f"{case_id}.{seq}:".encode())
        total.update(digest)
        count, highest = count + 1, event_id
    return total.digest(), highest, count


def narrowed_of(name: str) -> dict[str, str]:
    """Return what a frozen table is narrowed down to, for the links to the cases behind its figures."""
    return {key: value for key, value in asdict(TABLES[name][2]).items() if value}
