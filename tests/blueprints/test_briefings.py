"""The pages of the briefing: who sees what, what is typed, what is refused at its field, what is printed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO

import pytest
from flask import Flask
from pypdf import PdfReader

from casework import tasks
from jobs import run
from models import clock
from tests.jobs import papers
from tests.support import desk
from tests.support.desk import Desk, errors_of, soup, text_of

DECEMBER = datetime(2026, 12, 2, 1, tzinfo=UTC)
HERE = "/briefings/2026-11"
RARE = "㙓䶮龘𬱖"

# WeasyPrint leaves the file of its colour profile to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    """A city with three filings in November, on the second of December."""
    found = desk.founded(app)
    for n in range(3):
        found.file(filer_phone=f"1380000{n:04d}")
    with clock.frozen(DECEMBER):
        yield found


def work(office: Desk) -> None:
    """Let the workers do what waits."""
    with office.records():
        run.drain(DECEMBER, tasks.QUEUES)


def compiled(office: Desk) -> None:
    """Have November's briefing compiled through the page."""
    answer = office.person("city_supervisor").post("/briefings/", {"month": "2026-11"})
    assert answer.headers["Location"] == HERE
    work(office)


def test_a_briefing_is_compiled_written_signed_and_printed(office: Desk) -> None:
    compiled(office)
    editor, leader = office.person("editor"), office.person("city_leader")
    page = editor.get(f"{HERE}?part=warnings")
    assert text_of(soup(page).select_one(".toc [aria-current] .quiet")) == "没写"
    typed = {"text": f"办卡前先看清停业风险。感谢{RARE}同志。", "version": "0", "next": "outlook"}
    assert editor.post(f"{HERE}/parts/warnings", typed).headers["Location"] == f"{HERE}?part=outlook"
    assert "写好" in text_of(soup(editor.get(f"{HERE}?part=warnings")).select_one(".toc [aria-current]"))
    assert leader.get(HERE).status_code == 200
    assert soup(leader.get(HERE)).select_one(f'form[action="{HERE}/issue"]') is None, "nothing was submitted yet"
    editor.post(f"{HERE}/submit", {})
    assert soup(editor.get(HERE)).select_one("textarea") is None, "what is submitted is not written in"
    leader.post(f"{HERE}/issue", {})
    work(office)
    links = [one["href"] for one in soup(leader.get(HERE)).select('#editions a[href*="/editions/"]')]
    assert len(links) == 2
    public, full = (leader.get(str(link)).data for link in links)
    assert "内部资料" in papers.text_of(full)
    assert "内部资料" not in papers.text_of(public)
    assert "第1期（总第1期）" in papers.text_of(full)
    assert RARE in papers.text_of(full)
    assert papers.unembedded(full) == set()
    assert papers.complaints(full) == []
    _the_contents_name_the_right_pages(full)
    _nothing_leaves_the_type_area(full)
    east = office.person("east_leader")
    assert "第1期" in east.get("/briefings/").text
    assert east.get(str(links[1])).status_code == 200


def _the_contents_name_the_right_pages(pdf: bytes) -> None:
    pages = ["".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages]
    for title in ("一、总体情况", "附：数据表"):
        named = next(line for line in pages[0].split("…") if title in line) if "…" in pages[0] else pages[0]
        after = named.partition(title)[2].lstrip(". ")
        number = int("".join(one for one in after[:2] if one.isdigit()))
        wanted = [
            place for place, words in enumerate(pages, 1) if title in words and (place > 1 or words.count(title) > 1)
        ]
        assert number in wanted, (title, number, wanted)


def _nothing_leaves_the_type_area(pdf: bytes) -> None:
    for place in range(papers.pages_of(pdf)):
        for line in papers.lines(pdf, place):
            if line.size < 4:  # the words of the chart have measures of their own
                continue
            assert line.left >= 28 - 1, line
            assert line.right <= 210 - 26 + 1, line


def test_of_two_editors_the_later_sees_both_texts(office: Desk) -> None:
    compiled(office)
    office.person("editor").post(f"{HERE}/parts/overview", {"text": "先写的", "version": "0"})
    answer = office.person("city_supervisor").post(f"{HERE}/parts/overview", {"text": "后写的", "version": "0"})
    assert answer.status_code == 422
    page = soup(answer)
    assert "有人保存过" in errors_of(answer)["text"]
    assert text_of(page.select_one("textarea")) == "后写的"
    assert "先写的" in text_of(page.select_one(".msg-warn"))
    version = str(page.select_one('input[name="version"]')["value"])  # type: ignore[index]
    again = office.person("city_supervisor").post(f"{HERE}/parts/overview", {"text": "合起来", "version": version})
    assert again.status_code == 303


def test_a_month_that_is_none_or_runs_is_refused_at_its_field_and_kept(office: Desk) -> None:
    for typed in ("2026-12", "2026-13", "明年", ""):
        answer = office.person("city_supervisor").post("/briefings/", {"month": typed})
        assert answer.status_code == 422
        assert errors_of(answer)["month"]
        assert soup(answer).select_one('input[name="month"]')["value"] == typed  # type: ignore[index]


def test_a_returned_briefing_says_why_and_an_empty_reason_is_refused(office: Desk) -> None:
    compiled(office)
    office.person("editor").post(f"{HERE}/submit", {})
    leader = office.person("city_leader")
    assert errors_of(leader.post(f"{HERE}/return", {"reason": ""}))
    leader.post(f"{HERE}/return", {"reason": "热点要写清处置。"})
    assert "热点要写清处置。" in office.person("editor").get(HERE).text


def test_a_draft_shows_a_district_nothing_and_leads_back(office: Desk) -> None:
    compiled(office)
    answer = office.person("east_leader").get(HERE)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/briefings/")
    assert "2026年11月</a>" not in office.person("east_leader").get("/briefings/").text


def test_a_district_reports_and_the_list_says_who_is_late(office: Desk) -> None:
    with clock.frozen(datetime(2026, 12, 7, 1, tzinfo=UTC)):
        east = office.person("east_supervisor")
        address = "/briefings/2026-11/reports/east"
        assert errors_of(east.post(address, {"text": "无", "version": "0"}))["text"]
        east.post(address, {"text": "本月辖区投诉以预付式消费为主，没有重大事件。", "version": "0"})
        assert "迟报" in east.get("/briefings/").text
        west = office.person("west_leader")
        assert west.get(address).status_code == 303
        assert west.post(address, {"text": "替别人写的，写得再长也不行。" * 3, "version": "0"}).status_code in (
            403,
            404,
        )
