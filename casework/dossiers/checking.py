"""Is a dossier whole: what a clerk must see before the case goes into the archive (NJ三(六); local)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import attachments
from casework.dossiers import parts
from models import Case, Deadline, SupervisionOrder
from models import attachment as files
from models import document as papers
from models.supervision import LIVE
from rules.terms import RULES
from rules.workflow import WORKFLOW

OUTLIVING = ("publicity.publish", "dissatisfaction.answer")
"""Terms that run on after the end and must be over before the archive."""


@dataclass(frozen=True)
class Missing:
    """One thing that is missing, in words. `grave`: the case cannot be archived even with a reason."""

    what: str
    grave: bool = False


def missing(session: Session, case: Case) -> list[Missing]:
    """Return what is missing in a case before it is archived, the gravest first."""
    found = []
    live = select(SupervisionOrder.id).where(SupervisionOrder.case_id == case.id, SupervisionOrder.state.in_(LIVE))
    if session.scalar(live) is not None:
        found.append(Missing("督办单还没有答复、了结", grave=True))
    running = select(Deadline.rule).where(
        Deadline.case_id == case.id, Deadline.closed_at.is_(None), Deadline.rule.in_(OUTLIVING)
    )
    found += [Missing(f"“{RULES[rule].label}”还没有办", grave=True) for rule in session.scalars(running)]
    for row in parts.unmade(session, case.id):
        title = WORKFLOW.documents[row.kind].title
        said = {papers.FAILED: "没有制成", papers.DUE: "还没有制作"}.get(row.state, "正在制作")
        found.append(Missing(f"《{title}》{said}"))
    for one in attachments.of_case(case):
        if one.state == files.WAITING:
            found.append(Missing(f"文件“{one.name}”还在检查"))
        elif one.state == files.SEALED:
            found.append(Missing(f"文件“{one.name}”没有可以查看的副本，卷内只写明它的名称和校验值"))
    return found
