"""Which errors of the database say "not now": a lock that is not given back, a server that is away, a full disk.

Nothing is wrong with what was asked then, nothing of it was kept by halves, and the same may be asked again.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, TimeoutError

WAIT = 15
"""Seconds after which it makes sense to try again."""
_LOW_BYTE = 0xFF
_SQLITE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN})
# Classes of PostgreSQL: connection lost, out of room, deadlock or serialization, lock not to be had, shutting down.
_POSTGRES_CLASSES = ("08", "53", "40")
_POSTGRES = frozenset({"55P03", "57P01", "57P02", "57P03"})


class Unavailable(RuntimeError):
    """The database cannot be written just now; the transaction was rolled back whole."""

    status = 503


def is_outage(error: BaseException) -> bool:
    """Tell whether an error means that the database cannot be used just now, and the same may be tried again."""
    if isinstance(error, (Unavailable, TimeoutError)):  # the pool has no connection left to give
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & _LOW_BYTE in _SQLITE
    state = getattr(cause, "sqlstate", None)
    if state is None:  # psycopg could not reach the server at all
        return type(cause).__name__ in {"OperationalError", "ConnectionTimeout"}
    return state in _POSTGRES or state.startswith(_POSTGRES_CLASSES)
