"""Files and drafts on the way: they survive every fault, belong to one visit, and go with the filing."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from casework import attachments
from models import Case, clock, db
from models.attachment import Attachment
from models.filing import Draft
from tests.blueprints.filing_world import FILLED, FORMS, PICTURE, checked, errors_of, plain, ready, sent, soup
from tests.support.cast import MORNING

pytestmark = pytest.mark.usefixtures("city", "morning")


def count_of(model: type) -> int:
    """How many rows there are."""
    return db.session.scalar(select(func.count()).select_from(model)) or 0


class TestFiles:
    def upload(
        self, client: FlaskClient, name: str = "付款截图.png", body: bytes = PICTURE, **more: str
    ) -> TestResponse:
        data = {**FILLED, "upload": "yes", "attachments": (BytesIO(body), name), **more}
        return client.post("/file/complaint", data=data, content_type="multipart/form-data")

    def test_a_file_is_listed_and_goes_with_the_filing(self, app: Flask, client: FlaskClient) -> None:
        answer = self.upload(client)
        assert answer.status_code == 200
        assert "付款截图.png" in answer.text
        draft = soup(answer).find("input", attrs={"name": "draft"})["value"]
        receipt = sent(client, draft=draft)
        assert "1 份：付款截图.png" in plain(receipt.text)
        with app.app_context():
            file = db.session.scalars(select(Attachment)).one()
            assert file.case_id == db.session.scalars(select(Case)).one().id
            assert count_of(Draft) == 0

    def test_sent_twice_with_a_file_it_is_still_one_case(self, app: Flask, client: FlaskClient) -> None:
        draft = soup(self.upload(client)).find("input", attrs={"name": "draft"})["value"]
        last = ready(client, draft=draft)
        first, second = (client.post("/file/complaint/send", data=last) for _ in range(2))
        assert first.headers["Location"] == second.headers["Location"]

    def test_files_chosen_but_not_uploaded_yet_are_taken_by_going_on(self, client: FlaskClient) -> None:
        data = {**FILLED, "attachments": [(BytesIO(PICTURE), "一.png"), (BytesIO(PICTURE), "二.png")]}
        answer = client.post("/file/complaint", data=data, content_type="multipart/form-data")
        assert answer.status_code == 200
        assert "一.png" in answer.text
        assert "二.png" in answer.text

    def test_a_type_that_is_not_taken_is_refused_with_a_reason_and_all_else_stays(self, client: FlaskClient) -> None:
        good = soup(self.upload(client)).find("input", attrs={"name": "draft"})["value"]
        answer = self.upload(client, "会员合同.tiff", b"II*\0" + b"0" * 200, draft=good)
        assert answer.status_code == 422
        assert "“会员合同.tiff”不是能收的格式" in errors_of(answer)["attachments"]
        assert "付款截图.png" in answer.text
        assert soup(answer).find(id="filer_name")["value"] == "王秀英"

    def test_the_list_survives_a_fault_elsewhere(self, client: FlaskClient) -> None:
        draft = soup(self.upload(client)).find("input", attrs={"name": "draft"})["value"]
        assert "付款截图.png" in client.post("/file/complaint", data={**FILLED, "filer_name": "", "draft": draft}).text

    def test_a_file_can_be_removed_again(self, app: Flask, client: FlaskClient) -> None:
        page = soup(self.upload(client))
        draft, key = page.find("input", attrs={"name": "draft"})["value"], page.find("button", attrs={"name": "remove"})
        answer = client.post("/file/complaint", data={**FILLED, "draft": draft, "remove": key["value"]})
        assert answer.status_code == 200
        assert "付款截图.png" not in answer.text
        with app.app_context():
            assert count_of(Attachment) == 0

    def test_another_visit_can_neither_see_nor_remove_nor_send_it(self, app: Flask, client: FlaskClient) -> None:
        page = soup(self.upload(client))
        draft, key = page.find("input", attrs={"name": "draft"})["value"], page.find("button", attrs={"name": "remove"})
        stranger = app.test_client()
        answer = stranger.post("/file/complaint", data={**FILLED, "draft": draft, "remove": key["value"]})
        assert "付款截图.png" not in answer.text
        with app.app_context():
            assert count_of(Attachment) == 1

    def test_files_that_have_expired_are_asked_for_again_and_nothing_else_is_lost(self, client: FlaskClient) -> None:
        draft = soup(self.upload(client)).find("input", attrs={"name": "draft"})["value"]
        last = ready(client, draft=draft)
        with clock.frozen(MORNING + timedelta(days=8)):
            answer = client.post("/file/complaint/send", data=last)
        assert answer.status_code == 422
        assert "重新上传" in errors_of(answer)["attachments"]
        assert soup(answer).find(id="filer_name")["value"] == "王秀英"

    def test_the_page_prints_the_limits_that_are_enforced(self, client: FlaskClient) -> None:
        assert attachments.limits_text() in client.get("/file/complaint").text

    def test_a_script_gets_the_list_alone(self, client: FlaskClient) -> None:
        data = {"upload": "yes", "attachments": (BytesIO(PICTURE), "一.png")}
        answer = client.post(
            "/file/complaint", data=data, content_type="multipart/form-data", headers={"HX-Request": "true"}
        )
        assert soup(answer).find(id="files") is not None
        assert "<html" not in answer.text

    def test_a_name_made_to_harm_is_shown_as_plain_text(self, client: FlaskClient) -> None:
        answer = self.upload(client, '../../"><script>alert(1)</script>\u202e.png')
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text


class TestDrafts:
    def test_a_saved_draft_can_be_continued_in_this_browser(self, client: FlaskClient) -> None:
        answer = client.post("/file/complaint", data={**FILLED, "filer_phone": "", "save": "yes"})
        assert "草稿存好了" in client.get(answer.headers["Location"]).text
        choose = client.get("/file")
        assert "您有一份没写完的投诉" in choose.text
        assert "11月30日" in choose.text
        assert choose.headers["Cache-Control"] == "no-store"
        page = soup(client.get("/file/draft"))
        assert page.find(id="content").text.strip().startswith("2026年3月2日办健身年卡")
        assert [box["value"] for box in page.select("input[name=demands][checked]")] == ["refund", "compensation"]

    def test_another_browser_does_not_see_it(self, app: Flask, client: FlaskClient) -> None:
        client.post("/file/complaint", data={**FILLED, "save": "yes"})
        stranger = app.test_client()
        cookie = client.get_cookie("draft")
        assert cookie is not None
        stranger.set_cookie("draft", cookie.value)
        assert stranger.get("/file/draft").status_code == 303
        checked(stranger)
        assert stranger.get("/file/draft").status_code == 303

    def test_a_report_is_kept_only_when_asked_for(self, app: Flask, client: FlaskClient) -> None:
        checked(client, "report")
        with app.app_context():
            assert count_of(Draft) == 0
        client.post("/file/report", data={**FORMS["report"], "save": "yes"})
        with app.app_context():
            kept = db.session.scalars(select(Draft)).one()
            assert kept.expires_at == MORNING + timedelta(days=7)

    def test_it_can_be_thrown_away(self, app: Flask, client: FlaskClient) -> None:
        client.post("/file/complaint", data={**FILLED, "save": "yes"})
        token = soup(client.get("/file")).find("input", attrs={"name": "csrf_token"})["value"]
        assert client.post("/file/draft/erase", data={"csrf_token": token}).status_code == 303
        with app.app_context():
            assert count_of(Draft) == 0

    def test_sending_ends_it(self, app: Flask, client: FlaskClient) -> None:
        client.post("/file/complaint", data={**FILLED, "save": "yes"})
        draft = soup(client.get("/file/draft")).find("input", attrs={"name": "draft"})["value"]
        sent(client, draft=draft)
        assert "没写完" not in client.get("/file").text
        with app.app_context():
            assert count_of(Draft) == 0
