"""Numbers of papers (文号): each series counts as its row of the table says (rulings 11)."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from casework import numbers
from casework.reference import UnitView
from models import Case, Document
from rules.identifiers import KIND_LETTERS
from rules.workflow import WORKFLOW

_CASE = "案件编号"


def next_number(session: Session, kind: str, bureau: UnitView, year: int, case: Case | None = None) -> str:
    """Return the next number of a paper's series, inside the caller's writing transaction.

    Most count within a bureau and a year; those that begin with the number of the case count within it; the sealed
    ones count on for ever. Raises ValueError where a paper of a case has no case.
    """
    paper = WORKFLOW.documents[kind]
    if paper.counts == "case":
        if case is None:
            raise ValueError(f"a paper {kind} belongs to a case")
        return _within(session, kind, case)
    if paper.counts == "sealed":
        return paper.series.format(n=numbers.take(session.connection(), kind))
    letter = KIND_LETTERS[case.kind] if case is not None else ""
    whose = bureau.id if "{bureau}" in paper.series else letter or "all"
    n = numbers.take(session.connection(), f"{kind}.{whose}.{year}")
    return paper.series.format(bureau=bureau.document_prefix, year=year, n=n, kind=letter)


def _within(session: Session, kind: str, case: Case) -> str:
    """Count what the case has: its row is locked, so that two workers never count the same."""
    session.execute(select(Case.id).where(Case.id == case.id).with_for_update())
    had = select(func.count()).where(Document.case_id == case.id, Document.kind == kind, Document.number.is_not(None))
    n = 1 + (session.scalar(had) or 0)
    series = WORKFLOW.documents[kind].series
    if "{n}" in series:
        return series.replace(_CASE, case.number).format(n=n)
    return series.replace(_CASE, case.number) + (f"-{n}" if n > 1 else "")
