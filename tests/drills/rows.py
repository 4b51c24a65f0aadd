"""All rows of a database as they can be compared with those of another: without ids, and without what chance, keys and
the moments of carrying leave behind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from casework import steps, tasks
from models import db
from models.base import canonical

Row = tuple[tuple[str, str], ...]
Rows = Mapping[str, Counter[Row]]

LEFT_OUT = frozenset({"heartbeat", "lease", "throttle", "staff_session", "revision", "draft"})
"""Tables that say how the house runs, not what happened in it."""
VOLATILE: Mapping[str, frozenset[str]] = {
    "filing": frozenset({"receipt_codes", "body_mark"}),
    "cases": frozenset({"query_mark", "head"}),
    "event": frozenset({"before", "hash"}),
    "task": frozenset({"not_before", "attempts", "carried_at", "done_at", "dead_at", "last_error"}),
    "filer_message": frozenset({"sent_at", "sent_as"}),
    "staff_notice": frozenset({"sent_at", "sent_as"}),
    "document": frozenset({"file", "size", "sha256"}),
}
"""Columns that differ between two runs of the same script: chance, keys, and when something was carried."""
_REFERS = {"message": "filer_message", "notice": "staff_notice", "document": "document"}
"""Which table the id in the key of a task means."""


def taken(session: Session) -> Rows:
    """Return every row of every table that counts, as names and texts."""
    names = _Names(session)
    return {
        table.name: Counter(_row(table, values, names) for values in session.execute(select(table)).mappings())
        for table in db.metadata.sorted_tables
        if table.name not in LEFT_OUT
    }


def differences(one: Rows, other: Rows) -> Iterator[str]:
    """Yield a sentence for each row that is in one run only."""
    for table in sorted(one.keys() | other.keys()):
        mine, theirs = one.get(table, Counter()), other.get(table, Counter())
        for row, count in (mine - theirs).items():
            yield f"{table}: only undisturbed ({count}): {_told(row)}"
        for row, count in (theirs - mine).items():
            yield f"{table}: only with deaths ({count}): {_told(row)}"


def _told(row: Row) -> str:
    return " ".join(f"{name}={value}" for name, value in row if value != "None")[:1500]


def _row(table: Table, values: Mapping[str, Any], names: _Names) -> Row:
    kept = []
    for column in table.columns:
        if column.name in VOLATILE.get(table.name, ()) or (column.primary_key and column.name == "id"):
            continue
        if (table.name, column.name) == ("task", "created_at") and values["kind"] == tasks.DOCUMENT_MAKE:
            continue  # papers that nobody ordered by name are made up when the house has time
        value = values[column.name]
        for key in column.foreign_keys:
            value = names.of(key.column.table.name, value)
        kept.append((column.name, names.plain(table.name, column.name, value)))
    if table.name == "task":
        kept.append(("ended", "done" if values["done_at"] else "given up" if values["dead_at"] else "waits"))
    if table.name in {"filer_message", "staff_notice"}:
        kept.append(("went out", str(values["sent_at"] is not None)))
    if table.name == "document":
        kept.append(("has a file", str(values["file"] is not None)))
    return tuple(kept)


class _Names:
    """What the rows that others refer to are called, by table and id."""

    def __init__(self, session: Session) -> None:
        self._session = session
        tables = db.metadata.tables
        self._known: dict[str, dict[Any, str]] = {}
        by_column = {"unit": "key", "staff": "username", "cases": "number", "directive": "number",
                     "supervision_order": "number", "incident": "number", "callback_month": "month"}  # fmt: skip
        for name, column in by_column.items():
            self._read(tables[name], lambda row, column=column: row[column])
        self._read(tables["filing"], lambda row: row["form_key"].hex() if row["form_key"] else row["source_key"])
        self._read(tables["respondent"], lambda row: f"{row['name']} {row['address']}")
        self._in_order(tables["deadline"], lambda row: f"{self.of('cases', row['case_id'])} {row['rule']}")
        self._in_order(tables["directive_unit"], lambda row: f"{self.of('directive', row['directive_id'])}")
        self._in_order(
            tables["document"],
            lambda row: (
                f"{self.of('cases', row['case_id'])} {self.of('directive', row['directive_id'])}"
                f" {row['kind']} {row['event_seq']}"
            ),
        )
        self._in_order(tables["filer_message"], lambda row: f"{self.of('cases', row['case_id'])} {row['event_seq']}")
        self._read(tables["staff_message"], lambda row: self.mark(row["mark"]))
        self._read(tables["staff_notice"], lambda row: self.mark(row["mark"]))

    def _read(self, table: Table, name: Callable[[Mapping[str, Any]], Any]) -> None:
        key = next(iter(table.primary_key)).name
        found = self._session.execute(select(table)).mappings()
        self._known[table.name] = {row[key]: str(name(row)) for row in found}

    def _in_order(self, table: Table, name: Callable[[Mapping[str, Any]], str]) -> None:
        """Name rows that have no name of their own by what they belong to, and count them in the order of ids."""
        seen: Counter[str] = Counter()
        self._known[table.name] = {}
        for row in self._session.execute(select(table).order_by(table.c.id)).mappings():
            called = name(row)
            seen[called] += 1
            self._known[table.name][row["id"]] = f"{called} #{seen[called]}"

    def of(self, table: str, key: Any) -> str | None:
        """Return what a row is called."""
        return None if key is None else self._known.get(table, {}).get(key, f"{table} {key}")

    def mark(self, mark: str) -> str:
        """Return the mark of a line or notice with names for ids."""
        first, *others = mark.split("-")
        if first == "deadline":
            return f"deadline {self.of('deadline', int(others[0]))} {others[1:]}"
        if first == "message":
            return f"message {self.of('staff_message', int(others[0]))}"
        return mark

    def plain(self, table: str, column: str, value: Any) -> str:
        """Return a value as text, ids in it named."""
        if (table, column) in {("staff_message", "mark"), ("staff_notice", "mark")}:
            return self.mark(value)
        if (table, column) == ("task", "unique_key"):
            first, _, key = value.partition("-")
            return f"{first} {self.of(_REFERS[first], int(key))}" if first in _REFERS and key.isdigit() else value
        if (table, column) == ("task", "payload"):
            named = {name.removesuffix("_id"): key for name, key in value.items()}
            return canonical({name: self.of(_REFERS.get(name, ""), key) for name, key in named.items()})
        if (table, column) == ("event", "fields"):
            value = steps.opened_fields(value)
        if isinstance(value, bytes):
            return value.hex()
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict | list) else str(value)
