"""Lines in the lists of people about a directive, each written once by its mark."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Directive, StaffMessage

TEXT_MOST = 300


def tell(session: Session, directive: Directive, people: Iterable[int], mark: str, text: str, now: datetime) -> None:
    """Leave a line for each of these people inside the caller's transaction; who has one of this mark gets no second.

    `mark` names what is said within the directive (issue, a moment of a clock, a reminder).
    """
    rows = [
        {
            "staff_id": person,
            "directive_id": directive.id,
            "mark": f"directive-{directive.id}-{mark}-{person}",
            "text": text[:TEXT_MOST],
            "created_at": now,
        }
        for person in dict.fromkeys(people)
    ]
    if not rows:
        return
    if session.get_bind().dialect.name == "sqlite":
        once = sqlite.insert(StaffMessage).on_conflict_do_nothing(index_elements=[StaffMessage.mark])
        session.execute(once, rows)
        return
    session.execute(postgresql.insert(StaffMessage).on_conflict_do_nothing(index_elements=[StaffMessage.mark]), rows)
