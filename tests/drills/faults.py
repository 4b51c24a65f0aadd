"""What breaks the portal: sudden death of its parts at seeded moments, and a Redis that forgets."""

from __future__ import annotations

import threading
import time
from collections import Counter
from random import Random

from tests.drills.portal import DATABASE, REDIS, Portal, wait_until

FLUSHES = 0.12
"""How many of the deaths are followed by emptying Redis."""
EARLY = 0.03
"""The chance, by the second, that a part gets its time before it has finished starting."""
DATABASE_LIVES = 2.0
"""How many times longer the database lives: its death is the death of every other part's work."""
LOOK = 0.1
"""Seconds between two looks at the parts."""


class Killer:
    """Kills parts of a portal until it has done so often enough.

    Every process gets its time to live when it has begun to work, so that there is work for its death to meet.
    """

    def __init__(self, portal: Portal, rng: Random, lives: tuple[float, float]) -> None:
        self.portal, self.rng, self.lives = portal, rng, lives
        self.killed: Counter[str] = Counter()
        self.flushed = 0
        self._dies_at: dict[int, float] = {}

    @property
    def total(self) -> int:
        """How many processes were killed."""
        return sum(self.killed.values())

    def rage(self, kills: int, longest: float) -> None:
        """Kill at least `kills` times and every part at least once, as far as `longest` seconds allow."""
        wait_until(
            lambda: self.strike() >= kills and all(self.killed[part] for part in self.portal.kinds), longest, every=LOOK
        )

    def strike(self) -> int:
        """Give every new process its time, and kill those whose time has come; return the deaths so far."""
        now, at_work = time.monotonic(), self.portal.at_work()
        for part, pid in self.portal.parts().items():
            if pid not in self._dies_at and (part in at_work or self.rng.random() < EARLY * LOOK):
                longer = DATABASE_LIVES if part == DATABASE else 1.0
                self._dies_at[pid] = now + longer * self.rng.uniform(*self.lives)
            if now >= self._dies_at.get(pid, float("inf")) and self.portal.kill(part, pid):
                self.killed[part] += 1
                if self.rng.random() < FLUSHES:
                    self.flushed += self.portal.flush_redis()
        return self.total

    def keep_redis_down(self, stop: threading.Event) -> None:
        """Kill Redis whenever it shows itself, until stopped."""
        while not stop.is_set():
            if self.portal.kill(REDIS):
                self.killed[REDIS] += 1
            stop.wait(0.01)
