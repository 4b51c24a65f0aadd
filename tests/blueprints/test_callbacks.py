"""The pages of calling back: the month's list without a name in it, the form, the number for who calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from models import CallbackDraw, Case, clock, db
from tests.support import cast, desk
from tests.support.desk import Desk, soup

DECEMBER = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


@pytest.fixture
def city(app: Flask) -> Iterator[Desk]:
    """1 December 2026, 9:00: two consultations were answered in November."""
    with clock.frozen(cast.MORNING):
        found = desk.founded(app)
        for _ in range(2):
            answer: dict[str, Any] = {"answer": "可以退。", "save_to_knowledge": "no"}
            number = found.file("consultation")
            found.in_hand(number)
            found.act(number, ("east_handler", "answer", answer))
    with clock.frozen(DECEMBER):
        yield found


def draw(city: Desk) -> list[str]:
    """Press the button; return the numbers of the drawn cases."""
    assert city.person("city_supervisor").post("/command/callbacks/draw", {}).status_code == 303
    with city.records():
        rows = db.session.query(Case.number).join(CallbackDraw, CallbackDraw.case_id == Case.id).order_by(Case.id)
        return [number for (number,) in rows]


def test_before_the_draw_the_page_says_so_and_offers_it(city: Desk) -> None:
    page = city.person("city_supervisor").get("/command/callbacks")
    assert "2026年11月还没有抽取" in page.text
    assert "抽取2026年11月的回访" in page.text
    assert "抽取2026年11月的回访" not in city.person("east_lead").get("/command/callbacks").text


def test_the_button_draws_once(city: Desk) -> None:
    assert len(draw(city)) == 2
    assert len(draw(city)) == 2
    assert "每个月只抽一次" in city.person("city_supervisor").get("/command/callbacks").text


def test_the_list_shows_no_name_and_no_number_of_the_filer(city: Desk) -> None:
    numbers = draw(city)
    page = city.person("city_supervisor").get("/command/callbacks")
    assert all(number in page.text for number in numbers)
    for secret in ("刘洋", "13900005678", "刘*", "139****"):
        assert secret not in page.text


def test_who_calls_sees_the_number_once_and_records_the_call(city: Desk) -> None:
    number = draw(city)[0]
    caller = city.person("city_supervisor")
    page = caller.get(f"/command/callbacks/{number}")
    assert "13900005678" not in page.text
    shown = caller.post(f"/command/callbacks/{number}/reveal", {})
    assert "13900005678" in shown.text
    assert "13900005678" not in caller.get(f"/command/callbacks/{number}").text
    form = soup(page).select_one(f"form[action='/desk/cases/{number}/call_back']")
    seen = form.select_one("input[name=seen]")["value"]
    when = form.select_one("input[name=called_at]")["value"]
    said = {
        "seen": str(seen),
        "called_at": str(when),
        "reached": "reached",
        "score": "dissatisfied",
        "comment": "没人联系我",
        "then": str(form.select_one("input[name=then]")["value"]),
    }
    answer = caller.post(f"/desk/cases/{number}/call_back", said, content_type="multipart/form-data")
    assert (answer.status_code, answer.location) == (303, "/command/callbacks/next?month=2026-11")
    assert caller.get(answer.location).location == f"/command/callbacks/{draw(city)[1]}"
    results = soup(caller.get("/command/callbacks"))
    total = [cell.get_text() for cell in results.select("tfoot td")]
    assert total == ["2", "1", "1", "0", "0", "0", "0", "1", "0.0%"]
    closed = caller.post(f"/command/callbacks/{number}/reveal", {})
    assert closed.status_code == 403


def test_the_lead_reads_the_results_of_the_unit_and_of_no_other(city: Desk) -> None:
    numbers = draw(city)
    assert numbers[0] in city.person("east_lead").get("/command/callbacks").text
    west = city.person("west_lead").get("/command/callbacks")
    assert numbers[0] not in west.text
    assert "您能看的范围里没有抽出的件" in west.text
    assert city.person("west_lead").get(f"/command/callbacks/{numbers[0]}").status_code == 404


def test_a_case_that_nobody_drew_is_called_about_on_its_own_page(city: Desk) -> None:
    number = city.file("consultation")
    answer = city.person("city_supervisor").get(f"/command/callbacks/{number}")
    assert (answer.status_code, answer.location) == (303, f"/desk/cases/{number}?do=call_back#do")


def test_a_month_that_is_none_is_not_found(city: Desk) -> None:
    assert city.person("city_supervisor").get("/command/callbacks?month=2026-13").status_code == 404


def test_after_the_last_call_the_list_says_that_all_are_called(city: Desk) -> None:
    numbers, caller = draw(city), city.person("city_supervisor")
    for number in numbers:
        form = soup(caller.get(f"/command/callbacks/{number}")).select_one("form[action$='/call_back']")
        assert form is not None
        sent = {name: str(form.select_one(f"input[name={name}]")["value"]) for name in ("seen", "called_at", "then")}  # type: ignore[index]
        answer = caller.post(str(form["action"]), {**sent, "reached": "refused"}, content_type="multipart/form-data")
        assert answer.status_code == 303
    last = caller.get(answer.location)
    assert (last.status_code, last.location) == (303, "/command/callbacks?month=2026-11")
    assert "您能打的都打完了" in caller.get(last.location).text


def test_a_call_that_was_not_recorded_goes_on_from_the_page_of_the_case(city: Desk) -> None:
    number, caller = draw(city)[0], city.person("city_supervisor")
    then = "/command/callbacks/next?month=2026-11"
    faulty = {"called_at": "2026-12-01 08:30", "reached": "", "then": then}
    answer = caller.post(f"/desk/cases/{number}/call_back", faulty)
    assert answer.status_code == 422
    assert soup(answer).select_one("#do-call_back input[name=then]")["value"] == then  # type: ignore[index]


@pytest.mark.parametrize("where", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_the_way_on_leads_nowhere_but_into_the_portal(city: Desk, where: str) -> None:
    number, caller = draw(city)[0], city.person("city_supervisor")
    sent = {"called_at": "2026-12-01 08:30", "reached": "no_answer", "then": where}
    answer = caller.post(f"/desk/cases/{number}/call_back", sent)
    assert (answer.status_code, answer.location) == (303, f"/desk/cases/{number}")
