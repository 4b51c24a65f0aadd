"""The dossier: every paper and file of a case in one PDF, with contents, page numbers and bookmarks (NJ三(六))."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from flask import Flask
from pypdf import PdfReader

from casework import attachments, documents, handling, tasks
from casework.dossiers import checking, making
from casework.errors import NotFound, Refused
from jobs import run
from models import Case, Document, Dossier, Reveal, Task, db
from models import document as states
from models.secrets import Unreadable
from tests.casework.attachments import samples
from tests.jobs import papers
from tests.support import cast
from tests.support.cast import MORNING as NOW
from tests.support.cast import Cast

LATER = NOW + timedelta(days=1)

# WeasyPrint leaves the file of its colour profile to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")


@pytest.fixture
def people(context: Flask, tmp_path: Path) -> Cast:
    """A city with its people."""
    documents.configure(tmp_path / "documents")
    attachments.configure(tmp_path / "uploads")
    return cast.build()


def scan(pages: int) -> bytes:
    """A PDF of as many pages, each a picture."""
    first, *others = [samples.picture(300, 420) for _ in range(pages)]
    out = BytesIO()
    first.convert("RGB").save(out, "PDF", save_all=True, append_images=[one.convert("RGB") for one in others])
    return out.getvalue()


def received(case: Case, name: str, body: bytes) -> None:
    """A file of a case, as its filer sent it."""
    attachments.receive(BytesIO(body), name, case_id=case.id, uploaded_by="citizen", now=NOW)


def answered(people: Cast) -> Case:
    """A consultation that was answered."""
    case = cast.case_of(cast.file("consultation", NOW))
    handling.apply(case, "dispatch", people.actor("city_dispatcher"), NOW, unit="east_office", routing_reason="地址")
    handling.apply(case, "sign_for", people.actor("east_lead"), NOW)
    handling.apply(case, "assign", people.actor("east_lead"), NOW, handler=people.staff["east_handler"])
    handling.apply(case, "answer", people.actor("east_handler"), NOW, answer="可以退。", save_to_knowledge="no")
    return case


def archived(people: Cast, case: Case) -> None:
    """Put a case into the archive."""
    said = {"dossier_number": "临市监卷〔2026〕1号", "retention": "10", "missing": "文书另行归卷"}
    handling.apply(case, "archive", people.actor("archivist"), LATER, **said)


def bound(case: Case) -> tuple[Dossier, bytes]:
    """The dossier of a case after the workers did what waits."""
    while documents.make_up(LATER, 60):
        pass
    run.drain(LATER, tasks.QUEUES)
    run.drain(LATER + timedelta(minutes=20), tasks.QUEUES)
    row = making.latest(case)
    assert row is not None
    db.session.refresh(row)
    assert row.state == states.MADE, db.session.query(Task.kind, Task.error).filter(Task.done_at.is_(None)).all()
    return row, making.read(row)


def test_archiving_binds_every_paper_and_file_in_order_with_numbers_and_bookmarks(people: Cast) -> None:
    case = answered(people)
    received(case, "付款截图.jpg", samples.jpeg())
    received(case, "会员合同.pdf", scan(3))
    received(case, "通话录音.wav", samples.wav())
    archived(people, case)
    row, body = bound(case)
    assert papers.complaints(body) == []
    read = PdfReader(BytesIO(body))
    made = db.session.query(Document).filter(Document.case_id == case.id, Document.kind != "paper.archive_cover")
    of_papers = sum(one.pages or 0 for one in made if one.file)
    assert row.pages == len(read.pages) == 2 + of_papers + 1 + 3 + 1
    front = "".join(read.pages[place].extract_text() for place in range(2))
    front = "".join(front.split())
    scanned = f"{of_papers + 2}-{of_papers + 4}"
    for words in ("临市监卷〔2026〕1号", case.number, "卷内目录", "付款截图.jpg", "会员合同.pdf", scanned, "10年"):
        assert words in front, words
    assert [one.title for one in read.outline][0] == "封面和目录"  # type: ignore[union-attr]
    assert [one.title for one in read.outline][-3:] == ["付款截图.jpg", "会员合同.pdf", "通话录音.wav"]  # type: ignore[union-attr]
    assert read.get_destination_page_number(read.outline[-1]) == row.pages - 1  # type: ignore[arg-type]
    last = read.pages[-1].extract_text()
    assert "录音、录像不能印在纸上" in last.replace("\n", "")
    for number, page in enumerate(read.pages[2:], 1):
        assert str(number) in page.extract_text()
        assert abs(float(page.mediabox.width) - 595.28) < 3


def test_it_is_written_as_pdf_a_3u_with_the_original_of_a_pdf_inside(people: Cast) -> None:
    case = answered(people)
    original = scan(2)
    received(case, "会员合同.pdf", original)
    archived(people, case)
    _row, body = bound(case)
    with pikepdf.open(BytesIO(body)) as book:
        with book.open_metadata() as described:
            assert (described["pdfaid:part"], described["pdfaid:conformance"]) == ("3", "U")
        assert "/OutputIntents" in book.Root
        (name,) = book.attachments
        assert book.attachments[name].get_file().read_bytes() == original
        assert len(book.Root.AF) == 1
    looks = [one.reason for one in db.session.query(Reveal).filter_by(case_id=case.id)]
    assert looks == ["装订卷宗，原件附入"]


def test_a_file_without_a_copy_gets_a_page_that_says_why(people: Cast) -> None:
    case = answered(people)
    received(case, "坏文件.pdf", b"%PDF-1.7\nnothing that is a PDF")
    archived(people, case)
    _row, body = bound(case)
    assert "本页代替附件" in PdfReader(BytesIO(body)).pages[-1].extract_text().replace("\n", "")


def test_a_dossier_of_sixty_pages_with_broken_files_among_them_is_whole_and_numbered_through(people: Cast) -> None:
    case = answered(people)
    received(case, "合同.pdf", scan(24))
    received(case, "打不开的合同.pdf", b"%PDF-1.7\n" + b"\0" * 4000)
    received(case, "断了的照片.jpg", samples.jpeg(samples.picture(800, 600))[:900])
    received(case, "账单.pdf", scan(28))
    for number in range(6):
        received(case, f"照片{number}.jpg", samples.jpeg(samples.picture(600 + number, 800)))
    archived(people, case)
    row, body = bound(case)
    assert papers.complaints(body) == []
    read = PdfReader(BytesIO(body))
    assert row.pages == len(read.pages)
    assert row.pages >= 60
    told = {str(one.title): read.get_destination_page_number(one) for one in read.outline}  # type: ignore[union-attr,arg-type]
    for name in ("打不开的合同.pdf", "断了的照片.jpg"):
        instead = read.pages[told[name]].extract_text().replace("\n", "")
        assert "本页代替附件" in instead
        assert name in instead
    assert told["账单.pdf"] - told["合同.pdf"] == 24 + 2
    assert told["照片0.jpg"] - told["账单.pdf"] == 28
    front = list(told.values())[1]
    listed = "".join("".join(page.extract_text() for page in read.pages[:front]).split())
    for name, place in told.items():
        if name.endswith(("pdf", "jpg")):
            assert f"{name}2026-11-23{place - front + 1}" in listed, name
    for number, page in enumerate(read.pages[front:], 1):
        assert str(number) in page.extract_text()


def test_the_same_state_is_bound_once_and_a_later_one_anew(people: Cast) -> None:
    case, staff = answered(people), people.view("east_handler")
    making.order(staff, case, NOW)
    making.order(staff, case, NOW)
    assert db.session.query(Dossier).count() == 1
    handling.apply(case, "note", people.actor("east_handler"), LATER, text="补记一笔。")
    making.order(staff, case, LATER)
    assert db.session.query(Dossier).count() == 2


def test_a_case_that_has_not_ended_has_no_dossier(people: Cast) -> None:
    case = cast.case_of(cast.file("consultation", NOW))
    with pytest.raises(Refused, match="办结以后"):
        making.order(people.view("city_dispatcher"), case, NOW)


def test_while_papers_are_being_made_it_waits(people: Cast) -> None:
    case = answered(people)
    making.order(people.view("east_handler"), case, NOW)
    row = making.latest(case)
    assert row is not None
    db.session.query(Document).filter_by(case_id=case.id).update({"state": states.QUEUED})
    db.session.commit()
    with pytest.raises(making.NotYet):
        making.make(row.id, NOW, lambda *_all: (b"", 0), lambda _session, _now: None)
    with pytest.raises(NotFound):
        making.read(row)


def test_killed_after_the_layout_it_begins_again_and_a_slower_twin_changes_nothing(people: Cast) -> None:
    case = answered(people)
    db.session.query(Document).filter_by(case_id=case.id).update({"state": states.WITHDRAWN})
    db.session.commit()
    making.order(people.view("east_handler"), case, NOW)
    row = making.latest(case)
    assert row is not None

    def done(_session: Any, _now: Any) -> None:
        """Mark no task."""

    def twin(*_all: Any) -> tuple[bytes, int]:
        making.make(row.id, NOW, lambda *_more: (b"%PDF-first", 3), done)
        return b"%PDF-second", 4

    making.make(row.id, NOW, twin, done)
    db.session.refresh(row)
    assert (making.read(row), row.pages) == (b"%PDF-first", 3)
    making.path_of(row.id).write_bytes(b"something else")
    with pytest.raises(Unreadable):
        making.read(row)


def test_before_the_archive_the_check_names_what_is_missing(people: Cast) -> None:
    case = answered(people)
    received(case, "付款截图.jpg", samples.jpeg())
    said = [one.what for one in checking.missing(db.session(), case)]
    assert any("付款截图.jpg" in one and "还在检查" in one for one in said)
    assert any(one.startswith("《") for one in said)
    while documents.make_up(NOW, 60):
        pass
    run.drain(NOW, tasks.QUEUES)
    assert checking.missing(db.session(), case) == []
