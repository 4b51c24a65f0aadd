"""The cities that are measured: each a data directory and a database of its own, made by the portal's own commands."""

from __future__ import annotations

import gc
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import create_engine, func, select, text

from app import create_app
from benchmarks import report
from casework import reference, sessions
from config import Settings
from models import Case, StaffRole, clock, db
from models.base import writing
from models.staff import StaffSession
from script.support import postgres
from script.support.processes import Child, Supervisor

ROOT = Path(__file__).resolve().parents[1]
SQLITE, POSTGRES = "sqlite", "postgres"
START_PATIENCE = 60.0
# As deploy/postgresql/portal.conf: what is acknowledged is on the disk.
DURABLE = (
    *("-c", "fsync=on", "-c", "full_page_writes=on", "-c", "synchronous_commit=on"),
    *("-c", "shared_buffers=1GB", "-c", "effective_cache_size=3GB", "-c", "work_mem=16MB"),
    *("-c", "maintenance_work_mem=256MB", "-c", "random_page_cost=1.1", "-c", "wal_compression=on"),
)


class CannotMeasure(RuntimeError):
    """Something that a measurement needs is missing; the message says what."""


@dataclass(frozen=True)
class City:
    """One city with its settings."""

    settings: Settings
    cases: int
    environ: dict[str, str]

    def app(self) -> Flask:
        """Return the portal on this city, in this process."""
        return create_app(self.settings)

    def flask(self, *words: str) -> None:
        """Run a command of the portal; raise CannotMeasure when it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", *words], cwd=ROOT, env=self.environ, capture_output=True, text=True
        )
        if done.returncode:
            raise CannotMeasure(f"flask {' '.join(words)} failed:\n{done.stdout}{done.stderr}")


@contextmanager
def opened(city: City) -> Iterator[Flask]:
    """Lend the portal on a city with its application context; every connection is given back afterwards."""
    app = city.app()
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    reference.forget()
    gc.collect()


def sign_in(role: str) -> str:
    """Open a session for the person with most cases among those who hold a role; return the browser's token."""
    token, now = secrets.token_urlsafe(32), clock.now()
    holders = select(StaffRole.staff_id).where(StaffRole.role == role)
    busiest = select(Case.handler_id).where(Case.queue != "archived", Case.handler_id.in_(holders))
    by_work = busiest.group_by(Case.handler_id).order_by(func.count().desc()).limit(1)
    staff_id = db.session.scalar(by_work) or db.session.scalar(holders.limit(1))
    if staff_id is None:
        raise CannotMeasure(f"Nobody in the city is {role}.")
    with writing() as session:
        session.add(
            StaffSession(
                token_hash=sessions.hash_of(token),
                staff_id=staff_id,
                created_at=now,
                seen_at=now,
                expires_at=now + sessions.LONGEST,
                browser="benchmark",
            )
        )
    return token


class Cities:
    """Makes the cities of one run, each when it is first asked for. What lies in `directory` already is used again."""

    def __init__(self, directory: Path, database: str, supervisor: Supervisor) -> None:
        self.directory, self.database, self.supervisor = directory, database, supervisor
        self._made: dict[int, City] = {}
        self._server: str | None = None

    def of(self, cases: int) -> City:
        """Return the city with `cases` cases."""
        if cases not in self._made:
            self._made[cases] = self._make(cases)
        return self._made[cases]

    def words(self) -> str:
        """Return the database with its version and what makes its commits durable."""
        if self.database == SQLITE:
            return report.sqlite_words()
        engine = create_engine(self._address("postgres"))
        with engine.connect() as connection:
            version = str(connection.execute(text("SHOW server_version")).scalar_one()).split()[0]
        engine.dispose()
        return f"PostgreSQL {version} (synchronous_commit=on, fsync=on)"

    def _make(self, cases: int) -> City:
        place = self.directory / f"{self.database}-{cases}"
        place.mkdir(parents=True, exist_ok=True)
        address = "" if self.database == SQLITE else self._address(f"city_{cases}")
        settings = Settings(data_dir=place, database_url=address, port=free_port(), rate_limits=False)
        environ = {
            **os.environ,
            "DATA_DIR": str(place),
            "DATABASE_URL": settings.database_url,
            "PORT": str(settings.port),
            "RATE_LIMITS": "off",
            "FLASK_APP": "app:create_app",
            "PYTHONPATH": str(ROOT),
        }
        city = City(settings, cases, environ)
        if not (place / "made").exists():
            self._fill(city)
            (place / "made").touch()
        return city

    def _fill(self, city: City) -> None:
        if self.database == POSTGRES:
            self._create_database(f"city_{city.cases}")
        city.flask("init")
        city.flask("demo", "--cases", str(city.cases))
        with opened(city) as app:
            stored = db.session.scalar(select(func.count()).select_from(Case)) or 0
            if stored < city.cases * 0.9:
                raise CannotMeasure(f"{app.name}: flask demo made {stored} cases of {city.cases}.")
            db.session.execute(text("ANALYZE"))
            db.session.commit()

    def _create_database(self, name: str) -> None:
        engine = create_engine(self._address("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        engine.dispose()

    def _address(self, name: str) -> str:
        directory = self._cluster()
        return postgres.url(directory, name)

    def _cluster(self) -> Path:
        """Return the directory of the PostgreSQL server, started when it is first needed."""
        directory = self.directory / "postgres"
        if self._server is None:
            if not (directory / "data").exists():
                postgres.create(directory)
            command = [str(postgres.find_binaries() / "postgres"), "-D", str(directory / "data")]
            command += ["-k", str(directory), "-c", "listen_addresses=", *DURABLE]
            user = postgres.server_user()
            log = self.directory / "postgres.log"
            child = Child("postgres", postgres.as_user(user, command), os.environ, log, cwd=Path("/"))
            self.supervisor.add(child)
            self._server = child.name
            if not self.supervisor.wait_until(lambda: postgres.answers(directory), START_PATIENCE):
                raise CannotMeasure(f"PostgreSQL does not answer.\n{child.last_lines()}")
        return directory


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
