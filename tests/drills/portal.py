"""A real portal on a data directory of its own, started by script/serve's supervisor, and its processes by name."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Protocol, TypeVar

import flask_migrate
import redis
from flask import Flask
from sqlalchemy.exc import OperationalError

from app import create_app
from config import Settings
from models import Heartbeat, Lease, Task, clock
from models.base import db, writing
from script.support import fonts, redis_server
from script.support.processes import Supervisor, die_with_parent, end_marked, marked_processes
from tests.drills.cluster import Cluster
from tests.support import cast, databases, desk

ROOT = Path(__file__).resolve().parents[2]
WEB, WORKER, DEFAULT, PDF, PERIODIC, REDIS = "web", "worker", "default", "pdf", "periodic", "redis"
PARTS = (WEB, WORKER, DEFAULT, PDF, PERIODIC, REDIS)
DATABASE = "database"
"""A process of PostgreSQL; SQLite has none of its own."""
START_PATIENCE = 120.0
Found = TypeVar("Found")


class DrillFailed(RuntimeError):
    """The drill itself could not be held; the message says why."""


def wait_until(reached: Callable[[], bool], patience: float, every: float = 0.05) -> bool:
    """Wait until `reached`; False when that takes longer than `patience` seconds."""
    return Supervisor(print).wait_until(reached, patience, every)


class Served(Protocol):
    """A portal that people use: where it listens, whose it is, and the drill's own look into its records."""

    port: int
    people: cast.Cast
    app: Flask


