"""Archived cases after their term: one person proposes, another decides, the files go and the record stays."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from casework import attachments, documents
from casework.attachments import store
from casework.documents import Paper, Rendered
from casework.dossiers import destroying, making
from casework.errors import Faults, NotAllowed, NotFound, Refused
from models import Attachment, Case, Destruction, DestructionItem, Document, Dossier, Task, db
from models import attachment as file_states
from models import document as states
from models.base import writing
from rules import retention
from tests.support import cast
from tests.support.cast import MORNING as NOW
from tests.support.cast import Cast

PDF = b"%PDF-1.7 a paper"
LATER = datetime(2037, 1, 4, 2, tzinfo=UTC)
"""After a term of ten years that began with 2027."""


def press(_paper: Any) -> Rendered:
    """Lay nothing out."""
    return Rendered(PDF, 1)


def done(_session: Any, _now: datetime) -> None:
    """Mark no task."""


@pytest.fixture
def people(context: Flask, tmp_path: Path) -> Cast:
    """A city with its people, and places for files."""
    documents.configure(tmp_path / "documents")
    attachments.configure(tmp_path / "uploads")
    return cast.build()


def attach(case: Case, **other: Any) -> Attachment:
    """A file of the case."""
    writer = store.Writer()
    writer.write(b"sound")
    values: dict[str, Any] = {"state": file_states.SEALED, "reason": "文件打不开，可能已经损坏", **other}
    with writing() as session:
        row = Attachment(
            case_id=case.id, name="录音.mp3", media_type="audio/mpeg", size=5, sha256=b"s" * 32,
            original=writer.close(), uploaded_by="citizen", uploaded_at=NOW, **values,
        )  # fmt: skip
        session.add(row)
    return row


def dossier_of(case: Case) -> int:
    """The dossier of a case."""
    found: int = db.session.query(Dossier.id).filter_by(case_id=case.id).scalar()
    return found


def archived(people: Cast, retention_: str = "10", place: int = 1) -> Case:
    """A case of the eastern district in the archive, its papers and its dossier made."""
    case = cast.case_of(cast.file(content=f"{cast.COMPLAINT['content']}（第{place}件）"))
    with writing() as session:
        row = session.get_one(Case, case.id)
        row.state, row.retention, row.archived_at, row.dossier_number = (
            "archived",
            retention_,
            NOW,
            f"东档〔2026〕{place}号",
        )
        row.unit_id = row.bureau_id = people.units["east"]
        for paper in session.query(Document).filter_by(case_id=case.id):
            paper.state = states.QUEUED
        session.flush()
        making.of_act(session, row, people.staff["archivist"], NOW)
        destroying.begin_term(session, row, NOW)
    for paper in db.session.query(Document).filter_by(case_id=case.id):
        documents.make(paper.id, NOW, press, done)
    making.make(dossier_of(case), NOW, lambda *_: (PDF, 1), done)
    return db.session.get_one(Case, case.id, populate_existing=True)


def proposed(people: Cast, *cases: Case) -> Destruction:
    """A list of cases whose term is over."""
    return destroying.propose(people.view("archivist", LATER), [case.id for case in cases], "保管期满", LATER)


def test_terms_are_counted_from_the_year_after_and_for_good_means_no_end() -> None:
    assert retention.keep_until("5", date(2026, 1, 1)) == date(2031, 12, 31)
    assert retention.keep_until("30", date(2026, 12, 31)) == date(2056, 12, 31)
    assert retention.keep_until("permanent", date(2026, 1, 1)) is None
    assert retention.keep_until(None, date(2026, 1, 1)) is None


def test_a_dossier_is_due_when_its_term_is_over_and_not_a_day_before(people: Cast) -> None:
    case, _kept = archived(people), archived(people, "permanent", 2)
    staff = people.view("archivist")
    assert destroying.due(staff, datetime(2036, 12, 31, 15, tzinfo=UTC)) == []
    assert [found.id for _row, found in destroying.due(staff, datetime(2036, 12, 31, 17, tzinfo=UTC))] == [case.id]
    assert destroying.due(people.view("city_archivist"), LATER) == []


def test_destruction_takes_two_people(people: Cast) -> None:
    case = archived(people)
    with pytest.raises(NotAllowed):
        destroying.propose(people.view("city_supervisor"), [case.id], "保管期满", LATER)
    with pytest.raises(Faults) as empty:
        destroying.propose(people.view("archivist"), [], " ", LATER)
    assert set(empty.value.faults) == {"cases", "reason"}
    row = proposed(people, case)
    with pytest.raises(Faults):
        proposed(people, case)
    with pytest.raises(NotAllowed):
        destroying.decide(people.view("archivist"), row, True, "", LATER)
    with pytest.raises(NotFound):
        destroying.find(people.view("city_leader"), row.id)
    assert db.session.query(Task).filter_by(kind="destruction.run").count() == 0
    destroying.decide(people.view("east_leader"), row, True, "同意", LATER)
    assert db.session.query(Task).filter_by(kind="destruction.run").count() == 1
    with pytest.raises(Refused):
        destroying.decide(people.view("east_leader"), row, False, "不行", LATER)


def test_destruction_erases_the_files_and_leaves_the_record(people: Cast) -> None:
    case = archived(people)
    file = attach(case)
    row = proposed(people, case)
    destroying.decide(people.view("east_leader"), row, True, "", LATER)
    printed: list[Paper] = []

    def keep(paper: Paper) -> Rendered:
        printed.append(paper)
        return Rendered(PDF, 1)

    destroying.run(row.id, LATER, keep, done)
    destroying.run(row.id, LATER, keep, done)  # a second worker finds nothing to do
    assert len(printed) == 1
    assert printed[0].facts["lines"][0]["dossier_number"] == "东档〔2026〕1号"
    db.session.expire_all()
    assert not store.path_of(file.original).exists()
    assert not making.path_of(dossier_of(case)).exists()
    kept = db.session.get_one(Attachment, file.id)
    assert (kept.state, kept.sha256) == (file_states.DESTROYED, b"s" * 32)
    papers = db.session.query(Document).filter_by(case_id=case.id).all()
    assert papers
    assert {paper.state for paper in papers} == {states.DESTROYED}
    assert all(paper.sha256 and not documents.path_of(paper.id).exists() for paper in papers)
    assert db.session.get_one(Destruction, row.id).state == "done"
    assert destroying.read(db.session.get_one(Destruction, row.id)) == PDF
    assert attachments.sweep_strays(LATER).missing == ()
    assert destroying.due(people.view("archivist"), LATER) == []


def test_a_case_unsealed_meanwhile_is_passed_over(people: Cast) -> None:
    case = archived(people)
    row = proposed(people, case)
    destroying.decide(people.view("east_leader"), row, True, "", LATER)
    with writing() as session:
        session.get_one(Case, case.id).state = "unsealed"
    destroying.run(row.id, LATER, press, done)
    assert db.session.query(DestructionItem).one().kept == "已解封更正，没有销毁"
    assert making.path_of(dossier_of(case)).exists()
