"""SEC-04, 06, 11: whatever is sent, the answer is a sentence: never a fault of ours, never a row more or less."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import pytest

from models import Case, db
from rules.workflow import WORKFLOW
from tests.authorisation import oracle
from tests.authorisation.test_routes import address, rules
from tests.authorisation.world import World
from tests.support.cast import PEOPLE

HOSTILE = {
    "empty": "",
    "blank": "\u3000 \t\r\n ",
    "superscript": "²",
    "digits of others": "٣٤٥",
    "wide digits": "１２３４５６７８９０１２３４５６７８９０１２３４５６７８９０",
    "huge number": "9" * 400,
    "negative": "-1",
    "fraction": "1e309",
    "quotes": "' OR '1'='1' --; DROP TABLE cases; \" \\",
    "template": "{{7*7}}${7*7}#{7*7}<%= 7*7 %>{% raw %}",
    "four bytes": "𠮷野家👩‍👩‍👧‍👦" * 3,
    "direction": "\u202e退款\u202c\u2066\ufeff",
    "separator": "一\u2028二\u2029三\u0085四",
    "controls": "\x01\x02\x1b[31m红\x7f\x9b",
    "path": "../../../../etc/passwd\\..\\",
    "header": "x\r\nSet-Cookie: evil=1\r\n\r\n<html>",
    "long": "长" * 4001,
}
SQL = (
    "'",
    '"',
    "1;--",
    "due_at; DROP TABLE cases",
    "id DESC, (SELECT 1)",
    "*",
    "0 UNION SELECT password_hash FROM staff",
)
WORST = "(a+)+$" + "a" * 60 + "!"


def people_for(policy_roles: tuple[str, ...]) -> str:
    """Somebody whom a route lets in."""
    return next(part for part in PEOPLE if oracle.opens(part, policy_roles))


@pytest.mark.parametrize("what", HOSTILE)
def test_sec_11_every_act_of_the_desk_takes_it_or_says_what_is_wrong(city: World, what: str) -> None:
    """Every field of an act at once, by somebody who may press it; each act meets a part of the list."""
    tried, turn = 0, list(HOSTILE).index(what)
    for key in list(WORKFLOW.actions)[turn % 8 :: 8]:
        action = WORKFLOW.action(key)
        kind = action.kinds[0]
        found = [
            (number, part)
            for number, standing in city.cases.items()
            if standing.kind == kind and (not action.from_ or standing.state in action.states.get(kind, ()))
            for part in PEOPLE
            if oracle.may_read(part, standing) and oracle.may_act(part, key, standing)
        ]
        if not found:
            continue
        number, part = found[tried % len(found)]
        fields = {field.name: HOSTILE[what] for field in WORKFLOW.fields(key, kind)}
        form = {**fields, "csrf_token": city.token(part), "attested": HOSTILE[what], "seen": HOSTILE[what]}
        answer = city.client(part).post(f"/desk/cases/{number}/{key}", data=form)
        assert answer.status_code in {200, 303, 400, 404, 409, 413, 422}, (key, what, answer.status_code)
        assert "evil" not in answer.headers.get("Set-Cookie", "")
        tried += 1
    assert tried > 7


@pytest.mark.parametrize("what", HOSTILE)
def test_sec_11_every_other_form_takes_it_or_says_what_is_wrong(city: World, what: str) -> None:
    names = {field.name for action in WORKFLOW.actions.values() for field in action.fields if "register" in action.key}
    names |= {"username", "password", "otp", "number", "code", "case", "do", "back", "unit", "handler", "message",
              "kind",
              "new_password", "new_password_again", "happened_on_year", "happened_on_month", "happened_on_day", "draft",
              "form_key", "remove", "change", "reason", "note", "token", "next", "seen"}  # fmt: skip
    number = city.numbers(kind="complaint", state="under_review", unit="east_office")[0]
    for audience in ("staff", "filer", "login", "public"):
        for rule, policy, method in rules(city, audience):
            if method != "POST" or rule.endpoint in {"account.logout", "cases.act"}:
                continue
            part = people_for(policy.permissions) if audience == "staff" else "east_handler"
            form = {**dict.fromkeys(sorted(names), HOSTILE[what]), "csrf_token": city.token(part)}
            answer = city.client(part).post(address(city, rule, number), data=form)
            assert answer.status_code < 500, (rule.rule, what)
            assert "evil" not in answer.headers.get("Set-Cookie", ""), rule.rule


@pytest.mark.parametrize("raw", [b"\xed\xa0\x80", b"\xff\xfe", b"%ED%A0%80", b"%00", b"%u0000", b"%", b"a%00b"])
def test_sec_11_broken_text_is_no_fault_of_ours(city: World, raw: bytes) -> None:
    part = "east_lead"
    number = city.numbers(kind="complaint", state="under_review", unit="east_office")[0]
    for audience in ("staff", "filer", "login"):
        for rule, _policy, method in rules(city, audience):
            if method != "POST" or rule.endpoint == "account.logout":
                continue
            with_token = urlencode({"csrf_token": city.token(part)}).encode() + b"&text=" + raw + b"&" + raw + b"=1"
            answer = city.client(part).post(
                address(city, rule, number), data=with_token, content_type="application/x-www-form-urlencoded"
            )
            assert answer.status_code < 500, rule.rule


@pytest.mark.parametrize("what", [*HOSTILE, *SQL])
def test_sec_04_what_stands_in_an_address_is_never_a_fault_and_never_sql(city: World, what: str) -> None:
    word = HOSTILE.get(what, what)
    with city.app.app_context():
        before = db.session.query(Case).count()
    client = city.client("east_lead")
    for name in ("view", "q", "after", "kind", "category", "handler", "do", "page", "sort", "again"):
        answer = client.get("/desk/", query_string={name: word})
        assert answer.status_code in {200, 303, 400, 404, 414, 422}, (name, answer.status_code)
    for path in ("/desk/messages", "/track", "/board", "/account", "/guide"):
        assert client.get(path, query_string={"q": word, "page": word, "after": word}).status_code < 500, path
    for path in (
        f"/desk/cases/{word}",
        f"/file/receipt/{word}",
        f"/desk/new/{word}",
        f"/track/case/{word}",
        f"/board/{word}",
    ):
        assert client.get(path.replace("\r", "").replace("\n", "")).status_code < 500, path
    with city.app.app_context():
        assert db.session.query(Case).count() == before


@pytest.mark.parametrize(
    "word", ["%", "_", "\\", "%%%", "[a-z]", "*", WORST, '"', "AND", "NEAR(", "a*", "^健", "健 OR 身"]
)
def test_sec_06_a_search_takes_signs_for_what_they_are_and_is_quick(city: World, word: str) -> None:
    client = city.client("east_lead")
    began = time.process_time()
    answer = client.get("/desk/", query_string={"view": "all", "q": word})
    assert answer.status_code == 200
    assert time.process_time() - began < 1.0
    everything = client.get("/desk/", query_string={"view": "all"})
    shown = answer.text.count("/desk/cases/T")
    if word in {"%", "_", "\\", "%%%", "*", "[a-z]"}:
        assert shown < everything.text.count("/desk/cases/T"), "a sign was taken for a wildcard"


@pytest.mark.parametrize("size", [1_000, 100_000, 1_000_000])
def test_sec_11_a_long_word_anywhere_is_refused_or_cut(city: World, size: int) -> None:
    client, word = city.client("east_lead"), "长" * size
    for path, form in (
        ("/login", {"username": word, "password": word, "otp": word}),
        ("/track", {"number": word, "code": word}),
        ("/desk/similar", {"csrf_token": city.token("east_lead"), "filer_phone": word, "goods": word}),
        ("/account/password", {"csrf_token": city.token("east_lead"), "password": word, "new_password": word}),
    ):
        began = time.process_time()
        assert client.post(path, data=form).status_code in {200, 400, 403, 413, 422, 429}, path
        assert time.process_time() - began < 2.0, path
