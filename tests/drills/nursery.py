"""Starts parts of the portal that live by the clock of a drill: `python -m tests.drills.nursery DATA_DIR CLOCK_FILE`.

The settings come from the environment, as everywhere. Each line that is read names a part (default, pdf, periodic);
it is begun as a process of its own, forked from this one, which has everything loaded, and its id is written. What
runs in it is the code of service; only the moment is told, and the table of the periodic process goes round without
pauses. Killed parts are begun anew within milliseconds, so that a drill can kill hundreds of them.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TextIO
from unittest import mock

from flask import Flask
from sqlalchemy import event

from app import create_app
from casework import callbacks, tasks
from config import Settings
from jobs import pdf, queues, schedule, workers
from jobs.pulse import Pulse
from models import clock, db
from script.support.processes import die_with_parent

TURN = 0.03
"""Seconds between two rounds of the periodic process."""
AGAIN = frozenset({"reconcile", "terms", "directives"})
"""What is looked at in each round; the other lines once for each moment, and then in each tenth round."""
DRAWN_WITH = "0" * 32
"""What chance says when the cases of a month are drawn: two runs must draw the same."""
WORKS, RESTS = "works", "rests"


def tidy(_house: schedule.House, now: datetime) -> bool:
    """Forget tasks done long ago. How old a half-written file is, the clock of the disk says, which is not told."""
    return tasks.forget_done(now, schedule.BATCH) >= schedule.BATCH


TABLE = tuple(replace(line, every=0.0, work=tidy if line.name == "tidy" else line.work) for line in schedule.PERIODIC)


class DrillClock:
    """The moment that a drill has written down, and whether the periodic process works or rests."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def tell(self, moment: datetime, mode: str) -> None:
        """Write moment and mode; a reader sees the old ones or the new ones."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{moment.isoformat()} {mode}")
        os.replace(new, self.file)

    def look(self) -> tuple[datetime, str]:
        """Return moment and mode."""
        moment, _, mode = self.file.read_text().partition(" ")
        return datetime.fromisoformat(moment), mode

    def now(self) -> datetime:
        """Return the moment."""
        return self.look()[0]


class Rounds(schedule.Clockwork):
    """The periodic work, round after round; each round has one moment, and none is begun while the drill rests."""

    drill: DrillClock
    at: datetime | None = None
    rounds = 0

    def turn(self, pulse: Pulse | None = None) -> list[str]:
        """Do one round."""
        moment, mode = self.drill.look()
        if mode == RESTS:
            return []
        self.rounds = self.rounds + 1 if moment == self.at else 0
        self.at = moment
        self.table = TABLE if self.rounds % 10 == 0 else tuple(line for line in TABLE if line.name in AGAIN)
        with clock.told_by(lambda: moment):
            return super().turn(pulse)


def hurry(app: Flask) -> None:
    """Let SQLite leave out its waiting for the disk: here processes die, and the machine does not."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))


def serve(part: str, app: Flask, settings: Settings, drill: DrillClock) -> None:
    """Be a part until somebody kills it, as worker.py is."""
    if part == "periodic":
        house = schedule.House(queues.connect(settings.redis_url))
        rounds = Rounds(house, app.app_context, TABLE)
        rounds.drill = drill
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        rounds.run(stop)
        return
    pulse = Pulse(f"worker.{part}", app.app_context, longest=600.0)
    pulse.start()
    workers.serve(workers.Lane(part, app.app_context, pulse), settings.redis_url)


def begin(part: str, app: Flask, settings: Settings, drill: DrillClock) -> int:
    """Begin a part in a process of its own and return its id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    with suppress(BaseException):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        die_with_parent()
        serve(part, app, settings, drill)
        code = 0
    os._exit(code)


def main(asked: TextIO, answer: TextIO) -> int:
    """Begin whatever is asked for, until nobody asks any more."""
    settings = Settings.from_env()
    drill = DrillClock(Path(sys.argv[1]))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(levelname)s %(name)s %(message)s")
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    app = create_app(settings)
    hurry(app)
    pdf.configure(settings.fonts_dir, settings.data_dir / "seals")
    pdf.warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel collects the dead
    schedule.TURN = TURN
    with (
        clock.told_by(drill.now),
        mock.patch.object(callbacks, "secrets", SimpleNamespace(token_hex=lambda _: DRAWN_WITH)),
    ):
        print("ready", file=answer, flush=True)
        for line in asked:
            print(begin(line.strip(), app, settings, drill), file=answer, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin, sys.stdout))
