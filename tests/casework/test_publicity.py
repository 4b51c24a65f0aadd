"""Publication of complaint information: decided within the term, masked, for a year, put right when it is wrong."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from casework import handling, throttle
from casework.errors import Conflict, Faults, NotAllowed, NotFound, Refused, TooFast
from casework.publicity import keeping, publishing, reading
from models import Case, Publication, PublicationObjection, PublicationStep, db
from models import publication as states
from rules import publicity as law
from rules.calendar import local_date
from tests.support import cast
from tests.support.cast import MORNING as NOW
from tests.support.cast import Cast

TODAY = local_date(NOW)
TEXT = "消费者反映办理健身年卡后场馆停业，要求退还余额。经调解，商家全额退还。"
OBJECTION = {
    "name": "周建国",
    "phone": "0571-88001234",
    "code": "",
    "reasons": "余额在受理以前已经退还，公示写成经调解才退还。",
}


@pytest.fixture
def people(context: Flask) -> Cast:
    """A city with its people."""
    return cast.build()


def closed(people: Cast, **entered: Any) -> Case:
    """A complaint that was settled on the spot and answered."""
    case = cast.case_of(cast.file(**entered))

    def act(part: str, action: str, **said: Any) -> None:
        handling.apply(case, action, people.actor(part), NOW, **said)

    act("city_dispatcher", "dispatch", unit="east_office", routing_reason="地址在东城区")
    act("east_lead", "sign_for")
    act("east_lead", "assign", handler=people.staff["east_handler"])
    act(
        "east_handler", "settle_on_the_spot", decided_on=TODAY, told_on=TODAY, told_by="phone", ground="S2",
        result="商家退还剩余费用。", amount_recovered="3680", attested=["small_and_clear", "both_consent"],
    )  # fmt: skip
    act("east_handler", "reply", result="商家已退款。", amount_recovered="3680")
    return case


def decide(people: Cast, case: Case, now: datetime = NOW, **entered: Any) -> None:
    """Let the lead of the office decide about publication."""
    said = {"decision": "publish", "masked_text": TEXT, **entered}
    handling.apply(case, publishing.ACTION, people.actor("east_lead", now), now, **said)


def published(people: Cast, **entered: Any) -> Publication:
    """A complaint that everybody reads."""
    decide(people, closed(people, **entered))
    return db.session.query(Publication).one()


def test_a_closed_complaint_is_shown_with_business_matter_and_result_and_without_the_filer(people: Cast) -> None:
    row = published(people)
    shown = reading.one(row.id, local_date(NOW))
    assert (shown.business, shown.text) == ("临江澜亭健身服务有限公司", TEXT)
    assert shown.result
    everything = repr(shown)
    assert "王秀英" not in everything
    assert "138" not in everything


@pytest.mark.parametrize(
    ("decided", "last"),
    [
        (date(2026, 11, 24), date(2027, 11, 23)),
        (date(2028, 2, 29), date(2029, 2, 27)),
        (date(2026, 12, 1), date(2027, 11, 30)),
    ],
)
def test_it_is_shown_for_twelve_months(decided: date, last: date) -> None:
    assert law.shown_until(decided) == last


def test_after_twelve_months_it_is_gone_by_itself(people: Cast) -> None:
    row = published(people)
    assert reading.latest(row.shown_until).rows
    after = row.shown_until + timedelta(days=1)
    assert reading.latest(after).rows == ()
    with pytest.raises(NotFound):
        reading.one(row.id, after)
    with pytest.raises(NotFound):
        reading.business(row.respondent_id, after)


def test_who_does_not_agree_is_not_published_about(people: Cast) -> None:
    case = closed(people, consent_publish="no")
    with pytest.raises(Refused, match="不同意公示") as refused:
        decide(people, case)
    assert refused.value.field == "decision"
    assert db.session.query(Publication).count() == 0
    decide(people, case, decision="do_not_publish", ground="L1")
    assert db.session.query(Publication).count() == 0


def test_not_publishing_needs_a_ground(people: Cast) -> None:
    with pytest.raises(Refused, match="理由"):
        decide(people, closed(people), decision="do_not_publish")


@pytest.mark.parametrize(
    "secret",
    ["联系电话13800001111", "电话 138 0000 1111", "座机0571-88001234", "身份证33010619800101123X",
     "邮箱 wang@example.com", "卡号6222021234567890123", "车牌浙A12345", "投诉人王秀英", "投诉人王 秀 英"],
)  # fmt: skip
def test_a_text_that_tells_who_somebody_is_is_refused_at_its_field(people: Cast, secret: str) -> None:
    case = closed(people, filer_name="王秀英")
    with pytest.raises(Refused, match="遮盖") as refused:
        decide(people, case, masked_text=f"{TEXT}{secret}")
    assert refused.value.field == "masked_text"


def test_dates_amounts_and_model_numbers_are_no_secrets() -> None:
    text = "2026年10月8日购买3680.50元的年卡，2026-11-03 停业，型号XJ-2000B，合同第20261008号。"
    assert law.reveals(text, ["王秀英"]) is None


def test_a_reopened_complaint_disappears_at_once(people: Cast) -> None:
    row = published(people)
    publishing.withdraw(db.session(), row.case_id, NOW, None, publishing.REOPENED)
    db.session.commit()
    assert reading.latest(local_date(NOW)).rows == ()
    assert [one.why for one in keeping.steps(row.id)] == [publishing.REOPENED]


def test_a_business_is_found_by_part_of_its_name_and_by_nothing_that_is_not_published(people: Cast) -> None:
    row = published(people)
    name = reading.one(row.id, local_date(NOW)).business
    assert [one.id for one in reading.search(name[1:4], local_date(NOW)) or []] == [row.respondent_id]
    assert reading.search("100%", local_date(NOW)) == []
    assert reading.search("_" * 4, local_date(NOW)) == []
    assert reading.search("健", local_date(NOW)) is None
    assert reading.search("王秀英", local_date(NOW)) == []


class TestObjections:
    """What the business says against it."""

    def test_it_waits_for_somebody_other_than_who_decided(self, people: Cast) -> None:
        row = published(people)
        keeping.object_to(row.id, OBJECTION, "net", NOW)
        keeping.object_to(row.id, OBJECTION, "net", NOW)
        assert [one.objection is not None for one in keeping.waiting(people.view("east_lead"))] == [True]
        said = {"way": "deny", "answer": "已核对退款凭证，退款在调解以后，公示无误。"}
        with pytest.raises(NotAllowed, match="作出公示决定的人"):
            keeping.answer(people.view("east_lead"), row.id, said, NOW)
        keeping.answer(people.view("east_supervisor"), row.id, said, NOW)
        assert keeping.waiting(people.view("east_lead")) == []
        assert db.session.query(PublicationObjection).one().state == states.DENIED
        assert reading.one(row.id, local_date(NOW)).corrected == ()

    def test_upheld_it_corrects_the_text_with_a_note_that_everybody_reads(self, people: Cast) -> None:
        row = published(people)
        keeping.object_to(row.id, OBJECTION, "net", NOW)
        said = {"way": "correct", "text": "商家在受理以前已退还余额。", "answer": "退款时间写错，已更正。谢谢指出。"}
        keeping.answer(people.view("east_supervisor"), row.id, said, NOW)
        shown = reading.one(row.id, local_date(NOW))
        assert (shown.text, shown.corrected) == (said["text"], ((local_date(NOW), said["answer"]),))
        assert db.session.query(PublicationStep).one().text_before == TEXT

    def test_or_withdraws_it(self, people: Cast) -> None:
        row = published(people)
        keeping.object_to(row.id, OBJECTION, "net", NOW)
        keeping.answer(
            people.view("east_supervisor"), row.id, {"way": "withdraw", "answer": "商家认错了门，不是这一家。"}, NOW
        )
        assert reading.latest(local_date(NOW)).rows == ()
        with pytest.raises(NotFound):
            keeping.object_to(row.id, OBJECTION, "net", NOW)

    def test_what_is_missing_is_said_at_its_field(self, people: Cast) -> None:
        row = published(people)
        with pytest.raises(Faults) as found:
            keeping.object_to(row.id, {"name": "", "phone": "12", "code": "91", "reasons": "不对"}, "net", NOW)
        assert set(found.value.faults) == {"name", "phone", "code", "reasons"}

    def test_a_second_one_waits_for_the_answer_to_the_first(self, people: Cast) -> None:
        row = published(people)
        keeping.object_to(row.id, OBJECTION, "net", NOW)
        with pytest.raises(Conflict):
            keeping.object_to(row.id, {**OBJECTION, "reasons": "另外，地址也写错了，请改正。"}, "net", NOW)

    def test_many_from_one_network_are_slowed_down(self, people: Cast, request: pytest.FixtureRequest) -> None:
        throttle.switch(True)
        request.addfinalizer(lambda: throttle.switch(False))
        row = published(people)
        for n in range(throttle.FREE):
            keeping.object_to(row.id, {**OBJECTION, "reasons": f"第{n}次说明，公示和事实不符。"}, "net", NOW)
            said = {"way": "deny", "answer": "核对过，公示没有错误。"}
            keeping.answer(people.view("east_supervisor"), row.id, said, NOW)
        with pytest.raises(TooFast):
            keeping.object_to(row.id, {**OBJECTION, "reasons": "再说一次，公示和事实不符。"}, "net", NOW)

    def test_the_answer_is_due_in_seven_working_days(self, people: Cast) -> None:
        row = published(people)
        keeping.object_to(row.id, OBJECTION, "net", datetime.fromisoformat("2026-11-24T09:00:00+08:00"))
        assert db.session.query(PublicationObjection).one().due_on == date(2026, 12, 3)

    def test_nobody_of_another_unit_touches_it(self, people: Cast) -> None:
        row = published(people)
        with pytest.raises((NotFound, NotAllowed)):
            keeping.withdraw(people.view("west_lead"), row.id, {"why": "不是我们的件，请撤下来。"}, NOW)
