"""Dossiers whose term is over: listed, proposed by one person, decided by another, erased by the worker.

What is erased are files: the dossier, the papers and the attachments of the case. Their rows remain with size and
SHA-256 as the record of what was there; so do the list, the case and its chain of events.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from casework import documents, tasks
from casework.actors import StaffView
from casework.attachments import store
from casework.documents import Done, Paper, Render
from casework.dossiers import making
from casework.errors import Faults, NotAllowed, NotFound, Refused
from casework.reference import current
from models import ArchiveTerm, Attachment, Case, Destruction, DestructionItem, Document, Dossier, db
from models import attachment as file_states
from models import document as paper_states
from models import retention as states
from models.base import writing
from models.secrets import ring
from rules import retention
from rules.access import POLICIES
from rules.calendar import local_date

PROPOSE, DECIDE = "archive.propose", "archive.decide"
ARCHIVED = "archived"
MOST = 200
"""So many dossiers stand on one list; the rest come on the next."""
LONGEST = 400
STATES = {
    states.PROPOSED: "等待审批",
    states.APPROVED: "已批准，正在销毁",
    states.REFUSED: "不同意销毁",
    states.DONE: "已销毁",
}


def bureaus(staff: StaffView, policy: str) -> frozenset[int]:
    """Return the bureaus for whose archive a person has a role."""
    return frozenset(one.bureau_id for one in staff.assignments if one.role in POLICIES[policy])


def begin_term(session: Session, case: Case, now: datetime) -> None:
    """Write down, in the transaction that archives a case, until when it is kept; nothing when that is for good."""
    until = retention.keep_until(case.retention, local_date(case.archived_at or now))
    there = session.scalar(select(ArchiveTerm.id).where(ArchiveTerm.case_id == case.id))
    if until is not None and there is None:
        bureau_id = current().bureau_of(case.unit_id).id
        session.add(ArchiveTerm(case_id=case.id, bureau_id=bureau_id, keep_until=until))


def due(staff: StaffView, now: datetime) -> list[tuple[ArchiveTerm, Case]]:
    """Return the dossiers of a person's bureaus whose term is over and that stand on no list, the oldest first."""
    return [(row, case) for row, case in db.session.execute(_due(bureaus(staff, "archive"), now).limit(MOST))]


def _due(ids: frozenset[int], now: datetime) -> Select[ArchiveTerm, Case]:
    live = (states.PROPOSED, states.APPROVED)
    listed = (
        select(DestructionItem.id)
        .join(Destruction, Destruction.id == DestructionItem.destruction_id)
        .where(DestructionItem.case_id == ArchiveTerm.case_id, Destruction.state.in_(live))
        .exists()
    )
    over = (ArchiveTerm.bureau_id.in_(ids), ArchiveTerm.keep_until < local_date(now))
    # A sealed case is on no list that others read; one that was unsealed for correction is not in the archive now.
    there = (Case.state == ARCHIVED, Case.kind != "misconduct")
    found = select(ArchiveTerm, Case).join(Case, Case.id == ArchiveTerm.case_id).where(*over, *there, ~listed)
    return found.order_by(ArchiveTerm.keep_until, ArchiveTerm.id)


def lists(staff: StaffView) -> list[Destruction]:
    """Return the latest lists of a person's bureaus."""
    mine = Destruction.bureau_id.in_(bureaus(staff, "archive"))
    return list(db.session.scalars(select(Destruction).where(mine).order_by(Destruction.id.desc()).limit(50)))


def find(staff: StaffView, destruction_id: int) -> Destruction:
    """Return one list. Raise NotFound for one of another bureau as for none."""
    row = db.session.get(Destruction, destruction_id)
    if row is None or row.bureau_id not in bureaus(staff, "archive"):
        raise NotFound
    return row


def items(row: Destruction) -> list[tuple[DestructionItem, Case]]:
    """Return the dossiers of a list with their cases."""
    query = select(DestructionItem, Case).join(Case, Case.id == DestructionItem.case_id)
    query = query.where(DestructionItem.destruction_id == row.id).order_by(DestructionItem.id)
    return [(item, case) for item, case in db.session.execute(query)]


