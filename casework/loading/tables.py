"""Rows as the database keeps them: for each table the columns in order, and how a value is bound.

The conversions are those of the models' own column types, found once per column instead of once per value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Column, Dialect, Table
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
from models.base import UtcDateTime

Row = Mapping[str, Any]
Bind = Callable[[Any], Any]

ORDER: tuple[type[Any], ...] = (
    Filing, Case, CaseText, Party, Event, Deadline, DeadlinePause, CaseLink, IncidentCase, Attachment, Document,
    FilerMessage, StaffMessage,
)  # fmt: skip
"""Tables in the order in which their rows may be written."""
SEARCH = "case_search"
NUMBERED = frozenset({"filing", "cases", "attachment", "deadline"})
"""Tables whose ids the walk or the writer gives; the others number their rows themselves."""


class Layout:
    """The columns of one table that are written, and how each value is bound for one database."""

    def __init__(self, model: type[Any], dialect: Dialect) -> None:
        self.table = cast(Table, model.__table__)
        self.name: str = self.table.name
        columns = [column for column in self.table.columns if self.name in NUMBERED or column.name != "id"]
        self.columns = [column.name for column in columns]
        self._defaults = tuple((column.name, _default(column)) for column in columns)
        binds = [_bind_of(column.type, dialect) for column in columns]
        self._binds = tuple((place, bind) for place, bind in enumerate(binds) if bind is not None)

    def values(self, row: Row) -> tuple[Any, ...]:
        """Return the row as the driver takes it. A column that the row leaves out gets its default."""
        get = row.get
        found = [get(name, default) for name, default in self._defaults]
        for place, bind in self._binds:
            value = found[place]
            if value is not None:
                found[place] = bind(value)
        return tuple(found)


def _default(column: Column[Any]) -> Any:
    found: Any = column.default
    if found is None:
        return None
    return found.arg(None) if found.is_callable else found.arg


def layouts(dialect_name: str) -> dict[str, Layout]:
    """Return the layouts of every table for `sqlite` or `postgresql`."""
    dialect: Dialect = sqlite.dialect() if dialect_name == "sqlite" else postgresql.dialect()  # type: ignore[no-untyped-call]
    return {layout.name: layout for layout in (Layout(model, dialect) for model in ORDER)}


def _bind_of(kind: Any, dialect: Dialect) -> Bind | None:
    if isinstance(kind, UtcDateTime) and dialect.name == "sqlite":
        return _sqlite_moment
    found: Bind | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found


@lru_cache(maxsize=200_000)
def _sqlite_moment(value: datetime) -> str:
    """As sqlalchemy.dialects.sqlite.DATETIME writes it; a test compares the two."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def bound(layout: Layout, rows: Iterable[Row]) -> list[tuple[Any, ...]]:
    """Return rows ready for the driver."""
    values = layout.values
    return [values(row) for row in rows]
