"""The two workers: one process for each queue, warm, without a fork for each job.

Redis tells them what to do while it is there. When it has been away for a while they take what is due straight from
the database, more slowly, and go back to the queue when it answers again.
"""

from __future__ import annotations

import logging
import time
from types import FrameType
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer

from jobs import queues, run
from jobs.pulse import AppContext, Pulse
from models import clock

log = logging.getLogger("portal.worker")

AWAY_BEFORE_DRAIN = 15.0
"""Seconds without Redis after which a worker helps itself from the database."""
PAUSE = 1.0
RECYCLED_AFTER = 500
"""Jobs after which a process ends, so that what libraries do not give back is given back."""


class Lane:
    """What a worker process keeps over reconnections: its queue, its pulse, whether Redis is away, whether to stop."""

    def __init__(self, queue: str, context: AppContext, pulse: Pulse) -> None:
        self.queue = queue
        self.context = context
        self.pulse = pulse
        self.stopping = False
        self.draining = False
        self._away_since: float | None = None

    def redis_answered(self) -> None:
        """Note that Redis is there."""
        if self._away_since is not None:
            log.info("%s: Redis is back", self.queue)
        self._away_since = None

    def redis_is_away(self) -> None:
        """Note that Redis does not answer; after a while, do what is due without it."""
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            log.warning("%s: Redis is away", self.queue)
        if now - self._away_since < AWAY_BEFORE_DRAIN or self.stopping:
            return
        self.draining = True
        try:
            with self.pulse.busy("drain"), self.context():
                self.pulse.done += run.drain(clock.now(), [self.queue], limit=10)
        except Exception as error:
            log.error("%s: the database cannot be worked on: %s", self.queue, type(error).__name__)
        finally:
            self.draining = False


class TaskWorker(SimpleWorker):
    """RQ's worker in one process, with our application around each job and our notes on Redis."""

    max_connection_wait_time = 2.0

    def __init__(self, lane: Lane, connection: Redis) -> None:
        self.lane = lane
        super().__init__(
            [queues.named(lane.queue, connection)],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=30,
            maintenance_interval=60,
            log_job_description=False,
        )

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run one job inside the application."""
        with self.lane.pulse.busy(job.id), self.lane.context():
            super().execute_job(job, queue)
        self.lane.pulse.done += 1

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Say to Redis that we live; called in each turn of the waiting loop, which is where its absence shows."""
        try:
            super().heartbeat(timeout, pipeline)
        except RedisError:
            self.lane.redis_is_away()
            if self.lane.stopping:
                raise StopRequested from None
            raise
        self.lane.redis_answered()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Stop after the job under way; a second signal changes nothing."""
        self.lane.stopping = True
        self._stop_requested = True
        # RQ raises out of its waiting here. Not while a job runs from the database, which RQ knows nothing of.
        if not self.lane.draining and self.get_state() != "busy":
            raise StopRequested


def connect(url: str) -> Redis:
    """Return a client that may wait for a job, but not for a server that is away."""
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=1.0)


def serve(lane: Lane, url: str) -> None:
    """Work until asked to stop, or until it is time for a fresh process."""
    while not lane.stopping and lane.pulse.done < RECYCLED_AFTER:
        try:
            try:
                TaskWorker(lane, connect(url)).work(logging_level="WARNING", max_jobs=RECYCLED_AFTER)
            except (RedisError, OSError):
                lane.redis_is_away()
            time.sleep(PAUSE)
        except StopRequested:
            break
    log.info("%s: ending after %d jobs", lane.queue, lane.pulse.done)
