"""AUZ-02, 03, 04, 05, 06 over HTTP: every route × method × person × case, and what is refused writes nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import cycle

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from blueprints.web.policy import Policy, policy_of
from models import Case, StaffSession, db
from rules.workflow import WORKFLOW
from tests.authorisation import oracle
from tests.authorisation.world import PAPER, SHEET, World
from tests.support.cast import PEOPLE

MISSING = "T20260101-00001-1"
STRANGERS = (None, "expired")
PLAIN = {
    "kind": "complaint", "token": "x" * 32, "nonce": "y" * 32, "paper_id": 1, "session_id": 1, "action": "note",
    "notice_id": 1, "code": "city", "directive_id": 1, "copy_id": 1, "enclosure_id": 1, "draft_token": "z" * 43,
    "incident_id": 1, "report_id": 1, "suggestion_id": 1, "signal_id": 1,
    "handover_id": 1, "voicemail_id": 1, "name": "paper.css", "suffix": "csv",
    "month": "2026-10", "part": "overview", "edition_id": 1, "example_id": 1, "unit": "east",
    "publication_id": 1, "entry_id": 1, "dossier_id": 1, "business_id": 1, "size": "a4",
    "breach_id": 1, "objection_id": 1,
    "destruction_id": 1, "picture_id": 1,
}  # fmt: skip
"""What stands for each parameter that is not part of a case; a parameter without an entry fails the matrix."""
EMPTY_FORM_ACTS = {key for key, action in WORKFLOW.actions.items() if not any(f.required for f in action.fields)}


def rules(city: World, audience: str, *, of_case: bool | None = None) -> Iterator[tuple[Rule, Policy, str]]:
    """Every (rule, policy, method) for an audience; `of_case` picks those that are about one case of the desk."""
    for rule in sorted(city.app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        policy = policy_of(city.app, rule.endpoint)
        assert policy is not None, rule.rule
        about_case = "number" in rule.arguments
        if policy.audience != audience or of_case is not None and of_case != about_case:
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield rule, policy, method


def address(city: World, rule: Rule, number: str = MISSING, other: str | None = None, **given: object) -> str:
    """The rule with its parameters filled; `other` is the case whose file and paper are named (its own by default)."""
    of = other or number
    values = {
        **PLAIN, "number": number, "file_id": city.files.get(of, 999_999), "document_id": city.papers.get(of, 999_999),
        **given,
    }  # fmt: skip
    assert rule.arguments <= values.keys(), f"{rule.rule}: nobody said how to fill {rule.arguments - values.keys()}"
    with city.app.test_request_context():
        return str(city.app.url_map.bind("localhost").build(rule.endpoint, {k: values[k] for k in rule.arguments}))


def ask(client: FlaskClient, city: World, part: str | None, method: str, path: str, **form: str) -> TestResponse:
    """One request, with the token that a page of this person would carry."""
    if method == "GET":
        return client.get(path)
    token = city.token(part) if part in PEOPLE else ""
    return client.post(path, data={"csrf_token": token, **form})


def one_of_each(city: World) -> dict[str, oracle.Standing]:
    """A case of each kind in each pair of hands."""
    found: dict[tuple[object, ...], str] = {}
    for number, case in city.cases.items():
        found.setdefault((case.kind, case.unit, case.handler, case.delegate, case.case_unit, case.receiving), number)
    return {number: city.cases[number] for number in found.values()}


@pytest.mark.parametrize("part", STRANGERS, ids=["nobody", "expired session"])
def test_auz_02_nobody_enters_a_staff_page_without_a_session_that_runs(city: World, part: str | None) -> None:
    client, cells = city.client(part), 0
    number = next(iter(city.cases))
    with city.unchanged():
        for rule, _policy, method in rules(city, "staff"):
            answer = ask(client, city, part, method, address(city, rule, number))
            assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/login"), rule.rule
            by_htmx = client.open(address(city, rule, number), method=method, headers={"HX-Request": "true"})
            assert by_htmx.status_code == 401, rule.rule
            assert not by_htmx.data
            cells += 2
    assert cells >= 40


@pytest.mark.parametrize("part", PEOPLE)
def test_auz_02_pages_open_for_the_roles_of_their_policy(city: World, part: str) -> None:
    client = city.client(part)
    for rule, policy, method in rules(city, "staff", of_case=False):
        if method == "POST":
            continue
        answer = client.get(address(city, rule))
        if oracle.opens(part, policy.permissions):
            assert answer.status_code in {200, 303}, (rule.rule, answer.status_code)
        else:
            assert answer.status_code == 403, rule.rule


@pytest.mark.parametrize("part", PEOPLE)
def test_auz_02_what_writes_is_closed_to_other_roles_and_leaves_no_trace(city: World, part: str) -> None:
    client, number = city.client(part), next(iter(city.cases))
    with city.unchanged():
        for rule, policy, method in rules(city, "staff"):
            if method == "POST" and not oracle.opens(part, policy.permissions):
                answer = ask(client, city, part, method, address(city, rule, number))
                assert answer.status_code == 403, rule.rule


@pytest.mark.parametrize("part", PEOPLE)
def test_auz_02_a_case_opens_for_whom_the_table_names_with_all_that_hangs_on_it(city: World, part: str) -> None:
    client, seen = city.client(part), Counter[int]()
    routes = [row for row in rules(city, "staff", of_case=True) if row[2] == "GET"]
    assert len(routes) >= 4
    with city.unchanged():
        for number, standing in one_of_each(city).items():
            for rule, policy, _method in routes:
                answer = client.get(address(city, rule, number))
                wanted = (
                    {403} if not oracle.opens(part, policy.permissions)
                    else {200, 303} if oracle.may_read(part, standing) else {404}
                )  # fmt: skip
                assert answer.status_code in wanted, (rule.rule, standing, answer.status_code)
                if answer.status_code != 200:
                    assert SHEET not in answer.data
                    assert PAPER not in answer.data
                    assert "澜亭" not in answer.text
                seen[answer.status_code] += 1
    assert seen.total() > 100


@pytest.mark.parametrize("part", [part for part in PEOPLE if oracle.opens(part, ("desk.act",))])
def test_auz_02_a_button_that_is_not_yours_does_nothing(city: World, part: str) -> None:
    """AUZ-03 over HTTP: every refused act, on each pair of hands, with no trace; 404 where the case is not seen."""
    client, refused = city.client(part), Counter[int]()
    acts = cycle(WORKFLOW.actions)
    with city.unchanged():
        for number, standing in one_of_each(city).items():
            for key in [next(acts) for _ in range(5)]:
                if oracle.may_read(part, standing) and oracle.may_act(part, key, standing):
                    continue
                answer = ask(client, city, part, "POST", f"/desk/cases/{number}/{key}")
                wanted = 403 if oracle.may_read(part, standing) else 404
                assert answer.status_code == wanted, (key, standing)
                refused[wanted] += 1
    assert refused.total() > 80


@pytest.mark.parametrize("part", [part for part in PEOPLE if oracle.opens(part, ("desk.act",))])
def test_auz_02_a_button_that_is_yours_asks_for_its_form(city: World, part: str) -> None:
    """An empty form of an allowed act comes back for its fields (422) or its place in the procedure (409)."""
    client, asked = city.client(part), 0
    with city.unchanged():
        for number, standing in one_of_each(city).items():
            if not oracle.may_read(part, standing):
                continue
            mine = [k for k in WORKFLOW.actions if oracle.may_act(part, k, standing) and k not in EMPTY_FORM_ACTS]
            for key in mine[:2] + mine[-1:]:
                if standing.kind not in WORKFLOW.action(key).kinds:
                    continue
                answer = ask(client, city, part, "POST", f"/desk/cases/{number}/{key}")
                assert answer.status_code in {409, 422}, (key, standing, answer.status_code)
                asked += 1
    assert asked or PEOPLE[part][1] == "archivist" or not any(oracle.may_read(part, c) for c in city.cases.values())


@pytest.mark.parametrize("part", PEOPLE)
def test_auz_02_who_filed_and_originals_are_for_whom_the_table_names(city: World, part: str) -> None:
    client = city.client(part)
    for number, standing in one_of_each(city).items():
        if not oracle.opens(part, ("desk.read",)):
            continue
        # Filed online: no clerk has registered it, so none reads it back to a caller.
        may = oracle.may_read(part, standing) and oracle.may_reveal(part, standing, registered_today=False)
        if may:
            continue
        wanted = 403 if oracle.may_read(part, standing) else 404
        with city.unchanged():
            shown = ask(client, city, part, "POST", f"/desk/cases/{number}/reveal", reason="contact")
            path = f"/desk/cases/{number}/files/{city.files[number]}/original"
            original = ask(client, city, part, "POST", path, reason="核对")
        assert (shown.status_code, original.status_code) == (wanted, wanted), standing
        assert "13800001234" not in shown.text
        assert SHEET not in original.data


def without_chance(answer: TestResponse, *words: str) -> str:
    """The body of an answer without what changes from one to the next: tokens, and the words named."""
    text = re.sub(r'(name="csrf_token" value|content)="[^"]*"', "", answer.text)
    for word in words:
        text = text.replace(word, "")
    return text


@pytest.mark.parametrize("part", ["east_handler", "west_lead", "legal_handler", "station", "mediator", "discipline2"])
def test_auz_04_a_case_of_others_and_no_case_at_all_get_the_same_answer(city: World, part: str) -> None:
    client = city.client(part)
    foreign = [n for n, standing in one_of_each(city).items() if not oracle.may_read(part, standing)]
    sealed = [n for n in foreign if city.cases[n].kind == "misconduct"]
    assert len(foreign) > 10
    assert sealed
    for rule, policy, method in rules(city, "staff", of_case=True):
        if not oracle.opens(part, policy.permissions):
            continue
        for number in (*foreign[::6], sealed[0]):
            theirs = ask(client, city, part, method, address(city, rule, number))
            nobodys = ask(client, city, part, method, address(city, rule, MISSING, other=number))
            assert theirs.status_code == nobodys.status_code == 404, rule.rule
            assert without_chance(theirs, number) == without_chance(nobodys, MISSING), rule.rule
            kept = [
                {k: v for k, v in a.headers if k not in {"Content-Length", "Set-Cookie"}} for a in (theirs, nobodys)
            ]
            assert kept[0] == kept[1]


def test_auz_05_the_file_or_paper_of_one_case_does_not_come_out_of_another(city: World) -> None:
    """Both cases may be the person's own: a file belongs to its case all the same."""
    nested = [row for row in rules(city, "staff", of_case=True) if {"file_id", "document_id"} & row[0].arguments]
    assert len(nested) >= 4
    for part in ("east_handler", "east_lead", "city_supervisor", "discipline"):
        client = city.client(part)
        readable = [n for n, standing in one_of_each(city).items() if oracle.may_read(part, standing)]
        foreign = [n for n, standing in one_of_each(city).items() if not oracle.may_read(part, standing)]
        for child in (*readable[1:4], *foreign[:3]):
            for rule, policy, method in nested:
                if not oracle.opens(part, policy.permissions):
                    continue
                with city.unchanged():
                    path = address(city, rule, readable[0], other=child)
                    answer = ask(client, city, part, method, path, reason="核对")
                closed = rule.rule.endswith("original") and not oracle.may_reveal(part, city.cases[readable[0]], False)
                assert answer.status_code == (403 if closed else 404), (part, rule.rule, city.cases[child])
                assert SHEET not in answer.data
                assert PAPER not in answer.data