def propose(staff: StaffView, chosen: Sequence[int], reason: str, now: datetime) -> Destruction:
    """Put dossiers (ids of cases) whose term is over on a new list. Raise NotAllowed, Faults."""
    mine = bureaus(staff, PROPOSE)
    if not mine:
        raise NotAllowed("只有档案管理员可以提出销毁。")
    why = reason.strip()
    faults = {}
    if not chosen:
        faults["cases"] = "请选择要销毁的案卷"
    if not why or len(why) > LONGEST:
        faults["reason"] = "请写明销毁理由" if not why else f"理由最多{LONGEST}个字，现在是{len(why)}个字"
    if faults:
        raise Faults(faults)
    with writing() as session:
        bureau_id = min(mine)
        session.execute(select(ArchiveTerm.id).where(ArchiveTerm.case_id.in_(chosen)).with_for_update())
        found = session.execute(_due(frozenset({bureau_id}), now).where(Case.id.in_(chosen))).all()
        if {case.id for _row, case in found} != set(chosen):
            raise Faults({"cases": "有案卷保管期未满，或者已经列入清册，请重新选择"})
        row = Destruction(bureau_id=bureau_id, state=states.PROPOSED, reason=why, proposed_at=now, proposed_by=staff.id)
        session.add(row)
        session.flush()
        session.add_all(
            DestructionItem(
                destruction_id=row.id, case_id=case.id, dossier_number=case.dossier_number or case.number,
                retention=case.retention or retention.FOR_GOOD, keep_until=term.keep_until,
            )
            for term, case in found
        )  # fmt: skip
    return row


def may_decide(staff: StaffView, row: Destruction) -> bool:
    """Tell whether a person may decide on a list: who answers for the bureau, and did not propose it."""
    return (
        row.state == states.PROPOSED
        and row.bureau_id in bureaus(staff, DECIDE)
        and row.proposed_by not in staff.acts_for
    )


def decide(staff: StaffView, row: Destruction, agrees: bool | None, words: str, now: datetime) -> None:
    """Approve a list, which has it erased, or refuse it. Raise NotAllowed, Refused, Faults."""
    if row.state != states.PROPOSED:
        raise Refused("这份清册已经审批过了。", conflict=True)
    if not may_decide(staff, row):
        raise NotAllowed("销毁由本局负责人审批，提出销毁的人不能自己批准。")
    said = words.strip()
    faults = {}
    if agrees is None:
        faults["agrees"] = "请选择同意或者不同意"
    if len(said) > LONGEST or (agrees is False and not said):
        faults["decision"] = f"意见最多{LONGEST}个字" if said else "不同意的，请写明原因"
    if faults:
        raise Faults(faults)
    with writing() as session:
        mine = (Destruction.id == row.id) & (Destruction.state == states.PROPOSED)
        values = {"state": states.APPROVED if agrees else states.REFUSED, "decision": said}
        values |= {"decided_at": now, "decided_by": staff.id}  # type: ignore[dict-item]
        if session.scalar(update(Destruction).where(mine).values(**values).returning(Destruction.id)) is None:
            raise Refused("这份清册已经审批过了。", conflict=True)
        wanted = [tasks.row(tasks.DESTRUCTION_RUN, {"destruction_id": row.id}, f"destruction-{row.id}", now)]
        added = tasks.add(session, wanted if agrees else [])
    tasks.wake(added)


def run(destruction_id: int, now: datetime, render: Render, done: Done) -> str:
    """Erase what an approved list names, then print the list. Killed at any point, it goes on where it was."""
    row = db.session.get(Destruction, destruction_id)
    if row is None or row.state not in (states.APPROVED, states.DONE) or row.sha256 is not None:
        with writing() as session:
            done(session, now)
        return "nothing to do"
    open_items = DestructionItem.erased_at.is_(None) & DestructionItem.kept.is_(None)
    waiting = select(DestructionItem.id).where(DestructionItem.destruction_id == destruction_id, open_items)
    for item_id in list(db.session.scalars(waiting.order_by(DestructionItem.id))):
        _erase(item_id, now)
    with writing() as session:
        paper = paper_of(session.get_one(Destruction, destruction_id, populate_existing=True), now)
    rendered = render(paper)  # takes a while; no transaction is open meanwhile
    scratch = documents.write_scratch(
        f"destruction-{destruction_id}", ring().seal(rendered.pdf, _bound(destruction_id))
    )
    try:
        with writing() as session:
            locked = session.get_one(Destruction, destruction_id, with_for_update=True, populate_existing=True)
            if locked.sha256 is None:
                os.replace(scratch, path_of(destruction_id))
                documents.sync(documents.folder())
                locked.state, locked.done_at, locked.size = states.DONE, now, len(rendered.pdf)
                locked.sha256 = hashlib.sha256(rendered.pdf).digest()
            done(session, now)
    finally:
        with suppress(FileNotFoundError):
            scratch.unlink()
    return "erased"


