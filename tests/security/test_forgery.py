"""SEC-24, 25, 29: what writes needs a token of its own; what reads changes nothing; nobody is led away."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from bs4 import BeautifulSoup

from casework import passwords
from models import Staff, db
from models.base import writing
from tests.authorisation.test_routes import address, rules
from tests.authorisation.world import World, form_token
from tests.support.cast import PEOPLE

EVIL = (
    "//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "https://evil.example/desk/",
    "/%09/evil.example", "/\t/evil.example", "javascript:alert(1)", "@evil.example", "http:///evil.example",
    "https://localhost.evil.example", "/%2f%2fevil.example", "//localhost@evil.example", "/\r\nX-Evil: 1",
    "data:text/html,x",
)  # fmt: skip
PASSWORD = "一套足够长的测试口令-2026"


def unsafe(city: World) -> list[tuple[str, set[int], str]]:
    """(audience, how it may refuse, address) of every route that writes and needs a token.

    The last press of a filing keeps what was typed: it answers with the form again (422 where that is not complete).
    A staff route of another role is closed before its token is looked at.
    """
    number = city.numbers(kind="complaint", state="under_review", unit="east_office")[0]
    return [
        (policy.audience, {400, 422} if policy.keeps else {400, 403} if audience == "staff" else {400, 401}, where)
        for audience in ("staff", "filer", "public")
        for rule, policy, method in rules(city, audience)
        if method == "POST" and not policy.first_post
        for where in [address(city, rule, number)]
    ]


def test_sec_24_nothing_that_writes_works_without_a_token(city: World) -> None:
    client, others = city.client("east_lead"), 0
    for _audience, refusals, path in unsafe(city):
        for token in (None, "", "x" * 88, "=" * 5, form_token(city.app, "staff:another"), city.token("west_lead")):
            with city.unchanged():
                answer = client.post(path, data={} if token is None else {"csrf_token": token})
            assert answer.status_code in refusals, (path, answer.status_code)
            others += answer.status_code == 400
    assert others > 60


def test_sec_24_a_visits_token_opens_nothing_of_the_staff_and_the_other_way_round(city: World) -> None:
    client = city.client("east_lead")
    client.post("/file/consultation", data={"content": "想问一下年卡能不能退，门店已经关了。"})
    cookie = client.get_cookie("visit")
    assert cookie is not None
    of_visit = form_token(city.app, f"visit:{cookie.value}")
    for audience, refusals, path in unsafe(city):
        wrong = of_visit if audience == "staff" else city.token("east_lead")
        with city.unchanged():
            assert client.post(path, data={"csrf_token": wrong}).status_code in refusals, path


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
    {"Origin": "null"}, {"Referer": "https://evil.example/"},
])  # fmt: skip
def test_sec_24_no_post_of_a_foreign_page_is_taken_even_with_a_token(city: World, headers: dict[str, str]) -> None:
    part = "east_lead"
    client, number = city.client(part), city.numbers(kind="complaint", state="under_review", unit="east_office")[0]
    for audience in ("staff", "filer", "login"):
        for rule, _policy, method in rules(city, audience):
            if method == "POST":
                with city.unchanged():
                    data = {"csrf_token": city.token(part)}
                    answer = client.post(address(city, rule, number), data=data, headers=headers)
                assert answer.status_code in {400, 403}, rule.rule


@pytest.mark.parametrize("part", [None, "east_lead", "city_supervisor", "discipline", "system_admin"])
def test_sec_24_reading_changes_nothing(city: World, part: str | None) -> None:
    client, read = city.client(part), 0
    number = city.numbers(kind="complaint", state="under_review", unit="east_office")[0]
    with city.unchanged():
        for audience in ("public", "filer", "login", "machine", "staff"):
            for rule, _policy, method in rules(city, audience):
                if method == "GET":
                    for headers in ({}, {"HX-Request": "true"}):
                        client.get(address(city, rule, number), headers=headers)
                        client.head(address(city, rule, number), headers=headers)
                        read += 2
    assert read > 100


def test_sec_29_a_name_that_comes_twice_is_refused_where_it_may_come_once(city: World) -> None:
    part = "east_lead"
    client, refused = city.client(part), 0
    for audience, refusals, path in unsafe(city):
        if audience != "staff":
            continue
        with city.unchanged():
            answer = client.post(path, data={"csrf_token": city.token(part), "seen": ["1", "2"]})
        assert answer.status_code in refusals, path
        refused += answer.status_code == 400
    assert refused > 5


@pytest.fixture
def entering(city: World) -> World:
    """The city, in which 许静 has a password and no second factor."""
    with city.app.app_context(), writing() as session:
        person = session.get_one(Staff, city.people.staff["east_handler2"])
        person.password_hash = passwords.hashed(PASSWORD)
        db.session.flush()
    return city


def ours(location: str) -> bool:
    """True for an address on this host: a path, or our own name."""
    parts = urlsplit(location)
    return (
        not parts.scheme and not parts.netloc and location.startswith("/") and not location.startswith(("//", "/\\"))
    ) or (parts.netloc == "localhost" and parts.scheme in {"http", "https"})


@pytest.mark.parametrize("wanted", EVIL)
def test_sec_25_after_the_sign_in_nobody_is_led_away(entering: World, wanted: str) -> None:
    client = entering.app.test_client()
    shown = client.get("/login", query_string={"next": wanted})
    field = BeautifulSoup(shown.text, "html5lib").find("input", attrs={"name": "next"})
    assert field is None or field["value"] == ""
    for headers in ({}, {"HX-Request": "true"}):
        data = {"username": "east_handler2", "password": PASSWORD, "otp": "", "next": wanted}
        answer = client.post("/login", data=data, headers=headers)
        assert answer.status_code in {204, 303}, answer.text
        for name in ("Location", "HX-Redirect", "HX-Location"):
            if name in answer.headers:
                assert ours(answer.headers[name]), answer.headers[name]
                assert "evil" not in answer.headers[name]
        assert "X-Evil" not in answer.headers


@pytest.mark.parametrize("wanted", EVIL)
def test_sec_25_no_other_way_back_leads_away(city: World, wanted: str) -> None:
    part = "east_lead"
    client, number = city.client(part), city.numbers(kind="complaint", state="dispatched", unit="east_office")[0]
    answers = [
        client.get("/look", query_string={"to": "large", "back": wanted}),
        client.get(f"/look?to=large&back={quote(wanted, safe='')}", headers={"HX-Request": "true"}),
        client.post(
            "/desk/bulk", data={"csrf_token": city.token(part), "back": wanted, "do": "dispatch", "case": number}
        ),
        client.get(f"/{quote(wanted)}?look=large"),
        city.app.test_client().get("/desk/", headers={"HX-Current-URL": wanted if wanted.isprintable() else "x"}),
    ]
    for answer in answers:
        for name in ("Location", "HX-Redirect", "HX-Location"):
            if name in answer.headers:
                assert ours(answer.headers[name]), answer.headers[name]
        assert "X-Evil" not in answer.headers
        assert 'href="//evil' not in answer.text
        assert 'href="javascript:' not in answer.text


def test_the_cast_of_these_tests_is_the_whole_city(city: World) -> None:
    assert set(city.tokens) - {"expired"} == set(PEOPLE)
