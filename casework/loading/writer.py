"""Puts batches into the database: executemany on SQLite, COPY on PostgreSQL, a transaction for each batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, text

from casework.loading.batch import Batch
from casework.loading.tables import COUNTED_ON, SEARCH, Columns, Layout, layouts


class Writer:
    """Writes batches through one connection that nobody else uses."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.dialect = connection.dialect.name
        self.layouts = layouts(self.dialect)
        self.cases = 0
        with connection.begin():
            self._terms: int = connection.execute(text("SELECT coalesce(max(id), 0) FROM deadline")).scalar_one()

    def write(self, batch: Batch) -> None:
        """Write one batch whole or not at all."""
        with self.connection.begin():
            for name, layout in self.layouts.items():
                columns = batch.columns.get(name)
                if columns:
                    self._insert(layout, self._moved(layout, columns))
            self._index(batch.columns.get(SEARCH, []))
            for series, value in batch.series.items():
                self.connection.execute(_SERIES, {"name": series, "value": value})
        self._terms += batch.terms
        self.cases += batch.cases

    def finish(self) -> None:
        """Let the database number on from where the batches ended, and learn what it holds."""
        with self.connection.begin():
            if self.dialect == "postgresql":
                for name in sorted(COUNTED_ON):
                    self.connection.execute(
                        text(
                            f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), "  # noqa: S608 - own names
                            f"greatest((SELECT max(id) FROM {name}), 1))"
                        )
                    )
            self.connection.execute(text("ANALYZE"))

    def _moved(self, layout: Layout, columns: Columns) -> Columns:
        """Ids of terms count from 0 within a batch; here they get their place in the table."""
        base = self._terms + 1
        moved = list(columns)
        for name in _OF_TERMS.get(layout.name, ()):
            place = layout.columns.index(name)
            moved[place] = [None if key is None else key + base for key in columns[place]]
        return moved

    def _insert(self, layout: Layout, columns: Columns) -> None:
        driver: Any = self.connection.connection.driver_connection
        if self.dialect == "sqlite":
            # The driver asks for each None anew what it is: a column of nothing else is left to be NULL by itself.
            kept = [place for place, column in enumerate(columns) if column.count(None) < len(column)]
            names = ", ".join(f'"{layout.columns[place]}"' for place in kept)
            marks = ", ".join("?" * len(kept))
            rows = zip(*(columns[place] for place in kept), strict=True)
            driver.executemany(f"INSERT INTO {layout.name} ({names}) VALUES ({marks})", rows)  # noqa: S608
            return
        names = ", ".join(f'"{name}"' for name in layout.columns)
        with driver.cursor() as cursor, cursor.copy(f"COPY {layout.name} ({names}) FROM STDIN") as copy:
            for row in zip(*columns, strict=True):
                copy.write_row(row)

    def _index(self, columns: Columns) -> None:
        driver: Any = self.connection.connection.driver_connection
        if self.dialect == "sqlite":
            driver.executemany("INSERT INTO case_search (rowid, grams) VALUES (?, ?)", zip(*columns, strict=True))
        elif columns and columns[0]:
            with driver.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO case_search (case_id, grams) VALUES (%s, to_tsvector('simple', %s))",
                    zip(*columns, strict=True),
                )


_OF_TERMS = {"deadline": ("id", "replaces_id"), "deadline_pause": ("deadline_id",)}
"""Columns that name a term."""
_SERIES = text(
    "INSERT INTO sequence (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


@contextmanager
def opened(engine: Engine, *, many: bool = False) -> Iterator[Writer]:
    """A writer on a connection of its own, set for long writing; put back to the careful settings at the end.

    On SQLite the log is flushed at checkpoints only: what a power cut could take is the invented city itself, which
    is then made anew. References are not looked up row by row: the walk gives every id itself, and
    `PRAGMA foreign_key_check` goes over all of them at the end. `many`: so many rows come that the indexes are made
    of all of them at the end, by sorting, instead of growing with each row.
    """
    with engine.connect() as connection:
        connection = connection.execution_options(write=True)
        driver: Any = connection.connection.driver_connection
        quick = connection.dialect.name == "sqlite"
        if quick:
            for pragma in ("synchronous=NORMAL", "foreign_keys=OFF", "wal_autocheckpoint=20000", "cache_size=-262144"):
                driver.execute(f"PRAGMA {pragma}")
        try:
            writer = Writer(connection)
            with _without_indexes(connection) if quick and many else nullcontext():
                yield writer
            writer.finish()
            if quick and driver.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise RuntimeError("the bulk writer left a reference to nothing")
        finally:
            if quick:
                connection.rollback()
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                for pragma in ("synchronous=FULL", "foreign_keys=ON", "wal_autocheckpoint=1000", "cache_size=-65536"):
                    driver.execute(f"PRAGMA {pragma}")


@contextmanager
def _without_indexes(connection: Connection) -> Iterator[None]:
    """Take away the indexes of the tables that are filled, and make them again at the end, also when it fails.

    What a constraint of a table needs stays: SQLite keeps it itself and gives no statement for it.
    """
    names = list(layouts("sqlite"))
    with connection.begin():
        held = connection.execute(_INDEXES, {"names": names}).all()
        for name, _ in held:
            connection.execute(text(f'DROP INDEX "{name}"'))
    try:
        yield
    finally:
        connection.rollback()
        with connection.begin():
            connection.execute(text(f"PRAGMA threads={SORTING}"))
            for _, statement in held:
                connection.execute(text(statement))


SORTING = 2
"""Threads that sort an index beside the one that writes it."""
_INDEXES = text(
    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN :names ORDER BY name"
).bindparams(bindparam("names", expanding=True))
