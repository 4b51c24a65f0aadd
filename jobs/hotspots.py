"""Looking for hot spots, once a day."""

from __future__ import annotations

from datetime import datetime

from casework.hotspots import keeping
from casework.tasks import Claim


def look(claim: Claim, now: datetime) -> str:
    """Look at the window that ended yesterday and keep what stands out."""
    found = keeping.look(now, claim.finish)
    return f"{found.made} new, {found.renewed} renewed"
