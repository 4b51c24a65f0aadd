"""Statements of the hot paths: compiled once for each database, then handed to the driver as they are.

SQLAlchemy spends some forty microseconds on a statement beyond what the database takes, whatever it says; a filing
runs fifteen of them, while everybody else waits for their turn to write.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ClauseElement

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Ready:
    """What one database is handed: its text, and how the values of a row become those of the driver."""

    text: str
    positional: bool
    blanks: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    """Names of a row in the order of the text, each with what turns its value into the driver's."""
    fixed: Mapping[str, Any]
    """Values that stand in the statement itself."""
    found: Callable[..., Any]
    """Makes a named row of what comes back."""
    turns: tuple[tuple[int, Callable[[Any], Any]], ...]
    """Places of a row that comes back, each with what turns the driver's value into ours."""

    def named(self, row: Sequence[Any]) -> Any:
        """Return a row of the driver's with our values, by the names of its columns."""
        if not self.turns:
            return self.found(row)
        mine = list(row)
        for place, turn in self.turns:
            mine[place] = turn(mine[place])
        return self.found(mine)

    def values(self, row: Row) -> Any:
        """Return the row as the driver takes it. Raise KeyError when a value is missing."""
        fixed = self.fixed
        if not self.positional:
            return {
                name: turn(row[name] if name not in fixed else fixed[name])
                if turn is not None
                else (row[name] if name not in fixed else fixed[name])
                for name, turn in self.blanks
            }
        if fixed:
            row = {**fixed, **row}
        return [row[name] if turn is None else turn(row[name]) for name, turn in self.blanks]


class Prepared:
    """One statement, run again and again. Runs in the transaction of the connection it is given.

    Who listens to the statements of an engine hears of these as well: they take SQLAlchemy's own way then.
    Errors are SQLAlchemy's, as if it had run the statement itself.
    """

    __slots__ = ("_ready", "_statements")

    def __init__(self, statement: Executable | Mapping[str, Executable]) -> None:
        """Keep a statement, or one for each database by the name of its dialect."""
        self._statements = statement
        self._ready: dict[tuple[str, ...], _Ready] = {}

    def value(self, connection: Connection, row: Row) -> Any:
        """Run it and return the first value of the first row that comes back, None when there is none."""
        if connection.dispatch.before_cursor_execute:
            return connection.execute(self._statement(connection), dict(row)).scalar()
        found = _handed(connection, self._for(connection, row), row).fetchone()
        return found[0] if found is not None else None

    def rows(self, connection: Connection, row: Row) -> list[Any]:
        """Run it and return every row that comes back, its values by the names of the columns (a text has none)."""
        if connection.dispatch.before_cursor_execute:
            return list(connection.execute(self._statement(connection), dict(row)))
        ready = self._for(connection, row)
        return [ready.named(one) for one in _handed(connection, ready, row).fetchall()]

    def first(self, connection: Connection, row: Row) -> Any:
        """Run it and return the first row that comes back as `rows` does, None when there is none."""
        found = self.rows(connection, row)
        return found[0] if found else None

    def run(self, connection: Connection, row: Row) -> int:
        """Run it and return how many rows it touched."""
        if connection.dispatch.before_cursor_execute:
            return connection.execute(self._statement(connection), dict(row)).rowcount
        touched: int = _handed(connection, self._for(connection, row), row).rowcount
        return touched

    def each(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Run it once for every row."""
        for row in rows:
            self.run(connection, row)

    def _statement(self, connection: Connection) -> Executable:
        found = self._statements
        return found[connection.dialect.name] if isinstance(found, Mapping) else found

    def _for(self, connection: Connection, row: Row) -> _Ready:
        key = (connection.dialect.name, *row)  # another set of columns is another statement
        ready = self._ready.get(key)
        if ready is None:
            ready = self._ready[key] = _prepare(self._statement(connection), connection, row)
        return ready


def _handed(connection: Connection, ready: _Ready, row: Row) -> Any:
    """Hand a statement to the driver and return its cursor."""
    values = ready.values(row)
    try:
        return connection.connection.driver_connection.execute(ready.text, values)  # type: ignore[union-attr]
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, ready.text, values, error) from error


def _prepare(statement: Executable, connection: Connection, row: Row) -> _Ready:
    dialect = connection.dialect
    if not isinstance(statement, ClauseElement):
        raise TypeError("only statements that can be compiled are prepared")
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(row))
    if getattr(compiled, "insert_prefetch", ()) or getattr(compiled, "update_prefetch", ()):
        raise TypeError("every column with a default of its own must be given")
    names = compiled.positiontup if compiled.positional else list(compiled.binds)
    blanks = tuple((name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names)
    fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required and name not in row}
    columns = getattr(compiled, "_result_columns", None) or []
    readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    turns = tuple((place, reader) for place, reader in enumerate(readers) if reader is not None)
    named: Any = namedtuple("Found", [column.keyname for column in columns], rename=True)  # type: ignore[misc]
    found = named._make if columns else tuple
    return _Ready(compiled.string, bool(compiled.positional), blanks, fixed, found, turns)


def _wrapped(connection: Connection, text: str, values: Any, error: BaseException) -> BaseException:
    """Return SQLAlchemy's error for a driver's; a connection that broke is not used again."""
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection, None)  # type: ignore[arg-type]
    if lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        text, values, error, dialect.loaded_dbapi.Error,
        hide_parameters=True, connection_invalidated=lost, dialect=dialect,
    )  # fmt: skip
