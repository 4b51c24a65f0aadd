"""The database handle, the column types that all tables share, and the one way to write."""

from __future__ import annotations

import json
import json.encoder
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Dialect, Engine, Integer, MetaData, Text, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from models.turns import turn

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands in sorted columns for "no date": an index orders it last on both databases."""

BigId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column declared INTEGER."""


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can drop it on either database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC. Refuses a naive one: it would be off by eight hours."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the value as the database keeps it; raise ValueError for a naive moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _encoder() -> Callable[[Any, int], Iterable[str]]:
    """Return what cuts a value into the pieces of its canonical text. JSONEncoder makes it anew for every text, which
    takes as long as the text itself."""
    plain = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    prepare = getattr(json.encoder, "c_make_encoder", None)
    if prepare is None:
        return lambda value, _level: plain.iterencode(value)
    found: Callable[[Any, int], Iterable[str]] = prepare(
        None, plain.default, json.encoder.encode_basestring, None, ":", ",", True, False, True
    )
    return found


_pieces = _encoder()


def canonical(value: Mapping[str, Any] | list[Any]) -> str:
    """Return the one text that stands for `value`: what is hashed is what is stored."""
    return "".join(_pieces(value, 0))


class Json(TypeDecorator[Any]):
    """A mapping or list kept as canonical text, the same bytes on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return the canonical text."""
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Return the mapping or list."""
        return None if value is None else json.loads(value)


class NestedWriting(RuntimeError):
    """Somebody began a writing transaction inside another: an act would be committed in halves."""


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction that writes: begun as such, committed at the end, rolled back on any error.

    A reading transaction that is open ends here. On SQLite the new one takes the write lock at once
    (BEGIN IMMEDIATE), so that it can neither fail half-way nor act on what somebody has since changed.
    """
    session = db.session()
    if session.info.get("writing"):
        raise NestedWriting
    if session.new or session.dirty or session.deleted:
        raise NestedWriting("rows were changed outside of a writing transaction")
    session.commit()
    session.info["writing"] = True
    try:
        with turn(session.get_bind().engine.url):
            try:
                session.connection(execution_options={"write": True})
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
    finally:
        session.info.pop("writing", None)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # the begin listener below speaks instead of the driver
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "cache_size=-8192",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        write = connection.get_execution_options().get("write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
