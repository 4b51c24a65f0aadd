"""The way of a citizen from the form to the receipt: nothing typed is lost, and one press makes one case."""

from __future__ import annotations

import re
import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from models import Case, CaseText, Filing, Party, db
from models.filing import Draft
from tests.blueprints.filing_world import (
    FILLED,
    FORMS,
    checked,
    errors_of,
    hidden,
    keys_on,
    plain,
    ready,
    sent,
    soup,
)
from tests.support.cast import Cast

pytestmark = pytest.mark.usefixtures("city", "morning")


def cases() -> list[Case]:
    """All cases, oldest first."""
    return list(db.session.scalars(select(Case).order_by(Case.id)))


def count_of(model: type) -> int:
    """How many rows there are."""
    return db.session.scalar(select(func.count()).select_from(model)) or 0


class TestChoosing:
    def test_the_first_page_of_every_form_is_one_body_for_all_and_holds_no_token(self, client: FlaskClient) -> None:
        for path in ("/file", *(f"/file/{kind}" for kind in FORMS)):
            answer = client.get(path)
            assert answer.status_code == 200
            assert answer.headers["ETag"]
            assert "Set-Cookie" not in answer.headers
            assert "csrf_token" not in answer.text
            assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304

    def test_the_choice_leads_to_its_form(self, client: FlaskClient) -> None:
        assert client.get("/file?kind=report&go=1").headers["Location"] == "/file/report"

    def test_going_on_without_a_choice_says_what_to_do(self, client: FlaskClient) -> None:
        answer = client.get("/file?go=1")
        assert answer.status_code == 422
        assert "请选一项" in errors_of(answer)["kind"]

    def test_another_kind_is_not_found(self, client: FlaskClient) -> None:
        assert client.get("/file/bribe").status_code == 404


class TestTheWay:
    @pytest.mark.parametrize("kind", FORMS)
    def test_each_kind_goes_from_the_form_to_a_receipt(self, app: Flask, client: FlaskClient, kind: str) -> None:
        receipt = sent(client, kind)
        [(number, code)] = keys_on(receipt)
        assert number[0] == {"complaint": "T", "report": "J", "consultation": "Z", "suggestion": "Y",
                             "misconduct": "D"}[kind]  # fmt: skip
        assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", code)
        with app.app_context():
            assert [case.number for case in cases()] == [number]

    def test_what_was_typed_reaches_the_case(self, app: Flask, client: FlaskClient) -> None:
        sent(client)
        with app.app_context():
            [case] = cases()
            text = db.session.get(CaseText, case.id)
            party = db.session.scalars(select(Party)).one()
            assert (case.amount, str(case.happened_on), case.category) == (368_000, "2026-03-02", "leisure")
            assert case.channel == "online"
            assert text is not None
            assert text.demands == ["refund", "compensation"]
            assert (text.consent_mediation, text.consent_publish, text.consent_truth) == (True, False, True)
            assert (party.name, party.phone, party.reply_by) == ("王秀英", "13800001234", "sms")

    def test_the_check_page_shows_every_answer_and_the_date_of_the_promise(self, client: FlaskClient) -> None:
        text = plain(soup(checked(client)).find("main").text)
        for words in ("3,680.00 元", "2026年3月2日（周一）", "文化、娱乐、体育服务", "退款、赔偿", "到店",
                      "2026年12月2日（周三）", "用短信告诉您是否受理"):  # fmt: skip
            assert words in text

    def test_the_first_post_writes_no_case(self, app: Flask, client: FlaskClient) -> None:
        checked(client)
        with app.app_context():
            assert count_of(Filing) == count_of(Draft) == 0

    def test_nothing_of_the_way_is_kept_by_browsers(self, client: FlaskClient) -> None:
        answers = [checked(client), client.post("/file/complaint", data={}), sent(client)]
        assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}

    def test_the_truth_must_be_vouched_for_on_the_last_page(self, app: Flask, client: FlaskClient) -> None:
        last = ready(client)
        del last["consent_truth"]
        answer = client.post("/file/complaint/send", data=last)
        assert answer.status_code == 422
        assert errors_of(answer) == {"consent_truth": "请勾选：我写的都是真实的"}
        assert hidden(answer, "send")["content"] == last["content"]
        with app.app_context():
            assert cases() == []


