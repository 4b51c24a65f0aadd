"""The drill as a whole: load, faults, calm, and what must hold afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.drills import checks, cluster, gateway
from tests.drills.faults import Killer
from tests.drills.gateway import Delivered
from tests.drills.people import Citizens, Diary, work
from tests.drills.portal import PERIODIC, WEB, Portal, wait_until
from tests.support.browser import free_port

PRESSES = 20
PROMISE = 120.0
"""Seconds after which a piece of work whose worker was killed has been begun by another."""
EACH = 1.0
"""Seconds allowed for each piece of work that piled up while the workers died."""


@dataclass(frozen=True)
class Plan:
    """How long and how hard. `pause` lies between two filings of a citizen, `lives` is how long a part may work before
    it dies (both in seconds, from and to). `hurried` lets the clock of leases run ahead instead of waiting for them."""

    seed: int
    kills: int
    clients: int
    filings: int
    pause: tuple[float, float]
    lives: tuple[float, float]
    longest: float
    cases_worked: int
    hurried: bool


SHORT = Plan(
    seed=1, kills=10, clients=3, filings=60, pause=(0.05, 0.3), lives=(0.1, 2.0), longest=60.0,
    cases_worked=6, hurried=True,
)  # fmt: skip
FULL = Plan(
    seed=1, kills=500, clients=6, filings=3000, pause=(0.05, 0.6), lives=(0.3, 6.0), longest=1500.0,
    cases_worked=400, hurried=False,
)  # fmt: skip


@dataclass
class Outcome:
    """What a drill found, and its figures."""

    findings: list[str] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)
    killed: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0


def hold(plan: Plan, place: Path, say: Callable[[str], None], *, postgres: bool = False) -> Outcome:
    """Hold the drill under `place`, on SQLite or PostgreSQL; everything that it starts has ended when this returns."""
    with gateway.listening() as (sms_url, delivered), cluster.running() if postgres else nullcontext() as server:
        portal = Portal(place, free_port(), sms_url, server, impatient=not plan.hurried)
        portal.found()
        diary = Diary(place / "diary.jsonl")
        drill = Drill(plan, portal, diary, delivered, say)
        left = 0
        begun = time.monotonic()
        try:
            portal.start()
            drill.told(begun, "the portal is ready")
            outcome = drill.run()
        finally:
            begun = time.monotonic()
            left = portal.stop()
            drill.told(begun, "the portal has stopped")
            diary.close()
    if left:
        outcome.findings.append(f"{left} processes went on after the end")
    return outcome


class Drill:
    """One drill on a running portal."""

    def __init__(
        self, plan: Plan, portal: Portal, diary: Diary, delivered: Delivered, say: Callable[[str], None]
    ) -> None:
        self.plan, self.portal, self.diary, self.delivered, self.say = plan, portal, diary, delivered, say
        self.rng = Random(f"{plan.seed}/faults")
        self.citizens = Citizens(portal, diary, plan.seed)
        self.killer = Killer(portal, self.rng, plan.lives)
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Go through all parts of the drill in turn."""
        began = time.monotonic()
        self.press_twenty_times()
        self.file_without_redis()
        self.told(began, "twenty presses and filings without Redis")
        with self.load():
            self.send_over_a_restart()
            self.told(began, "a form sent over a restart")
            self.killer.rage(self.plan.kills, self.plan.longest)
        self.told(began, f"{self.killer.total} kills; now calm")
        self.come_back_later()
        waited = self.catch_up()
        self.told(began, "everything caught up")
        self.outcome.findings += checks.findings(self.portal, checks.Outside(self.diary, self.delivered))
        self.outcome.figures |= self.figures(time.monotonic() - began, waited)
        self.outcome.killed |= self.killer.killed
        self.outcome.acknowledged = len(self.diary.acknowledged())
        return self.outcome

    def told(self, began: float, what: str) -> None:
        """Say how far the drill has come."""
        self.say(f"{time.monotonic() - began:6.1f} s: {what}")

    def expect(self, holds: bool, otherwise: str) -> None:
        """Note a finding when something does not hold."""
        if not holds:
            self.outcome.findings.append(otherwise)

    def press_twenty_times(self) -> None:
        """REL-02: the same form sent twenty times at once makes one case and shows its number each time."""
        attempt = self.citizens.filled(Random(f"{self.plan.seed}/twenty"), "complaint", file=True)
        with ThreadPoolExecutor(PRESSES) as crowd:
            read = list(crowd.map(lambda _: self.citizens.press(attempt), range(PRESSES)))
        self.expect(all(read), f"{read.count(False)} of {PRESSES} presses did not lead to the receipt")

    def file_without_redis(self) -> None:
        """REL-07 and REL-12: without Redis a filing succeeds at once; Redis comes back empty, and nothing is missed."""
        stop, rng = threading.Event(), Random(f"{self.plan.seed}/redis")
        keeper = threading.Thread(target=self.killer.keep_redis_down, args=(stop,), daemon=True)
        keeper.start()
        slowest = 0.0
        for kind in ("complaint", "report", "consultation"):
            attempt = self.citizens.filled(rng, kind, file=kind == "complaint")
            begun = time.monotonic()
            self.expect(self.citizens.press(attempt), f"without Redis {attempt.mark} was not taken in")
            slowest = max(slowest, time.monotonic() - begun)
        stop.set()
        keeper.join()
        self.portal.lose_redis()
        self.expect(slowest < 5.0, f"without Redis a filing took {slowest:.1f} s")
        self.outcome.figures["slowest filing without Redis, seconds"] = round(slowest, 2)

    def send_over_a_restart(self) -> None:
        """REL-03: the form is open, the web server dies and comes back, the form is sent; also without its cookies."""
        rng = Random(f"{self.plan.seed}/restart")
        kept, lost = self.citizens.filled(rng, "complaint", file=True), self.citizens.filled(rng, "report", file=False)
        self.killer.killed[WEB] += self.portal.kill(WEB)
        self.expect(self.citizens.press_until_answered(kept), f"{kept.mark} could not be sent after a restart")
        lost.visitor.cookies.clear()
        answer = self.citizens.press_without_visit(lost)
        self.expect(lost.mark in answer.text, "who lost the visit does not get back what was typed")
        self.expect(self.citizens.press_until_answered(lost), f"{lost.mark} could not be sent in a new visit")

    @contextmanager
    def load(self) -> Iterator[None]:
        """Let citizens file and staff work meanwhile."""
        stop, plan = threading.Event(), self.plan
        share = plan.filings // plan.clients
        with ThreadPoolExecutor(plan.clients + 1) as crowd:
            jobs = [
                crowd.submit(self.citizens.keep_filing, stop, Random(f"{plan.seed}/{n}"), share, plan.pause)
                for n in range(plan.clients)
            ]
            jobs.append(crowd.submit(work, self.portal, self.diary, stop, plan.cases_worked, plan.pause[0]))
            try:
                yield
            finally:
                stop.set()
        for job in jobs:
            job.result()

    def come_back_later(self) -> None:
        """REL-05: half of those who gave up press once more when all is calm, and get a number."""
        given_up = [one for one in self.diary.attempts if one.fields and not one.slips]
        for one in given_up[::2]:
            self.expect(self.citizens.press_until_answered(one), f"{one.mark} could not be sent later")
        self.outcome.figures["citizens who gave up"] = len(given_up)

    def catch_up(self) -> float:
        """Wait until all work is done by itself; return how long that took, in seconds."""
        begun = time.monotonic()
        everybody = wait_until(lambda: set(self.portal.kinds) == self.portal.parts().keys(), 60.0, every=0.2)
        self.expect(everybody, f"only {sorted(self.portal.parts())} came back")
        if self.plan.hurried:
            # The next periodic process begins with a look at what waits: as if the leases had run out meanwhile.
            self.killer.killed[PERIODIC] += self.portal.kill(PERIODIC)
            self.portal.let_time_pass(PROMISE)
        piled_up = self.outcome.figures["tasks that had piled up"] = self.portal.open_tasks()
        done = wait_until(lambda: self.portal.open_tasks() == 0, PROMISE + EACH * piled_up, every=0.25)
        waited = time.monotonic() - begun
        self.expect(done, f"{self.portal.open_tasks()} tasks still wait after {waited:.0f} s")
        return waited

    def figures(self, seconds: float, waited: float) -> dict[str, object]:
        """Return what there is to tell."""
        return {
            "seconds": round(seconds),
            "kills": self.killer.total,
            "kills by part": dict(self.killer.killed),
            "times Redis was emptied": self.killer.flushed + 1,
            "filings begun": len(self.diary.attempts),
            "filings acknowledged": len(self.diary.acknowledged()),
            "requests without an answer": self.diary.unanswered,
            "acts of staff acknowledged": len(self.diary.acts),
            "messages delivered": len(self.delivered.by_key),
            "messages delivered again under their key": self.delivered.repeats(),
            "seconds until all was done": round(waited, 1),
        }
