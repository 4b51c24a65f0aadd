"""SEC-01, 03, 07, 33, 36: what people type stays text, on every page, for everybody who may see it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient

from casework import handling
from models import Case, StaffSession, clock, db
from models.base import writing
from rules.workflow import WORKFLOW
from tests.authorisation.world import form_token
from tests.support import cast
from tests.support.cast import MORNING, PEOPLE, Cast

PROBES = (
    '"><svg onload=alert(1)><b>x</b>',
    "'{{7*7}}{% print 7*7 %}${7*7}",
    "</script></textarea></title><img src=x onerror=alert(2)>",
    "一\u2028二\u2029<a href=javascript:alert(3)>三</a>",
    "&#x3c;iframe src=//evil.example&#x3e;&lt;script&gt;",
)
WEBSITES = ("javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "http://evil.example/")
CANARIES = ("王秀英", "13800001234", "柳荫里7幢502室")


CHECKED = {"filer_postcode", "filer_email", "respondent_code", "filer_id_number"}
"""Fields of one shape: a probe would only be refused."""


def texts(kind: str, probe: str) -> dict[str, Any]:
    """A filing with the probe in every field that takes free text."""
    entered: dict[str, Any] = dict(cast.FILINGS[kind])
    action = "register_sealed" if kind == "misconduct" else "register_online"
    for field in WORKFLOW.fields(action, kind):
        if field.type in {"text", "long_text"} and field.name not in CHECKED:
            entered[field.name] = (probe * 3)[: field.max or 60]
    return entered


@pytest.fixture
def told(app: Flask) -> Iterator[tuple[Flask, Cast, list[tuple[str, str]]]]:
    """A city in which every text is a probe: filings, notes, contacts, reasons; with numbers and codes."""
    with app.app_context(), clock.frozen(MORNING):
        people = cast.build()
        slips = []
        for place, kind in enumerate(cast.FILINGS):
            for probe in (PROBES[place], PROBES[(place + 2) % len(PROBES)]):
                receipt = cast.file(kind, **texts(kind, probe))
                slips.append((receipt.slips[0].number, receipt.slips[0].code))
        for place, (number, _code) in enumerate(slips):
            case = db.session.query(Case).filter_by(number=number).one()
            if case.kind != "misconduct":
                probe = PROBES[place % len(PROBES)]
                entered: dict[str, Any] = {"unit": "east_office", "routing_reason": probe[:60]}
                handling.apply(case, "dispatch", people.actor("city_dispatcher"), MORNING, **entered)
                handling.apply(case, "note", people.actor("east_lead"), MORNING, text=probe)
        db.session.remove()
        yield app, people, slips


def signed_in(app: Flask, people: Cast, part: str) -> FlaskClient:
    """A browser of a member of staff."""
    token = f"session-of-{part}".ljust(43, "x")
    with app.app_context(), writing() as session:
        digest = hashlib.sha256(token.encode()).digest()
        session.add(StaffSession(token_hash=digest, staff_id=people.staff[part], created_at=MORNING, seen_at=MORNING,
                                 expires_at=MORNING + timedelta(hours=8)))  # fmt: skip
    client = app.test_client()
    client.set_cookie("staff", token)
    return client


def harmless(html: str, where: str) -> None:
    """No element, attribute or address of a page comes from what people typed."""
    soup = BeautifulSoup(html, "html5lib")
    assert not soup.select("iframe, object, embed, base, style, meta[http-equiv=refresh i], body meta"), where
    for tag in soup.find_all(True):
        assert isinstance(tag, Tag)
        assert not [name for name in tag.attrs if name.lower().startswith("on") or name == "style"], (where, tag)
        for name in ("href", "src", "action", "formaction", "hx-get", "hx-post"):
            value = str(tag.get(name, ""))
            assert not re.match(r"\s*(javascript|data|vbscript):", value, re.I) or tag.name == "link", (where, value)
            assert not re.match(r"(https?:)?//", value), (where, value)
    for script in soup.find_all("script"):
        assert str(script.get("src", "")).startswith("/static/"), where
        assert not script.text.strip(), where
    assert not [img for img in soup.find_all("img") if not str(img.get("src")).startswith(("/", "data:image/svg"))], (
        where
    )
    assert not soup.select("svg b, svg svg"), where
    assert not re.search(r"['’$]49\b", soup.get_text()), f"{where}: a template was made of what was typed"


def pages_of(client: FlaskClient, slips: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Every page of the desk that shows what was typed."""
    for path in ("/desk/", "/desk/?view=all", "/desk/messages", "/desk/new", "/command/", "/account"):
        yield path, client.get(path).text
    for number, _code in slips:
        path = f"/desk/cases/{number}"
        answer = client.get(path)
        yield path, answer.text
        for act in re.findall(r"\?do=(\w+)", answer.text)[:1]:
            yield f"{path}?do={act}", client.get(f"{path}?do={act}").text


@pytest.mark.parametrize("part", ["east_lead", "city_intake", "city_supervisor", "auditor", "discipline"])
def test_sec_01_what_was_typed_is_text_on_every_page_of_the_desk(
    told: tuple[Flask, Cast, list[tuple[str, str]]], part: str
) -> None:
    app, people, slips = told
    client, shown = signed_in(app, people, part), 0
    for where, html in pages_of(client, slips):
        harmless(html, where)
        words = BeautifulSoup(html, "html5lib").get_text()
        shown += any(mark in words for mark in ("onload=alert(1)", "{{7*7}}", "iframe src="))
    assert shown > 0, "the probes have to be seen somewhere"


