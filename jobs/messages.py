"""Sending messages to filers and notices to staff."""

from __future__ import annotations

from datetime import datetime

from casework import notices, notify
from casework.tasks import Claim


def send(claim: Claim, now: datetime) -> str:
    """Send the message that the task names."""
    return notify.send(claim.payload["message_id"], now, claim.finish)


def gave_up(claim: Claim) -> None:
    """Say on the message that it did not go out."""
    notify.gave_up(claim.payload["message_id"])


def send_notice(claim: Claim, now: datetime) -> str:
    """Send the notice to a member of staff that the task names."""
    return notices.send(claim.payload["notice_id"], now, claim.finish)


def gave_up_notice(claim: Claim) -> None:
    """Say on the notice that it did not go out."""
    notices.gave_up(claim.payload["notice_id"])
