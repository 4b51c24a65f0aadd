"""The workers as processes: fed by the queue, helping themselves without it, started again when killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from redis.exceptions import ConnectionError as RedisIsAway

from casework import alive, channels, documents, notify, tasks
from config import Settings
from jobs import queues, workers
from jobs.pulse import Pulse
from jobs.workers import Lane, TaskWorker
from models import Document, FilerMessage, Heartbeat, Task, clock, db
from models import document as states
from models.base import writing
from script.support.processes import Supervisor, marked_processes
from tests.support import cast

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


@pytest.fixture
def lane(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lane]:
    """A lane for tasks whose pulse does not beat; signals are as before afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    yield Lane("default", app.app_context, Pulse("worker.default", app.app_context, longest=60))
    for number, handler in before.items():
        signal.signal(number, handler)


def order() -> None:
    """A complaint is accepted: a paper and a message to the filer are due."""
    now = clock.now()
    case = cast.case_of(cast.file(now=now, content=f"{cast.COMPLAINT['content']}{db.session.query(Task).count()}"))
    with writing() as session:
        rows = documents.add(session, documents.order_rows(case, "accept", 2, [documents.ACCEPTANCE], {}, now), now)
        rows += notify.add(session, notify.filer_message_rows(case, 2, "您的投诉已受理。", [], now), now)
        added = tasks.add(session, rows)
    tasks.wake(added)


def left() -> int:
    """How many tasks are not done; what was read before is not believed."""
    db.session.rollback()
    return db.session.query(Task).filter(Task.done_at.is_(None)).count()


def test_the_worker_takes_tasks_from_the_queue_as_json(lane: Lane, context: Flask, redis_url: str) -> None:
    cast.build()
    channels.install({})
    tasks.carry_with(None)  # or the carrier brings the same task once more, a moment later
    cast.file(now=cast.MORNING)  # in office hours: nobody on duty is told
    server = queues.connect(redis_url)
    queues.push(server, tasks.overdue(clock.now()))
    TaskWorker(lane, workers.connect(redis_url)).work(burst=True, logging_level="WARNING")
    assert left() == 0
    assert lane.pulse.done == 1
    assert server.keys("rq:job:*") == []


def test_a_worker_without_redis_helps_itself_after_a_while(
    lane: Lane, context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REL-07"""
    cast.build()
    channels.install({})
    cast.file(now=cast.MORNING)  # in office hours: nobody on duty is told
    lane.redis_is_away()
    assert left() == 1
    monkeypatch.setattr(workers, "AWAY_BEFORE_DRAIN", 0.0)
    lane.redis_is_away()
    assert left() == 0
    lane.redis_answered()


def test_a_worker_says_in_its_waiting_loop_that_redis_went(
    lane: Lane, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = TaskWorker(lane, workers.connect(redis_url))
    noticed: list[bool] = []
    monkeypatch.setattr(lane, "redis_is_away", lambda: noticed.append(True))
    worker.connection = workers.connect("redis://127.0.0.1:1/0")
    with pytest.raises(RedisIsAway):
        worker.heartbeat()
    assert noticed == [True]


def test_a_worker_ends_for_a_fresh_one_after_its_share_of_jobs(lane: Lane, redis_url: str) -> None:
    lane.pulse.done = workers.RECYCLED_AFTER
    workers.serve(lane, redis_url)
    assert not lane.stopping


def test_work_that_hangs_ends_its_process(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Ended(BaseException):
        pass

    def end(code: int) -> None:
        raise Ended(code)

    monkeypatch.setattr(os, "_exit", end)
    pulse = Pulse("worker.pdf", app.app_context, longest=-1.0)
    with pulse.busy("task-1-0"), pytest.raises(Ended, match="3"):
        pulse._beat()


def test_a_heartbeat_says_what_is_being_done(app: Flask, context: Flask) -> None:
    pulse = Pulse("worker.default", app.app_context, longest=60)
    with pulse.busy("task-7-0"):
        pulse.start()
        pulse.stop()
    found = db.session.query(Heartbeat).one()
    assert found.name == "worker.default"
    assert found.found["busy"] == "task-7-0"


@pytest.fixture
def house(settings: Settings, app: Flask) -> Iterator[tuple[subprocess.Popen[bytes], Supervisor]]:
    """`python worker.py` on the databases of the test."""
    environ = {
        **os.environ,
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
    }
    if (ROOT / "instance" / "fonts").is_dir():
        (settings.data_dir / "fonts").symlink_to(ROOT / "instance" / "fonts")
    settings.logs_dir.mkdir(parents=True, exist_ok=True)
    with (settings.logs_dir / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "worker.py"], cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True
        )
    yield process, Supervisor(print)
    process.kill()
    process.wait()


def pids(now_within: timedelta) -> dict[str, int]:
    """The process of each part that was alive just now."""
    db.session.rollback()
    fresh = db.session.query(Heartbeat).filter(Heartbeat.at > clock.now() - now_within)
    return {row.name: row.found["pid"] for row in fresh if row.name in alive.PARTS}


@pytest.mark.drill
def test_the_house_works_survives_a_kill_and_ends_when_asked(
    house: tuple[subprocess.Popen[bytes], Supervisor], context: Flask, settings: Settings
) -> None:
    process, watch = house
    mark = f"DATA_DIR={settings.data_dir}"
    cast.build()
    recent = timedelta(seconds=7)
    assert watch.wait_until(lambda: set(pids(recent)) == set(alive.PARTS), PATIENCE)

    order()
    assert watch.wait_until(lambda: left() == 0, PATIENCE)
    paper = db.session.query(Document).filter_by(kind=documents.ACCEPTANCE).one()
    assert paper.state == states.MADE
    assert documents.read(paper).startswith(b"%PDF-1.7")
    assert {message.failed for message in db.session.query(FilerMessage)} == {None}

    lost = {pids(recent)[part] for part in ("worker.default", "worker.pdf")}
    for pid in lost:
        os.kill(pid, signal.SIGKILL)
    assert watch.wait_until(lambda: set(pids(recent).values()).isdisjoint(lost), PATIENCE)
    order()
    assert watch.wait_until(lambda: left() == 0, PATIENCE)

    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert watch.wait_until(lambda: list(marked_processes(mark)) == [], PATIENCE)
