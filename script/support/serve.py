"""Serve the portal from one command: `python -m script.support.serve [--cases N] [--empty]`, called by script/serve.

Starts a Redis server (unless REDIS_URL names one), brings the database up to date, makes the demo city when there is
none, starts web and worker, and prints `ready` once every page answers and the worker is alive. What dies is started
again; SIGTERM or Ctrl-C ends everything.
"""

from __future__ import annotations

import argparse
import fcntl
import http.client
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO

from config import Settings, SettingsError
from script.support import city, fonts, redis_server
from script.support.processes import Child, Supervisor, end_marked

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_CASES = 3000
# Every page that a visitor without an account can open; the start waits until each of them answers.
PAGES = (
    "/healthz",
    "/readyz",
    "/",
    "/file/complaint",
    "/file/report",
    "/file/consultation",
    "/file/suggestion",
    "/file/misconduct",
    "/track",
    "/board",
    "/board/feed.atom",
    "/publicity",
    "/guide",
    "/guide/flow",
    "/guide/materials",
    "/figures",
    "/figures.csv",
    "/stations",
    "/login",
)
REDIS_PATIENCE = 60.0  # seconds; a long append-only file takes a while to load
READY_PATIENCE = 180.0


class CannotServe(RuntimeError):
    """The portal cannot be started; the message says why and what to do."""


def say(line: str) -> None:
    """Tell the person at the terminal, at once."""
    print(line, flush=True)


