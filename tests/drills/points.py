"""Death at every point: REL-01 on the way of a filing and of an act, REL-10 in the work of workers and sweep.

A counting run names the points. Then a process dies at each of them, and another comes after it. What citizens and
staff were told is compared with the records (`checks`); what workers and sweep left is compared, row by row, with what
they leave undisturbed (`rows`), and with what arrived at the gateway.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import flask_migrate
from flask import Flask
from sqlalchemy import create_engine, delete, func, select, text, update

from app import create_app
from casework import tasks
from config import Settings
from models import Case, Deadline, Task, clock, db
from models.base import writing
from script.support import fonts
from script.support.processes import die_with_parent
from tests.drills import checks, cluster, gateway, rows
from tests.drills.gateway import Delivered
from tests.drills.mortal import PASSED
from tests.drills.nursery import hurry
from tests.drills.people import WAY, Citizens, Clerk, Diary, entered_for
from tests.drills.portal import ROOT, DrillFailed
from tests.drills.town import Town
from tests.drills.visitor import Unanswered
from tests.support import cast, databases, desk
from tests.support.browser import free_port
from tests.support.cast import Cast

SENDING, ACCEPTING = "/send$", "/accept$"
NOWHERE = "$^"
TOWN = {"days": 3, "every": 1, "hours": 2, "acts": 8}
OF_EACH_KIND = 2
"""Tasks of each kind that the workers are given."""
LAPSING = 2
"""Cases that the sweep is given."""
LATER = timedelta(days=40)


@dataclass(frozen=True)
class Plan:
    """How many of the points of each way are met (None: all of them), and how often each."""

    seed: int
    points: int | None
    times: int


SHORT = Plan(seed=1, points=6, times=1)
FULL = Plan(seed=1, points=None, times=5)


@dataclass
class Outcome:
    """What was found, which points there are by way, and how often somebody died at one."""

    findings: list[str] = field(default_factory=list)
    points: dict[str, list[str]] = field(default_factory=dict)
    deaths: Counter[str] = field(default_factory=Counter)


def hold(plan: Plan, place: Path, say: Callable[[str], None], *, postgres: bool = False) -> Outcome:
    """Hold the drill under `place`; everything that it starts has ended when this returns."""
    served: AbstractContextManager[cluster.Cluster | None] = (
        cluster.running(durable=False) if postgres else nullcontext()
    )
    with gateway.listening() as (url, delivered), served as server, House(place, url, delivered, server) as house:
        drill = Drill(plan, house, say)
        drill.filings()
        drill.acts()
        drill.look()
        drill.work()
        drill.sweeps()
    return drill.outcome


class House:
    """The records, what begins mortal processes, and how to put the records back to where they were."""

    def __init__(self, place: Path, url: str, delivered: Delivered, server: cluster.Cluster | None) -> None:
        self.place, self.delivered, self.server = place, delivered, server
        self.port = free_port()
        self.settings = Settings(
            data_dir=place / "data", port=self.port, sms_url=url, webhook_url=url, rate_limits=False,
            database_url=server.named("points") if server else "", redis_url=f"unix://{place}/nobody.sock",
        )  # fmt: skip
        self.app: Flask
        self.people: Cast

    def __enter__(self) -> House:
        """Found the city and get ready to begin processes."""
        self._administer('CREATE DATABASE "points"')
        self.settings.fonts_dir.mkdir(parents=True)
        for name in fonts.FONTS:  # the drill is no test of fonts: papers are set in those of the system
            (self.settings.fonts_dir / name).touch()
        self.app = create_app(self.settings)
        hurry(self.app)
        with self.app.app_context():
            flask_migrate.upgrade()
            self.people = cast.build(clock.now(), desk.password_hash())
        databases.release(self.app)
        environ = {
            **os.environ, "DATA_DIR": str(self.settings.data_dir), "DATABASE_URL": self.settings.database_url,
            "REDIS_URL": self.settings.redis_url, "SMS_URL": self.settings.sms_url, "PORT": str(self.port),
            "WEBHOOK_URL": self.settings.webhook_url, "RATE_LIMITS": "off", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        self._log = (self.place / "house.log").open("ab")
        self._mortal = subprocess.Popen(
            [sys.executable, "-m", "tests.drills.mortal", str(self.port), str(self.place)], cwd=ROOT, env=environ,
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, preexec_fn=die_with_parent,
        )  # fmt: skip
        if self._answer() != "ready":
            raise DrillFailed(f"Nothing starts.\n{(self.place / 'house.log').read_text()[-3000:]}")
        return self

    def __exit__(self, *_: object) -> None:
        """End everything."""
        assert self._mortal.stdin is not None
        assert self._mortal.stdout is not None
        self._mortal.stdin.close()
        self._mortal.wait(20)
        self._mortal.stdout.close()
        self._log.close()
        databases.release(self.app)

    def _answer(self) -> Any:
        assert self._mortal.stdout is not None
        line = self._mortal.stdout.readline()
        if not line:
            raise DrillFailed((self.place / "house.log").read_text()[-3000:])
        return json.loads(line)

    def order(self, do: str, **more: Any) -> Any:
        """Give an order and return the answer."""
        assert self._mortal.stdin is not None
        self._mortal.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self._mortal.stdin.flush()
        return self._answer()

    def passed(self) -> list[str]:
        """Return the points that the last counting process passed."""
        found: list[str] = json.loads((self.place / PASSED).read_text())
        return found

    def _administer(self, *statements: str) -> None:
        if self.server is None:
            return
        engine = create_engine(self.server.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def keep(self) -> None:
        """Keep the records as they are, to come back to them."""
        databases.release(self.app)
        shutil.copytree(self.settings.data_dir, self.place / "kept", dirs_exist_ok=True)
        self._administer('DROP DATABASE IF EXISTS "kept"', 'CREATE DATABASE "kept" TEMPLATE "points"')

    def restore(self) -> None:
        """Put the records back to where they were kept."""
        databases.release(self.app)
        shutil.rmtree(self.settings.data_dir)
        shutil.copytree(self.place / "kept", self.settings.data_dir)
        self._administer('DROP DATABASE "points" WITH (FORCE)', 'CREATE DATABASE "points" TEMPLATE "kept"')
        self.delivered.by_key = {}

    def rows(self) -> rows.Rows:
        """Return every row of the records as it can be compared."""
        with self.app.app_context():
            found = rows.taken(db.session())
            db.session.rollback()
        return found


class Drill:
    """One drill in a house."""

    def __init__(self, plan: Plan, house: House, say: Callable[[str], None]) -> None:
        self.plan, self.house, self.say = plan, house, say
        self.rng = Random(f"{plan.seed}/points")
        self.outcome = Outcome()
        self.diary = Diary(house.place / "diary.jsonl")
        self.citizens = Citizens(house, self.diary, plan.seed)

    def chosen(self, way: str, names: list[str]) -> Iterator[int]:
        """Name the points of a way, and yield those that are met."""
        self.outcome.points[way] = names
        self.say(f"{way}: {len(names)} points")
        every = range(1, len(names) + 1)
        met = every if self.plan.points is None else sorted(self.rng.sample(every, min(self.plan.points, len(names))))
        for _ in range(self.plan.times):
            yield from met

    def filings(self) -> None:
        """REL-01: somebody sends a form, and the server dies; who was not answered presses again, or gives up."""
        self.house.order("web", at=None, counts=SENDING)
        self.citizens.press(self.citizens.filled(self.rng, "complaint", file=True))
        self.house.order("stop")
        for n, point in enumerate(self.chosen("filing", self.house.passed())):
            attempt = self._dies_while_sending(point)
            if n % 2 == 0 and not attempt.slips:
                self._expect(self.citizens.press_until_answered(attempt), f"{attempt.mark} could not be sent again")
            self.house.order("stop")

    def _dies_while_sending(self, point: int) -> Any:
        self.house.order("web", at=point, counts=SENDING)
        attempt = self.citizens.filled(self.rng, "complaint", file=True)
        try:
            self.citizens.press(attempt)
        except Unanswered:
            self.outcome.deaths["filing"] += 1
        return attempt

    def acts(self) -> None:
        """REL-01: somebody accepts a complaint, and the server dies; the button is pressed until there is an answer."""
        clerks = {part: Clerk(self.house, self.diary, part) for part, _ in WAY}
        waiting = [one.slips[0][0] for one in self.diary.acknowledged()]
        self.house.order("web", at=None, counts=ACCEPTING)
        self._accept(waiting.pop(), clerks)
        self.house.order("stop")
        for point in self.chosen("act", self.house.passed()):
            if not waiting:
                self.house.order("web", at=None, counts=NOWHERE)
                attempt = self.citizens.filled(self.rng, "complaint")
                self.citizens.press(attempt)
                waiting.append(attempt.slips[0][0])
                self.house.order("stop")
            before = self.diary.unanswered
            self.house.order("web", at=point, counts=ACCEPTING)
            self._accept(waiting.pop(), clerks)
            self.house.order("stop")
            self.outcome.deaths["act"] += self.diary.unanswered > before

    def _accept(self, number: str, clerks: dict[str, Clerk]) -> None:
        for seen, (part, action) in enumerate(WAY, start=1):
            done = clerks[part].act(number, action, seen, **entered_for(action, self.house.people))
            self._expect(done, f"{action} of {number} was not done")

    def look(self) -> None:
        """Compare what people were told with what is on record, when all work is done."""
        self.house.order("web", at=None, counts=NOWHERE)
        self.house.order("drain", at=None, moment=(clock.now() + timedelta(minutes=1)).isoformat())
        self.outcome.findings += checks.findings(self.house, checks.Outside(self.diary, self.house.delivered))
        self.house.order("stop")
        self.diary.close()

    def work(self) -> None:
        """REL-10: a worker dies in the midst of its tasks; another does what is left, and the outcome is the same."""
        moment = self._settle_a_town()
        self._meet("work", lambda at: self.house.order("drain", at=at, moment=moment.isoformat()), moment)

    def _settle_a_town(self) -> datetime:
        """Let a town live for three days without workers, then leave a few tasks of each kind."""
        town = Town(self.house.people, self.plan.seed, **TOWN)
        with self.house.app.app_context():
            town.settle_in()
            moment = clock.now()
            for moment in town.moments():
                for _ in town.live(moment):
                    pass
            with writing() as session:
                kept: list[int] = []
                for kind in tasks.KINDS:
                    mine = select(Task.id).where(Task.kind == kind, Task.done_at.is_(None)).order_by(Task.id.desc())
                    kept += session.scalars(mine.limit(OF_EACH_KIND))
                session.execute(delete(Task).where(Task.id.not_in(kept)))
        self.house.keep()
        return moment + timedelta(minutes=1)

    def sweeps(self) -> None:
        """REL-10: the sweep dies in the midst of terms that have run out; the next one says what was not yet said."""
        moment = clock.now() + LATER
        with self.house.app.app_context():
            lapsed = select(Deadline.case_id).join(Case, Case.id == Deadline.case_id)
            due = lapsed.where(Deadline.next_step_at <= moment).group_by(Deadline.case_id)
            cases = list(db.session.scalars(due.order_by(func.count().desc(), Deadline.case_id).limit(LAPSING)))
            db.session.rollback()
        order = {"moment": moment.isoformat(), "cases": cases}
        self._meet("sweep", lambda at: self.house.order("sweep", at=at, **order), moment)

    def _meet(self, way: str, begin: Callable[[int | None], int], moment: datetime) -> None:
        self.house.restore()
        if begin(None) != 0:
            raise DrillFailed((self.house.place / "house.log").read_text()[-3000:])
        names, calm, said = self.house.passed(), self.house.rows(), self._said()
        for point in self.chosen(way, names):
            self.house.restore()
            died = begin(point) < 0
            self.outcome.deaths[way] += died
            self._expect(died, f"{way}: nobody died at point {point}")
            self._let_leases_end(moment)
            self._expect(begin(None) == 0, f"{way}: nobody could go on after point {point}")
            where = f"{way}, death at {names[point - 1]} ({point})"
            self.outcome.findings += [f"{where}: {one}" for one in rows.differences(calm, self.house.rows())]
            self.outcome.findings += [f"{where}: two texts under {key}" for key in self.house.delivered.changed()]
            self._expect(self._said() == said, f"{where}: other messages arrived")

    def _said(self) -> Counter[str]:
        return Counter(said[0] for said in self.house.delivered.by_key.values())

    def _let_leases_end(self, moment: datetime) -> None:
        """Let the claims of the dead run out."""
        with self.house.app.app_context(), writing() as session:
            claimed = (Task.done_at.is_(None), Task.dead_at.is_(None), Task.attempts > 0)
            session.execute(update(Task).where(*claimed).values(not_before=moment - timedelta(seconds=1)))

    def _expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.outcome.findings.append(otherwise)