def _erase(item_id: int, now: datetime) -> None:
    """Erase the files of one case, then say so: killed in between, they are erased once more, which does no harm."""
    with writing() as session:
        item = session.get_one(DestructionItem, item_id, with_for_update=True, populate_existing=True)
        case = session.get_one(Case, item.case_id, with_for_update=True, populate_existing=True)
        if case.state != ARCHIVED:
            item.kept = "已解封更正，没有销毁"
            return
        # The case stays locked: nobody unseals it while its files go.
        item.files = _files_of(session, case)
        item.erased_at = now
        mine = (Attachment.case_id == case.id, Attachment.state != file_states.DESTROYED)
        session.execute(update(Attachment).where(*mine).values(state=file_states.DESTROYED, reason=None, clean=None))
        gone = {"state": paper_states.DESTROYED}
        session.execute(update(Document).where(Document.case_id == case.id).values(**gone, file=None))
        session.execute(update(Dossier).where(Dossier.case_id == case.id).values(**gone))
        session.execute(delete(ArchiveTerm).where(ArchiveTerm.case_id == case.id))


def _files_of(session: Session, case: Case) -> int:
    """Remove the files of a case; return how many there were. Files of a filing that made two cases stay for both."""
    count = 0
    own = select(Attachment.original, Attachment.clean).where(Attachment.case_id == case.id)
    for names in session.execute(own):
        count += sum(name is not None and store.path_of(name).exists() for name in names)
        store.erase(*names)
    paths = [documents.path_of(one) for one in session.scalars(select(Document.id).where(Document.case_id == case.id))]
    paths += [making.path_of(one) for one in session.scalars(select(Dossier.id).where(Dossier.case_id == case.id))]
    for path in paths:
        count += path.exists()
        path.unlink(missing_ok=True)
    return count


def path_of(destruction_id: int) -> Path:
    """Return where the printed list lies once it is made."""
    return documents.folder() / f"destruction-{destruction_id}.pdf"


def _bound(destruction_id: int) -> str:
    return f"destruction/{destruction_id}"


def read(row: Destruction) -> bytes:
    """Return the printed list. Raise NotFound before it is made, ValueError when the file is another."""
    if row.sha256 is None:
        raise NotFound("销毁清册还没有印好，请过一会儿再看。")
    body = ring().open(path_of(row.id).read_bytes(), _bound(row.id))
    if hashlib.sha256(body).digest() != row.sha256:
        raise ValueError(f"destruction list {row.id} is not as made")
    return body


def paper_of(row: Destruction, now: datetime) -> Paper:
    """Return all that stands on the printed list."""
    ref = current()
    bureau = ref.units[row.bureau_id]
    lines = [
        {
            "dossier_number": item.dossier_number,
            "case": case.number,
            "term": retention.words(item.retention),
            "until": item.keep_until.isoformat(),
            "how": item.kept or f"已销毁，{item.files}个文件",
        }
        for item, case in items(row)
    ]
    return Paper(
        kind="destruction",
        title="档案销毁清册",
        number=f"{local_date(row.proposed_at).year}-{row.id}",
        bureau=documents.organ_of(bureau),
        bureau_key=bureau.key,
        addressee="",
        issued_on=local_date(now),
        facts={
            "lines": lines,
            "reason": row.reason,
            "proposed": f"{ref.names.get(row.proposed_by, '')}　{local_date(row.proposed_at).isoformat()}",
            "decided": f"{ref.names.get(row.decided_by or 0, '')}　{local_date(row.decided_at or now).isoformat()}",
            "decision": row.decision or "同意",
        },
    )


def count_items(row: Destruction) -> int:
    """Return how many dossiers stand on a list."""
    query = select(func.count()).select_from(DestructionItem).where(DestructionItem.destruction_id == row.id)
    return db.session.scalar(query) or 0
