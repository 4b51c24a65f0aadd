"""Every benchmark runs, on a small city: what cannot run cannot tell when the portal has become slow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import falling
from benchmarks.cities import City, opened
from benchmarks.client import Reply, cookies_of
from benchmarks.main import BENCHMARKS
from benchmarks.measuring import Line, Times, at_least, under, within
from benchmarks.report import ROOT, table
from casework import sweep
from config import Settings


def test_every_benchmark_measures_a_small_city(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.main", "--cases", "30", "--against", "30", "--samples", "3"]
    command += ["--due", "12", "--notices", "40"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out"), "--keep", str(tmp_path / "cities")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "out" / "sqlite-30.md").read_text(encoding="utf-8")
    measured = {row.split("|")[1].strip() for row in page.splitlines() if row.startswith("| ")}
    assert {
        "queue",
        "case",
        "search",
        "board",
        "filing",
        "sweep",
        "list",
        "filings",
        "tracking",
        "weight",
        "paper",
        "briefing",
    } <= measured
    assert "12 terms due at once, each with an order of supervision, 2 workers" in page
    assert "| sweep | steps that happened twice or are missing after that | 0 | 0 | yes |" in page
    wanted = ["wrk is not installed"] if "wrk is not installed" in page else []
    assert page.count("not measured") == len(wanted), page


def test_the_95th_percentile_is_a_duration_that_was_measured() -> None:
    found = Times.of(place / 1000 for place in range(1, 101))
    assert (found.median, found.p95) == (0.050, 0.095)
    assert Times.of([0.2]).p95 == 0.2
    with pytest.raises(ValueError, match="nothing was measured"):
        Times.of([])


def test_a_target_is_missed_by_the_median_or_by_the_95th_percentile() -> None:
    steady, jumpy = Times.of([0.010] * 100), Times.of([0.010] * 90 + [0.100] * 10)
    assert within("queue", "a page", steady, 30, 60).met
    assert within("queue", "a page", jumpy, 30).met
    assert not within("queue", "a page", jumpy, 30, 60).met
    assert not within("queue", "a page", steady, 10).met
    assert not at_least("filings", "a second", 299.9, 300, "/s").met
    assert not under("weight", "the way", 60.0, 60, "KB").met


def test_the_table_shows_what_was_missed() -> None:
    lines = [Line("queue", "a page", "9 ms", "< 5 ms", False), Line("weight", "the home page", "9 KB")]
    shown = table(lines).splitlines()
    assert shown[2:] == [
        "| queue | a page | 9 ms | < 5 ms | **no** |",
        "| weight | the home page | 9 KB |  |  |",
    ]


def test_cookies_that_are_taken_away_are_not_sent_again() -> None:
    reply = Reply(303, {"set-cookie": "visit=abc; Path=/; HttpOnly\nfollow=; Max-Age=0; Path=/"}, b"", 0, 0.0)
    assert cookies_of(reply) == {"visit": "abc"}


def test_a_step_that_happened_twice_or_is_missing_is_found(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, rate_limits=False)
    city = City(settings, 0, {**os.environ, "DATA_DIR": str(tmp_path), "FLASK_APP": "app:create_app"})
    city.flask("init")
    city.flask("demo", "--cases", "5")
    due = falling.prepare(city, 3)
    urge, lapse = due.steps[:2]
    with opened(city):
        sweep.run(urge.at)
    assert falling.faults(city, due, urge) == []
    missing = ["3 cases lack “lapse”", "3 terms stand at another level", "3 terms are still due"]
    assert falling.faults(city, due, lapse) == missing
    with opened(city):
        sweep.run(lapse.at)
    assert falling.faults(city, due, lapse) == []
    assert "3 cases have more than 0 “lapse”" in falling.faults(city, due, urge)


def test_every_benchmark_can_be_run_alone() -> None:
    assert tuple(BENCHMARKS) == (
        "queue",
        "case",
        "search",
        "board",
        "filing",
        "sweep",
        "beside",
        "load",
        "weight",
        "paper",
        "briefing",
    )
