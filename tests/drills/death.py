"""Sudden death at a point that has a name: before a statement, around a commit, a file, a message or an answer.

Everything is watched from outside of the product: the database drivers, the functions of the system that move files,
and what sends a message are wrapped in the process that is to die, after it was forked.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import urllib.request
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import Engine

_FIRST_WORDS = re.compile(r"\W*(\w+(?: (?:INTO|FROM|IMMEDIATE))?)(?:[\s\S]*?\bFROM)?\s*\"?(\w*)")
FILES = ("replace", "rename", "fsync", "unlink")


class Death:
    """Counts the points that a process passes while `counting`, and ends it at one of them as a power cut would."""

    def __init__(self, at: int | None) -> None:
        """Die at point number `at`, counted from 1; with None only count."""
        self.at = at
        self.counting = False
        self.passed: list[str] = []

    def passes(self, what: str) -> None:
        """Come to a point."""
        if not self.counting:
            return
        self.passed.append(what)
        if len(self.passed) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, what: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function` with a point before it and one after it."""

        def watched(*args: Any, **more: Any) -> Any:
            self.passes(f"before {what}")
            found = function(*args, **more)
            self.passes(f"after {what}")
            return found

        return watched


def watch(death: Death) -> None:
    """Let this process come to points: it is one that was forked for this, and ends with it."""
    _watch_databases(death)
    for name in FILES:
        setattr(os, name, death.around(name, getattr(os, name)))
    urllib.request.urlopen = death.around("a message", urllib.request.urlopen)


def _watch_databases(death: Death) -> None:
    sqlite, postgres = _sqlite(death), _postgres(death)

    @event.listens_for(Engine, "do_connect")
    def connect(dialect: Any, _record: Any, args: list[Any], more: dict[str, Any]) -> Any:
        if dialect.name == "sqlite":
            return sqlite3.connect(*args, **more, factory=sqlite)
        return postgres.connect(*args, **more)


def named(statement: str) -> str:
    """Return what a statement is called: its verb and its first table."""
    found = _FIRST_WORDS.match(statement)
    return " ".join(found.groups()).strip() if found else statement[:20]


def _sqlite(death: Death) -> type[sqlite3.Connection]:
    class Cursor(sqlite3.Cursor):
        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            death.passes(named(statement))
            return super().execute(statement, *values)

        def executemany(self, statement: str, values: Any) -> sqlite3.Cursor:
            death.passes(named(statement))
            return super().executemany(statement, values)

    class Connection(sqlite3.Connection):
        def cursor(self, *_: Any) -> Any:
            return super().cursor(Cursor)

        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            found: sqlite3.Cursor = self.cursor().execute(statement, *values)
            return found

        def commit(self) -> None:
            death.around("COMMIT", super().commit)()

    return Connection


def _postgres(death: Death) -> type[psycopg.Connection[Any]]:
    class Cursor(psycopg.Cursor[Any]):
        def execute(self, statement: Any, *values: Any, **more: Any) -> Any:
            death.passes(named(str(statement)))
            return super().execute(statement, *values, **more)

        def executemany(self, statement: Any, values: Any, **more: Any) -> None:
            death.passes(named(str(statement)))
            super().executemany(statement, values, **more)

    class Connection(psycopg.Connection[Any]):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self.cursor_factory = Cursor

        def commit(self) -> None:
            death.around("COMMIT", super().commit)()

    return Connection
