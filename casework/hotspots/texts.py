"""The texts that terms are looked for in: a bounded, repeatable sample of each window. Sealed cases have none."""

from __future__ import annotations

from sqlalchemy import func, select

from casework.hotspots.counts import ONCE, OPEN, Record
from models import Case, CaseText, db
from rules.hotspots import TERMS, Window
from rules.hotwords import Text

_STRIDE, _TURN = 48_271, 65_537
"""Ids in this order look drawn by lot, and are the same at every look."""


def of(record: Record) -> tuple[list[Text], list[list[Text]]]:
    """Return the texts of the window and those of each window right before it."""
    return _read(record.now, TERMS.texts), [_read(one, TERMS.past_texts) for one in record.past]


def _read(window: Window, most: int) -> list[Text]:
    drawn = (
        select(Case.id)
        .where(Case.received_on >= window.first, Case.received_on <= window.last, OPEN, ONCE)
        .order_by((Case.id * _STRIDE) % _TURN, Case.id)
        .limit(most)
        .subquery()
    )
    beginning = func.substr(CaseText.content, 1, TERMS.characters)
    query = select(CaseText.case_id, beginning).join(drawn, drawn.c.id == CaseText.case_id).order_by(CaseText.case_id)
    return [(row[0], row[1]) for row in db.session.connection().execute(query) if row[1]]
