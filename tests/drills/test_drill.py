"""The short form of the drill (`tests/drills/run --full` is the long one), and the walk of two cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from casework import channels, tasks
from models import clock
from tests.drills import drill, walk
from tests.drills.portal import PARTS
from tests.support import cast, desk


@pytest.mark.drill
def test_nothing_acknowledged_is_lost_or_doubled_when_every_part_is_killed(tmp_path: Path) -> None:
    """REL-01, 02, 03, 05, 07, 11, 12 on a portal that runs as it does in service.

    `tests/drills/run --database postgres` holds it on PostgreSQL, whose own processes die there too; that takes a
    minute and is no part of the suite.
    """
    outcome = drill.hold(drill.SHORT, tmp_path, print)
    assert outcome.findings == []
    assert {part for part, kills in outcome.killed.items() if kills} == set(PARTS)
    assert outcome.acknowledged > 5


@pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")
def test_a_complaint_and_an_anonymous_report_reach_the_archive_through_the_pages(app: Flask) -> None:
    channels.install({})
    tasks.carry_with(None)
    start = clock.now()
    office = desk.founded(app, start)
    assert walk.walk_both(office, start, "", str(cast.COMPLAINT["content"]))
