"""How the desk's lists are read: as stretches of its indexes, one for each list of each desk.

The statements are text, written once for each shape of desk and kept: putting sixty little selects together anew took
ten times as long as the database takes to answer them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, bindparam, text

from casework.desks import IN_HAND, LIVE
from models import Case, db

QUEUES = frozenset({*LIVE, *IN_HAND, "sealed"})
COLUMNS = frozenset({"bureau_id", "unit_id", "handler_id", "delegate_unit_id", "case_unit_id"})
DUE: Mapping[str, str] = {
    "": "",
    "overdue": " AND due_at <= :now",
    "today": " AND due_at > :now AND due_at <= :tonight",
    "soon": " AND due_at > :tonight AND due_at <= :soon",
}
"""What a list of due cases asks of `due_at`."""
NARROWER: Mapping[str, str] = {
    "kind": " AND kind = :kind",
    "category": " AND category LIKE :category ESCAPE '/'",
    "handler": " AND handler_id = :handler",
    "unit": " AND unit_id = :unit",
    "urgent": " AND urgent <> :urgent",
}
_AFTER = " AND (due_at, id) > (:after_due, :after_id)"
_MOMENTS = ("now", "tonight", "soon", "after_due")


@dataclass(frozen=True)
class Range:
    """One list of one desk: the column that says whose it is (None: the whole city's), its value, the list."""

    column: str | None
    value: int
    queue: str

    def __post_init__(self) -> None:
        """Refuse what is no column and no list of ours: both become part of a statement."""
        if self.queue not in QUEUES or (self.column is not None and self.column not in COLUMNS):
            raise ValueError(f"no list of a desk: {self.column} {self.queue}")


@dataclass(frozen=True)
class Moments:
    """What lists of due cases compare with."""

    now: datetime
    tonight: datetime
    soon: datetime

    def named(self, due: Sequence[str]) -> dict[str, datetime]:
        """Return those that the given kinds of lists need."""
        wanted = "".join(DUE[one] for one in due)
        return {name: value for name, value in vars(self).items() if f":{name}" in wanted}


def counts(asked: Sequence[tuple[Range, str]], moments: Moments, most: int) -> list[int]:
    """Return how many cases each range holds among those due as its word (a key of DUE) says, at most `most`."""
    statement = _counting(tuple((one.column, one.queue, due) for one, due in asked))
    given = {**_values([one for one, _ in asked]), **moments.named([due for _, due in asked]), "most": most}
    return list(db.session.execute(statement, given).one())


def first_ids(
    ranges: Sequence[Range],
    due: str,
    moments: Moments,
    narrower: Mapping[str, Any],
    after: tuple[datetime, int] | None,
    size: int,
) -> list[int]:
    """Return the ids of the next `size` cases of all ranges together, the most urgent first.

    `narrower` gives values for keys of NARROWER; `after` is the place (due_at, id) of the row before.
    """
    statement = _listing(
        tuple((one.column, one.queue) for one in ranges), due, tuple(sorted(narrower)), after is not None
    )
    given = {**_values(ranges), **moments.named([due]), **narrower, "size": size}
    if after is not None:
        given |= {"after_due": after[0], "after_id": after[1]}
    return list(db.session.scalars(statement, given))


def _values(ranges: Sequence[Range]) -> dict[str, Any]:
    return {f"v{place}": one.value for place, one in enumerate(ranges) if one.column is not None}


def _reached(column: str | None, queue: str, place: int) -> str:
    # The second condition repeats that of the partial indexes, so that the planner may use them.
    whose = f" AND {column} = :v{place}" if column is not None else ""
    return f"FROM cases WHERE queue = '{queue}' AND queue <> 'archived'{whose}"


@lru_cache(256)
def _counting(shape: tuple[tuple[str | None, str, str], ...]) -> TextClause:
    counted = [
        f"(SELECT count(*) FROM (SELECT 1 {_reached(column, queue, place)}{DUE[due]} LIMIT :most) AS c{place})"  # noqa: S608 - names come from tables above
        for place, (column, queue, due) in enumerate(shape)
    ]
    return _typed("SELECT " + ", ".join(counted))


@lru_cache(512)
def _listing(
    shape: tuple[tuple[str | None, str], ...], due: str, narrower: tuple[str, ...], further: bool
) -> TextClause:
    limits = DUE[due] + "".join(NARROWER[name] for name in narrower) + (_AFTER if further else "")
    parts = [
        f"SELECT * FROM (SELECT due_at, id {_reached(column, queue, place)}{limits} ORDER BY due_at, id LIMIT :size)"  # noqa: S608 - names come from tables above
        f" AS r{place}"
        for place, (column, queue) in enumerate(shape)
    ]
    # UNION and not UNION ALL: a case may lie on two desks of one person.
    return _typed(
        f"SELECT id FROM ({' UNION '.join(parts)}) AS found ORDER BY due_at, id LIMIT :size"  # noqa: S608 - as above
    )


def _typed(statement: str) -> TextClause:
    """Bind moments as the column keeps them, so that both databases compare like with like."""
    moments = [bindparam(name, type_=Case.due_at.type) for name in _MOMENTS if f":{name}" in statement]
    return text(statement).bindparams(*moments)
