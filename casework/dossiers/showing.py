"""What the page of a case says of its dossier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from casework import identity
from casework.actors import StaffView
from casework.attachments.policy import size_text
from casework.dossiers import checking, making
from casework.dossiers.checking import Missing
from models import Case, Dossier, db
from models import document as states


@dataclass(frozen=True)
class Shown:
    """The dossier of a closed case: `row` the newest one, `words` how far it is, `missing` before the archive."""

    row: Dossier | None
    words: str
    made: bool
    waiting: bool
    fresh: bool
    """It holds all that happened so far."""
    may_open: bool
    missing: tuple[Missing, ...]


def shown(staff: StaffView, case: Case, now: datetime) -> Shown | None:
    """Return what is said of the dossier of a case; None before the case has ended."""
    if case.closed_at is None:
        return None
    row = making.latest(case)
    words = making.WAY[row.state] if row is not None else ""
    if row is not None and row.state == states.MADE:
        words += f"，共{row.pages}页，{size_text(row.size or 0)}"
    missing = () if case.archived_at is not None else tuple(checking.missing(db.session(), case))
    return Shown(
        row,
        words,
        row is not None and row.state == states.MADE,
        row is not None and row.state in making.UNFINISHED,
        row is not None and row.event_seq == case.seq,
        identity.may_open_dossier(staff, case, now),
        missing,
    )
