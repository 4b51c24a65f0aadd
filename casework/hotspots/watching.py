"""What is watched by rule: prepaid money of a business that seems to end, and filers of whom the statute names factors.

Neither decides anything. A filer is a keyed hash here; who it is, is read in the case by whoever may read it there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, select

from casework.hotspots.counts import ONCE, OPEN, Record
from casework.hotspots.found import Found
from models import Case, CaseText, Party, db
from models.party import FILER as FILES
from rules.hotspots import FACTORS, FILER, PREPAID, PREPAID_RULE, Window


def prepaid(record: Record) -> list[Found]:
    """Return the businesses of whose prepaid money enough people complain, some of them because it seems to close."""
    columns = (Case.id, Case.respondent_id, Case.respondent_name, Case.amount, Case.problem, CaseText.content)
    query = (
        select(*columns)
        .join(CaseText, CaseText.case_id == Case.id)
        .where(_in(record.now), Case.problem.in_(PREPAID_RULE.problems), Case.respondent_id.is_not(None))
    )
    by_business: dict[int, list[Any]] = {}
    for row in db.session.connection().execute(query.order_by(Case.id)):
        by_business.setdefault(row.respondent_id, []).append(row)
    kept = {
        one: rows
        for one, rows in by_business.items()
        if len(rows) >= PREPAID_RULE.least and sum(map(_closes, rows)) >= PREPAID_RULE.least_words
    }
    return [
        Found(
            PREPAID,
            str(one),
            rows[-1].respondent_name or "",
            record.now,
            {"now": len(rows), "closed": sum(map(_closes, rows)), "claimed": sum(row.amount or 0 for row in rows)},
            tuple(row.id for row in rows),
        )
        for one, rows in sorted(kept.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _closes(row: Any) -> bool:
    return row.problem in PREPAID_RULE.closing or any(word in row.content for word in PREPAID_RULE.words)


def _in(window: Window) -> ColumnElement[bool]:
    return and_(Case.received_on >= window.first, Case.received_on <= window.last, OPEN, ONCE)


@dataclass
class _Filer:
    """What one telephone or one identity number filed in the window."""

    cases: list[int] = field(default_factory=list)
    names: set[bytes] = field(default_factory=set)
    businesses: Counter[int] = field(default_factory=Counter)
    goods: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)

    def counts(self) -> dict[str, int]:
        """Return how many there are of each factor."""
        return {
            "many": len(self.cases),
            "same_business": max(self.businesses.values(), default=0),
            "same_goods": max(self.goods.values(), default=0),
            "same_problem": max(self.problems.values(), default=0),
            "names": len(self.names),
        }


def filers(record: Record) -> list[Found]:
    """Return the filers of complaints with whom factors of article 17 meet; by telephone, else by identity number."""
    columns = (Party.phone_index, Party.id_number_index, Party.name_index)
    query = (
        select(*columns, Case.id, Case.respondent_id, Case.category, Case.problem)
        .join(Party, Party.case_id == Case.id)
        .where(_in(record.now), Case.kind == "complaint", Party.role == FILES)
        .order_by(Case.id)
    )
    by_mark: dict[str, _Filer] = {}
    for row in db.session.connection().execute(query):
        for kind, index in (("phone", row.phone_index), ("id", row.id_number_index)):
            if index is not None:
                _add(by_mark.setdefault(f"{kind}:{index.hex()}", _Filer()), row, kind)
    found: list[Found] = []
    told: set[tuple[int, ...]] = set()
    for mark, filer in sorted(by_mark.items(), key=lambda item: (-len(item[1].cases), item[0][:2] != "ph", item[0])):
        met = {key: number for key, number in filer.counts().items() if number >= FACTORS[key].least}
        cases = tuple(filer.cases)
        if met and cases not in told:
            told.add(cases)
            said = {
                "now": len(cases),
                "factors": met,
                "businesses": len(filer.businesses),
            }
            found.append(Found(FILER, mark, _words(mark), record.now, said, cases))
    return found


def _add(filer: _Filer, row: Any, kind: str) -> None:
    filer.cases.append(row.id)
    filer.businesses.update(_given(row.respondent_id))
    filer.goods.update(_given(row.category))
    filer.problems.update(_given(row.problem))
    if kind == "phone" and row.name_index is not None:
        filer.names.add(row.name_index)


def _given(value: Any) -> Iterable[Any]:
    return () if value is None else (value,)


def _words(mark: str) -> str:
    return "同一手机号码的来件" if mark.startswith("phone:") else "同一证件号码的来件"
