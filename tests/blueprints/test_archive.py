"""The pages of the archive: what is due, the list of one person, the decision of another, the printed list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from casework.documents import Rendered
from casework.dossiers import destroying
from models import Case, Destruction, clock, db
from models.base import writing
from tests.support import cast, desk
from tests.support.desk import Desk, errors_of

PDF = b"%PDF-1.7 a list"
LATER = datetime(2037, 1, 4, 2, tzinfo=UTC)


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    with clock.frozen(cast.MORNING):
        yield desk.founded(app)


def archived(office: Desk) -> int:
    """A case of the eastern office in the archive; its id."""
    number = office.file()
    office.in_hand(number)
    with office.records(), writing() as session:
        row = session.query(Case).filter_by(number=number).one()
        row.state = row.queue = "archived"
        row.retention, row.archived_at, row.dossier_number = "10", cast.MORNING, "东档〔2026〕1号"
        destroying.begin_term(session, row, cast.MORNING)
        return row.id


def test_one_proposes_and_another_decides(office: Desk) -> None:
    case_id = str(archived(office))
    assert "没有保管期满的案卷" in office.person("archivist").get("/archive/").text
    with clock.frozen(LATER):
        office._clients.clear()  # nobody's session runs for ten years
        keeper, leader = office.person("archivist"), office.person("east_leader")
        assert "东档〔2026〕1号" in keeper.get("/archive/").text
        empty = keeper.post("/archive/", {"reason": "期满"})
        assert empty.status_code == 422
        assert errors_of(empty) == {"cases": "请选择要销毁的案卷"}
        assert keeper.post("/archive/", {"cases": case_id, "reason": "期满"}).status_code == 303
        assert "提交审批" not in keeper.get("/archive/1").text
        assert keeper.post("/archive/1", {"agrees": "yes"}).status_code == 403
        without: Any = leader.post("/archive/1", {"agrees": "no"})
        assert errors_of(without) == {"decision": "不同意的，请写明原因"}
        assert leader.post("/archive/1", {"agrees": "yes", "decision": "同意"}).status_code == 303
        with office.records():
            destroying.run(1, LATER, lambda _paper: Rendered(PDF, 1), lambda _session, _now: None)
            assert db.session.query(Destruction).one().state == "done"
        assert "已销毁" in leader.get("/archive/1").text
        assert leader.post("/archive/1/print", {}).data == PDF
