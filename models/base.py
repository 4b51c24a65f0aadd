"""The database handle, the column types that all tables share, and the one way to write."""

from __future__ import annotations

import json
import json.encoder
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Dialect, Engine, Integer, MetaData, Text, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from models.outage import Unavailable, is_outage
from models.turns import turn

BUSY_MILLISECONDS = 10_000
"""How long a writer waits for somebody else's lock before the database says that it is busy."""
PAUSES = (0.1, 0.3, 0.9)
"""Seconds, give or take half, before a server that cannot be reached is asked once more."""

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
    Raises Unavailable when the database cannot be used just now: nothing of the transaction is kept.
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
                _begin(session)
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
    except SQLAlchemyError as error:
        if is_outage(error):
            raise Unavailable from error
        raise
    finally:
        session.info.pop("writing", None)


def _begin(session: Session) -> None:
    """Begin to write. A server that cannot be reached is asked again after short pauses of uneven length.

    SQLite waits for its lock by itself (`busy_timeout`).
    """
    for pause in (*PAUSES, None):
        try:
            session.connection(execution_options={"write": True})
        except SQLAlchemyError as error:
            if pause is None or not is_outage(error) or session.get_bind().dialect.name == "sqlite":
                raise
            session.rollback()
            time.sleep(pause * (0.5 + secrets.randbelow(1000) / 1000))
        else:
            return


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        _prepare_postgres(connection)
        return
    connection.isolation_level = None  # the begin listener below speaks instead of the driver
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MILLISECONDS}",
        "cache_size=-8192",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_postgres(connection: Any) -> None:
    """Let PostgreSQL wait for a lock as long as SQLite does, and no longer."""
    before, connection.autocommit = connection.autocommit, True
    connection.execute(f"SET lock_timeout = {BUSY_MILLISECONDS}")
    connection.autocommit = before


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        write = connection.get_execution_options().get("write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
