"""Making the posters of stations."""

from __future__ import annotations

from datetime import datetime

from casework.stations import posters
from casework.tasks import Claim
from jobs import pdf


def poster(claim: Claim, now: datetime) -> str:
    """Make the poster of the station that the task names."""
    return posters.make(claim.payload["station_id"], now, pdf.render, claim.finish)


def gave_up(claim: Claim) -> None:
    """Say in the register that the poster could not be made."""
    posters.gave_up(claim.payload["station_id"])
