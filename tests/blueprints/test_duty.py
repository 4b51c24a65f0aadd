"""The pages of the watch: who is on duty, the roster of a week, handing over, the voicemail of the night."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from casework import attachments
from models import Attachment, Case, DutyShift, Handover, Voicemail, clock, db
from tests.casework.attachments import samples
from tests.support import cast, desk
from tests.support.desk import Desk, errors_of, soup, text_of

WEEK = {
    f"2026-11-{day}-{part}": "孙慧 钱伟" if part == "day" else "陈立"
    for day in range(23, 30)
    for part in ("day", "night")
}
LINES = "2026-12-01 昼 孙慧\n2026-12-01 夜 陈立"


@pytest.fixture
def city(app: Flask) -> Iterator[Desk]:
    """Monday 23 November 2026, 9:30."""
    with clock.frozen(cast.MORNING):
        yield desk.founded(app)


def put(city: Desk, part: str = "city_supervisor", **changed: str) -> Any:
    """Send the table of this week."""
    data = {"unit": "city", "week": "2026-11-23", "phone": "66123150", **WEEK, **changed}
    return city.person(part).post("/command/duty/roster", data)


def paste(city: Desk, lines: str, **more: str) -> Any:
    """Send pasted lines."""
    return city.person("city_supervisor").post("/command/duty/roster/lines", {"unit": "city", "lines": lines, **more})


def shifts(city: Desk) -> int:
    """How many watches are entered."""
    with city.records():
        return db.session.query(DutyShift).count()


def test_without_a_roster_the_page_says_that_nobody_is_entered(city: Desk) -> None:
    page = city.person("city_intake").get("/command/duty")
    assert page.status_code == 200
    words = text_of(soup(page).main)
    assert "11月23日（周一）昼班（8:30–17:30）值班表上没有人。来件照常收，只是没有人会被通知" in words


def test_where_a_unit_has_no_roster_the_page_names_who_takes_its_cases_above_it(city: Desk) -> None:
    put(city)
    page = city.person("east_handler").get("/command/duty?unit=east_office")
    assert "由上级中心的值班人 孙慧、钱伟 接" in text_of(soup(page).main)


def test_a_week_is_entered_and_the_page_says_who_is_on_duty(city: Desk) -> None:
    assert put(city).status_code == 303
    assert shifts(city) == 14
    page = city.person("city_intake").get("/command/duty")
    assert "值班人 孙慧，副班 钱伟" in text_of(soup(page).main)
    assert "下一班 11月23日（周一）夜班，陈立" in text_of(soup(page).main)


def test_a_gap_stands_at_its_cell_and_what_was_typed_is_kept(city: Desk) -> None:
    answer = put(city, **{"2026-11-25-night": ""})
    assert answer.status_code == 422
    assert errors_of(answer) == {"2026-11-25-night": "11月25日（周三）夜班没有人"}
    assert soup(answer).select_one("[id='2026-11-25-day']")["value"] == "孙慧 钱伟"
    assert shifts(city) == 0
    assert put(city, **{"2026-11-25-night": "", "open_known": "yes"}).status_code == 303
    assert shifts(city) == 14


def test_a_name_that_nobody_has_stands_at_its_cell(city: Desk) -> None:
    answer = put(city, **{"2026-11-25-night": "张三丰"})
    assert errors_of(answer) == {"2026-11-25-night": "11月25日（周三）夜班：“张三丰”，本单位没有这个人"}


def test_everything_that_is_wrong_with_a_week_is_said_at_once(city: Desk) -> None:
    put(city)
    answer = put(city, **{"2026-11-24-day": "", "2026-11-25-night": "张三丰", "2026-11-29-night": ""})
    assert list(errors_of(answer)) == ["2026-11-24-day", "2026-11-25-night", "2026-11-29-night"]
    assert soup(answer).select_one("#open_known") is None


def test_bad_lines_are_refused_one_by_one_and_nothing_is_saved(city: Desk) -> None:
    answer = paste(city, "2026-12-01 昼 孙慧\n明天 夜 陈立\n2026-12-02 早 陈立")
    assert answer.status_code == 422
    listed = [item.get_text() for item in soup(answer).select(".msg-red li")]
    assert [sentence[:4] for sentence in listed] == ["第2行：", "第3行："]
    assert "明天 夜 陈立" in answer.text
    assert shifts(city) == 0


def test_pasted_lines_with_a_gap_may_be_saved_knowingly(city: Desk) -> None:
    gap = "2026-12-01 昼 孙慧\n2026-12-02 昼 陈立"
    answer = paste(city, gap)
    assert "12月1日（周二）夜班没有人" in text_of(soup(answer).select_one(".msg-red"))
    assert soup(answer).select_one("#lines_open") is not None
    assert paste(city, gap, open_known="yes").status_code == 303
    assert shifts(city) == 3


def test_two_watches_change_their_people_on_the_page(city: Desk) -> None:
    put(city)
    form = {"unit": "city", "week": "2026-11-23", "swap_one": "2026-11-24-day", "swap_other": "2026-11-24-night"}
    assert city.person("city_supervisor").post("/command/duty/roster/swap", form).status_code == 303
    page = soup(city.person("city_supervisor").get("/command/duty/roster?unit=city&week=2026-11-23"))
    assert page.select_one("[id='2026-11-24-day']")["value"] == "陈立"
    same = city.person("city_supervisor").post("/command/duty/roster/swap", {**form, "swap_other": "2026-11-24-day"})
    assert errors_of(same) == {"swap_other": "请选两个不同的班次"}


def test_who_may_not_enter_a_roster_sees_it_without_fields(city: Desk) -> None:
    put(city)
    page = soup(city.person("city_intake").get("/command/duty/roster?week=2026-11-23"))
    assert page.select("table.roster input") == []
    assert "陈立" in text_of(page.select_one("table.roster"))
    assert put(city, part="city_intake").status_code == 403


def test_a_note_is_left_and_confirmed_by_the_next_one(city: Desk) -> None:
    writer, reader = city.person("city_supervisor"), city.person("city_intake")
    empty = writer.post("/command/duty/handover", {"unit": "city", "text": " "})
    assert errors_of(empty) == {"text": "请写下要交接的事；没有就写“无事”"}
    writer.post("/command/duty/handover", {"unit": "city", "text": "请跟进 T20261122-00001-1"})
    page = soup(reader.get("/command/duty"))
    form = page.select_one("form[action$='/confirm']")
    assert form is not None
    assert reader.post(str(form["action"]), {"unit": "city"}).status_code == 303
    with city.records():
        assert db.session.query(Handover.read_by_id).scalar() == city.people.staff["city_intake"]


def recording(city: Desk, part: str = "city_intake", name: str = "留言.mp3", **changed: Any) -> Any:
    """Upload a recording of the night."""
    data = {"unit": "city", "arrived_at": "11.23 2:10", "recording": (io.BytesIO(samples.mp3()), name), **changed}
    return city.person(part).post("/command/duty/voicemail", data, content_type="multipart/form-data")


def test_a_voicemail_waits_and_leads_to_the_form_with_its_time_and_recording(city: Desk) -> None:
    assert recording(city).status_code == 303
    clerk = city.person("city_dispatcher")
    page = soup(clerk.get("/command/duty"))
    assert "留言待登记 1" in text_of(page.select_one("#h-voice"))
    took = clerk.post(str(page.select_one("form[action$='/take']")["action"]), {})
    form = soup(clerk.get(took.location))
    assert "这是 11月23日 2:10 的留言" in text_of(form.main)
    kept = form.select_one("input[name=recording][type=checkbox]")
    fields = {
        name: str(form.select_one(f"input[name={name}]")["value"]) for name in ("form_key", "voicemail", "received_on")
    }
    call = {
        "channel": "hotline_12315", "kind": "consultation", "urgent": "normal", "filer_name": "何敏",
        "filer_phone": "13900005678", "content": "昨晚买的鱼死了，能退吗？",
        "recording": str(kept["value"]), **fields,
    }  # fmt: skip
    answer = clerk.post("/desk/new", call, content_type="multipart/form-data")
    assert answer.status_code == 303, errors_of(answer)
    with city.records():
        case, file = db.session.query(Case).one(), db.session.query(Attachment).one()
        assert (case.off_hours, f"{case.received_at:%d %H:%M}") == (True, "22 18:10")
        assert file.case_id == case.id
    assert "没有等着登记的留言" in clerk.get("/command/duty").text


def test_two_clerks_do_not_register_one_voicemail(city: Desk) -> None:
    recording(city)
    with city.records():
        found = db.session.query(Voicemail.id).scalar()
    assert (
        city.person("city_dispatcher")
        .post(f"/command/duty/voicemail/{found}/take", {})
        .location.startswith("/desk/new")
    )
    second = city.person("city_intake")
    assert second.post(f"/command/duty/voicemail/{found}/take", {}).location == "/command/duty"
    assert "钱伟正在登记这一条" in second.get("/command/duty").text


def test_a_voicemail_without_words_is_put_away_with_a_reason_and_its_file_goes(city: Desk) -> None:
    recording(city)
    recording(city)
    with city.records():
        first = db.session.query(Voicemail.id).order_by(Voicemail.id).limit(1).scalar()
    person = city.person("city_intake")
    refused = person.post(f"/command/duty/voicemail/{first}/drop", {"unit": "city", "why": ""})
    assert errors_of(refused) == {f"why-{first}": "请写明为什么不用登记，例如：没有人说话"}
    person.post(f"/command/duty/voicemail/{first}/drop", {"unit": "city", "why": "没有人说话"})
    with city.records():
        later = cast.MORNING.replace(month=12)
        assert attachments.sweep_strays(later).loose == 1
        kept = [row.attachment_id for row in db.session.query(Voicemail).order_by(Voicemail.id)]
    assert kept[0] is None
    assert kept[1] is not None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"arrived_at": ""}, "arrived_at"),
        ({"arrived_at": "11.23 12:10"}, "arrived_at"),
        ({"arrived_at": "昨晚"}, "arrived_at"),
        ({"recording": (io.BytesIO(b""), "")}, "recording"),
        ({"recording": (io.BytesIO(b"x"), "a.pdf")}, "recording"),
    ],
)
def test_a_recording_that_cannot_be_taken_is_refused_at_its_field(city: Desk, changed: Any, field: str) -> None:
    answer = recording(city, **changed)
    assert answer.status_code == 422
    assert list(errors_of(answer)) == [field]


def test_a_voicemail_of_the_city_is_not_for_the_districts(city: Desk) -> None:
    recording(city)
    with city.records():
        found = db.session.query(Voicemail.id).scalar()
    page = city.person("east_handler").get("/command/duty?unit=city")
    assert "留言待登记" not in page.text
    assert city.person("east_handler").post(f"/command/duty/voicemail/{found}/take", {}).status_code in {303, 404}
    with city.records():
        assert db.session.query(Voicemail.taken_by).scalar() is None
