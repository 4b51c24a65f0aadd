"""Times and lines of the result: median and 95th percentile, each against its target."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One line of the result table. `met` is None where no target was set."""

    name: str
    what: str
    measured: str
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Times:
    """Durations in seconds, sorted; `work` is the processor's median share of them, where it was measured."""

    sorted: Sequence[float]
    work: float | None = None

    @classmethod
    def of(cls, durations: Iterable[float], works: Sequence[float] = ()) -> Times:
        """Sort durations; raise ValueError when there is none."""
        found = sorted(durations)
        if not found:
            raise ValueError("nothing was measured")
        return cls(found, statistics.median(works) if works else None)

    def at(self, share: float) -> float:
        """Return the duration that `share` (0 to 1) of all do not exceed (nearest rank)."""
        return self.sorted[max(0, math.ceil(share * len(self.sorted)) - 1)]

    @property
    def median(self) -> float:
        """The duration in the middle."""
        return self.at(0.5)

    @property
    def p95(self) -> float:
        """The duration that 95 of 100 do not exceed."""
        return self.at(0.95)

    def words(self) -> str:
        """Return median and 95th percentile in milliseconds, with the number of samples."""
        work = f", work {self.work * 1e3:.1f} ms" if self.work is not None else ""
        return f"{self.median * 1e3:.1f} / {self.p95 * 1e3:.1f} ms ({len(self.sorted)}){work}"


def repeat(act: Callable[[], object], times: int, warm: int = 3) -> Times:
    """Do `act` a few times unmeasured, then `times` times measured."""
    for _ in range(warm):
        act()
    durations = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        durations.append(time.perf_counter() - begun)
    return Times.of(durations)


def within(name: str, what: str, found: Times, median: float, p95: float | None = None) -> Line:
    """Return the line of a duration that has to stay under `median` and `p95` (milliseconds)."""
    met = found.median * 1e3 < median and (p95 is None or found.p95 * 1e3 < p95)
    target = f"< {median:g}" + (f" / {p95:g}" if p95 is not None else "") + " ms"
    return Line(name, what, found.words(), target, met)


def longest(name: str, what: str, found: Times, most: float) -> Line:
    """Return the line of waits of which none may be longer than `most` (seconds)."""
    last = found.sorted[-1]
    return Line(name, what, f"{found.words()}, longest {last * 1e3:,.0f} ms", f"longest < {most:g} s", last < most)


def at_least(name: str, what: str, found: float, least: float, unit: str) -> Line:
    """Return the line of a rate that has to be reached."""
    return Line(name, what, f"{found:,.0f} {unit}", f"≥ {least:,.0f} {unit}", found >= least)


def under(name: str, what: str, found: float, most: float, unit: str, digits: int = 1) -> Line:
    """Return the line of a size or ratio that has to stay under a limit."""
    return Line(name, what, f"{found:,.{digits}f} {unit}".strip(), f"< {most:g} {unit}".strip(), found < most)