class Portal:
    """One portal under drill. `app` is the drill's own look into its records; it answers nobody."""

    def __init__(
        self, place: Path, port: int, sms_url: str, cluster: Cluster | None = None, *, impatient: bool = False
    ) -> None:
        self.place, self.port, self.cluster = place, port, cluster
        self.kinds = PARTS if cluster is None else (*PARTS, DATABASE)
        self.starter = "tests.drills.impatient" if impatient else "script.support.serve"
        self.settings = Settings(
            data_dir=place / "data", port=port, sms_url=sms_url, rate_limits=False,
            database_url=cluster.url if cluster else "",
        )  # fmt: skip
        self.mark = f"PORTAL_SERVE={self.settings.data_dir}"
        self.log = place / "serve.log"
        self.people: cast.Cast
        self.app: Flask
        self._process: subprocess.Popen[bytes] | None = None

    def found(self) -> None:
        """Make database and cast, without cases."""
        self.settings.fonts_dir.mkdir(parents=True)
        for name in fonts.FONTS:  # the drill is no test of fonts: papers are set in those of the system
            (self.settings.fonts_dir / name).touch()
        self.app = create_app(self.settings)
        with self.app.app_context():
            flask_migrate.upgrade()
            self.people = cast.build(clock.now(), desk.password_hash())

    def start(self) -> None:
        """Start everything and wait until it says that it is ready. Raise DrillFailed when it does not."""
        environ = {name: value for name, value in os.environ.items() if name not in _OURS} | {
            "DATA_DIR": str(self.settings.data_dir),
            "PORT": str(self.port),
            "DATABASE_URL": self.settings.database_url,
            "SMS_URL": self.settings.sms_url,
            "RATE_LIMITS": "off",
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-m", self.starter, "--empty"]
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environ, stdout=out, stderr=out, preexec_fn=die_with_parent
            )
            process = self._process
        ready = wait_until(lambda: self.is_ready() or process.poll() is not None, START_PATIENCE, 0.1)
        if not ready or process.poll() is not None:
            raise DrillFailed(f"The portal did not start.\n{self.log.read_text(encoding='utf-8')[-3000:]}")

    def is_ready(self) -> bool:
        """Tell whether the start has said `ready`."""
        return "\nready http" in self.log.read_text(encoding="utf-8")

    def stop(self) -> int:
        """End everything in good order; return how many processes outlived that (they are ended by force)."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        left = end_marked(self.mark)
        databases.release(self.app)
        return left

    def parts(self) -> dict[str, int]:
        """Return the process of each part that runs now."""
        found = {}
        for pid in marked_processes(self.mark):
            name = _part_of(pid)
            if name is not None:
                found[name] = pid
        servers = {REDIS: self._redis_pid(), DATABASE: self.cluster.backend() if self.cluster else None}
        return found | {name: pid for name, pid in servers.items() if pid is not None}

    def _redis_pid(self) -> int | None:
        """Ask Redis which process it is: it writes its title over the environment that marks the others."""
        client = redis.Redis(unix_socket_path=str(self.settings.private_redis_socket), socket_timeout=2)
        try:
            return int(client.info("server")["process_id"])
        except redis.RedisError:
            return None
        finally:
            client.close()

    def at_work(self) -> dict[str, int]:
        """Return those parts that have finished starting: they listen, or have said that they live."""
        running, beats = self.parts(), self._beats()
        working = {part: pid for part, pid in running.items() if pid in beats or part in {REDIS, DATABASE}}
        if WEB in running and self.listens():
            working[WEB] = running[WEB]
        if WORKER in running and {DEFAULT, PDF, PERIODIC} <= working.keys():
            working[WORKER] = running[WORKER]
        return working

    def _beats(self) -> set[int]:
        return self._read(lambda: {int(row.found["pid"]) for row in db.session.query(Heartbeat) if "pid" in row.found})

    def _read(self, ask: Callable[[], Found]) -> Found:
        """Look into the records; while the database recovers from a death, ask again."""
        found: list[Found] = []

        def asked() -> bool:
            with self.app.app_context(), suppress(OperationalError):
                found.append(ask())
            return bool(found)

        if not wait_until(asked, START_PATIENCE):
            raise DrillFailed("The database did not come back.")
        return found[0]

    def kill(self, part: str, pid: int | None = None) -> bool:
        """Kill a part (or the process that is known to be it) as a power cut would; False when it does not run."""
        if pid is None:
            pid = self._redis_pid() if part == REDIS else self.parts().get(part)
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            return True
        return False

    def listens(self) -> bool:
        """Tell whether somebody takes connections on the port."""
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def redis_answers(self) -> bool:
        """Tell whether Redis is there."""
        return redis_server.answers(self.settings.private_redis_socket)

    def flush_redis(self) -> bool:
        """Empty Redis; False when it is away."""
        client = redis.Redis(unix_socket_path=str(self.settings.private_redis_socket), socket_timeout=2)
        try:
            return bool(client.flushall())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def lose_redis(self) -> None:
        """Kill Redis and take its files away, so that it comes back empty."""
        self.kill(REDIS)
        for left in (self.settings.data_dir / "redis").glob("appendonly*"):
            shutil.rmtree(left, ignore_errors=True)

    def let_time_pass(self, seconds: float) -> None:
        """Let leases and waiting times run out as if `seconds` had passed; for drills that must be short."""
        with self.app.app_context(), writing() as session:
            for task in session.query(Task).filter(Task.done_at.is_(None), Task.dead_at.is_(None)):
                task.not_before -= timedelta(seconds=seconds)
            for lease in session.query(Lease):
                lease.until -= timedelta(seconds=seconds)

    def open_tasks(self) -> int:
        """Return how many tasks are neither done nor given up."""
        return self._read(lambda: db.session.query(Task).filter(Task.done_at.is_(None), Task.dead_at.is_(None)).count())


_OURS = {"DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "PROFILE", "SMTP_HOST", "DATA_DIR", "PORT", "SMS_URL"}


def _part_of(pid: int) -> str | None:
    """Return the part that a process is, by its command line."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return None
    last = words[-1].decode(errors="replace")
    if last == "script.support.web":
        return WEB
    if any(word.endswith(b"worker.py") for word in words):
        return WORKER if last.endswith("worker.py") else last
    return None