def test_auz_06_a_list_with_one_foreign_case_in_it_is_refused_as_a_whole(city: World) -> None:
    part = "east_lead"
    own = city.numbers(kind="complaint", state="dispatched", unit="east_office")[0]
    client = city.client(part)
    for foreign in (city.numbers(unit="west_office")[0], city.numbers(kind="misconduct", unit="city")[0], MISSING):
        form = {"csrf_token": city.token(part), "case": [own, foreign], "do": "sign_for", "back": "/desk/"}
        with city.unchanged():
            answer = client.post("/desk/bulk", data=form)
        assert answer.status_code == 404
        assert "sign" not in answer.headers.get("Set-Cookie", "")


def test_auz_06_nobody_ends_the_session_of_somebody_else(city: World) -> None:
    with city.app.app_context():
        theirs = db.session.query(StaffSession.id).filter_by(staff_id=city.people.staff["west_handler"]).scalar()
    with city.unchanged():
        answer = ask(city.client("east_handler"), city, "east_handler", "POST", f"/account/sessions/{theirs}/end")
    assert answer.status_code in {303, 404}
    assert city.client("west_handler").get("/account").status_code == 200


def test_auz_06_a_file_of_another_case_cannot_be_named_in_a_form(city: World) -> None:
    part = "east_handler"
    number = city.numbers(kind="complaint", state="under_review", handler=part)[0]
    for foreign in (city.numbers(unit="west_office")[0], city.numbers(kind="misconduct", unit="city")[0]):
        form = {"proxy_name": "周文", "proxy_id": city.files[foreign], "authorization": city.files[foreign],
                "powers": "withdraw", "valid_until": "2027-01-01"}  # fmt: skip
        with city.unchanged():
            path = f"/desk/cases/{number}/register_proxy"
            answer = ask(city.client(part), city, part, "POST", path, **{k: str(v) for k, v in form.items()})
        assert answer.status_code in {404, 422}
        assert SHEET not in answer.data


