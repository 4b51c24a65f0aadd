"""Making papers."""

from __future__ import annotations

from datetime import datetime

from casework import documents
from casework.tasks import Claim
from jobs import pdf


def make(claim: Claim, now: datetime) -> str:
    """Make the paper that the task names."""
    return documents.make(claim.payload["document_id"], now, pdf.render, claim.finish)


def gave_up(claim: Claim) -> None:
    """Say on the paper that it could not be made."""
    documents.gave_up(claim.payload["document_id"])
