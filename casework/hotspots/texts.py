"""The texts that terms are looked for in: a bounded, repeatable sample of each window. Sealed cases have none."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from casework.hotspots.counts import ONCE, OPEN, Record
from models import Case, CaseText, db
from rules.hotspots import TERMS, Window
from rules.hotwords import Text

_STRIDE, _TURN = 48_271, 65_537
"""Ids in this order look drawn by lot, and are the same at every look."""


def of(record: Record, windows: Iterable[Window]) -> list[list[Text]]:
    """Return the texts of some windows; of the one that is looked at more are read than of those before."""
    return [_read(one, TERMS.texts if one is record.now else TERMS.past_texts) for one in windows]


def _read(window: Window, most: int) -> list[Text]:
    drawn = (
        select(Case.id)
        .where(Case.received_on >= window.first, Case.received_on <= window.last, OPEN, ONCE)
        .order_by((Case.id * _STRIDE) % _TURN, Case.id)
        .limit(most)
        .subquery()
    )
    beginning = func.substr(CaseText.content, 1, TERMS.characters)
    query = (
        select(CaseText.case_id, beginning, Case.respondent_name)
        .join(drawn, drawn.c.id == CaseText.case_id)
        .join(Case, Case.id == CaseText.case_id)
        .order_by(CaseText.case_id)
    )
    # The name of the business is no word of the story: businesses are counted as such.
    rows = db.session.connection().execute(query)
    return [(row[0], row[1].replace(row[2], " ") if row[2] else row[1]) for row in rows if row[1]]
