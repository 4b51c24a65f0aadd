"""SEC-18, 20, 21, 22, 23, 34: what every answer carries, whatever it is an answer to."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blueprints.web.policy import policy_of
from tests.authorisation.test_routes import address, rules
from tests.authorisation.world import World

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
SANDBOX = re.compile(r"^(sandbox; default-src 'none'|default-src 'none'; sandbox)[^']*(; frame-ancestors 'none'.*)?$")
EVERY = ("public", "filer", "login", "machine", "staff")


def look(answer: TestResponse, where: str) -> None:
    """Everything that holds for every answer."""
    headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert policy == CSP or ("attachment" in headers.get("Content-Disposition", "") and SANDBOX.match(policy)), where
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff", where
    assert headers["X-Frame-Options"] == "DENY", where
    assert headers["Referrer-Policy"] in {"no-referrer", "same-origin"}, where
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin", where
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin", where
    assert "geolocation=()" in headers["Permissions-Policy"], where
    assert not [name for name, _ in headers if name.lower().startswith("access-control")], where
    assert "Server" not in headers or "Werkzeug" not in headers["Server"], where
    if answer.data and answer.status_code != 304:
        kind = headers["Content-Type"]
        assert "charset=utf-8" in kind.lower() or not kind.startswith("text/"), (where, kind)
    for cookie in headers.getlist("Set-Cookie"):
        assert "HttpOnly" in cookie, where
        assert "SameSite=" in cookie, where
        assert "Path=/" in cookie, where
        assert "Domain" not in cookie, where


@pytest.mark.parametrize("part", [None, "east_handler", "city_supervisor", "system_admin", "discipline"])
def test_sec_20_every_route_answers_with_the_whole_set(city: World, part: str | None) -> None:
    client, seen = city.client(part), set[int]()
    number = city.numbers(kind="complaint", state="under_review", unit="east_office")[0]
    for audience in EVERY:
        for rule, _policy, method in rules(city, audience):
            if rule.endpoint == "account.logout":
                continue
            for headers in ({}, {"HX-Request": "true"}):
                answer = client.open(address(city, rule, number), method=method, headers=headers)
                look(answer, f"{method} {rule.rule}")
                seen.add(answer.status_code)
    assert {200, 400} <= seen or part is None
    assert 303 in seen


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/nothing-here", 404), ("DELETE", "/", 405), ("TRACE", "/", 405), ("PUT", "/login", 405),
    ("OPTIONS", "/", 200),
    ("POST", "/login", 422), ("GET", "/static/none.css", 404), ("GET", "/static/portal.css", 200),
    ("HEAD", "/guide", 200),
    ("GET", "/%00", 404), ("GET", "/desk/cases/%2e%2e%2f", 404),
])  # fmt: skip
def test_sec_20_answers_that_no_view_makes_carry_it_too(city: World, method: str, path: str, status: int) -> None:
    answer = city.client(None).open(path, method=method)
    assert answer.status_code == status
    look(answer, path)


def test_sec_20_too_large_a_body_and_a_foreign_host_carry_it_too(city: World) -> None:
    client = city.client(None)
    large = client.post("/file/consultation", data={"content": "x" * 1_200_000})
    foreign = client.get("/", headers={"Host": "evil.example"})
    assert (large.status_code, foreign.status_code) == (413, 400)
    look(large, "413")
    look(foreign, "400")


def test_sec_20_not_modified_carries_it_too(city: World) -> None:
    client = city.client(None)
    for path in ("/", "/guide", "/static/portal.css"):
        again = client.get(path, headers={"If-None-Match": client.get(path).headers["ETag"]})
        assert again.status_code == 304
        look(again, path)


def test_sec_20_a_fault_of_ours_carries_it_too_and_says_nothing(city: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise KeyError("canary-9f2 SELECT secret FROM staff")

    for place, path, part in (
        ("casework.queue.page", "/desk/", "east_handler"),
        ("blueprints.public.guide.materials", "/guide/materials?fresh=1", None),
    ):
        monkeypatch.setattr(place, breaks)
        answer = city.client(part).get(path)
        assert answer.status_code == 500
        look(answer, path)
        assert "canary" not in answer.text
        assert "Traceback" not in answer.text
        assert re.search(r"E-\d{4}-\d{4}-[0-9A-F]{4}", answer.text)


def test_sec_34_nothing_of_a_person_is_kept_by_browsers_or_proxies(city: World) -> None:
    number = city.numbers(kind="complaint", state="under_review", unit="east_office")[0]
    client: FlaskClient = city.client("east_handler")
    for audience in ("staff", "filer", "login"):
        for rule, _policy, method in rules(city, audience):
            if rule.endpoint == "account.logout":
                continue
            answer = client.open(address(city, rule, number), method=method)
            assert "no-store" in answer.headers["Cache-Control"], rule.rule
            assert "ETag" not in answer.headers, rule.rule


def test_sec_34_leaving_clears_what_the_browser_kept(city: World) -> None:
    part = "west_dispatcher"
    answer = city.client(part).post("/logout", data={"csrf_token": city.token(part)})
    assert '"cache"' in answer.headers["Clear-Site-Data"]
    assert '"storage"' in answer.headers["Clear-Site-Data"]
    assert city.client(part).get("/desk/").status_code == 303, "the session has ended on the server"


def test_pages_that_are_kept_name_nobody(city: World) -> None:
    """A page that is one body for all must not be made for one: no name, no token, no cookie."""
    cached = [r for r, p, m in rules(city, "public") if p.cached and m == "GET"]
    assert len(cached) >= 10
    for rule in cached:
        for part in ("east_handler", None):
            answer = city.client(part).get(address(city, rule))
            assert "李明" not in answer.text, rule.rule
            assert 'name="csrf_token"' not in answer.text, rule.rule
            assert "Set-Cookie" not in answer.headers, rule.rule
        assert policy_of(city.app, rule.endpoint) is not None
