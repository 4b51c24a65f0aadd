"""Registering by telephone: one form, one case, the code read out once, what resembles it, and sending it on."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask

from blueprints.desk.dates import completed
from casework import follow
from models import Attachment, Case, Event, clock, db
from tests.support import cast, desk
from tests.support.desk import Desk, Person, errors_of, soup, text_of

CALL: dict[str, Any] = {
    "channel": "hotline_12315",
    "kind": "complaint",
    "urgent": "normal",
    "received_on": "2026-11-23",
    "filer_name": "何敏",
    "filer_phone": "139 0000 5678",
    "filer_address": "东城区柳荫里12幢",
    "respondent_name": "临江澜亭健身服务有限公司",
    "respondent_address": "东城区望江街道沿江东路266号3楼",
    "goods": "健身年卡",
    "amount": "4,280",
    "happened_on": "10.8",
    "content": "今年5月办两年卡4280元。10月8日起门店关门，店长说等总部通知，现在电话打不通。",
    "demands": ["refund"],
}


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    with clock.frozen(cast.MORNING):
        yield desk.founded(app)


def key_on(person: Person) -> str:
    """The key of a fresh form."""
    return str(soup(person.get("/desk/new")).select_one("input[name=form_key]")["value"])


def call(person: Person, **more: Any) -> Any:
    """Send the form of a call."""
    data = {**CALL, "form_key": key_on(person), **more}
    return person.post("/desk/new", data, content_type="multipart/form-data")


def slip(person: Person, answer: Any) -> tuple[str, str]:
    """Number and query code on the page after registering."""
    keys = soup(person.get(answer.location)).select(".receipt-keys dd")
    return keys[0].get_text(), keys[1].get_text()


def test_a_call_becomes_a_case_with_its_number_and_code(office: Desk) -> None:
    clerk = office.person("city_intake")
    answer = call(clerk)
    assert answer.status_code == 303
    number, code = slip(clerk, answer)
    case = office.case(number)
    assert (case.kind, case.channel, case.amount, str(case.happened_on)) == (
        "complaint", "hotline_12315", 428_000, "2026-10-08",
    )  # fmt: skip
    assert office.events(number) == ["register_by_staff"]
    with office.records():
        assert follow.open_case(number, code, "caller", cast.MORNING).number == number


def test_the_code_is_in_no_address_and_shown_to_the_one_who_registered(office: Desk) -> None:
    clerk = office.person("city_intake")
    answer = call(clerk)
    number, code = slip(clerk, answer)
    assert code not in answer.location
    assert number not in answer.location
    elsewhere = office.person("east_intake").get(answer.location)
    assert code not in elsewhere.text
    again = desk.Person(office.app, "city_intake").get(answer.location)
    assert code not in again.text


def test_the_button_pressed_twice_makes_one_case(office: Desk) -> None:
    clerk = office.person("city_intake")
    key = key_on(clerk)
    first, second = call(clerk, form_key=key), call(clerk, form_key=key)
    assert first.location == second.location
    assert slip(clerk, first) == slip(clerk, second)
    with office.records():
        assert db.session.query(Case).count() == 1


def test_what_is_missing_is_said_and_what_was_written_down_stays(office: Desk) -> None:
    clerk = office.person("city_intake")
    answer = call(clerk, filer_phone="1390000567", content="", demands=[])
    assert answer.status_code == 422
    assert list(errors_of(answer)) == ["filer_phone", "content", "demands"]
    page = soup(answer)
    assert page.title.get_text().startswith("错误：")
    assert page.select_one("#filer_name")["value"] == "何敏"
    assert page.select_one("#amount")["value"] == "4,280"
    assert page.select_one("input[name=kind][checked]")["value"] == "complaint"
    with office.records():
        assert db.session.query(Case).count() == 0


def test_every_fault_leads_to_a_field_that_is_there(office: Desk) -> None:
    clerk = office.person("city_intake")
    answer = call(clerk, **{**dict.fromkeys((*CALL, "evidence"), ""), "kind": "report"})
    page = soup(answer)
    assert answer.status_code == 422
    for anchor in errors_of(answer):
        assert page.select_one(f"#{anchor}") is not None, anchor


def test_a_complaint_that_is_a_report_as_well_makes_two_cases(office: Desk) -> None:
    clerk = office.person("city_intake")
    answer = call(clerk, also_report="yes", evidence="合同照片")
    page = soup(clerk.get(answer.location))
    assert [one.get_text()[0] for one in page.select(".receipt-keys div:first-child dd")] == ["T", "J"]


def test_an_anonymous_report_keeps_nobody(office: Desk) -> None:
    clerk = office.person("city_intake")
    answer = call(clerk, kind="report", anonymous="yes", evidence="门口的照片", demands=[])
    number, _ = slip(clerk, answer)
    page = clerk.get(f"/desk/cases/{number}")
    assert office.case(number).anonymous
    assert "何*" not in page.text
    assert "匿名" in text_of(soup(page).select_one("#s-who"))


def test_what_resembles_the_call_is_shown_after_sending_and_while_typing(office: Desk) -> None:
    earlier = office.file(filer_phone="13900005678")
    clerk = office.person("city_intake")
    typed = {"filer_phone": "139 0000 5678", "respondent_name": "", "goods": ""}
    part = clerk.post("/desk/similar", typed, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<aside class="aside" id="similar"')
    assert earlier in part.text
    assert "同一电话" in part.text
    refused = call(clerk, content="")
    assert earlier in text_of(soup(refused).select_one("#similar"))
    done = clerk.get(call(clerk).location)
    assert earlier in text_of(soup(done).select_one("#similar"))


def test_what_resembles_it_shows_no_case_of_another_district(office: Desk) -> None:
    foreign = office.file()
    office.act(foreign, ("city_dispatcher", "dispatch", {"unit": "west_office", "routing_reason": "西城"}))
    part = office.person("east_handler").post("/desk/similar", {"filer_phone": "13800001234"})
    assert foreign not in part.text


def test_looking_for_likeness_writes_nothing(office: Desk) -> None:
    office.person("city_intake").post("/desk/similar", {"filer_phone": "13800001234", "respondent_name": "澜亭健身"})
    with office.records():
        assert db.session.query(Event).count() == 0


def test_a_dispatcher_sends_it_on_with_one_press(office: Desk) -> None:
    clerk = office.person("city_dispatcher")
    page = soup(clerk.get(call(clerk).location))
    form = page.select_one("form[action$='/dispatch']")
    data = {one["name"]: one["value"] for one in form.select("input")}
    assert data["unit"] == "east_office"
    assert "东城区" in data["routing_reason"]
    assert clerk.post(form["action"], data).status_code == 303
    number = str(form["action"]).split("/")[3]
    assert office.case(number).state == "dispatched"


def test_one_who_may_not_send_it_on_sees_where_it_would_go(office: Desk) -> None:
    clerk = office.person("city_intake")
    page = soup(clerk.get(call(clerk).location))
    assert page.select_one("form[action$='/dispatch']") is None
    assert "东城区市场监督管理局望江所" in text_of(page.select_one(".panel-box"))


def test_a_recording_goes_with_the_case_and_survives_an_error(office: Desk) -> None:
    clerk = office.person("city_intake")
    wav = b"RIFF" + (36).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little") + b"\1\0\1\0" + b"\0" * 12
    wav += b"data" + (0).to_bytes(4, "little")
    refused = call(clerk, content="", recording=(io.BytesIO(wav), "06-1102.wav"))
    assert refused.status_code == 422, refused.text
    kept = soup(refused).select_one("input[type=checkbox][name=recording]")
    assert kept is not None, errors_of(refused)
    number, _ = slip(clerk, call(clerk, recording=kept["value"]))
    case = office.case(number)
    with office.records():
        row = db.session.query(Attachment).one()
        assert (row.case_id, row.event_seq) == (case.id, 1)


@pytest.mark.parametrize("part", ["east_lead", "auditor", "city_supervisor", "mediator"])
def test_who_does_not_register_has_no_form(office: Desk, part: str) -> None:
    assert office.person(part).get("/desk/new").status_code == 403


def test_the_form_needs_no_mouse(office: Desk) -> None:
    page = soup(office.person("city_intake").get("/desk/new"))
    keys = {"".join(one["accesskey"]) for one in page.select("[accesskey]")}
    assert {"1", "2", "3", "4", "s"} <= keys
    names = [one["name"] for one in page.select("#register input:not([type=hidden]), #register textarea")]
    order = [names.index(name) for name in ("channel", "filer_name", "respondent_name", "goods", "content", "demands")]
    assert order == sorted(order)
    assert not page.select("#register [tabindex]")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("10.8", "2026-10-08"), ("11-23", "2026-11-23"), ("12月1日", "2025-12-01"), ("１．５", "2026-01-05"),
     ("2.30", "2.30"), ("昨天", "昨天"), ("2024-02-29", "2024-02-29"), ("", "")],
)  # fmt: skip
def test_a_day_without_its_year_is_the_latest_such_day(typed: str, meant: str) -> None:
    assert completed(typed, date(2026, 11, 23), past=True) == meant


@pytest.mark.parametrize(
    ("typed", "meant"), [("12.1", "2026-12-01"), ("1.5", "2027-01-05"), ("11.20 9:30", "2026-11-20 9:30")]
)
def test_in_the_form_of_an_act_it_is_the_nearest_such_day(typed: str, meant: str) -> None:
    assert completed(typed, date(2026, 11, 23)) == meant
