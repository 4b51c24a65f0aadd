"""Cached pages, looks, messages, errors: what readers meet."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from blueprints.web.cache import AnonymousPages
from blueprints.web.pages import own_path
from tests.blueprints.web_world import OTHER, TOKEN, make_portal, token_in

PUBLIC = ["/", "/guide", "/guide/flow", "/guide/flow/report", "/guide/materials", "/guide/places", "/guide/privacy",
          "/guide/access", "/board", "/publicity", "/figures", "/stations"]  # fmt: skip


@pytest.fixture
def portal(tmp_path: Path) -> Flask:
    return make_portal(tmp_path)


@pytest.fixture
def visitor(portal: Flask) -> FlaskClient:
    return portal.test_client()


@pytest.fixture
def clerk(portal: Flask) -> FlaskClient:
    signed_in = portal.test_client()
    signed_in.set_cookie("staff", TOKEN)
    return signed_in


class TestReadingPages:
    @pytest.mark.parametrize("path", PUBLIC)
    def test_each_has_one_heading_a_title_a_phone_number_and_a_skip_link(self, visitor: FlaskClient, path: str) -> None:
        answer = visitor.get(path)
        soup = BeautifulSoup(answer.text, "html5lib")
        assert answer.status_code == 200
        assert len(soup.find_all("h1")) == 1
        assert soup.title is not None
        assert soup.title.text.endswith("临江市12315投诉举报平台")
        assert soup.select('a[href="tel:12315"]')
        first = soup.body.find("a") if soup.body else None
        assert first is not None
        assert first["href"] == "#main"
        assert soup.html is not None
        assert soup.html["lang"] == "zh-CN"

    @pytest.mark.parametrize("path", PUBLIC)
    def test_each_travels_in_less_than_14_kilobytes_and_400_nodes(self, visitor: FlaskClient, path: str) -> None:
        packed = visitor.get(path, headers={"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert len(packed.data) < 14 * 1024
        nodes = len(BeautifulSoup(visitor.get(path).text, "html5lib").find_all(True))
        assert nodes <= (900 if path.startswith("/guide/flow") else 520 if path == "/guide" else 400)

    def test_home_with_all_it_needs_travels_in_less_than_30_kilobytes(self, visitor: FlaskClient) -> None:
        home = visitor.get("/", headers={"Accept-Encoding": "gzip"})
        links = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', visitor.get("/").text))
        files = [visitor.get(url, headers={"Accept-Encoding": "gzip"}) for url in links]
        assert len(links) <= 5
        assert len(home.data) + sum(len(f.data) for f in files) < 30_000

    def test_home_loads_no_script(self, visitor: FlaskClient) -> None:
        assert "<script" not in visitor.get("/").text

    def test_ids_are_unique(self, visitor: FlaskClient) -> None:
        for path in PUBLIC:
            ids = re.findall(r'\sid="([^"]+)"', visitor.get(path).text)
            assert len(ids) == len(set(ids)), path

    def test_every_link_inside_a_page_leads_to_something_on_it(self, visitor: FlaskClient) -> None:
        for path in PUBLIC:
            text = visitor.get(path).text
            missing = set(re.findall(r'href="#([^"]+)"', text)) - set(re.findall(r'\sid="([^"]+)"', text))
            assert not missing, path

    def test_number_and_code_never_stand_in_an_address(self, visitor: FlaskClient) -> None:
        form = BeautifulSoup(visitor.get("/").text, "html5lib").select_one("form.find")
        assert form is not None
        assert form["method"] == "post"


class TestCachedPages:
    def test_a_page_is_rendered_once_for_everybody(self, portal: Flask) -> None:
        first, second = portal.test_client().get("/guide"), portal.test_client().get("/guide")
        assert first.data == second.data
        assert first.headers["ETag"] == second.headers["ETag"]
        assert first.headers["Cache-Control"] == "no-cache"
        assert "X-Anonymous-Page" not in first.headers

    def test_a_head_request_gets_the_length_and_no_body(self, visitor: FlaskClient) -> None:
        length = visitor.get("/").headers["Content-Length"]
        answer = visitor.head("/")
        assert answer.headers["Content-Length"] == length
        assert answer.data == b""

    def test_each_look_has_a_body_of_its_own(self, visitor: FlaskClient) -> None:
        plain = visitor.get("/").text
        visitor.set_cookie("look", "both")
        assert 'class="large contrast"' in visitor.get("/").text
        visitor.delete_cookie("look")
        assert visitor.get("/").text == plain

    def test_one_with_a_visit_gets_a_page_of_his_own_that_is_not_shared(self, visitor: FlaskClient) -> None:
        visitor.get("/")
        visitor.post("/probe/check", data={})
        answer = visitor.get("/")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert "ETag" not in answer.headers
        assert "X-Anonymous-Page" not in answer.headers

    def test_a_query_is_never_kept(self, visitor: FlaskClient) -> None:
        assert "ETag" not in visitor.get("/board?q=a").headers

    def test_pages_that_are_not_declared_cached_are_not(self, visitor: FlaskClient) -> None:
        for path in ("/healthz", "/nope", "/probe/done"):
            assert "ETag" not in visitor.get(path).headers
            assert visitor.get(path).headers["Cache-Control"] == "no-store"

    def test_forgetting_reaches_every_process(self, tmp_path: Path) -> None:
        made: list[int] = []

        def inner(environ, start_response):  # type: ignore[no-untyped-def]
            made.append(1)
            start_response("200 OK", [("Content-Type", "text/html"), ("X-Anonymous-Page", "1")])
            return [f"page {len(made)}".encode()]

        here, there = (
            AnonymousPages(inner, private_cookies=["visit"], stamp=tmp_path / "pages.stamp") for _ in range(2)
        )

        def get(pages: AnonymousPages) -> bytes:
            environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": ""}
            return b"".join(pages(environ, lambda *_: None))  # type: ignore[arg-type,return-value]

        assert (get(here), get(there), get(here)) == (b"page 1", b"page 2", b"page 1")
        here.forget()
        assert (get(here), get(there)) == (b"page 3", b"page 4")

    def test_a_page_grows_old(self, tmp_path: Path) -> None:
        time = [0.0]

        def inner(environ, start_response):  # type: ignore[no-untyped-def]
            start_response("200 OK", [("X-Anonymous-Page", "1")])
            return [str(time[0]).encode()]

        pages = AnonymousPages(inner, private_cookies=["visit"], stamp=tmp_path / "s", clock=lambda: time[0])
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": ""}
        bodies = []
        for moment in (0.0, 59.0, 61.0):
            time[0] = moment
            bodies.append(b"".join(pages(environ, lambda *_: None)))  # type: ignore[arg-type,return-value]
        assert bodies == [b"0.0", b"0.0", b"61.0"]


class TestLooks:
    def test_a_link_keeps_the_choice_and_shows_the_same_page(self, visitor: FlaskClient) -> None:
        answer = visitor.get("/board?page=2&look=large")
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/board?page=2"
        assert 'class="large"' in visitor.get("/board").text

    def test_both_versions_go_together_and_apart(self, visitor: FlaskClient) -> None:
        visitor.get("/?look=large")
        assert 'href="?look=both"' in visitor.get("/").text
        visitor.get("/?look=both")
        text = visitor.get("/").text
        assert 'href="?look=contrast"' in text
        assert 'href="?look=large"' in text

    def test_an_unknown_look_changes_nothing(self, visitor: FlaskClient) -> None:
        assert "Set-Cookie" not in visitor.get("/?look=%22%3E").headers

    @pytest.mark.parametrize(
        "back",
        [
            "//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/%09/evil.example",
            "%2f%2fevil.example", "/%2fevil.example", "/\nx", "@evil", "",
        ],
    )  # fmt: skip
    def test_the_way_back_stays_on_this_host(self, visitor: FlaskClient, back: str) -> None:
        assert own_path(back, "/") == "/"
        assert visitor.get("/look", query_string={"to": "large", "back": back}).headers["Location"] == "/"

    def test_an_own_path_is_kept(self) -> None:
        assert own_path("/desk/?view=due-today", "/") == "/desk/?view=due-today"


class TestMessages:
    def test_what_was_done_is_said_on_the_next_page_and_only_there(self, clerk: FlaskClient) -> None:
        token = token_in(clerk.get("/probe/desk").text)
        answer = clerk.post("/probe/act", data={"csrf_token": token})
        assert answer.status_code == 303
        said = BeautifulSoup(clerk.get("/probe/desk").text, "html5lib").select_one('.msg[role="status"]')
        assert said is not None
        assert "已签收，顾晓岚" in said.text
        assert said.select('a[href="/probe/desk"]')
        assert "已签收" not in clerk.get("/probe/desk").text

    def test_a_message_of_somebody_else_is_not_shown(self, portal: Flask, clerk: FlaskClient) -> None:
        token = token_in(clerk.get("/probe/desk").text)
        clerk.post("/probe/act", data={"csrf_token": token})
        stolen = clerk.get_cookie("said")
        assert stolen is not None
        other = portal.test_client()
        other.set_cookie("staff", OTHER)
        other.set_cookie("said", stolen.value)
        assert "已签收" not in other.get("/probe/desk").text


class TestErrors:
    @pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503])
    def test_every_error_has_a_page_that_says_what_to_do(self, visitor: FlaskClient, code: int) -> None:
        answer = visitor.get(f"/probe/raise/{code}")
        soup = BeautifulSoup(answer.text, "html5lib")
        assert answer.status_code == code
        assert len(soup.find_all("h1")) == 1
        assert soup.select('a[href="tel:12315"]')
        assert not re.search("非法|无效|失败|系统异常", soup.text)
        assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(("what", "status", "sentence"), [
        ("allowed", 403, "这一步要由承办人办"), ("refused", 422, "金额要写成数字，例如 3680"),
        ("stale", 409, "10:24 沈嘉禾 受理"), ("fast", 429, "请等 30 秒再试"),
    ])  # fmt: skip
    def test_a_refusal_of_the_work_is_told_in_its_own_words(
        self, visitor: FlaskClient, what: str, status: int, sentence: str
    ) -> None:
        answer = visitor.get(f"/probe/raise/{what}")
        assert answer.status_code == status
        assert sentence in answer.text
        if what == "fast":
            assert answer.headers["Retry-After"] == "30"

    def test_a_fault_shows_a_number_that_the_log_holds_and_nothing_else(
        self, visitor: FlaskClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.ERROR):
            answer = visitor.get("/probe/raise/broken")
        assert answer.status_code == 500
        number = re.search(r"E-\d{4}-\d{4}-[0-9A-F]{4}", answer.text)
        assert number is not None
        assert number[0] in caplog.text
        assert "canary" not in answer.text
        assert "KeyError" not in answer.text

    def test_htmx_gets_a_fragment_for_the_notice(self, visitor: FlaskClient) -> None:
        answer = visitor.get("/probe/raise/stale", headers={"HX-Request": "true"})
        root = BeautifulSoup(answer.text, "html5lib").body
        assert root is not None
        children = root.find_all(recursive=False)
        assert [child["id"] for child in children] == ["notice"]
        assert answer.headers["HX-Retarget"] == "#notice"
        assert "10:24 沈嘉禾 受理" in answer.text

    def test_a_view_without_a_policy_is_refused_loudly_in_a_demo_and_closed_in_production(self, tmp_path: Path) -> None:
        def forgotten() -> str:
            return "open to all"

        demo = make_portal(tmp_path / "demo")
        strict = make_portal(tmp_path / "strict", profile="production", public_url="https://12315.example.cn")
        for portal, status in ((demo, 500), (strict, 403)):
            portal.add_url_rule("/forgotten", "forgotten", forgotten)
            answer = portal.test_client().get("/forgotten")
            assert answer.status_code == status
            assert "open to all" not in answer.text
