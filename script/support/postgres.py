"""A private PostgreSQL cluster for tests: on a unix socket in a temporary directory, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from script.support.processes import Child

# The cluster is thrown away, so it may forget everything when the machine fails.
# Nothing that is stored lives long enough to be worth vacuuming, and rows come back in the order in which they went in.
UNSAFE_AND_FAST = tuple(
    f"--{setting}=off" for setting in ("fsync", "synchronous-commit", "full-page-writes", "autovacuum")
)


class NoServer(RuntimeError):
    """PostgreSQL is not installed."""


def find_binaries() -> Path:
    """Return the directory of initdb and postgres, the newest version first; raise NoServer when there is none."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if not versions:
        raise NoServer("PostgreSQL was not found; install it with: apt-get install postgresql")
    return max(versions, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0)


def server_user() -> str | None:
    """Return the user to run the server as: None for ourselves; PostgreSQL refuses root, so then postgres or nobody."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def as_user(user: str | None, command: list[str]) -> list[str]:
    """Return the command that runs `command` as another user (root only), and ends with its parent all the same.

    The kernel forgets a process's wish to end with its parent when the user changes, hence --pdeathsig.
    """
    if user is None:
        return command
    group = pwd.getpwnam(user).pw_gid
    return ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--pdeathsig=INT", *command]


def create(directory: Path) -> tuple[Path, str | None]:
    """Make a cluster in `directory` (which must not be inside a private directory); return its data and its user."""
    user = server_user()
    directory.mkdir(mode=0o711, parents=True, exist_ok=True)
    if user:
        entry = pwd.getpwnam(user)
        os.chown(directory, entry.pw_uid, entry.pw_gid)
    data = directory / "data"
    command = [str(find_binaries() / "initdb"), "--pgdata", str(data), "--username", "portal", "--auth", "trust"]
    command += ["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"]
    subprocess.run(as_user(user, command), check=True, capture_output=True, cwd="/")
    return data, user


def child(directory: Path, log: Path, environ: Mapping[str, str], *, durable: bool = False) -> Child:
    """Return a server over a new cluster in `directory`, ready to start; it listens on a socket there only.

    A `durable` one keeps what it has committed when its processes are killed.
    """
    data, user = create(directory)
    command = [str(find_binaries() / "postgres"), "-D", str(data), "-k", str(directory), "-c", "listen_addresses="]
    return Child(
        "postgres", as_user(user, [*command, *(() if durable else UNSAFE_AND_FAST)]), environ, log, cwd=Path("/")
    )


def url(directory: Path, database: str = "postgres") -> str:
    """Return the SQLAlchemy address of a database of the cluster in `directory`."""
    return f"postgresql+psycopg://portal@/{database}?host={directory}"


def answers(directory: Path) -> bool:
    """Tell whether the server of the cluster in `directory` takes connections."""
    ready = [str(find_binaries() / "pg_isready"), "-q", "-h", str(directory), "-U", "portal", "-d", "postgres"]
    return subprocess.run(ready, capture_output=True, check=False).returncode == 0
