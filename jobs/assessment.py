"""Counting the monthly assessment of units, and printing its notification."""

from __future__ import annotations

from datetime import datetime

from casework.assessment import keeping, printing
from casework.tasks import Claim
from jobs import pdf


def count(claim: Claim, now: datetime) -> str:
    """Count and freeze the month that the task names."""
    return keeping.compile(claim.payload["assessment_id"], now, claim.finish)


def gave_up(claim: Claim) -> None:
    """Say on the page of the month that it could not be counted."""
    keeping.gave_up(claim.payload["assessment_id"])


def print_notification(claim: Claim, now: datetime) -> str:
    """Make the notification of the month that the task names."""
    return printing.make(claim.payload["assessment_id"], now, pdf.render, claim.finish)


def gave_up_print(claim: Claim) -> None:
    """Say on the page of the month that its notification could not be made."""
    printing.gave_up(claim.payload["assessment_id"])
