"""The private Redis server: closed to others, and sure of what it was told."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from script.support import redis_server
from script.support.processes import Child, Supervisor


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    made = Supervisor(print)
    yield made
    made.stop()


@pytest.fixture
def server(tmp_path: Path, supervisor: Supervisor) -> Child:
    child, _ = redis_server.child(tmp_path / "redis.sock", tmp_path / "kept", tmp_path / "log", os.environ)
    supervisor.add(child)
    assert supervisor.wait_until(lambda: redis_server.answers(tmp_path / "redis.sock"), 30, every=0.01)
    return child


def test_only_its_owner_may_use_the_socket_and_nothing_listens_on_tcp(server: Child, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "redis.sock").stat().st_mode) == 0o600
    with redis.Redis(unix_socket_path=str(tmp_path / "redis.sock")) as client:
        assert client.config_get("port")["port"] == "0"
        assert client.config_get("appendonly")["appendonly"] == "yes"


def test_what_was_written_is_there_after_the_server_was_killed(
    server: Child, supervisor: Supervisor, tmp_path: Path
) -> None:
    socket = tmp_path / "redis.sock"
    with redis.Redis(unix_socket_path=str(socket)) as client:
        client.config_set("appendfsync", "always")
        client.set("case", "42")
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGKILL)
    assert supervisor.wait_until(lambda: server.deaths == 1 and redis_server.answers(socket), 30, every=0.01)
    with redis.Redis(unix_socket_path=str(socket)) as client:
        assert client.get("case") == b"42"


def test_a_server_from_the_path_comes_before_the_bundled_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundled = redis_server.bundled_server()
    assert bundled is not None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis_server.find_server()[0] == bundled
    (tmp_path / "valkey-server").symlink_to(bundled)
    assert redis_server.find_server()[0] == tmp_path / "valkey-server"


def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    with pytest.raises((PermissionError, FileExistsError)):
        redis_server.make_private(tmp_path / "link")
