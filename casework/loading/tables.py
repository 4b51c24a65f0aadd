"""Rows as the database keeps them: for each table the columns in order, and how a value is bound.

The conversions are those of the models' own column types, found once per column instead of once per value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Boolean, Column, Date, Dialect, LargeBinary, Table
from sqlalchemy.dialects import postgresql, sqlite

from models import (
    Attachment,
    Case,
    CaseLink,
    CaseText,
    Deadline,
    DeadlinePause,
    Document,
    Event,
    FilerMessage,
    Filing,
    IncidentCase,
    Party,
    StaffMessage,
)
from models.base import Json, UtcDateTime, canonical

Row = Mapping[str, Any]
Bind = Callable[[Any], Any]
Columns = list[Sequence[Any]]

ORDER: tuple[type[Any], ...] = (
    Filing, Case, CaseText, Party, Event, Deadline, DeadlinePause, CaseLink, IncidentCase, Attachment, Document,
    FilerMessage, StaffMessage,
)  # fmt: skip
"""Tables in the order in which their rows may be written."""
SEARCH = "case_search"
NUMBERED = frozenset({"filing", "cases", "attachment", "deadline"})
"""Tables whose ids the walk or the writer gives; the others number their rows themselves."""
COUNTED_ON = NUMBERED | {"respondent"}
"""Tables whose next row takes the id after the last one written; the businesses of a demo city come with ids, too."""


class Layout:
    """The columns of one table that are written, and how each value is bound for one database."""

    def __init__(self, model: type[Any], dialect: Dialect) -> None:
        self.table = cast(Table, model.__table__)
        self.name: str = self.table.name
        columns = [column for column in self.table.columns if self.name in NUMBERED or column.name != "id"]
        self.columns = [column.name for column in columns]
        self._defaults = {column.name: _default(column) for column in columns}
        self._pick = itemgetter(*self.columns)
        binds = [bind_of(column.type, dialect) for column in columns]
        self._binds = tuple((place, bind) for place, bind in enumerate(binds) if bind is not None)

    def bound(self, rows: Sequence[Row]) -> Columns:
        """Return rows as the driver takes them, column by column: so they cost least on their way to another process.
        A column that a row leaves out gets its default."""
        pick, defaults = self._pick, self._defaults
        try:
            picked = [pick(row) for row in rows]
        except KeyError:
            picked = [pick({**defaults, **row}) for row in rows]
        columns: Columns = list(zip(*picked, strict=True))
        for place, bind in self._binds:
            columns[place] = list(map(bind, columns[place]))
        return columns


def _default(column: Column[Any]) -> Any:
    found: Any = column.default
    if found is None:
        return None
    return found.arg(None) if found.is_callable else found.arg


def layouts(dialect_name: str) -> dict[str, Layout]:
    """Return the layouts of every table for `sqlite` or `postgresql`."""
    dialect: Dialect = sqlite.dialect() if dialect_name == "sqlite" else postgresql.dialect()  # type: ignore[no-untyped-call]
    return {layout.name: layout for layout in (Layout(model, dialect) for model in ORDER)}


def bind_of(kind: Any, dialect: Dialect) -> Bind | None:
    """Return how values of a column type are bound for a database (None stays None); None where the driver takes them
    as they are."""
    if isinstance(kind, Json):
        return _json
    if dialect.name == "sqlite" and type(kind) in _SQLITE:
        return _SQLITE[type(kind)]
    found: Bind | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found and _unless_none(found)


def _unless_none(bind: Bind) -> Bind:
    return lambda value: None if value is None else bind(value)


def _json(value: Any) -> str | None:
    """Of an event the walk hands over the text that was hashed; no column of these tables holds a bare text."""
    return value if isinstance(value, str) or value is None else canonical(value)


@lru_cache(2**17)
def _sqlite_moment(value: datetime | None) -> str | None:
    if value is None:
        return None
    return (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat(" ", "microseconds")[:26]


@lru_cache(2**13)
def _sqlite_day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


_SQLITE: Mapping[type[Any], Bind | None] = {
    UtcDateTime: _sqlite_moment,
    Date: _sqlite_day,
    Boolean: {True: 1, False: 0, None: None}.__getitem__,
    LargeBinary: _unless_none(bytearray),
}
"""As SQLAlchemy's own types write it, in less time; a test compares them. The driver takes whole numbers and bytearrays
at once, and asks about for each truth value and each bytes how it is to be adapted."""
