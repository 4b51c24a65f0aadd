"""Telling the officer on duty."""

from __future__ import annotations

from datetime import datetime

from casework import duty
from casework.tasks import Claim


def tell(claim: Claim, now: datetime) -> str:
    """Tell whoever is on duty now of the case that the task names."""
    return duty.tell(claim.payload["case_id"], claim.payload["seq"], now, claim.finish)
