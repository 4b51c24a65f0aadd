"""What every answer carries, whoever made it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.blueprints.web_world import make_portal

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
EVERYWHERE = ["/", "/guide", "/static/portal.css", "/static/none.css", "/nope", "/probe/raise/broken", "/look?to=large",
              "/probe/desk", "/healthz", "/?look=large"]  # fmt: skip


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return make_portal(tmp_path_factory.mktemp("portal"))


@pytest.fixture
def visitor(portal: Flask) -> FlaskClient:
    return portal.test_client()


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_carries_the_security_headers(visitor: FlaskClient, path: str) -> None:
    headers = visitor.get(path).headers
    assert headers["Content-Security-Policy"] == CSP
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]
    assert not [name for name in headers.keys() if name.lower().startswith("access-control")]  # noqa: SIM118


def test_a_not_modified_answer_carries_them_too(visitor: FlaskClient) -> None:
    etag = visitor.get("/").headers["ETag"]
    again = visitor.get("/", headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again.headers["Content-Security-Policy"] == CSP


def test_only_a_production_portal_asks_for_https_for_a_year(visitor: FlaskClient, tmp_path: Path) -> None:
    strict = make_portal(tmp_path, profile="production", public_url="https://12315.example.cn")
    answer = strict.test_client().get("/", headers={"Host": "12315.example.cn"})
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "Strict-Transport-Security" not in visitor.get("/").headers


def test_a_foreign_host_is_refused_before_anything_is_served(visitor: FlaskClient) -> None:
    visitor.get("/")
    for path in ("/", "/static/portal.css", "/track"):
        answer = visitor.get(path, headers={"Host": "evil.example"})
        assert answer.status_code == 400, path
        assert answer.headers["Content-Security-Policy"] == CSP


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "192.168.1.20:8000"])
def test_local_names_and_plain_addresses_are_ours_in_a_demo(visitor: FlaskClient, host: str) -> None:
    assert visitor.get("/", headers={"Host": host}).status_code == 200


def test_a_production_portal_answers_to_its_name_and_to_the_loopback_only(tmp_path: Path) -> None:
    strict = make_portal(tmp_path, profile="production", public_url="https://12315.example.cn").test_client()
    statuses = {
        h: strict.get("/", headers={"Host": h}).status_code for h in ("12315.example.cn", "127.0.0.1", "10.0.0.9")
    }
    assert statuses == {"12315.example.cn": 200, "127.0.0.1": 200, "10.0.0.9": 400}


def test_forged_proxy_headers_change_nothing_without_a_trusted_proxy(visitor: FlaskClient) -> None:
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/x"}
    answer = visitor.get("/probe/desk", headers=forged)
    assert answer.headers["Location"] == "/login?next=%2Fprobe%2Fdesk"


def test_static_files_are_named_by_content_kept_for_ever_and_vary_by_encoding_only(visitor: FlaskClient) -> None:
    url = visitor.get("/").text.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = visitor.get(url, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.data).startswith(b"/* portal.css")
    assert b'url("/static/arrow.' in gzip.decompress(answer.data)


def test_a_static_file_under_an_old_name_is_served_but_not_kept(visitor: FlaskClient) -> None:
    answer = visitor.get("/static/portal.00000000.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/", "/static/vendor"])
def test_nothing_but_the_files_themselves_lies_under_static(visitor: FlaskClient, path: str) -> None:
    assert visitor.get(path).status_code == 404


def test_reading_pages_set_no_cookie_and_do_not_vary_by_cookie(visitor: FlaskClient) -> None:
    for path in ("/", "/guide", "/board", "/healthz", "/nope"):
        answer = visitor.get(path)
        assert "Set-Cookie" not in answer.headers, path
        assert "Cookie" not in answer.headers.get("Vary", ""), path


def test_a_cookie_of_a_portal_behind_https_is_secure_and_bound_to_the_host(tmp_path: Path) -> None:
    safe = make_portal(tmp_path, public_url="https://12315.example.cn").test_client()
    answer = safe.post("/probe/check", data={}, headers={"Host": "12315.example.cn"})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-visit=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie


def test_trace_is_not_answered(visitor: FlaskClient) -> None:
    assert visitor.open("/", method="TRACE").status_code == 405


def test_behind_one_trusted_proxy_its_word_on_https_counts_and_no_other(tmp_path: Path) -> None:
    behind = make_portal(tmp_path, trusted_proxies=1, trusted_hosts=("12315.example.cn",)).test_client()
    forwarded = {"Host": "12315.example.cn", "X-Forwarded-Proto": "http, https", "X-Forwarded-Host": "evil.example"}
    own = behind.post("/probe/check", data={}, headers={**forwarded, "Origin": "https://12315.example.cn"})
    other = behind.post("/probe/check", data={}, headers={**forwarded, "Origin": "http://12315.example.cn"})
    assert (own.status_code, other.status_code) == (200, 400)
