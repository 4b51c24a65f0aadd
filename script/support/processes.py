"""Child processes that never outlive their parent, and a supervisor that starts them again when they die."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
FIRST_PAUSE = 0.2  # seconds before the first restart; doubles with every death
LONGEST_PAUSE = 10.0
STEADY_AFTER = 30.0  # seconds of life after which a child counts as sound again
GRACE = 15.0  # seconds that a child has to finish its work when asked to stop
LOG_LIMIT = 20_000_000  # bytes; a longer log is kept as .1 and begun anew
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies, however that happens.

    Runs between fork and exec, which is safe because the parent has a single thread.
    """
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def marked_processes(mark: str) -> Iterator[int]:
    """Yield the ids of this user's processes whose environment holds `mark` ("NAME=value"), this one left out."""
    wanted = os.fsencode(mark)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)
        except OSError:
            continue  # it has ended meanwhile, or belongs to somebody else


def end_marked(mark: str, patience: float = 5.0) -> int:
    """End every process that carries `mark`, first politely, after `patience` seconds by force; return how many."""
    found = list(marked_processes(mark))
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    give_up = time.monotonic() + patience
    while time.monotonic() < give_up and any(True for _ in marked_processes(mark)):
        time.sleep(0.05)
    for pid in marked_processes(mark):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(found)


def begin_long_log_anew(log: Path, limit: int = LOG_LIMIT) -> None:
    """Keep a log grown past `limit` bytes as `.1` and empty it; its writers append, so none loses its place."""
    if log.exists() and log.stat().st_size > limit:
        shutil.copyfile(log, log.with_name(log.name + ".1"))
        os.truncate(log, 0)


@dataclass
class Child:
    """One program that should always run, in a session of its own so that all it starts can be ended with it."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    log: Path
    cwd: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    pause: float = FIRST_PAUSE
    deaths: int = 0

    def start(self) -> None:
        """Start the program; its output goes to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        begin_long_log_anew(self.log)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                env=dict(self.environ),
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self.started_at = time.monotonic()

    def running(self) -> bool:
        """Tell whether the program runs, without collecting it: its id stays taken until its group has been ended."""
        if self.process is None or self.process.returncode is not None:
            return False
        state = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return state is None

    def collect(self) -> int:
        """Kill what is left of the dead program's group, then collect the program; return its exit code."""
        assert self.process is not None  # noqa: S101 - only called for a child that was started
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the program itself; it ends its own children in good order."""
        if self.process is not None and self.running():
            self.process.terminate()

    def stop(self, patience: float = GRACE) -> None:
        """Stop the program and its group, by force after `patience` seconds."""
        if self.process is None:
            return
        self.ask_to_stop()
        give_up = time.monotonic() + patience
        while self.running() and time.monotonic() < give_up:
            time.sleep(0.02)
        self.collect()
        self.process = None

    def last_lines(self, count: int = 15) -> str:
        """Return the end of the log, for a person who has to find out why it does not start."""
        if not self.log.exists():
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-count:])


def _ended(process: subprocess.Popen[bytes]) -> int:
    """End a process, by force when it does not go; return its exit code."""
    process.terminate()
    try:
        return process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


@dataclass
class Supervisor:
    """Keeps children running until it is asked to stop."""

    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    _stop_asked: bool = False

    def listen(self) -> None:
        """Stop in good order on SIGTERM, SIGINT (Ctrl-C) and SIGHUP."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._stop_asked = True

    def stopping(self) -> bool:
        """Tell whether a stop was asked for."""
        return self._stop_asked

    def add(self, child: Child) -> Child:
        """Start a child and keep it running."""
        child.start()
        self.children.append(child)
        return child

    def tend(self) -> None:
        """Look once at every child: collect the dead, and start again those whose pause is over."""
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and not child.running():
                self._died(child, now)
            if child.process is None and now >= child.start_again_at and not self.stopping():
                child.start()
            elif child.process is not None and now - child.started_at > STEADY_AFTER:
                child.pause = FIRST_PAUSE

    def _died(self, child: Child, now: float) -> None:
        code = child.collect()
        child.process = None
        child.deaths += 1
        child.start_again_at = now + child.pause
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        self.say(f"{child.name} ended ({how}); starting it again in {child.pause:.1f} s. Log: {child.log}")
        child.pause = min(child.pause * 2, LONGEST_PAUSE)

    def wait_until(self, reached: Callable[[], bool], patience: float, every: float = 0.1) -> bool:
        """Tend the children until `reached` is true; False when `patience` seconds passed or a stop was asked for."""
        give_up = time.monotonic() + patience
        while not self.stopping():
            if reached():
                return True
            if time.monotonic() > give_up:
                return False
            self.tend()
            time.sleep(every)
        return False

    def run(self) -> None:
        """Tend the children until a stop is asked for; keep their logs within bounds."""
        next_look = time.monotonic() + 60
        while not self.stopping():
            self.tend()
            if time.monotonic() > next_look:
                next_look = time.monotonic() + 60
                for child in self.children:
                    begin_long_log_anew(child.log)
            time.sleep(0.1)

    def run_once(self, command: Sequence[str], environ: Mapping[str, str], cwd: Path | None = None) -> int:
        """Run a command to its end while the children are tended; a stop ends it. Its output goes to the terminal."""
        process = subprocess.Popen(
            command,
            env=dict(environ),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        while process.poll() is None:
            if self.stopping():
                return _ended(process)
            self.tend()
            time.sleep(0.05)
        return process.returncode

    def stop(self) -> None:
        """Stop all children, the first started last, because it serves the others."""
        self._stop_asked = True
        for child in self.children[1:]:
            child.ask_to_stop()
        for child in reversed(self.children):
            child.stop()
        self.children.clear()
