"""The heartbeat: what runs, what waits, what failed; trying again once; the alarm on every desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from blueprints.command import operations as operations_page
from casework import alive, operations, tasks
from jobs import schedule
from models import FilerMessage, Task, clock, db
from models.base import writing
from tests.support import cast, desk
from tests.support.cast import MORNING
from tests.support.desk import Desk, soup, text_of

MINUTE = timedelta(minutes=1)


@pytest.fixture
def city(app: Flask) -> Iterator[Desk]:
    """Monday 23 November 2026, 9:30; the sweep has just run."""
    with clock.frozen(MORNING):
        found = desk.founded(app)
        swept(found, MORNING)
        yield found


def swept(city: Desk, at: object) -> None:
    """Let the sweep have run at a moment."""
    with city.records():
        alive.beat(alive.line(alive.SWEEP), {"spoken": 12, "lapsed": 1, "failed": 0}, at)  # type: ignore[arg-type]


def dead_message(city: Desk) -> int:
    """A message whose gateway stayed away until its task was given up; returns the task."""
    with city.records():
        case = cast.case_of(cast.file())
        message = db.session.query(FilerMessage).filter_by(case_id=case.id).limit(1).one()
        key = f"message-{message.id}"
        with writing() as session:
            session.query(Task).filter_by(unique_key=key).delete()
            tasks.add(session, [tasks.row(tasks.MESSAGE_SEND, {"message_id": message.id}, key, MORNING)])
            session.query(Task).filter_by(unique_key=key).update(
                {"dead_at": MORNING, "attempts": 16, "last_error": "TimeoutError at smtplib:1"}
            )
            session.query(FilerMessage).filter_by(id=message.id).update({"failed": "多次发送未成功", "sent_at": None})
        found: int = db.session.query(Task.id).filter_by(unique_key=key).scalar()
        return found


def test_the_page_says_when_the_sweep_ran_and_what_it_found(city: Desk) -> None:
    page = soup(city.person("city_supervisor").get("/command/operations"))
    line = text_of(page.find("th", string="期限巡检").parent)
    assert "11月23日 9:30" in line
    assert "到时点 12" in line


def test_a_failure_is_shown_by_kind_place_and_tries_never_by_content(city: Desk) -> None:
    dead_message(city)
    page = city.person("city_supervisor").get("/command/operations")
    row = text_of(soup(page).find("code").find_parent("tr"))
    assert "发送消息" in row
    assert "TimeoutError at smtplib:1" in row
    assert "16 次" in row
    assert "王秀英" not in page.text
    assert "13800001234" not in page.text


def test_trying_again_brings_a_dead_task_back_once(city: Desk) -> None:
    task_id, person = dead_message(city), city.person("city_supervisor")
    for said in ("1 件任务已重新排队", "没有要重试的任务"):
        assert person.post("/command/operations/retry", {"task": str(task_id)}).status_code == 303
        assert said in person.get("/command/operations").text
    with city.records():
        row = db.session.get_one(Task, task_id)
        assert (row.dead_at, row.attempts) == (None, 0)
        assert db.session.query(FilerMessage.failed).filter_by(id=row.payload["message_id"]).scalar() is None


def test_all_dead_tasks_of_a_kind_come_back_together(city: Desk) -> None:
    dead_message(city)
    dead_message(city)
    with city.records():
        assert operations.try_again(MORNING, kind=tasks.DOCUMENT_MAKE) == 0
        assert operations.try_again(MORNING, kind=tasks.MESSAGE_SEND) == 2
        assert operations.try_again(MORNING, kind=tasks.MESSAGE_SEND) == 0


def test_an_auditor_reads_and_does_not_press(city: Desk) -> None:
    task_id, auditor = dead_message(city), city.person("auditor")
    assert "再试一次" not in auditor.get("/command/operations").text
    assert auditor.post("/command/operations/retry", {"task": str(task_id)}).status_code == 403


@pytest.mark.parametrize("part", ["east_handler", "city_supervisor", "station", "editor"])
def test_a_sweep_that_stands_still_for_five_minutes_is_an_alarm_on_every_desk(city: Desk, part: str) -> None:
    person = city.person(part)
    quiet = person.get("/account")
    assert soup(quiet).select_one("#alarm [role=alert]") is None
    swept(city, MORNING - 5 * MINUTE)
    assert soup(person.get("/account")).select_one("#alarm [role=alert]") is None
    swept(city, MORNING - 6 * MINUTE)
    page = soup(person.get("/account"))
    assert "期限巡检已停了 6 分钟" in text_of(page.select_one("#alarm [role=alert]"))
    assert bool(page.select("#alarm a")) == (part == "city_supervisor")
    swept(city, MORNING)
    assert soup(person.get("/account")).select_one("#alarm [role=alert]") is None


def test_the_page_asks_for_the_alarm_by_itself(city: Desk) -> None:
    swept(city, MORNING - 9 * MINUTE)
    person = city.person("east_handler")
    fragment = person.get("/desk/messages/alarm?again=yes", headers={"HX-Request": "true"})
    assert fragment.status_code == 200
    assert "<html" not in fragment.text
    assert "已停了 9 分钟" in fragment.text


def test_the_alarm_costs_one_look_for_a_page(city: Desk, app: Flask) -> None:
    person, looks = city.person("east_handler"), []
    with app.app_context():
        engine = db.engine

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "FROM heartbeat" in statement:
            looks.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    person.get("/desk/")
    event.remove(engine, "before_cursor_execute", hear)
    assert len(looks) == 1


def test_a_house_just_founded_is_given_five_minutes_to_begin(app: Flask) -> None:
    from casework import founding

    with app.app_context(), clock.frozen(MORNING):
        founding.found("临江市市场监督管理局", "admin", desk.PASSWORD, None, MORNING)
        assert operations.still_for(MORNING + 5 * MINUTE) is None
        assert operations.still_for(MORNING + 6 * MINUTE) == 6 * MINUTE


def test_every_line_and_every_kind_of_work_has_a_word_on_the_page() -> None:
    assert {line.name for line in schedule.PERIODIC} <= operations_page.LINES.keys()
    assert tasks.KINDS.keys() <= operations_page.KINDS.keys()
