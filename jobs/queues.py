"""Carrying tasks to the workers by RQ: ids only, as JSON. Redis may lose all of it at any moment.

The web process hands rows to a thread, so that no request waits for Redis; the periodic process brings whatever was
lost. Carrying a row twice does no harm: the second worker finds it claimed.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Iterable, Sequence

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from casework import tasks
from casework.tasks import KINDS, QUEUES, Added

log = logging.getLogger("portal.queues")

RUN = "jobs.run.run_task"
BATCH = 500
BACKLOG = 10_000
"""More than this in the hands of the carrier, or in one queue, is left to the reconciler."""
AWAY_PAUSE = 5.0
"""Seconds for which Redis is left alone after it did not answer."""
LINGER = 0.02
"""Seconds for which the carrier gathers what else comes: one journey for many rows costs little more than for one."""
MARGIN = 10
"""Seconds by which a job is stopped before its lease ends."""


def connect(url: str, patience: float = 2.0) -> Redis:
    """Return a client that gives up at once: a task that is not carried now is carried later."""
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=1.0, socket_timeout=patience)


def answers(url: str) -> bool:
    """Tell whether Redis answers now."""
    try:
        with connect(url) as connection:
            return bool(connection.ping())
    except (RedisError, OSError):
        return False


def named(name: str, connection: Redis) -> Queue:
    """Return an RQ queue that speaks JSON."""
    return Queue(name, connection=connection, serializer=JSONSerializer)


def push(connection: Redis, rows: Iterable[Added]) -> None:
    """Hand rows to the workers. Raises RedisError when Redis is away."""
    wanted: dict[str, list[Added]] = {}
    for row in rows:
        wanted.setdefault(KINDS[row.kind].queue, []).append(row)
    for name, mine in wanted.items():
        named(name, connection).enqueue_many(
            [
                Queue.prepare_data(
                    RUN,
                    args=[row.id],
                    job_id=f"task-{row.id}-{row.attempts}",
                    timeout=int(KINDS[row.kind].lease.total_seconds()) - MARGIN,
                    result_ttl=0,
                    failure_ttl=60,
                    description=row.kind,
                )
                for row in mine
            ]
        )


def lying(connection: Redis) -> dict[str, set[str]]:
    """Return the job ids that lie in each queue; those of a very long queue are not read and count as all there."""
    found: dict[str, set[str]] = {}
    for name in QUEUES:
        lane = named(name, connection)
        if lane.count <= BACKLOG:
            found[name] = set(lane.get_job_ids())
    return found


def push_missing(connection: Redis, rows: Sequence[Added]) -> list[Added]:
    """Hand over those rows that lie in no queue; return them."""
    there = lying(connection)
    missing = [
        row
        for row in rows
        if row.kind in KINDS
        and KINDS[row.kind].queue in there
        and f"task-{row.id}-{row.attempts}" not in there[KINDS[row.kind].queue]
    ]
    for start in range(0, len(missing), BATCH):
        push(connection, missing[start : start + BATCH])
    return missing


def clean(connection: Redis) -> None:
    """Let RQ forget jobs whose worker died; the rows themselves come back by their lease."""
    for name in QUEUES:
        StartedJobRegistry(queue=named(name, connection)).cleanup()


class Carrier:
    """Takes rows from requests and carries them from a thread of its own. Never blocks, never raises."""

    def __init__(self, url: str) -> None:
        self._connection = connect(url)
        self._rows: queue.SimpleQueue[Added | None] = queue.SimpleQueue()
        self._pid = 0
        self._lock = threading.Lock()
        self._away_until = 0.0
        self._idle = threading.Event()
        self._idle.set()

    def __call__(self, rows: Sequence[Added]) -> None:
        """Take rows; they are on their way a moment later, or are left to the reconciler."""
        if self._rows.qsize() > BACKLOG or time.monotonic() < self._away_until:
            return
        self._idle.clear()
        for row in rows:
            self._rows.put(row)
        if self._pid != os.getpid():
            self._start()

    def flush(self, patience: float = 2.0) -> bool:
        """Wait until everything taken so far was carried or dropped; False if that took longer than `patience` s."""
        return self._idle.wait(patience)

    def _start(self) -> None:
        with self._lock:
            if self._pid != os.getpid():  # also after a fork, which threads do not survive
                self._pid = os.getpid()
                threading.Thread(target=self._carry, name="task-carrier", daemon=True).start()

    def close(self) -> None:
        """End the thread after what it was given; what comes later is left to the reconciler."""
        self._away_until = float("inf")
        if self._pid == os.getpid():
            self._rows.put(None)

    def _carry(self) -> None:
        while True:
            batch = [self._rows.get()]
            time.sleep(LINGER)
            while len(batch) < BATCH and not self._rows.empty():
                batch.append(self._rows.get())
            self._push([row for row in batch if row is not None])
            if self._rows.empty():
                self._idle.set()
            if None in batch:
                self._connection.close()
                return

    def _push(self, batch: list[Added]) -> None:
        if time.monotonic() < self._away_until < float("inf"):
            return
        try:
            push(self._connection, batch)
        except RedisError as error:
            self._away_until = max(self._away_until, time.monotonic() + AWAY_PAUSE)
            log.warning("Redis is away (%s); tasks wait for the reconciler", type(error).__name__)
        except Exception:
            log.exception("tasks were not carried")


_installed: Carrier | None = None


def install(url: str) -> Carrier:
    """Let this process carry the tasks it writes."""
    global _installed
    if _installed is not None:
        _installed.close()
    _installed = Carrier(url)
    tasks.carry_with(_installed)
    return _installed