@pytest.mark.parametrize("part", [None, *list(PEOPLE)[::7]])
def test_pages_for_everybody_open_for_everybody_and_never_break(city: World, part: str | None) -> None:
    client = city.client(part)
    for audience in ("public", "login", "machine", "filer"):
        for rule, _policy, method in rules(city, audience):
            if method == "GET":
                answer = client.get(address(city, rule))
                assert answer.status_code in {200, 303, 401, 404, 410, 503}, (rule.rule, answer.status_code)
                assert "澜亭" not in answer.text


def test_whoever_may_act_at_a_state_can_open_the_case(city: World) -> None:
    """A button on a page that nobody of the role can reach would be no button."""
    stuck = {
        (PEOPLE[part][1], key, standing.kind, standing.state)
        for standing in city.cases.values()
        for key in (a.key for a in WORKFLOW.actions_from(standing.kind, standing.state, "order-121"))
        for part in PEOPLE
        if oracle.may_act(part, key, standing) and not oracle.may_read(part, standing)
    }
    assert stuck == set()


def test_the_kinds_of_the_matrix_are_all_there(city: World) -> None:
    with city.app.app_context():
        kinds = {kind for (kind,) in db.session.query(Case.kind).distinct()}
    assert kinds == set(WORKFLOW.kinds)
    assert {standing.state for standing in city.cases.values()} == {s for x in WORKFLOW.states.values() for s in x}
