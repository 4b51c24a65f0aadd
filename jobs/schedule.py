"""The periodic table: what is done every so often, by one process in the whole house.

A lease in the database chooses the process; the others wait for it to run out. Nothing here is lost when a turn is
missed: each piece of work looks at what is due, not at how often it was called.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from redis import Redis
from redis.exceptions import RedisError

from casework import (
    alive,
    attachments,
    callbacks,
    digest,
    directives,
    documents,
    drafts,
    receipts,
    sessions,
    sweep,
    tasks,
    throttle,
)
from casework.assessment import keeping as assessment
from casework.hotspots import keeping as hotspots
from casework.incidents import suggesting
from jobs import queues
from jobs.pulse import AppContext, Pulse
from models import clock
from models.base import db

log = logging.getLogger("portal.schedule")

LEASE = "periodic"
LEASE_LENGTH = timedelta(seconds=20)
TURN = 1.0
"""Seconds between two looks at the table."""
FRESH = timedelta(seconds=5)
"""Rows younger than this are on their way already."""
BATCH = 500
PAPERS_AT_ONCE = 60
"""Papers made up in one go: some seconds of the worker, so that fresh ones do not wait long behind them."""


@dataclass(frozen=True)
class House:
    """What the periodic work needs besides the database."""

    redis: Redis


@dataclass(frozen=True)
class Done:
    """What a piece of work did: counts by name, for whoever reads the heartbeat, and whether there is more to do."""

    found: Mapping[str, int]
    more: bool = False


Work = Callable[[House, datetime], "bool | Done"]
"""Returns True (or `more`) when there is more to do at once."""


@dataclass(frozen=True)
class Periodic:
    """One line of the table."""

    name: str
    every: float
    work: Work


def reconcile(house: House, now: datetime) -> Done:
    """Bring the workers every task that is due and lies in no queue: Redis was away, came back empty, or a worker
    died. With Redis away the workers help themselves, so nothing is to be done."""
    rows = tasks.overdue(now - FRESH)
    db.session.rollback()  # nothing was written: the reading ends before Redis is waited for
    try:
        queues.clean(house.redis)
        carried = queues.push_missing(house.redis, rows)
    except RedisError as error:
        log.warning("Redis is away (%s): %d tasks wait in the database", type(error).__name__, len(rows))
        return Done({"due": len(rows), "carried": 0})
    tasks.carried([row.id for row in carried], now)
    if carried:
        log.info("carried %d tasks that lay in no queue", len(carried))
    return Done({"due": len(rows), "carried": len(carried)})


def look_at_terms(_house: House, now: datetime) -> Done:
    """Say what has to be said about terms; in portions, so that tasks do not wait for a long sweep."""
    found = sweep.run(now, limit=BATCH)
    counts = asdict(found)
    return Done(counts, sum(counts.values()) >= BATCH)


def look_at_directives(_house: House, now: datetime) -> Done:
    """Say what has to be said about directives that nobody has acknowledged or reported on."""
    spoken = directives.sweep(now, limit=BATCH)
    return Done({"spoken": spoken}, spoken >= BATCH)


def write_digests(_house: House, now: datetime) -> Done:
    """Send each person the list of the day, once its hour has come."""
    return Done({"written": digest.write_due(now)})


def erase(_house: House, now: datetime) -> bool:
    """Erase what may be kept no longer: codes of past visits, drafts, sessions that ran out."""
    more = receipts.erase_old(now, BATCH) >= BATCH
    drafts.erase_expired(now)
    sessions.end_expired(now)
    throttle.sweep(now)
    return more


def tidy(_house: House, now: datetime) -> bool:
    """Forget tasks done long ago and files that nobody finished writing."""
    documents.sweep_scratch(now)
    return tasks.forget_done(now, BATCH) >= BATCH


def make_up_papers(_house: House, now: datetime) -> Done:
    """Have papers made that nobody waits for, some at a time: what filings of the public order, what is left over."""
    added = documents.make_up(now, PAPERS_AT_ONCE)
    tasks.wake(added)
    return Done({"queued": len(added)})


def look_for_incidents(_house: House, now: datetime) -> Done:
    """Suggest incidents from the filings of the last days; a person opens or dismisses them."""
    found = suggesting.look(now)
    if found.made:
        log.info("suggested %d incident(s)", found.made)
    return Done({"suggested": found.made})


def look_for_hotspots(_house: House, now: datetime) -> Done:
    """Order the look of the day; a worker looks."""
    added = hotspots.order(now)
    tasks.wake(added)
    return Done({"ordered": len(added)})


def look_for_strays(_house: House, now: datetime) -> Done:
    """Erase uploads that belong to nothing; report rows whose file is gone."""
    found = attachments.sweep_strays(now)
    if found.missing:
        log.error("files are missing of the attachments %s", list(found.missing))
    return Done({"files": found.files, "loose": found.loose, "missing": len(found.missing)})


def draw_callbacks(_house: House, now: datetime) -> Done:
    """Draw which cases of the last month are called back, once it is over; once for each month."""
    return Done({"drawn": callbacks.draw_last(now)})


def count_assessment(_house: House, now: datetime) -> Done:
    """Have the last month's assessment of units counted as soon as it may be; once for each month."""
    return Done({"ordered": assessment.order_due(now)})


