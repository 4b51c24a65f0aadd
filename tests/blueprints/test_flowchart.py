"""The picture of the procedure: drawn from the table, every usual move in it, no line upon another (E3)."""

from __future__ import annotations

import re
from datetime import date

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from blueprints.public import flowchart, guide

TODAY = date(2026, 11, 23)
LINE = re.compile(r"M([\d.]+) ([\d.]+)H([\d.]+)V([\d.]+)H")


@pytest.mark.parametrize("kind", guide.KINDS)
def test_every_usual_move_of_the_table_is_a_line_of_the_picture(kind: str) -> None:
    phases = guide.flow(kind, TODAY)
    drawn = flowchart.chart(phases)
    pairs = {(one.key, target) for phase in phases for one in phase.stations for _, target, _ in one.moves}
    assert drawn.moves == len(pairs) == len(LINE.findall(drawn.onward)) + len(LINE.findall(drawn.back))
    touched = {key for pair in pairs for key in pair}
    labels = [one.label for phase in phases for one in phase.stations if one.key in touched]
    assert [word.text for word in drawn.labels] == labels


@pytest.mark.parametrize("kind", guide.KINDS)
def test_no_line_lies_upon_another_or_outside_the_picture(kind: str) -> None:
    drawn = flowchart.chart(guide.flow(kind, TODAY))
    spans: dict[str, list[tuple[float, float]]] = {}
    for _, start, lane, end in LINE.findall(drawn.onward + drawn.back):
        spans.setdefault(lane, []).append(tuple(sorted((float(start), float(end)))))  # type: ignore[arg-type]
        assert float(lane) < flowchart.WIDTH
        assert 0 < float(start) < drawn.height
        assert 0 < float(end) < drawn.height
    for lane, found in spans.items():
        found.sort()
        assert all(one[1] < other[0] for one, other in zip(found, found[1:], strict=False)), lane


def test_the_page_shows_each_picture_with_its_name_and_the_same_in_words(client: FlaskClient) -> None:
    soup = BeautifulSoup(client.get("/guide/flow").text, "html5lib")
    pictures = soup.select("svg[role=img]")
    assert len(pictures) == len(guide.KINDS)
    for picture in pictures:
        named = [soup.find(id=key) for key in str(picture["aria-labelledby"]).split()]
        assert all(one is not None and one.get_text(strip=True) for one in named)
        written = picture.find_parent("section").get_text()  # type: ignore[union-attr]
        assert all(text.get_text() in written.replace(picture.get_text(), "", 1) for text in picture.select("text"))
