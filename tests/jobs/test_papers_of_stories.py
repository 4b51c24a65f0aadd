"""Every act of the worked stories that orders a paper gets it: numbered and filled from the records."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from casework import documents, handling
from casework.documents import Paper, Rendered
from jobs import pdf
from models import Case, Document, db
from models import document as states
from models.base import writing
from rules.workflow import WORKFLOW
from tests.casework.test_stories import STORIES, Player
from tests.support import cast

NOW = datetime.fromisoformat("2027-12-01T09:00:00+08:00")
BEGIN = datetime.fromisoformat("2026-01-05T09:00:00+08:00")


class Typesetter:
    """Fills the templates as the worker does, without laying them out; keeps what came out."""

    def __init__(self) -> None:
        self.pages: list[tuple[Paper, str]] = []

    def __call__(self, paper: Paper) -> Rendered:
        self.pages.append((paper, pdf.page_of(paper)))
        return Rendered(b"%PDF-1.7 a paper", 1)


@pytest.fixture(autouse=True)
def _place(tmp_path: Path) -> None:
    documents.configure(tmp_path / "documents")


def done(_session: Any, _now: datetime) -> None:
    """Mark no task."""


def play(key: str) -> Player:
    """Play a story to its end."""
    player = Player(STORIES[key], cast.build(BEGIN))
    for step in STORIES[key].steps:
        player.play(step)
    return player


def make_all() -> Typesetter:
    """Make every paper that was ordered, those that wait to be made up as well."""
    press = Typesetter()
    while documents.make_up(NOW, 60):
        pass
    for (document_id,) in db.session.query(Document.id).filter_by(state=states.QUEUED).order_by(Document.id).all():
        documents.make(document_id, NOW, press, done)
    return press


def words_of(page: str) -> str:
    """What a page says."""
    return BeautifulSoup(page, "html.parser").get_text().replace("\u2060", "").replace("\u200b", "")


@pytest.mark.parametrize("key", STORIES)
def test_every_paper_of_a_story_is_made_from_the_records(context: Flask, key: str) -> None:
    play(key)
    ordered = db.session.query(Document).count()
    press = make_all()
    rows = db.session.query(Document).populate_existing().all()
    assert len(press.pages) == ordered
    assert {row.state for row in rows} <= {states.MADE, states.WITHDRAWN}
    numbers = Counter(row.number for row in rows)
    assert max(numbers.values()) == 1, numbers
    for paper, page in press.pages:
        said = words_of(page)
        assert paper.number in said
        assert "None" not in said
        assert "{" not in said, said
        assert not re.search(r"[，。；：]{2}|：。|（）|《》|“”", re.sub(r"[ \n]", "", said)), said
        assert not paper.kind.startswith(("form.", "form20.")) or WORKFLOW.documents[paper.kind].official == (
            "第" in paper.number
        )


def test_nobody_learns_from_a_paper_to_others_who_reported(context: Flask) -> None:
    """Order 121 art. 37."""
    for key in STORIES:
        if {step.kind for step in STORIES[key].steps} != {"report"}:
            continue
        play(key)
        break
    press = make_all()
    name = cast.COMPLAINT["filer_name"]
    assert press.pages
    for paper, page in press.pages:
        if not WORKFLOW.documents[paper.kind].identifies:
            assert name not in words_of(page), paper.kind


def test_a_decision_told_to_both_sides_is_one_paper(context: Flask) -> None:
    """Order 121 art. 23: the decision is made once, and told within seven working days."""
    told = next(
        key
        for key, story in STORIES.items()
        if "notify_termination" in {step.action for step in story.steps if not step.must_fail}
    )
    play(told)
    assert db.session.query(Document).filter_by(kind="form.termination").count() == 1


def test_what_is_sent_to_another_bureau_is_signed_by_the_sender(context: Flask) -> None:
    """Order 121 art. 41."""
    people = cast.build()
    case = cast.case_of(cast.file())
    handling.apply(
        case, "dispatch", people.actor("city_dispatcher"), cast.MORNING, unit="east", routing_reason="经营地在东城区"
    )
    press = make_all()
    paper, page = next(one for one in press.pages if one[0].kind == "form.forwarding_notice")
    assert paper.bureau == "临江市市场监督管理局"
    assert paper.addressee == "东城区市场监督管理局12315中心"
    assert paper.number.startswith("临市监分送〔2026〕第")
    assert "经营地在东城区" in words_of(page)


def test_papers_that_waited_are_made_up_newest_first(context: Flask) -> None:
    cast.build()
    for place in range(3):
        cast.file(content=f"{cast.COMPLAINT['content']}（第{place}件）")
    rows = db.session.query(Document).order_by(Document.id).all()
    assert {row.state for row in rows} == {states.DUE}
    assert len(documents.make_up(NOW, 2)) == 2
    found = [row.state for row in db.session.query(Document).order_by(Document.id).populate_existing()]
    assert found == [states.DUE, states.QUEUED, states.QUEUED]
    assert len(documents.make_up(NOW, 9)) == 1
    assert documents.make_up(NOW, 9) == []


def test_the_registration_form_says_what_the_law_asks_of_a_complaint(context: Flask) -> None:
    """Order 121 art. 10(1): who, against whom, what is asked and why."""
    cast.build()
    cast.file()
    press = make_all()
    ((_paper, page),) = press.pages
    said = words_of(page)
    for name in ("filer_name", "filer_phone", "filer_address", "respondent_name", "respondent_address", "content"):
        assert cast.COMPLAINT[name] in said, name
    case = db.session.query(Case).one()
    assert f"编号：{case.number}" in said.replace("\n", "")


def test_papers_of_one_case_count_within_it(context: Flask) -> None:
    cast.build()
    case = cast.case_of(cast.file())
    with writing() as session:
        rows = documents.order_rows(
            case, "log_contact", 2, ["paper.contact_log"] * 3, {"by": "李明", "by_unit": 4}, NOW
        )
        documents.add(session, rows, NOW)
    press = make_all()
    numbers = [paper.number for paper, _ in press.pages if paper.kind == "paper.contact_log"]
    assert sorted(numbers) == [f"{case.number}-联{n}" for n in (1, 2, 3)]
