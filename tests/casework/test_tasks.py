"""What must happen later is remembered by the database, whatever becomes of Redis and the workers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from casework import tasks
from casework.tasks import KINDS, MESSAGE_SEND, Added, Claim, GaveUp, LostClaim
from models import Task, db
from models.base import writing

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def write(*keys: str, not_before: datetime | None = None) -> list[Added]:
    """Write a message task for each key."""
    rows = [tasks.row(MESSAGE_SEND, {"message_id": 1}, key, NOW, not_before) for key in keys]
    with writing() as session:
        return tasks.add(session, rows)


class Interrupted(Exception):
    """Something goes wrong at the end of a transaction."""


def interrupted(act: Callable[[Session], object]) -> None:
    """Do something in a transaction that fails afterwards."""
    with writing() as session:
        act(session)
        raise Interrupted


def claimed(task_id: int, now: datetime = NOW) -> Claim:
    """Claim a task that must be free."""
    found = tasks.claim(task_id, now)
    assert found is not None
    return found


def stored(task_id: int) -> Task:
    """The row as it stands in the database."""
    return db.session.get_one(Task, task_id, populate_existing=True)


def test_the_same_work_is_written_once(context: Flask) -> None:
    first = write("a", "b")
    assert [row.kind for row in first] == [MESSAGE_SEND, MESSAGE_SEND]
    assert len(write("b", "c")) == 1
    assert db.session.query(Task).count() == 3


def test_a_task_goes_when_its_cause_is_rolled_back(context: Flask) -> None:
    with pytest.raises(Interrupted):
        interrupted(lambda session: tasks.add(session, [tasks.row(MESSAGE_SEND, {}, "a", NOW)]))
    assert db.session.query(Task).count() == 0


def test_a_kind_that_nobody_works_on_is_refused() -> None:
    with pytest.raises(KeyError):
        tasks.row("message.shout", {}, "a", NOW)


def test_work_for_later_is_not_woken(context: Flask) -> None:
    assert write("a", not_before=NOW + SECOND) == []
    assert tasks.overdue(NOW) == []
    assert len(tasks.overdue(NOW + SECOND)) == 1


def test_waking_hands_over_what_was_added(context: Flask) -> None:
    carried: list[Added] = []
    tasks.carry_with(lambda rows: carried.extend(rows))
    added = write("a", "b")
    tasks.wake(added)
    assert carried == added
    tasks.carry_with(None)


def test_waking_never_raises(context: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_rows: Sequence[Added]) -> None:
        raise ConnectionError

    tasks.carry_with(broken)
    tasks.wake(write("a"))
    tasks.carry_with(None)
    assert "the reconciler will find them" in caplog.text
    assert len(tasks.overdue(NOW)) == 1


def test_one_worker_gets_the_task(context: Flask) -> None:
    (row,) = write("a")
    assert claimed(row.id).attempts == 1
    assert tasks.claim(row.id, NOW) is None


def test_of_eight_workers_at_once_one_gets_the_task(app: Flask, context: Flask) -> None:
    (row,) = write("a")
    won: list[int] = []
    start = threading.Barrier(8)

    def come(number: int) -> None:
        with app.app_context():
            start.wait()
            if tasks.claim(row.id, NOW) is not None:
                won.append(number)

    workers = [threading.Thread(target=come, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(won) == 1
    assert stored(row.id).attempts == 1


def test_a_killed_worker_gives_its_task_back_within_two_minutes(context: Flask) -> None:
    (row,) = write("a")
    claimed(row.id)
    assert tasks.overdue(NOW + timedelta(seconds=60)) == []
    again = claimed(row.id, NOW + timedelta(seconds=100))
    assert again.attempts == 2


def test_a_worker_that_was_overtaken_cannot_commit(context: Flask) -> None:
    (row,) = write("a")
    slow = claimed(row.id)
    later = NOW + tasks.LEASE + SECOND
    quick = claimed(row.id, later)
    with pytest.raises(LostClaim):
        tasks.finish(slow, later)
    tasks.finish(quick, later)
    assert stored(row.id).done_at == later


def test_effect_and_mark_are_one_transaction(context: Flask) -> None:
    (row,) = write("a")
    claim = claimed(row.id)
    with pytest.raises(Interrupted):
        interrupted(lambda session: claim.finish(session, NOW))
    assert stored(row.id).done_at is None


def test_finishing_twice_keeps_the_first_moment(context: Flask) -> None:
    (row,) = write("a")
    claim = claimed(row.id)
    tasks.finish(claim, NOW)
    tasks.finish(claim, NOW + SECOND)
    assert stored(row.id).done_at == NOW
    assert tasks.claim(row.id, NOW + timedelta(days=1)) is None


def test_failures_wait_longer_and_longer_until_the_task_is_given_up(context: Flask) -> None:
    (row,) = write("a")
    now, pauses = NOW, []
    for attempt in range(1, KINDS[MESSAGE_SEND].tries + 1):
        dead = tasks.fail(claimed(row.id, now), TimeoutError("to 13800001234"), now)
        assert dead == (attempt == KINDS[MESSAGE_SEND].tries)
        pauses.append(stored(row.id).not_before - now)
        now = stored(row.id).not_before
    waits = pauses[:-1]
    assert waits == sorted(waits)
    assert sum(waits, timedelta()) > timedelta(days=3)
    assert tasks.claim(row.id, now + timedelta(days=9)) is None
    assert tasks.waiting(now).dead == 1


def test_an_error_is_kept_without_what_people_wrote(context: Flask) -> None:
    (row,) = write("a")
    try:
        raise ValueError("no such number 13800001234")
    except ValueError as error:
        tasks.fail(claimed(row.id), error, NOW)
    kept = stored(row.id).last_error
    assert kept is not None
    assert kept.startswith("ValueError at ")
    assert "1380" not in kept


def test_a_task_that_kills_every_worker_is_parked(context: Flask) -> None:
    (row,) = write("a")
    now = NOW
    for _ in range(KINDS[MESSAGE_SEND].tries):
        claimed(row.id, now)
        now += tasks.LEASE + SECOND
    with pytest.raises(GaveUp):
        tasks.claim(row.id, now)
    assert stored(row.id).dead_at == now
    assert tasks.overdue(now + timedelta(days=1)) == []


def test_a_parked_task_can_be_revived(context: Flask) -> None:
    (row,) = write("a")
    for _ in range(KINDS[MESSAGE_SEND].tries):
        tasks.fail(claimed(row.id, stored(row.id).not_before), OSError(), stored(row.id).not_before)
    assert tasks.revive(row.id, NOW)
    assert claimed(row.id).attempts == 1
    assert not tasks.revive(row.id, NOW)


def test_the_figures_say_how_late_the_oldest_task_is(context: Flask) -> None:
    assert tasks.waiting(NOW) == tasks.Waiting(due=0, oldest_seconds=0.0, dead=0, retrying=0)
    first, second = write("a", "b")
    tasks.fail(claimed(second.id), OSError(), NOW)
    found = tasks.waiting(NOW + timedelta(seconds=30))
    assert found == tasks.Waiting(due=1, oldest_seconds=30.0, dead=0, retrying=1)
    assert [row.id for row in tasks.overdue(NOW + timedelta(seconds=30))] == [first.id]


def test_finished_work_is_forgotten_after_a_month(context: Flask) -> None:
    old, fresh = write("a", "b")
    tasks.finish(claimed(old.id), NOW)
    tasks.finish(claimed(fresh.id), NOW)
    assert tasks.forget_done(NOW + tasks.KEEP_DONE) == 0
    assert tasks.forget_done(NOW + tasks.KEEP_DONE + SECOND, limit=1) == 1
    assert db.session.query(Task).count() == 1
