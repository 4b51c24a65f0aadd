"""A month of city life in fast motion, twice: once undisturbed, once with sudden deaths. Both must leave the same rows.

The workers and the periodic process are those of service, on a real Redis and a real database; only the clock is told
(`nursery`). At each moment the drill waits until everything that is due has been said and done, lets people act while
the periodic process rests, and waits again. In the second run parts are killed while they work, and Redis forgets.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import flask_migrate
import redis
from flask import Flask
from sqlalchemy import Select, create_engine, func, or_, select, text, update

from app import create_app
from casework import alive, audit, documents
from config import Settings
from jobs import schedule
from models import Deadline, DirectiveClock, Document, Event, Heartbeat, Lease, Task, db
from models import document as states
from models.base import writing
from rules.calendar import at_time
from script.support import fonts, redis_server
from script.support.processes import Child, die_with_parent
from tests.drills import cluster, gateway, rows
from tests.drills.disturbance import DEFAULT, PDF, PERIODIC, Disturbance
from tests.drills.gateway import Delivered
from tests.drills.nursery import RESTS, WORKS, DrillClock, hurry
from tests.drills.portal import ROOT, DrillFailed
from tests.drills.town import FIRST_DAY, Town
from tests.support import cast, databases

PARTS = (DEFAULT, PDF, PERIODIC)
PATIENCE = 60.0
LOOK = 0.01
LEASES_END = 0.4
"""Seconds of waiting that count as the time in which the lease of a dead process runs out."""
LATE = timedelta(seconds=30)


@dataclass(frozen=True)
class Plan:
    """How long and how hard: days, one in how many of them is lived, moments on each, cases touched at each, deaths at
    each stretch of work (at most), and how many of those are of Redis itself."""

    seed: int
    days: int
    every: int
    hours: int
    acts: int
    deaths: int
    redis_dies: float


SHORT = Plan(seed=2, days=20, every=2, hours=1, acts=8, deaths=1, redis_dies=0.0)
FULL = Plan(seed=1, days=30, every=1, hours=5, acts=14, deaths=3, redis_dies=0.02)


@dataclass
class Outcome:
    """What was found, how many rows of each table were compared, who was killed, and the figures."""

    findings: list[str]
    compared: dict[str, int]
    killed: Counter[str]
    figures: dict[str, object]


@dataclass
class Run:
    """What one run left."""

    rows: rows.Rows
    delivered: Delivered
    done: Counter[str]
    killed: Counter[str] = field(default_factory=Counter)
    flushed: int = 0
    findings: list[str] = field(default_factory=list)


def hold(plan: Plan, place: Path, say: Callable[[str], None], *, postgres: bool = False) -> Outcome:
    """Live the month twice under `place`, and compare; everything that it starts has ended when this returns."""
    runs = []
    with (
        gateway.listening() as (url, delivered),
        cluster.running(durable=False) if postgres else nullcontext() as server,
        _redis(place) as redis_child,
    ):
        settings = Settings(
            data_dir=place / "data", sms_url=url, webhook_url=url, rate_limits=False,
            database_url=server.named("month") if server else "", redis_url=f"unix://{place}/redis.sock",
        )  # fmt: skip
        with House(plan, settings, place, redis_child, server) as house:
            for disturbed in (None, Disturbance(house, Random(f"{plan.seed}/deaths"))):
                began = time.monotonic()
                house.begin_month(delivered)
                house.live(disturbed, say)
                runs.append(house.left(disturbed))
                say(f"{time.monotonic() - began:6.1f} s {'with deaths' if disturbed else 'undisturbed'}")
    return _compared(house, *runs)


def _compared(house: House, calm: Run, wild: Run) -> Outcome:
    findings = [*calm.findings, *wild.findings, *rows.differences(calm.rows, wild.rows)]
    findings += _messages(calm.delivered, wild.delivered)
    compared = {name: found.total() for name, found in calm.rows.items() if found}
    figures: dict[str, object] = {
        "days and moments": f"{house.plan.days}, {len(list(house.town.moments()))}",
        "filings and acts": dict(wild.done.most_common()),
        "rows compared": sum(compared.values()),
        "rows by table": compared,
        "kills": wild.killed.total(),
        "kills by part": dict(wild.killed),
        "times Redis was emptied": wild.flushed,
        "messages delivered": len(wild.delivered.by_key),
        "messages delivered again under their key": wild.delivered.repeats(),
    }
    return Outcome(findings, compared, wild.killed, figures)


def _messages(calm: Delivered, wild: Delivered) -> Iterator[str]:
    """Compare what came out of the two houses; a repeat under the same key counts once, with the same words."""
    for key in wild.changed():
        yield f"two messages came under the key {key}"
    if calm.repeats():
        yield f"{calm.repeats()} messages came twice in the undisturbed run"
    before, after = (Counter(said[0] for said in one.by_key.values()) for one in (calm, wild))
    yield from (f"a message came only undisturbed: {said}" for said in (before - after))
    yield from (f"a message came only with deaths: {said}" for said in (after - before))


@contextmanager
def _redis(place: Path) -> Iterator[Child]:
    child, _ = redis_server.child(place / "redis.sock", place / "redis", place / "redis.log", os.environ)
    child.start()
    try:
        yield child
    finally:
        child.stop()


class House:
    """The processes of a portal, and the drill's own look into its records. It is founded once and lives twice."""

    def __init__(
        self, plan: Plan, settings: Settings, place: Path, redis_child: Child, server: cluster.Cluster | None
    ) -> None:
        self.plan, self.settings, self.place, self.redis, self.server = plan, settings, place, redis_child, server
        self.clock = DrillClock(place / "clock")
        self.now = datetime.min.replace(tzinfo=UTC)
        self.pids: dict[str, int] = {}
        self.log = place / "house.log"
        self._pause = threading.Event()
        self.town: Town
        self.delivered: Delivered

    def __enter__(self) -> House:
        """Found the city, while what begins the parts gets ready."""
        self._begin_at_midnight()
        environ = {
            **os.environ, "DATA_DIR": str(self.settings.data_dir), "DATABASE_URL": self.settings.database_url,
            "REDIS_URL": self.settings.redis_url, "SMS_URL": self.settings.sms_url,
            "WEBHOOK_URL": self.settings.webhook_url, "RATE_LIMITS": "off", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        self.settings.fonts_dir.mkdir(parents=True)
        for name in fonts.FONTS:  # the drill is no test of fonts: papers are set in those of the system
            (self.settings.fonts_dir / name).touch()
        self._administer('CREATE DATABASE "month"')
        self._log = self.log.open("ab")
        self.nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.drills.nursery", str(self.clock.file)], cwd=ROOT, env=environ, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, preexec_fn=die_with_parent,
        )  # fmt: skip
        self.app: Flask = create_app(self.settings)
        hurry(self.app)
        with self.app.app_context():
            flask_migrate.upgrade()
            self.people = cast.build(self.now)
        databases.release(self.app)
        if self._answer() != "ready":
            raise DrillFailed(f"The parts do not start.\n{self.log.read_text()[-3000:]}")
        shutil.copytree(self.settings.data_dir, self.place / "founded")
        self._administer('CREATE DATABASE "founded" TEMPLATE "month"')
        return self

    def __exit__(self, *_: object) -> None:
        """End everything."""
        self._end_parts()
        self.nursery.kill()
        self.nursery.wait()
        for pipe in (self.nursery.stdin, self.nursery.stdout, self._log):
            if pipe is not None:
                pipe.close()
        databases.release(self.app)

    def _administer(self, *statements: str) -> None:
        if self.server is None:
            return
        engine = create_engine(self.server.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def _begin_at_midnight(self) -> None:
        self.now = at_time(FIRST_DAY, datetime.min.time())
        self.clock.tell(self.now, RESTS)

    def begin_month(self, delivered: Delivered) -> None:
        """Put the city back to where it was founded, and begin all parts."""
        self._begin_at_midnight()
        shutil.rmtree(self.settings.data_dir)
        shutil.copytree(self.place / "founded", self.settings.data_dir)
        self._administer('DROP DATABASE "month" WITH (FORCE)', 'CREATE DATABASE "month" TEMPLATE "founded"')
        self.flush_redis()
        delivered.by_key = {}
        self.delivered = delivered
        self.town = Town(self.people, self.plan.seed, self.plan.days, self.plan.every, self.plan.hours, self.plan.acts)
        with self.app.app_context():
            self.town.settle_in()
        for part in PARTS:
            self.begin(part)

    def _end_parts(self) -> None:
        for pid in self.pids.values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.pids.clear()

    def _answer(self) -> str:
        assert self.nursery.stdout is not None
        return self.nursery.stdout.readline().strip()

    def begin(self, part: str) -> None:
        """Begin a part."""
        assert self.nursery.stdin is not None
        self.nursery.stdin.write(f"{part}\n")
        self.nursery.stdin.flush()
        self.pids[part] = int(self._answer())

    def kill(self, part: str) -> None:
        """Kill a part as a power cut would, and begin it anew."""
        pid = self.pids[part]
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.begin(part)
        if part == PERIODIC:
            self.let_time_pass()

    def live(self, disturbed: Disturbance | None, say: Callable[[str], None]) -> None:
        """Live through the month."""
        began, day = time.monotonic(), None
        for moment in self.town.moments():
            self.settle(moment, disturbed)
            self.clock.tell(moment, RESTS)
            with self.app.app_context():
                for _ in self.town.live(moment):
                    if disturbed is not None:
                        disturbed.between_acts()
            self.settle(moment + timedelta(seconds=1), disturbed)
            if day != moment.date() and moment.day % 10 == 0:
                day = moment.date()
                say(f"{time.monotonic() - began:6.1f} s: {day}")

    def settle(self, moment: datetime, disturbed: Disturbance | None) -> None:
        """Let the parts work at a moment until all that is due then has been said and done."""
        self.now = moment
        self.clock.tell(moment, WORKS)
        began = time.monotonic()
        if disturbed is not None:
            disturbed.plan(began)
        helped = began
        while not self._settled():
            self._pause.wait(LOOK)
            now = time.monotonic()
            if disturbed is not None:
                disturbed.strike(now)
                if now - helped > LEASES_END:
                    helped = now
                    self.let_time_pass()
            if now - began > PATIENCE:
                raise DrillFailed(f"{moment}: {self._why_not()}\n{self.log.read_text()[-3000:]}")
        if disturbed is not None:
            disturbed.strike(float("inf"))

    def _why_not(self) -> str:
        with self.app.app_context():
            open_tasks = [f"{row.kind} {row.attempts} {row.last_error}" for row in db.session.scalars(self._open())]
            beats = {row.name: (row.at, row.found) for row in db.session.query(Heartbeat)}
            db.session.rollback()
        return f"does not settle; tasks {open_tasks[:5]}, {beats}"

    def _settled(self) -> bool:
        with self.app.app_context():
            try:
                beats = {row.name: row.at for row in db.session.execute(select(Heartbeat.name, Heartbeat.at))}
                if any(beats.get(alive.line(line.name)) != self.now for line in schedule.PERIODIC):
                    return False
                for clocks in (Deadline, DirectiveClock):
                    if db.session.scalar(select(clocks.id).where(clocks.next_step_at <= self.now).limit(1)):
                        return False
                return db.session.scalars(self._open().limit(1)).first() is None
            finally:
                db.session.rollback()

    def _open(self) -> Select[tuple[Task]]:
        unfinished = Task.done_at.is_(None) & Task.dead_at.is_(None)
        return select(Task).where(unfinished, or_(Task.not_before <= self.now, Task.attempts > 0))

    def let_time_pass(self) -> None:
        """Let what is due count as waiting for a while, and the claims and leases of the dead as run out."""
        with self.app.app_context(), writing() as session:
            unfinished = Task.done_at.is_(None) & Task.dead_at.is_(None)
            mine = unfinished & or_(Task.not_before <= self.now, Task.attempts > 0)
            session.execute(update(Task).where(mine).values(not_before=self.now - LATE))
            session.execute(update(Lease).values(until=self.now - LATE))

    def lose_redis(self) -> None:
        """Kill Redis with its memory; it comes back empty."""
        assert self.redis.process is not None
        self.redis.process.kill()
        self.redis.collect()
        shutil.rmtree(self.place / "redis", ignore_errors=True)
        redis_server.make_private(self.place / "redis")
        self.redis.start()

    def flush_redis(self) -> bool:
        """Empty Redis; False while it is away."""
        with redis.Redis(unix_socket_path=str(self.place / "redis.sock"), socket_timeout=2) as client:
            try:
                return bool(client.flushall())
            except redis.RedisError:
                return False

    def left(self, disturbed: Disturbance | None) -> Run:
        """End the month and return what it left, with whatever is wrong in itself."""
        self._end_parts()
        delivered = Delivered()
        delivered.by_key = self.delivered.by_key
        with self.app.app_context():
            run = Run(rows.taken(db.session()), delivered, self.town.done + Counter(filing=self.town.filed))
            run.findings += self._wrong()
            db.session.rollback()
        databases.release(self.app)
        if disturbed is not None:
            run.killed, run.flushed = disturbed.killed, disturbed.flushed
        return run

    def _wrong(self) -> Iterator[str]:
        if db.engine.dialect.name == "sqlite":
            for (line,) in db.session.execute(text("PRAGMA integrity_check")):
                if line != "ok":
                    yield f"the database file is damaged: {line}"
        yield from (finding.sentence for finding in audit.verify(audit.Checked()))
        doubled = select(Event.case_id, Event.seq).group_by(Event.case_id, Event.seq).having(func.count() > 1)
        yield from (f"event {seq} of case {case} is there twice" for case, seq in db.session.execute(doubled))
        for row in db.session.scalars(select(Task).where(Task.dead_at.is_not(None))):
            yield f"task {row.id} ({row.kind}) was given up after {row.attempts} tries: {row.last_error}"
        for paper in db.session.scalars(select(Document).where(Document.state == states.MADE)):
            if hashlib.sha256(documents.read(paper)).digest() != paper.sha256:
                yield f"the file of paper {paper.id} is not what was made"
