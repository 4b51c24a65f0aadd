"""The administrator's calendar: a year as it stands, declaring days and a year, and how far the terms follow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from casework import tasks
from jobs import run
from models import CalendarChange, CalendarDay, clock, db
from tests.casework.test_calendar_changes import NOTICE_2027, STORM
from tests.support import cast, desk
from tests.support.cast import MORNING
from tests.support.desk import Desk, errors_of, soup, text_of


@pytest.fixture
def city(app: Flask) -> Iterator[Desk]:
    """A city on a Monday morning."""
    with clock.frozen(MORNING):
        yield desk.founded(app)


def changes(city: Desk) -> list[str]:
    """What was declared, in words."""
    with city.records():
        return [one.words for one in db.session.query(CalendarChange).order_by(CalendarChange.id)]


def work(city: Desk) -> None:
    """Let the worker count what waits."""
    with city.records():
        for row in tasks.overdue(MORNING):
            if row.kind == tasks.CALENDAR_RECOUNT:
                run.run(row.id, MORNING)


def test_the_year_stands_there_with_its_days_off_its_working_weekends_and_their_source(city: Desk) -> None:
    page = city.person("system_admin").get("/admin/calendar?show=2026")
    words = text_of(soup(page).main)
    assert "2026年工作日历" in words
    assert "10月1日（周四） 至10月7日（周三）" in words
    assert "国庆节调休上班" in words
    assert "国办发明电" in words


def test_a_year_without_a_notice_says_that_its_dates_are_provisional(city: Desk) -> None:
    page = city.person("system_admin").get("/admin/calendar?show=2027")
    assert "还没有录入" in page.text
    assert 'action="/admin/calendar/year"' in page.text
    known = city.person("system_admin").get("/admin/calendar?show=2026")
    assert 'action="/admin/calendar/year"' not in known.text


@pytest.mark.parametrize("show", ["", "1600", "９９９９", "abc", "2026'--"])
def test_an_address_with_another_year_shows_this_one(city: Desk, show: str) -> None:
    page = city.person("system_admin").get("/admin/calendar", query_string={"show": show})
    assert page.status_code == 200
    assert "2026年工作日历" in page.text


@pytest.mark.parametrize("part", ["security_admin", "auditor", "city_supervisor", "east_handler"])
def test_others_do_not_open_it_and_do_not_declare(city: Desk, part: str) -> None:
    assert city.person(part).get("/admin/calendar").status_code == 403
    assert city.person(part).post("/admin/calendar/days", {**STORM, "confirmed": "yes"}).status_code == 403
    assert changes(city) == []


def test_before_it_is_confirmed_the_page_says_how_many_terms_move_and_writes_nothing(city: Desk) -> None:
    city.in_hand(city.file())
    page = city.person("system_admin").post("/admin/calendar/days", STORM)
    assert page.status_code == 200
    words = text_of(soup(page).main)
    assert "确定这样登记吗？" in words
    assert "2026年11月30日（周一）防台风放假（临政办发〔2026〕9号）" in words
    assert "个推后" in words
    assert changes(city) == []


def test_confirmed_it_is_declared_and_the_page_tells_how_far_the_recount_is(city: Desk) -> None:
    city.in_hand(city.file())
    admin = city.person("system_admin")
    answer = admin.send(admin.post("/admin/calendar/days", STORM), "confirmed")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/calendar?show=2026")
    before = text_of(soup(admin.get("/admin/calendar?show=2026")).select_one("#h-changes + ol"))
    assert "正在重算期限" in before
    assert "共1件，已完成0件" in before
    work(city)
    after = text_of(soup(admin.get("/admin/calendar?show=2026")).main)
    assert "已重算" in after
    assert "核对 1 件" in after
    assert "11月30日（周一）" in after
    assert "防台风放假" in after
    assert "戚磊" in after


def test_a_confirmation_sent_twice_is_refused_the_second_time_in_words(city: Desk) -> None:
    admin = city.person("system_admin")
    page = admin.post("/admin/calendar/days", STORM)
    assert admin.send(page, "confirmed").status_code == 303
    again = admin.send(page, "confirmed")
    assert again.status_code == 422
    assert errors_of(again) == {"first_on": "2026年11月30日（周一）已经登记为防台风放假"}
    assert len(changes(city)) == 1


def test_back_to_the_form_keeps_what_was_typed(city: Desk) -> None:
    admin = city.person("system_admin")
    page = admin.send(admin.post("/admin/calendar/days", STORM), "edit")
    assert page.status_code == 200
    assert 'value="防台风"' in page.text
    assert 'value="临政办发〔2026〕9号"' in page.text


def test_a_mistake_stands_at_its_field_and_the_rest_is_kept(city: Desk) -> None:
    page = city.person("system_admin").post("/admin/calendar/days", {**STORM, "first_on": "下周一"})
    assert page.status_code == 422
    assert errors_of(page) == {"first_on": "开始日期要写成年、月、日，例如 2026-10-08"}
    assert 'value="下周一"' in page.text
    assert 'value="防台风"' in page.text
    assert soup(page).title.get_text().startswith("错误：")


def test_an_empty_form_names_every_field(city: Desk) -> None:
    page = city.person("system_admin").post("/admin/calendar/days", {})
    assert page.status_code == 422
    assert set(errors_of(page)) == {"kind", "name", "source", "first_on"}


def test_a_year_is_entered_from_the_words_of_its_notice(city: Desk) -> None:
    admin = city.person("system_admin")
    entered = {"year": "2027", "source": "国办发明电〔2026〕7号", "lines": NOTICE_2027, "show": "2027"}
    confirm = admin.post("/admin/calendar/year", entered)
    assert "2027年放假安排公布（国办发明电〔2026〕7号）" in confirm.text
    assert admin.send(confirm, "confirmed").headers["Location"] == "/admin/calendar?show=2027"
    words = text_of(soup(admin.get("/admin/calendar?show=2027")).main)
    assert "还没有录入" not in words
    assert "2月5日（周五） 至2月11日（周四）" in words
    with city.records():
        assert db.session.query(CalendarDay).filter(CalendarDay.entered_by.is_not(None)).count() > 25


def test_a_line_that_is_not_understood_is_named_and_the_text_is_kept(city: Desk) -> None:
    entered = {"year": "2027", "source": "文号", "lines": NOTICE_2027 + "\n植树节放假", "show": "2027"}
    page = city.person("system_admin").post("/admin/calendar/year", entered)
    assert page.status_code == 422
    assert errors_of(page) == {"y-lines": "第8行：先写节日名称和冒号，例如“元旦：1月1日至3日放假，1月4日上班”"}
    assert "植树节放假" in page.text


def test_the_page_of_the_administration_leads_to_it(city: Desk) -> None:
    assert 'href="/admin/calendar"' in city.person("system_admin").get("/admin/").text
    assert 'href="/admin/calendar"' not in city.person("security_admin").get("/admin/").text


def test_no_case_shows_on_it(city: Desk) -> None:
    number = city.file()
    page = city.person("system_admin").post("/admin/calendar/days", STORM)
    assert number not in page.text
    assert cast.COMPLAINT["respondent_name"] not in page.text
