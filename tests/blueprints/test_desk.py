"""The lists of the desk: who finds what, how it is narrowed down, found again, paged, and worked on in bulk."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from models import clock, db
from tests.support import cast, desk
from tests.support.desk import Desk, soup, text_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    with clock.frozen(cast.MORNING):
        yield desk.founded(app)


def numbers(answer: object) -> list[str]:
    """The numbers on a page of a list, in order."""
    return [one.get_text() for one in soup(answer).select("table.rows .no-cell .code")]  # type: ignore[arg-type]


def tabs(answer: object) -> dict[str, str]:
    """The tabs of a desk with their counts as shown."""
    found = soup(answer).select("nav.tabs a")  # type: ignore[arg-type]
    return {one.contents[0].strip(): (one.select_one(".n").get_text() if one.select_one(".n") else "") for one in found}


def test_a_dispatcher_finds_what_waits_to_be_sent_on(office: Desk) -> None:
    number = office.file()
    page = office.person("city_dispatcher").get("/desk/?view=to-distribute")
    assert numbers(page) == [number]
    assert tabs(page)["待分送"] == "1"
    assert "今天到期" in page.text


def test_a_handler_begins_with_their_own_cases(office: Desk) -> None:
    number = office.file()
    office.in_hand(number)
    page = office.person("east_handler").get("/desk/")
    assert soup(page).select_one("nav.tabs a[aria-current]").contents[0].strip() == "我的"
    assert numbers(page) == [number]


def test_the_next_usual_act_stands_at_the_end_of_each_row(office: Desk) -> None:
    number = office.file()
    row = soup(office.person("city_dispatcher").get("/desk/")).select_one("table.rows tbody tr")
    link = row.select_one("td.act a")
    assert link.contents[0] == "分送"
    assert link["href"] == f"/desk/cases/{number}#do"


def test_the_list_is_sorted_by_the_day_on_which_a_case_is_due(office: Desk) -> None:
    first = office.file()
    office.in_hand(first)
    with clock.frozen(cast.MORNING + timedelta(days=2)):
        later = office.file()
        office.in_hand(later)
        lead = office.person("east_lead")
        assert numbers(lead.get("/desk/")) == [first, later]


def test_overdue_and_due_soon_have_lists_of_their_own(office: Desk) -> None:
    number = office.file()
    office.in_hand(number)
    with clock.frozen(cast.MORNING + timedelta(days=3)):
        page = office.person("east_lead").get("/desk/?view=overdue")
        assert numbers(page) == [number]
        assert "已超期1个工作日" in page.text
        assert "还剩" not in text_of(soup(page).select_one("table.rows tbody"))


def test_nobody_sees_the_cases_of_another_district(office: Desk) -> None:
    number = office.file()
    office.in_hand(number)
    for part in ("west_lead", "west_handler", "west_dispatcher", "mediator"):
        person = office.person(part)
        assert numbers(person.get("/desk/?view=all")) == []
        assert numbers(person.get(f"/desk/?q={number}")) == []


def test_editors_and_administrators_have_no_desk(office: Desk) -> None:
    assert office.person("editor").get("/desk/").status_code == 403


def test_filters_narrow_the_list_down_and_stay_in_the_form(office: Desk) -> None:
    complaint, report = office.file(), office.file("report")
    page = office.person("city_dispatcher").get("/desk/?view=all&kind=report")
    assert numbers(page) == [report]
    assert soup(page).select_one("#f-kind option[selected]")["value"] == "report"
    assert complaint not in page.text


@pytest.mark.parametrize("typed", ["13800001234", "138 0000 1234", "王秀英", "门店关门", "澜亭健身"])
def test_a_case_is_found_by_phone_by_name_and_by_words(office: Desk, typed: str) -> None:
    number = office.file()
    office.file("report")
    page = office.person("city_dispatcher").get("/desk/", query_string={"q": typed})
    assert numbers(page) == [number]


def test_a_case_is_found_by_its_number_typed_in_any_way(office: Desk) -> None:
    number = office.file()
    office.file(content="另一件：买的鞋开胶，商家不换，要求退款。")
    page = office.person("city_dispatcher").get("/desk/", query_string={"q": number.lower().replace("-", "")})
    assert numbers(page) == [number]


def test_what_cannot_be_searched_for_is_said(office: Desk) -> None:
    office.file()
    page = office.person("city_dispatcher").get("/desk/", query_string={"q": "店"})
    assert "一个字太少" in page.text


def test_an_empty_list_says_what_to_do_next(office: Desk) -> None:
    page = office.person("east_lead").get("/desk/?view=overdue")
    assert text_of(soup(page).select_one(".empty")) == "“已超期”里没有案件。 看看全部在办的"


def test_pages_follow_each_other_without_gap_or_repeat(office: Desk) -> None:
    filed = [office.file(content=f"第{place}件：买的年卡不退钱，门店关了门。") for place in range(30)]
    person = office.person("city_dispatcher")
    first = person.get("/desk/?view=to-distribute")
    onward = soup(first).select_one("nav.pager a[rel=next]")["href"]
    second = person.get(onward)
    assert numbers(first) + numbers(second) == filed
    assert soup(second).select_one("nav.pager a[rel=next]") is None


def test_a_place_that_was_tampered_with_is_refused_politely(office: Desk) -> None:
    office.file()
    answer = office.person("city_dispatcher").get("/desk/?after=nonsense")
    assert answer.status_code == 422
    assert "请从第一页重新翻" in answer.text


def test_htmx_gets_the_list_alone_and_the_page_says_that_it_may(office: Desk) -> None:
    office.file()
    person = office.person("city_dispatcher")
    part = person.get("/desk/", headers=HTMX)
    assert part.text.lstrip().startswith('<div id="list">')
    assert "<html" not in part.text
    assert "HX-Request" in part.headers["Vary"]


def test_a_full_page_of_cases_weighs_little_and_asks_few_questions(office: Desk) -> None:
    with office.records():
        for place in range(30):
            cast.file(content=f"第{place}件：买的年卡不退钱，门店关了门。")
    person = office.person("city_supervisor")
    asked: list[str] = []
    with office.records():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    answer = person.get("/desk/", headers={"Accept-Encoding": "gzip"})
    assert len(numbers_in(gzip.decompress(answer.data).decode())) == 25
    assert len(answer.data) < 15_000
    assert len([one for one in asked if one.lstrip().startswith(("SELECT", "WITH"))]) <= 16


def numbers_in(html: str) -> list[str]:
    """The numbers of the tick boxes in a page."""
    return re.findall(r'name="case" value="([^"]+)"', html)


def test_ticked_cases_are_sent_to_the_units_that_the_rules_propose(office: Desk) -> None:
    east, west = office.file(), office.file("report")
    person = office.person("city_dispatcher")
    answer = person.post("/desk/bulk", {"case": [east, west], "do": "dispatch", "unit": "", "back": "/desk/"})
    assert answer.status_code == 303
    assert "已分送2件" in person.get(answer.location).text
    units = [office.case(one).unit_id for one in (east, west)]
    assert units == [office.people.units["east_office"], office.people.units["west_office"]]


def test_what_could_not_be_done_in_bulk_is_listed_with_the_reason(office: Desk) -> None:
    there, nowhere = office.file(), office.file(respondent_address="外省某处", respondent_name="不知名的店")
    answer = office.person("city_dispatcher").post("/desk/bulk", {"case": [there, nowhere], "do": "dispatch"})
    assert answer.status_code == 200
    assert "办成1件，没有办成1件" in answer.text
    row = soup(answer).select_one("table tbody tr")
    assert nowhere in text_of(row)
    assert "没有合适的分送规则" in text_of(row)
    assert office.case(there).state == "dispatched"
    assert office.case(nowhere).state == "registered"


def test_a_lead_signs_and_assigns_in_bulk(office: Desk) -> None:
    filed = [office.file(content=f"第{place}件：买的年卡不退钱，门店关了门。") for place in range(3)]
    for number in filed:
        office.act(number, ("city_dispatcher", "dispatch", {"unit": "east_office", "routing_reason": "东城"}))
    lead = office.person("east_lead")
    assert lead.post("/desk/bulk", {"case": filed, "do": "sign_for"}).status_code == 303
    handler = office.people.staff["east_handler2"]
    assert lead.post("/desk/bulk", {"case": filed, "do": "assign", "handler": str(handler)}).status_code == 303
    assert {office.case(number).handler_id for number in filed} == {handler}


def test_one_foreign_case_among_the_ticked_ones_refuses_them_all(office: Desk) -> None:
    mine, foreign = office.file(), office.file("report")
    office.act(mine, ("city_dispatcher", "dispatch", {"unit": "east_office", "routing_reason": "东城"}))
    office.act(foreign, ("city_dispatcher", "dispatch", {"unit": "west_office", "routing_reason": "西城"}))
    answer = office.person("east_lead").post("/desk/bulk", {"case": [mine, foreign], "do": "sign_for"})
    assert answer.status_code == 404
    assert office.case(mine).state == office.case(foreign).state == "dispatched"


def test_bulk_without_a_ticked_case_says_so_and_goes_back_to_the_list(office: Desk) -> None:
    person = office.person("city_dispatcher")
    answer = person.post("/desk/bulk", {"do": "dispatch", "back": "/desk/?view=to-distribute"})
    assert answer.location == "/desk/?view=to-distribute"
    assert "请先在表里勾选案件" in person.get(answer.location).text


def test_bulk_goes_back_to_the_desk_and_nowhere_else(office: Desk) -> None:
    person = office.person("city_dispatcher")
    assert person.post("/desk/bulk", {"do": "dispatch", "back": "//evil.example"}).location == "/desk/"


def test_a_colleague_is_told_and_reads_it(office: Desk) -> None:
    number = office.file()
    office.in_hand(number)
    person = office.person("east_handler")
    frame = person.get("/desk/")
    assert "消息 1" in text_of(soup(frame).select_one("form.who"))
    page = person.get("/desk/messages")
    assert number in page.text
    ids = [one["value"] for one in soup(page).select("input[name=message]")]
    assert person.post("/desk/messages/read", {"message": ids}).status_code == 303
    assert "消息 1" not in person.get("/desk/").text


def test_nobody_marks_the_messages_of_somebody_else(office: Desk) -> None:
    number = office.file()
    office.in_hand(number)
    ids = [one["value"] for one in soup(office.person("east_handler").get("/desk/messages")).select("[name=message]")]
    office.person("west_handler").post("/desk/messages/read", {"message": ids})
    assert "消息 1" in office.person("east_handler").get("/desk/").text
