"""Ordering a dossier, making it in a worker, handing it out. Killed at any point, a worker begins again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from casework import documents, tasks
from casework.actors import StaffView
from casework.documents import Done
from casework.dossiers import parts
from casework.dossiers.parts import Part
from casework.errors import NotFound, Refused
from models import Case, Dossier, db
from models import document as states
from models.base import writing
from models.secrets import ring

UNFINISHED = frozenset({states.QUEUED, states.MAKING})
WAY = {
    states.QUEUED: "排队等待装订",
    states.MAKING: "正在装订",
    states.MADE: "已装订",
    states.FAILED: "未能装订，已报告管理员",
    states.DESTROYED: "保管期满，已销毁",
}
Bind = Callable[[Case, list[Part], int | None, datetime], tuple[bytes, int]]
"""Binds the parts of a case: (case, parts, who ordered it, now) to (PDF, pages)."""


class NotYet(RuntimeError):
    """Papers of the case are still being made: tried again later."""


def order(staff: StaffView, case: Case, now: datetime) -> None:
    """Have the dossier of a case bound as it stands; the same state again orders nothing, one that failed tries again.

    Raises Refused for a case that has not ended.
    """
    if case.closed_at is None:
        raise Refused("办结以后才能装订卷宗。")
    with writing() as session:
        added = tasks.add(session, of_act(session, case, staff.id, now))
    tasks.wake(added)


def of_act(session: Session, case: Case, staff_id: int | None, now: datetime) -> list[dict[str, Any]]:
    """Order the dossier inside the caller's transaction; return the rows of its task."""
    there = select(Dossier).where(Dossier.case_id == case.id, Dossier.event_seq == case.seq).with_for_update()
    row = session.scalar(there)
    if row is not None and row.state != states.FAILED:
        return []
    if row is None:
        row = Dossier(case_id=case.id, event_seq=case.seq)
        session.add(row)
    row.state, row.ordered_at, row.ordered_by = states.QUEUED, now, staff_id
    session.flush()
    key = f"dossier-{row.id}-{now.timestamp():.0f}"
    return [tasks.row(tasks.DOSSIER_BIND, {"dossier_id": row.id}, key, now)]


def latest(case: Case) -> Dossier | None:
    """Return the newest dossier of a case."""
    query = select(Dossier).where(Dossier.case_id == case.id).order_by(Dossier.event_seq.desc()).limit(1)
    return db.session.scalar(query)


def find(case: Case, dossier_id: int) -> Dossier:
    """Return a dossier of a case. Raise NotFound."""
    row = db.session.get(Dossier, dossier_id)
    if row is None or row.case_id != case.id:
        raise NotFound("没有这份卷宗。")
    return row


def path_of(dossier_id: int) -> Path:
    """Return where the file of a dossier lies once it is made."""
    return documents.folder() / f"dossier-{dossier_id}.pdf"


def read(row: Dossier) -> bytes:
    """Return a dossier as it was bound. Raise NotFound before that, ValueError when the file is not what was bound."""
    if row.state != states.MADE:
        raise NotFound("卷宗还没有装订好，请过一会儿再看。")
    body = ring().open(path_of(row.id).read_bytes(), _bound(row.id))
    if hashlib.sha256(body).digest() != row.sha256:
        raise ValueError(f"dossier {row.id} is not as bound")
    return body


def _bound(dossier_id: int) -> str:
    return f"dossier/{dossier_id}"


def make(dossier_id: int, now: datetime, bind: Bind, done: Done) -> str:
    """Bind one dossier and put the file in its place. Raise NotYet while papers of the case are being made."""
    with writing() as session:
        row = _locked(session, dossier_id)
        if row is None or row.state in (states.MADE, states.DESTROYED):
            done(session, now)
            return "nothing to do"
        row.state, ordered_by, case_id = states.MAKING, row.ordered_by, row.case_id
    case = db.session.get_one(Case, case_id)
    if any(one.state in UNFINISHED for one in parts.unmade(db.session(), case_id)):
        raise NotYet(f"papers of case {case_id} are still being made")
    pdf, pages = bind(case, parts.of_case(db.session(), case), ordered_by, now)
    db.session.rollback()  # nothing is held open while the file is written
    scratch = documents.write_scratch(f"dossier-{dossier_id}", ring().seal(pdf, _bound(dossier_id)))
    try:
        with writing() as session:
            row = _locked(session, dossier_id)
            if row is not None and row.state == states.MAKING:
                # Renamed under the row's lock: a slower twin of this attempt finds it made and leaves it.
                os.replace(scratch, path_of(dossier_id))
                documents.sync(documents.folder())
                row.state, row.size, row.pages = states.MADE, len(pdf), pages
                row.sha256 = hashlib.sha256(pdf).digest()
            done(session, now)
    finally:
        with suppress(FileNotFoundError):
            scratch.unlink()
    return f"bound, {pages} page(s)"


def _locked(session: Session, dossier_id: int) -> Dossier | None:
    wanted = select(Dossier).where(Dossier.id == dossier_id).with_for_update()
    return session.scalar(wanted.execution_options(populate_existing=True))


def gave_up(dossier_id: int) -> None:
    """Mark a dossier that could not be bound after every try."""
    with writing() as session:
        waiting = (Dossier.id == dossier_id) & Dossier.state.in_(UNFINISHED)
        session.execute(update(Dossier).where(waiting).values(state=states.FAILED))
