"""Keeping what a look found: a row for each thing and month, renewed while it lasts and nobody has answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from casework import tasks
from casework.documents import Done
from casework.hotspots import finding
from casework.hotspots.found import Found
from models import Signal, SignalCase, Task, db
from models.base import writing
from models.signal import NEW
from rules.calendar import local_date

MOST = 30
"""Signals of one kind that a look keeps, the most striking first."""
MOST_CASES = 500


@dataclass(frozen=True)
class Looked:
    """What a look kept: new signals, and those that it found again."""

    made: int
    renewed: int


def order(now: datetime) -> Sequence[tasks.Added]:
    """Write the task of today's look, once a day; return it when it is new."""
    day = local_date(now).isoformat()
    if db.session.scalar(select(Task.id).where(Task.unique_key == _key(day))) is not None:
        return ()
    with writing() as session:
        return tasks.add(session, [tasks.row(tasks.HOTSPOT_LOOK, {}, _key(day), now)])


def _key(day: str) -> str:
    return f"hotspots:{day}"


def look(now: datetime, done: Done | None = None) -> Looked:
    """Look at the window that ended yesterday and keep what stands out. Repeating it changes nothing."""
    found = _most_striking(finding.find(local_date(now) - timedelta(days=1)))
    made = renewed = 0
    with writing() as session:
        for one in found:
            kept = _keep(session, one, now)
            made, renewed = made + (kept is True), renewed + (kept is False)
        if done is not None:
            done(session, now)
    return Looked(made, renewed)


def _most_striking(found: Iterable[Found]) -> list[Found]:
    by_kind: dict[str, list[Found]] = {}
    for one in found:
        by_kind.setdefault(one.kind, []).append(one)
    return [one for group in by_kind.values() for one in group[:MOST]]


def _keep(session: Session, one: Found, now: datetime) -> bool | None:
    """Write a find: True for a new row, False for one renewed, None where somebody has answered or it is the same.

    As long as windows overlap it is the same thing: an answer holds until they do not.
    """
    row = session.scalar(
        select(Signal)
        .where(Signal.kind == one.kind, Signal.subject == one.subject[:120], Signal.last_on >= one.window.first)
        .order_by(Signal.id.desc())
        .limit(1)
        .with_for_update()
    )
    if row is None:
        return _enter(session, one, now)
    if row.state != NEW or row.last_on >= one.window.last:
        return None
    row.words, row.first_on, row.last_on = one.words[:120], one.window.first, one.window.last
    row.evidence = dict(one.evidence)
    session.execute(delete(SignalCase).where(SignalCase.signal_id == row.id))
    _enter_cases(session, row.id, one)
    return False


def _enter(session: Session, one: Found, now: datetime) -> bool | None:
    table, connection = cast(Table, Signal.__table__), session.connection()
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row: dict[str, Any] = {
        "kind": one.kind, "subject": one.subject[:120], "month": one.window.last.isoformat()[:7],
        "words": one.words[:120], "first_on": one.window.first, "last_on": one.window.last,
        "evidence": dict(one.evidence), "state": NEW, "found_at": now,
    }  # fmt: skip
    statement = make(table).values(**row).on_conflict_do_nothing(index_elements=["kind", "subject", "month"])
    signal_id = connection.execute(statement.returning(table.c.id)).scalar()
    if signal_id is None:
        return None
    _enter_cases(session, signal_id, one)
    return True


def _enter_cases(session: Session, signal_id: int, one: Found) -> None:
    rows = [{"signal_id": signal_id, "case_id": case_id} for case_id in one.cases[-MOST_CASES:]]
    if rows:
        session.execute(insert(SignalCase), rows)
