"""Statements of the hot paths: compiled once for each database, then handed to the driver as they are.

SQLAlchemy spends some forty microseconds on a statement beyond what the database takes, whatever it says; a filing
runs fifteen of them, while everybody else waits for their turn to write.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ClauseElement

Row = Mapping[str, Any]
_Turns = tuple[tuple[int, Callable[[Any], Any]], ...]


@dataclass(frozen=True, slots=True)
class _Ready:
    """What one database is handed: its text, and how the values of a row become those of the driver."""

    text: str
    positional: bool
    blanks: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    """Names of a row in the order of the text, each with what turns its value into the driver's."""
    fixed: Mapping[str, Any]
    """Values that stand in the statement itself."""
    make: Callable[..., Any]
    """Makes a row with names of the values that come back."""
    turns: _Turns
    """What turns a value of the driver's into ours, by its place."""

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

    def row(self, found: Sequence[Any]) -> Any:
        """Return a row that came back, with names."""
        values = list(found)
        for place, turn in self.turns:
            values[place] = turn(values[place])
        return self.make(values)


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
        ready = self._for(connection, row)
        found = _handed(connection, ready, row).fetchone()
        return found[0] if found is not None else None

    def rows(self, connection: Connection, row: Row) -> list[Any]:
        """Run a select and return its rows, whose values have the names of its columns (a text has no names)."""
        ready = self._for(connection, row)
        if connection.dispatch.before_cursor_execute:
            return [ready.make(found) for found in connection.execute(self._statement(connection), dict(row))]
        return [ready.row(found) for found in _handed(connection, ready, row).fetchall()]

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
    make, turns = _reading(getattr(statement, "selected_columns", ()), dialect)
    return _Ready(compiled.string, bool(compiled.positional), blanks, fixed, make, turns)


def _reading(columns: Iterable[Any], dialect: Dialect) -> tuple[Callable[[Any], Any], _Turns]:
    """Return what makes a row of the values of a select's columns, and what turns them into ours; a text has none."""
    known = list(columns)
    turns = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in known]
    named: Any = namedtuple("Found", [column.key for column in known])  # type: ignore[misc]
    return named._make if known else tuple, tuple((place, turn) for place, turn in enumerate(turns) if turn is not None)


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
