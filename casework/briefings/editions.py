"""The printings of a briefing: samples while it is written, the bureau's and the public's edition once it is issued."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from casework import documents, pagestamp, tasks
from casework.actors import StaffView
from casework.briefings import pictures, places, sentences, sheets, written
from casework.documents import Done, Paper, Render
from casework.errors import NotFound
from casework.reference import current
from models import Briefing, BriefingEdition, BriefingExample, BriefingSection, db
from models import document as states
from models.base import writing
from models.secrets import ring
from rules import briefing as law
from rules.calendar import local_date
from rules.periods import Period

KIND = "briefing"
UNFINISHED = frozenset({states.QUEUED, states.MAKING})
WAY = {
    states.QUEUED: "排队等待制作",
    states.MAKING: "正在排版",
    states.MADE: "已制成",
    states.FAILED: "未能制成，已报告管理员",
}
_NUMERALS = "一二三四五六七八九十"


def of_issue(session: Session, briefing_id: int, now: datetime) -> list[dict[str, Any]]:
    """Order the two editions of a briefing that was just signed off; return the rows of their tasks."""
    return [_order(session, briefing_id, edition, edition, now) for edition in (law.FULL, law.PUBLIC)]


def sample(staff: StaffView, row: Briefing, key: str, now: datetime) -> None:
    """Have a sample printed of what is written now; the same key again orders nothing. Raise NotAllowed."""
    places.require(staff, places.EDIT)
    mark = f"sample-{key[:40]}"
    with writing() as session:
        there = select(BriefingEdition.id).where(BriefingEdition.briefing_id == row.id, BriefingEdition.mark == mark)
        if session.scalar(there) is not None:
            return
        added = tasks.add(session, [_order(session, row.id, law.PREVIEW, mark, now)])
    tasks.wake(added)


def for_command(briefing_id: int, now: datetime) -> int:
    """Return the id of the printing that a command waits for: the full edition, else a new sample of the draft."""
    issued = select(BriefingEdition.id).where(
        BriefingEdition.briefing_id == briefing_id, BriefingEdition.edition == law.FULL
    )
    found = db.session.scalar(issued)
    if found is not None:
        return found
    with writing() as session:
        row = _order(session, briefing_id, law.PREVIEW, f"sample-{now.timestamp():.6f}", now)
        added = tasks.add(session, [row])
    tasks.wake(added)
    edition_id: int = row["payload"]["edition_id"]
    return edition_id


def _order(session: Session, briefing_id: int, edition: str, mark: str, now: datetime) -> dict[str, Any]:
    one = BriefingEdition(briefing_id=briefing_id, edition=edition, mark=mark, ordered_at=now, state=states.QUEUED)
    session.add(one)
    session.flush()
    return tasks.row(tasks.BRIEFING_PRINT, {"edition_id": one.id}, f"briefing-edition-{one.id}", now)


def listed(row: Briefing) -> list[BriefingEdition]:
    """Return the printings of a briefing, the latest first; of the samples only the last three."""
    query = select(BriefingEdition).where(BriefingEdition.briefing_id == row.id).order_by(BriefingEdition.id.desc())
    found = list(db.session.scalars(query))
    samples = [one for one in found if one.edition == law.PREVIEW][:3]
    return [one for one in found if one.edition != law.PREVIEW or one in samples]


def find(row: Briefing, edition_id: int) -> BriefingEdition:
    """Return one printing of a briefing. Raise NotFound."""
    one = db.session.get(BriefingEdition, edition_id)
    if one is None or one.briefing_id != row.id:
        raise NotFound
    return one


def again(one: BriefingEdition, now: datetime) -> None:
    """Queue a printing once more that had failed."""
    with writing() as session:
        failed = (BriefingEdition.id == one.id) & (BriefingEdition.state == states.FAILED)
        wanted = update(BriefingEdition).where(failed).values(state=states.QUEUED).returning(BriefingEdition.id)
        key = f"briefing-edition-{one.id}-{now.timestamp():.0f}"
        rows = [tasks.row(tasks.BRIEFING_PRINT, {"edition_id": id_}, key, now) for id_ in session.scalars(wanted)]
        added = tasks.add(session, rows)
    tasks.wake(added)


def way(rows: Sequence[BriefingEdition]) -> dict[int, str]:
    """Return in words how far each printing is."""
    return {one.id: WAY[one.state] + (f"，共{one.pages}页" if one.pages else "") for one in rows}


def path_of(edition_id: int) -> Path:
    """Return where the file of a printing lies once it is made."""
    return documents.folder() / f"briefing-{edition_id}.pdf"


def read(one: BriefingEdition) -> bytes:
    """Return a printing as it was made. Raise ValueError when the file is not what was made."""
    body = ring().open(path_of(one.id).read_bytes(), _bound(one.id))
    if one.state != states.MADE or hashlib.sha256(body).digest() != one.sha256:
        raise ValueError(f"briefing edition {one.id} is not as made")
    return body


def _bound(edition_id: int) -> str:
    return f"briefing-edition/{edition_id}"


def make(edition_id: int, now: datetime, render: Render, done: Done) -> str:
    """Make one printing: lay it out and put the file in its place. Killed at any point, it begins again."""
    paper = _begin(edition_id, now, done)
    if paper is None:
        return "nothing to do"
    rendered = render(paper)  # takes a while; no transaction is open meanwhile
    scratch = documents.write_scratch(f"briefing-{edition_id}", ring().seal(rendered.pdf, _bound(edition_id)))
    try:
        with writing() as session:
            one = _locked(session, edition_id)
            if one is not None and one.state == states.MAKING:
                # Renamed under the row's lock: a slower twin of this attempt finds it made and leaves it.
                os.replace(scratch, path_of(edition_id))
                documents.sync(documents.folder())
                one.state, one.size, one.pages = states.MADE, len(rendered.pdf), rendered.pages
                one.sha256 = hashlib.sha256(rendered.pdf).digest()
            done(session, now)
    finally:
        with suppress(FileNotFoundError):
            scratch.unlink()
    pagestamp.forget()  # the notice of the briefing leads to its public edition now
    return f"made, {rendered.pages} page(s)"


def _begin(edition_id: int, now: datetime, done: Done) -> Paper | None:
    with writing() as session:
        one = _locked(session, edition_id)
        if one is None or one.state == states.MADE:
            done(session, now)
            return None
        one.state = states.MAKING
        return paper_of(session, session.get_one(Briefing, one.briefing_id), one.edition)


def paper_of(session: Session, row: Briefing, edition: str) -> Paper:
    """Return all that stands in one edition. The public one lacks the parts of the house, and its proposals."""
    month, root = Period.parse(row.month), current().root()
    chart = sheets.chart(row.data["trend"])
    return Paper(
        kind=KIND,
        title=law.NAME,
        number=_number(row),
        bureau=documents.organ_of(root),
        bureau_key=root.key,
        addressee="",
        issued_on=local_date(row.issued_at or row.frozen_at or row.ordered_at),
        facts={
            "edition": edition,
            "edition_label": law.EDITIONS[edition],
            "month": month.label,
            "parts": _numbered(parts_of(session, row, edition), chart is not None),
            "sheets": [one for one in sheets.sheets(row.data) if one.public or edition != law.PUBLIC],
            "chart": chart,
            "sent": dict(law.SENT),
            "frozen_at": row.frozen_at.isoformat() if row.frozen_at else "",
            "seal": row.records_sha256.hex() if row.records_sha256 else "",
            "events": row.records_count,
            "data_seal": row.data_sha256.hex() if row.data_sha256 else "",
            "written_seal": _written(session, row),
        },
        pictures=pictures.opened(session, row.id),
    )


def _written(session: Session, row: Briefing) -> str:
    """The check sum of the text: as signed, or of a draft as it is now. What was issued without one has none."""
    if row.number:
        return row.written_sha256.hex() if row.written_sha256 else ""
    return written.digest(session, row.id).hex()


def _number(row: Briefing) -> str:
    return f"第{row.number}期（总第{row.total_number}期）" if row.number else "（签发时编号）"


def _numbered(parts: list[dict[str, Any]], chart: bool) -> list[dict[str, Any]]:
    """Number the figures of an edition through: the chart of the first part, then the pictures in their order."""
    number = 0
    for part in parts:
        if chart and part["key"] == "overview":
            number += 1
            part["chart"] = number
        for one in part["pictures"]:
            number += 1
            one["number"] = number
    return parts


def parts_of(session: Session, row: Briefing, edition: str) -> list[dict[str, Any]]:
    """Return the parts of one edition, each with its sentences, commentary, typical cases and pictures."""
    said = sentences.of(row.data)
    texts = {
        one.key: one.text
        for one in session.scalars(select(BriefingSection).where(BriefingSection.briefing_id == row.id))
    }
    query = select(BriefingExample).where(BriefingExample.briefing_id == row.id).order_by(BriefingExample.id)
    chosen = [{"title": one.title, "text": one.text} for one in session.scalars(query)]
    drawn = pictures.printed(session, row.id, public=edition == law.PUBLIC, draft=edition == law.PREVIEW)
    found: list[dict[str, Any]] = []
    for part in law.SECTIONS.values():
        if edition == law.PUBLIC and not part.public:
            continue
        cases = chosen if part.key == "cases" else []
        text, lines, shown = texts.get(part.key, ""), said.get(part.key, []), drawn.get(part.key, [])
        if text.strip() or lines or cases or shown:  # what nobody wrote is left out, and the numbering closes up
            title = f"{_NUMERALS[len(found)]}、{part.title}"
            found.append(
                {"key": part.key, "title": title, "said": lines, "text": text, "cases": cases, "pictures": shown}
            )
    return found


def _locked(session: Session, edition_id: int) -> BriefingEdition | None:
    wanted = select(BriefingEdition).where(BriefingEdition.id == edition_id).with_for_update()
    return session.scalar(wanted.execution_options(populate_existing=True))


def gave_up(edition_id: int) -> None:
    """Mark a printing that could not be made after every try."""
    with writing() as session:
        waiting = (BriefingEdition.id == edition_id) & BriefingEdition.state.in_(UNFINISHED)
        session.execute(update(BriefingEdition).where(waiting).values(state=states.FAILED))
