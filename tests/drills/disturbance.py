"""Sudden deaths in the drill of a month: which part dies, when, and what Redis forgets."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.drills.month import House

DEFAULT, PDF, PERIODIC, REDIS = "default", "pdf", "periodic", "redis"
VICTIMS = (PERIODIC, PERIODIC, DEFAULT, PDF)


class Disturbance:
    """Kills parts while they work, each stretch of work at seeded moments, and lets Redis forget."""

    def __init__(self, house: House, rng: Random) -> None:
        self.house, self.rng = house, rng
        self.killed: Counter[str] = Counter()
        self.flushed = 0
        self._due: list[tuple[float, str]] = []

    def plan(self, began: float) -> None:
        """Choose who dies in this stretch and when: mostly in its first tenths of a second, in which the work is."""
        deaths = self.rng.randint(0, self.house.plan.deaths)
        self._due = sorted((began + self.rng.uniform(0.0, 0.25), self.rng.choice(VICTIMS)) for _ in range(deaths))

    def strike(self, now: float) -> None:
        """Kill those whose time has come."""
        while self._due and self._due[0][0] <= now:
            self._kill(self._due.pop(0)[1])

    def between_acts(self) -> None:
        """Kill a worker while people act, now and then."""
        if self.rng.random() < 0.05 * self.house.plan.deaths:
            self._kill(self.rng.choice((DEFAULT, PDF)))

    def _kill(self, part: str) -> None:
        if self.rng.random() < self.house.plan.redis_dies:
            self.house.lose_redis()
            self.killed[REDIS] += 1
            return
        self.house.kill(part)
        self.killed[part] += 1
        if self.rng.random() < 0.2:
            self.flushed += self.house.flush_redis()
