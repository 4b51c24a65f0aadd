"""The start of the whole: the real supervisor and Redis round a stand-in for the portal's pages."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from script.support.fonts import FONTS
from script.support.processes import Supervisor, end_marked, marked_processes
from tests.support.browser import free_port

ROOT = Path(__file__).resolve().parents[2]
APP = """
import sqlite3
import click
from flask import Flask
def create_app(settings=None):
    from config import Settings
    settings = settings or Settings.from_env()
    app = Flask(__name__)
    app.add_url_rule("/", "home", lambda: "page")
    app.add_url_rule("/<path:page>", "page", lambda page: page)
    @app.cli.command()
    def init():
        sqlite3.connect(settings.data_dir / "portal.sqlite3").execute("CREATE TABLE IF NOT EXISTS cases (id integer)")
    @app.cli.command()
    @click.option("--cases")
    def demo(cases):
        settings.demo_accounts_file.write_text(f"username,role\\nli,handler-{cases}\\n")
    return app
"""
WORKER = """
import os, subprocess, time
import redis
redis.from_url(os.environ["REDIS_URL"]).ping()
subprocess.Popen(["sleep", "600"], start_new_session=True)
time.sleep(600)
"""


class Start:
    """One run of the supervisor; its output goes to a file."""

    def __init__(self, house: Path, data: Path, port: int, *arguments: str) -> None:
        self.data, self.port = data, port
        self.log = data.with_name(f"{data.name}-{port}.out")
        environ = {**os.environ, "DATA_DIR": str(data), "PORT": str(port), "PYTHONPATH": str(house)}
        for name in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "PROFILE"):
            environ.pop(name, None)
        with self.log.open("wb") as out:
            command = [sys.executable, "-m", "script.support.serve", *arguments]
            self.process = subprocess.Popen(command, cwd=house, env=environ, stdout=out, stderr=out)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_ready(self) -> "Start":
        reached = patient(lambda: "\nready " in self.said() or self.process.poll() is not None)
        assert reached, self.said()
        assert self.process.poll() is None, self.said()
        return self

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/board", timeout=5) as answer:
                return bool(answer.read() == b"board")
        except OSError:
            return False

    def running(self) -> list[int]:
        return list(marked_processes(f"PORTAL_SERVE={self.data}"))


Begin = Callable[..., Start]


def patient(reached: Callable[[], bool], seconds: float = 40) -> bool:
    """Wait until `reached`; False when that takes too long."""
    return Supervisor(print).wait_until(reached, seconds, every=0.02)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A checkout whose pages are a stand-in and whose start is the real one."""
    place = tmp_path / "house"
    shutil.copytree(ROOT / "script", place / "script", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "config.py", place)
    (place / "app.py").write_text(APP, encoding="utf-8")
    (place / "worker.py").write_text(WORKER, encoding="utf-8")
    return place


@pytest.fixture
def begin(house: Path) -> Iterator[Begin]:
    """Begin a start of the house; what a failing test leaves running is ended."""
    begun: list[Start] = []

    def begin_one(data: Path, port: int, *arguments: str) -> Start:
        begun.append(Start(house, data, port, *arguments))
        return begun[-1]

    yield begin_one
    for start in begun:
        start.process.terminate()
        start.process.wait(60)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory that already has its fonts; nothing that was started on it is left."""
    place = tmp_path / "data"
    (place / "fonts").mkdir(parents=True)
    for name in FONTS:
        (place / "fonts" / name).touch()
    yield place
    end_marked(f"PORTAL_SERVE={place}")


def test_the_first_start_makes_a_city_and_the_next_finds_it(begin: Begin, data: Path) -> None:
    first = begin(data, free_port(), "--cases", "7").wait_ready()
    assert first.said().splitlines()[-1] == f"ready http://127.0.0.1:{first.port}"
    assert "li        handler-7" in first.said()
    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(30) == 0
    assert first.running() == []
    second = begin(data, free_port(), "--cases", "9").wait_ready()
    assert "as it was left" in second.said()
    assert "handler-7" in second.said()
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(30) == 0


def test_every_child_that_is_killed_comes_back(begin: Begin, data: Path) -> None:
    start = begin(data, free_port(), "--empty").wait_ready()
    # Web, worker, and what the worker started; Redis writes over its environment, so it is not among these.
    assert patient(lambda: len(start.running()) == 3)
    before = set(start.running())
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert patient(lambda: len(set(start.running()) - before) == 3 and start.answers()), start.said()
    start.process.terminate()
    assert start.process.wait(30) == 0
    assert start.running() == []


def test_a_second_start_on_the_same_data_is_refused_and_leaves_the_first_alone(begin: Begin, data: Path) -> None:
    first = begin(data, free_port(), "--empty").wait_ready()
    running = set(first.running())
    second = begin(data, free_port())
    assert second.process.wait(30) == 1
    assert "already runs" in second.said()
    assert running <= set(first.running())
    assert first.answers()
    first.process.terminate()
    assert first.process.wait(30) == 0


def test_a_taken_port_is_said_and_nothing_is_left_running(begin: Begin, data: Path, tmp_path: Path) -> None:
    first = begin(data, free_port(), "--empty").wait_ready()
    beside = begin(tmp_path / "beside", first.port, "--empty")
    assert beside.process.wait(30) == 1
    assert f"Port {first.port} cannot be used" in beside.said()
    assert beside.running() == []
    first.process.terminate()
    assert first.process.wait(30) == 0


def test_what_a_killed_supervisor_left_is_ended_by_the_next_start(begin: Begin, data: Path) -> None:
    first = begin(data, free_port(), "--empty").wait_ready()
    first.process.kill()
    first.process.wait(30)
    second = begin(data, first.port, "--empty").wait_ready()
    assert "that an earlier start left behind" in second.said()
    assert second.answers()
    second.process.terminate()
    assert second.process.wait(30) == 0
    assert second.running() == []
