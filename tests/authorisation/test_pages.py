"""AUZ-09: what a page offers is what may be done, no more and no less; every case page can be shown in every state."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

from rules.workflow import WORKFLOW
from tests.authorisation import oracle
from tests.authorisation.world import World
from tests.support.cast import PEOPLE

REGIME = "order-121"
NOT_OFFERED = {"propose", "note", "log_contact"}
"""Small acts that the page may keep at hand elsewhere than in the panel."""

WORKERS = (
    "east_lead", "east_handler", "city_supervisor", "east_leader", "city_intake", "mediator", "east_officer",
    "archivist", "discipline", "auditor", "city_dispatcher",
)  # fmt: skip


def offered(html: str) -> tuple[set[str], set[str]]:
    """(acts that the page has a form or a link for, labels it names as not possible now)."""
    soup = BeautifulSoup(html, "html5lib")
    forms = {
        m[1] for form in soup.find_all("form") if (m := re.search(r"/cases/[^/]+/(\w+)$", str(form.get("action"))))
    }
    links = {m[1] for a in soup.find_all("a") if (m := re.search(r"\?do=(\w+)", str(a.get("href"))))}
    named = {b.get_text() for b in soup.select(".not-now b, .not-now")}
    return (forms | links) & WORKFLOW.actions.keys(), named


@pytest.mark.parametrize("part", WORKERS)
def test_auz_09_the_buttons_of_a_case_are_those_that_the_table_gives_this_person(city: World, part: str) -> None:
    client, compared = city.client(part), 0
    for number, standing in city.cases.items():
        if not oracle.may_read(part, standing) or compared >= 60:
            continue
        compared += 1
        answer = client.get(f"/desk/cases/{number}")
        assert answer.status_code == 200
        there, named = offered(answer.text)
        possible = {a.key for a in WORKFLOW.actions_from(standing.kind, standing.state, REGIME)}
        mine = {key for key in possible if oracle.may_act(part, key, standing)}
        assert there <= mine, (standing, there - mine)
        hidden = {k for k in mine - there if not any(WORKFLOW.action(k).label in words for words in named)}
        # What a term forbids today and nobody looks for here is left out.
        assert not {k for k in hidden - NOT_OFFERED if WORKFLOW.action(k).usual_in(standing.kind, standing.state)}, (
            standing
        )
    assert compared


@pytest.mark.parametrize("kind", WORKFLOW.kinds)
def test_every_case_page_can_be_shown_in_every_state(city: World, kind: str) -> None:
    reader = "discipline" if kind == oracle.SEALED else "auditor"
    client = city.client(reader)
    for state in WORKFLOW.states[kind].values():
        number = next(n for n in city.numbers(kind=kind, state=state.key) if oracle.may_read(reader, city.cases[n]))
        answer = client.get(f"/desk/cases/{number}")
        assert answer.status_code == 200, state
        assert state.label in answer.text, state
        assert number in answer.text


@pytest.mark.parametrize("part", PEOPLE)
def test_auz_09_every_link_of_the_menu_opens(city: World, part: str) -> None:
    client = city.client(part)
    page = client.get("/account")
    assert page.status_code == 200
    links = {
        str(a["href"]) for a in BeautifulSoup(page.text, "html5lib").select("header a[href^='/'], nav a[href^='/']")
    }
    assert links
    for link in links:
        assert client.get(link, follow_redirects=True).status_code == 200, link
    for address, name in (("/command/", "command"), ("/insight/", "insight"), ("/briefings/", "briefing")):
        assert (address in links) == oracle.opens(part, (name,)), address


@pytest.mark.parametrize("part", PEOPLE)
def test_auz_07_lists_and_counts_of_the_desk_hold_nothing_that_is_not_the_persons_own(city: World, part: str) -> None:
    if not oracle.opens(part, ("desk.read",)):
        assert city.client(part).get("/desk/").status_code == 403
        return
    client = city.client(part)
    for view in ("all", "to-distribute", "overdue", "mine", "to-archive"):
        answer = client.get(f"/desk/?view={view}")
        assert answer.status_code == 200
        shown = set(re.findall(r"/desk/cases/([A-Z]\d{8}-\d{5,}-\d)", answer.text))
        assert not [n for n in shown if not oracle.may_read(part, city.cases[n])], view
    own = {n for n, standing in city.cases.items() if oracle.may_read(part, standing)}
    for number in list(city.cases)[::40]:
        found = client.get("/desk/", query_string={"q": number}, follow_redirects=True)
        assert (f"/desk/cases/{number}" in found.text) == (number in own), number


@pytest.mark.parametrize("word", ["健身", "店员说", "13800001234", "王秀英", "灭火器", "临江澜亭"])
@pytest.mark.parametrize("part", ["west_handler", "mediator", "station", "auditor", "discipline", "east_lead"])
def test_auz_07_a_search_finds_nothing_that_is_not_the_persons_own(city: World, part: str, word: str) -> None:
    found = city.client(part).get("/desk/", query_string={"q": word, "view": "all"})
    assert found.status_code == 200
    shown = set(re.findall(r"/desk/cases/([A-Z]\d{8}-\d{5,}-\d)", found.text))
    assert not [n for n in shown if not oracle.may_read(part, city.cases[n])]
