"""How a kind is handled, for everybody: drawn from the table, every state and every move (E3)."""

from __future__ import annotations

import re
from datetime import date

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient

from blueprints.public import flowchart, guide, procedure
from rules.workflow import WORKFLOW, regime_for

TODAY = date(2026, 11, 23)


def written(kind: str) -> set[tuple[str, str, str]]:
    """The moves of the table: from a state, by a step, to another state."""
    found = set()
    for state in WORKFLOW.states[kind]:
        for action in WORKFLOW.actions_from(kind, state, regime_for(TODAY)):
            target = action.target(kind)
            if target in WORKFLOW.states[kind] and target != state:
                found.add((state, action.label, target))
    return found


def page_of(client: FlaskClient, kind: str) -> Tag:
    path = "/guide/flow" if kind == "complaint" else f"/guide/flow/{kind}"
    found = BeautifulSoup(client.get(path).text, "html5lib").main
    assert found is not None
    return found


@pytest.mark.parametrize("kind", guide.KINDS)
def test_every_state_and_every_move_is_told_in_words(kind: str) -> None:
    stations = [one for phase in procedure.phases(kind, TODAY) for one in phase.stations]
    assert {one.key for one in stations} == WORKFLOW.states[kind].keys()
    told = {(one.key, move.act, move.key) for one in stations for move in one.moves}
    assert written(kind) <= told
    assert {(*move, "@previous") for move in told - written(kind)} <= {
        ("suspended", "决定是否回避", "mediating", "@previous"),
        ("suspended", "决定是否回避", "delegated", "@previous"),
    }
    assert "{" not in "".join(one.said for one in stations)


@pytest.mark.parametrize("kind", guide.KINDS)
def test_every_move_is_a_rail_of_the_picture_and_no_rail_lies_upon_another(kind: str) -> None:
    phases = procedure.phases(kind, TODAY)
    drawn = flowchart.chart(phases)
    stations = [one for phase in phases for one in phase.stations]
    row = {one.key: place for place, one in enumerate(stations)}
    assert [word.text for word in drawn.labels] == [one.label for one in stations]
    moves = {(row[one.key], row[move.key]) for one in stations for move in one.moves}
    assert {(start, rail.target) for rail in drawn.rails for start in rail.sources} == moves
    spans: dict[int, list[tuple[int, int]]] = {}
    for rail in drawn.rails:
        spans.setdefault(rail.lane, []).append((min(*rail.sources, rail.target), max(*rail.sources, rail.target)))
    for found in spans.values():
        found.sort()
        assert all(one[1] < other[0] for one, other in zip(found, found[1:], strict=False))


@pytest.mark.parametrize("kind", guide.KINDS)
def test_the_picture_is_as_wide_as_a_small_phone_and_holds_every_line_and_word(kind: str) -> None:
    drawn = flowchart.chart(procedure.phases(kind, TODAY))
    lanes = [float(x) for x in re.findall(r"H([\d.]+)V", drawn.onward + drawn.back)]
    assert max(lanes) + 2 < flowchart.WIDTH <= 360 - 2 * 8
    assert all(word.x + 14 * len(word.text) < flowchart.BOX for word in drawn.labels), "14 units a character"
    assert drawn.dots.count("M") == sum(len(rail.sources) for rail in drawn.rails)


@pytest.mark.parametrize("kind", guide.KINDS)
def test_the_page_shows_the_picture_with_its_name_and_the_same_as_an_ordered_list(
    client: FlaskClient, kind: str
) -> None:
    main = page_of(client, kind)
    (picture,) = main.select("svg[role=img]")
    named = [main.find(id=key) for key in str(picture["aria-labelledby"]).split()]
    assert [one.name for one in named if isinstance(one, Tag)] == ["title", "desc"]
    words = main.select_one(".flow-words > ol")
    assert words is not None
    assert all(text.get_text() in words.get_text() for text in picture.select("text"))
    assert all(main.find(id=str(link["href"])[1:]) for link in words.select("a"))
    assert main.select_one("[aria-current=page]:not(.tabs a)").get_text() == WORKFLOW.kind_labels[kind]  # type: ignore[union-attr]


def test_the_terms_stand_at_the_state_in_which_they_run_with_their_source(client: FlaskClient) -> None:
    waiting = page_of(client, "complaint").find(id="s-under_review")
    assert waiting is not None
    assert "7个工作日" in waiting.get_text()
    assert "第十五条" in waiting.get_text()


def test_misconduct_of_officials_has_no_public_chart(client: FlaskClient) -> None:
    assert client.get("/guide/flow/misconduct").status_code == 404
