"""Begins processes that die at a known point: `python -m tests.drills.mortal PORT PLACE`.

The settings come from the environment. Each line that is read is an order in JSON; what runs is the code of service,
in a process forked from this one, which has everything loaded. `{"do": "web", "at": 7, "counts": REGEX}` begins a web
server that dies at the 7th point of a POST to such an address, and another one after it, which does not; `stop` ends
it. `drain` and `sweep` do the work that is due at a moment, and answer with the exit code of their process.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, TextIO

import waitress
from flask import Flask

from app import create_app
from casework import sweep
from config import Settings
from jobs import pdf, run
from models import clock
from script.support.processes import die_with_parent
from tests.drills.death import Death, watch
from tests.drills.nursery import hurry

PASSED = "passed.json"
_Answer = Iterable[bytes]


class Hearse:
    """Begins and ends the processes."""

    def __init__(self, port: int, place: Path, app: Flask) -> None:
        self.place, self.app = place, app
        self.door = socket.create_server(("127.0.0.1", port), backlog=64)
        self.keeper: int | None = None

    def obey(self, order: dict[str, Any]) -> object:
        """Carry out one order and return what is answered."""
        if order["do"] == "stop":
            self.stop()
            return None
        if order["do"] == "web":
            self.keeper = _forked(lambda: self.keep_open(order))
            return self.keeper
        _, status = os.waitpid(_forked(lambda: self.work(order)), 0)
        return os.waitstatus_to_exitcode(status)

    def stop(self) -> None:
        """End the web server."""
        if self.keeper is not None:
            os.kill(self.keeper, signal.SIGTERM)  # its server hears of that from the kernel
            os.waitpid(self.keeper, 0)
            self.keeper = None

    def keep_open(self, order: dict[str, Any]) -> None:
        """Begin the server anew whenever it has died, as the supervisor of service does; it dies of `at` but once."""
        os.waitpid(_forked(lambda: self.serve(order["at"], order["counts"])), 0)
        while True:
            os.waitpid(_forked(lambda: self.serve(None, order["counts"])), 0)

    def serve(self, at: int | None, counts: str) -> None:
        """Be the web server."""
        death = Death(at)
        watch(death)
        watched = _Watched(self.app.wsgi_app, death, re.compile(counts), self.note)
        waitress.serve(watched, sockets=[self.door], threads=1, ident=None)

    def work(self, order: dict[str, Any]) -> None:
        """Do what is due at a moment."""
        death = Death(order["at"])
        watch(death)
        now = datetime.fromisoformat(order["moment"])
        with clock.told_by(lambda: now), self.app.app_context():
            death.counting = True
            if order["do"] == "sweep":
                sweep.run(now, cases=order["cases"])
            else:
                while run.drain(now):
                    pass
            death.counting = False
        self.note(death)

    def note(self, death: Death) -> None:
        """Write down which points were passed."""
        (self.place / PASSED).write_text(json.dumps(death.passed))


class _Watched:
    """The portal, with points around its answer."""

    def __init__(
        self, app: Callable[..., _Answer], death: Death, counts: re.Pattern[str], note: Callable[[Death], None]
    ) -> None:
        self.app, self.death, self.counts, self.note = app, death, counts, note

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> _Answer:
        self.death.counting = environ["REQUEST_METHOD"] == "POST" and bool(self.counts.search(environ["PATH_INFO"]))
        if not self.death.counting:
            return self.app(environ, start)
        self.death.passes("the request has come")
        return _Closing(self.app(environ, start), self)

    def answered(self) -> None:
        """Note that the answer has gone out."""
        self.death.passes("after the answer")
        self.death.counting = False
        self.note(self.death)


class _Closing:
    def __init__(self, parts: _Answer, watched: _Watched) -> None:
        self.parts, self.watched = parts, watched
        watched.death.passes("before the answer")

    def __iter__(self) -> Any:
        return iter(self.parts)

    def close(self) -> None:
        close = getattr(self.parts, "close", None)
        if close is not None:
            close()
        self.watched.answered()


def _forked(live: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        _be(live)
    return pid


def _be(live: Callable[[], None]) -> NoReturn:
    code = 1
    try:
        die_with_parent()
        live()
        code = 0
    except BaseException:
        with suppress(BaseException):
            sys.excepthook(*sys.exc_info())
    os._exit(code)


def main(asked: TextIO, answer: TextIO) -> int:
    """Obey until nobody orders any more."""
    settings = Settings.from_env()
    app = create_app(settings)
    hurry(app)
    pdf.configure(settings.fonts_dir, settings.data_dir / "seals")
    pdf.warm_up()
    hearse = Hearse(int(sys.argv[1]), Path(sys.argv[2]), app)
    print('"ready"', file=answer, flush=True)
    for line in asked:
        print(json.dumps(hearse.obey(json.loads(line))), file=answer, flush=True)
    hearse.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin, sys.stdout))
