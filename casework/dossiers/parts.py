"""What goes into a dossier, in order: the papers as they were issued, then the files that people brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import attachments
from models import Attachment, Case, Document
from models import attachment as files
from models import document as papers
from rules.calendar import local_date
from rules.workflow import WORKFLOW

COVER = "paper.archive_cover"
"""Its place is taken by the cover of the dossier itself."""
SIDES = {"citizen": "来件人提交", "staff": "工作人员收存"}


@dataclass(frozen=True)
class Part:
    """One thing in a dossier: a paper or a file, by its row."""

    title: str
    number: str
    day: date
    paper: Document | None = None
    file: Attachment | None = None

    @property
    def note(self) -> str:
        """Return who brought it; empty for a paper."""
        if self.paper is not None:
            return "已撤回" if self.paper.state == papers.WITHDRAWN else ""
        return SIDES.get(self.file.uploaded_by, "") if self.file is not None else ""


def of_case(session: Session, case: Case) -> list[Part]:
    """Return the parts of a case: papers by the order in which they were ordered, files by that in which they came."""
    titles = WORKFLOW.documents
    query = select(Document).where(Document.case_id == case.id, Document.kind != COVER, Document.file.is_not(None))
    found = [
        Part(titles[row.kind].title, row.number or "", local_date(row.issued_at or row.ordered_at), paper=row)
        for row in session.scalars(query.order_by(Document.id))
    ]
    brought = [
        Part(row.name, "", local_date(row.uploaded_at), file=row)
        for row in attachments.of_case(case)
        if row.state != files.REFUSED
    ]
    return [*found, *brought]


def unmade(session: Session, case_id: int) -> Sequence[Document]:
    """Return the papers of a case that are ordered and not made, those that failed too; not the cover."""
    wanted = (papers.DUE, papers.QUEUED, papers.MAKING, papers.FAILED)
    query = select(Document).where(Document.case_id == case_id, Document.kind != COVER, Document.state.in_(wanted))
    return list(session.scalars(query.order_by(Document.id)))
