"""The result as a Markdown table, with what somebody must know to read it."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.measuring import Line

ROOT = Path(__file__).resolve().parents[1]
_MET = {True: "yes", False: "**no**", None: ""}


def conditions(database: str, cases: int, before: tuple[float, float, float], now: datetime) -> dict[str, str]:
    """Return what a reader must know of the machine; `before` is its load before anything was measured."""
    after = os.getloadavg()
    return {
        "Date": f"{now:%Y-%m-%d %H:%M} UTC",
        "Source": _commit(),
        "Machine": f"{_cpu()}, {os.cpu_count()} cores, {_memory()}, {platform.system()} {platform.release()}",
        "Software": f"Python {platform.python_version()}, {database}",
        "Stored": f"{cases:,} cases",
        "Load": f"{before[0]:.1f} before, {after[0]:.1f} after; the load generator runs on the same cores",
    }


def sqlite_words() -> str:
    """Return the SQLite that is measured, with what makes its commits durable."""
    return f"SQLite {sqlite3.sqlite_version} (WAL, synchronous=FULL)"


def table(lines: Sequence[Line]) -> str:
    """Return the lines as a Markdown table; times are median / 95th percentile (samples)."""
    rows = ["| Benchmark | What | Measured | Target | Met |", "|---|---|---|---|---|"]
    rows += [f"| {line.name} | {line.what} | {line.measured} | {line.target} | {_MET[line.met]} |" for line in lines]
    return "\n".join(rows)


def page(title: str, known: Mapping[str, str], lines: Sequence[Line], notes: Sequence[str] = ()) -> str:
    """Return the whole result page."""
    head = "\n".join(f"- {name}: {value}" for name, value in known.items())
    tail = "".join(f"\n{note}" for note in notes)
    legend = (
        "Times are median / 95th percentile, with the number of samples in brackets; “work” is the processor time of\n"
        "our own process in the median, which other programs on the machine change little."
    )
    return f"# {title}\n\n{head}\n\n{table(lines)}\n\n{legend}{tail}\n"


def _commit() -> str:
    try:
        words = subprocess.run(
            ["git", "log", "-1", "--format=%h"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "not from a checkout"
    return f"commit {words}"


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory() -> str:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return f"{pages * size / 2**30:.0f} GiB"
