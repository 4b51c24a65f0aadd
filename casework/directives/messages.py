"""Lines in the lists of people about a directive, each written once by its mark, and what goes out by their channel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from casework import notices, tasks, telling
from models import Directive

TEXT_MOST = 300
HELD = "normal"
"""The one urgency (平急) that waits for the end of the quiet hours."""


def tell(
    session: Session,
    directive: Directive,
    people: Iterable[int],
    mark: str,
    said: str,
    detail: str,
    now: datetime,
    *,
    goes_out: bool = True,
) -> list[tasks.Added]:
    """Leave a line for each of these people inside the caller's transaction; who has one of this mark gets no second.

    `mark` names what is said within the directive (issue, a moment of a clock, a reminder). What is `said` goes out by
    each person's channel as well, at once unless the directive is not urgent and it is night; the `detail` stays in
    the house. Returns the tasks to wake after the commit.
    """
    rows = [
        {
            "staff_id": person,
            "directive_id": directive.id,
            "case_id": None,
            "mark": f"directive-{directive.id}-{mark}-{person}",
            "text": f"{said}：{detail}"[:TEXT_MOST],
            "created_at": now,
            "read_at": None,
        }
        for person in dict.fromkeys(people)
    ]
    telling.leave(session, rows)
    if not goes_out:
        return []
    urgent = directive.urgency != HELD
    marks = [str(row["mark"]) for row in rows]
    return notices.for_lines(session, marks, said, now, notices.quiet_hours(), urgent=urgent)
