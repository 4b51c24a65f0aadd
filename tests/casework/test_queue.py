"""The desk's lists hold exactly the cases that belong there, in the order of their terms, page after page."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from casework import access, queue
from casework.actors import StaffView
from casework.errors import Refused
from casework.queue import Filters
from models import Case, db
from models.base import writing
from rules.calendar import end_of_day, local_date
from tests.support import cast
from tests.support.cast import MORNING, Cast

KINDS = ("complaint", "report", "consultation", "suggestion")
STEPS = (
    ("to_decide", "under_review"),
    ("to_sign", "dispatched"),
    ("to_distribute", "registered"),
    ("archived", "archived"),
)
"""Lists with the state that leads there."""


@pytest.fixture
def city(context: Flask) -> Cast:
    """A city with thirty cases on its desks, due from last week to next month."""
    made = cast.build()
    for number in range(30):
        cast.file(KINDS[number % 4], MORNING - timedelta(hours=number))
    with writing() as session:
        for number, case_id in enumerate(sorted(session.scalars(db.select(Case.id)))):
            due = MORNING + timedelta(hours=11 * (number - 12))
            place = "east_office" if number % 3 else "west_office"
            handler = made.staff["east_handler"] if number % 3 == 1 else None
            listed, state = STEPS[number % 4]
            columns = {
                "queue": listed,
                "state": state,
                "due_at": due,
                "unit_id": made.units[place],
                "handler_id": handler,
            }
            session.execute(update(Case).where(Case.id == case_id).values(columns))
    db.session.expire_all()
    return made


def everything(staff: StaffView, view: str, size: int, filters: Filters | None = None) -> list[Case]:
    """All pages of a list, one after the other."""
    found: list[Case] = []
    after: str | None = None
    while True:
        page = queue.page(staff, view, after, filters or Filters(), MORNING, size=size)
        assert len(page.cases) <= size
        found += page.cases
        after = page.after
        if after is None:
            return found


def held(staff: StaffView) -> list[Case]:
    """What the city leader's desk must hold, looked up in another way."""
    cases = db.session.scalars(access.visible(staff)).all()
    mine = [case for case in cases if case.queue != "archived" and case.bureau_id == staff.assignments[0].bureau_id]
    return sorted(mine, key=lambda case: (case.due_at, case.id))


@pytest.mark.parametrize("size", [1, 4, 25])
def test_pages_together_hold_every_case_once_and_in_order(city: Cast, size: int) -> None:
    leader = city.view("city_leader")
    wanted = held(leader)
    assert len(wanted) > 10
    assert [case.id for case in everything(leader, "all", size)] == [case.id for case in wanted]


def test_lists_of_due_cases_split_what_is_due(city: Cast) -> None:
    leader, tonight = city.view("city_leader"), end_of_day(local_date(MORNING))
    wanted = held(leader)

    def due(first: datetime, last: datetime) -> list[int]:
        return [case.id for case in wanted if first < case.due_at <= last]

    long_ago = MORNING - timedelta(days=999)
    assert [case.id for case in everything(leader, "overdue", 3)] == due(long_ago, MORNING)
    assert [case.id for case in everything(leader, "due-today", 3)] == due(MORNING, tonight)


@pytest.mark.parametrize("part", ["city_leader", "city_dispatcher", "east_handler", "east_lead", "auditor"])
def test_the_count_on_a_tab_is_the_length_of_its_list(city: Cast, part: str) -> None:
    staff = city.view(part)
    tabs = queue.tabs(staff, MORNING)
    lists = {tab.view.key: len(everything(staff, tab.view.key, 7)) for tab in tabs if not tab.view.due}
    assert lists == {tab.view.key: tab.count for tab in tabs if not tab.view.due}


def test_a_list_is_narrowed_down_by_kind_and_handler(city: Cast) -> None:
    leader = city.view("city_leader")
    wanted = [case.id for case in held(leader) if case.kind == "report"]
    assert [case.id for case in everything(leader, "all", 2, Filters(kind="report"))] == wanted
    handler = city.staff["east_handler"]
    mine = [case.id for case in held(leader) if case.handler_id == handler]
    assert mine
    assert [case.id for case in everything(leader, "all", 2, Filters(handler_id=handler))] == mine


def test_a_category_filter_takes_no_wildcards(city: Cast) -> None:
    assert everything(city.view("city_leader"), "all", 5, Filters(category="%")) == []


@pytest.mark.parametrize("place", ["x", "####", "MjAyNg", queue.cursor(MORNING, 1)[:-4]])
def test_a_broken_place_in_an_address_is_refused(city: Cast, place: str) -> None:
    with pytest.raises(Refused, match="从第一页"):
        queue.page(city.view("city_leader"), "all", place, Filters(), MORNING)
