"""Figures for everybody: they come with the signed briefing, and nobody can be singled out by them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casework import tasks
from jobs import run
from models import clock
from tests.support import desk
from tests.support.desk import Desk, soup, text_of

DECEMBER = datetime(2026, 12, 2, 1, tzinfo=UTC)
HERE = "/briefings/2026-11"

# WeasyPrint leaves the file of its colour profile to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    """A city with seven complaints and a question in November, on the second of December."""
    found = desk.founded(app)
    for n in range(7):
        found.file(filer_phone=f"1380000{n:04d}")
    found.file("consultation", filer_phone="13900001111")
    with clock.frozen(DECEMBER):
        yield found


def sign(office: Desk) -> None:
    """Compile November's briefing and sign it off."""
    editor, leader = office.person("editor"), office.person("city_leader")
    office.person("city_supervisor").post("/briefings/", {"month": "2026-11"})
    with office.records():
        run.drain(DECEMBER, tasks.QUEUES)
    editor.post(f"{HERE}/submit", {})
    leader.post(f"{HERE}/issue", {})


def rows(client: FlaskClient) -> list[dict[str, str]]:
    """The lines of the published file."""
    text = client.get("/figures.csv").get_data(as_text=True)
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"))))


def test_nothing_is_published_before_a_leader_has_signed(office: Desk, client: FlaskClient) -> None:
    assert "还没有发布过月度数据" in client.get("/figures").get_data(as_text=True)
    assert rows(client) == []
    assert client.get("/figures/2026-11").status_code == 404


def test_a_signed_month_is_on_the_page_at_once_and_on_the_home_page(office: Desk, client: FlaskClient) -> None:
    client.get("/figures")
    sign(office)
    page = soup(client.get("/figures"))
    assert text_of(page.select_one("h1")) == "2026年11月投诉举报数据"
    assert "收到8件" in text_of(page.select_one(".lead")).replace(" ", "")
    assert "2026年11月" in text_of(soup(client.get("/")).select_one("#h-sum"))
    assert client.get("/figures/2026-11").status_code == 200
    assert client.get("/figures/2026-10").status_code == 404
    assert client.get("/figures/nonsense").status_code == 404


def test_a_single_question_is_not_told_nor_can_it_be_worked_out(office: Desk, client: FlaskClient) -> None:
    sign(office)
    told = {one["分项键"]: one for one in rows(client) if one["表"] == "kinds" and one["指标键"] == "received"}
    assert told["all"]["数值"] == "8"
    assert {key: one["数值"] for key, one in told.items() if key != "all"} == dict.fromkeys(told.keys() - {"all"}, "")
    assert "不公布" in told["consultation"]["说明"]
    assert all(not 0 < int(one["数值"]) < 5 for one in rows(client) if one["单位"] == "件" and one["数值"])
    assert "不公布" in text_of(soup(client.get("/figures")).select_one(".sum"))


def test_the_dictionary_explains_every_column_table_and_figure_of_the_file(office: Desk, client: FlaskClient) -> None:
    sign(office)
    lines = rows(client)
    page = text_of(soup(client.get("/figures/dictionary")).select_one("main"))
    names = {*lines[0], *(one["表"] for one in lines), *(one["指标键"] for one in lines)}
    assert not [name for name in names if name not in page]
    assert client.get("/figures.csv").headers["Content-Type"] == "text/csv; charset=utf-8"
