"""Compiling and printing the monthly briefing."""

from __future__ import annotations

from datetime import datetime

from casework.briefings import editions, keeping
from casework.tasks import Claim
from jobs import pdf
from models import clock


def compile(claim: Claim, now: datetime) -> str:
    """Count and freeze the figures of the briefing that the task names."""
    return keeping.compile(claim.payload["briefing_id"], now, claim.finish)


def gave_up(claim: Claim) -> None:
    """Say on the page of the briefing that its figures could not be counted."""
    keeping.gave_up(claim.payload["briefing_id"], clock.now())


def print_edition(claim: Claim, now: datetime) -> str:
    """Make the edition that the task names."""
    return editions.make(claim.payload["edition_id"], now, pdf.render, claim.finish)


def gave_up_edition(claim: Claim) -> None:
    """Say on the page of the briefing that the edition could not be made."""
    editions.gave_up(claim.payload["edition_id"])
