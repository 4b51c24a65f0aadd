"""Following a case with number and code: the timeline, what may still be done, and what strangers learn (nothing)."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from blueprints.public import acts, keys
from casework import handling, throttle
from models import Case, Event, clock, db
from models.attachment import Attachment
from rules.identifiers import case_number
from rules.workflow import WORKFLOW
from tests.blueprints.filing_world import PICTURE, errors_of, plain, soup
from tests.support import cast
from tests.support.cast import MORNING, Cast

pytestmark = pytest.mark.usefixtures("morning")
LATER = MORNING + timedelta(minutes=10)


@pytest.fixture
def filed(app: Flask, city: Cast) -> tuple[str, str]:
    """Number and code of a complaint that was just filed."""
    return file_one(app)


def file_one(app: Flask, kind: str = "complaint", **entered: Any) -> tuple[str, str]:
    with app.app_context():
        slip = cast.file(kind, **entered).slips[0]
        return slip.number, slip.code


def opened(client: FlaskClient, filed: tuple[str, str]) -> TestResponse:
    """Open a case; return its page."""
    answer = client.post("/track", data={"number": filed[0], "code": filed[1]})
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"] == "/track/case"
    return client.get("/track/case")


def act(client: FlaskClient, action: str, **fields: Any) -> TestResponse:
    """Send the form of an act as its page shows it."""
    page = soup(client.get(f"/track/case/{action}"))
    form = page.find("form", id=f"act-{action}")
    assert form is not None, page.text
    carried = {field["name"]: field["value"] for field in form.find_all("input", type="hidden")}
    return client.post(f"/track/case/{action}", data={**carried, **fields}, content_type="multipart/form-data")


def work(app: Flask, city: Cast, number: str, *steps: tuple[str, str, dict[str, Any]]) -> None:
    """Let the staff take some steps, a minute apart."""
    with app.app_context():
        now = MORNING + timedelta(minutes=1)
        for part, action, fields in steps:
            handling.apply(case_of(number), action, city.actor(part), now, **fields)
            now += timedelta(minutes=1)


def case_of(number: str) -> Case:
    return db.session.scalars(select(Case).where(Case.number == number)).one()


def last_event(number: str) -> Event:
    query = select(Event).where(Event.case_id == case_of(number).id).order_by(Event.seq.desc())
    found = db.session.scalars(query).first()
    assert found is not None
    return found


def to_handler(city: Cast) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        ("city_dispatcher", "dispatch", {"unit": "east_office", "routing_reason": "地址在东城区"}),
        ("east_lead", "sign_for", {}),
        ("east_lead", "assign", {"handler": city.staff["east_handler"]}),
    ]


class TestOpening:
    def test_the_first_page_is_one_body_for_all(self, client: FlaskClient) -> None:
        answer = client.get("/track")
        assert answer.status_code == 200
        assert "csrf_token" not in answer.text
        assert answer.headers["ETag"]

    def test_number_and_code_open_the_timeline_with_the_next_date(
        self, client: FlaskClient, filed: tuple[str, str]
    ) -> None:
        answer = opened(client, filed)
        text = plain(soup(answer).find("main").text)
        for words in ("您的投诉已登记", "2026年12月2日（周三）", "您提交了来件", "临江市市场监督管理局12315指挥中心"):
            assert words in text
        assert answer.headers["Cache-Control"] == "no-store"
        assert filed[1] not in answer.text

    @pytest.mark.parametrize("spelled", [
        lambda n, c: (n.lower(), c.lower()), lambda n, c: (f" {n} ", c.replace("-", "")),
        lambda n, c: (n.replace("-", "－"), c.replace("-", " ")),
    ])  # fmt: skip
    def test_they_may_be_written_as_people_write(self, client: FlaskClient, filed: tuple[str, str], spelled) -> None:  # type: ignore[no-untyped-def]
        assert filed[0] in opened(client, spelled(*filed)).text

    def test_neither_stands_in_an_address(self, client: FlaskClient, filed: tuple[str, str]) -> None:
        answer = client.get(f"/track?number={filed[0]}&code={filed[1]}")
        assert "您的投诉已登记" not in answer.text

    def test_a_wrong_code_and_an_unknown_number_read_the_same(
        self, client: FlaskClient, filed: tuple[str, str]
    ) -> None:
        number, code = filed
        unknown = case_number("complaint", datetime(2026, 11, 23).date(), 77)  # noqa: DTZ001
        wrong = client.post("/track", data={"number": number, "code": "0000-0000-0000"})
        nobody = client.post("/track", data={"number": unknown, "code": code})
        assert wrong.status_code == nobody.status_code == 404
        assert wrong.text.replace(number, "#") == nobody.text.replace(unknown, "#")
        assert client.get("/track/case").status_code == 401

    def test_the_code_is_not_given_back_on_the_page(self, client: FlaskClient, filed: tuple[str, str]) -> None:
        answer = client.post("/track", data={"number": filed[0], "code": "0000-AAAA-0000"})
        assert "0000-AAAA-0000" not in answer.text
        assert soup(answer).find(id="number")["value"] == filed[0]

    @pytest.mark.parametrize(("number", "code", "field"), [
        ("", "", "number"), ("T2026", "K7MP-3WTX-9RQD", "number"), ("T20261123-00001-1", "K7MP", "code"),
        ("长" * 5000, "x" * 5000, "number"), ("T20261123-00001-5' OR 1=1", "----", "code"),
    ])  # fmt: skip
    def test_what_cannot_be_one_is_told_at_its_field(
        self, client: FlaskClient, city: Cast, number: str, code: str, field: str
    ) -> None:
        answer = client.post("/track", data={"number": number, "code": code})
        assert answer.status_code == 422
        assert field in errors_of(answer)

    def test_wrong_codes_are_slowed_down_for_that_network_alone(
        self, client: FlaskClient, filed: tuple[str, str]
    ) -> None:
        throttle.switch(True)
        try:
            for _ in range(5):
                assert client.post("/track", data={"number": filed[0], "code": "0000-0000-0000"}).status_code == 404
            answer = client.post("/track", data={"number": filed[0], "code": filed[1]})
            assert answer.status_code == 429
            assert answer.headers["Retry-After"] == "60"
            assert "请过 60 秒再试" in answer.text
            neighbour = client.post(
                "/track", data={"number": filed[0], "code": filed[1]}, environ_base={"REMOTE_ADDR": "10.9.8.7"}
            )
            assert neighbour.status_code == 303
        finally:
            throttle.switch(False)

    def test_what_stands_for_a_network_is_no_address_and_changes_every_day(self, context: Flask) -> None:
        today = MORNING.date()
        assert keys.network_key("10.1.2.3", today) == keys.network_key("10.1.2.250", today)
        assert keys.network_key("10.1.2.3", today) != keys.network_key("10.1.3.3", today)
        assert keys.network_key("10.1.2.3", today) != keys.network_key("10.1.2.3", today + timedelta(days=1))
        assert keys.network_key("2001:db8:1:1::1", today) == keys.network_key("2001:db8:1:1:ffff::9", today)
        assert keys.network_key(None, today) == keys.network_key("nonsense", today)

    def test_another_site_cannot_open_a_case_in_somebodys_browser(
        self, client: FlaskClient, filed: tuple[str, str]
    ) -> None:
        data = {"number": filed[0], "code": filed[1]}
        assert client.post("/track", data=data, headers={"Origin": "https://evil.example"}).status_code == 400


class TestGrant:
    def test_it_ends_after_half_an_hour_without_use(self, client: FlaskClient, filed: tuple[str, str]) -> None:
        opened(client, filed)
        with clock.frozen(MORNING + timedelta(minutes=29)):
            assert client.get("/track/case").status_code == 200
        with clock.frozen(MORNING + timedelta(minutes=58)):
            assert client.get("/track/case").status_code == 200
        with clock.frozen(MORNING + timedelta(minutes=90)):
            answer = client.get("/track/case")
            assert answer.status_code == 401
            assert "30 分钟" in answer.text

    def test_it_is_worthless_in_another_visit_and_cannot_be_altered(
        self, app: Flask, client: FlaskClient, filed: tuple[str, str]
    ) -> None:
        other = file_one(app, content="另一个人的另一件事，和谁都没有关系。")
        opened(client, filed)
        cookie = client.get_cookie("follow")
        assert cookie is not None
        stranger = app.test_client()
        opened(stranger, other)
        stranger.set_cookie("follow", cookie.value)
        assert stranger.get("/track/case").status_code == 401
        case_id, until, mark = cookie.value.split(".")
        for forged in (
            f"{int(case_id) + 1}.{until}.{mark}",
            f"{case_id}.{int(until) + 999}.{mark}",
            "1.2.3",
            "",
            "é.1.x",
        ):
            client.set_cookie("follow", forged)
            assert client.get("/track/case").status_code == 401

    def test_leaving_ends_it(self, client: FlaskClient, filed: tuple[str, str]) -> None:
        page = soup(opened(client, filed))
        token = page.select_one("form[action='/track/leave'] input[name=csrf_token]")["value"]
        answer = client.post("/track/leave", data={"csrf_token": token})
        assert answer.status_code == 303
        assert answer.headers["Clear-Site-Data"] == '"cache"'
        assert "已退出" in client.get(answer.headers["Location"]).text
        assert client.get("/track/case").status_code == 401

    def test_one_filing_of_two_cases_is_gone_through_from_one_to_the_other(
        self, app: Flask, client: FlaskClient, city: Cast
    ) -> None:
        first = file_one(app, also_report="yes", evidence="照片")
        stranger = file_one(app, content="另一个人的另一件事，和谁都没有关系。")
        page = soup(opened(client, first))
        form = page.select_one("form[action='/track/switch']")
        data = {field["name"]: field["value"] for field in form.find_all("input")}
        assert client.post("/track/switch", data={**data, "number": stranger[0]}).status_code == 404
        assert client.post("/track/switch", data=data).status_code == 303
        assert data["number"] in client.get("/track/case").text
        assert data["number"].startswith("J")


class TestActing:
    def test_a_question_is_answered_on_the_page_of_the_case(
        self, app: Flask, client: FlaskClient, city: Cast, filed: tuple[str, str]
    ) -> None:
        asked = {"question": "合同是哪一天签的？", "due_on": "2026-11-27"}
        work(app, city, filed[0], *to_handler(city), ("east_handler", "ask_filer", asked))
        with clock.frozen(LATER):
            page = opened(client, filed)
            assert "合同是哪一天签的？" in page.text
            assert soup(page).find("form", id="act-answer_question") is not None
            answer = act(client, "answer_question", answer="2026年3月2日签的。")
            assert answer.status_code == 303
            after = client.get("/track/case")
            assert "您的回答已收到" in after.text
            assert soup(after).find("form", id="act-answer_question") is None
        with app.app_context():
            assert last_event(filed[0]).action == "answer_question"

    def test_material_that_was_asked_for_is_named_and_supplied(
        self, app: Flask, client: FlaskClient, city: Cast, filed: tuple[str, str]
    ) -> None:
        wanted = {"materials": ["facts", "demand"], "due_on": "2026-11-30", "told_on": "2026-11-23", "told_by": "page"}
        work(app, city, filed[0], *to_handler(city), ("east_handler", "request_supplement", wanted))
        with clock.frozen(LATER):
            text = plain(soup(opened(client, filed)).find("main").text)
            assert "一共 2 样" in text
            assert "2026年11月30日（周一）" in text
            page = soup(client.get("/track/case"))
            for place in (".next-date", ".steps .now"):  # not the day of another term that runs, and ends sooner
                assert "2026年11月30日（周一）" in page.select_one(place).get_text()  # type: ignore[union-attr]
            refused = act(client, "supply_material", text="都在这里了")
            assert refused.status_code == 422
            assert "attachments" in errors_of(refused)
            assert "都在这里了" in refused.text
            done = act(client, "supply_material", text="都在这里了", attachments=(BytesIO(PICTURE), "小票.png"))
            assert done.status_code == 303
        with app.app_context():
            file = db.session.scalars(select(Attachment)).one()
            assert (file.event_seq, file.uploaded_by) == (case_of(filed[0]).seq, "citizen")
            assert case_of(filed[0]).state == "under_review"

    def test_material_is_added_and_a_refused_file_keeps_the_good_one(
        self, app: Flask, client: FlaskClient, filed: tuple[str, str]
    ) -> None:
        opened(client, filed)
        both = [(BytesIO(PICTURE), "小票.png"), (BytesIO(b"MZ" + b"0" * 99), "合同.exe")]
        refused = act(client, "add_material", text="补一张小票", attachments=both)
        assert refused.status_code == 422
        assert "合同.exe" in errors_of(refused)["attachments"]
        assert "小票.png" in refused.text
        page = soup(refused).find("form", id="act-add_material")
        carried = {field["name"]: field["value"] for field in page.find_all("input", type="hidden")}
        done = client.post("/track/case/add_material", data={**carried, "text": "补一张小票"})
        assert done.status_code == 303
        with app.app_context():
            file = db.session.scalars(select(Attachment)).one()
            assert file.event_seq == last_event(filed[0]).seq

    def test_files_of_another_case_cannot_be_named(
        self, app: Flask, client: FlaskClient, filed: tuple[str, str]
    ) -> None:
        other = file_one(app, content="另一个人的另一件事，和谁都没有关系。")
        stranger = app.test_client()
        opened(stranger, other)
        act(stranger, "add_material", attachments=[(BytesIO(PICTURE), "秘密.png"), (BytesIO(b"MZ0"), "坏.exe")])
        opened(client, filed)
        answer = act(client, "add_material", kept_attachments="1,2,3")
        assert answer.status_code == 422
        assert "秘密" not in answer.text

    def test_withdrawing_asks_first_and_says_what_follows(
        self, app: Flask, client: FlaskClient, filed: tuple[str, str]
    ) -> None:
        opened(client, filed)
        page = client.get("/track/case/withdraw")
        assert "撤回这件投诉吗？" in page.text
        assert "我不投诉了" in page.text
        assert "死亡" not in page.text
        assert act(client, "withdraw").status_code == 422
        assert act(client, "withdraw", ground="W1").status_code == 303
        assert "投诉已撤回" in client.get("/track/case").text
        with app.app_context():
            assert case_of(filed[0]).state == "withdrawn"

    def test_an_ended_case_is_rated_once(self, app: Flask, client: FlaskClient, filed: tuple[str, str]) -> None:
        opened(client, filed)
        act(client, "withdraw", ground="W1")
        assert act(client, "rate", score="satisfied", comment="很快").status_code == 303
        assert soup(client.get("/track/case")).find("form", id="act-rate") is None
        with app.app_context():
            assert case_of(filed[0]).rating == "satisfied"

    def test_what_is_not_open_now_is_refused_and_what_is_no_act_of_filers_is_not_found(
        self, client: FlaskClient, filed: tuple[str, str]
    ) -> None:
        page = soup(opened(client, filed))
        token = page.select_one("input[name=csrf_token]")["value"]
        assert client.get("/track/case/rate").status_code == 403
        assert client.post("/track/case/rate", data={"csrf_token": token, "score": "satisfied"}).status_code == 403
        for inside in ("accept", "dispatch", "close", "nonsense"):
            assert client.post(f"/track/case/{inside}", data={"csrf_token": token}).status_code == 404
        assert client.post("/track/case/withdraw", data={"ground": "W1"}).status_code == 400

    def test_news_in_between_is_told_and_nothing_typed_is_lost(
        self, app: Flask, client: FlaskClient, city: Cast, filed: tuple[str, str]
    ) -> None:
        opened(client, filed)
        old = soup(client.get("/track/case/add_material")).find("form", id="act-add_material")
        carried = {field["name"]: field["value"] for field in old.find_all("input", type="hidden")}
        work(app, city, filed[0], to_handler(city)[0])
        with clock.frozen(LATER):
            data = {**carried, "text": "补一张小票", "attachments": (BytesIO(PICTURE), "小票.png")}
            answer = client.post("/track/case/add_material", data=data, content_type="multipart/form-data")
            assert answer.status_code == 409
            assert "补一张小票" in answer.text
            assert "小票.png" in answer.text

    def test_forged_fields_change_nothing(self, app: Flask, client: FlaskClient, filed: tuple[str, str]) -> None:
        opened(client, filed)
        act(client, "withdraw", ground="W1", state="closed", unit_id="7", handler_id="3", number="T20260101-00001-1")
        with app.app_context():
            case = case_of(filed[0])
            assert (case.state, case.handler_id) == ("withdrawn", None)

    def test_every_act_of_the_table_that_filers_may_do_has_its_words(self) -> None:
        mine = {a.key for a in WORKFLOW.actions.values() if "citizen" in a.roles}
        assert mine - acts.WORDS.keys() == {"register_online", "register_sealed"}


def test_an_informant_learns_phases_but_not_who_handles_it(app: Flask, client: FlaskClient, city: Cast) -> None:
    filed = file_one(app, "report")
    work(app, city, filed[0], *to_handler(city)[:2])
    with clock.frozen(LATER):
        text = opened(client, filed).text
    assert "承办单位已签收" in text
    for told in ("望江", "东城区市场监督管理局", "000-66123150"):
        assert told not in text


def test_a_paper_that_is_not_the_filers_is_not_found(client: FlaskClient, filed: tuple[str, str]) -> None:
    opened(client, filed)
    for number in ("1", "999", "9223372036854775807", "99999999999999999999", "x"):
        assert client.get(f"/track/case/papers/{number}").status_code == 404
