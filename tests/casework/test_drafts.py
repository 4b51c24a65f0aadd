"""Drafts: kept a week, for reports only when asked, encrypted, erased with their files."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from casework import attachments, drafts
from casework.errors import NotFound, Refused
from models.attachment import Attachment
from models.base import db, writing
from models.filing import Draft
from tests.casework.attachments.rows import world
from tests.casework.attachments.samples import NOW

WEEK = timedelta(days=7)
TYPED = {"content": "健身房关门了", "amount": "3680", "demands": ["refund"]}


@pytest.fixture
def files(context: Flask, tmp_path: Path) -> Path:
    """The place of the sealed files, with an empty database."""
    attachments.configure(tmp_path / "sealed")
    return tmp_path / "sealed"


def upload(token: str) -> Attachment:
    saved = drafts.load(token, NOW)
    assert saved is not None
    return attachments.receive(BytesIO(b"text"), "聊天.txt", draft_id=saved.id, uploaded_by="citizen", now=NOW)


def stored(place: Path) -> int:
    return sum(path.is_file() for path in place.rglob("*"))


def count(model: type[Draft] | type[Attachment]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_draft_gives_back_what_was_typed(files: Path) -> None:
    token = drafts.start("complaint", NOW)
    drafts.save(token, "complaint", TYPED, NOW)

    saved = drafts.load(token, NOW)

    assert saved is not None
    assert (saved.kind, saved.values) == ("complaint", TYPED)


def test_a_draft_is_kept_for_seven_days_from_the_last_saving(files: Path) -> None:
    token = drafts.start("complaint", NOW)
    drafts.save(token, "complaint", TYPED, NOW + timedelta(days=3))

    assert drafts.load(token, NOW + timedelta(days=3) + WEEK - timedelta(seconds=1)) is not None
    assert drafts.load(token, NOW + timedelta(days=3) + WEEK) is None
    with pytest.raises(NotFound):
        drafts.save(token, "complaint", TYPED, NOW + timedelta(days=3) + WEEK)


@pytest.mark.parametrize("kind", ["report", "misconduct"])
def test_a_report_is_kept_beyond_the_visit_only_when_the_informant_asks(files: Path, kind: str) -> None:
    visit = drafts.start(kind, NOW)
    asked = drafts.start(kind, NOW)
    drafts.save(asked, kind, TYPED, NOW, keep=True)
    drafts.save(asked, kind, TYPED, NOW)

    assert drafts.load(visit, NOW + drafts.VISIT) is None
    assert drafts.load(asked, NOW + WEEK - timedelta(seconds=1)) is not None


def test_only_the_holder_of_the_token_finds_a_draft(files: Path) -> None:
    token = drafts.start("complaint", NOW)

    assert len(token) >= 43
    for wrong in ("", token[:-1], token + "a", token.swapcase()):
        assert drafts.load(wrong, NOW) is None


def test_neither_token_nor_text_stands_in_the_table(files: Path) -> None:
    token = drafts.start("complaint", NOW)
    drafts.save(token, "complaint", TYPED, NOW)

    raw = db.session.execute(text("SELECT token_hash, content FROM draft")).one()

    joined = b"".join(bytes(value) for value in raw)
    assert token.encode() not in joined
    assert "健身房".encode() not in joined


def test_a_draft_longer_than_any_form_is_refused(files: Path) -> None:
    token = drafts.start("complaint", NOW)

    with pytest.raises(Refused, match="太长"):
        drafts.save(token, "complaint", {"content": "长" * 30_000}, NOW)


def test_a_sent_draft_hands_over_its_files_and_cannot_be_sent_again(files: Path) -> None:
    around, token = world(), drafts.start("complaint", NOW)
    row = upload(token)
    with writing() as session:
        assert drafts.consume(session, token, NOW, filing_id=around.complaint.filing_id) == [row.id]

    assert drafts.load(token, NOW) is None
    assert [found.id for found in attachments.of_case(around.complaint)] == [row.id]
    assert stored(files) == 1
    with pytest.raises(NotFound), writing() as session:
        drafts.consume(session, token, NOW, filing_id=around.other.filing_id)


def test_an_expired_draft_is_erased_with_its_files_and_no_other_is(files: Path) -> None:
    old, young = drafts.start("complaint", NOW), drafts.start("complaint", NOW)
    upload(old)
    upload(young)
    drafts.save(young, "complaint", TYPED, NOW + timedelta(days=1))

    assert drafts.erase_expired(NOW + WEEK) == 1
    assert drafts.erase_expired(NOW + WEEK) == 0

    assert (count(Draft), count(Attachment), stored(files)) == (1, 1, 1)
    assert drafts.load(young, NOW + WEEK) is not None


def test_many_expired_drafts_are_erased_in_one_run(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_BATCH", 3)
    for _ in range(10):
        drafts.start("consultation", NOW)

    assert drafts.erase_expired(NOW + WEEK) == 10


def test_a_draft_thrown_away_is_gone_with_its_files(files: Path) -> None:
    token = drafts.start("complaint", NOW)
    upload(token)

    drafts.erase(token)
    drafts.erase(token)

    assert (count(Draft), count(Attachment), stored(files)) == (0, 0, 0)
