"""Series of numbers, kept in the database: each value is given once, in the transaction that uses it."""

from __future__ import annotations

import secrets
from datetime import date

from sqlalchemy import Connection, text

from models.prepared import Prepared
from rules import identifiers

_NEXT = Prepared(
    text(
        "INSERT INTO sequence (name, value) VALUES (:name, :count) "
        "ON CONFLICT (name) DO UPDATE SET value = sequence.value + :count RETURNING value"
    )
)


def take(connection: Connection, name: str, count: int = 1) -> int:
    """Take `count` numbers of a series and return the first of them (series begin at 1)."""
    last: int = _NEXT.value(connection, {"name": name, "count": count})
    return last - count + 1


def series_of(kind: str, day: date) -> str:
    """Return the series of a day's case numbers; sealed cases have one of their own (rulings: no gap betrays them)."""
    return f"{'sealed' if kind == 'misconduct' else 'case'}.{day:%Y%m%d}"


def case_number(connection: Connection, kind: str, day: date) -> str:
    """Return the next case number of a day."""
    return identifiers.case_number(kind, day, take(connection, series_of(kind, day)))


def query_code() -> str:
    """Return a new query code of 60 random bits from the system's generator."""
    return identifiers.new_query_code(secrets.randbits)
