"""Filing while a large sweep runs: how long citizens wait for their receipt when much is due at once."""

from __future__ import annotations

import json
import select
import subprocess
import time
from collections.abc import Iterator
from random import Random

from benchmarks import falling, load, server, sweep
from benchmarks.cities import CannotMeasure, City
from benchmarks.client import Load
from benchmarks.measuring import Line, Times, longest
from script.support.processes import Supervisor

CLIENTS = 4
PAUSE = 0.1
"""Seconds between two groups of filings: some twenty a second, more than a city ever files."""
ALONE, PREPARED = 60, 1200
LONGEST_WAIT = 1.0


def filings(city: City, terms: int, supervisor: Supervisor) -> Iterator[Line]:
    """Measure filings through the web form while one process, as in real life, sweeps `terms` terms due at once."""
    cases = falling.prepare(city, terms)
    with server.serving(city, supervisor) as running, sweep.worker(city) as worker:
        sweep.together([worker], cases.eve)  # what the city itself still had to say
        way = Load(running.port, CLIENTS)
        load.warm(way)
        alone = _groups(load.finals(way, range(ALONE), Random(11))[0])
        found = Times.of(wait for group in alone for wait in _file(way, group))
        yield longest("beside", f"filings while nothing is swept, {CLIENTS} clients", found, LONGEST_WAIT)
        for step in cases.steps:
            ready = iter(_groups(load.finals(way, range(PREPARED), Random(step.level))[0]))
            begun = time.perf_counter()
            sweep.tell(worker, step.at)
            waits: list[float] = []
            while not _answered(worker):
                group = next(ready, None)
                waits += _file(way, group) if group else []
                time.sleep(PAUSE)
            seconds = time.perf_counter() - begun
            said, wrong = json.loads(sweep.answer(worker)), falling.faults(city, cases, step)
            if wrong or said["failed"]:
                raise CannotMeasure(f"the sweep at {step.at} went wrong: {'; '.join(wrong)} ({said})")
            what = f"filings while {terms:,} terms speak ({sweep.SAID[step.act]}; {seconds:.0f} s)"
            yield longest("beside", what, Times.of(waits), LONGEST_WAIT)
    falling.quiet(city, cases)


def _groups(finals: list[bytes]) -> list[list[bytes]]:
    return [finals[at : at + CLIENTS] for at in range(0, len(finals), CLIENTS)]


def _file(way: Load, group: list[bytes]) -> list[float]:
    """Send a filing from each client; return how long each waited for the answer that it is stored."""
    return [reply.seconds for reply in load.expected(way.send(group), 303)]


def _answered(worker: subprocess.Popen[str]) -> bool:
    """Tell whether the sweep has ended."""
    return bool(select.select([worker.stdout], [], [], 0)[0])
