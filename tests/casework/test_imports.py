"""Real input: odd rows, odd files, twice the same file, and what stands in the record afterwards."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import func, select

from casework import audit, handling, imports, search, steps
from casework.imports import mapping, reading
from casework.imports.reading import Row
from models import Case, CaseText, Deadline, Document, Event, FilerMessage, ImportBatch, ImportRow, Party, Task
from models.base import db
from rules.calendar import ZONE
from tests.support import cast
from tests.support.cast import Cast

NOW = cast.MORNING
HEADING = "留言编号,留言用户,留言主题,留言时间,留言详情,答复意见,答复时间"
PLAIN = (
    '1,A0001,小区停车收费,2019/4/25 9:32:09,"停车费没有公示，问了几次都没有人回答。",已经要求公示。,2019-05-10 14:56:53'
)


@pytest.fixture
def city(context: Flask) -> Cast:
    return cast.build()


def messages(folder: Path, *rows: str, encoding: str = "utf-8") -> Path:
    file = folder / "messages.csv"
    file.write_bytes("\r\n".join([HEADING, *rows]).encode(encoding))
    return file


def take(file: Path, profile: str = "messages", *, dry: bool = False) -> tuple[str, list[tuple[int, str]]]:
    reasons: list[tuple[int, str]] = []
    last = imports.Report()
    for last in imports.run(file, imports.load(profile), NOW, dry=dry):
        reasons += last.reasons
    return last.last_line, reasons


def test_a_message_of_the_past_becomes_a_closed_case_with_its_times(city: Cast, tmp_path: Path) -> None:
    assert take(messages(tmp_path, PLAIN))[0] == "read 1, taken 1, known already 0, refused 0"
    case = db.session.scalars(select(Case)).one()
    assert (case.state, case.regime, case.kind) == ("archived", "before-2020", "consultation")
    assert case.matter == "小区停车收费"
    assert (case.category, case.problem) == (None, None)
    assert case.number.startswith("Z20190425-")
    events = list(db.session.scalars(select(Event).order_by(Event.seq)))
    assert [event.action for event in events] == ["register_by_staff", "answer_at_once", "archive"]
    assert events[0].at == datetime(2019, 4, 25, 1, 32, 9, tzinfo=UTC)
    assert events[1].at == datetime(2019, 5, 10, 6, 56, 53, tzinfo=UTC)
    assert steps.opened_fields(events[1].fields)["answer"] == "已经要求公示。"
    assert db.session.scalars(select(Party)).one().name == "A0001"


def test_history_runs_no_terms_orders_no_papers_and_tells_nobody(city: Cast, tmp_path: Path) -> None:
    take(messages(tmp_path, PLAIN))
    for model in (Deadline, Document, FilerMessage, Task):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0


def test_the_same_file_twice_takes_each_row_once(city: Cast, tmp_path: Path) -> None:
    file = messages(tmp_path, PLAIN, PLAIN.replace("1,", "2,", 1), PLAIN)
    assert take(file)[0] == "read 3, taken 2, known already 1, refused 0"
    assert take(file)[0] == "read 3, taken 0, known already 3, refused 0"
    assert db.session.scalar(select(func.count()).select_from(Case)) == 2


def test_a_dry_run_says_the_same_and_writes_nothing(city: Cast, tmp_path: Path) -> None:
    file = messages(tmp_path, PLAIN, PLAIN.replace("2019/4/25 9:32:09", "前天").replace("1,", "2,", 1))
    dry, reasons = take(file, dry=True)
    assert db.session.scalar(select(func.count()).select_from(Case)) == 0
    assert db.session.scalar(select(func.count()).select_from(ImportBatch)) == 0
    assert (dry, reasons) == take(file)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("2019/4/25 9:32:09", "2019/2/30 9:32:09", "不是时间"),
        ("2019/4/25 9:32:09", "", "不是时间"),
        ("2019/4/25 9:32:09", "2099/4/25 9:32:09", "还没有到"),
        ("2019-05-10 14:56:53", "2018-05-10 14:56:53", "早于"),
        ('"停车费没有公示，问了几次都没有人回答。"', '" \t　 "', "是空的"),
    ],
)
def test_a_bad_row_is_refused_with_line_and_reason_and_the_others_go_on(
    city: Cast, tmp_path: Path, before: str, after: str, reason: str
) -> None:
    bad = PLAIN.replace("1,", "2,", 1).replace(before, after)
    line, reasons = take(messages(tmp_path, PLAIN, bad, PLAIN.replace("1,", "3,", 1)))
    assert line == "read 3, taken 2, known already 0, refused 1"
    assert reasons[0][0] == 3
    assert reason in reasons[0][1]
    assert db.session.scalars(select(ImportRow)).one().reason == reasons[0][1]


def test_text_keeps_emoji_and_rare_characters_and_loses_blanks_and_controls(city: Cast, tmp_path: Path) -> None:
    odd = '"\n\t\t\t\t\n\t\t\t\t第一行😀\u3000\n\n\n\n第二行𠮷\x0b龑\u202e。\n\t\t"'
    take(messages(tmp_path, PLAIN.replace('"停车费没有公示，问了几次都没有人回答。"', odd)))
    case = db.session.scalars(select(Case)).one()
    assert db.session.get_one(CaseText, case.id).content == "第一行😀\n\n第二行𠮷龑。"
    assert search.case_ids("第二行") == [case.id]


def test_a_reply_of_eight_thousand_characters_is_kept_whole(city: Cast, tmp_path: Path) -> None:
    long = "答复" * 4000
    take(messages(tmp_path, PLAIN.replace("已经要求公示。", long)))
    answer = db.session.scalars(select(Event).where(Event.action == "answer_at_once")).one()
    assert answer.fields["answer"] == long


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_the_encodings_of_offices_are_read(city: Cast, tmp_path: Path, encoding: str) -> None:
    assert take(messages(tmp_path, PLAIN, encoding=encoding))[0].startswith("read 1, taken 1")


def test_the_workbook_and_the_text_file_are_the_same_source(city: Cast, tmp_path: Path) -> None:
    take(messages(tmp_path, PLAIN))
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADING.split(","))
    moment = datetime(2019, 4, 25, 9, 32, 9)  # noqa: DTZ001 - as Excel keeps it
    sheet.append([1, "A0001", "小区停车收费", moment, "停车费没有公示。", "已经要求公示。", "2019/5/10 14:56"])
    sheet.append([2, "A0002", "另一件", moment, "另一件事情的经过。", "已答复。", moment])
    book.save(tmp_path / "messages.xlsx")
    assert take(tmp_path / "messages.xlsx")[0] == "read 2, taken 1, known already 1, refused 0"


def test_a_file_without_the_columns_of_the_profile_is_refused_whole(city: Cast, tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(reading.Unreadable, match="留言详情"):
        take(file)
    with pytest.raises(imports.ProfileError, match="worksheets-12315"):
        imports.load("nobody")


def test_an_empty_file_is_nothing_to_take(city: Cast, tmp_path: Path) -> None:
    assert take(messages(tmp_path))[0] == "read 0, taken 0, known already 0, refused 0"


WORKSHEET = (
    "退货,更换 冒充合格产品 临江市望江商场 商户名称：青禾皮具：市民于2月27日在望江商场二楼花费120元购买了一个包，"
    "拐角被磕扁了。主要诉求：要求商家退款。"
)


def worksheet(text: str) -> tuple[str, dict[str, object]]:
    return mapping.current(imports.load("worksheets-12315"), Row(2, {"text": text}), NOW)


def test_a_worksheet_gives_demand_problem_place_and_story_back(context: Flask) -> None:
    kind, entered = worksheet(WORKSHEET)
    assert kind == "complaint"
    assert entered["demands"] == ["return", "replace"]
    assert entered["problem"] == "fail_as_pass"
    assert entered["respondent_address"] == "临江市望江商场"
    assert entered["respondent_name"] == "青禾皮具"
    assert (entered["amount"], entered["happened_on"]) == ("120", date(2026, 2, 27))
    assert entered["demand_text"] == "要求商家退款"
    assert entered["content"] == WORKSHEET


def test_a_worksheet_that_names_a_violation_is_a_report(context: Flask) -> None:
    kind, entered = worksheet("不执行政府指导价、政府定价的行为 位于临江市某商场，该小区物业节假日停车收费不合理。")
    assert kind == "report"
    assert entered["problem"] == "r_government_price"
    assert entered["respondent_address"] == "临江市某商场"


def test_a_worksheet_is_registered_today_and_can_be_walked_through_the_desk(city: Cast, tmp_path: Path) -> None:
    file = tmp_path / "worksheets.csv"
    file.write_text(f'text,label,note\n"{WORKSHEET}",1,\n', encoding="utf-8")
    assert take(file, "worksheets-12315")[0] == "read 1, taken 1, known already 0, refused 0"
    assert take(file, "worksheets-12315")[0] == "read 1, taken 0, known already 1, refused 0"
    case = db.session.scalars(select(Case)).one()
    assert (case.state, case.channel, case.received_on) == ("registered", "hotline_12345", NOW.astimezone(ZONE).date())
    assert case.due_rule is not None
    dispatcher = city.actor("city_dispatcher")
    handling.apply(case, "dispatch", dispatcher, NOW, unit="east_office", routing_reason="按地址")
    handling.apply(case, "sign_for", city.actor("east_lead"), NOW)
    assert case.state == "received"
    assert list(audit.verify(audit.Checked())) == []


def test_what_was_imported_passes_the_audit(city: Cast, tmp_path: Path) -> None:
    take(messages(tmp_path, *(PLAIN.replace("1,", f"{n},", 1) for n in range(1, 30))))
    checked = audit.Checked()
    assert list(audit.verify(checked)) == []
    assert checked.cases == 29
