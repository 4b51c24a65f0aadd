"""Papers (文书): ordered by an act, numbered and made by a worker, kept as issued.

What stands on them beside their frozen facts is read by `contents`; how they are numbered says `series`.

An act writes a row per paper (`order_rows`, `add`). A worker calls `make`, which first gives the row its number and
the bureau's date, then has the page laid out, and in one transaction puts the file in its place and marks the row.
Killed at any point, it begins again with the same number.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from casework import contents, reference, series, tasks
from casework.contents import NOTHING, Contents
from casework.reference import Reference, UnitView
from models import document as states
from models.base import writing
from models.case import Case
from models.document import Document
from models.prepared import Prepared
from models.secrets import ring
from rules import table
from rules.calendar import local_date
from rules.workflow import WORKFLOW

ACCEPTANCE = "form.acceptance"
NO_NUMBER = "（印发时编号）"
"""What a preview says."""
DIRECTIVE = "paper.directive"
SUPERVISION = "paper.supervision_order"
TEMPLATES: frozenset[str] = frozenset(WORKFLOW.documents)
"""Kinds that can be made: every one of the table has its template (templates/print)."""


@dataclass(frozen=True)
class Paper:
    """All that stands on one paper: what the layout is given."""

    kind: str
    title: str
    number: str
    bureau: str
    bureau_key: str
    addressee: str
    issued_on: date
    facts: Mapping[str, Any]
    """As ordered; dates as ISO text."""
    contents: Contents = NOTHING
    """What is read when it is made."""
    pictures: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)
    """What the page names as /pictures/<name>: each read when the layout comes to it."""


@dataclass(frozen=True)
class Rendered:
    """A paper laid out."""

    pdf: bytes
    pages: int


Render = Callable[[Paper], Rendered]
_DOCUMENTS = cast(Table, Document.__table__)
_INSERT = Prepared(insert(_DOCUMENTS).returning(_DOCUMENTS.c.id))
Done = Callable[[Session, datetime], None]

_folder: Path | None = None


def configure(folder: Path) -> None:
    """Say where made papers are kept (DATA_DIR/documents)."""
    global _folder
    _folder = folder


def folder() -> Path:
    """Return where papers are kept. Raise RuntimeError before `configure`."""
    if _folder is None:
        raise RuntimeError("nobody said where papers are kept")
    return _folder


def order_rows(
    case: Case,
    action: str,
    event_seq: int,
    kinds: Iterable[str],
    facts: Mapping[str, Any],
    now: datetime,
    ref: Reference | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of the papers that an act orders; write them with `add`.

    What a paper will say is frozen here, from the case as the act leaves it. `facts` adds what only the act knows:
    `due_on` (date, end of the term that the paper opens), `handler` (name; otherwise that of the case's handler),
    `number` (where the act has taken it already), `addressee` (of a paper inside the house), `by` and `by_unit` (who
    acted, and in which unit). Secrets have no place in it: a filer who is addressed is read from the party when the
    paper is made. An act that only hands over what an earlier one ordered gets no second one.
    """
    ref = ref or reference.current()
    return [
        {
            "case_id": case.id,
            "kind": kind,
            "state": _state(kind, facts),
            "event_seq": event_seq,
            "ordered_at": now,
            "number": facts.get("number"),
            "facts": _frozen(case, action, WORKFLOW.documents[kind], facts, ref),
        }
        for kind in kinds
        if action not in WORKFLOW.documents[kind].served_at
    ]


def _state(kind: str, facts: Mapping[str, Any]) -> str:
    """Return whether a paper is made at once. What the public's own filing orders is made up in quiet minutes."""
    later = WORKFLOW.documents[kind].later and not facts.get("by")
    return states.DUE if later or kind not in TEMPLATES else states.QUEUED


def _frozen(case: Case, action: str, paper: table.Document, facts: Mapping[str, Any], ref: Reference) -> dict[str, Any]:
    kept = {**from_case(case, ref), **_plain(facts), "action": action}
    if paper.issuer == "acting" and kept.get("by_unit"):
        kept["bureau_id"] = ref.bureau_of(kept["by_unit"]).id
    return kept


