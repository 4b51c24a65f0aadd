"""The hash chain of a case's events: whoever changes one must change all that follow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
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


def first_broken(number: str, rows: Iterable[Mapping[str, Any]]) -> int | None:
    """Return the place (1, 2, …) of the first event that was altered, removed or put in; None for a whole chain.

    `rows` are the events of one case in order of `seq`.
    """
    before, last = START, None
    for place, row in enumerate(rows, start=1):
        moved_back = last is not None and row["at"] < last
        if row["seq"] != place or bytes(row["before"]) != before or moved_back:
            return place
        before, last = event_hash(number, row), row["at"]
        if before != bytes(row["hash"]):
            return place
    return None
