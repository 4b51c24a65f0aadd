"""Cases that may be the same one: by the filer's telephone, by the business, by the words; a hint, never a decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from casework import access, people, search
from casework.actors import StaffView
from models import Case, Party, db
from rules.workflow import WORKFLOW

SHOWN = 6
LOOKED_AT = 60


@dataclass(frozen=True)
class Likeness:
    """A case that may be the same, and what speaks for it."""

    case: Case
    reasons: tuple[str, ...]
    state: str


def find(staff: StaffView, phone: str, business: str, words: str) -> list[Likeness]:
    """Return what resembles a filing among the cases that this person may see, the likeliest first.

    Half-typed input is fine: whatever says nothing yet finds nothing.
    """
    marks: dict[int, list[str]] = {}
    _mark(marks, _by_phone(phone), "同一电话")
    _mark(marks, _by_words(business), "同一商家")
    _mark(marks, _by_words(words), "说的相近")
    if not marks:
        return []
    likeliest = sorted(marks, key=lambda one: (-len(marks[one]), "同一电话" not in marks[one], -one))[:LOOKED_AT]
    rows = {case.id: case for case in db.session.scalars(access.visible(staff).where(Case.id.in_(likeliest)))}
    return [
        Likeness(rows[one], tuple(marks[one]), WORKFLOW.state(rows[one].kind, rows[one].state).label)
        for one in likeliest
        if one in rows
    ][:SHOWN]


def _mark(marks: dict[int, list[str]], ids: Iterable[int], reason: str) -> None:
    for one in ids:
        marks.setdefault(one, []).append(reason)


def _by_phone(phone: str) -> list[int]:
    digits = "".join(one for one in search.plain(phone) if one.isdigit())
    mark = people.index_of(people.PHONE, digits) if len(digits) >= 7 else None
    if mark is None:
        return []
    query = select(Party.case_id).where(Party.phone_index == mark).order_by(Party.id.desc()).limit(LOOKED_AT)
    return list(db.session.scalars(query))


def _by_words(words: str) -> list[int]:
    """Return cases with these words; fewer than four characters of a name would find half the city."""
    plain = words.strip()
    return (search.case_ids(plain[:40]) or [])[:LOOKED_AT] if len(plain) >= 4 else []
