"""The short form of the drill of points (`tests/drills/run --full --only points` meets every one of them)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drills import points
from tests.drills.death import named

WAYS = {"filing", "act", "work", "sweep"}


@pytest.mark.drill
def test_who_dies_between_any_two_statements_leaves_nothing_half_done(tmp_path: Path) -> None:
    """REL-01, 10: web server, workers and sweep die at points of their work that are drawn by lot."""
    outcome = points.hold(points.SHORT, tmp_path, print)
    assert outcome.findings == []
    assert outcome.points.keys() == WAYS
    assert all(outcome.deaths[way] > 2 for way in WAYS)
    for way, names in outcome.points.items():
        assert "after COMMIT" in names, way


def test_points_are_named_after_verb_and_table() -> None:
    assert named("INSERT INTO filing (kind) VALUES (?)") == "INSERT INTO filing"
    assert named("SELECT a, b \nFROM cases WHERE id = ?") == "SELECT cases"
    assert named("BEGIN IMMEDIATE") == "BEGIN IMMEDIATE"
