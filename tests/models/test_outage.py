"""Which errors of the database say "not now", and which are faults of ours."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from models.outage import Unavailable, is_outage


def of_sqlite(code: int) -> OperationalError:
    """An error as SQLite gives it."""
    cause = sqlite3.OperationalError("from the database")
    cause.sqlite_errorcode = code
    return OperationalError("INSERT", None, cause)


@pytest.mark.parametrize(
    "code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL]
)
def test_a_sqlite_file_that_is_locked_or_full_is_not_there_just_now(code: int) -> None:
    assert is_outage(of_sqlite(code))


@pytest.mark.parametrize("code", [sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_READONLY])
def test_a_damaged_file_or_a_wrong_statement_is_a_fault(code: int) -> None:
    assert not is_outage(of_sqlite(code))


@pytest.mark.parametrize(
    "cause",
    [
        psycopg.errors.DeadlockDetected("x"),
        psycopg.errors.SerializationFailure("x"),
        psycopg.errors.LockNotAvailable("x"),
        psycopg.errors.AdminShutdown("x"),
        psycopg.errors.TooManyConnections("x"),
        psycopg.errors.DiskFull("x"),
        psycopg.OperationalError("connection refused"),
    ],
)
def test_a_postgresql_that_is_away_or_gives_way_is_not_there_just_now(cause: psycopg.Error) -> None:
    assert is_outage(DBAPIError("INSERT", None, cause))


@pytest.mark.parametrize("cause", [psycopg.errors.UndefinedTable("x"), psycopg.errors.UniqueViolation("x")])
def test_a_wrong_statement_or_a_number_taken_already_is_none(cause: psycopg.Error) -> None:
    assert not is_outage(IntegrityError("INSERT", None, cause))


def test_what_writing_raises_is_one_and_anything_else_is_not() -> None:
    assert is_outage(Unavailable())
    assert not is_outage(ValueError("locked"))
