"""Hold drills from the command line: `tests/drills/run [--full] [--only NAME] [--database KIND] [--seed N] …`."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from script.support.postgres import NoServer
from tests.drills import drill, month, points
from tests.drills.portal import DrillFailed

SHOWN = 40
Held = tuple[Mapping[str, object], list[str]]
"""The figures of a drill, and what was not as it must be."""
Drill = Callable[[argparse.Namespace, Path, bool], Held]


def say(line: str) -> None:
    """Tell the person at the terminal, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Hold the drills; exit 1 when something was not as it must be."""
    parser = argparse.ArgumentParser(prog="tests/drills/run", description="Kill parts of the portal on purpose.")
    parser.add_argument("--full", action="store_true", help="500 kills, every day of a month, every point five times")
    parser.add_argument("--only", choices=("kills", "month", "points"), help="hold this drill alone")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite", help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same load and faults (1)")
    parser.add_argument("--kills", type=int, help="another number of kills")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="hold them in this new directory and leave it there")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failed = False
    with tempfile.TemporaryDirectory(prefix="portal-drill-") as directory:
        for name, hold in DRILLS.items():
            if given.only in {None, name}:
                place = (given.keep or Path(directory)) / name
                place.mkdir(parents=True)
                failed |= _held(name, hold, given, place.resolve())
    return 1 if failed else 0


def _held(name: str, hold: Drill, given: argparse.Namespace, place: Path) -> bool:
    """Hold one drill, tell its figures and findings, and return whether there were any."""
    say(f"== {name}")
    begun = time.monotonic()
    try:
        figures, findings = hold(given, place, given.database == "postgres")
    except (DrillFailed, NoServer) as reason:
        say(str(reason))
        return True
    for what, value in figures.items():
        say(f"  {what}: {value}")
    for finding in findings[:SHOWN]:
        say(f"  NOT AS IT MUST BE: {finding}")
    say(f"{len(findings)} findings, seed {given.seed}, {time.monotonic() - begun:.0f} s.")
    return bool(findings)


def _kills(given: argparse.Namespace, place: Path, postgres: bool) -> Held:
    plan = replace(drill.FULL if given.full else drill.SHORT, seed=given.seed)
    if given.kills is not None:
        plan = replace(plan, kills=given.kills, longest=max(plan.longest, 3.0 * given.kills))
    outcome = drill.hold(plan, place, say, postgres=postgres)
    return outcome.figures, outcome.findings


def _month(given: argparse.Namespace, place: Path, postgres: bool) -> Held:
    plan = replace(month.FULL if given.full else month.SHORT, seed=given.seed)
    outcome = month.hold(plan, place, say, postgres=postgres)
    return outcome.figures, outcome.findings


def _points(given: argparse.Namespace, place: Path, postgres: bool) -> Held:
    plan = replace(points.FULL if given.full else points.SHORT, seed=given.seed)
    outcome = points.hold(plan, place, say, postgres=postgres)
    figures = {f"points of {way}": len(names) for way, names in outcome.points.items()}
    return {**figures, "deaths": dict(outcome.deaths)}, outcome.findings


DRILLS: dict[str, Drill] = {"kills": _kills, "month": _month, "points": _points}


if __name__ == "__main__":
    sys.exit(main())
