"""The sweep: what it costs to look when nothing is due, and how long it takes when ten thousand terms are."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import func, select, text
from werkzeug.datastructures import MultiDict

from benchmarks import way
from benchmarks.cities import ROOT, CannotMeasure, Cities, City, opened
from benchmarks.measuring import Line, repeat, under, within
from blueprints.public import entry
from casework import intake, sweep, tasks
from models import Case, Deadline, Event, clock, db
from models.base import writing

MEDIAN = 20.0
AT_ONCE, SECONDS = 10_000, 60.0
PROCESSES = 2
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


def at_once(cities: Cities, cases: int, terms: int) -> Iterator[Line]:
    """Measure how long two processes take to let `terms` terms speak that fall due at once; none may speak twice."""
    with cities.copied(cases) as city:
        with opened(city):
            tasks.carry_with(None)
            moment = _when_due(terms)
            due = db.session.scalar(select(func.count()).where(Deadline.next_step_at <= moment)) or 0
            last = db.session.scalar(select(func.max(Event.id))) or 0
            db.session.commit()
        seconds, spoken = _swept(city, moment)
        with opened(city):
            doubled = _doubled(last)
            if doubled or sum(spoken) < due:
                raise CannotMeasure(f"{due} terms were due, {spoken} spoke, {doubled} lapses are there twice")
    shares = " and ".join(f"{one:,}" for one in spoken)
    most = SECONDS * terms / AT_ONCE
    yield under("sweep", f"{due:,} terms due at once, two processes ({shares})", seconds, most, "s")


def _when_due(terms: int) -> datetime:
    """File complaints until there are enough terms, and return a moment at which as many are due."""
    waiting = select(Deadline.next_step_at).where(Deadline.next_step_at.is_not(None)).order_by(Deadline.next_step_at)
    there = db.session.scalar(select(func.count()).select_from(waiting.subquery())) or 0
    now, rng = clock.now(), Random(3)
    for n in range(terms - there):
        typed = entry.collect(way.KIND, MultiDict([*way.filled(n, rng), ("consent_truth", "yes")]))
        intake.register(intake.NewFiling(way.KIND, entry.entered(typed), form_key=f"at-once-{n}"), now)
    moment = db.session.scalar(waiting.offset(terms - 1).limit(1))
    if moment is None:
        raise CannotMeasure("there are not enough open terms")
    return moment


def _swept(city: City, moment: datetime) -> tuple[float, list[int]]:
    command = [sys.executable, "-m", "benchmarks.sweeping", moment.isoformat()]
    started = [
        subprocess.Popen(
            command, cwd=ROOT, env=city.environ, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(PROCESSES)
    ]  # fmt: skip
    for one in started:
        assert one.stdout is not None
        if one.stdout.readline().strip() != "ready":
            raise CannotMeasure("a sweeping process did not start")
    began = time.monotonic()
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [one.communicate()[0] for one in started]
    return time.monotonic() - began, [int(words) for words in said]


def _doubled(after: int) -> int:
    """Return how many lapses are on record twice: a term of a case lapses once."""
    lapsed = (Event.id > after) & (Event.action == "mark_overdue")
    twice = select(Event.case_id).where(lapsed).group_by(Event.case_id, Event.fields).having(func.count() > 1)
    return len(db.session.execute(twice).all())


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
