"""The situation report of an incident: frozen when asked for, made once, for whom it was made."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from casework import documents, tasks
from casework.documents import Paper, Rendered
from casework.errors import NotFound
from casework.incidents import keeping, reports, suggesting
from casework.reference import current
from models import IncidentReport, Task, db
from models import document as states
from rules.workflow import WORKFLOW
from tests.support import cast
from tests.support.cast import MORNING as NOW
from tests.support.cast import Cast
from tests.support.gathering import filed, gathered, opened


@pytest.fixture
def people(context: Flask, tmp_path: Path) -> Cast:
    """A city with its people."""
    documents.configure(tmp_path / "documents")
    return cast.build()


class Press:
    """Lays nothing out, but keeps what it was asked to."""

    def __init__(self) -> None:
        self.papers: list[Paper] = []

    def __call__(self, paper: Paper) -> Rendered:
        self.papers.append(paper)
        return Rendered(b"%PDF-1.7 a report", 3)


def done(_session: Any, _now: datetime) -> None:
    """Mark no task."""


def test_a_report_says_what_stood_when_it_was_asked_for_and_is_kept_as_made(people: Cast) -> None:
    incident, staff = opened(people), people.view("city_supervisor")
    gathered(people, incident, filed(people, 2))
    reports.order(staff, incident, "press-0010", NOW)
    reports.order(staff, incident, "press-0010", NOW)
    gathered(people, incident, filed(people, 1, filer_phone="13911112222"))
    keeping.note(staff, incident, {"kind": "fact", "text": "后来的情况"}, "press-0011", NOW)
    assert [task.kind for task in db.session.scalars(select(Task).where(Task.kind == tasks.INCIDENT_REPORT))] == [
        tasks.INCIDENT_REPORT
    ]
    (row,) = reports.of(staff, incident)
    assert reports.way([row]) == {row.id: "排队等待制作"}
    press = Press()
    reports.make(row.id, NOW, press, done)
    reports.make(row.id, NOW, press, done)
    (paper,) = press.papers
    assert (paper.facts["total"], len(paper.facts["log"])) == (2, 1)
    assert paper.bureau == "临江市市场监督管理局"
    made = db.session.get_one(IncidentReport, row.id, populate_existing=True)
    assert (made.state, made.pages) == (states.MADE, 3)
    assert hashlib.sha256(reports.read(made)).digest() == made.sha256
    assert b"%PDF" not in reports.path_of(row.id).read_bytes()  # its log may name people
    reports.path_of(row.id).write_bytes(b"something else")
    with pytest.raises(ValueError, match="too short"):
        reports.read(made)


def test_a_report_holds_nobody_who_filed(people: Cast) -> None:
    incident, staff = opened(people), people.view("city_supervisor")
    gathered(people, incident, filed(people, 1))
    frozen = str(reports.freeze(staff, incident, NOW, current()))
    assert "王秀英" not in frozen
    assert "1380000" not in frozen


def test_the_report_of_the_city_is_not_for_a_district_which_has_its_own(people: Cast) -> None:
    incident, city, east = opened(people), people.view("city_supervisor"), people.view("east_supervisor")
    gathered(people, incident, filed(people, 2) + filed(people, 1, "west_office"))
    reports.order(city, incident, "press-0010", NOW)
    reports.order(east, incident, "press-0011", NOW)
    totals = {row.unit_id: row.facts["total"] for row in reports.of(city, incident)}
    assert totals == {people.units["city"]: 3, people.units["east"]: 2}
    (mine,) = reports.of(east, incident)
    assert mine.unit_id == people.units["east"]
    assert reports.of(people.view("west_supervisor"), incident) == []
    with pytest.raises(NotFound):
        reports.find(people.view("west_supervisor"), incident, mine.id)


def test_a_report_that_could_not_be_made_says_so_and_is_made_again_from_the_same_figures(people: Cast) -> None:
    incident, staff = opened(people), people.view("city_supervisor")
    reports.order(staff, incident, "press-0010", NOW)
    (row,) = reports.of(staff, incident)
    reports.gave_up(row.id)
    (row,) = reports.of(staff, incident)
    db.session.refresh(row)
    assert reports.way([row]) == {row.id: "未能制成，已报告管理员"}
    reports.again(row, NOW + timedelta(minutes=1))
    db.session.refresh(row)
    assert row.state == states.QUEUED
    assert db.session.query(Task).filter_by(kind=tasks.INCIDENT_REPORT).count() == 2


def test_only_complaints_and_reports_can_be_gathered() -> None:
    assert set(WORKFLOW.action("attach_incident").kinds) == {"complaint", "report"} == set(suggesting.KINDS)
