"""The pages of incidents: what is listed, what is typed, what is refused at its field, what leads where."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from casework import tasks
from casework.incidents import reports, suggesting
from jobs import run
from models import Incident, IncidentCase, IncidentReport, clock, db
from tests.support import cast, desk
from tests.support.desk import Desk, errors_of, soup, text_of

HOME = "/command/incidents"
FORM = {"title": "澜亭健身停业退费", "kind": "group_complaint", "level": "larger", "unit": "city", "key": "press-0001"}

# WeasyPrint leaves the file of its colour profile to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    with clock.frozen(cast.MORNING):
        yield desk.founded(app)


def dispatched(office: Desk, count: int, unit: str = "east_office") -> list[str]:
    """Complaints sent on to an office."""
    numbers = [office.file(filer_phone=f"1380000{n:04d}") for n in range(count)]
    for number in numbers:
        office.act(number, ("city_dispatcher", "dispatch", {"unit": unit, "routing_reason": "按地址"}))
    return numbers


def opened(office: Desk, **other: str) -> str:
    """Open an incident through the form; return its address."""
    answer = office.person("city_supervisor").post(f"{HOME}/new", {**FORM, **other})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def cases_on(page: object) -> list[str]:
    return [one.get_text() for one in soup(page).select("table.rows .no-cell .code")]  # type: ignore[arg-type]


def test_without_incidents_the_page_says_so_and_what_to_do(office: Desk) -> None:
    page = office.person("city_supervisor").get(HOME)
    assert "还没有事件" in page.text
    assert soup(page).select_one('a[href="/command/incidents/new"]') is not None
    assert soup(office.person("east_lead").get(HOME)).select_one('a[href="/command/incidents/new"]') is None


def test_an_incident_is_opened_once_however_often_the_button_is_pressed(office: Desk) -> None:
    assert opened(office) == opened(office)
    with office.records():
        assert db.session.query(Incident).count() == 1
    page = office.person("city_supervisor").get(HOME)
    assert "澜亭健身停业退费" in page.text
    assert "SJ2026-001" in page.text


def test_a_form_that_is_refused_keeps_what_was_typed(office: Desk) -> None:
    answer = office.person("city_supervisor").post(f"{HOME}/new", {**FORM, "title": "", "text": "三家门店同日关门"})
    assert answer.status_code == 422
    assert errors_of(answer)["title"] == "请写事件名称"
    assert "三家门店同日关门" in answer.text
    assert soup(answer).title.get_text().startswith("错误：")  # type: ignore[union-attr]


def test_cases_are_gathered_by_number_and_what_was_not_is_said(office: Desk) -> None:
    numbers = dispatched(office, 2)
    address = opened(office)
    staff = office.person("city_supervisor")
    answer = staff.post(f"{address}/attach", {"numbers": f"{numbers[0]} {numbers[1]}、T20260101-00001-1"})
    assert answer.status_code == 200
    assert "办成2件，没有办成1件" in answer.text
    page = staff.get(address)
    assert sorted(cases_on(page)) == sorted(numbers)
    assert "2件" in text_of(soup(page).select_one("dl.facts"))
    assert errors_of(staff.post(f"{address}/attach", {"numbers": " "})) == {
        "attach-numbers": "请先写编号或者在表里勾选"
    }


def test_the_figures_lead_to_their_cases(office: Desk) -> None:
    numbers = dispatched(office, 2) + dispatched(office, 1, "west_office")
    address = opened(office)
    staff = office.person("city_supervisor")
    staff.post(f"{address}/attach", {"numbers": " ".join(numbers)})
    page = soup(staff.get(address))
    links = [link["href"] for link in page.select('.split-main a[href*="?"]')]
    assert len(links) >= 4
    for link in links:
        assert cases_on(staff.get(str(link))), link
    west = next(row for row in page.select(".unit-tree tr") if "中山所" in row.get_text())
    assert west.select_one("td.num a").get_text() == "1"  # type: ignore[union-attr]
    assert cases_on(staff.get(str(west.select_one("td.num a")["href"]))) == numbers[2:]  # type: ignore[index]


def test_the_chart_and_the_map_say_in_words_what_they_show(office: Desk) -> None:
    address = opened(office)
    staff = office.person("city_supervisor")
    staff.post(f"{address}/attach", {"numbers": " ".join(dispatched(office, 2))})
    page = soup(staff.get(address))
    chart = page.select_one("figure.chart svg")
    assert chart is not None
    assert chart["role"] == "img"
    assert "共2件" in text_of(chart.find("desc"))  # type: ignore[arg-type]
    assert "11月23日" in text_of(page.select_one("#ch-d"))
    assert not page.select("main script, main [style]")
    assert all(svg.get("aria-hidden") == "true" for svg in page.select(".unit-tree svg"))


def test_a_district_sees_its_own_cases_of_an_incident_of_the_city(office: Desk) -> None:
    east, west = dispatched(office, 1), dispatched(office, 1, "west_office")
    address = opened(office)
    office.person("city_supervisor").post(f"{address}/attach", {"numbers": " ".join(east + west)})
    assert cases_on(office.person("east_supervisor").get(address)) == east
    lead = office.person("west_lead").get(address)
    assert cases_on(lead) == west
    assert "处置</h2>" not in lead.text
    assert office.person("legal_lead").get(address).status_code == 404
    assert office.person("east_handler").get(address).status_code == 403


def test_what_is_logged_is_escaped_and_stands_once(office: Desk) -> None:
    address = opened(office)
    staff = office.person("city_supervisor")
    form = {"kind": "order", "text": "<b>约谈</b>", "directive": "9号", "key": "press-0002"}
    assert staff.post(f"{address}/notes", form).status_code == 303
    staff.post(f"{address}/notes", form)
    page = staff.get(address)
    assert page.text.count("&lt;b&gt;约谈&lt;/b&gt;") == 1
    refused = staff.post(f"{address}/notes", {"kind": "", "text": "只有内容", "key": "press-0003"})
    assert refused.status_code == 422
    assert errors_of(refused) == {"note-kind": "请选择这一条是情况、指令还是决定"}
    assert "只有内容" in refused.text


def test_ticked_cases_are_taken_out_with_a_reason(office: Desk) -> None:
    numbers = dispatched(office, 2)
    address = opened(office)
    staff = office.person("city_supervisor")
    staff.post(f"{address}/attach", {"numbers": " ".join(numbers)})
    refused = staff.post(f"{address}/detach", {"case": numbers[:1], "reasons": ""})
    assert errors_of(refused) == {"detach-reasons": "请写明为什么移出"}
    assert staff.post(f"{address}/detach", {"case": numbers[:1], "reasons": "归错"}).status_code == 303
    assert cases_on(staff.get(address)) == numbers[1:]


def test_an_ended_incident_offers_no_more_acts(office: Desk) -> None:
    address = opened(office)
    staff = office.person("city_supervisor")
    assert errors_of(staff.post(f"{address}/end", {"conclusion": ""})) == {"end-conclusion": "请写明处置结果"}
    assert staff.post(f"{address}/end", {"conclusion": "退费完成"}).status_code == 303
    page = staff.get(address)
    assert "已结束" in page.text
    assert soup(page).select_one(f'form[action="{address}/notes"]') is None
    assert staff.post(f"{address}/notes", {"kind": "fact", "text": "补记"}).status_code == 409


def test_the_page_of_a_case_names_its_incident_and_leads_there_whom_it_is_for(office: Desk) -> None:
    (number,) = dispatched(office, 1)
    address = opened(office)
    office.person("city_supervisor").post(f"{address}/attach", {"numbers": number})
    page = soup(office.person("city_supervisor").get(f"/desk/cases/{number}"))
    assert page.select_one(f'#s-link a[href="{address}"]') is not None
    handlers = soup(office.person("east_handler").get(f"/desk/cases/{number}"))
    assert "澜亭健身停业退费" in text_of(handlers.select_one("#s-link"))
    assert handlers.select_one("#s-link a") is None


def test_ticked_cases_of_the_desk_are_gathered_at_once(office: Desk) -> None:
    numbers = dispatched(office, 2)
    address = opened(office)
    staff = office.person("city_supervisor")
    page = soup(staff.get("/desk/?view=all"))
    assert "SJ2026-001" in text_of(page.select_one('select[name="incident"]'))
    form = {"case": numbers, "do": "attach_incident", "incident": "SJ2026-001", "back": "/desk/"}
    assert staff.post("/desk/bulk", form).status_code == 303
    assert sorted(cases_on(staff.get(address))) == sorted(numbers)
    assert soup(office.person("east_lead").get("/desk/?view=all")).select_one('select[name="incident"]') is None


def test_a_suggestion_is_shown_with_its_evidence_and_opened_by_a_person(office: Desk) -> None:
    numbers = dispatched(office, 5)
    with office.records():
        suggesting.look(cast.MORNING)
    staff = office.person("city_supervisor")
    link = soup(staff.get(HOME)).select_one('a[href*="/suggestions/"]')
    assert link is not None
    address = str(link["href"])
    page = staff.get(address)
    assert all(number in page.text for number in numbers)
    with office.records():
        assert db.session.query(IncidentCase).count() == 0
    refused = staff.post(f"{address}/open", {**FORM, "level": "huge"})
    assert errors_of(refused) == {"open-level": "请选择级别"}
    answer = staff.post(f"{address}/open", FORM)
    assert answer.status_code == 303
    assert sorted(cases_on(staff.get(str(answer.headers["Location"])))) == sorted(numbers)
    assert soup(staff.get(HOME)).select_one('a[href*="/suggestions/"]') is None


def test_a_suggestion_is_dismissed_with_a_reason(office: Desk) -> None:
    dispatched(office, 5)
    with office.records():
        suggesting.look(cast.MORNING)
    staff = office.person("city_supervisor")
    assert errors_of(staff.post(f"{HOME}/suggestions/1/dismiss", {"reason": ""})) == {
        "dismiss-reason": "请写明为什么不归为事件"
    }
    assert staff.post(f"{HOME}/suggestions/1/dismiss", {"reason": "不同门店"}).status_code == 303
    assert staff.post(f"{HOME}/suggestions/1/open", FORM).status_code == 409
    assert "系统建议" not in staff.get(HOME).text


def test_a_report_is_made_by_the_worker_and_its_progress_is_shown_until_then(office: Desk) -> None:
    address = opened(office)
    staff = office.person("city_supervisor")
    staff.post(f"{address}/attach", {"numbers": " ".join(dispatched(office, 2))})
    assert staff.post(f"{address}/reports", {"key": "press-0004"}).status_code == 303
    page = soup(staff.get(address))
    assert "排队等待制作" in text_of(page.select_one("#reports"))
    assert page.select_one("#reports")["hx-get"] == f"{address}/reports?again=yes"  # type: ignore[index]
    with office.records():
        (row,) = db.session.query(IncidentReport).all()
    paper = f"{address}/reports/{row.id}"
    assert staff.get(paper).headers["Location"] == f"{address}#reports"
    with office.records():
        assert run.drain(clock.now(), (tasks.PDF,)) >= 1  # the papers of the cases are made with it
    answer = staff.get(paper)
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF")
    with office.records():
        kept = db.session.get_one(IncidentReport, row.id)
        assert reports.read(kept) == answer.data
        assert kept.sha256 is not None
        assert kept.sha256.hex() in staff_page(office, address)
    part = staff.get(f"{address}/reports", headers={"HX-Request": "true"})
    assert "hx-get" not in part.text
    assert re.search(r"已制成，共\d页", part.text)
    assert office.person("west_supervisor").get(paper).headers["Location"] == f"{address}#reports"


def staff_page(office: Desk, address: str) -> str:
    return office.person("city_supervisor").get(address).text


@pytest.mark.parametrize("query", ["?day=yesterday", "?unit=x", "?state=nowhere", "?after=abc", "?kind=misconduct"])
def test_an_address_that_somebody_made_up_breaks_nothing(office: Desk, query: str) -> None:
    assert office.person("city_supervisor").get(f"{opened(office)}{query}").status_code == 200


def test_what_is_not_there_is_not_found(office: Desk) -> None:
    staff = office.person("city_supervisor")
    for path in ("/99", "/0", "/suggestions/99", f"/{2**62}"):
        assert staff.get(f"{HOME}{path}").status_code == 404, path