def add(session: Session, rows: Sequence[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Write papers inside the caller's transaction; return the task rows (for `tasks.add`) that will make them."""
    if not rows:
        return []
    connection = session.connection()  # below the ORM: every act passes here
    ids = [(_INSERT.value(connection, entry), entry["state"]) for entry in rows]
    return [_task(document_id, now) for document_id, state in ids if state == states.QUEUED]


def _task(document_id: int, now: datetime) -> dict[str, Any]:
    return tasks.row(tasks.DOCUMENT_MAKE, {"document_id": document_id}, f"document-{document_id}", now)


def from_case(case: Case, ref: Reference) -> dict[str, Any]:
    """Return what papers say about a case, its people left out. A sealed case gives its number alone."""
    bureau = ref.bureau_of(case.unit_id)
    found: dict[str, Any] = {"case_number": case.number, "bureau_id": bureau.id}
    if case.sealed:
        return found
    unit = ref.units[case.unit_id]
    return found | {
        "regime": case.regime,
        "received_on": case.received_on.isoformat(),
        "source_number": case.source_number,
        "respondent": case.respondent_name,
        "matter": case.matter,
        "handler": ref.names.get(case.handler_id) if case.handler_id is not None else None,
        "unit": unit.name,
        "phone": unit.phone or bureau.phone,
        "due_on": None,
    }


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in facts.items()
        if value is not None
    }


def make(document_id: int, now: datetime, render: Render, done: Done) -> str:
    """Make one paper: number it, have it laid out, put the file in its place. Return what happened, for the log.

    `done` marks the task inside the transaction that marks the paper. Whatever the layout raises goes through; the
    number stays on the row for the next attempt.
    """
    paper = _begin(document_id, now, done)
    if paper is None:
        return "nothing to do"
    rendered = render(paper)  # takes a while; no transaction is open meanwhile
    scratch = write_scratch(str(document_id), sealed(document_id, rendered.pdf))
    try:
        with writing() as session:
            row = session.scalars(
                select(Document)
                .where(Document.id == document_id)
                .with_for_update()
                .execution_options(populate_existing=True)
            ).one()
            if row.state == states.MAKING:
                # Renamed under the row's lock: a slower twin of this attempt finds the paper made and leaves it.
                os.replace(scratch, path_of(document_id))
                sync(folder())
                row.state, row.progress = states.MADE, None
                row.file, row.size, row.pages = f"{document_id}.pdf", len(rendered.pdf), rendered.pages
                row.sha256 = hashlib.sha256(rendered.pdf).digest()
            done(session, now)
    finally:
        with suppress(FileNotFoundError):
            scratch.unlink()
    return f"made, {rendered.pages} page(s)"


def _begin(document_id: int, now: datetime, done: Done) -> Paper | None:
    """Give a paper its number and date if it has none yet, and return what it says; None if there is nothing to make.

    The paper bears the day of the decision, and a number of that day's year, however late it is entered or made.
    """
    with writing() as session:
        row = session.scalars(
            select(Document)
            .where(Document.id == document_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if row is None or row.state in (states.MADE, states.WITHDRAWN, states.DUE, states.DESTROYED):
            done(session, now)
            return None
        bureau, issued_at = reference.current().units[int(row.facts["bureau_id"])], row.issued_at or row.ordered_at
        case = session.get(Case, row.case_id) if row.case_id is not None else None
        number = row.number or series.next_number(session, row.kind, bureau, day_of(row).year, case)
        row.number, row.issued_at = number, issued_at
        row.state, row.progress = states.MAKING, "正在排版"
        return paper_of(session, row, number)


def paper_of(session: Session, row: Document, number: str) -> Paper:
    """Return all that stands on a paper as the records are now. Raise ValueError where it is addressed to nobody."""
    ref = reference.current()
    bureau = ref.units[int(row.facts["bureau_id"])]
    said = contents.gather(session, row, ref)
    if row.case_id is None and not row.facts.get("addressee"):
        raise ValueError(f"document {row.id} is addressed to nobody")
    return Paper(
        kind=row.kind,
        title=WORKFLOW.documents[row.kind].title,
        number=number,
        bureau=organ_of(bureau),
        bureau_key=bureau.key,
        addressee=contents.addressee_of(row.kind, row.facts, said),
        issued_on=day_of(row),
        facts=row.facts,
        contents=said,
    )


def day_of(row: Document) -> date:
    """Return the day that a paper bears: that of the decision when it was entered, else that of the act.

    One that stands in another's place bears the day on which it was ordered.
    """
    decided = row.facts.get("decided_on") if row.replaces_id is None else None
    return date.fromisoformat(decided) if decided else local_date(row.ordered_at)


def organ_of(bureau: UnitView) -> str:
    """Return the name in which a bureau's centre signs: papers are the bureau's, not its 12315 desk's."""
    return bureau.name.partition("12315")[0] or bureau.name


next_number = series.next_number


def path_of(document_id: int) -> Path:
    """Return where the file of a paper lies once it is made."""
    return folder() / f"{document_id}.pdf"


def sealed(document_id: int, pdf: bytes) -> bytes:
    """Return a paper as it lies on the disk: encrypted, because the addressee's name stands on it."""
    return ring().seal(pdf, f"document/{document_id}")


def read(document: Document) -> bytes:
    """Return a paper as issued, one that was withdrawn since as well. Raise ValueError when the file is another."""
    body = path_of(document.id).read_bytes()
    if not body.startswith(b"%PDF-"):
        body = ring().open(body, f"document/{document.id}")
    if document.state not in (states.MADE, states.WITHDRAWN) or hashlib.sha256(body).digest() != document.sha256:
        raise ValueError(f"document {document.id} is not as issued")
    return body


def progress_text(document: Document) -> str:
    """Return what the case page says about a paper that people wait for."""
    return {
        states.DUE: "待制作",
        states.QUEUED: "排队等待制作",
        states.MAKING: document.progress or "正在制作",
        states.MADE: f"已制成，共{document.pages}页",
        states.FAILED: "未能制成，已报告管理员",
        states.WITHDRAWN: "已撤回",
        states.DESTROYED: "保管期满，已销毁",
    }[document.state]


def gave_up(document_id: int) -> None:
    """Mark a paper that could not be made after every try; its number stays with it."""
    with writing() as session:
        session.execute(
            update(Document)
            .where(Document.id == document_id, Document.state.in_((states.QUEUED, states.MAKING)))
            .values(state=states.FAILED, progress=None)
        )


def wait_again(session: Session, document_ids: Sequence[int]) -> None:
    """Say of papers that could not be made that they wait again, inside the caller's transaction."""
    failed = Document.id.in_(document_ids) & (Document.state == states.FAILED)
    session.execute(update(Document).where(failed).values(state=states.QUEUED))


def try_again(session: Session, document: Document, now: datetime) -> list[dict[str, Any]]:
    """Queue a paper once more that had failed, or one that waits to be made up; return task rows."""
    if document.state not in (states.FAILED, states.DUE) or document.kind not in TEMPLATES:
        return []
    row = _task(document.id, now)
    if document.state == states.FAILED:  # the task that failed keeps its key
        row["unique_key"] = f"document-{document.id}-{now.timestamp():.0f}"
    document.state = states.QUEUED
    return [row]


def make_up(now: datetime, limit: int) -> list[tasks.Added]:
    """Queue papers that were ordered and not queued, the newest first; return the tasks to wake.

    Those are what the public's filings ordered, and what was ordered before its template was there.
    """
    wanted = select(Document).where(Document.state == states.DUE).order_by(Document.id.desc()).limit(limit)
    with writing() as session:
        rows = [
            task for document in session.scalars(wanted.with_for_update()) for task in try_again(session, document, now)
        ]
        return tasks.add(session, rows)


def write_scratch(name: str, body: bytes) -> Path:
    """Write the bytes durably under a name of their own beside the final place, and return where."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = folder() / f".{name}.{os.getpid()}.{os.urandom(4).hex()}.part"
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    return scratch


def sweep_scratch(now: datetime) -> int:
    """Delete files half written by workers that were killed more than an hour ago; return how many."""
    gone = 0
    for part in folder().glob(".*.part"):
        with suppress(FileNotFoundError):
            if now.timestamp() - part.stat().st_mtime > 3600:
                part.unlink()
                gone += 1
    return gone


def sync(directory: Path) -> None:
    """Make what was renamed in a folder durable."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
