"""The receipt: for the visit that sent the form, for a day, and for nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from models import clock
from tests.blueprints.filing_world import keys_on, plain, ready, sent, soup
from tests.support.cast import MORNING

pytestmark = pytest.mark.usefixtures("city", "morning")


def test_it_says_number_code_and_what_comes_next_by_when(client: FlaskClient) -> None:
    receipt = sent(client)
    text = plain(soup(receipt).find("main").text)
    for words in ("投诉已收到", "2026年11月23日（周一）9:30", "临江澜亭健身服务有限公司",
                  "2026年12月2日（周三）前（当天有效）：告诉您是否受理", "用短信告诉您",
                  "受理后60天内：组织调解"):  # fmt: skip
        assert words in text


def test_it_is_shown_again_within_the_visit(client: FlaskClient) -> None:
    place = client.post("/file/complaint/send", data=ready(client)).headers["Location"]
    assert keys_on(client.get(place)) == keys_on(client.get(place))


def test_its_address_is_worthless_to_anybody_else(app: Flask, client: FlaskClient) -> None:
    place = client.post("/file/complaint/send", data=ready(client)).headers["Location"]
    code = keys_on(client.get(place))[0][1]
    bare, stranger = app.test_client(), app.test_client()
    ready(stranger)
    for other in (bare, stranger):
        answer = other.get(place)
        assert answer.status_code == 404
        assert "24 小时内可以再看" in answer.text
        assert code not in answer.text


def test_a_day_later_the_code_is_gone(client: FlaskClient) -> None:
    place = client.post("/file/complaint/send", data=ready(client)).headers["Location"]
    with clock.frozen(MORNING + timedelta(hours=24)):
        assert client.get(place).status_code == 404


@pytest.mark.parametrize("token", ["x", "A" * 32, "%00", "a" * 5000, "..", "é"])
def test_an_invented_address_is_not_found(client: FlaskClient, token: str) -> None:
    ready(client)
    assert client.get(f"/file/receipt/{token}").status_code == 404


def test_it_can_be_taken_away_as_a_text(client: FlaskClient) -> None:
    place = client.post("/file/complaint/send", data=ready(client)).headers["Location"]
    [(number, code)] = keys_on(client.get(place))
    answer = client.get(f"{place}/text")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Cache-Control"] == "no-store"
    assert f"编号：{number}\r\n查询码：{code}" in answer.text
    assert "2026年12月2日（周三）" in answer.text


def test_the_receipt_of_a_sealed_letter_says_nothing_of_it(client: FlaskClient) -> None:
    receipt = sent(client, "misconduct")
    assert "某科长" not in receipt.text
    assert "礼品卡" not in receipt.text


def test_leaving_closes_it_for_the_next_person_at_the_machine(client: FlaskClient) -> None:
    place = client.post("/file/complaint/send", data=ready(client)).headers["Location"]
    token = soup(client.get(place)).select_one("form[action='/track/leave'] input[name=csrf_token]")["value"]
    assert client.post("/track/leave", data={"csrf_token": token}).status_code == 303
    assert client.get(place).status_code == 404
