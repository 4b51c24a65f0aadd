"""Databases for tests: migrated once for each test process, then copied for each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
from flask import Flask
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.engine import make_url

from app import create_app
from config import Settings
from models.base import db

SQLITE, POSTGRES = "sqlite", "postgres"
USES = 40  # rows that were deleted still lie in the files, and every look passes over them

OTHERS_END = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""

SCHEMA = """
    SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (
        SELECT concat('relation', oid, relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT concat('column', attrelid, attname, xmin) FROM pg_attribute
        WHERE attnum > 0 AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
        UNION ALL SELECT concat('constraint', oid, xmin) FROM pg_constraint
        UNION ALL SELECT concat('trigger', oid, tgenabled) FROM pg_trigger
        UNION ALL SELECT concat('function', oid, xmin) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ) AS parts (part)"""
"""A word that differs as soon as anything of the schema was made, changed or dropped."""

EMPTY = """
    DO $$
    DECLARE
        found text;
    BEGIN
        SET LOCAL session_replication_role = replica;
        FOR found IN SELECT format('%I', tablename) FROM pg_tables
            WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        LOOP
            EXECUTE 'DELETE FROM ' || found;
        END LOOP;
        FOR found IN SELECT format('%I', sequencename) FROM pg_sequences
            WHERE schemaname = 'public' AND last_value IS NOT NULL
        LOOP
            PERFORM setval(found, 1, false);
        END LOOP;
    END
    $$"""
"""Delete every row, past the triggers that keep records from being deleted, and let numbers begin at 1 again."""


def available() -> list[str]:
    """Name the kinds of database at hand: SQLite always, PostgreSQL when script/test started one."""
    return [SQLITE, POSTGRES] if os.environ.get("TEST_POSTGRES_URL") else [SQLITE]


def release(app: Flask) -> None:
    """Give back every connection of `app`, so that its database can be copied or dropped."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


class Spare:
    """A PostgreSQL database that one test after the other uses: to empty it is four times quicker than to copy one.

    A test that changes the schema leaves a database that is dropped; and so is one that has served USES tests.
    """

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.left = USES
        with _connected(address) as connection:
            self.schema = connection.scalar(text(SCHEMA))

    def emptied(self, address: str) -> bool:
        """Empty the database as the template is empty; False when it cannot serve another test."""
        self.left -= 1
        if not self.left:
            return False
        with _connected(address) as connection:
            connection.execute(text(OTHERS_END))
            if connection.scalar(text(SCHEMA)) != self.schema:
                return False
            connection.execute(text(EMPTY))
        return True


@contextmanager
def _connected(address: str) -> Iterator[Connection]:
    engine = create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


class Databases:
    """The templates of one test process and the copies made from them."""

    def __init__(self, directory: Path, worker: str) -> None:
        self.directory = directory
        self.worker = worker
        self.copies = 0
        self._template: dict[str, str] = {}
        self._spare: Spare | None = None

    def close(self) -> None:
        """Drop what lives in PostgreSQL."""
        if self._spare:
            self._drop(self._spare.name)
        if POSTGRES in self._template:
            self._drop(self._name("template"))

    @contextmanager
    def copy(self, kind: str) -> Iterator[str]:
        """Lend the address of a fresh database with the schema of today; it is gone afterwards."""
        self.copies += 1
        template = self._template.get(kind) or self._make_template(kind)
        if kind == SQLITE:
            file = self.directory / f"copy-{self.copies}.sqlite3"
            shutil.copyfile(template, file)
            yield f"sqlite:///{file}"
            for leftover in self.directory.glob(file.name + "*"):
                leftover.unlink()
            return
        spare, self._spare = self._spare or self._make_spare(template), None
        yield self._address(spare.name)
        if spare.emptied(self._address(spare.name)):
            self._spare = spare
        else:
            self._drop(spare.name)

    @contextmanager
    def empty(self, kind: str) -> Iterator[str]:
        """Lend the address of a database without any table (on SQLite: without its file); it is gone afterwards."""
        self.copies += 1
        if kind == SQLITE:
            file = self.directory / f"empty-{self.copies}.sqlite3"
            yield f"sqlite:///{file}"
            for leftover in self.directory.glob(file.name + "*"):
                leftover.unlink()
            return
        name = self._name(str(self.copies))
        self._administer(f'CREATE DATABASE "{name}"')
        yield self._address(name)
        self._drop(name)

    def _make_template(self, kind: str) -> str:
        if kind == SQLITE:
            place = str(self.directory / "template.sqlite3")
            address = f"sqlite:///{place}"
        else:
            place = self._name("template")
            self._drop(place)
            self._administer(f'CREATE DATABASE "{place}"')
            address = self._address(place)
        app = create_app(Settings(data_dir=self.directory / "template", database_url=address))
        with app.app_context():
            flask_migrate.upgrade()
        release(app)
        self._template[kind] = place
        return place

    def _make_spare(self, template: str) -> Spare:
        name = self._name(str(self.copies))
        self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return Spare(name, self._address(name))

    def _drop(self, name: str) -> None:
        self._administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _name(self, what: str) -> str:
        return f"portal_{self.worker}_{os.getpid()}_{what}"

    def _address(self, name: str) -> str:
        return make_url(os.environ["TEST_POSTGRES_URL"]).set(database=name).render_as_string(hide_password=False)

    def _administer(self, *statements: str) -> None:
        with _connected(os.environ["TEST_POSTGRES_URL"]) as connection:
            for statement in statements:
                connection.execute(text(statement))
