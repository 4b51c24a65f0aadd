"""What breaks the portal: sudden death of its parts at seeded moments, and a Redis that forgets."""

from __future__ import annotations

import threading
import time
from collections import Counter
from random import Random

from tests.drills.portal import DEFAULT, PARTS, PDF, PERIODIC, REDIS, WEB, WORKER, Portal

WEIGHTS = {WEB: 5, WORKER: 1, DEFAULT: 3, PDF: 3, PERIODIC: 2, REDIS: 2}
FLUSHES = 0.12
"""How many of the faults empty Redis, in addition to the deaths."""
YOUNG = 0.1
"""How many of the deaths may meet a part that has not finished starting."""


class Killer:
    """Kills parts of a portal until it has done so often enough."""

    def __init__(self, portal: Portal, rng: Random, pause: tuple[float, float]) -> None:
        self.portal, self.rng, self.pause = portal, rng, pause
        self.killed: Counter[str] = Counter()
        self.flushed = 0

    @property
    def total(self) -> int:
        """How many processes were killed."""
        return sum(self.killed.values())

    def rage(self, kills: int, longest: float) -> None:
        """Kill `kills` times, or as often as `longest` seconds allow."""
        give_up = time.monotonic() + longest
        while self.total < kills and time.monotonic() < give_up:
            time.sleep(self.rng.uniform(*self.pause))
            if self.rng.random() < FLUSHES:
                self.flushed += self.portal.flush_redis()
            self.strike()

    def strike(self) -> str | None:
        """Kill one part that is at work; return its name, None when none is."""
        alive = self.portal.parts() if self.rng.random() < YOUNG else self.portal.at_work()
        if not alive:
            return None
        # Every part has its turn before any has a second one.
        names = [part for part in PARTS if part in alive and not self.killed[part]]
        names = names or [part for part in PARTS if part in alive]
        part = self.rng.choices(names, [WEIGHTS[name] for name in names])[0]
        if not self.portal.kill(part):
            return None
        self.killed[part] += 1
        return part

    def keep_redis_down(self, stop: threading.Event) -> None:
        """Kill Redis whenever it shows itself, until stopped."""
        while not stop.is_set():
            if self.portal.kill(REDIS):
                self.killed[REDIS] += 1
            stop.wait(0.01)
