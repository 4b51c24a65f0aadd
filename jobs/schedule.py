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
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from redis import Redis
from redis.exceptions import RedisError

from casework import alive, attachments, digest, documents, drafts, receipts, sessions, sweep, tasks, throttle
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


@dataclass(frozen=True)
class House:
    """What the periodic work needs besides the database."""

    redis: Redis


Work = Callable[[House, datetime], bool]
"""Returns True when there is more to do at once."""


@dataclass(frozen=True)
class Periodic:
    """One line of the table."""

    name: str
    every: float
    work: Work


def reconcile(house: House, now: datetime) -> bool:
    """Bring the workers every task that is due and lies in no queue: Redis was away, came back empty, or a worker
    died. With Redis away the workers help themselves, so nothing is to be done."""
    rows = tasks.overdue(now - FRESH)
    db.session.rollback()  # nothing was written: the reading ends before Redis is waited for
    try:
        queues.clean(house.redis)
        carried = queues.push_missing(house.redis, rows)
    except RedisError as error:
        log.warning("Redis is away (%s): %d tasks wait in the database", type(error).__name__, len(rows))
        return False
    tasks.carried([row.id for row in carried], now)
    if carried:
        log.info("carried %d tasks that lay in no queue", len(carried))
    return False


def look_at_terms(_house: House, now: datetime) -> bool:
    """Say what has to be said about terms; in portions, so that tasks do not wait for a long sweep."""
    found = sweep.run(now, limit=BATCH)
    return found.spoken + found.lapsed + found.failed >= BATCH


def write_digests(_house: House, now: datetime) -> bool:
    """Send each person the list of the day, once its hour has come."""
    digest.write_due(now)
    return False


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


def look_for_strays(_house: House, now: datetime) -> bool:
    """Erase uploads that belong to nothing; report rows whose file is gone."""
    found = attachments.sweep_strays(now)
    if found.missing:
        log.error("files are missing of the attachments %s", list(found.missing))
    return False


PERIODIC: tuple[Periodic, ...] = (
    Periodic("reconcile", 20, reconcile),
    Periodic("terms", 60, look_at_terms),
    Periodic("digests", 60, write_digests),
    Periodic("erase", 300, erase),
    Periodic("tidy", 3600, tidy),
    Periodic("strays", 6 * 3600, look_for_strays),
)


@dataclass
class Clockwork:
    """Goes through the table until it is stopped."""

    house: House
    context: AppContext
    table: tuple[Periodic, ...] = PERIODIC
    holder: str = field(default_factory=lambda: f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}")
    _next: dict[str, float] = field(default_factory=dict)

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
        return done

    def _work(self, line: Periodic, pulse: Pulse | None) -> bool:
        with self.context():
            if pulse is None:
                return line.work(self.house, clock.now())
            with pulse.busy(line.name):
                more = line.work(self.house, clock.now())
            pulse.done += 1
            return more

    def run(self, stop: threading.Event) -> None:
        """Work while the lease is held, wait while it is not, until `stop` is set; then give the lease back."""
        pulse = Pulse("periodic", self.context, longest=600, also=self.holds_lease)
        pulse.start()
        held = False
        while not stop.is_set():
            held = self._look(held)
            if held:
                self.turn(pulse)
            stop.wait(TURN)
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
