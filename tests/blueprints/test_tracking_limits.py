"""What the bureau promises on the tracking page beyond the law: how often one may ask again, how much one is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casework import handling, reference
from models import Setting, clock
from models.base import writing
from tests.blueprints.filing_world import plain, soup
from tests.blueprints.test_tracking import act, case_of, file_one, opened, to_handler, work
from tests.support.cast import MORNING, Cast

pytestmark = pytest.mark.usefixtures("morning")


def choose(app: Flask, key: str, value: str) -> None:
    """Let the administrator choose."""
    with app.app_context(), writing() as session:
        session.add(Setting(key=key, value=value, changed_at=MORNING))
        reference.changed(session)


def answered(app: Flask, city: Cast) -> tuple[str, str]:
    """A consultation that was answered on Monday 23 November."""
    filed = file_one(app, "consultation")
    work(app, city, filed[0], ("city_intake", "answer_at_once", {"answer": "可以退，吊牌剪下不影响。"}))
    return filed


def settled(app: Flask, city: Cast, number: str, now: datetime) -> None:
    """The caller says on the telephone that the question is settled."""
    with app.app_context():
        handling.apply(case_of(number), "cancel_by_filer", city.actor("city_intake", now), now)


class TestAskingAgain:
    """Table, ask_again: within ten days of the answer, twice for each case."""

    def test_on_the_tenth_day_one_may_still_ask(self, app: Flask, client: FlaskClient, city: Cast) -> None:
        filed = answered(app, city)
        with clock.frozen(MORNING + timedelta(days=10, hours=13)):
            assert "追问" in opened(client, filed).text
            assert act(client, "ask_again", content="鞋子也可以吗？").status_code == 303
        with app.app_context():
            assert case_of(filed[0]).state == "answering"

    def test_after_the_ten_days_the_page_says_so_and_offers_nothing(
        self, app: Flask, client: FlaskClient, city: Cast
    ) -> None:
        filed = answered(app, city)
        with clock.frozen(MORNING + timedelta(days=11)):
            page = opened(client, filed)
            assert "追问要在答复后10日内提出，现在已经过了；还有问题，请另提一件" in page.text
            assert soup(page).find("a", href="/track/case/ask_again") is None
            assert client.get("/track/case/ask_again").status_code == 409

    def test_a_last_day_that_is_a_day_off_rolls_over(self, app: Flask, client: FlaskClient, city: Cast) -> None:
        """Five days after Monday 23 November is Saturday the 28th: Monday the 30th still counts."""
        choose(app, "ask_again_days", "5")
        filed = answered(app, city)
        with clock.frozen(MORNING + timedelta(days=7)):
            opened(client, filed)
            assert act(client, "ask_again", content="鞋子也可以吗？").status_code == 303

    def test_twice_is_allowed_and_a_third_time_is_not(self, app: Flask, client: FlaskClient, city: Cast) -> None:
        filed = answered(app, city)
        for number in (1, 2):
            opened(client, filed)
            assert act(client, "ask_again", content=f"第{number}个问题").status_code == 303
            settled(app, city, filed[0], MORNING + timedelta(minutes=30 * number))
        page = opened(client, filed)
        assert "每一件最多追问2次，已经用完了；还有问题，请另提一件" in page.text
        assert client.get("/track/case/ask_again").status_code == 409

    def test_an_administrator_may_allow_one_question_only(self, app: Flask, client: FlaskClient, city: Cast) -> None:
        choose(app, "ask_again_times", "1")
        filed = answered(app, city)
        opened(client, filed)
        assert act(client, "ask_again", content="鞋子也可以吗？").status_code == 303
        settled(app, city, filed[0], MORNING + timedelta(minutes=30))
        assert "每一件最多追问1次" in opened(client, filed).text


OPENED: dict[str, Any] = {
    "decided_on": "2026-11-23",
    "facts": "现场有根治糖尿病的灯箱广告",
    "legal_basis": "处罚程序规定第十九条",
    "case_number": "东市监案立〔2026〕9号",
}
NOT_OPENED: dict[str, Any] = {"ground": "N1", "decided_on": "2026-11-23", "reasons": "灯箱已撤下，情节轻微"}


class TestWhatAnInformantSees:
    """workflow.md 22: phases only, unless the bureau shows the decision; the reported business never sees either."""

    @pytest.mark.parametrize(("action", "fields"), [("open_case", OPENED), ("decide_not_to_open", NOT_OPENED)])
    def test_by_default_the_page_shows_the_phase_alone(
        self, app: Flask, client: FlaskClient, city: Cast, action: str, fields: dict[str, Any]
    ) -> None:
        filed = decided(app, city, action, fields)
        assert "立案" not in plain(soup(opened(client, filed)).get_text())

    @pytest.mark.parametrize(
        ("action", "fields", "said"),
        [
            ("open_case", OPENED, "2026年11月23日已决定立案。"),
            ("decide_not_to_open", NOT_OPENED, "2026年11月23日已决定不予立案。"),
        ],
    )
    def test_a_bureau_may_show_whether_a_case_was_opened(
        self, app: Flask, client: FlaskClient, city: Cast, action: str, fields: dict[str, Any], said: str
    ) -> None:
        choose(app, "report_tracking_detail", "decision")
        text = plain(soup(opened(client, decided(app, city, action, fields))).get_text())
        assert said in text
        for secret in ("情节轻微", "案立〔2026〕9号", "灯箱广告"):
            assert secret not in text

    def test_before_the_decision_there_is_nothing_to_show(self, app: Flask, client: FlaskClient, city: Cast) -> None:
        choose(app, "report_tracking_detail", "decision")
        filed = file_one(app, "report")
        work(app, city, filed[0], *to_handler(city))
        assert "立案" not in plain(soup(opened(client, filed)).get_text())


def decided(app: Flask, city: Cast, action: str, fields: dict[str, Any]) -> tuple[str, str]:
    """A report on whose opening the leader has decided."""
    filed = file_one(app, "report")
    work(app, city, filed[0], *to_handler(city), ("east_leader", action, fields))
    return filed
