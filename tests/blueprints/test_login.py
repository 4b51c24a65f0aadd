"""The way in: name, password, one-time code; where it leads; how it ends."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from casework import throttle
from models import Staff, StaffSession, clock, db
from models.base import writing
from tests.support import cast, desk
from tests.support.desk import Desk, errors_of, soup

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    with clock.frozen(cast.MORNING):
        yield desk.founded(app)


def enter(client: FlaskClient, username: str = "east_handler", **more: str) -> TestResponse:
    data = {"username": username, "password": desk.PASSWORD, "otp": "", **more}
    return client.post("/login", data=data)


def test_a_name_and_a_password_open_the_desk(office: Desk, client: FlaskClient) -> None:
    answer = enter(client)
    assert answer.status_code == 303
    assert client.get(answer.location).location == "/desk/"
    assert client.get("/desk/").status_code == 200


def test_the_cookie_holds_a_random_token_and_the_database_its_hash(office: Desk, client: FlaskClient) -> None:
    answer = enter(client)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    token = cookie.split("staff=")[1].split(";")[0]
    with office.records():
        kept = db.session.query(StaffSession).one()
        assert kept.token_hash == hashlib.sha256(token.encode()).digest()


def test_everything_wrong_is_refused_in_the_same_words(office: Desk, client: FlaskClient) -> None:
    wrong_name = enter(client, "nobody")
    wrong_password = enter(client, password="something else 12")
    assert wrong_name.status_code == wrong_password.status_code == 422
    assert (
        errors_of(wrong_name) == errors_of(wrong_password) == {"username": "用户名、密码或动态口令不对，请核对后再试"}
    )


def test_a_refused_password_is_never_shown_again(office: Desk, client: FlaskClient) -> None:
    answer = enter(client, password="my secret word 1")
    assert "my secret word" not in answer.text
    assert 'value="east_handler"' in answer.text
    assert answer.text.index("错误：") > 0


def test_the_second_factor_is_asked_for_and_works_once(office: Desk, app: Flask) -> None:
    with office.records(), writing() as session:
        session.query(Staff).filter_by(username="east_handler").one().totp_secret = SECRET
    code = pyotp.TOTP(SECRET).at(cast.MORNING)
    assert enter(app.test_client()).status_code == 422
    assert enter(app.test_client(), otp=code).status_code == 303
    assert enter(app.test_client(), otp=code).status_code == 422


def test_five_failures_in_a_row_cost_a_minute(office: Desk, client: FlaskClient) -> None:
    throttle.switch(True)
    try:
        for _ in range(5):
            enter(client, password="wrong wrong 12")
        answer = enter(client)
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "60"
        with clock.frozen(cast.MORNING + timedelta(seconds=61)):
            assert enter(client).status_code == 303
    finally:
        throttle.switch(False)


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "/\\evil.example", "https:evil.example", "/%09/evil.example", "javascript:alert(1)",
     "@evil.example", "https://localhost.evil.example/desk/", "/%2fevil.example", "\t//evil.example", "http:///evil"],
)  # fmt: skip
def test_nobody_is_sent_to_another_host_after_signing_in(office: Desk, client: FlaskClient, wanted: str) -> None:
    answer = client.get("/login", query_string={"next": wanted})
    assert soup(answer).find("input", {"name": "next"}) is None
    assert enter(client, next=wanted).location == "/start"


def test_one_who_was_stopped_goes_back_to_where_they_wanted(office: Desk, client: FlaskClient) -> None:
    stopped = client.get("/desk/?view=mine&q=13800001234")
    assert stopped.status_code == 303
    assert "13800001234" not in stopped.location
    hidden = soup(client.get(stopped.location)).find("input", {"name": "next"})
    assert hidden["value"] == "/desk/"
    assert enter(client, next="/desk/messages").location == "/desk/messages"


def test_htmx_is_told_to_leave_when_the_session_has_ended(office: Desk, client: FlaskClient) -> None:
    answer = client.get("/desk/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login"
    assert answer.data == b""


def test_signing_out_ends_the_session_on_the_server(office: Desk, app: Flask) -> None:
    person = office.person("east_handler")
    copied = app.test_client()
    copied.set_cookie("staff", person.client.get_cookie("staff").value)
    answer = person.post("/logout", {})
    assert answer.location == "/login"
    assert copied.get("/desk/").location.startswith("/login")


def test_signing_out_needs_the_token_of_the_session(office: Desk) -> None:
    person = office.person("east_handler")
    assert person.client.post("/logout").status_code == 400
    assert person.get("/desk/").status_code == 200


def test_half_an_hour_without_a_click_signs_out(office: Desk) -> None:
    person = office.person("east_handler")
    with clock.frozen(cast.MORNING + timedelta(minutes=29)):
        assert person.get("/desk/").status_code == 200
    with clock.frozen(cast.MORNING + timedelta(minutes=60)):
        assert person.get("/desk/").status_code == 303


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(office: Desk) -> None:
    person = office.person("east_lead")
    number = office.file()
    for minutes in range(5, 30, 5):
        with clock.frozen(cast.MORNING + timedelta(minutes=minutes)):
            person.get(f"/desk/cases/{number}/papers?again=yes", headers={"HX-Request": "true"})
    with clock.frozen(cast.MORNING + timedelta(minutes=31)):
        assert person.get("/desk/").status_code == 303


def test_a_person_sees_and_ends_their_other_sessions(office: Desk, app: Flask) -> None:
    here, there = desk.Person(app, "east_handler"), desk.Person(app, "east_handler")
    page = soup(here.get("/account"))
    end = page.select("table form")
    assert len(end) == 1
    assert here.post(end[0]["action"], {}).status_code == 303
    assert there.get("/desk/").status_code == 303
    assert here.get("/desk/").status_code == 200


def test_nobody_ends_the_session_of_somebody_else(office: Desk) -> None:
    mine, other = office.person("east_handler"), office.person("west_handler")
    with office.records():
        theirs = db.session.query(StaffSession.id).filter_by(staff_id=office.people.staff["west_handler"]).scalar()
    mine.post(f"/account/sessions/{theirs}/end", {})
    assert other.get("/desk/").status_code == 200


def test_a_password_set_by_somebody_else_is_replaced_first(office: Desk, client: FlaskClient) -> None:
    with office.records(), writing() as session:
        session.query(Staff).filter_by(username="east_handler").one().must_change = True
    assert enter(client).location == "/account"
    assert client.get("/desk/").location == "/account"
    new = "四只 鹅 过 旧 桥 17"
    data = {"csrf_token": desk.token_in(client.get("/account").text), "password": desk.PASSWORD, "new_password": new,
            "new_password_again": new, "otp": ""}  # fmt: skip
    assert client.post("/account/password", data=data).status_code == 303
    assert client.get("/desk/").status_code == 200


def test_a_new_password_typed_differently_twice_is_not_taken(office: Desk) -> None:
    person = office.person("east_handler")
    data = {"password": desk.PASSWORD, "new_password": "四只 鹅 过 旧 桥 17", "new_password_again": "四只", "otp": ""}
    answer = person.post("/account/password", data)
    assert answer.status_code == 422
    assert errors_of(answer) == {"new_password_again": "两次输入的新密码不一样，请再输一次"}


def test_everybody_begins_where_their_work_is(office: Desk) -> None:
    assert office.person("system_admin").get("/start").location == "/admin/"
    assert office.person("editor").get("/start").location == "/board/edit"
    assert office.person("auditor").get("/start").location == "/desk/"
