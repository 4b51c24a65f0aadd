"""Who may send what: tokens, origins, sessions, and what a request may hold."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import IO, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blueprints.web.policy import policy_of
from blueprints.web.staff import may_open
from blueprints.web.tokens import csrf_token
from tests.blueprints.web_world import OTHER, TOKEN, Person, make_portal, token_in


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return make_portal(tmp_path_factory.mktemp("portal"))


@pytest.fixture
def visitor(portal: Flask) -> FlaskClient:
    return portal.test_client()


@pytest.fixture
def clerk(portal: Flask) -> FlaskClient:
    signed_in = portal.test_client()
    signed_in.set_cookie("staff", TOKEN)
    return signed_in


def visit_token(portal: Flask, client: FlaskClient) -> str:
    """Return a token for the visit that the client has begun."""
    cookie = client.get_cookie("visit")
    assert cookie is not None
    with portal.test_request_context(headers={"Cookie": f"visit={cookie.value}"}):
        return csrf_token()


class TestTokens:
    def test_the_first_post_of_a_form_needs_none_and_begins_the_visit(self, visitor: FlaskClient) -> None:
        answer = visitor.post("/probe/check", data={"content": "退款"})
        assert answer.status_code == 200
        assert visitor.get_cookie("visit") is not None
        assert answer.headers["Cache-Control"] == "no-store"

    def test_every_other_post_of_a_visit_needs_its_own(self, portal: Flask, visitor: FlaskClient) -> None:
        visitor.post("/probe/check", data={})
        assert visitor.post("/probe/send", data={}).status_code == 400
        assert visitor.post("/probe/send", data={"csrf_token": "x" * 88}).status_code == 400
        good = visit_token(portal, visitor)
        assert visitor.post("/probe/send", data={"csrf_token": good}).status_code == 303

    def test_the_token_of_another_visit_is_worthless(self, portal: Flask, visitor: FlaskClient) -> None:
        visitor.post("/probe/check", data={})
        stranger = portal.test_client()
        stranger.post("/probe/check", data={})
        theirs = visit_token(portal, stranger)
        assert visitor.post("/probe/send", data={"csrf_token": theirs}).status_code == 400

    def test_a_staff_post_needs_the_token_of_that_session(self, portal: Flask, clerk: FlaskClient) -> None:
        mine = token_in(clerk.get("/probe/desk").text)
        assert clerk.post("/probe/act", data={}).status_code == 400
        assert clerk.post("/probe/act", data={"csrf_token": mine}).status_code == 303
        assert clerk.post("/probe/act", data={}, headers={"X-CSRF-Token": mine}).status_code == 303
        other = portal.test_client()
        other.set_cookie("staff", OTHER)
        assert other.post("/probe/act", data={"csrf_token": mine}).status_code == 400

    def test_the_token_looks_different_on_every_page(self, clerk: FlaskClient) -> None:
        assert token_in(clerk.get("/probe/desk").text) != token_in(clerk.get("/probe/desk").text)

    def test_every_view_that_writes_is_guarded(self, portal: Flask, clerk: FlaskClient) -> None:
        for rule in portal.url_map.iter_rules():
            declared = policy_of(portal, rule.endpoint)
            assert declared is not None, rule.endpoint
            unsafe = rule.methods & {"POST", "PUT", "PATCH", "DELETE"} if rule.methods else set()
            if not unsafe or declared.first_post or declared.audience in {"login", "api"} or "<" in rule.rule:
                continue
            let_in = not declared.permissions or may_open(Person(), declared.permissions)
            assert clerk.post(rule.rule, data={}).status_code == (400 if let_in else 403), rule.rule


class TestOrigins:
    @pytest.mark.parametrize(("headers", "status"), [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 400),
        ({"Sec-Fetch-Site": "same-site"}, 400),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://127.0.0.1:8000"}, 200),
        ({"Origin": "https://evil.example"}, 400),
        ({"Origin": "http://localhost.evil.example"}, 400),
        ({"Origin": "null"}, 400),
        ({"Origin": "http://[bad"}, 400),
        ({"Referer": "https://evil.example/x"}, 400),
        ({"Referer": "http://localhost/file"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
    ])  # fmt: skip
    def test_a_first_post_must_come_from_a_page_of_ours(
        self, visitor: FlaskClient, headers: dict[str, str], status: int
    ) -> None:
        assert visitor.post("/probe/check", data={}, headers=headers).status_code == status

    def test_a_foreign_page_cannot_replace_a_visit(self, visitor: FlaskClient) -> None:
        answer = visitor.post("/probe/check", data={}, headers={"Origin": "https://evil.example"})
        assert "Set-Cookie" not in answer.headers

    def test_a_right_token_does_not_help_a_foreign_page(self, clerk: FlaskClient) -> None:
        mine = token_in(clerk.get("/probe/desk").text)
        answer = clerk.post("/probe/act", data={"csrf_token": mine}, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 400


class TestStaff:
    def test_one_who_is_not_signed_in_is_led_to_the_sign_in_and_back(self, visitor: FlaskClient) -> None:
        answer = visitor.get("/probe/desk?q=13800001234")
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/login?next=%2Fprobe%2Fdesk"

    def test_htmx_is_told_to_leave_when_the_session_has_ended(self, visitor: FlaskClient) -> None:
        answer = visitor.get("/probe/desk", headers={"HX-Request": "true"})
        assert answer.status_code == 401
        assert answer.headers["HX-Redirect"] == "/login"

    def test_a_made_up_session_opens_nothing(self, visitor: FlaskClient) -> None:
        visitor.set_cookie("staff", "made-up")
        assert visitor.get("/probe/desk").status_code == 303

    def test_pages_of_the_staff_are_not_kept_and_name_the_person(self, clerk: FlaskClient) -> None:
        answer = clerk.get("/probe/desk")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "顾晓岚" in answer.text

    def test_a_page_of_another_post_is_refused_with_a_way_back_to_the_desk(self, clerk: FlaskClient) -> None:
        answer = clerk.get("/probe/centre")
        assert answer.status_code == 403
        assert 'href="/desk/"' in answer.text
        assert "顾晓岚" in answer.text

    def test_the_links_at_the_top_are_those_that_the_person_may_open(self, clerk: FlaskClient) -> None:
        text = clerk.get("/probe/desk").text
        assert 'href="/desk/"' in text
        assert 'href="/admin/"' not in text

    @pytest.mark.parametrize("path", ["/command/", "/briefings/", "/insight/", "/admin/"])
    def test_the_pages_of_later_floors_are_closed_to_the_public(self, visitor: FlaskClient, path: str) -> None:
        assert visitor.get(path).status_code == 303


class TestInputs:
    def test_a_field_that_comes_twice_is_refused_unless_it_may(self, visitor: FlaskClient) -> None:
        assert visitor.post("/probe/check", data={"content": ["a", "b"]}).status_code == 400
        assert visitor.post("/probe/check", data={"demands": ["refund", "repair"]}).text == "refund,repair"

    @pytest.mark.parametrize("body", [b"content=%00", b"content=a%00b", b"%00=a"])
    def test_a_nul_byte_is_refused_with_a_sentence(self, visitor: FlaskClient, body: bytes) -> None:
        answer = visitor.post("/probe/check", data=body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 400
        assert "认不出的字符" in answer.text

    @pytest.mark.parametrize(
        "body", [b"content=%ED%A0%80", b"content=%FF%FE", b"content=%", b"content=%u4e2d", b"=", b"&&&"]
    )
    def test_broken_encoding_is_never_a_fault(self, visitor: FlaskClient, body: bytes) -> None:
        answer = visitor.post("/probe/check", data=body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in {200, 400, 422}

    @pytest.mark.parametrize("path", ["/guide?q=%00", "/guide?q=%ED%A0%80", "/%00", "/%ED%A0%80", "/board/%FF"])
    def test_junk_in_an_address_is_never_a_fault(self, visitor: FlaskClient, path: str) -> None:
        assert visitor.get(path).status_code in {200, 400, 404}

    def test_rare_characters_arrive_as_they_were_typed(self, visitor: FlaskClient) -> None:
        assert visitor.post("/probe/check", data={"content": "𠮷野家\r\n“退款”"}).text == "𠮷野家\r\n“退款”"

    def test_too_large_a_field_body_or_number_of_parts_is_refused_with_413(self, visitor: FlaskClient) -> None:
        parts = {f"f{i}": "x" for i in range(301)}
        form = "multipart/form-data"
        answers = [
            visitor.post("/probe/check", data={"content": "x" * 1_100_000}),
            visitor.post("/probe/check", data={"content": "x" * 501_000}, content_type=form),
            visitor.post("/probe/check", data=parts, content_type=form),
        ]
        assert [a.status_code for a in answers] == [413, 413, 413]
        assert "200 MB" in answers[0].text

    def test_a_view_that_takes_files_takes_large_ones_and_never_lays_them_down_in_plain(
        self, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        laid_down: list[IO[bytes]] = []
        real = tempfile.TemporaryFile

        def spy(**named: Any) -> IO[bytes]:
            laid_down.append(real(dir=tmp_path, buffering=0))
            return laid_down[-1]

        monkeypatch.setattr("casework.attachments.spool.tempfile.TemporaryFile", spy)
        monkeypatch.setattr("casework.attachments.spool.store.root", lambda: tmp_path)
        head = b'--x\r\nContent-Disposition: form-data; name="attachments"; filename="a.pdf"\r\n\r\n'
        body = head + b"canary " * 500_000 + b"\r\n--x--\r\n"
        with monkeypatch.context() as kept_open:
            kept_open.setattr("casework.attachments.spool.Spool.close", lambda self: None)
            answer = visitor.post("/probe/upload", data=body, content_type="multipart/form-data; boundary=x")
        assert answer.text == "3500000"
        on_disk = os.pread(laid_down[0].fileno(), 4_000_000, 0)
        for file in laid_down:
            file.close()
        assert len(on_disk) == 3_500_000
        assert b"canary" not in on_disk

    def test_a_file_name_with_a_nul_byte_is_refused(self, visitor: FlaskClient) -> None:
        head = b'--x\r\nContent-Disposition: form-data; name="attachments"; filename="a\0.pdf"\r\n\r\nx\r\n--x--\r\n'
        answer = visitor.post("/probe/upload", data=head, content_type="multipart/form-data; boundary=x")
        assert answer.status_code == 400
