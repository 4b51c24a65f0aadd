"""What the briefing tells of the assessment: the latest signed month up to its own, with groups, places and totals."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from casework.assessment import keeping, printing, results
from models import Assessment, db
from models import assessment as states
from rules.periods import Period


def signed(month: Period) -> dict[str, Any] | None:
    """Return the signed assessment of a month, else that of the month before, as plain values; None of neither.

    A month is signed weeks after it is over: the briefing that is written meanwhile tells of the one before.
    """
    wanted = [month.key, month.before().key]
    query = select(Assessment).where(Assessment.month.in_(wanted), Assessment.state == states.SIGNED)
    row = db.session.scalar(query.order_by(Assessment.month.desc()).limit(1))
    if row is None:
        return None
    found = keeping.results_of(row)
    return {
        "month": Period.parse(row.month).label,
        "number": printing.number_of(row),
        "said": printing.said(row, found),
        "groups": [
            {"label": label, "lines": [[one.rank, one.name, one.shown] for one in members]}
            for label, members in results.by_group(found)
        ],
    }
