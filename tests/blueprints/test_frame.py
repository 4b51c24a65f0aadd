"""The frame of every staff page: what waits and whether the sweep stands still, asked once."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import event, select

from casework import directives
from casework.directives import Order
from models import StaffMessage, clock, db
from tests.support import desk
from tests.support.cast import MORNING
from tests.support.desk import Desk, soup, text_of

OF_THE_FRAME = ("staff_message", "heartbeat", "directive")


@pytest.fixture
def city(app: Flask) -> Desk:
    """A portal with its cast on a Monday morning, and a directive that the offices have not acknowledged."""
    with clock.frozen(MORNING):
        found = desk.founded(app)
        with found.records():
            order = Order("夜市复秤", "今晚复秤。", "urgent", "12", "office", form_key="frame-of-a-page")
            directives.issue(order, found.people.view("city_supervisor"), MORNING)
    return found


@pytest.mark.parametrize(("part", "told"), [("east_lead", True), ("city_supervisor", False), ("east_handler", False)])
def test_a_page_of_the_desk_asks_once_for_everything_that_its_frame_says(city: Desk, part: str, told: bool) -> None:
    with clock.frozen(MORNING):
        person = city.person(part)
        person.get("/desk/")
        asked: list[str] = []
        with city.records():
            engine = db.engine
            mine = StaffMessage.staff_id == city.people.staff[part]
            lines = len(db.session.scalars(select(StaffMessage).where(mine)).all())

        def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            asked.append(statement)

        event.listen(engine, "before_cursor_execute", hear)
        page = soup(person.get("/desk/"))
        event.remove(engine, "before_cursor_execute", hear)
    looks = [one for one in asked if any(f"FROM {table}" in one or f"JOIN {table}" in one for table in OF_THE_FRAME)]
    assert len(looks) == 1
    assert ("夜市复秤" in text_of(page.select_one("main"))) == told
    assert text_of(page.select_one("#unread")) == (f"消息 {lines}" if lines else "消息")
