"""Terms that the system ends itself when they are over: it never decides anything by it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

LAPSES: Mapping[str, str] = {
    "complaint.supplement": "lapse_material",
    "complaint.identity": "lapse_material",
    "question.answer": "lapse_question",
    "recusal.request": "lapse_recusal",
    "station.settle": "station_pass_on",
}
"""The act with which each of them ends."""


def next_look(rule: str, moment: datetime | None, due_at: datetime | None) -> datetime | None:
    """Return when a term must be looked at next: when it has something to say, or when the system ends it."""
    if rule not in LAPSES or due_at is None:
        return moment
    return due_at if moment is None else min(moment, due_at)
