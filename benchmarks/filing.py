"""Taking in: a filing without files, from the typed values to the durable commit, in one process."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from random import Random

from werkzeug.datastructures import MultiDict

from benchmarks import way
from benchmarks.cities import City, opened
from benchmarks.measuring import Line, Times, within
from blueprints.public import entry
from casework import intake
from models import clock, db

MEDIAN = 20.0


def commits(city: City, samples: int) -> Iterator[Line]:
    """Measure `intake.register`."""
    rng, durations = Random(1), []
    with opened(city):
        for number in range(samples + 3):
            typed = entry.collect(way.KIND, MultiDict([*way.filled(number, rng), ("consent_truth", "yes")]))
            filing = intake.NewFiling(way.KIND, entry.entered(typed), form_key=secrets.token_urlsafe(24))
            begun = time.perf_counter()
            intake.register(filing, clock.now())
            durations.append(time.perf_counter() - begun)
            db.session.remove()
    yield within("filing", "one filing, committed durably", Times.of(durations[3:]), MEDIAN)