def test_sec_01_what_was_typed_comes_back_into_forms_as_text(told: tuple[Flask, Cast, list[tuple[str, str]]]) -> None:
    app, people, slips = told
    client = signed_in(app, people, "east_lead")
    token = form_token(app, "staff:" + "session-of-east_lead".ljust(43, "x"))
    for probe in PROBES:
        answers = [
            client.get("/desk/", query_string={"q": probe, "view": probe, "after": probe}),
            client.post("/login", data={"username": probe, "password": probe, "otp": probe, "next": probe}),
            client.post("/track", data={"number": probe, "code": probe}),
            client.post(
                f"/desk/cases/{slips[0][0]}/note", data={"csrf_token": token, "text": probe * 200, "seen": "99"}
            ),
            client.get(f"/{probe}"),
            client.get("/guide", query_string={probe: probe}),
        ]
        answers += [client.post(f"/file/{kind}", data=texts(kind, probe)) for kind in cast.FILINGS]
        for place, answer in enumerate(answers):
            assert answer.status_code < 500, place
            harmless(answer.text, f"form {place}")


def test_sec_01_what_was_typed_is_text_on_the_page_of_the_filer(
    told: tuple[Flask, Cast, list[tuple[str, str]]],
) -> None:
    app, _people, slips = told
    shown = 0
    for number, code in slips:
        client = app.test_client()
        client.get("/track")
        answer = client.post("/track", data={"number": number, "code": code}, follow_redirects=True)
        assert answer.status_code == 200
        assert number in answer.text
        harmless(answer.text, number)
        shown += 1
    assert shown == 2 * len(cast.FILINGS)


@pytest.mark.parametrize("website", WEBSITES)
def test_sec_03_an_address_that_somebody_typed_is_never_a_link(app: Flask, website: str) -> None:
    with app.app_context(), clock.frozen(MORNING):
        people = cast.build()
        receipt = cast.file(
            platform=website[:50], respondent_contact=website[:60], content=f"网店地址是 {website} 请查。"
        )
        number = receipt.slips[0].number
        html = signed_in(app, people, "city_intake").get(f"/desk/cases/{number}").text
    links = [str(a.get("href")) for a in BeautifulSoup(html, "html5lib").find_all("a")]
    assert website in BeautifulSoup(html, "html5lib").get_text()
    assert not [link for link in links if "evil" in link or re.match(r"(javascript|data|vbscript):", link)]


def test_sec_33_nothing_personal_stands_in_an_address(app: Flask) -> None:
    with app.app_context(), clock.frozen(MORNING):
        people = cast.build()
        number = cast.file().slips[0].number
        for part in ("city_intake", "auditor", "city_supervisor"):
            client = signed_in(app, people, part)
            for path in ("/desk/", "/desk/?view=all", f"/desk/cases/{number}"):
                soup = BeautifulSoup(client.get(path).text, "html5lib")
                for tag in soup.find_all(True):
                    for name in ("href", "action", "src", "hx-get", "hx-post"):
                        assert not [c for c in CANARIES if c in str(tag.get(name, ""))], (path, tag)


def test_prv_01_names_are_masked_for_everybody_until_somebody_asks(app: Flask) -> None:
    """The canaries of a filing stand on no page of the desk by themselves."""
    with app.app_context(), clock.frozen(MORNING):
        people = cast.build()
        number = cast.file().slips[0].number
        case = db.session.query(Case).filter_by(number=number).one()
        entered: dict[str, Any] = {"unit": "east_office", "routing_reason": "地址在东城区"}
        handling.apply(case, "dispatch", people.actor("city_dispatcher"), MORNING, **entered)
        for part in PEOPLE:
            client = signed_in(app, people, part)
            for path in (
                "/desk/",
                "/desk/?view=all",
                f"/desk/cases/{number}",
                f"/desk/?q={CANARIES[1]}",
                "/desk/messages",
            ):
                html = client.get(path).text
                kept = html.replace(f'value="{CANARIES[1]}"', "").replace(f"q={CANARIES[1]}", "")
                kept = re.sub(rf"“{CANARIES[1]}”", "", kept)
                assert not [c for c in CANARIES if c in kept], (part, path)


def test_sec_36_no_page_asks_another_host_for_anything(app: Flask) -> None:
    with app.app_context(), clock.frozen(MORNING):
        people = cast.build()
        clients = [app.test_client(), signed_in(app, people, "east_lead"), signed_in(app, people, "system_admin")]
        for rule in app.url_map.iter_rules():
            if rule.arguments or "GET" not in (rule.methods or ()):
                continue
            for client in clients:
                html = client.get(rule.rule, follow_redirects=True).text.replace(app.config["PUBLIC_URL"], "")
                assert not re.findall(r"""(?:src|href|action|poster|srcset)=["'](?:https?:)?//[^"']+""", html), (
                    rule.rule
                )
                assert not re.findall(r"url\((?:https?:)?//", html), rule.rule
