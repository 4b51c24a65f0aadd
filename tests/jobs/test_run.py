"""Running tasks: done once, tried again, given up; the same with the queue and straight from the database."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest
from flask import Flask

from casework import tasks
from casework.tasks import Claim, Kind
from jobs import run
from models import Setting, Task, clock, db
from models.base import writing

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Work(ModuleType):
    """A module of jobs whose behaviour each test chooses."""

    def __init__(self) -> None:
        super().__init__("tests_work")
        self.calls: list[int] = []
        self.given_up: list[int] = []
        self.error: BaseException | None = None

    def write(self, claim: Claim, now: datetime) -> str:
        """Write a row and the mark in one transaction."""
        self.calls.append(claim.attempts)
        with writing() as session:
            session.add(Setting(key="done", value=str(claim.id), changed_at=now))
            if self.error is not None:
                raise self.error
            claim.finish(session, now)
        return "written"

    def outside(self, claim: Claim, _now: datetime) -> str:
        """Do something that leaves nothing in the database."""
        self.calls.append(claim.attempts)
        if self.error is not None:
            raise self.error
        return "sent"

    def lost(self, claim: Claim) -> None:
        """Be told of the end."""
        self.given_up.append(claim.id)


@pytest.fixture
def work(context: Flask, monkeypatch: pytest.MonkeyPatch) -> Work:
    """Two kinds of tasks with the module that does them."""
    made = Work()
    kinds = {
        "test.write": Kind("default", "tests_work:write", 3, (10, 60), gave_up="tests_work:lost"),
        "test.outside": Kind("pdf", "tests_work:outside", 3, (10, 60)),
    }
    monkeypatch.setitem(__import__("sys").modules, "tests_work", made)
    monkeypatch.setattr(tasks, "KINDS", kinds)
    monkeypatch.setattr(run, "KINDS", kinds)
    return made


def write(kind: str, key: str = "a") -> int:
    """Write one task; return its id."""
    with writing() as session:
        (row,) = tasks.add(session, [tasks.row(kind, {}, key, NOW)])
    return row.id


def stored(task_id: int) -> Task:
    """The row as it stands in the database."""
    return db.session.get_one(Task, task_id, populate_existing=True)


def test_the_queue_runs_a_task_by_its_id(work: Work) -> None:
    task_id = write("test.write")
    with clock.frozen(NOW + SECOND):
        run.run_task(task_id)
        run.run_task(task_id)
    assert work.calls == [1]
    assert stored(task_id).done_at == NOW + SECOND
    assert db.session.query(Setting).count() == 1


def test_work_outside_of_the_database_is_marked_afterwards(work: Work) -> None:
    task_id = write("test.outside")
    assert run.run(task_id, NOW)
    assert stored(task_id).done_at == NOW


def test_a_failure_leaves_no_effect_and_is_tried_again(work: Work, caplog: pytest.LogCaptureFixture) -> None:
    task_id = write("test.write")
    work.error = ValueError("13800001234")
    with caplog.at_level(logging.INFO, logger="portal"):
        assert not run.run(task_id, NOW)
    assert db.session.query(Setting).count() == 0
    assert "13800001234" not in caplog.text
    assert not run.run(task_id, NOW + 9 * SECOND)
    work.error = None
    assert run.run(task_id, NOW + 10 * SECOND)
    assert work.calls == [1, 2]


def test_after_the_last_try_the_duty_is_told_and_others_go_on(work: Work) -> None:
    poison, good = write("test.write", "poison"), write("test.outside", "good")
    work.error = RuntimeError()
    now = NOW
    for _ in range(3):
        run.run(poison, now)
        now += timedelta(hours=1)
    work.error = None
    assert work.given_up == [poison]
    assert run.drain(now) == 1
    assert stored(good).done_at == now
    assert stored(poison).dead_at is not None


def test_a_task_that_kills_its_worker_is_told_of_as_well(work: Work) -> None:
    task_id = write("test.write")
    work.error = KeyboardInterrupt()
    now = NOW
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            run.run(task_id, now)
        db.session.rollback()
        now += tasks.LEASE + SECOND
    assert not run.run(task_id, now)
    assert work.given_up == [task_id]


def test_killed_before_the_commit_the_effect_comes_once(work: Work) -> None:
    task_id = write("test.write")
    work.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run.run(task_id, NOW)
    work.error = None
    assert run.drain(NOW + timedelta(seconds=120)) == 1
    assert db.session.query(Setting).count() == 1


def test_a_worker_drains_its_own_queue_only(work: Work) -> None:
    mine, other = write("test.write", "a"), write("test.outside", "b")
    assert run.drain(NOW, ["default"]) == 1
    assert stored(mine).done_at is not None
    assert stored(other).done_at is None


def test_every_kind_names_a_job_that_exists() -> None:
    for kind in tasks.KINDS.values():
        assert callable(run._function(kind.job))
        assert kind.gave_up is None or callable(run._function(kind.gave_up))
        assert kind.queue in tasks.QUEUES
        assert kind.lease + timedelta(seconds=25) <= timedelta(seconds=120)
