"""The short form of the month (`tests/drills/run --full --only month` lives every day of it)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drills import month


@pytest.mark.drill
def test_a_month_with_sudden_deaths_leaves_the_same_rows_as_an_undisturbed_one(tmp_path: Path) -> None:
    """REL-10, 11, 12, 14: real workers and periodic process on a real Redis that forgets; only the moment is told.

    `tests/drills/run --only month --database postgres` lives it on PostgreSQL.
    """
    outcome = month.hold(month.SHORT, tmp_path, print)
    assert outcome.findings == []
    assert {part for part, kills in outcome.killed.items() if kills} == set(month.PARTS)
    assert outcome.compared["supervision_order"]
    assert outcome.compared["staff_notice"]
    assert outcome.compared["directive_clock"]
