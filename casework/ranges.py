"""How the desk's lists are read: as stretches of its indexes, one for each list of each desk.

The statements are text, written once for each shape of desk and kept: putting sixty little selects together anew took
ten times as long as the database takes to answer them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, text

from casework.desks import IN_HAND, LIVE
from models import Case, db
from models.prepared import Prepared

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
    "bureau": " AND bureau_id = :bureau",
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

    def named(self, due: str) -> dict[str, datetime]:
        """Return those that a kind of list needs."""
        return {name: value for name, value in vars(self).items() if f":{name}" in DUE[due]}


def counts(asked: Iterable[Range], moments: Moments, most: int) -> dict[tuple[Range, str], int]:
    """Return how many cases each range holds in all and due in each way (a key of DUE); counting stops at `most`."""
    desks: dict[tuple[str | None, int], list[str]] = {}
    for one in dict.fromkeys(asked):
        desks.setdefault((one.column, one.value), []).append(one.queue)
    statement = _counting(tuple((column, tuple(queues)) for (column, _), queues in desks.items()))
    given = {f"v{place}": value for place, (column, value) in enumerate(desks) if column is not None}
    places = list(desks)
    found: dict[tuple[Range, str], int] = {}
    for place, queue, *numbers in statement.rows(db.session.connection(), {**given, **vars(moments), "most": most}):
        column, value = places[place]
        one = Range(column, value, queue)
        found |= {(one, due): number for due, number in zip(DUE, numbers, strict=True)}
    return found


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
    given = {**_values(ranges), **moments.named(due), **narrower, "size": size}
    if after is not None:
        given |= {"after_due": after[0], "after_id": after[1]}
    return [found for (found,) in statement.rows(db.session.connection(), given)]


def _values(ranges: Sequence[Range]) -> dict[str, Any]:
    return {f"v{place}": one.value for place, one in enumerate(ranges) if one.column is not None}


def _reached(column: str | None, queue: str, place: int) -> str:
    # The second condition repeats that of the partial indexes, so that the planner may use them.
    whose = f" AND {column} = :v{place}" if column is not None else ""
    return f"FROM cases WHERE queue = {queue} AND queue <> 'archived'{whose}"


@lru_cache(256)
def _counting(shape: tuple[tuple[str | None, tuple[str, ...]], ...]) -> Prepared:
    # One row for each list: a statement of four small selects for each desk, short enough for psycopg to keep.
    lists, desks = [], []
    for place, (column, queues) in enumerate(shape):
        named = ", ".join(f"('{queue}')" for queue in queues)
        lists.append(f"q{place}(queue) AS (VALUES {named})")
        counted = ", ".join(
            f"(SELECT count(*) FROM (SELECT 1 {_reached(column, 'q.queue', place)}{due} LIMIT :most) AS c)"  # noqa: S608 - names come from tables above
            for due in DUE.values()
        )
        desks.append(f"SELECT {place}, q.queue, {counted} FROM q{place} AS q")  # noqa: S608 - as above
    return _typed(f"WITH {', '.join(lists)} {' UNION ALL '.join(desks)}")


@lru_cache(512)
def _listing(shape: tuple[tuple[str | None, str], ...], due: str, narrower: tuple[str, ...], further: bool) -> Prepared:
    limits = DUE[due] + "".join(NARROWER[name] for name in narrower) + (_AFTER if further else "")
    parts = [
        f"SELECT * FROM (SELECT due_at, id {_reached(column, _quoted(queue), place)}{limits} "  # noqa: S608 - names come from tables above
        f"ORDER BY due_at, id LIMIT :size) AS r{place}"
        for place, (column, queue) in enumerate(shape)
    ]
    # UNION and not UNION ALL: a case may lie on two desks of one person.
    return _typed(
        f"SELECT id FROM ({' UNION '.join(parts)}) AS found ORDER BY due_at, id LIMIT :size"  # noqa: S608 - as above
    )


def _quoted(queue: str) -> str:
    return f"'{queue}'"


def _typed(statement: str) -> Prepared:
    """Bind moments as the column keeps them, so that both databases compare like with like."""
    moments = [bindparam(name, type_=Case.due_at.type) for name in _MOMENTS if f":{name}" in statement]
    return Prepared(text(statement).bindparams(*moments))
