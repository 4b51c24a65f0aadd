"""The knowledge base on the pages: found while asking, with and without scripts; written and published at the desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casework.knowledge import keeping
from models import clock
from tests.support import desk
from tests.support.cast import MORNING
from tests.support.desk import Desk, errors_of, soup, text_of

ENTRY = {
    "subject": "refund", "question": "网购的东西不喜欢，七天内能退吗？",
    "answer": "能。收到之日起七日内可以退货，不用说明理由。", "basis": "《消费者权益保护法》第二十五条",
}  # fmt: skip
ASKED = "在网上买的鞋子不喜欢，七天内能不能退货？"


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    """A city whose knowledge base holds one entry."""
    found = desk.founded(app)
    with found.records():
        entry_id = keeping.write(found.people.view("editor"), None, ENTRY, 0, MORNING)
        keeping.publish(found.people.view("city_supervisor"), entry_id, 1, MORNING)
    with clock.frozen(MORNING):
        yield found


def test_a_question_finds_the_answer_while_it_is_typed(office: Desk, client: FlaskClient) -> None:
    asked = {"content": ASKED, "ask": "yes"}
    answer = client.post("/file/consultation", data=asked, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    part = soup(answer)
    assert part.select_one("html") is None
    assert "不用说明理由" in text_of(part.select_one("#answers"))
    nothing = client.post(
        "/file/consultation", data={"content": "怎么换驾照", "ask": "yes"}, headers={"HX-Request": "true"}
    )
    assert "没有现成的答案" in text_of(soup(nothing).select_one("#answers"))


def test_without_scripts_the_button_shows_it_and_keeps_what_was_typed(office: Desk, client: FlaskClient) -> None:
    page = soup(client.post("/file/consultation", data={"content": ASKED, "ask": "yes", "filer_name": "王秀英"}))
    assert "不用说明理由" in text_of(page.select_one("#answers"))
    assert ASKED in text_of(page.select_one("#content"))
    assert page.select_one("#filer_name")["value"] == "王秀英"  # type: ignore[index]


def test_the_page_before_sending_offers_it_too(office: Desk, client: FlaskClient) -> None:
    typed = {"content": ASKED, "filer_name": "王秀英", "filer_phone": "13800001234", "reply_by": "page"}
    page = soup(client.post("/file/consultation", data=typed))
    assert text_of(page.select_one("h1")) == "检查一遍，再提交"
    assert "不用说明理由" in text_of(page.select_one("#answers"))


def test_everybody_reads_the_questions_by_subject_and_finds_them_by_words(office: Desk, client: FlaskClient) -> None:
    listed = soup(client.get("/guide/questions"))
    link = listed.select_one("main ul a[href^='/guide/questions/']")
    assert link is not None
    one = client.get(str(link["href"]))
    assert ENTRY["answer"] in one.get_data(as_text=True)
    assert ENTRY["question"] in client.get("/guide/questions?q=网购能退吗").get_data(as_text=True)
    for odd in ("'", "😀", "x" * 300, "退"):
        assert "没有找到现成的答案" in client.get("/guide/questions", query_string={"q": odd}).get_data(as_text=True)
    for gone in ("/guide/questions/999", "/guide/questions/99999999999999999999"):
        assert client.get(gone).status_code == 404


def test_an_entry_is_written_by_one_and_published_by_another(office: Desk, client: FlaskClient) -> None:
    intake, lead = office.person("east_intake"), office.person("east_lead")
    wrong = intake.post("/desk/knowledge/new", {"question": "", "answer": "能。", "version": "0"})
    assert wrong.status_code == 422
    assert set(errors_of(wrong)) == {"subject", "question"}
    assert "能。" in wrong.get_data(as_text=True)
    written = {"subject": "price", "question": "停车收费归谁管？", "answer": "超标准收费归我们查。", "version": "0"}
    here = intake.post("/desk/knowledge/new", written).headers["Location"]
    assert intake.post(f"{here}/publish", {"version": "1"}).status_code == 403
    assert "等审核的（1）" in text_of(soup(lead.get("/desk/knowledge")).select_one("#h-wait"))
    assert lead.post(f"{here}/publish", {"version": "1"}).status_code == 303
    assert "停车收费归谁管？" in client.get("/guide/questions").get_data(as_text=True)
    assert lead.post(f"{here}/withdraw", {"note": ""}).status_code == 422
    assert lead.post(f"{here}/withdraw", {"note": "标准改了"}).status_code == 303
    assert "停车收费归谁管？" not in client.get("/guide/questions").get_data(as_text=True)


def test_who_saves_over_somebody_else_sees_both(office: Desk) -> None:
    here = office.person("east_intake").post("/desk/knowledge/new", {**ENTRY, "version": "0"}).headers["Location"]
    office.person("east_intake").post(here, {**ENTRY, "answer": "第一个人写的。", "version": "1"})
    answer = office.person("east_lead").post(here, {**ENTRY, "answer": "第二个人写的。", "version": "1"})
    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert "第一个人写的。" in page
    assert "第二个人写的。" in page


def test_an_entry_that_is_not_there_leads_back_to_the_list(office: Desk) -> None:
    assert office.person("editor").get("/desk/knowledge/999").headers["Location"] == "/desk/knowledge"
