"""One process does the periodic work, and an error in one line of the table leaves the others alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from casework import alive, documents, operations, sessions
from jobs import queues, schedule
from jobs.schedule import Clockwork, Done, House, Periodic
from models import Draft, Filing, Heartbeat, StaffSession, clock, db
from models.base import writing
from tests.support import cast

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
LENGTH = timedelta(seconds=20)
SECOND = timedelta(seconds=1)


@pytest.fixture
def house(redis_url: str) -> House:
    """What the periodic work needs."""
    return House(queues.connect(redis_url))


def test_of_two_processes_one_works(context: Flask) -> None:
    assert alive.acquire("periodic", "one", NOW, LENGTH)
    assert not alive.acquire("periodic", "two", NOW, LENGTH)
    assert alive.acquire("periodic", "one", NOW + 15 * SECOND, LENGTH)
    assert not alive.acquire("periodic", "two", NOW + 34 * SECOND, LENGTH)


def test_the_other_takes_over_when_the_first_died_or_left(context: Flask) -> None:
    alive.acquire("periodic", "one", NOW, LENGTH)
    assert alive.acquire("periodic", "two", NOW + LENGTH, LENGTH)
    alive.release("periodic", "one")
    assert not alive.acquire("periodic", "three", NOW + LENGTH, LENGTH)
    alive.release("periodic", "two")
    assert alive.acquire("periodic", "three", NOW + LENGTH, LENGTH)


def test_two_clockworks_share_one_lease(app: Flask, house: House) -> None:
    first, second = Clockwork(house, app.app_context), Clockwork(house, app.app_context)
    with clock.frozen(NOW):
        assert first._look(held=False)
        assert not second._look(held=False)
    with clock.frozen(NOW + timedelta(minutes=1)):
        assert second._look(held=False)
        assert not first._look(held=True)


def test_an_error_in_one_line_leaves_the_others_alone(app: Flask, house: House) -> None:
    done: list[str] = []

    def good(_house: House, _now: datetime) -> bool:
        done.append("good")
        return False

    def bad(_house: House, _now: datetime) -> bool:
        raise RuntimeError("13800001234")

    table = (Periodic("bad", 60, bad), Periodic("good", 60, good))
    assert Clockwork(house, app.app_context, table).turn() == ["good"]
    assert done == ["good"]


def test_a_line_waits_for_its_time_unless_there_is_more_to_do(app: Flask, house: House) -> None:
    left = [True, True, False]
    table = (Periodic("much", 3600, lambda _house, _now: left.pop(0)), Periodic("little", 3600, lambda *_: False))
    clockwork = Clockwork(house, app.app_context, table)
    assert [clockwork.turn() for _ in range(4)] == [["much", "little"], ["much"], ["much"], []]


def test_between_portions_nobody_pauses(app: Flask, house: House) -> None:
    left = [True, False]
    clockwork = Clockwork(house, app.app_context, (Periodic("one", 60, lambda _house, _now: left.pop(0)),))
    clockwork.turn()
    assert clockwork.has_more()
    clockwork.turn()
    assert not clockwork.has_more()


def test_the_whole_table_runs_on_an_empty_house(app: Flask, house: House) -> None:
    done = Clockwork(house, app.app_context).turn()
    assert done == [line.name for line in schedule.PERIODIC]


def test_what_the_sweep_found_stands_in_the_heartbeat(app: Flask, context: Flask, house: House) -> None:
    with clock.frozen(NOW):
        Clockwork(house, app.app_context).turn()
    (terms,) = [line for line in operations.lines() if line.name == "terms"]
    assert (terms.at, terms.found) == (NOW, {"spoken": 0, "lapsed": 0, "failed": 0})


def test_portions_of_one_sweep_are_added_up(app: Flask, context: Flask, house: House) -> None:
    portions = [Done({"spoken": 5}, more=True), Done({"spoken": 2}), Done({"spoken": 1})]
    table = (Periodic("terms", 0, lambda _house, _now: portions.pop(0)),)
    clockwork, seen = Clockwork(house, app.app_context, table), []
    for _ in range(3):
        clockwork.turn()
        seen.append(operations.lines()[0].found["spoken"])
        db.session.rollback()
    assert seen == [5, 7, 1]


def test_a_line_that_fails_says_so_without_what_people_wrote(app: Flask, context: Flask, house: House) -> None:
    def bad(_house: House, _now: datetime) -> bool:
        raise RuntimeError("13800001234")

    Clockwork(house, app.app_context, (Periodic("terms", 60, bad),)).turn()
    (line,) = operations.lines()
    assert line.failing
    assert line.at is None
    assert line.error.startswith("RuntimeError at ")
    assert "1380" not in line.error


def test_what_may_be_kept_no_longer_is_erased(context: Flask, house: House) -> None:
    people = cast.build()
    with clock.frozen(NOW):
        cast.file()
    with writing() as session:
        session.query(Filing).update({"receipt_codes": b"sealed", "receipt_until": NOW})
        session.add(Draft(token_hash=b"d" * 32, kind="complaint", created_at=NOW, expires_at=NOW))
        session.add(
            StaffSession(
                token_hash=b"s" * 32,
                staff_id=people.staff["east_handler"],
                created_at=NOW,
                seen_at=NOW,
                expires_at=NOW + sessions.LONGEST,
            )
        )
    schedule.erase(house, NOW + timedelta(hours=1))
    assert db.session.query(Filing.receipt_codes).scalar() is None
    assert db.session.query(Draft).count() == 0
    assert db.session.query(StaffSession.ended_why).scalar() == "expired"


def test_heartbeats_say_how_long_ago_each_part_was_alive(context: Flask) -> None:
    alive.beat("worker.pdf", {"done": 1}, NOW)
    alive.beat("worker.pdf", {"done": 2}, NOW + 5 * SECOND)
    assert alive.seconds_since(NOW + 9 * SECOND) == {"worker.default": None, "worker.pdf": 4.0, "periodic": None}
    assert db.session.query(Heartbeat.found).scalar() == {"done": 2}


def test_the_place_of_papers_is_known(context: Flask) -> None:
    assert documents.folder().name == "documents"
