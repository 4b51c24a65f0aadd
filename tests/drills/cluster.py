"""A private PostgreSQL for a drill: as careful with what it commits as in service, and its backends die on purpose.

When a backend is killed, the server ends all the others too and recovers from its log, as after a crash.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from script.support import postgres
from script.support.processes import Child, Supervisor

PATIENCE = 60.0


@dataclass(frozen=True)
class Cluster:
    """A running server."""

    directory: Path
    child: Child

    @property
    def url(self) -> str:
        """Return the address of its database."""
        return postgres.url(self.directory)

    def named(self, database: str) -> str:
        """Return the address of another of its databases."""
        return postgres.url(self.directory, database)

    def answers(self) -> bool:
        """Tell whether it takes connections; it does not while it recovers."""
        return postgres.answers(self.directory)

    def backend(self) -> int | None:
        """Return the process that has served a connection for longest, None when there is none."""
        server = self.child.process
        return None if server is None else min(_backends(server.pid), default=None)


def _backends(server: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            title = (entry / "cmdline").read_bytes()
        except (OSError, ValueError):
            continue  # it has ended meanwhile
        if parent == server and title.startswith(b"postgres: portal "):
            yield int(entry.name)


@contextmanager
def running(*, durable: bool = True) -> Iterator[Cluster]:
    """Lend a server on a new cluster; both are gone afterwards. Where only its clients die, it need not be durable."""
    # The server may run as another user, who has to be able to walk to its directory.
    directory = Path(tempfile.mkdtemp(prefix="portal-drill-postgres-"))
    directory.chmod(0o711)
    supervisor = Supervisor(print)
    try:
        child = postgres.child(directory / "cluster", directory / "postgres.log", os.environ, durable=durable)
        cluster = Cluster(directory / "cluster", supervisor.add(child))
        if not supervisor.wait_until(cluster.answers, PATIENCE, every=0.05):
            raise postgres.NoServer(f"PostgreSQL does not answer.\n{child.last_lines()}")
        yield cluster
    finally:
        supervisor.stop()
        shutil.rmtree(directory, ignore_errors=True)
