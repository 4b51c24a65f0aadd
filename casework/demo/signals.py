"""Hot spots of the demo city: those of today, one of them handed to the editor, and one of last year set aside."""

from __future__ import annotations

from datetime import datetime, timedelta

from casework import access, reference
from casework.actors import StaffView
from casework.hotspots import answering, keeping, reading
from rules.hotspots import CATEGORY, PREPAID

LAST_YEAR = timedelta(days=380)
"""A week after the gym closed for the first time."""


def fill(until: datetime) -> int:
    """Look as the worker does each day, and answer as people do; return how many signals wait."""
    root = reference.current().root()
    held = reference.current().roles.get((root.id, "supervisor"), ())
    supervisor = access.view_of(held[0], until) if held else None
    if supervisor is None:
        return 0
    keeping.look(until - LAST_YEAR)
    for one in reading.listed(supervisor, "now", until - LAST_YEAR):
        answering.set_aside(supervisor, one, "已列为重大事件集中处置。", until - LAST_YEAR + timedelta(hours=3))
    keeping.look(until)
    _hand_over(supervisor, until)
    return sum(one.may_answer for one in reading.listed(supervisor, "now", until))


def _hand_over(supervisor: StaffView, until: datetime) -> None:
    """Of what may become a warning the goods go first; the business that closes is left to be looked at."""
    found = [one for one in reading.listed(supervisor, "now", until) if one.may_hand_over]
    found = [one for one in found if one.row.kind == CATEGORY] or [one for one in found if one.row.kind != PREPAID]
    for one in found[:1]:
        answering.hand_over(supervisor, one, answering.draft(one), until - timedelta(minutes=40))
