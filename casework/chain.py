"""The hash chain of a case's events: whoever changes one must change all that follow."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from models.base import canonical

START = b"\0" * 32
_COVERED = (
    "seq",
    "action",
    "actor_kind",
    "actor_id",
    "actor_role",
    "unit_id",
    "from_state",
    "to_state",
    "fields",
    "clocks",
    "public_text",
    "respondent_text",
)


def event_hash(number: str, row: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 that stands for an event: its case number, all that it says, and the hash before it.

    `row` holds the columns of the event, `at` as an aware moment, `fields` and `clocks` as mappings.
    """
    moment: datetime = row["at"]
    covered = {name: row[name] for name in _COVERED}
    covered["number"] = number
    covered["at"] = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(bytes(row["before"]) + canonical(covered).encode()).digest()
