"""The monthly sheet of a station: what came to it, what it settled, what it handed over, what stands in its ledgers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select

from models import Case, Event, Station, StationRecord, db
from rules import categories
from rules.periods import Period

REGISTER, SETTLE, PASS_ON, WITHDRAW = "register_at_station", "station_settle", "station_pass_on", "withdraw"


@dataclass(frozen=True)
class Sheet:
    """A month of a station. The disputes are those registered in it, wherever they ended since."""

    period: Period
    registered: int
    settled: int
    passed_on: int
    passed_by: tuple[tuple[str, int], ...]
    """Who handed over: the station, the consumer, the system when the days were over."""
    withdrawn: int
    waiting: int
    recovered: int
    """Fen, of the settled ones."""
    by_category: tuple[tuple[str, int], ...]
    records: tuple[StationRecord, ...]


_BY = {"staff": "服务站转交", "citizen": "消费者要求转交", "system": "期满自动转交"}


def sheet(row: Station, period: Period) -> Sheet:
    """Return the sheet of a month."""
    here = select(Event.case_id).where(
        Event.action == REGISTER, Event.unit_id == row.unit_id, Event.at >= period.begins, Event.at < period.ends
    )
    ids = list(db.session.scalars(here))
    ends = select(Event.case_id, Event.action, Event.actor_kind).where(
        Event.case_id.in_(ids), Event.action.in_((SETTLE, PASS_ON, WITHDRAW))
    )
    ended: dict[int, tuple[str, str]] = {}
    for case_id, action, kind in db.session.execute(ends.order_by(Event.id)):
        ended.setdefault(case_id, (action, kind))
    settled = [case_id for case_id, (action, _) in ended.items() if action == SETTLE]
    passed = Counter(_BY[kind] for action, kind in ended.values() if action == PASS_ON)
    cases = list(db.session.execute(select(Case.id, Case.category, Case.amount_recovered).where(Case.id.in_(ids))))
    kinds = Counter(_category(category) for _, category, _ in cases)
    won = set(settled)
    query = select(StationRecord).where(
        StationRecord.station_id == row.id, StationRecord.held_on >= period.first, StationRecord.held_on <= period.last
    )
    return Sheet(
        period=period,
        registered=len(ids),
        settled=len(settled),
        passed_on=passed.total(),
        passed_by=tuple(sorted(passed.items(), key=lambda one: -one[1])),
        withdrawn=sum(1 for action, _ in ended.values() if action == WITHDRAW),
        waiting=len(ids) - len(ended),
        recovered=sum(amount or 0 for case_id, _, amount in cases if case_id in won),
        by_category=tuple(sorted(kinds.items(), key=lambda one: (-one[1], one[0]))),
        records=tuple(db.session.scalars(query.order_by(StationRecord.held_on, StationRecord.id))),
    )


def _category(key: str | None) -> str:
    if not key:
        return "没有写明"
    try:
        return categories.category(categories.category(key).path[0]).label
    except KeyError:
        return "没有写明"
