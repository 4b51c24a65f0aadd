"""Carrying tasks over a real server of the Redis protocol, which may go away and come back empty."""

from __future__ import annotations

import json
import threading
import time
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from redis import Redis
from redis.exceptions import RedisError

from casework import tasks
from casework.tasks import DOCUMENT_MAKE, MESSAGE_SEND, Added
from jobs import queues, schedule
from models import Task, db
from models.base import writing

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)
ROWS = [Added(1, MESSAGE_SEND), Added(2, DOCUMENT_MAKE), Added(3, MESSAGE_SEND, 2)]


@pytest.fixture
def server(redis_url: str) -> Redis:
    """An empty Redis."""
    return queues.connect(redis_url)


def test_rows_go_to_the_queue_of_their_kind_once_per_attempt(server: Redis) -> None:
    queues.push(server, ROWS)
    assert queues.lying(server) == {"default": {"task-1-0", "task-3-2"}, "pdf": {"task-2-0"}}


def test_what_lies_in_redis_is_json_and_an_id(server: Redis) -> None:
    queues.push(server, [Added(1, MESSAGE_SEND)])
    data = server.hget("rq:job:task-1-0", "data")
    assert isinstance(data, bytes)
    name, _instance, args, kwargs = json.loads(zlib.decompress(data))
    assert (name, args, kwargs) == ("jobs.run.run_task", [1], {})


def test_only_what_lies_in_no_queue_is_carried_again(server: Redis) -> None:
    queues.push(server, ROWS[:1])
    assert queues.push_missing(server, ROWS) == ROWS[1:]
    assert queues.push_missing(server, ROWS) == []
    server.flushdb()
    assert queues.push_missing(server, ROWS) == ROWS


def test_a_request_hands_its_tasks_over_without_waiting(redis_url: str, server: Redis) -> None:
    carrier = queues.Carrier(redis_url)
    carrier(ROWS)
    assert carrier.flush()
    assert queues.lying(server)["default"] == {"task-1-0", "task-3-2"}
    carrier.close()


def test_handing_over_costs_less_than_half_a_millisecond_even_without_redis() -> None:
    carrier = queues.Carrier("redis://127.0.0.1:1/0")
    times = []
    for number in range(200):
        began = time.perf_counter()
        carrier([Added(number, MESSAGE_SEND)])
        times.append(time.perf_counter() - began)
    assert sorted(times)[190] < 0.0005
    assert carrier.flush(10)
    carrier.close()


def test_an_absent_redis_is_left_alone_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    carrier = queues.Carrier("redis://127.0.0.1:1/0")
    carrier(ROWS)
    assert carrier.flush(10)
    carrier(ROWS)
    assert caplog.text.count("Redis is away") == 1
    carrier.close()


def test_a_carrier_that_is_replaced_carries_what_it_was_given_and_ends(redis_url: str, server: Redis) -> None:
    before = threading.active_count()
    carrier = queues.install(redis_url)
    carrier(ROWS)
    other = queues.install(redis_url)
    assert carrier.flush()
    carrier([Added(9, MESSAGE_SEND)])
    other.close()
    assert queues.lying(server)["default"] == {"task-1-0", "task-3-2"}
    for thread in threading.enumerate():
        if thread.name == "task-carrier":
            thread.join(5)
    assert threading.active_count() <= before
    tasks.carry_with(None)


def test_an_absent_redis_is_noticed_at_once() -> None:
    began = time.perf_counter()
    with pytest.raises(RedisError):
        queues.push(queues.connect("redis://127.0.0.1:1/0"), ROWS)
    assert time.perf_counter() - began < 1.0


def write(*keys: str) -> list[Added]:
    """Write message tasks."""
    with writing() as session:
        return tasks.add(session, [tasks.row(MESSAGE_SEND, {"message_id": 1}, key, NOW) for key in keys])


def test_everything_due_is_rebuilt_when_redis_comes_back_empty(context: Flask, server: Redis) -> None:
    """REL-12"""
    rows = write("a", "b", "c")
    queues.push(server, rows)
    server.flushall()
    house = schedule.House(server)
    assert not schedule.reconcile(house, LATER).more
    assert queues.lying(server)["default"] == {f"task-{row.id}-0" for row in rows}
    assert {carried for (carried,) in db.session.query(Task.carried_at)} == {LATER}


def test_rows_on_their_way_and_rows_being_worked_on_are_left_alone(context: Flask, server: Redis) -> None:
    first, second = write("a", "b")
    house = schedule.House(server)
    schedule.reconcile(house, NOW + timedelta(seconds=4))
    assert queues.lying(server)["default"] == set()
    tasks.claim(first.id, NOW)
    schedule.reconcile(house, LATER)
    assert queues.lying(server)["default"] == {f"task-{second.id}-0"}


def test_a_task_of_a_killed_worker_is_carried_again_within_two_minutes(context: Flask, server: Redis) -> None:
    """REL-11"""
    (row,) = write("a")
    queues.push(server, [row])
    server.delete("rq:queue:default")  # the worker took it
    assert tasks.claim(row.id, NOW) is not None  # and was killed
    house, carried_at = schedule.House(server), None
    period = next(line.every for line in schedule.PERIODIC if line.name == "reconcile")
    now = NOW
    while carried_at is None and now < NOW + timedelta(minutes=10):
        now += timedelta(seconds=period)
        schedule.reconcile(house, now)
        if queues.lying(server)["default"] == {f"task-{row.id}-1"}:
            carried_at = now
    assert carried_at is not None
    assert carried_at - NOW <= timedelta(seconds=120)


def test_the_reconciler_waits_patiently_for_redis(context: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """REL-07"""
    write("a")
    schedule.reconcile(schedule.House(queues.connect("redis://127.0.0.1:1/0")), LATER)
    assert "1 tasks wait in the database" in caplog.text
