"""The supervisor: what dies is started again, and nothing outlives its parent."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from script.support.processes import Child, Supervisor, begin_long_log_anew, end_marked, marked_processes

# Says its own id and that of a child of its own, then waits to be ended.
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    made = Supervisor(said.append)
    yield made
    made.stop()


@pytest.fixture
def family(tmp_path: Path) -> Child:
    return Child("family", [sys.executable, "-c", FAMILY], dict(os.environ), tmp_path / "family.log")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def has_said(child: Child, lines: int) -> Callable[[], bool]:
    return lambda: child.log.exists() and len(child.log.read_text().split()) >= lines


def test_a_child_that_is_killed_is_started_again_and_its_own_children_are_not_left(
    supervisor: Supervisor, family: Child, said: list[str]
) -> None:
    supervisor.add(family)
    assert supervisor.wait_until(has_said(family, 1), 20, every=0.01)
    assert family.process is not None
    first, grandchild = family.process.pid, int(family.log.read_text().split()[0])
    os.kill(first, signal.SIGKILL)
    assert supervisor.wait_until(has_said(family, 2), 20, every=0.01)
    assert family.deaths == 1
    assert not alive(grandchild)
    assert "signal 9" in said[0]


def test_the_pause_before_a_restart_doubles_up_to_its_limit(supervisor: Supervisor, tmp_path: Path) -> None:
    child = supervisor.add(Child("brief", [sys.executable, "-c", "raise SystemExit(3)"], {}, tmp_path / "log"))
    assert supervisor.wait_until(lambda: child.deaths == 3, 20, every=0.01)
    assert child.pause == pytest.approx(1.6)


def test_stopping_ends_the_whole_group(supervisor: Supervisor, family: Child) -> None:
    supervisor.add(family)
    assert supervisor.wait_until(has_said(family, 1), 20, every=0.01)
    grandchild = int(family.log.read_text().split()[0])
    supervisor.stop()
    family_is_gone = Supervisor(print).wait_until(lambda: not alive(grandchild), 5, every=0.01)
    assert family_is_gone
    assert supervisor.stopping()


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = f"""
import os, sys, time
from pathlib import Path
from script.support.processes import Child
command = [sys.executable, "-c", "import time; time.sleep(600)"]
child = Child("sleeper", command, dict(os.environ), Path({str(tmp_path)!r}) / "log")
child.start()
print(child.process.pid, flush=True)
time.sleep(600)
"""
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=root) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
    assert Supervisor(print).wait_until(lambda: not alive(child), 10, every=0.01)


def test_what_escapes_its_group_is_found_by_its_mark(tmp_path: Path) -> None:
    mark = f"PORTAL_SERVE={tmp_path}"
    command = [sys.executable, "-c", "import time; print(1, flush=True); time.sleep(600)"]
    environ = {**os.environ, "PORTAL_SERVE": str(tmp_path)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert list(marked_processes(mark)) == [process.pid]
        assert end_marked(mark) == 1
        assert process.wait(10) == -signal.SIGTERM


def test_a_log_past_its_limit_is_kept_once_and_begun_anew(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("ab") as writer:
        writer.write(b"x" * 100)
        writer.flush()
        begin_long_log_anew(log, limit=50)
        writer.write(b"after")
    assert log.read_bytes() == b"after"
    assert (tmp_path / "web.log.1").read_bytes() == b"x" * 100


def test_a_command_run_once_hands_back_its_exit_code(supervisor: Supervisor) -> None:
    assert supervisor.run_once([sys.executable, "-c", "raise SystemExit(7)"], os.environ) == 7
