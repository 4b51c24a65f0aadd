"""Making papers."""

from __future__ import annotations

from datetime import datetime

from casework import documents
from casework.board import sheets
from casework.incidents import reports
from casework.tasks import Claim
from jobs import pdf


def make(claim: Claim, now: datetime) -> str:
    """Make the paper that the task names."""
    return documents.make(claim.payload["document_id"], now, pdf.render, claim.finish)


def gave_up(claim: Claim) -> None:
    """Say on the paper that it could not be made."""
    documents.gave_up(claim.payload["document_id"])


def make_incident_report(claim: Claim, now: datetime) -> str:
    """Make the situation report that the task names."""
    return reports.make(claim.payload["report_id"], now, pdf.render, claim.finish)


def gave_up_incident_report(claim: Claim) -> None:
    """Say on the page of the incident that the report could not be made."""
    reports.gave_up(claim.payload["report_id"])


def make_sheet(claim: Claim, now: datetime) -> str:
    """Make the sheet of a notice that the task names."""
    return sheets.make(claim.payload["sheet_id"], now, pdf.render, claim.finish)


def gave_up_sheet(claim: Claim) -> None:
    """Say on the page of the notice that the sheet could not be made."""
    sheets.gave_up(claim.payload["sheet_id"])
