"""Measure the portal: `benchmarks/run [--cases N] [--database sqlite|postgres] [--only NAME]`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import beside, board, desk, filing, load, report, sweep, weight
from benchmarks.cities import POSTGRES, ROOT, SQLITE, CannotMeasure, Cities, City
from benchmarks.client import LoadFailed
from benchmarks.measuring import Line, under
from script.support.postgres import NoServer
from script.support.processes import Supervisor

WORKER_MB = 300.0
ONE_PAGE_MS = 1000.0
BRIEFING_SECONDS = 5.0
BRIEFING_MB = 400.0


@dataclass(frozen=True)
class Run:
    """What one run measures on."""

    cities: Cities
    cases: int
    against: int
    samples: int
    terms: int
    due: int
    notices: int
    supervisor: Supervisor

    @property
    def city(self) -> City:
        """The city that is measured."""
        return self.cities.of(self.cases)


def _apart(run: Run, *words: str) -> str:
    """Run a benchmark in a process of its own; return its last line. Raise LoadFailed when it does not end well."""
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, env=run.city.environ, capture_output=True, text=True
    )
    if done.returncode:
        raise LoadFailed(done.stderr.strip()[-200:])
    return done.stdout.splitlines()[-1]


def _paper(run: Run) -> Iterator[Line]:
    megabytes, seconds, one_page = _apart(run, "benchmarks.paper", "20").split()
    yield Line("paper", "one paper, warm", f"{float(seconds) * 1e3:.0f} ms")
    yield under("paper", "the layout of a letter of one page, warm", float(one_page) * 1e3, ONE_PAGE_MS, "ms")
    yield under("memory", "the worker at its highest while it makes 20 papers", float(megabytes), WORKER_MB, "MB")


def _briefing(run: Run) -> Iterator[Line]:
    found = json.loads(_apart(run, "benchmarks.briefing"))
    cases = f"{found['cases']:,} cases in {found['month']}"
    yield under("briefing", f"the figures of the month, {cases}", found["figures"], BRIEFING_SECONDS, "s")
    yield Line(
        "briefing", "a second count gives the same bytes", "yes" if found["same"] else "no", "yes", found["same"]
    )
    yield Line("briefing", "of that, the hot spots", f"{found['hot spots']:.2f} s")
    yield Line("briefing", "the assessment of all units", f"{found['assessment']:.2f} s")
    what = f"the printing on a warm worker, {found['pages']} pages"
    yield under("briefing", what, found["printing"], BRIEFING_SECONDS, "s")
    yield under("memory", "that worker at its highest", float(found["megabytes"]), BRIEFING_MB, "MB")


def _sweep(run: Run) -> Iterator[Line]:
    yield from sweep.idle(run.city, run.terms, run.samples)
    yield from sweep.due(run.city, run.due, run.supervisor)


BENCHMARKS: Mapping[str, Callable[[Run], Iterator[Line]]] = {
    "queue": lambda run: desk.lists(run.city, run.cities.of(run.against), run.samples),
    "case": lambda run: desk.case_pages(run.city, run.samples),
    "search": lambda run: desk.words(run.city, max(3, run.samples // 4)),
    "board": lambda run: board.pages(run.city, run.notices, run.samples),
    "filing": lambda run: filing.commits(run.city, run.samples * 2),
    "sweep": _sweep,
    "beside": lambda run: beside.filings(run.city, run.due, run.supervisor),
    "load": lambda run: load.under_load(run.city, run.supervisor, run.samples * 10, min(8.0, run.samples / 20)),
    "weight": lambda run: weight.of_the_way(run.city, run.supervisor),
    "paper": _paper,
    "briefing": _briefing,
}
"""Every benchmark by the name that `--only` takes, in the order in which they run."""


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/run", description="Measure the portal on this machine.")
    parser.add_argument("--cases", type=int, default=100_000, metavar="N", help="cases stored (%(default)s)")
    parser.add_argument(
        "--against", type=int, default=10_000, metavar="N", help="cases of the small city to compare (%(default)s)"
    )
    parser.add_argument("--database", choices=(SQLITE, POSTGRES), default=SQLITE)
    parser.add_argument("--only", action="append", choices=tuple(BENCHMARKS), metavar="NAME", help="run this one alone")
    parser.add_argument("--samples", type=int, default=100, help="samples of each page (%(default)s)")
    parser.add_argument("--terms", type=int, default=None, metavar="N", help="open terms to sweep (as many as cases)")
    parser.add_argument("--due", type=int, default=10_000, metavar="N", help="terms due at once (%(default)s)")
    parser.add_argument("--notices", type=int, default=10_000, metavar="N", help="notices stored (%(default)s)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the cities in DIR for the next run")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", metavar="DIR")
    found = parser.parse_args(given)
    if found.cases < 1 or found.against < 1 or found.samples < 3:
        parser.error("--cases and --against need at least 1, --samples at least 3")
    return found


@contextmanager
def _place(keep: Path | None) -> Iterator[Path]:
    """Lend the directory of the cities; a PostgreSQL server of another user must be able to walk to it."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="portal-benchmarks-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def measure(run: Run, names: list[str]) -> list[Line]:
    """Run the benchmarks and return their lines; one that cannot run says so and leaves the others alone."""
    lines: list[Line] = []
    for name in names:
        print(f"{name} …", flush=True)
        try:
            for line in BENCHMARKS[name](run):
                lines.append(line)
                met = {True: "met", False: "NOT MET", None: ""}[line.met]
                print(f"  {line.what}: {line.measured}  {line.target} {met}", flush=True)
        except LoadFailed as failed:
            lines.append(Line(name, f"not measured: {failed}", "", "", False))
    return lines


def main(words: list[str] | None = None) -> int:
    """Measure and write the table; exit 1 when something cannot be measured, 0 whether or not targets are met."""
    given = arguments(words)
    supervisor = Supervisor(print)
    # Leaves by way of every `finally`, so that no server outlives a run that is cut off.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    before = os.getloadavg()
    names = [name for name in BENCHMARKS if not given.only or name in given.only]
    try:
        with _place(given.keep) as directory:
            cities = Cities(directory, given.database, supervisor)
            small = min(given.against, given.cases)
            terms = given.terms or given.cases
            run = Run(cities, given.cases, small, given.samples, terms, given.due, given.notices, supervisor)
            sweep.clear(run.city)
            lines = measure(run, names)
            known = report.conditions(cities.words(), given.cases, before, datetime.now(UTC))
            supervisor.stop()
    except (CannotMeasure, NoServer) as reason:
        print(reason, file=sys.stderr)
        return 1
    finally:
        supervisor.stop()
    title = f"{given.cases:,} cases on {'SQLite' if given.database == SQLITE else 'PostgreSQL'}"
    file = given.out / f"{given.database}-{given.cases}{'-' + '-'.join(given.only) if given.only else ''}.md"
    given.out.mkdir(parents=True, exist_ok=True)
    file.write_text(report.page(title, known, lines), encoding="utf-8")
    print(f"\n{report.table(lines)}\n\nWritten to {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
