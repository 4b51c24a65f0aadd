"""REL-09: a database that is locked or away. 503, when to come again, what was typed kept, never two cases of one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, make_url, select
from werkzeug.test import TestResponse

from app import create_app
from config import Settings
from models import Case, Event, base, db
from tests.blueprints.filing_world import CONSULTATION, FILLED, hidden, plain, ready, soup
from tests.blueprints.test_tracking import act, file_one, opened
from tests.support import databases, desk

pytestmark = [pytest.mark.usefixtures("morning"), pytest.mark.both_databases]
SAID = "平台正在忙，这一步还没有办成。您填的内容都在，什么都没有丢，请过一会儿再点一次。"
CALL = {
    "kind": "consultation",
    "channel": "hotline_12315",
    "urgent": "normal",
    "received_on": "2026-11-23",
    "filer_name": "刘洋",
    "filer_phone": "13900005678",
    "content": "网购的衣服拆了吊牌还能不能七天无理由退货？",
}
Locked = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def locked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Locked:
    """Somebody who takes the database for writing and does not give it back; nobody waits ten seconds for it here."""
    monkeypatch.setattr(base, "BUSY_MILLISECONDS", 100)

    @contextmanager
    def hold() -> Iterator[None]:
        databases.release(app)  # connections made from now on wait a tenth of a second
        address = make_url(app.config["SETTINGS"].database_url)
        if address.get_backend_name() == "sqlite":
            other: Any = sqlite3.connect(address.database or "", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
        else:
            plain_address = address.set(drivername="postgresql").render_as_string(hide_password=False)
            other = psycopg.connect(plain_address)
            other.execute("LOCK TABLE draft, filing, cases, event, deadline IN SHARE ROW EXCLUSIVE MODE")
        try:
            yield
        finally:
            other.rollback() if isinstance(other, psycopg.Connection) else other.execute("ROLLBACK")
            other.close()

    return hold


def cases(app: Flask) -> int:
    """How many cases there are."""
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Case)) or 0


def is_not_now(answer: TestResponse) -> bool:
    """Is it the answer of a portal that is busy, and no fault of ours with a number to report?"""
    assert answer.status_code == 503, answer.text[:2000]
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["Cache-Control"] == "no-store"
    return "报修时请说这个号" not in answer.text


@pytest.mark.usefixtures("city")
class TestFiling:
    def test_the_page_comes_back_with_everything_on_it_and_the_same_press_then_makes_one_case(
        self, app: Flask, client: FlaskClient, locked: Locked
    ) -> None:
        form = ready(client)
        with locked():
            refused = client.post("/file/complaint/send", data=form)
        assert is_not_now(refused)
        assert SAID in plain(soup(refused).get_text())
        assert "同一份内容只会登记一件" in refused.text
        again = hidden(refused, "send")
        assert again["form_key"] == form["form_key"]
        for name in ("content", "filer_name", "respondent_name", "demands"):
            assert again[name] == form[name]
        assert cases(app) == 0
        again["consent_truth"] = "yes"
        first = client.post("/file/complaint/send", data=again)
        second = client.post("/file/complaint/send", data=again)
        assert (first.status_code, second.status_code) == (303, 303)
        assert first.headers["Location"] == second.headers["Location"]
        assert cases(app) == 1

    def test_a_draft_that_cannot_be_saved_leaves_the_form_filled_in(self, client: FlaskClient, locked: Locked) -> None:
        client.get("/file/complaint")
        with locked():
            refused = client.post("/file/complaint", data={**FILLED, "save": "yes"})
        assert is_not_now(refused)
        assert FILLED["filer_name"] in refused.text
        assert SAID in plain(soup(refused).get_text())


@pytest.mark.usefixtures("city")
class TestFollowing:
    def test_what_a_filer_typed_stands_in_the_form_again(self, app: Flask, client: FlaskClient, locked: Locked) -> None:
        filed = file_one(app)
        opened(client, filed)
        with locked():
            refused = act(client, "withdraw", ground="W2", result="商家退了3000元", amount_recovered="3000")
        assert is_not_now(refused)
        assert SAID in plain(soup(refused).get_text())
        assert soup(refused).find("form", id="act-withdraw") is not None
        with app.app_context():
            assert db.session.query(Event).filter_by(action="withdraw").count() == 0


class TestDesk:
    def test_a_note_is_not_lost_and_is_written_once_in_the_end(self, app: Flask, locked: Locked) -> None:
        office = desk.founded(app)
        number = office.file()
        office.in_hand(number)
        handler = office.person("east_handler")
        form = {"text": "商家说周三给答复", "seen": str(office.case(number).seq)}
        with locked():
            refused = handler.post(f"/desk/cases/{number}/note", form)
        assert is_not_now(refused)
        assert "商家说周三给答复" in refused.text
        assert SAID in plain(soup(refused).get_text())
        for _ in range(2):
            assert handler.post(f"/desk/cases/{number}/note", form).status_code == 303
        assert office.events(number).count("note") == 1

    def test_a_call_that_was_typed_in_is_registered_once_in_the_end(self, app: Flask, locked: Locked) -> None:
        office = desk.founded(app)
        clerk = office.person("city_intake")
        page = clerk.get("/desk/new")
        key = str(soup(page).find("input", attrs={"name": "form_key"})["value"])  # type: ignore[index]
        form = {**CALL, "form_key": key}
        with locked():
            refused = clerk.post("/desk/new", form)
        assert is_not_now(refused)
        assert CALL["content"] in refused.text
        for _ in range(2):
            assert clerk.post("/desk/new", form).status_code == 303
        assert cases(app) == 1


class TestAway:
    """The server cannot be reached at all: nothing can be read either, and the page carries what was typed."""

    @pytest.fixture
    def away(self, tmp_path: Path, redis_url: str) -> FlaskClient:
        """A portal whose PostgreSQL is not there."""
        settings = Settings(
            data_dir=tmp_path / "away",
            database_url="postgresql+psycopg://nobody@127.0.0.1:9/portal",
            redis_url=redis_url,
            rate_limits=False,
        )
        return create_app(settings).test_client()

    def test_a_form_is_carried_by_the_page_until_it_can_be_sent_again(self, away: FlaskClient) -> None:
        answer = away.post("/file/consultation", data=CONSULTATION)
        assert is_not_now(answer)
        form = soup(answer).find("form", action="/file/consultation")
        assert form is not None
        carried = {field["name"]: field["value"] for field in form.find_all("input", type="hidden")}
        assert carried["content"] == CONSULTATION["content"]
        assert "什么都没有丢" in answer.text

    @pytest.mark.parametrize(
        ("path", "typed"),
        [
            ("/track", {"number": "T20261123-00001-1", "code": "ABCD-EFGH-JKMN"}),
            ("/login", {"username": "lizhaohua", "password": "鸭子 吃 青 豆", "otp": "123456"}),
        ],
    )
    def test_a_key_is_never_printed_into_the_page(self, away: FlaskClient, path: str, typed: dict[str, str]) -> None:
        answer = away.post(path, data=typed)
        assert answer.status_code != 500
        for secret in typed.values():
            assert secret not in answer.text or secret == typed.get("number")
