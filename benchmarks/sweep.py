"""The sweep: what it costs to look when nothing is due, and how long two workers take when much is due at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select, text

from benchmarks import falling
from benchmarks.cities import ROOT, CannotMeasure, City, opened
from benchmarks.measuring import Line, repeat, under, within
from benchmarks.server import carrying
from casework import sweep
from models import Case, Deadline, clock, db
from models.base import writing
from script.support.processes import Supervisor, die_with_parent

MEDIAN = 20.0
ALL_HANDLED = 60.0
WORKERS = 2
SAID = {"urge": "a reminder on the last day", "lapse": "the lapse", "supervise": "an order of supervision"}
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


def due(city: City, terms: int, supervisor: Supervisor) -> Iterator[Line]:
    """Measure how long two workers take when `terms` terms fall due at once, and look whether each spoke once."""
    cases = falling.prepare(city, terms)
    with carrying(city, supervisor), ExitStack() as processes:
        workers = [processes.enter_context(worker(city)) for _ in range(WORKERS)]
        together(workers, cases.eve)  # what the city itself still had to say
        for step in cases.steps:
            begun = time.perf_counter()
            said = together(workers, step.at)
            seconds = time.perf_counter() - begun
            wrong = falling.faults(city, cases, step)
            if wrong or sum(one["failed"] for one in said):
                raise CannotMeasure(f"the sweep at {step.at} went wrong: {'; '.join(wrong)} ({said})")
            what = f"{terms:,} terms due at once, each with {SAID[step.act]}, {WORKERS} workers"
            line = under("sweep", what, seconds, ALL_HANDLED, "s")
            work = " + ".join(f"{one['work']:.1f}" for one in said)
            yield replace(line, measured=f"{line.measured}, work {work} s")
    falling.quiet(city, cases)
    yield Line("sweep", "steps that happened twice or are missing after that", "0", "0", True)


@contextmanager
def worker(city: City) -> Iterator[subprocess.Popen[str]]:
    """Lend a process that sweeps when it is told a moment."""
    log = city.settings.data_dir / "sweeper.log"
    with log.open("a", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sweeper"], cwd=ROOT, env=city.environ, text=True, stderr=errors,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent,
        )  # fmt: skip
    with process:
        try:
            if answer(process) != "ready":
                raise CannotMeasure(f"A worker does not start; {log} says why.")
            yield process
        finally:
            process.terminate()


def together(workers: list[subprocess.Popen[str]], moment: datetime) -> list[dict[str, float]]:
    """Let every worker sweep as of a moment; return what each of them found."""
    for one in workers:
        tell(one, moment)
    return [json.loads(answer(one)) for one in workers]


def tell(worker: subprocess.Popen[str], moment: datetime) -> None:
    """Let a worker sweep as of a moment."""
    print(moment.isoformat(), file=worker.stdin, flush=True)


def answer(worker: subprocess.Popen[str]) -> str:
    """Wait for a worker's next line; raise CannotMeasure when it has died."""
    line = worker.stdout.readline() if worker.stdout is not None else ""
    if not line:
        raise CannotMeasure("A worker of the sweep has died.")
    return line.strip()


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
