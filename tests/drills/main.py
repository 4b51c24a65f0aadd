"""Hold a drill from the command line: `tests/drills/run [--full] [--database KIND] [--seed N] …`."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from script.support.postgres import NoServer
from tests.drills import drill
from tests.drills.portal import DrillFailed

SHOWN = 40


def say(line: str) -> None:
    """Tell the person at the terminal, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Hold the drill; exit 1 when something was not as it must be."""
    parser = argparse.ArgumentParser(prog="tests/drills/run", description="Kill parts of the portal under load.")
    parser.add_argument("--full", action="store_true", help="500 kills, and waiting instead of a clock that hurries")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite", help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same load and faults (1)")
    parser.add_argument("--kills", type=int, help="another number of kills")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="hold it in this new directory and leave it there")
    given = parser.parse_args()
    plan = replace(drill.FULL if given.full else drill.SHORT, seed=given.seed)
    if given.kills is not None:
        plan = replace(plan, kills=given.kills, longest=max(plan.longest, 3.0 * given.kills))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    begun = time.monotonic()
    with ExitStack() as stack:
        place = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-drill-")))
        place.mkdir(parents=True, exist_ok=True)
        try:
            outcome = drill.hold(plan, place.resolve(), say, postgres=given.database == "postgres")
        except (DrillFailed, NoServer) as failed:
            say(str(failed))
            return 1
    for name, value in outcome.figures.items():
        say(f"  {name}: {value}")
    for finding in outcome.findings[:SHOWN]:
        say(f"  NOT AS IT MUST BE: {finding}")
    say(f"{len(outcome.findings)} findings, seed {plan.seed}, {time.monotonic() - begun:.0f} s.")
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    sys.exit(main())
