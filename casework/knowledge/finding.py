"""Finding entries: by a question as people write it, by subject, one by its number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, delete, func, insert, select
from sqlalchemy.orm import Session

from casework.errors import NotFound
from casework.search import grams
from models import KnowledgeEntry, KnowledgePair, db
from rules import knowledge as law
from rules.calendar import local_date
from rules.identifiers import row_number

LONGEST = 600
"""Characters of a question that are looked at."""
LISTED = 300


@dataclass(frozen=True)
class Entry:
    """A published entry as everybody reads it."""

    id: int
    subject: str
    question: str
    answer: str
    basis: str
    published_on: date

    @property
    def first(self) -> str:
        """Return the beginning of the answer, for lists."""
        return self.answer.split("\n", 1)[0]


def _public() -> ColumnElement[bool]:
    return and_(KnowledgeEntry.published_at.is_not(None), KnowledgeEntry.withdrawn_at.is_(None))


def fitting(asked: str) -> list[Entry]:
    """Return the published entries that fit a question best, the best first; none where none fits well enough."""
    pairs = {pair for pair in grams(asked[:LONGEST]) if len(pair) > 1}
    if not pairs:
        return []
    connection = db.session.connection()
    held = select(KnowledgePair.pair, KnowledgePair.entry_id, KnowledgePair.weight).where(KnowledgePair.pair.in_(pairs))
    number = connection.execute(select(func.count()).select_from(KnowledgeEntry).where(_public())).scalar() or 0
    found_in = [(pair, entry, weight) for pair, entry, weight in connection.execute(held)]
    scores = law.scores(pairs, found_in, number)
    best = sorted((one for one in scores if scores[one] >= law.LEAST), key=lambda one: (-scores[one], one))
    found = {one.id: one for one in _entries(KnowledgeEntry.id.in_(best[: law.OFFERED]))}
    return [found[one] for one in best[: law.OFFERED] if one in found]


def listed(subject: str = "") -> list[Entry]:
    """Return the published entries, of one subject or of all, in the order of the subjects."""
    found = _entries(KnowledgeEntry.subject == subject) if subject else _entries()
    order = {key: place for place, key in enumerate(law.SUBJECTS)}
    return sorted(found, key=lambda one: (order.get(one.subject, len(order)), one.id))


def one(entry_id: int) -> Entry:
    """Return a published entry. Raise NotFound."""
    found = _entries(KnowledgeEntry.id == (row_number(str(entry_id)) or 0))
    if not found:
        raise NotFound("没有这一条，或者它已经撤下。")
    return found[0]


def _entries(*conditions: ColumnElement[bool]) -> list[Entry]:
    query = select(KnowledgeEntry).where(_public(), *conditions).order_by(KnowledgeEntry.id).limit(LISTED)
    return [
        Entry(row.id, row.subject, row.question or "", row.answer or "", row.basis or "", local_date(row.published_at))
        for row in db.session.scalars(query)
        if row.published_at is not None
    ]


def index(session: Session, entry_id: int, question: str | None, answer: str | None) -> None:
    """Enter what an entry is found by, in place of what was entered before; nothing for one that is withdrawn."""
    session.execute(delete(KnowledgePair).where(KnowledgePair.entry_id == entry_id))
    weights = dict.fromkeys(_pairs(answer or ""), 1) | dict.fromkeys(_pairs(question or ""), law.TITLE_WEIGHT)
    if question is not None and weights:
        rows = [{"pair": pair, "entry_id": entry_id, "weight": weight} for pair, weight in weights.items()]
        session.execute(insert(KnowledgePair), rows)


def _pairs(text: str) -> Iterable[str]:
    return (pair for pair in grams(text) if len(pair) > 1)