PERIODIC: tuple[Periodic, ...] = (
    Periodic("reconcile", 20, reconcile),
    Periodic("terms", 60, look_at_terms),
    Periodic("directives", 60, look_at_directives),
    Periodic("digests", 60, write_digests),
    Periodic("erase", 300, erase),
    Periodic("papers", 600, make_up_papers),
    Periodic("incidents", 300, look_for_incidents),
    Periodic("hotspots", 600, look_for_hotspots),
    Periodic("tidy", 3600, tidy),
    Periodic("strays", 6 * 3600, look_for_strays),
    Periodic("callbacks", 3600, draw_callbacks),
    Periodic("assessment", 3600, count_assessment),
)


@dataclass
class Clockwork:
    """Goes through the table until it is stopped."""

    house: House
    context: AppContext
    table: tuple[Periodic, ...] = PERIODIC
    holder: str = field(default_factory=lambda: f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}")
    _next: dict[str, float] = field(default_factory=dict)
    _so_far: dict[str, Counter[str]] = field(default_factory=dict)
    """What a line found that is not through yet: long work comes in portions."""

    def holds_lease(self) -> bool:
        """Take or renew the lease; False while another process has it. Needs the app's context."""
        return alive.acquire(LEASE, self.holder, clock.now(), LEASE_LENGTH)

    def turn(self, pulse: Pulse | None = None) -> list[str]:
        """Do once whatever is due; return the names of what was done. An error in one leaves the others alone."""
        done = []
        for line in self.table:
            if time.monotonic() < self._next.get(line.name, 0.0):
                continue
            self._next[line.name] = time.monotonic() + line.every
            try:
                if self._work(line, pulse):
                    self._next[line.name] = 0.0
                done.append(line.name)
            except Exception as error:
                log.error("periodic %s failed: %s", line.name, tasks.describe(error))
                self._say_failed(line, error)
        return done

    def _work(self, line: Periodic, pulse: Pulse | None) -> bool:
        with self.context():
            if pulse is None:
                return self._record(line, line.work(self.house, clock.now()))
            with pulse.busy(line.name):
                more = self._record(line, line.work(self.house, clock.now()))
            pulse.done += 1
            return more

    def _record(self, line: Periodic, result: bool | Done) -> bool:
        """Say in the heartbeat that the line went well and what it found, portions added up; return whether there is
        more."""
        outcome = result if isinstance(result, Done) else Done({}, result)
        found = self._so_far.pop(line.name, Counter()) + Counter(outcome.found)
        alive.beat(alive.line(line.name), {**dict.fromkeys(outcome.found, 0), **found}, clock.now())
        if outcome.more:
            self._so_far[line.name] = found
        return outcome.more

    def _say_failed(self, line: Periodic, error: Exception) -> None:
        """Say in the heartbeat that the line failed: type and place. When even that fails, the log has it."""
        self._so_far.pop(line.name, None)
        try:
            with self.context():
                alive.beat(alive.line(line.name) + alive.FAILED, {"error": tasks.describe(error)}, clock.now())
        except Exception as silent:
            log.error("periodic %s: its failure could not be written down: %s", line.name, type(silent).__name__)

    def has_more(self) -> bool:
        """Tell whether a line left work that is waiting for the next turn: then nobody pauses before it."""
        return 0.0 in self._next.values()

    def run(self, stop: threading.Event) -> None:
        """Work while the lease is held, wait while it is not, until `stop` is set; then give the lease back."""
        pulse = Pulse("periodic", self.context, longest=600, also=self.holds_lease)
        pulse.start()
        held = False
        while not stop.is_set():
            held = self._look(held)
            if held:
                self.turn(pulse)
            stop.wait(0.0 if held and self.has_more() else TURN)
        pulse.stop()
        with self.context():
            alive.release(LEASE, self.holder)

    def _look(self, held: bool) -> bool:
        try:
            with self.context():
                holds = self.holds_lease()
        except Exception as error:
            log.error("the lease of the periodic work cannot be read: %s", type(error).__name__)
            return False
        if holds != held:
            log.info("%s %s the periodic work", self.holder, "does" if holds else "leaves to another process")
        return holds
