"""The knowledge base: found by a question as people write it, written by one and published by another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from casework import handling
from casework.errors import Conflict, Faults, NotAllowed, NotFound, Refused
from casework.knowledge import finding, keeping
from casework.knowledge.keeping import SavedMeanwhile
from models import Case, KnowledgeEntry, db
from rules import knowledge as law
from tests.support import cast
from tests.support.cast import MORNING as NOW
from tests.support.cast import Cast

REFUND = {
    "subject": "refund", "question": "网购的东西不喜欢，七天内能退吗？",
    "answer": "能。网上买的商品，收到之日起七日内可以退货，不用说明理由。", "basis": "《消费者权益保护法》第二十五条",
}  # fmt: skip
PREPAID = {
    "subject": "prepaid", "question": "健身房关门了，卡里的钱怎么办？",
    "answer": "先留好合同和付款记录，再来投诉，写清卡里还剩多少钱。", "basis": "",
}  # fmt: skip
PARKING = {
    "subject": "price", "question": "停车场收费贵，归谁管？",
    "answer": "超过规定的标准收费，归我们查；标准本身由定价的部门管。", "basis": "",
}  # fmt: skip


@pytest.fixture
def people(context: Flask) -> Cast:
    """A city with its people."""
    return cast.build()


def published(people: Cast, *entries: dict[str, str]) -> list[int]:
    """Entries that everybody finds."""
    ids = []
    for one in entries:
        ids.append(keeping.write(people.view("editor"), None, one, 0, NOW))
        keeping.publish(people.view("city_supervisor"), ids[-1], 1, NOW)
    return ids


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("在网上买了件衣服不喜欢，七天内可以退货吗", 0),
        ("我在健身房办的卡，健身房关门联系不上，卡里还有钱，怎么办", 1),
        ("小区旁边的停车场收费太贵了应该归谁管", 2),
        ("停车 收费", 2),
    ],
)
def test_a_question_in_own_words_finds_the_entry(people: Cast, asked: str, place: int) -> None:
    ids = published(people, REFUND, PREPAID, PARKING)
    assert next(one.id for one in finding.fitting(asked)) == ids[place]


@pytest.mark.parametrize("asked", ["", "。", "退", "😀", "'; DROP TABLE", "你好", "怎么换驾驶证照片"])
def test_what_fits_nothing_finds_nothing(people: Cast, asked: str) -> None:
    published(people, REFUND, PREPAID, PARKING)
    assert finding.fitting(asked) == []


def test_nobody_publishes_their_own_words(people: Cast) -> None:
    entry_id = keeping.write(people.view("editor"), None, REFUND, 0, NOW)
    assert finding.listed() == []
    with pytest.raises(NotAllowed, match="另一个人"):
        keeping.publish(people.view("editor"), entry_id, 1, NOW)
    keeping.publish(people.view("city_supervisor"), entry_id, 1, NOW)
    assert [one.question for one in finding.listed()] == [REFUND["question"]]


def test_a_change_waits_for_review_while_the_old_answer_stays(people: Cast) -> None:
    (entry_id,) = published(people, REFUND)
    row = keeping.find(entry_id)
    keeping.write(people.view("editor"), entry_id, {**REFUND, "answer": "能，收到之日起七日内。"}, row.version, NOW)
    assert finding.one(entry_id).answer == REFUND["answer"]
    keeping.publish(people.view("city_supervisor"), entry_id, keeping.find(entry_id).version, NOW)
    assert finding.one(entry_id).answer == "能，收到之日起七日内。"
    assert REFUND["answer"] in (keeping.steps(entry_id)[0].before or "")


def test_two_who_write_at_once_lose_nothing(people: Cast) -> None:
    (entry_id,) = published(people, REFUND)
    seen = keeping.find(entry_id).version
    keeping.write(people.view("editor"), entry_id, {**REFUND, "answer": "第一个人写的。"}, seen, NOW)
    with pytest.raises(SavedMeanwhile) as found:
        keeping.write(people.view("city_intake"), entry_id, {**REFUND, "answer": "第二个人写的。"}, seen, NOW)
    assert found.value.theirs.answer == "第一个人写的。"


def test_what_changed_after_the_reader_opened_it_is_not_published(people: Cast) -> None:
    entry_id = keeping.write(people.view("editor"), None, REFUND, 0, NOW)
    keeping.write(people.view("editor"), entry_id, PREPAID, 1, NOW)
    with pytest.raises(Conflict, match="又改过"):
        keeping.publish(people.view("city_supervisor"), entry_id, 1, NOW)


def test_a_withdrawn_entry_is_found_by_nobody(people: Cast) -> None:
    (entry_id,) = published(people, REFUND)
    with pytest.raises(Refused, match="原因"):
        keeping.withdraw(people.view("city_supervisor"), entry_id, " ", NOW)
    keeping.withdraw(people.view("city_supervisor"), entry_id, "法律改了", NOW)
    assert finding.fitting(REFUND["question"]) == []
    with pytest.raises(NotFound):
        finding.one(entry_id)
    keeping.write(people.view("editor"), entry_id, REFUND, keeping.find(entry_id).version, NOW)
    keeping.publish(people.view("city_supervisor"), entry_id, keeping.find(entry_id).version, NOW)
    assert finding.fitting(REFUND["question"])


def test_what_is_missing_or_too_long_is_said_at_its_field(people: Cast) -> None:
    with pytest.raises(Faults) as found:
        keeping.write(people.view("editor"), None, {"question": "问" * 61, "basis": "据" * 401}, 0, NOW)
    assert set(found.value.faults) == {"subject", "question", "answer", "basis"}


def question(people: Cast, **entered: Any) -> Case:
    """A consultation that 李明 has in hand."""
    case = cast.case_of(cast.file("consultation", NOW, **entered))
    handling.apply(case, "dispatch", people.actor("city_dispatcher"), NOW, unit="east_office", routing_reason="地址")
    handling.apply(case, "sign_for", people.actor("east_lead"), NOW)
    handling.apply(case, "assign", people.actor("east_lead"), NOW, handler=people.staff["east_handler"])
    return case


def test_an_answer_becomes_a_proposal_that_waits_for_review(people: Cast) -> None:
    case = question(people)
    said = {"answer": "能退，七日内。", "save_to_knowledge": "yes"}
    handling.apply(case, "answer", people.actor("east_handler"), NOW, **said)
    (row,) = keeping.waiting()
    assert (row.case_id, row.draft_answer, row.published_at) == (case.id, "能退，七日内。", None)
    assert finding.listed() == []


def test_an_answer_with_a_persons_data_is_published_only_when_it_is_gone(people: Cast) -> None:
    case = question(people, filer_name="王秀英")
    said = {"answer": "王秀英您好，能退，请打13800001234联系。", "save_to_knowledge": "yes"}
    handling.apply(case, "answer", people.actor("east_handler"), NOW, **said)
    (row,) = keeping.waiting()
    with pytest.raises(Faults, match="遮盖") as found:
        keeping.publish(people.view("city_supervisor"), row.id, row.version, NOW)
    assert "answer" in found.value.faults
    keeping.write(people.view("editor"), row.id, {**REFUND, "question": "能退吗？"}, row.version, NOW)
    keeping.publish(people.view("city_supervisor"), row.id, keeping.find(row.id).version, NOW)


def test_a_closed_consultation_is_taken_up_without_names(people: Cast) -> None:
    case = question(people, filer_name="王秀英")
    handling.apply(case, "answer", people.actor("east_handler"), NOW, answer="能退。", save_to_knowledge="no")
    later = NOW + timedelta(hours=1)
    with pytest.raises(Refused, match="姓名"):
        handling.apply(
            case, "save_as_knowledge", people.actor("east_lead"), later, title="退货", text="王秀英问能不能退。"
        )
    handling.apply(case, "save_as_knowledge", people.actor("east_lead"), later, title="网购能退吗", text="七日内能退。")
    assert db.session.query(KnowledgeEntry).one().draft_question == "网购能退吗"


def test_a_score_never_leaves_its_scale_and_rare_pairs_say_more() -> None:
    found = [("退货", 1, 3), ("怎么", 1, 3), ("怎么", 2, 3), ("怎么", 3, 1)]
    scores = law.scores(["退货", "怎么"], found, 3)
    assert scores[1] > scores[2] > scores[3] > 0
    assert max(scores.values()) <= 100
