"""Papers are ordered with the act, numbered without gap or double, and kept as issued."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from casework import documents, notify, tasks
from casework.documents import ACCEPTANCE, Paper, Rendered
from models import Document, Party, Sequence, Task, db
from models import document as states
from models.base import writing
from models.unit import Unit
from tests.support import cast
from tests.support.cast import MORNING as NOW

PDF = b"%PDF-1.7 a paper"


class Press:
    """Lays nothing out, but keeps what it was asked to."""

    def __init__(self) -> None:
        self.papers: list[Paper] = []

    def __call__(self, paper: Paper) -> Rendered:
        self.papers.append(paper)
        return Rendered(PDF, 1)


def done(_session: Any, _now: datetime) -> None:
    """Mark no task."""


@pytest.fixture(autouse=True)
def _place(tmp_path: Path) -> None:
    documents.configure(tmp_path / "documents")


def ordered(*kinds: str, now: datetime = NOW, **facts: Any) -> list[Document]:
    """Papers ordered for one complaint that is new for each call; their rows."""
    if db.session.query(Unit).count() == 0:
        cast.build()
    case = cast.case_of(cast.file(content=f"{cast.COMPLAINT['content']}（第{db.session.query(Document).count()}件）"))
    before = db.session.query(Document).count()
    with writing() as session:
        rows = documents.order_rows(case, "accept", 2, kinds or (ACCEPTANCE,), facts, now)
        tasks.add(session, documents.add(session, rows, now))
    return db.session.query(Document).order_by(Document.id).offset(before).all()


def stored(document: Document) -> Document:
    """The row as it stands in the database."""
    return db.session.get_one(Document, document.id, populate_existing=True)


def test_what_an_act_of_staff_orders_is_made_at_once_and_what_a_filing_orders_later(context: Flask) -> None:
    made, waiting = ordered(ACCEPTANCE, "form.complaint_registration")
    assert (made.state, waiting.state) == (states.QUEUED, states.DUE)
    queued = db.session.query(Task).filter_by(kind=tasks.DOCUMENT_MAKE).all()
    assert [task.payload for task in queued] == [{"document_id": made.id}]
    (by_staff,) = ordered("form.complaint_registration", by="孙慧")
    assert by_staff.state == states.QUEUED


def test_what_is_ordered_holds_no_secret(context: Flask) -> None:
    (paper,) = ordered()
    kept = str(paper.facts)
    for secret in (cast.COMPLAINT["filer_name"], cast.COMPLAINT["filer_phone"], cast.COMPLAINT["filer_address"]):
        assert secret not in kept
    assert paper.facts["respondent"] == cast.COMPLAINT["respondent_name"]


def test_a_paper_says_who_decided_what_and_when(context: Flask) -> None:
    press = Press()
    (row,) = ordered(due_on=date(2027, 1, 22), handler="李明")
    documents.make(row.id, NOW, press, done)
    (paper,) = press.papers
    assert paper.addressee == cast.COMPLAINT["filer_name"]
    assert paper.title == "投诉受理决定书"
    assert paper.number == "东市监投受〔2026〕第1号" or paper.number == "临市监投受〔2026〕第1号"
    assert paper.issued_on == NOW.date()
    assert "12315" not in paper.bureau
    assert paper.facts["due_on"] == "2027-01-22"
    assert paper.facts["handler"] == "李明"


def test_a_made_paper_is_kept_with_its_hash(context: Flask) -> None:
    (row,) = ordered()
    documents.make(row.id, NOW, Press(), done)
    found = stored(row)
    assert (found.state, found.pages, found.size) == (states.MADE, 1, len(PDF))
    assert found.sha256 == hashlib.sha256(PDF).digest()
    assert documents.read(found) == PDF
    assert documents.path_of(row.id).stat().st_mode & 0o077 == 0


def test_a_file_that_was_touched_is_not_handed_out(context: Flask) -> None:
    (row,) = ordered()
    documents.make(row.id, NOW, Press(), done)
    documents.path_of(row.id).write_bytes(PDF + b" and more")
    with pytest.raises(ValueError, match="not as issued"):
        documents.read(stored(row))


def test_numbers_have_no_gap_and_no_double(context: Flask) -> None:
    rows = [*ordered(), *ordered(), *ordered()]
    for row in rows:
        documents.make(row.id, NOW, Press(), done)
    numbers = [stored(row).number or "" for row in rows]
    assert [number.partition("第")[2] for number in numbers] == ["1号", "2号", "3号"]


def test_each_bureau_and_each_year_counts_for_itself(context: Flask) -> None:
    december = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)  # 23:59 in the city
    january = december + timedelta(minutes=1)
    old, new = ordered(now=december)[0], ordered(now=january)[0]
    for row in (old, new):
        documents.make(row.id, january + timedelta(hours=1), Press(), done)
    assert (stored(old).number or "").endswith("〔2026〕第1号")
    assert (stored(new).number or "").endswith("〔2027〕第1号")
    assert stored(old).issued_at == december


def test_a_decision_entered_a_day_later_bears_its_own_day(context: Flask) -> None:
    press = Press()
    (row,) = ordered(now=datetime(2027, 1, 1, 1, tzinfo=UTC), decided_on=date(2026, 12, 31))
    documents.make(row.id, NOW, press, done)
    assert press.papers[0].issued_on == date(2026, 12, 31)
    assert "〔2026〕" in press.papers[0].number


Fault = Callable[[pytest.MonkeyPatch], None]


def _in_layout(patch: pytest.MonkeyPatch) -> None:
    def killed(_press: Press, _paper: Paper) -> Rendered:
        raise KeyboardInterrupt

    patch.setattr(Press, "__call__", killed)


def _in_writing(patch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    patch.setattr(os, "fsync", killed)


def _in_renaming(patch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    patch.setattr(os, "replace", killed)


def _after_renaming(patch: pytest.MonkeyPatch) -> None:
    def killed(_folder: Path) -> None:
        raise KeyboardInterrupt

    patch.setattr(documents, "sync", killed)


@pytest.mark.parametrize("fault", [_in_layout, _in_writing, _in_renaming, _after_renaming])
def test_killed_anywhere_the_next_attempt_uses_the_same_number(context: Flask, fault: Fault) -> None:
    (row,) = ordered()
    with pytest.MonkeyPatch.context() as patch:
        fault(patch)
        with pytest.raises(KeyboardInterrupt):
            documents.make(row.id, NOW, Press(), done)
    db.session.rollback()
    assert stored(row).state == states.MAKING
    documents.make(row.id, NOW + timedelta(minutes=2), Press(), done)
    (other,) = ordered()
    documents.make(other.id, NOW, Press(), done)
    assert (stored(row).number or "").endswith("第1号")
    assert (stored(other).number or "").endswith("第2号")
    assert documents.read(stored(row)) == PDF
    documents.sweep_scratch(datetime.now(UTC) + timedelta(hours=2))  # a file's age is told by the machine's clock
    assert sorted(path.name for path in documents.folder().iterdir()) == sorted(f"{one.id}.pdf" for one in (row, other))


def test_a_slow_twin_leaves_the_paper_of_the_quick_one(context: Flask) -> None:
    (row,) = ordered()

    def overtaken(paper: Paper) -> Rendered:
        documents.make(row.id, NOW, Press(), done)
        return Rendered(b"%PDF the slow one", 2)

    documents.make(row.id, NOW, overtaken, done)
    assert documents.read(stored(row)) == PDF
    assert stored(row).pages == 1


def test_a_paper_is_made_once(context: Flask) -> None:
    press = Press()
    (row,) = ordered()
    documents.make(row.id, NOW, press, done)
    assert documents.make(row.id, NOW, press, done) == "nothing to do"
    assert len(press.papers) == 1
    assert db.session.query(Sequence).filter(Sequence.name.startswith(ACCEPTANCE)).one().value == 1


def test_the_task_is_marked_with_the_paper(context: Flask) -> None:
    (row,) = ordered()

    def broken(_session: Any, _now: datetime) -> None:
        raise tasks.LostClaim

    with pytest.raises(tasks.LostClaim):
        documents.make(row.id, NOW, Press(), broken)
    assert stored(row).state == states.MAKING


def test_the_name_on_a_paper_is_that_of_the_person_today(context: Flask) -> None:
    press = Press()
    (row,) = ordered()
    with writing() as session:
        party = session.query(Party).filter_by(case_id=row.case_id).one()
        party.name = "王秀瑛"
    documents.make(row.id, NOW, press, done)
    assert press.papers[0].addressee == "王秀瑛"


def test_a_paper_to_somebody_without_a_name_says_complainant(context: Flask) -> None:
    press = Press()
    (row,) = ordered()
    with writing() as session:
        session.query(Party).filter_by(case_id=row.case_id).delete()
    documents.make(row.id, NOW, press, done)
    assert press.papers[0].addressee == "投诉人"


def test_a_paper_that_cannot_be_made_says_so_and_can_be_tried_again(context: Flask) -> None:
    (row,) = ordered()
    documents.gave_up(row.id)
    assert documents.progress_text(stored(row)) == "未能制成，已报告管理员"
    with writing() as session:
        again = documents.try_again(session, stored(row), NOW)
        assert len(tasks.add(session, again)) == 1
    documents.make(row.id, NOW, Press(), done)
    assert documents.progress_text(stored(row)) == "已制成，共1页"
    with writing() as session:
        assert documents.try_again(session, stored(row), NOW) == []


def test_a_sealed_case_gives_a_paper_its_number_alone(context: Flask) -> None:
    cast.build()
    case = cast.case_of(cast.file())
    case.kind = "misconduct"
    (row,) = documents.order_rows(case, "accept", 1, [ACCEPTANCE], {}, NOW)
    db.session.rollback()
    assert set(row["facts"]) == {"case_number", "bureau_id", "action"}


def test_half_written_files_are_swept_away_after_an_hour(context: Flask) -> None:
    documents.folder().mkdir(parents=True)
    part = documents.folder() / ".7.1.abcd.part"
    part.write_bytes(b"half")
    written = datetime.fromtimestamp(part.stat().st_mtime, UTC)
    assert documents.sweep_scratch(written + timedelta(minutes=59)) == 0
    assert documents.sweep_scratch(written + timedelta(minutes=61)) == 1
    assert not part.exists()


def test_messages_and_papers_of_nothing_write_nothing(context: Flask) -> None:
    with writing() as session:
        assert documents.add(session, [], NOW) == []
        assert notify.add(session, [], NOW) == []
        assert tasks.add(session, []) == []
