"""How somebody wants to be reached, chosen on the own account; what is missing is said at its field."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from models import Staff, clock, db
from tests.support import desk
from tests.support.cast import MORNING
from tests.support.desk import PASSWORD, Desk, errors_of, soup, text_of


@pytest.fixture
def city(app: Flask) -> Iterator[Desk]:
    """A portal with its cast on a Monday morning."""
    with clock.frozen(MORNING):
        yield desk.founded(app)


def kept(city: Desk) -> tuple[str, str | None, str | None]:
    """How the lead is reached, from the records."""
    with city.records():
        row = db.session.get_one(Staff, city.people.staff["east_lead"], populate_existing=True)
        return row.reach_by, row.email, row.phone


def test_somebody_who_gives_password_and_address_is_reached_there(city: Desk) -> None:
    person = city.person("east_lead")
    page = soup(person.get("/account"))
    assert page.select_one("input[name=reach_by][value=page]").has_attr("checked")  # type: ignore[union-attr]
    sent = {"reach_by": "sms", "phone": "138 0000 1234", "email": "", "reach_password": PASSWORD}
    answer = person.post("/account/reach", sent)
    assert answer.status_code == 303
    assert kept(city) == ("sms", None, "13800001234")
    shown = soup(person.get("/account"))
    assert "提醒以后发到：短信" in text_of(shown.select_one("main"))
    assert shown.select_one("input[name=phone]")["value"] == "13800001234"  # type: ignore[index]


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        ({"reach_by": ""}, "reach_by", "请选一种接收方式"),
        ({"reach_by": "pigeon"}, "reach_by", "请选一种接收方式"),
        ({"reach_by": "sms"}, "phone", "选了短信，请填写手机号"),
        ({"reach_by": "sms", "phone": "1380000123"}, "phone", "手机号要有 11 位，以 1 开头，现在是 10 位"),
        ({"reach_by": "email"}, "email", "选了邮件，请填写邮箱"),
        ({"reach_by": "email", "email": "lead"}, "email", "邮箱要像 name@example.cn 这样"),
        ({"reach_by": "page", "phone": "13800001234"}, "reach_password", "现在的密码不对"),
        ({"reach_by": "page", "phone": "13800001234", "reach_password": "x"}, "reach_password", "现在的密码不对"),
    ],
)
def test_what_is_missing_is_said_at_its_field_and_what_was_typed_is_kept(
    city: Desk, sent: dict[str, str], field: str, sentence: str
) -> None:
    person = city.person("east_lead")
    answer = person.post("/account/reach", {"email": "", "phone": "", **sent})
    assert answer.status_code == 422
    assert errors_of(answer) == {field: sentence}
    for name in ("phone", "email"):
        assert soup(answer).select_one(f"input[name={name}]")["value"] == sent.get(name, "")  # type: ignore[index]
    assert kept(city) == ("page", None, None)
    assert "x" not in {one.get("value") for one in soup(answer).select("input[type=password]")}


def test_another_way_to_an_address_that_is_known_asks_for_no_password(city: Desk) -> None:
    person = city.person("east_lead")
    sent = {"reach_by": "sms", "phone": "13800001234", "email": "lead@bureau.example"}
    assert person.post("/account/reach", {**sent, "reach_password": PASSWORD}).status_code == 303
    assert person.post("/account/reach", {**sent, "reach_by": "email"}).status_code == 303
    assert kept(city) == ("email", "lead@bureau.example", "13800001234")


def test_a_way_without_a_gateway_is_not_offered(city: Desk) -> None:
    from casework import channels

    try:
        channels.install({})
        page = soup(city.person("east_lead").get("/account"))
    finally:
        channels.configure(city.app.config["SETTINGS"])
    assert [one["value"] for one in page.select("input[name=reach_by]")] == ["page"]
