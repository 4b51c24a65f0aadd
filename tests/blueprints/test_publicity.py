"""Published complaints on the pages: found, read, objected to, put right by those who answer for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casework.publicity import publishing
from models import Case, Publication, clock, db
from rules.calendar import local_date
from tests.support import desk
from tests.support.cast import MORNING
from tests.support.desk import Desk, errors_of, soup, text_of, token_in

TEXT = "消费者反映购买健身年卡后停业，经调解，商家退还余额。"
NAME = "临江澜亭健身服务有限公司"
REASONS = "余额在受理以前已经退还，公示写成经调解才退还。"


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    """A city with one published complaint."""
    found = desk.founded(app)
    number = found.file()
    found.in_hand(number)
    today = local_date(MORNING)
    settled = {
        "decided_on": today, "told_on": today, "told_by": "phone", "ground": "S2", "result": "商家退还剩余费用。",
        "amount_recovered": "3680", "attested": ["small_and_clear", "both_consent"],
    }  # fmt: skip
    with clock.frozen(MORNING):
        found.act(
            number,
            ("east_handler", "settle_on_the_spot", settled),
            ("east_handler", "reply", {"result": "商家已退款。", "amount_recovered": "3680"}),
            ("east_lead", publishing.ACTION, {"decision": "publish", "masked_text": TEXT}),
        )
        yield found


def the_id(office: Desk) -> int:
    """The id of the published complaint."""
    with office.records():
        return db.session.query(Publication.id).scalar()


def test_everybody_reads_it_and_finds_it_by_the_name_of_the_business(office: Desk, client: FlaskClient) -> None:
    assert NAME in text_of(soup(client.get("/publicity")).select_one(".published"))
    found = soup(client.get("/publicity?q=澜亭")).select_one(".published a")
    assert found is not None
    assert found.get_text() == NAME
    business = soup(client.get(str(found["href"])))
    assert "公示中的投诉" in text_of(business.select_one(".facts"))
    assert "%" not in text_of(business.select_one(".facts")), "one complaint has no rate"
    page = client.get(f"/publicity/{the_id(office)}").get_data(as_text=True)
    assert TEXT in page
    assert "王秀英" not in page
    assert client.get("/publicity/rules").status_code == 200


@pytest.mark.parametrize("typed", ["健", "'", "😀😀", "%%", "((((", "x" * 500])
def test_a_search_for_anything_is_answered_sensibly(office: Desk, client: FlaskClient, typed: str) -> None:
    answer = client.get("/publicity", query_string={"q": typed})
    assert answer.status_code == 200
    assert soup(answer).select_one(".empty") is not None


@pytest.mark.parametrize(
    "address",
    ["/publicity/999", "/publicity/999/objection", "/publicity/businesses/999", "/publicity/99999999999999999999"],
)
def test_what_is_not_published_is_not_there(office: Desk, client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_broken_mark_of_a_page_shows_the_first_one(office: Desk, client: FlaskClient) -> None:
    for mark in ("x", "2026-13-01.1", "2026-11-01.99999999999999999999"):
        assert client.get("/publicity", query_string={"after": mark}).status_code == 200


def test_a_business_objects_and_another_person_than_who_decided_corrects_it(office: Desk, client: FlaskClient) -> None:
    here = f"/publicity/{the_id(office)}"
    token = {"csrf_token": token_in(client.get(f"{here}/objection").text)}
    empty = client.post(f"{here}/objection", data={**token, "reasons": "不对"})
    assert empty.status_code == 422
    assert set(errors_of(empty)) == {"name", "phone", "reasons"}
    assert "不对" in empty.get_data(as_text=True)
    sent = client.post(
        f"{here}/objection", data={**token, "name": "周建国", "phone": "13900001111", "reasons": REASONS}
    )
    assert sent.headers["Location"] == here
    lead, supervisor = office.person("east_lead"), office.person("east_supervisor")
    assert NAME in text_of(soup(lead.get("/command/publicity")).select_one("table"))
    page = lead.get(f"/command/publicity/{the_id(office)}").get_data(as_text=True)
    assert "另一位负责人或者上级" in page
    said = {"way": "correct", "text": "商家在受理以前退还余额。", "answer": "退款时间写错，已更正。谢谢指出。"}
    assert (
        supervisor.post(f"/command/publicity/{the_id(office)}/answer", {"way": "", "answer": "短"}).status_code == 422
    )
    assert supervisor.post(f"/command/publicity/{the_id(office)}/answer", said).status_code == 303
    public = client.get(here).get_data(as_text=True)
    assert said["text"] in public
    assert "更正：退款时间写错" in public
    assert "改动记录" in supervisor.get(f"/command/publicity/{the_id(office)}").get_data(as_text=True)


def test_a_form_that_stood_open_too_long_keeps_what_was_typed(office: Desk, client: FlaskClient) -> None:
    here = f"/publicity/{the_id(office)}/objection"
    answer = client.post(here, data={"csrf_token": "old", "name": "周建国", "phone": "13900001111", "reasons": REASONS})
    assert answer.status_code == 422
    assert REASONS in answer.text
    again = {"csrf_token": token_in(answer.text), "name": "周建国", "phone": "13900001111", "reasons": REASONS}
    assert client.post(here, data=again).status_code == 303


def test_a_withdrawn_one_is_gone_for_everybody_and_kept_for_staff(office: Desk, client: FlaskClient) -> None:
    here = f"/command/publicity/{the_id(office)}"
    client.get("/publicity")
    lead = office.person("east_lead")
    assert lead.post(f"{here}/withdraw", {"why": "认错了商家，不是这一家的投诉。"}).status_code == 303
    assert client.get(f"/publicity/{the_id(office)}").status_code == 404
    assert soup(client.get("/publicity")).select_one(".published") is None
    assert "已撤下" in lead.get(here).get_data(as_text=True)


def test_who_has_no_part_in_it_changes_nothing(office: Desk) -> None:
    here = f"/command/publicity/{the_id(office)}"
    for part in ("west_lead", "auditor", "editor", "east_handler"):
        answer = office.person(part).post(f"{here}/withdraw", {"why": "不是我们的件，请撤下来。"})
        assert answer.status_code in (403, 404), part
    with office.records():
        assert db.session.query(Publication).one().withdrawn_at is None


def test_the_decision_on_the_desk_says_at_its_field_what_must_be_masked(office: Desk) -> None:
    with office.records():
        number = db.session.query(Case.number).scalar()
    lead = office.person("east_lead")
    answer = lead.act(number, publishing.ACTION, decision="publish", masked_text="请致电13800001111王女士核实情况。")
    assert answer.status_code == 422
    assert "手机号码" in answer.get_data(as_text=True)
