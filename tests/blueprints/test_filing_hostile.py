"""What no form of ours would send: answered with a sentence, never with a fault of ours, and never believed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import EnvironBuilder

from models import Case, db
from tests.blueprints.filing_world import FILLED, FORMS, errors_of, ready, sent
from tests.support.cast import Cast

pytestmark = pytest.mark.usefixtures("city", "morning")
HOSTILE = {
    "nul": "\0",
    "direction": "\u202e退款\u202c" * 8,
    "four bytes": "𠮷野家" * 5,
    "markup": '"><img src=x onerror=alert(1)>{{7*7}}',
    "formula": "=cmd|' /C calc'!A0",
    "long": "长" * 4001,
    "number": "9" * 400,
    "blank": "\u3000 \t\r\n",
    "quotes": "'; DROP TABLE cases; --",
}


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("what", HOSTILE)
def test_every_field_takes_every_text_or_says_what_is_wrong(client: FlaskClient, kind: str, what: str) -> None:
    """SEC-11"""
    for name in FORMS[kind]:
        answer = client.post(f"/file/{kind}", data={**FORMS[kind], name: HOSTILE[what]})
        assert answer.status_code in {200, 400, 413, 422}, name
        assert "<img src=x" not in answer.text
        assert "{{7*7}}" in answer.text or "49" not in HOSTILE[what]


@pytest.mark.parametrize("what", HOSTILE)
def test_the_last_press_takes_no_more_than_the_first(client: FlaskClient, what: str) -> None:
    """SEC-11"""
    last = ready(client)
    for name in (*FILLED, "form_key", "draft", "csrf_token", "consent_truth"):
        answer = client.post("/file/complaint/send", data={**last, name: HOSTILE[what]})
        assert answer.status_code in {303, 400, 409, 413, 422}, name


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_million_characters_are_refused_while_they_are_read(client: FlaskClient, content_type: str) -> None:
    environ = EnvironBuilder("/file/complaint", method="POST", data={**FILLED, "content": "长" * 1_000_000})
    environ.content_type = content_type
    built = environ.get_environ()
    with built["wsgi.input"]:  # the test client keeps a long body in a file that it never closes
        answer = client.open(built)
        assert answer.status_code == 413
        assert "太大" in answer.text


@pytest.mark.parametrize("raw", [b"\xed\xa0\x80", b"\xff\xfe", b"%ED%A0%80", b"%FF", b"%00", b"%u0000", b"%"])
def test_broken_text_is_no_fault_of_ours(client: FlaskClient, raw: bytes) -> None:
    body = urlencode({k: v for k, v in FILLED.items() if k != "content"}, doseq=True).encode() + b"&content=" + raw
    answer = client.post("/file/complaint", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in {400, 422}


def test_one_character_too_many_is_counted_for_the_writer(client: FlaskClient) -> None:
    answer = client.post("/file/complaint", data={**FILLED, "content": "长" * 4001})
    assert errors_of(answer)["content"] == "事情经过最多 4000 个字，现在是 4001 个字"
    assert client.post("/file/complaint", data={**FILLED, "content": "长" * 4000}).status_code == 200


def test_a_field_that_comes_twice_is_refused(client: FlaskClient) -> None:
    answer = client.post("/file/complaint", data={**FILLED, "amount": ["1", "2"]})
    assert answer.status_code == 400
    assert "来了两份" in answer.text


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/octet-stream"])
def test_a_body_of_another_kind_is_an_empty_form(client: FlaskClient, content_type: str) -> None:
    answer = client.post("/file/complaint", data=b'{"content": "x"}', content_type=content_type)
    assert answer.status_code == 422


def test_a_choice_that_was_not_offered_is_refused(client: FlaskClient) -> None:
    answer = client.post("/file/complaint", data={**FILLED, "demands": ["refund", "jail"], "sales_mode": "magic",
                                                  "category": "weapons", "reply_by": "pigeon"})  # fmt: skip
    assert {"demands", "sales_mode", "category", "reply_by"} <= errors_of(answer).keys()


def test_fields_that_the_form_does_not_ask_for_change_nothing(app: Flask, client: FlaskClient, city: Cast) -> None:
    """SEC-30"""
    forged: dict[str, Any] = {
        "unit_id": city.units["west_office"], "status": "closed", "state": "closed", "number": "T20260101-00001-1",
        "created_at": "2020-01-01", "received_on": "2020-01-01", "received_at": "2020-01-01", "handler_id": "1",
        "anonymous": "yes", "matter": "别的事由", "channel": "leader", "urgent": "very_urgent", "attachments": "1",
        "is_admin": "1", "role": "leader", "source_key": "x", "kind": "misconduct", "regime": "order-20",
    }  # fmt: skip
    client.post("/file/complaint/send", data={**ready(client), **forged})
    with app.app_context():
        case = db.session.scalars(select(Case)).one()
        assert case.unit_id == city.units["city"]
        assert (case.kind, case.state, case.channel, case.urgent) == ("complaint", "registered", "online", "normal")
        assert str(case.received_on) == "2026-11-23"
        assert case.number.startswith("T20261123-")
        assert case.matter != "别的事由"
        assert not case.anonymous


def test_the_check_page_of_one_kind_cannot_be_sent_as_another(app: Flask, client: FlaskClient) -> None:
    last = ready(client, "consultation")
    first = client.post("/file/consultation/send", data=last)
    assert client.post("/file/suggestion/send", data=last).status_code == 422
    assert first.status_code == 303
    with app.app_context():
        assert [case.kind for case in db.session.scalars(select(Case))] == ["consultation"]


def test_no_page_of_the_way_says_more_than_it_should_about_others(client: FlaskClient, app: Flask) -> None:
    sent(client)
    stranger = app.test_client()
    assert "澜亭" not in stranger.get("/file/complaint").text