class Service:
    """One start of the portal on one data directory."""

    def __init__(self, settings: Settings, cases: int) -> None:
        self.settings = settings
        self.cases = cases
        self.mark = f"PORTAL_SERVE={settings.data_dir}"
        self.environ = {
            **os.environ,
            "PORTAL_SERVE": str(settings.data_dir),
            "DATA_DIR": str(settings.data_dir),
            "PORT": str(settings.port),
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "FLASK_APP": "app:create_app",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "XDG_CACHE_HOME": str(settings.data_dir / "cache"),
        }
        self.supervisor = Supervisor(say)
        self.lock: IO[str] | None = None

    def run(self) -> None:
        """Set up, start, say `ready`, and keep everything running until asked to stop."""
        for directory in (self.settings.data_dir, self.settings.data_dir / "run", self.settings.logs_dir):
            redis_server.make_private(directory)
        self._take_lock()
        # Only from here on are the processes that carry our mark ours to end.
        self.supervisor.listen()
        try:
            self._prepare()
            if self._start():
                self._welcome()
                self.supervisor.run()
                say("Stopping.")
        finally:
            self.supervisor.stop()
            end_marked(self.mark)

    def _prepare(self) -> None:
        left = end_marked(self.mark)
        if left:
            say(f"Ended {left} processes that an earlier start left behind.")
        self._check_port()

    def _take_lock(self) -> None:
        """Refuse a second start on the same data directory; the lock goes away with this process, however it ends."""
        self.lock = (self.settings.data_dir / "run" / "serve.lock").open("a", encoding="utf-8")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotServe(f"The portal already runs on {self.settings.data_dir}.") from error

    def _check_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.settings.bind, self.settings.port))
            except OSError as error:
                raise CannotServe(f"Port {self.settings.port} cannot be used ({error.strerror}); set PORT.") from error

    def _start(self) -> bool:
        """Start everything; False when a stop was asked for meanwhile."""
        fetching = self._fetch_fonts()
        self._start_redis()
        self._bring_database_up()
        if fetching is not None:
            say("Waiting for the fonts for papers.")
            self.supervisor.wait_until(lambda: fetching.poll() is not None, fonts.PATIENCE)
            say((self.settings.logs_dir / "fonts.log").read_text(encoding="utf-8").strip().rpartition("\n")[2])
        if self.supervisor.stopping():
            return False
        say("Starting the web server and the worker.")
        web = self._child("web", sys.executable, "-m", "script.support.web")
        worker = self._child("worker", sys.executable, "worker.py")
        if self.supervisor.wait_until(self._everything_answers, READY_PATIENCE, every=0.3):
            return True
        if self.supervisor.stopping():
            return False
        silent = "\n".join(f"  {page}: {answer}" for page, answer in self._answers().items() if answer != "200")
        tails = "\n".join(f"  Last lines of {c.log}:\n{c.last_lines()}" for c in (web, worker))
        raise CannotServe(f"After {READY_PATIENCE:.0f} s these pages do not answer:\n{silent}\n{tails}")

    def _fetch_fonts(self) -> subprocess.Popen[bytes] | None:
        """Begin to fetch the fonts for papers beside the other work, unless they are here."""
        if not fonts.missing(self.settings.fonts_dir):
            return None
        say("Fetching the fonts for papers (49 MB, once).")
        command = [sys.executable, "-m", "script.support.fonts", str(self.settings.fonts_dir)]
        with (self.settings.logs_dir / "fonts.log").open("wb") as log:
            return subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=log, stderr=log, start_new_session=True)

    def _start_redis(self) -> None:
        if not self.settings.uses_private_redis:
            say("Using the Redis of REDIS_URL.")
            return
        path = self.settings.private_redis_socket
        log = self.settings.logs_dir / "redis.log"
        child, what = redis_server.child(path, self.settings.data_dir / "redis", log, self.environ)
        say(f"Starting a private Redis server: {what}.")
        self.supervisor.add(child)
        if not self.supervisor.wait_until(lambda: redis_server.answers(path), REDIS_PATIENCE, every=0.02):
            if self.supervisor.stopping():
                return
            raise CannotServe(f"The Redis server does not answer.\n{child.last_lines()}")

    def _bring_database_up(self) -> None:
        new = city.is_new(self.settings)
        if new:
            city.set_mark(self.settings, city.City(city.MAKING, self.cases))
        else:
            say("The city is here as it was left.")
        self._flask("init", "Bringing the database up to date.")
        if new and self.cases:
            self._flask("demo", f"Making a demo city with {self.cases} cases.", "--cases", str(self.cases))
        if self.supervisor.stopping():
            return
        if new:
            city.set_mark(self.settings, city.City(city.READY, self.cases))

    def _flask(self, command: str, sentence: str, *arguments: str) -> None:
        if self.supervisor.stopping():
            return
        say(sentence)
        code = self.supervisor.run_once([sys.executable, "-m", "flask", command, *arguments], self.environ, ROOT)
        if code and not self.supervisor.stopping():
            raise CannotServe(f"flask {command} failed; see the lines above.")

    def _child(self, name: str, *command: str) -> Child:
        log = self.settings.logs_dir / f"{name}.log"
        return self.supervisor.add(Child(name, command, self.environ, log, cwd=ROOT))

    def _everything_answers(self) -> bool:
        return all(self._answer(page) == "200" for page in PAGES)

    def _answers(self) -> dict[str, str]:
        return {page: self._answer(page) for page in PAGES}

    def _answer(self, page: str) -> str:
        """Return the status of a page as text, or why there is none."""
        host = "127.0.0.1" if self.settings.bind in {"0.0.0.0", "::"} else self.settings.bind  # noqa: S104 - compared only
        connection = http.client.HTTPConnection(host, self.settings.port, timeout=20)
        try:
            connection.request("GET", page, headers={"Host": f"127.0.0.1:{self.settings.port}"})
            return str(connection.getresponse().status)
        except (OSError, http.client.HTTPException) as error:
            return str(error) or type(error).__name__
        finally:
            connection.close()

    def _welcome(self) -> None:
        lines = [] if self.settings.is_production else city.accounts_table(self.settings.demo_accounts_file)
        if lines:
            say(f"\nDemo accounts ({self.settings.demo_accounts_file}):")
            for line in lines:
                say(f"  {line}")
            say("")
        say(f"ready http://127.0.0.1:{self.settings.port}")


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="script/serve", description="Start the portal and all that it needs.")
    parser.add_argument(
        "--cases", type=int, default=DEFAULT_CASES, metavar="N", help="size of the demo city (%(default)s)"
    )
    parser.add_argument("--empty", action="store_true", help="make no demo city")
    given = parser.parse_args(argv)
    if given.cases < 0:
        parser.error("--cases cannot be negative")
    return given


def main() -> int:
    """Serve until stopped; exit 1 with a sentence when that cannot be done, 2 when the settings are wrong."""
    given = arguments()
    os.umask(0o077)
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    empty = given.empty or settings.is_production
    if settings.is_production and not given.empty:
        say("PROFILE=production: no demo city is made.")
    service = Service(settings, 0 if empty else given.cases)
    try:
        service.run()
    except (CannotServe, city.HalfMade, redis_server.NoServer, PermissionError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
