"""The command pages: who holds how much, orders worst first, quick answers, orders about several cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casework import sweep
from models import StaffMessage, clock, db
from rules.calendar import ZONE
from tests.support import desk as desks
from tests.support.desk import Desk, errors_of, soup, text_of

TODAY = datetime(2026, 11, 23, 9, 30, tzinfo=ZONE)
LATER = datetime(2026, 12, 3, 9, 0, tzinfo=ZONE)


@pytest.fixture
def desk(app: Flask) -> Iterator[Desk]:
    """A portal with its cast on a Monday morning."""
    with clock.frozen(TODAY):
        yield desks.founded(app, TODAY)


@pytest.fixture
def late(desk: Desk) -> Iterator[str]:
    """A complaint that nobody has called about, six days late, and supervised by the system; it is that day."""
    number = desk.file()
    desk.in_hand(number)
    with desk.records():
        moment = TODAY
        while moment <= LATER:
            sweep.run(moment)
            moment += timedelta(days=1)
        sweep.run(LATER)
    with clock.frozen(LATER):
        yield number


def test_the_overview_says_who_holds_how_much_and_since_when(desk: Desk, late: str) -> None:
    page = soup(desk.person("city_supervisor").get("/command/"))
    rows = {text_of(row.find("th")): text_of(row) for row in page.select("#holdings tbody tr")}
    east = next(words for name, words in rows.items() if "东城区" in name)
    assert late in east
    assert "11月25日，已过" in east
    assert "督办单 1 份没有了结" in text_of(page.select_one("main"))


def test_the_figures_refresh_by_a_real_link_and_keep_nobody_signed_in(desk: Desk, late: str) -> None:
    person = desk.person("city_supervisor")
    link = soup(person.get("/command/")).select_one("#holdings a[hx-get]")
    assert link is not None
    assert link["href"] == "/command/"
    assert str(link["hx-get"]).endswith("again=yes")
    fragment = person.get(str(link["hx-get"]), headers={"HX-Request": "true"})
    assert fragment.status_code == 200
    assert "<html" not in fragment.text
    assert 'id="holdings"' in fragment.text


def test_the_list_shows_the_ladder_and_whether_the_unit_answered(desk: Desk, late: str) -> None:
    page = soup(desk.person("city_supervisor").get("/command/supervision"))
    row = text_of(page.select_one("tbody tr"))
    assert late in row
    assert "已超期1个工作日" in row
    assert "受理决定期限，另有首次联系来件人" in row, "the order about the statute's term has taken over the other one"
    assert "东市监督〔2026〕2号" in row
    assert "等答复" in row
    assert text_of(page.select_one(".ladder .now")).startswith("区县局")


def test_the_unit_answers_and_the_centre_accepts_from_the_list(desk: Desk, late: str) -> None:
    lead, centre = desk.person("east_lead"), desk.person("east_supervisor")
    form = soup(lead.get("/command/supervision")).select_one(f'form[action$="{late}/answer_supervision"]')
    assert form is not None
    assert lead.post(str(form["action"]), {"answer": "资料今天收齐，明天决定。", "measure": ""}).status_code == 303
    page = soup(centre.get("/command/supervision?view=answered"))
    assert "资料今天收齐" in text_of(page.select_one("tbody tr"))
    form = page.select_one(f'form[action$="{late}/accept_supervision"]')
    assert form is not None
    assert centre.post(str(form["action"]), {"assessed": "no"}).status_code == 303
    assert "已认可" in text_of(soup(centre.get("/command/supervision?view=closed")).select_one("tbody tr"))
    assert desk.events(late)[-2:] == ["answer_supervision", "accept_supervision"]


def test_an_empty_answer_comes_back_with_a_sentence_at_the_field(desk: Desk, late: str) -> None:
    answer = desk.person("east_lead").post(f"/desk/cases/{late}/answer_supervision", {"answer": ""})
    assert answer.status_code == 422
    assert errors_of(answer) == {"answer_supervision-answer": "请填写办理情况"}


def test_the_other_district_sees_nothing_of_it(desk: Desk, late: str) -> None:
    for address in ("/command/", "/command/supervision", "/command/supervision?view=overdue"):
        assert late not in desk.person("west_supervisor").get(address).text


def test_who_does_not_watch_over_anybody_has_no_such_page(desk: Desk) -> None:
    for part in ("east_handler", "archivist", "discipline", "system_admin"):
        assert desk.person(part).get("/command/supervision").status_code == 403


class TestByHand:
    ENTERED = {"view": "all", "level": "supervise", "ground": "U4", "requirement": "请所长过问。", "due_on": "11.27"}

    def test_ticked_cases_are_supervised_one_by_one(self, desk: Desk) -> None:
        numbers = [desk.file(), desk.file(goods="课程")]
        for number in numbers:
            desk.in_hand(number)
        person = desk.person("city_supervisor")
        page = soup(person.get("/command/supervision?view=all"))
        assert {str(box["value"]) for box in page.select('input[name="case"]')} == set(numbers)
        done = person.post("/command/supervision/many", {**self.ENTERED, "case": numbers})
        assert done.status_code == 303
        listed = person.get("/command/supervision").text
        assert all(number in listed for number in numbers)
        assert "已签发2份督办单。" in listed

    def test_what_is_missing_is_said_at_the_field_and_the_rest_is_kept(self, desk: Desk) -> None:
        number = desk.file()
        desk.in_hand(number)
        person = desk.person("city_supervisor")
        sent = {**self.ENTERED, "requirement": "", "due_on": "2026-11-20", "case": [number]}
        answer = person.post("/command/supervision/many", sent)
        assert answer.status_code == 422
        assert set(errors_of(answer)) == {"requirement", "due_on"}
        assert 'value="2026-11-20"' in answer.text
        nothing = person.post("/command/supervision/many", self.ENTERED)
        assert nothing.status_code == 422
        assert "请先在表里勾选案件" in nothing.text
        assert "supervise" not in desk.events(number)

    def test_a_lead_cannot_supervise_the_own_office(self, desk: Desk) -> None:
        assert desk.person("east_lead").post("/command/supervision/many", self.ENTERED).status_code == 403


@pytest.mark.parametrize("query", ["view=nowhere", "after=x", "unit=x", "unit=999999", "level=x", "view=all&after=%00"])
def test_a_strange_address_is_answered_plainly(desk: Desk, query: str) -> None:
    assert desk.person("city_supervisor").get(f"/command/supervision?{query}").status_code in (200, 400, 422)


def test_the_list_of_messages_refreshes_itself_and_counts_what_is_unread(desk: Desk, late: str) -> None:
    person = desk.person("east_lead")
    page = soup(person.get("/desk/messages"))
    link = page.select_one("a[hx-get*=again]")
    assert link is not None
    assert "督办" in text_of(page.select_one("main"))
    with desk.records():
        mine = select(StaffMessage.id).where(StaffMessage.staff_id == desk.people.staff["east_lead"])
        ids = [str(one) for one in db.session.scalars(mine)]
    assert f"消息 {len(ids)}" in text_of(page.select_one("header"))
    assert person.post("/desk/messages/read", {"message": ids}).status_code == 303
    assert text_of(soup(person.get("/desk/messages")).select_one("#unread")) == "消息"
