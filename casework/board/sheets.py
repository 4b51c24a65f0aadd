"""Sheets of a notice for the wall, A4 and A3: ordered with the publication, laid out by a worker, kept as made."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import segno
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from casework import documents, pagestamp, tasks
from casework.board import markup
from casework.board.markup import Clean
from casework.documents import Done, Paper, Render, Rendered
from casework.errors import NotFound
from casework.reference import current
from models import Notice, NoticeSheet, NoticeText, db
from models import document as states
from models.base import writing
from rules import board as law
from rules.calendar import local_date

KIND = "notice"
SIZES: Mapping[str, str] = {"a4": "A4", "a3": "A3"}
UNFINISHED = frozenset({states.QUEUED, states.MAKING})
WHOLE = 1_100
"""Characters of a text that may hang on the wall whole, where they fit; of others the sheet says what they hold."""
POINTS = 12
LETTERS = ("large", "middle", "small")

_root = ""


def configure(public_url: str) -> None:
    """Say under which address everybody finds this portal: where the code on a sheet leads."""
    global _root
    _root = public_url.rstrip("/")


def address_of(notice_id: int) -> str:
    """Return the public address of a notice."""
    return f"{_root}/board/{notice_id}"


def code_of(notice_id: int) -> Clean:
    """Return the QR code of a notice's address as SVG: dark on nothing, two modules of margin."""
    # Made by segno of digits and our own address: there is nothing in it that somebody typed.
    drawn = segno.make(address_of(notice_id), error="m", micro=False)
    return Clean(drawn.svg_inline(border=2, omitsize=True, title="二维码"))


def code_file(notice_id: int) -> str:
    """Return the same as a file of its own."""
    out = io.BytesIO()
    drawn = segno.make(address_of(notice_id), error="m", micro=False)
    drawn.save(out, kind="svg", border=2, scale=6, light="#fff", title="二维码")
    return out.getvalue().decode()


def order(session: Session, notice_id: int, number: int, now: datetime) -> list[dict[str, Any]]:
    """Order the sheets of one text inside the caller's transaction; return the rows of their tasks."""
    rows = []
    for size in SIZES:
        one = NoticeSheet(notice_id=notice_id, number=number, size=size, state=states.QUEUED)
        session.add(one)
        session.flush()
        rows.append(tasks.row(tasks.BOARD_SHEET, {"sheet_id": one.id}, f"board-sheet-{one.id}", now))
    return rows


def latest(notice_id: int) -> dict[str, NoticeSheet]:
    """Return the sheets of the text that is shown now, by size."""
    query = select(NoticeSheet).where(NoticeSheet.notice_id == notice_id).order_by(NoticeSheet.number)
    return {one.size: one for one in db.session.scalars(query)}


def again(notice_id: int, now: datetime) -> None:
    """Queue the sheets of a notice once more that could not be made."""
    with writing() as session:
        failed = (NoticeSheet.notice_id == notice_id) & (NoticeSheet.state == states.FAILED)
        wanted = update(NoticeSheet).where(failed).values(state=states.QUEUED).returning(NoticeSheet.id)
        rows = [
            tasks.row(tasks.BOARD_SHEET, {"sheet_id": one}, f"board-sheet-{one}-{now.timestamp():.0f}", now)
            for one in list(session.scalars(wanted))
        ]
        added = tasks.add(session, rows)
    tasks.wake(added)


def path_of(sheet_id: int) -> Path:
    """Return where a sheet lies once it is made."""
    return documents.folder() / f"notice-sheet-{sheet_id}.pdf"


def read(one: NoticeSheet) -> bytes:
    """Return a sheet as it was made. Raise NotFound while it is not made, ValueError when it is not as made."""
    if one.state != states.MADE:
        raise NotFound("张贴版还没有制成，请过一会儿再看。")
    body = path_of(one.id).read_bytes()
    if hashlib.sha256(body).digest() != one.sha256:
        raise ValueError(f"sheet {one.id} is not as made")
    return body


def make(sheet_id: int, now: datetime, render: Render, done: Done) -> str:
    """Make one sheet and put the file in its place. Killed at any point, it begins again."""
    paper = _begin(sheet_id, now, done)
    if paper is None:
        return "nothing to do"
    rendered = _fitted(paper, render)  # takes a while; no transaction is open meanwhile
    scratch = documents.write_scratch(f"notice-sheet-{sheet_id}", rendered.pdf)
    try:
        with writing() as session:
            one = _locked(session, sheet_id)
            if one is not None and one.state == states.MAKING:
                # Renamed under the row's lock: a slower twin of this attempt finds it made and leaves it.
                os.replace(scratch, path_of(sheet_id))
                documents.sync(documents.folder())
                one.state, one.length, one.pages = states.MADE, len(rendered.pdf), rendered.pages
                one.sha256 = hashlib.sha256(rendered.pdf).digest()
            done(session, now)
    finally:
        with suppress(FileNotFoundError):
            scratch.unlink()
    pagestamp.forget()  # the page of the notice says that the sheet is there
    return f"made, {rendered.pages} page(s)"


def _fitted(paper: Paper, render: Render) -> Rendered:
    """Lay a sheet out in the largest letters that leave it one page: the text whole, else what it holds."""
    whole = paper.facts["text"]
    for text in (whole, None) if whole is not None else (None,):
        for letters in LETTERS:
            rendered = render(replace(paper, facts={**paper.facts, "text": text, "letters": letters}))
            if rendered.pages == 1:
                return rendered
    return rendered


def _begin(sheet_id: int, now: datetime, done: Done) -> Paper | None:
    with writing() as session:
        one = _locked(session, sheet_id)
        if one is None or one.state == states.MADE:
            done(session, now)
            return None
        one.state = states.MAKING
        text = select(NoticeText).where(NoticeText.notice_id == one.notice_id, NoticeText.number == one.number)
        return paper_of(session.get_one(Notice, one.notice_id), session.scalars(text).one(), one.size)


def paper_of(row: Notice, text: NoticeText, size: str) -> Paper:
    """Return all that stands on a sheet: the text whole where it is short; its summary and its headings."""
    root, bare = current().root(), markup.words(text.body)
    whole = len(bare) <= WHOLE
    return Paper(
        kind=KIND,
        title=text.title,
        number="",
        bureau=documents.organ_of(root),
        bureau_key=root.key,
        addressee="",
        issued_on=local_date(row.publish_at),
        facts={
            "size": size,
            "category": law.CATEGORIES[row.category].label,
            "urgent": law.CATEGORIES[row.category].urgent,
            "summary": text.summary,
            "text": markup.for_paper(text.body) if whole else None,
            "points": markup.headings(text.body)[:POINTS],
            "corrected_on": local_date(text.approved_at) if text.number > 1 and text.approved_at else None,
            "address": address_of(row.id).partition("://")[2],
            "code": code_of(row.id),
            "letters": LETTERS[-1],
        },
    )


def gave_up(sheet_id: int) -> None:
    """Mark a sheet that could not be made after every try."""
    with writing() as session:
        waiting = (NoticeSheet.id == sheet_id) & NoticeSheet.state.in_(UNFINISHED)
        session.execute(update(NoticeSheet).where(waiting).values(state=states.FAILED))


def _locked(session: Session, sheet_id: int) -> NoticeSheet | None:
    wanted = select(NoticeSheet).where(NoticeSheet.id == sheet_id).with_for_update()
    return session.scalar(wanted.execution_options(populate_existing=True))
