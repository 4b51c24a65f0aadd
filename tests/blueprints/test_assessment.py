"""The pages of the assessment: counted, read, objected to at the field, decided, signed, printed, downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask
from openpyxl import load_workbook

from casework import tasks
from jobs import run
from models import clock
from tests.jobs import papers
from tests.support import assessing, desk
from tests.support.assessing import COUNTED, IN_TIME, LATE, OVER
from tests.support.desk import Desk, Person, errors_of, soup, text_of
from tests.support.gathering import filed

HERE = "/insight/assessment/2026-11"
OFFICE = f"{HERE}/units/east_office"

# WeasyPrint leaves the file of its colour profile to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    """A city with six complaints in November, two signed for too late; on the day after the reports were due."""
    found = desk.founded(app)
    with found.records():
        assessing.terms(filed(found.people, 6), "unit.sign", [IN_TIME] * 4 + [LATE, LATE])
    with clock.frozen(COUNTED):
        yield found


def work(office: Desk) -> None:
    """Let the workers do what waits."""
    with office.records():
        run.drain(clock.now(), tasks.QUEUES)


def counted(office: Desk) -> None:
    """Have November counted through the page."""
    answer = office.person("city_supervisor").post("/insight/assessment/", {"month": "2026-11"})
    assert answer.headers["Location"] == HERE
    assert "正在取数" in office.person("city_supervisor").get(HERE).text
    work(office)


def test_each_figure_of_a_unit_shows_its_formula_and_source_and_opens_its_cases(office: Desk) -> None:
    counted(office)
    supervisor = office.person("city_supervisor")
    row = soup(supervisor.get(HERE)).find("a", href=OFFICE).find_parent("tr")
    assert "66.67" in text_of(row)
    links = {one.get_text(): str(one["href"]) for one in row.select("small a")}
    assert text_of(soup(supervisor.get(links["4/6件"])).h1).endswith("6件")
    assert text_of(soup(supervisor.get(links["2件没做到"])).h1).endswith("2件")
    page = text_of(soup(office.person("east_lead").get(OFFICE)).main)
    assert "按时签收、指派承办人、退回后按时改送的件" in page
    assert "宁工商〔2005〕30号" in page


def test_a_unit_sees_its_own_alone_until_it_is_signed(office: Desk) -> None:
    counted(office)
    lead = office.person("east_lead")
    assert [one["href"] for one in soup(lead.get(HERE)).select(".figures tbody th a")] == [OFFICE]
    west = lead.get(f"{HERE}/units/west_office")
    assert (west.status_code, west.headers["Location"]) == (303, "/insight/assessment/")
    lines = lead.get(f"{HERE}/table/csv").data.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("市场监管所,")


def test_what_is_typed_wrong_is_said_at_its_field_and_kept(office: Desk) -> None:
    supervisor = office.person("city_supervisor")
    assert "要等各区县报送截止" in errors_of(supervisor.post("/insight/assessment/", {"month": "2026-12"}))["month"]
    assert errors_of(supervisor.post("/insight/assessment/", {"month": "去年"})) == {
        "month": "请写成2026-10这样的年月。"
    }
    counted(office)
    short = office.person("east_lead").post(f"{OFFICE}/objections", {"item": "receive", "reason": "不对"})
    assert short.status_code == 422
    assert list(errors_of(short)) == ["reason"]
    assert soup(short).find("textarea", {"name": "reason"}).text.strip() == "不对"
    breach = supervisor.post(f"{HERE}/breaches", {"unit": "east_office", "kind": "offline", "on": "昨天", "text": "x"})
    assert list(errors_of(breach)) == ["breach-on", "breach-text"]
    assert soup(breach).find("input", {"name": "on"})["value"] == "昨天"


def test_from_the_objection_to_the_notification(office: Desk) -> None:
    counted(office)
    lead, supervisor, leader = (office.person(one) for one in ("east_lead", "city_supervisor", "city_leader"))
    supervisor.post(
        f"{HERE}/breaches",
        {"unit": "west_office", "kind": "offline", "on": "2026-11-20", "text": "=抽查时值班电话无人接听"},
    )
    assert "要重新取数才计入得分" in supervisor.get(HERE).text
    supervisor.post(f"{HERE}/recount", {})
    work(office)
    reason = "有一件是市局退回改送时耽误的，请核对<b>流转</b>记录。"
    answer = lead.post(f"{OFFICE}/objections", {"item": "receive", "reason": reason})
    assert answer.headers["Location"] == f"{OFFICE}#objections"
    assert "等市局处理" in lead.get(OFFICE).text
    form = str(soup(leader.get(HERE)).select_one('form[action*="/objections/"]')["action"])
    half = leader.post(form, {"upheld": "yes", "answer": "流转记录属实。", "part": "9", "whole": "5"})
    assert [one.partition("-part")[1] for one in errors_of(half)] == ["-part"]
    leader.post(form, {"upheld": "yes", "answer": "流转记录属实，剔除一件。", "part": "4", "whole": "5"})
    shown = text_of(soup(lead.get(OFFICE)).main)
    assert "66.67" in shown
    assert "更正为 80.00" in shown
    assert soup(leader.get(HERE)).select_one(f'form[action="{HERE}/sign"]') is None, "units may still object"
    with clock.frozen(OVER):  # everybody signs in anew: sessions do not last ten days
        lead, leader, west = (Person(office.app, one) for one in ("east_lead", "city_leader", "west_lead"))
        assert leader.post(f"{HERE}/sign", {}).headers["Location"] == HERE
        assert lead.get(f"{HERE}/notification").status_code == 303
        work(office)
        pdf = west.get(f"{HERE}/notification").data
        words = papers.text_of(pdf)
        assert "2026年第1期" in words
        assert "80更" in words
        assert "66.67更正为80.00" in words
        assert papers.unembedded(pdf) == set()
        assert papers.complaints(pdf) == []
        sheet = load_workbook(BytesIO(lead.get(f"{HERE}/table/xlsx").data))["数据"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        assert rows[2][:3] == ["分组", "名次", "单位"]
        line = next(row for row in rows if row[2] == "东城区市场监督管理局望江所")
        assert line[9:12] == [80, 4, 5]
        assert line[-1] == "有更正"


def test_a_month_that_is_not_there_leads_back(office: Desk) -> None:
    for path in (HERE, OFFICE, f"{HERE}/notification", f"{HERE}/table/csv", "/insight/assessment/2026-13"):
        answer = office.person("city_leader").get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/insight/assessment/"), path
