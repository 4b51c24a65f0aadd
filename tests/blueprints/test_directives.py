"""Directives as pages: issued over a page that shows them once more, acknowledged and reported, and visible late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from models import Directive, DirectiveReport, DirectiveUnit, StaffSession, clock, db
from tests.support import cast, desk
from tests.support.desk import Desk, errors_of, soup, text_of

HTMX = {"HX-Request": "true"}
NEW = "/command/directives/new"
ORDER: dict[str, Any] = {
    "level": "",
    "units": ["east_office", "west_office"],
    "title": "排查健身、早教门店停业风险",
    "text": "对辖区内门店逐户核查。\n收款后停业的，当日上报。",
    "urgency": "extreme",
    "hours": "24",
    "cases": "",
    "form_key": "k" * 32,
}


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    with clock.frozen(cast.MORNING):
        yield desk.founded(app)


def sent(office: Desk, part: str = "city_supervisor", **changed: Any) -> str:
    """Send an order over the page that shows it once more; return the address of the directive."""
    person = office.person(part)
    page = person.post(NEW, {**ORDER, **changed})
    assert page.status_code == 200, page.text
    answer = person.send(page, "confirmed")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def copy_id(office: Desk, unit: str) -> int:
    """The id of a unit's copy of the only directive."""
    with office.records():
        return db.session.query(DirectiveUnit).filter_by(unit_id=office.people.units[unit]).one().id


def test_nothing_is_sent_before_it_was_shown_once_more(office: Desk) -> None:
    person = office.person("city_supervisor")
    page = person.post(NEW, ORDER)
    words = text_of(soup(page).select_one("main"))
    assert "确定下达给2个单位吗？" in words
    assert "东城区市场监督管理局望江所、西城区市场监督管理局中山所" in words
    with office.records():
        assert db.session.query(Directive).count() == 0
    again = person.send(page, "edit")
    assert soup(again).select_one("#title")["value"] == ORDER["title"]
    assert soup(again).select_one("#unit-east_office").has_attr("checked")


def test_sent_twice_it_is_one_directive(office: Desk) -> None:
    assert sent(office) == sent(office) == "/command/directives/1"


def test_what_cannot_be_ordered_comes_back_with_all_that_was_typed(office: Desk) -> None:
    answer = office.person("city_supervisor").post(NEW, {**ORDER, "text": " ", "hours": "100", "units": []})
    assert answer.status_code == 422
    assert errors_of(answer) == {
        "level": "请选择受令单位",
        "text": "请填写要求",
        "hours": "时限最少1小时，最多72小时",
    }
    assert soup(answer).select_one("#title")["value"] == ORDER["title"]


def test_a_file_goes_with_it_and_a_bad_one_is_refused_at_its_field(office: Desk) -> None:
    person = office.person("city_supervisor")
    bad = person.post(NEW, {**ORDER, "files": (BytesIO(b"MZ"), "a.exe")}, content_type="multipart/form-data")
    assert (bad.status_code, list(errors_of(bad))) == (422, ["files"])
    page = person.post(
        NEW, {**ORDER, "files": (BytesIO("检查要点".encode()), "要点.txt")}, content_type="multipart/form-data"
    )
    address = person.send(page, "confirmed").headers["Location"]
    assert "要点.txt" in person.get(address).text
    assert "要点.txt" in office.person("west_lead").get(address).text


@pytest.mark.parametrize("part", ["east_lead", "east_handler", "auditor", "city_dispatcher"])
def test_only_centres_find_the_form(office: Desk, part: str) -> None:
    assert office.person(part).get(NEW).status_code == 403
    assert office.person(part).post(NEW, {**ORDER, "confirmed": "yes"}).status_code == 403


def test_a_red_line_stands_on_the_desk_of_the_lead_until_it_is_acknowledged(office: Desk) -> None:
    address = sent(office)
    lead = office.person("east_lead")
    for page in ("/desk/", "/account"):
        assert ORDER["title"] in text_of(soup(lead.get(page)).select_one("#orders"))
    for part in ("east_handler", "city_supervisor", "legal_lead"):
        assert soup(office.person(part).get("/account")).select_one("#orders") is None, part
    answer = lead.post(f"/command/directives/copies/{copy_id(office, 'east_office')}/acknowledge", {})
    assert answer.headers["Location"] == address
    assert soup(lead.get("/desk/")).select_one("#orders") is None
    assert soup(office.person("west_lead").get("/desk/")).select_one("#orders") is not None


def test_who_is_outside_the_unit_finds_nothing_and_may_do_nothing(office: Desk) -> None:
    address = sent(office, units=["east_office"])
    mine = copy_id(office, "east_office")
    west = office.person("west_lead")
    assert west.get(address).status_code == 404
    assert west.post(f"/command/directives/copies/{mine}/acknowledge", {}).status_code == 404
    above = office.person("east_supervisor").post(f"/command/directives/copies/{mine}/acknowledge", {})
    assert above.status_code == 403
    assert "望江所" in above.text
    with office.records():
        assert db.session.query(DirectiveUnit).one().state == "waiting"


