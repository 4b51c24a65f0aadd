"""Databases for tests: migrated once for each test process, then copied for each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app import create_app
from config import Settings
from models.base import db

SQLITE, POSTGRES = "sqlite", "postgres"


def available() -> list[str]:
    """Name the kinds of database at hand: SQLite always, PostgreSQL when script/test started one."""
    return [SQLITE, POSTGRES] if os.environ.get("TEST_POSTGRES_URL") else [SQLITE]


def release(app: Flask) -> None:
    """Give back every connection of `app`, so that its database can be copied or dropped."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


class Databases:
    """The templates of one test process and the copies made from them."""

    def __init__(self, directory: Path, worker: str) -> None:
        self.directory = directory
        self.worker = worker
        self.copies = 0
        self._template: dict[str, str] = {}

    def close(self) -> None:
        """Drop the template that lives in PostgreSQL."""
        if POSTGRES in self._template:
            self._administer(f'DROP DATABASE IF EXISTS "{self._name("template")}" WITH (FORCE)')

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
        name = self._name(str(self.copies))
        self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        yield self._address(name)
        self._administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

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
        self._administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _make_template(self, kind: str) -> str:
        if kind == SQLITE:
            place = str(self.directory / "template.sqlite3")
            address = f"sqlite:///{place}"
        else:
            place = self._name("template")
            self._administer(f'DROP DATABASE IF EXISTS "{place}" WITH (FORCE)', f'CREATE DATABASE "{place}"')
            address = self._address(place)
        app = create_app(Settings(data_dir=self.directory / "template", database_url=address))
        with app.app_context():
            flask_migrate.upgrade()
        release(app)
        self._template[kind] = place
        return place

    def _name(self, what: str) -> str:
        return f"portal_{self.worker}_{os.getpid()}_{what}"

    def _address(self, name: str) -> str:
        return make_url(os.environ["TEST_POSTGRES_URL"]).set(database=name).render_as_string(hide_password=False)

    def _administer(self, *statements: str) -> None:
        engine = create_engine(os.environ["TEST_POSTGRES_URL"], isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()