class TestFaults:
    def test_every_fault_is_named_once_above_and_at_its_field_in_the_words_of_the_page(
        self, client: FlaskClient
    ) -> None:
        answer = client.post("/file/complaint", data={**FILLED, "respondent_name": " ", "filer_phone": "1380000123",
                                                      "amount": "三千六", "happened_on_month": "13"})  # fmt: skip
        assert answer.status_code == 422
        errors = errors_of(answer)
        assert list(errors) == ["respondent_name", "happened_on", "amount", "filer_phone"]
        assert errors["respondent_name"] == "请填写商家名称"
        page = soup(answer)
        assert page.title.text.startswith("错误：")
        for name, sentence in errors.items():
            assert sentence in page.find(id=f"{name}-err").text
            assert page.find(id=name) is not None

    def test_everything_typed_survives_a_fault(self, client: FlaskClient) -> None:
        page = soup(client.post("/file/complaint", data={**FILLED, "filer_name": ""}))
        assert page.find(id="respondent_name")["value"] == FILLED["respondent_name"]
        assert page.find(id="amount")["value"] == FILLED["amount"]
        assert page.find(id="content").text.strip() == FILLED["content"].replace("\r\n", "\n")
        assert [box["value"] for box in page.select("input[name=demands][checked]")] == ["refund", "compensation"]
        assert page.select_one("#category option[selected]")["value"] == "leisure"
        assert page.find("input", attrs={"name": "happened_on_year"})["value"] == "2026"
        assert page.select_one("input[name=consent_publish][checked]")["value"] == "no"

    def test_changing_an_answer_leads_back_to_the_form_with_all_the_others(self, client: FlaskClient) -> None:
        carried = hidden(checked(client), "send")
        page = soup(client.post("/file/complaint", data={**carried, "change": "amount"}))
        assert page.find(id="amount")["value"] == FILLED["amount"]
        assert page.find(id="filer_address")["value"] == FILLED["filer_address"]
        assert not page.select(".errors")

    def test_an_identity_number_that_cannot_be_one_is_found_although_its_field_is_folded(
        self, client: FlaskClient
    ) -> None:
        answer = client.post("/file/complaint", data={**FILLED, "filer_id_number": "110101199003071234"})
        assert "身份证" in errors_of(answer)["filer_id_number"]
        assert soup(answer).find(id="filer_id_number").find_parent("details").has_attr("open")


