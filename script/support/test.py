"""Run the tests with a real Redis and a private PostgreSQL beside them: `python -m script.support.test [pytest …]`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from script.support import postgres, redis_server
from script.support.processes import Supervisor

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds for a server to answer
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class CannotTest(RuntimeError):
    """Something that the tests need does not start; the message says what."""


def find_browser() -> str:
    """Return the browser for the browser tests; raise CannotTest when there is none."""
    given = os.environ.get("CHROMIUM")
    found = given or next((path for path in map(shutil.which, BROWSERS) if path), None)
    if not found:
        raise CannotTest("No Chromium was found; install it with: apt-get install chromium")
    return found


def start_servers(supervisor: Supervisor, work: Path, environ: dict[str, str]) -> None:
    """Start Redis and PostgreSQL under `work` and name them in `environ`."""
    socket = work / "redis" / "redis.sock"
    redis_child, _ = redis_server.child(socket, work / "redis", work / "redis.log", environ)
    supervisor.add(redis_child)
    cluster = work / "postgres"
    postgres_child = supervisor.add(postgres.child(cluster, work / "postgres.log", environ))
    if not supervisor.wait_until(lambda: redis_server.answers(socket), PATIENCE, every=0.02):
        raise CannotTest(f"Redis does not answer.\n{redis_child.last_lines()}")
    if not supervisor.wait_until(lambda: postgres.answers(cluster), PATIENCE, every=0.05):
        raise CannotTest(f"PostgreSQL does not answer.\n{postgres_child.last_lines()}")
    environ["TEST_REDIS_SOCKET"] = str(socket)
    environ["TEST_POSTGRES_URL"] = postgres.url(cluster)


def pytest_arguments(given: list[str]) -> list[str]:
    """Return pytest's arguments: two processes unless the caller says otherwise."""
    chosen = any(word.startswith(("-n", "--numprocesses", "--dist", "--pdb")) for word in given)
    return given if chosen else ["-n", "2", *given]


def main() -> int:
    """Run pytest with the servers beside it; return its exit code."""
    supervisor = Supervisor(print)
    supervisor.listen()
    # The PostgreSQL server may run as another user, who has to be able to walk to its directory.
    work = Path(tempfile.mkdtemp(prefix="portal-test-"))
    work.chmod(0o711)
    try:
        environ = {**os.environ, "CHROMIUM": find_browser(), "PYTHONPATH": str(ROOT)}
        start_servers(supervisor, work, environ)
        command = [sys.executable, "-m", "pytest", *pytest_arguments(sys.argv[1:])]
        return supervisor.run_once(command, environ, ROOT)
    except (CannotTest, postgres.NoServer, redis_server.NoServer, subprocess.CalledProcessError) as error:
        detail = getattr(error, "stderr", None) or b""
        print(error, detail.decode(errors="replace"), file=sys.stderr)
        return 1
    finally:
        supervisor.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
