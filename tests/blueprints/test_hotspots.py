"""The pages of hot spots: what is listed for whom, the evidence, what is typed and refused, what leads where."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casework.hotspots import keeping
from models import Signal, clock, db
from rules import hotspots as law
from tests.support import desk
from tests.support.cast import COMPLAINT
from tests.support.cast import MORNING as NOW
from tests.support.desk import Desk, errors_of, soup, text_of
from tests.support.gathering import filed

HOME = "/insight/hotspots"


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    """A city in which a gym has closed: twelve complaints in as many days, and the usual ones of a year."""
    with clock.frozen(NOW):
        found = desk.founded(app)
        with found.records():
            for back in range(1, 12):
                for n in range(2):
                    when = NOW - timedelta(days=law.WINDOW_DAYS * back + 3 * n + 1)
                    shop = {
                        "respondent_name": f"临江第{n}家电器有限公司",
                        "category": "air_conditioner",
                        "happened_on": "",
                    }
                    filed(found.people, 1, "west_office", now=when, filer_phone=f"139000{back:02d}{n:03d}", **shop)
            for n in range(12):
                entered = {"category": "gym", "problem": "prepaid", "filer_phone": f"1370000{n:04d}"}
                filed(found.people, 1, "east_office", now=NOW - timedelta(days=1 + n), **entered)
            for _ in range(10):
                filed(
                    found.people, 1, "west_office", now=NOW - timedelta(days=4), filer_phone="13711112222", goods="鞋"
                )
            keeping.look(NOW)
        yield found


def address(office: Desk, kind: str) -> str:
    """Where the signal of a kind stands."""
    with office.records():
        return f"{HOME}/{db.session.scalars(select(Signal.id).where(Signal.kind == kind)).first()}"


def state(office: Desk, kind: str) -> str | None:
    with office.records():
        return db.session.scalars(select(Signal.state).where(Signal.kind == kind)).first()


def test_a_city_without_signals_says_so(app: Flask) -> None:
    with clock.frozen(NOW):
        page = desk.founded(app).person("city_supervisor").get(HOME)
    assert page.status_code == 200
    assert "现在没有热点" in page.text
    assert "信号，不是结论" in page.text


def test_the_list_says_what_stands_out_and_by_which_method(office: Desk) -> None:
    page = office.person("city_supervisor").get(HOME)
    words = text_of(soup(page))
    assert "健身类" in words
    assert "22件" in words or "12件" in words
    assert COMPLAINT["respondent_name"] in words
    assert "Benjamini-Hochberg" in words
    assert "13711112222" not in page.text


def test_every_view_opens(office: Desk) -> None:
    for view in ("now", "handed", "aside", "over", "nonsense", ""):
        assert office.person("city_supervisor").get(f"{HOME}?view={view}").status_code == 200


@pytest.mark.parametrize("part", ["city_supervisor", "east_supervisor", "west_supervisor", "auditor", "editor"])
def test_each_signal_opens_or_leads_back_to_the_list(office: Desk, part: str) -> None:
    with office.records():
        ids = list(db.session.scalars(select(Signal.id)))
    assert len(ids) >= 4
    answers = [office.person(part).get(f"{HOME}/{one}") for one in ids]
    assert {answer.status_code for answer in answers} <= {200, 303}
    assert {answer.headers["Location"] for answer in answers if answer.status_code == 303} <= {HOME}


def test_the_evidence_is_a_chart_with_its_numbers_and_the_words_for_them(office: Desk) -> None:
    page = office.person("city_supervisor").get(address(office, "category"))
    bars = soup(page).select("table.bars tbody tr")
    assert len(bars) == 11
    assert "信号，不是结论" in text_of(soup(page))
    assert "按比例" in text_of(soup(page))
    link = soup(page).select_one('a[href^="/insight/cases?"]')
    assert link is not None
    behind = office.person("city_supervisor").get(str(link["href"]))
    assert behind.status_code == 200
    assert f"收到，{bars[-1].select('td.num')[0].get_text()}件" in text_of(soup(behind))


def test_the_cases_of_a_signal_are_listed_for_whom_may_open_them(office: Desk) -> None:
    where = address(office, "prepaid")
    whole = office.person("city_supervisor").get(where)
    assert len(soup(whole).select("table.behind tbody tr")) >= 12
    page = office.person("editor").get(where)
    assert soup(page).select("table.behind") == []
    assert "您的岗位不看案件" in page.text
    assert office.person("west_lead").get(where).headers["Location"] == HOME


def test_the_factors_of_a_filer_stand_with_their_article_and_without_a_name(office: Desk) -> None:
    page = office.person("city_supervisor").get(address(office, "filer"))
    words = text_of(soup(page))
    assert "第十七条" in words
    assert "不能只凭这个信号不予受理" in words
    assert "交编辑" not in words
    assert "13711112222" not in page.text
    assert COMPLAINT["filer_name"] not in page.text


def test_a_signal_is_set_aside_with_a_reason(office: Desk) -> None:
    where, supervisor = address(office, "category"), office.person("city_supervisor")
    refused = supervisor.post(f"{where}/aside", {"reason": " "})
    assert refused.status_code == 422
    assert errors_of(refused)["aside-reason"] == "请写明为什么搁置"
    assert state(office, "category") == "new"
    done = supervisor.post(f"{where}/aside", {"reason": "季节原因"})
    assert (done.status_code, done.headers["Location"]) == (303, HOME)
    assert "季节原因" in supervisor.get(where).text
    assert state(office, "category") == "set_aside"
    assert "健身类" in supervisor.get(f"{HOME}?view=aside").text


@pytest.mark.parametrize("part", ["city_supervisor", "editor"])
def test_a_signal_is_handed_over_with_the_draft_as_it_was_typed(office: Desk, part: str) -> None:
    where, person = address(office, "prepaid"), office.person(part)
    form = soup(person.get(where)).select_one('form[action$="hand-over"]')
    assert form is not None
    assert COMPLAINT["respondent_name"] not in form.get_text()
    entered = {"title": "办卡前看清退费约定", "text": "近期有门店停业。\r\n\r\n<b>少充多次</b>。"}
    assert person.post(f"{where}/hand-over", entered).status_code == 303
    page = person.get(where)
    assert "已交" in page.text or "交公示栏编辑" in page.text
    assert "&lt;b&gt;少充多次" in page.text
    assert person.post(f"{where}/hand-over", entered).status_code == 403


def test_a_draft_that_cannot_be_taken_comes_back_with_what_was_typed(office: Desk) -> None:
    where, supervisor = address(office, "prepaid"), office.person("city_supervisor")
    entered = {"title": "提示", "text": f"{COMPLAINT['respondent_name']}已停业，请拨打13800001234"}
    answer = supervisor.post(f"{where}/hand-over", entered)
    assert answer.status_code == 422
    assert "手机号码" in errors_of(answer)["draft-text"]
    assert "请拨打13800001234" in answer.text


@pytest.mark.parametrize("part", ["city_leader", "auditor", "east_lead", "city_dispatcher"])
def test_who_only_reads_may_not_answer(office: Desk, part: str) -> None:
    where = address(office, "category")
    assert office.person(part).post(f"{where}/aside", {"reason": "季节原因"}).status_code == 403
    assert state(office, "category") == "new"


def test_a_district_does_not_answer_for_the_city(office: Desk) -> None:
    where, supervisor = address(office, "category"), office.person("east_supervisor")
    assert 'action="' + where not in supervisor.get(where).text
    assert supervisor.post(f"{where}/aside", {"reason": "季节原因"}).status_code == 403


def test_signals_of_no_such_number_lead_back(office: Desk) -> None:
    supervisor = office.person("city_supervisor")
    assert supervisor.get(f"{HOME}/999999").headers["Location"] == HOME
    assert supervisor.post(f"{HOME}/999999/aside", {"reason": "季节"}).status_code == 404
    assert supervisor.get(f"{address(office, 'prepaid')}?after=x").status_code == 200


def test_the_editor_finds_hot_spots_in_the_menu_and_no_statistics(office: Desk) -> None:
    page = soup(office.person("editor").get(HOME))
    assert page.select_one(f'header a[href="{HOME}"], nav a[href="{HOME}"]') is not None
    assert page.select_one('a[href^="/insight/cases"]') is None
    assert page.select_one('nav a[href="/insight/"]') is None
