"""The web server of deploy/ (granian, two processes, four threads each), on the loopback, for the length of a load."""

from __future__ import annotations

import http.client
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

from benchmarks.cities import ROOT, CannotMeasure, City
from script.support import redis_server
from script.support.processes import Child, Supervisor

PATIENCE = 60.0
UNIT = ROOT / "deploy" / "systemd" / "portal-web.service"
ENVIRONMENT = ROOT / "deploy" / "portal.env"


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    child: Child

    def processes(self) -> list[int]:
        """Return the ids of the processes that answer: the children of the one that was started."""
        process = self.child.process
        if process is None:
            return []
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
        return [int(word) for word in children.split()]


def command(port: int) -> list[str]:
    """Return the command of the systemd unit with what portal.env gives it, on another port."""
    found = re.search(r"^ExecStart=\S+/granian (.+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise CannotMeasure(f"{UNIT} does not start granian.")
    given = dict(re.findall(r"^#?\s*([A-Z_]+)=(\S+)$", ENVIRONMENT.read_text(encoding="utf-8"), re.MULTILINE))
    words = shlex.split(Template(found.group(1)).substitute(given, PORT=str(port)))
    return [str(Path(sys.executable).parent / "granian"), *words]


@contextmanager
def carrying(city: City, supervisor: Supervisor) -> Iterator[None]:
    """Have the Redis of a city run, to which its processes hand their tasks."""
    place, socket = city.settings.data_dir, city.settings.private_redis_socket
    redis, _ = redis_server.child(socket, place / "redis", place / "redis.log", city.environ)
    with _running(redis, supervisor):
        supervisor.wait_until(lambda: redis_server.answers(socket), PATIENCE, every=0.02)
        yield


@contextmanager
def _running(child: Child, supervisor: Supervisor) -> Iterator[Child]:
    supervisor.add(child)
    try:
        yield child
    finally:
        child.stop()
        supervisor.children.remove(child)


@contextmanager
def serving(city: City, supervisor: Supervisor) -> Iterator[Server]:
    """Lend the server of a city, with the Redis that it hands its tasks to; workers do not run beside it."""
    log = city.settings.data_dir / "granian.log"
    granian = Child("granian", command(city.settings.port), city.environ, log, cwd=ROOT)
    with carrying(city, supervisor), _running(granian, supervisor) as child:
        if not supervisor.wait_until(lambda: answers(city.settings.port), PATIENCE):
            raise CannotMeasure(f"granian does not answer.\n{child.last_lines()}")
        yield Server(city.settings.port, child)


def answers(port: int, address: str = "/healthz") -> bool:
    """Tell whether a page is answered with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", address)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def memory(process: int, line: str = "VmRSS") -> float:
    """Return the resident memory of a process in MB; `VmHWM` gives the highest it ever had."""
    for entry in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if entry.startswith(f"{line}:"):
            return int(entry.split()[1]) / 1000
    return 0.0
