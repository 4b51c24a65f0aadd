"""Stations and points: the directory, the poster, the form with the place filled in, the register and the ledgers."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from casework import tasks
from casework.reference import changed
from casework.stations import posters, sheets
from jobs import run
from models import Station, Unit, clock, db
from models.base import writing
from rules.periods import Period
from tests.support import cast, desk
from tests.support.cast import MORNING
from tests.support.desk import Desk, errors_of, soup, text_of

TYPED = {
    "office": "east_office",
    "name": "望江商场",
    "place": "mall",
    "address": "东城区沿江东路188号一楼服务台",
    "fills": "东城区沿江东路188号望江商场",
    "phone": "0571-88001234",
    "hours": "每天 10:00 至 21:30",
    "host": "望江商场",
}

# WeasyPrint leaves the file of its colour profile to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    """A city on a Monday morning."""
    found = desk.founded(app)
    with clock.frozen(MORNING):
        yield found


def entered(office: Desk, **other: str) -> str:
    """A station that the lead of its office entered; return the address of its page."""
    answer = office.person("east_lead").post("/command/stations/new", {**TYPED, **other})
    assert answer.status_code == 303, errors_of(answer)
    return str(answer.headers["Location"])


def code_in(here: str) -> str:
    """The code at the end of an address."""
    return here.rsplit("/", 1)[1]


def test_a_station_is_entered_and_stands_in_the_directory_of_its_district(office: Desk, client: FlaskClient) -> None:
    assert "还没有登出" in client.get("/stations").get_data(as_text=True)
    code = code_in(entered(office))
    page = soup(client.get("/stations"))
    assert "东城区" in text_of(page.select_one("main h2"))
    assert "望江商场12315消费维权服务站" in text_of(page.select_one(".published"))
    assert "每天 10:00 至 21:30" in client.get(f"/stations/{code}").get_data(as_text=True)
    assert "望江商场" in client.get("/stations?q=沿江东路").get_data(as_text=True)
    for odd in ("西山", "'", "😀", "x" * 200):
        assert "没有找到" in client.get("/stations", query_string={"q": odd}).get_data(as_text=True)


def test_the_code_on_the_poster_opens_the_form_with_the_place_filled_in(office: Desk, client: FlaskClient) -> None:
    code = code_in(entered(office))
    page = soup(client.get(f"/stations/{code}/complaint"))
    assert page.select_one("#respondent_address")["value"] == TYPED["fills"]  # type: ignore[index]
    assert page.select_one("form#filing")["action"] == "/file/complaint"  # type: ignore[index]


def test_the_poster_is_made_by_a_worker_and_anew_after_a_change(office: Desk, client: FlaskClient) -> None:
    here = entered(office)
    code = code_in(here)
    assert client.get(f"/stations/{code}/poster.pdf").status_code == 404
    with office.records():
        run.drain(MORNING, tasks.QUEUES)
    first = client.get(f"/stations/{code}/poster.pdf").data
    read = PdfReader(BytesIO(first))
    assert len(read.pages) == 1
    text = read.pages[0].extract_text()
    assert "望江商场" in text
    assert f"/stations/{code}/complaint" in "".join(text.split())
    office.person("east_lead").post(here, {**TYPED, "hours": "每天 9:00 至 20:00"})
    assert client.get(f"/stations/{code}/poster.pdf").data == first, "the old one serves until the new one is made"
    with office.records():
        run.drain(MORNING, tasks.QUEUES)
    assert "9:00" in PdfReader(BytesIO(client.get(f"/stations/{code}/poster.pdf").data)).pages[0].extract_text()


def test_the_code_of_a_closed_station_says_so_and_leads_on(office: Desk, client: FlaskClient) -> None:
    here = entered(office)
    code, lead = code_in(here), office.person("east_lead")
    assert lead.post(f"{here}/close", {"why": ""}).status_code == 422
    assert lead.post(f"{here}/close", {"why": "商场停业"}).status_code == 303
    for address in (f"/stations/{code}", f"/stations/{code}/complaint"):
        answer = client.get(address)
        assert answer.status_code == 410
        assert "已经撤销" in answer.get_data(as_text=True)
        assert soup(answer).select_one("main a[href='/file/complaint']") is not None
    assert "望江商场" not in client.get("/stations").get_data(as_text=True)
    assert lead.post(here, TYPED).status_code == 403


@pytest.mark.parametrize("code", ["F9999", "x", "F0000'", "九"])
def test_a_code_that_is_none_is_not_found(office: Desk, client: FlaskClient, code: str) -> None:
    for address in (f"/stations/{code}", f"/stations/{code}/complaint", f"/stations/{code}/poster.pdf"):
        assert client.get(address).status_code == 404


def test_what_is_missing_is_said_at_its_field_and_what_was_typed_stays(office: Desk) -> None:
    answer = office.person("east_lead").post("/command/stations/new", {"name": "", "address": "", "hours": "每天"})
    assert answer.status_code == 422
    assert set(errors_of(answer)) == {"office", "name", "address", "place"}
    assert "每天" in answer.get_data(as_text=True)


def test_another_districts_people_neither_see_nor_change_it(office: Desk) -> None:
    here = entered(office)
    for part in ("west_lead", "west_supervisor"):
        assert office.person(part).get(here).headers["Location"] == "/command/stations"
        assert office.person(part).post(f"{here}/close", {"why": "不是我们的"}).status_code == 404
    foreign = office.person("west_lead").post("/command/stations/new", TYPED)
    assert "office" in errors_of(foreign)


def test_ledgers_hold_training_inspections_and_assessments(office: Desk) -> None:
    here = entered(office)
    lead = office.person("east_lead")
    wrong = lead.post(f"{here}/records", {"kind": "assessment", "held_on": "2027-01-01", "title": "", "mark": "101"})
    assert wrong.status_code == 422
    assert set(errors_of(wrong)) == {"r-title", "r-held_on", "r-mark"}
    good = {"kind": "assessment", "held_on": "2026-11-20", "title": "第三季度考核", "mark": "93"}
    assert lead.post(f"{here}/records", good).status_code == 303
    page = text_of(soup(lead.get(here)).select_one("#ledger table"))
    assert "第三季度考核" in page
    assert "93" in page


def test_a_station_registers_settles_and_hands_over_and_its_sheet_counts_it(office: Desk) -> None:
    with office.records():
        unit = db.session.query(Station).count()
        assert unit == 0
    here = entered(office)
    code = code_in(here)
    with office.records():
        row = db.session.query(Station).one()
        row.unit_id = office.people.view("station").assignments[0].unit_id  # the cast's station has a keeper
        db.session.commit()
    numbers = []
    for n in range(3):
        with office.records():
            actor = office.people.actor("station")
            receipt = cast.file("complaint", MORNING, actor, filer_phone=f"1380000{n:04d}")
            numbers.append(receipt.slips[0].number)
    office.act(numbers[0], ("station", "station_settle", {"result": "商家退款。", "amount_recovered": "100"}))
    office.act(numbers[1], ("station", "station_pass_on", {"received_on": MORNING.date()}))
    with office.records():
        found = sheets.sheet(db.session.query(Station).one(), Period.parse("2026-11"))
        assert (found.registered, found.settled, found.passed_on, found.waiting) == (3, 1, 1, 1)
        assert found.recovered == 10_000
    keeper = office.person("station")
    page = text_of(soup(keeper.get(f"/command/stations/{code}/sheets/2026-11")).select_one("main"))
    assert "协商成功 1 件" in page
    assert keeper.get(f"/command/stations/{code}/sheets/2026-13").headers["Location"] == "/command/stations"
    assert (
        keeper.post(f"{here}/records", {"kind": "training", "held_on": "2026-11-20", "title": "学习"}).status_code
        == 303
    )
    answer = keeper.post(f"{here}/records", {"kind": "inspection", "held_on": "2026-11-20", "title": "自查"})
    assert answer.status_code == 403


def test_the_code_can_be_read_back_from_its_modules() -> None:
    size, *runs = posters.modules("http://127.0.0.1:8000/stations/F0001/complaint")
    assert 21 <= int(size) <= 57
    assert all(one.startswith("M") for one in runs)


def test_the_guide_tells_whom_to_call_and_where_to_go(office: Desk, client: FlaskClient) -> None:
    with office.records(), writing() as session:
        unit = session.get_one(Unit, office.people.units["east_office"])
        unit.phone, unit.address = "0000-6612001", "东城区中山路18号"
        closed = session.get_one(Unit, office.people.units["west_office"])
        closed.closed_at = MORNING
        changed(session)
        name, gone = unit.name, closed.name
    rows = {str(row.th.get_text()): row for row in soup(client.get("/guide/places")).select("tbody tr") if row.th}
    assert gone not in rows
    assert "东城区中山路18号" in rows[name].get_text()
    assert [str(link["href"]) for link in rows[name].select("a")] == ["tel:0000-6612001"]
