"""Counting terms anew after the calendar has changed."""

from __future__ import annotations

from datetime import datetime

from casework import recounting
from casework.tasks import Claim


def recount(claim: Claim, now: datetime) -> str:
    """Go over the next cases that a change of the calendar touches; leave the rest to a task of its own."""
    return recounting.run_batch(claim.payload["change"], now, claim.finish)
