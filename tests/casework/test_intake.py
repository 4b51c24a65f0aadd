"""Taking in: one filing, one receipt, whatever is clicked; mixed filings split; anonymous ones leave no trace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, inspect, select, text

from casework import intake, receipts, search
from casework.actors import FILER
from casework.errors import Faults, NotFound, OtherWords
from models import Case, CaseLink, CaseText, Deadline, Event, Filing, Party, Respondent, Task, db
from models.base import writing
from models.secrets import ring
from tests.casework.test_handling import at_once
from tests.support import cast
from tests.support.cast import COMPLAINT, MORNING, Cast


@pytest.fixture
def people(context: Flask) -> Cast:
    """A city with its people."""
    return cast.build()


def number_of(model: Any) -> int:
    """How many rows a table has."""
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def send(form_key: str, **entered: Any) -> receipts.Receipt:
    """Send the form with this key."""
    return intake.register(intake.NewFiling("complaint", {**COMPLAINT, **entered}, FILER, form_key=form_key), MORNING)


class TestOneFormOneCase:
    def test_the_same_form_sent_again_gives_the_same_receipt(self, people: Cast) -> None:
        """REL-02"""
        first, again = send("key-1"), send("key-1")
        assert again.slips == first.slips
        assert again.repeated
        assert (number_of(Filing), number_of(Case)) == (1, 1)

    def test_sent_twenty_times_at_once_it_makes_one_case(self, app: Flask, people: Cast) -> None:
        """REL-02"""
        outcomes = at_once(app, 20, lambda: send("key-2").slips[0].number)
        db.session.rollback()
        assert len(set(outcomes)) == 1, outcomes
        assert (number_of(Filing), number_of(Case), number_of(Event)) == (1, 1, 1)

    def test_the_same_key_with_another_text_is_refused(self, people: Cast) -> None:
        """REL-02"""
        send("key-3")
        with pytest.raises(OtherWords):
            send("key-3", content="另外一件事：买的电饭煲不通电，商家不肯换。")
        assert number_of(Case) == 1

    def test_the_receipt_can_be_shown_again_only_with_the_key_and_within_a_day(self, people: Cast) -> None:
        receipt = send("key-4")
        assert receipts.show("key-4", MORNING + timedelta(hours=23)).slips == receipt.slips
        for key, later in (("key-4", timedelta(hours=25)), ("another", timedelta(0))):
            with pytest.raises(NotFound):
                receipts.show(key, MORNING + later)

    def test_the_codes_are_erased_after_the_visit(self, people: Cast) -> None:
        send("key-5")
        assert receipts.erase_old(MORNING + timedelta(hours=25)) == 1
        assert db.session.scalar(select(Filing.receipt_codes)) is None

    def test_the_query_code_stands_nowhere_in_the_database(self, people: Cast) -> None:
        code = send("key-6").slips[0].code
        assert not found_anywhere(code)
        assert not found_anywhere(code.replace("-", ""))

    def test_numbers_of_a_day_follow_each_other(self, people: Cast) -> None:
        numbers = [send(f"key-{place}").slips[0].number for place in range(3)]
        assert [number[:15] for number in numbers] == [f"T20261123-0000{place}" for place in (1, 2, 3)]


def found_anywhere(canary: str) -> bool:
    """Does a text stand in any column of any table, as text or bytes?"""
    for table in inspect(db.engine).get_table_names():
        if (
            table in ("case_search", "notice_search") and db.engine.dialect.name == "sqlite"
        ):  # keeps its words in tables beside it
            continue
        for row in db.session.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608  (names of our own tables)
            for value in row:
                if isinstance(value, (bytes, memoryview)) and canary.encode() in bytes(value):
                    return True
                if isinstance(value, str) and canary in value:
                    return True
    return False


class TestWhoFiles:
    def test_names_and_phones_are_encrypted_and_found_by_their_index(self, people: Cast) -> None:
        send("key-7")
        assert not found_anywhere("王秀英")
        assert not found_anywhere("13800001234")
        party = db.session.query(Party).one()
        assert (party.name, party.phone) == ("王秀英", "13800001234")
        assert party.phone_index == ring().index("13800001234", "party.phone")

    def test_an_anonymous_report_leaves_no_person_even_when_one_was_typed(self, people: Cast) -> None:
        cast.file("report", filer_name="王秀英", filer_phone="13800001234", filer_email="wang@example.cn")
        assert number_of(Party) == 0
        assert not found_anywhere("王秀英")
        assert not found_anywhere("example.cn")

    def test_a_sealed_report_is_unreadable_in_the_database_and_not_searched(self, people: Cast) -> None:
        cast.file("misconduct")
        assert not found_anywhere("灭火器")
        kept = db.session.query(CaseText).one()
        assert "灭火器" in (kept.sealed_content or "")
        assert search.case_ids("灭火器") == []

    def test_sealed_numbers_have_a_series_of_their_own(self, people: Cast) -> None:
        send("key-8")
        sealed = cast.file("misconduct").slips[0].number
        assert sealed.startswith("D20261123-00001-")
        assert send("key-9").slips[0].number.startswith("T20261123-00002-")


class TestMixedFilings:
    def test_complaint_and_report_in_one_become_two_cases_received_the_same_day(self, people: Cast) -> None:
        receipt = send("key-10", also_report="yes", evidence="门口告示的照片。")
        complaint, report = cast.case_of(receipt, 0), cast.case_of(receipt, 1)
        assert (complaint.kind, report.kind) == ("complaint", "report")
        assert complaint.received_on == report.received_on
        assert complaint.filing_id == report.filing_id
        assert number_of(CaseLink) == 1
        rules = {row.case_id: row.rule for row in db.session.query(Deadline).filter(Deadline.rule.contains(".ver"))}
        assert rules == {report.id: "report.verify"}

    def test_the_filer_is_told_the_number_of_the_other_half(self, people: Cast) -> None:
        receipt = send("key-11", also_report="yes", evidence="照片。")
        complaint = cast.case_of(receipt)
        told = [event.action for event in db.session.query(Event).filter_by(case_id=complaint.id)]
        assert told == ["register_online", "split_mixed"]


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("field", "entered", "sentence"),
        [
            ("filer_phone", "1380000123", "手机号码要有 11 位，现在是 10 位"),
            ("happened_on", "2027-01-01", "发生日期是 2027-01-01，还没有到，请再看一下"),
            ("happened_on", "2026-02-30", "发生日期：2026年2月没有30日"),
            ("content", "太短", "事实经过至少写 10 个字，现在是 2 个字"),
            ("content", "长" * 1_000_000, "事实经过最多 4000 个字，现在是 1000000 个字"),
            ("demands", [], "请至少选一项请求"),
            ("demands", ["free_money"], "请求里没有这一项，请重新选择"),
            ("amount", "三千", "消费金额（元）请只写数字，例如 3680 或 3680.50"),
            ("respondent_code", "123", "统一社会信用代码是 18 位，现在是 3 位；不知道可以不填"),
            ("consent_truth", "no", "请勾选：我写的都是真实的"),
        ],
    )
    def test_each_fault_is_named_at_its_field(self, people: Cast, field: str, entered: Any, sentence: str) -> None:
        with pytest.raises(Faults) as faults:
            send("key-12", **{field: entered})
        assert faults.value.faults[field] == sentence
        assert number_of(Filing) == 0

    @pytest.mark.parametrize("entered", ["3,680元", "３６８０", "¥3680.00", " 3680 "])
    def test_money_is_read_as_people_write_it(self, people: Cast, entered: str) -> None:
        assert cast.case_of(send("key-13", amount=entered)).amount == 368_000

    def test_direction_overrides_and_control_characters_are_taken_out(self, people: Cast) -> None:
        case = cast.case_of(send("key-14", goods="年卡\u202egpj.exe\x00", respondent_name="澜亭\ud800健身"))
        assert case.goods == "年卡gpj.exe"
        assert case.respondent_name == "澜亭健身"

    def test_rare_characters_and_emoji_survive(self, people: Cast) -> None:
        case = cast.case_of(send("key-15", content="店主叫𬱖㙓，卖的䶮牌鞋穿两天就开胶了😡，要求退款。"))
        kept = db.session.get_one(CaseText, case.id)
        assert "𬱖㙓" in kept.content
        assert "😡" in kept.content


class TestBeside:
    def test_the_same_business_is_one_row(self, people: Cast) -> None:
        send("key-16")
        send("key-17", respondent_name="临江澜亭健身服务有限公司 ", content="又一件：私教课也不退，店里没人了。")
        assert number_of(Respondent) == 1

    def test_a_filing_at_night_counts_from_its_day_and_is_flagged(self, people: Cast) -> None:
        night = MORNING.replace(hour=15, minute=50)  # 23:50 in the city
        case = cast.case_of(cast.file(now=night))
        assert case.off_hours
        assert case.received_on.isoformat() == "2026-11-23"

    def test_every_filing_leaves_its_tasks_in_the_same_transaction(self, people: Cast) -> None:
        send("key-18")
        assert [task.kind for task in db.session.query(Task)] == ["message.send"]

    def test_a_broken_filing_leaves_nothing_and_can_be_sent_again(
        self, people: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SEC-14"""

        def breaks(*_args: Any) -> None:
            raise OSError("the power went")

        with monkeypatch.context() as broken:
            broken.setattr("casework.cases.search.enter", breaks)
            with pytest.raises(OSError, match="power"):
                send("key-19")
        assert (number_of(Filing), number_of(Case), number_of(Task)) == (0, 0, 0)
        assert send("key-19").slips[0].number.startswith("T20261123-00001")

    def test_nothing_can_be_written_inside_another_writing(self, people: Cast) -> None:
        from models.base import NestedWriting

        with pytest.raises(NestedWriting), writing():
            send("key-20")
