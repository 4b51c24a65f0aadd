"""An issued briefing stands on the board with its public parts, and leads to its public edition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask

from casework import tasks
from casework.board import keeping
from jobs import run
from models import Notice, clock, db
from tests.support import desk
from tests.support.desk import Desk

DECEMBER = datetime(2026, 12, 2, 1, tzinfo=UTC)
HERE = "/briefings/2026-11"
# WeasyPrint leaves the file of its colour profile to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    """A city whose briefing of November is submitted."""
    found = desk.founded(app)
    for n in range(3):
        found.file(filer_phone=f"1380000{n:04d}")
    with clock.frozen(DECEMBER):
        supervisor = found.person("city_supervisor")
        supervisor.post("/briefings/", {"month": "2026-11"})
        with found.records():
            run.drain(DECEMBER, tasks.QUEUES)
        texts = {"warnings": "办卡*前*先看<b>资质</b>。", "businesses": "内部：某店要盯紧。"}
        for part, text in texts.items():
            supervisor.post(f"{HERE}/parts/{part}", {"text": text, "version": "0"})
        supervisor.post(f"{HERE}/submit", {})
        yield found


def test_the_public_parts_stand_on_the_board_and_the_others_do_not(office: Desk) -> None:
    assert office.person("city_leader").post(f"{HERE}/issue", {}).status_code == 303
    visitor = office.app.test_client()
    assert "2026年11月12315简报（2026年第1期）" in visitor.get("/board").text
    with office.records():
        row = db.session.query(Notice).one()
        steps = [one.step for one in keeping.steps(row)]
    shown = visitor.get(f"/board/{row.id}").text
    assert "办卡*前*先看&lt;b&gt;资质&lt;/b&gt;。" in shown
    assert "某店要盯紧" not in shown
    assert "<h2>一、总体情况</h2>" in shown
    assert steps == ["created", "published"]
    assert visitor.get(f"/board/{row.id}/briefing.pdf").status_code == 404
    with office.records():
        run.drain(DECEMBER, tasks.QUEUES)
    assert "简报公开版" in visitor.get(f"/board/{row.id}").text
    assert visitor.get(f"/board/{row.id}/briefing.pdf").data.startswith(b"%PDF")


def test_a_briefing_that_is_not_signed_stands_nowhere(office: Desk) -> None:
    assert "12315简报" not in office.app.test_client().get("/board").text
