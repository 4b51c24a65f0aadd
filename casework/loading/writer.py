"""Puts batches into the database: executemany on SQLite, COPY on PostgreSQL, a transaction for each batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, text

from casework.loading.batch import Batch, Rows
from casework.loading.tables import COUNTED_ON, SEARCH, Layout, layouts


class Writer:
    """Writes batches through one connection that nobody else uses."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.dialect = connection.dialect.name
        self.layouts = layouts(self.dialect)
        if (self.layouts["deadline"].columns[0], self.layouts["deadline"].columns[-1]) != ("id", "replaces_id"):
            raise RuntimeError("the columns of terms are not where the writer looks for them")
        self.cases = 0
        with connection.begin():
            self._terms: int = connection.execute(text("SELECT coalesce(max(id), 0) FROM deadline")).scalar_one()

    def write(self, batch: Batch) -> None:
        """Write one batch whole or not at all."""
        with self.connection.begin():
            for name, layout in self.layouts.items():
                rows = batch.rows.get(name)
                if rows:
                    self._insert(layout, self._moved(layout, rows))
            self._index(batch.rows.get(SEARCH, []))
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

    def _moved(self, layout: Layout, rows: Rows) -> Rows:
        """Ids of terms count from 0 within a batch; here they get their place in the table."""
        base = self._terms + 1
        if layout.name == "deadline":
            return [(r[0] + base, *r[1:-1], None if r[-1] is None else r[-1] + base) for r in rows]
        if layout.name == "deadline_pause":
            return [(r[0] + base, *r[1:]) for r in rows]
        return rows

    def _insert(self, layout: Layout, rows: Rows) -> None:
        driver: Any = self.connection.connection.driver_connection
        names = ", ".join(f'"{name}"' for name in layout.columns)
        if self.dialect == "sqlite":
            marks = ", ".join("?" * len(layout.columns))
            driver.executemany(f"INSERT INTO {layout.name} ({names}) VALUES ({marks})", rows)  # noqa: S608
            return
        with driver.cursor() as cursor, cursor.copy(f"COPY {layout.name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def _index(self, rows: Rows) -> None:
        driver: Any = self.connection.connection.driver_connection
        if self.dialect == "sqlite":
            driver.executemany("INSERT INTO case_search (rowid, grams) VALUES (?, ?)", rows)
        elif rows:
            with driver.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO case_search (case_id, grams) VALUES (%s, to_tsvector('simple', %s))", rows
                )


_SERIES = text(
    "INSERT INTO sequence (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


@contextmanager
def opened(engine: Engine) -> Iterator[Writer]:
    """A writer on a connection of its own, set for long writing; put back to the careful settings at the end.

    On SQLite the log is flushed at checkpoints only: what a power cut could take is the invented city itself, which
    is then made anew. References are not looked up row by row: the walk gives every id itself, and
    `PRAGMA foreign_key_check` goes over all of them at the end.
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