class TestOnce:
    def test_a_second_press_shows_the_same_receipt(self, app: Flask, client: FlaskClient) -> None:
        last = ready(client)
        first, second = (client.post("/file/complaint/send", data=last) for _ in range(2))
        assert first.headers["Location"] == second.headers["Location"]
        with app.app_context():
            assert len(cases()) == 1

    def test_twenty_presses_at_once_make_one_case(self, app: Flask, client: FlaskClient) -> None:
        """REL-02: all twenty are led to the same receipt."""
        last = ready(client)
        visit = client.get_cookie("visit")
        assert visit is not None
        answers: list[tuple[int, str | None]] = []
        gate = threading.Barrier(20)

        def press() -> None:
            own = app.test_client()
            own.set_cookie("visit", visit.value)
            gate.wait()
            answer = own.post("/file/complaint/send", data=last)
            answers.append((answer.status_code, answer.headers.get("Location")))

        threads = [threading.Thread(target=press) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 20
        assert {status for status, _ in answers} == {303}
        assert len({place for _, place in answers}) == 1
        with app.app_context():
            assert len(cases()) == 1

    def test_going_back_and_through_again_with_the_same_words_ends_at_the_same_receipt(
        self, app: Flask, client: FlaskClient
    ) -> None:
        first, second = keys_on(sent(client)), keys_on(sent(client))
        assert first == second
        with app.app_context():
            assert len(cases()) == 1

    def test_other_words_make_another_case(self, app: Flask, client: FlaskClient) -> None:
        assert keys_on(sent(client)) != keys_on(sent(client, content="另一件事：买的热水器三天就坏了，店家不肯换。"))
        with app.app_context():
            assert len(cases()) == 2

    def test_a_used_key_with_other_words_is_refused_and_says_what_counts(self, app: Flask, client: FlaskClient) -> None:
        """REL-02"""
        last = ready(client)
        client.post("/file/complaint/send", data=last)
        answer = client.post("/file/complaint/send", data={**last, "amount": "99999"})
        assert answer.status_code == 422
        assert "已收到的那一份有效" in answer.text
        with app.app_context():
            assert [case.amount for case in cases()] == [368_000]


class TestExpired:
    def assert_kept(self, client: FlaskClient, answer, last: dict) -> None:  # type: ignore[no-untyped-def,type-arg]
        assert answer.status_code == 400
        assert "还没有提交" in answer.text
        fresh = hidden(answer, "send")
        assert fresh["content"] == last["content"]
        assert fresh["demands"] == last["demands"]
        again = client.post("/file/complaint/send", data={**fresh, "consent_truth": "yes"})
        assert again.status_code == 303

    def test_a_lost_visit_keeps_what_was_typed(self, client: FlaskClient) -> None:
        """REL-03"""
        last = ready(client)
        client.delete_cookie("visit")
        self.assert_kept(client, client.post("/file/complaint/send", data=last), last)

    def test_a_foreign_token_keeps_what_was_typed_and_makes_no_case(self, app: Flask, client: FlaskClient) -> None:
        """REL-03"""
        last = {**ready(client), "csrf_token": "x" * 88}
        answer = client.post("/file/complaint/send", data=last)
        with app.app_context():
            assert cases() == []
        self.assert_kept(client, answer, last)

    def test_a_forged_key_makes_no_case(self, app: Flask, client: FlaskClient) -> None:
        last = ready(client)
        for key in ("", "x", "A" * 32 + "." + "B" * 32, last["form_key"][:-2] + "xx", "é" * 40):
            assert client.post("/file/complaint/send", data={**last, "form_key": key}).status_code == 400
        with app.app_context():
            assert cases() == []

    def test_the_key_of_another_visit_is_worthless(self, app: Flask, client: FlaskClient) -> None:
        mine, stranger = ready(client), app.test_client()
        theirs = ready(stranger)
        answer = stranger.post("/file/complaint/send", data={**theirs, "form_key": mine["form_key"]})
        assert answer.status_code == 400

    def test_a_send_from_another_site_is_refused_outright(self, client: FlaskClient) -> None:
        answer = client.post("/file/complaint/send", data=ready(client), headers={"Origin": "https://evil.example"})
        assert answer.status_code == 400
        assert "send" not in answer.text

    def test_the_address_of_sending_leads_back_to_the_form(self, client: FlaskClient) -> None:
        assert client.get("/file/complaint/send").headers["Location"] == "/file/complaint"


class TestAnonymous:
    def test_nothing_of_the_person_is_carried_on_shown_or_kept(self, app: Flask, client: FlaskClient) -> None:
        answer = checked(client, "report", filer_name="王秀英", filer_phone="13800001234", reply_by="sms")
        assert "王秀英" not in answer.text
        assert "13800001234" not in answer.text
        assert "您选了匿名" in answer.text
        last = {**hidden(answer, "send"), "consent_truth": "yes", "filer_name": "王秀英", "filer_phone": "13800001234"}
        assert client.post("/file/report/send", data=last).status_code == 303
        with app.app_context():
            [case] = cases()
            assert case.anonymous
            assert count_of(Party) == 0
            assert "王秀英".encode() not in b"".join(
                str(row).encode() for row in db.session.execute(select(Case.__table__)).all()
            )

    def test_a_report_with_a_name_keeps_it_for_the_handler(self, app: Flask, client: FlaskClient) -> None:
        sent(client, "report", anonymous="", filer_name="王秀英", filer_phone="13800001234")
        with app.app_context():
            assert not cases()[0].anonymous
            assert db.session.scalars(select(Party)).one().name == "王秀英"


class TestSplit:
    def test_a_filing_that_is_both_is_told_so_and_becomes_two(self, app: Flask, client: FlaskClient) -> None:
        answer = checked(client, also_report="yes", evidence="门口通知的照片")
        assert "两件" in answer.text
        receipt = sent(client, also_report="yes", evidence="门口通知的照片")
        keys = keys_on(receipt)
        assert [number[0] for number, _ in keys] == ["T", "J"]
        assert keys[0][1] != keys[1][1]
        assert "已分成两件" in receipt.text
        with app.app_context():
            assert sorted(case.kind for case in cases()) == ["complaint", "report"]


def test_the_whole_way_weighs_less_than_sixty_kilobytes(client: FlaskClient, city: Cast) -> None:
    packed = {"Accept-Encoding": "gzip"}
    pages = [client.get(path, headers=packed) for path in ("/", "/file", "/file/complaint")]
    check = client.post("/file/complaint", data=FILLED, headers=packed)
    receipt = client.get(client.post("/file/complaint/send", data=ready(client)).headers["Location"], headers=packed)
    names = set(
        re.findall(
            r'(?:src|href)="(/static/[^"#]+)', "".join(client.get(path).text for path in ("/", "/file/complaint"))
        )
    )
    weight = sum(len(answer.data) for answer in [*pages, check, receipt])
    weight += sum(len(client.get(name, headers=packed).data) for name in names)
    assert weight < 60_000
