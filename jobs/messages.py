"""Sending messages to filers."""

from __future__ import annotations

from datetime import datetime

from casework import notify
from casework.tasks import Claim


def send(claim: Claim, now: datetime) -> str:
    """Send the message that the task names."""
    return notify.send(claim.payload["message_id"], now, claim.finish)


def gave_up(claim: Claim) -> None:
    """Say on the message that it did not go out."""
    notify.gave_up(claim.payload["message_id"])
