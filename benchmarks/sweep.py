"""The sweep: what it costs to look when nothing is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select, text

from benchmarks.cities import City, opened
from benchmarks.measuring import Line, repeat, within
from casework import sweep
from models import Case, Deadline, clock, db
from models.base import writing

MEDIAN = 20.0
RULE = "benchmark."
"""Terms of no rule of ours; they are taken out again."""
_MORE = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :each) "
    "INSERT INTO deadline (case_id, rule, version, unit_id, opened_on, opened_at, provisional, extended, extra, level, "
    "next_step_at, due_at, due_on) "
    "SELECT c.id, :rule || n.i, 'none', c.unit_id, c.received_on, c.received_at, :no, 0, 0, 0, :at, :at, c.received_on "
    "FROM cases c, n WHERE c.id <= :last"
)


def idle(city: City, terms: int, samples: int) -> Iterator[Line]:
    """Measure a sweep over at least `terms` open terms of which none is due."""
    with opened(city):
        waiting = select(func.count()).select_from(Deadline).where(Deadline.next_step_at.is_not(None))
        stored = db.session.scalar(waiting) or 0
        if stored < terms:
            _add(terms - stored)
        count = db.session.scalar(waiting) or 0
        first = db.session.scalar(select(func.min(Deadline.next_step_at)))
        moment = (first or clock.now()) - timedelta(seconds=1)
        db.session.commit()
        found = repeat(lambda: sweep.run(moment), samples)
    clear(city)
    yield within("sweep", f"{count:,} open terms, none of them due", found, MEDIAN)


def clear(city: City) -> None:
    """Take the made-up terms out of a city, those of a run that was cut off included.

    Terms are never deleted otherwise, so nothing keeps an index for it: on SQLite each would be looked for among all
    others. Nothing refers to these, and references are not looked up.
    """
    with opened(city):
        if db.engine.dialect.name == "sqlite":
            db.session.connection().exec_driver_sql("COMMIT")
            db.session.connection().exec_driver_sql("PRAGMA foreign_keys=OFF")
            db.session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        db.session.execute(text(f"DELETE FROM deadline WHERE rule LIKE '{RULE}%'"))  # noqa: S608 - our own word
        db.session.commit()


def _add(wanted: int) -> None:
    """Give the oldest cases terms of a made-up rule that end in a year."""
    cases = db.session.scalar(select(func.count()).select_from(Case)) or 0
    each = max(1, -(-wanted // max(1, min(cases, 10_000))))
    last = db.session.scalar(select(Case.id).order_by(Case.id).offset(min(cases, 10_000) - 1).limit(1))
    at = Deadline.__table__.c.next_step_at.type.bind_processor(db.engine.dialect)
    moment = clock.now() + timedelta(days=365)
    with writing() as session:
        session.execute(
            _MORE,
            {"each": each, "rule": RULE, "no": False, "last": last, "at": at(moment) if at else moment},
        )
        session.execute(text("ANALYZE deadline"))
