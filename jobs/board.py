"""The board: notices whose moment has come."""

from __future__ import annotations

from datetime import datetime

from casework.board import keeping
from casework.tasks import Claim


def turn(claim: Claim, now: datetime) -> str:
    """Let the pages be made anew now that a notice has come or gone."""
    return keeping.turned(claim.payload["notice_id"], now, claim.finish)