def test_the_centre_sees_by_the_minute_who_has_not_acknowledged(office: Desk) -> None:
    address = sent(office)
    office.person("east_lead").post(f"/command/directives/copies/{copy_id(office, 'east_office')}/acknowledge", {})
    with clock.frozen(cast.MORNING + timedelta(minutes=131)):
        page = desk.Person(office.app, "city_supervisor").get(address)
    rows = {row.select_one("th").get_text(): text_of(row) for row in soup(page).select("#copies tbody tr")}
    assert "已等2小时11分" in rows["西城区市场监督管理局中山所"]
    assert "已过期" in rows["西城区市场监督管理局中山所"]
    assert "何勇" in rows["东城区市场监督管理局望江所"]


def test_the_table_asks_for_itself_on_a_real_link_and_keeps_nobody_signed_in(office: Desk) -> None:
    address = sent(office)
    supervisor = office.person("city_supervisor")
    link = soup(supervisor.get(address)).select_one("#copies a[hx-get]")
    assert link["href"] == address
    assert link["hx-trigger"] == "click, every 60s"
    with office.records():
        before = [row.seen_at for row in db.session.query(StaffSession).order_by(StaffSession.id)]
    with clock.frozen(cast.MORNING + timedelta(minutes=9)):
        part = supervisor.get(link["hx-get"], headers=HTMX)
    assert soup(part).find().get("id") == "copies"
    assert "9:39" in part.text
    with office.records():
        assert [row.seen_at for row in db.session.query(StaffSession).order_by(StaffSession.id)] == before


def test_a_unit_reports_on_the_way_and_at_the_end_and_the_centre_puts_it_on_file(office: Desk) -> None:
    address = sent(office, units=["east_office"])
    lead, mine = office.person("east_lead"), copy_id(office, "east_office")
    report = f"/command/directives/copies/{mine}/report"
    empty = lead.post(report, {"text": " ", "final": "yes", "form_key": "r" * 32})
    assert (empty.status_code, errors_of(empty)) == (422, {f"c{mine}-text": "请填写执行情况"})
    for _ in range(2):
        lead.post(report, {"text": "已核查12户。", "final": "no", "form_key": "p" * 32})
    lead.post(report, {"text": "核查31户，无停业。", "final": "yes", "form_key": "q" * 32})
    with office.records():
        assert [row.final for row in db.session.query(DirectiveReport)] == [False, True]
    supervisor = office.person("city_supervisor")
    page = supervisor.get(address)
    assert "核查31户，无停业。" in page.text
    assert soup(page).select_one(f"form[action$='/copies/{mine}/record']") is not None
    supervisor.post(f"/command/directives/copies/{mine}/record", {})
    assert "已办结" in supervisor.get(address).text
    assert ORDER["title"] in supervisor.get("/command/directives?view=ended").text
    assert ORDER["title"] not in supervisor.get("/command/directives").text


def test_what_a_lead_must_do_first_stands_first_in_the_list(office: Desk) -> None:
    sent(office)
    sent(office, hours="1", title="立即封存问题批次", form_key="z" * 32)
    owed = soup(office.person("east_lead").get("/command/directives")).select("#h-own ~ dl div")
    assert [text_of(one).split()[:2] for one in owed] == [["签收", "立即封存问题批次"], ["签收", ORDER["title"]]]


def test_a_withdrawal_needs_its_reason_and_is_seen_by_the_units(office: Desk) -> None:
    address = sent(office)
    supervisor = office.person("city_supervisor")
    bare = supervisor.post(f"{address}/withdraw", {"reason": ""})
    assert (bare.status_code, errors_of(bare)) == (422, {"w-reason": "请写明为什么撤回"})
    supervisor.post(f"{address}/withdraw", {"reason": "情况已查清"})
    lead = office.person("east_lead")
    assert "情况已查清" in lead.get(address).text
    assert soup(lead.get("/desk/")).select_one("#orders") is None
    assert f'href="{address}"' in lead.get("/desk/messages").text


def test_a_reminder_says_how_many_were_told(office: Desk) -> None:
    address = sent(office)
    supervisor = office.person("city_supervisor")
    supervisor.post(f"{address}/remind", {})
    assert "已催办2个单位。" in supervisor.get(address).text


def test_a_case_shows_the_directive_it_stands_under(office: Desk) -> None:
    number = office.file()
    office.in_hand(number)
    leader = office.person("city_leader")
    link = soup(leader.get(f"/desk/cases/{number}")).select_one("#s-link a[href*='directives/new']")
    assert soup(leader.get(link["href"])).select_one("#cases")["value"] == number
    address = sent(office, cases=number)
    assert f'href="{address}"' in office.person("east_lead").get(f"/desk/cases/{number}").text
    page = office.person("east_handler").get(f"/desk/cases/{number}")
    assert ORDER["title"] in page.text
    assert f'href="{address}"' not in page.text


def test_until_the_paper_is_made_the_page_says_so(office: Desk) -> None:
    address = sent(office)
    supervisor = office.person("city_supervisor")
    assert "排队等待制作" in supervisor.get(address).text
    assert supervisor.get(f"{address}/paper").headers["Location"] == address
