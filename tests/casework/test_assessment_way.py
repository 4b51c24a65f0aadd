"""The way of a month's assessment: objections and corrections, the signature, the notification."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from casework import audit, documents
from casework.actors import StaffView
from casework.assessment import freezing, keeping, objections, printing, telling
from casework.briefings import freezing as briefing
from casework.briefings import sentences, sheets
from casework.documents import Rendered
from casework.errors import Faults, NotAllowed, NotFound, Refused
from models import Assessment, db
from models import assessment as states
from models import document as papers
from models.base import writing
from rules.periods import Period
from tests.support import cast
from tests.support.assessing import (
    BREACH,
    COUNTED,
    IN_TIME,
    LATE,
    NOVEMBER,
    OVER,
    counted,
    done,
    of,
    shown,
    terms,
)
from tests.support.cast import Cast
from tests.support.gathering import filed


@pytest.fixture
def people(context: Flask, tmp_path: Path) -> Cast:
    """A city with its people."""
    documents.configure(tmp_path / "documents")
    return cast.build()


class TestObjections:
    """A unit objects with its reason, another person decides, the correction stands beside the old value."""

    @pytest.fixture
    def row(self, people: Cast) -> Assessment:
        terms(filed(people, 6), "unit.sign", [IN_TIME] * 4 + [LATE, LATE])
        return counted(people)

    def objected(self, people: Cast, row: Assessment, who: str = "east_lead") -> int:
        reason = "有一件是市局退回改送时耽误的，请核对流转记录。"
        objections.file(people.view(who), row, "east_office", "receive", reason, COUNTED)
        return keeping.corrections(row)[-1].id

    def test_what_was_found_right_is_corrected_and_the_old_value_stays(self, people: Cast, row: Assessment) -> None:
        before = of(row).total
        objection_id, text = self.objected(people, row), freezing.text_of(row.data)
        decision = {"upheld": "yes", "answer": "流转记录属实，剔除一件。", "part": "4", "whole": "5"}
        objections.decide(people.view("city_supervisor"), row, objection_id, decision, COUNTED)
        figure = of(row).figure("receive")
        assert shown(figure) == ("80.00", 4, 5)
        assert figure.was is not None
        assert shown(figure.was) == ("66.67", 4, 6)
        assert of(row).total != before
        assert freezing.text_of(row.data) == text, "what was frozen does not change"

    def test_what_was_found_wrong_stays_as_it_is_with_the_answer(self, people: Cast, row: Assessment) -> None:
        decision = {"upheld": "no", "answer": "签收记录显示当日已送达。"}
        objections.decide(people.view("city_leader"), row, self.objected(people, row), decision, COUNTED)
        assert shown(of(row).figure("receive")) == ("66.67", 4, 6)
        assert keeping.corrections(row)[0].answer == "签收记录显示当日已送达。"

    def test_only_who_speaks_for_the_unit_objects_and_only_the_city_decides(
        self, people: Cast, row: Assessment
    ) -> None:
        for part in ("west_lead", "east_handler", "city_supervisor", "city_leader", "auditor"):
            with pytest.raises(NotAllowed):
                self.objected(people, row, part)
        objection_id = self.objected(people, row, "east_supervisor")
        for part in ("east_leader", "east_lead", "auditor"):
            with pytest.raises(NotAllowed):
                objections.decide(people.view(part), row, objection_id, {"upheld": "no"}, COUNTED)

    def test_twice_is_once_and_after_the_decision_or_the_last_day_it_is_refused(
        self, people: Cast, row: Assessment
    ) -> None:
        objection_id = self.objected(people, row)
        assert self.objected(people, row) == objection_id
        with pytest.raises(Faults) as found:
            objections.decide(people.view("city_leader"), row, objection_id, {"upheld": "yes"}, COUNTED)
        assert set(found.value.faults) == {"answer", "part", "whole"}
        decision = {"upheld": "no", "answer": "没有依据，维持。"}
        objections.decide(people.view("city_leader"), row, objection_id, decision, COUNTED)
        with pytest.raises(Refused):
            objections.decide(people.view("city_supervisor"), row, objection_id, decision, COUNTED)
        with pytest.raises(Refused, match="不能再申诉"):
            self.objected(people, row)
        with pytest.raises(Refused, match="申诉期"):
            objections.file(people.view("east_lead"), row, "east_office", "entry", "这里写明理由，十个字以上。", OVER)

    def test_figures_that_somebody_objected_to_are_not_counted_anew(self, people: Cast, row: Assessment) -> None:
        self.objected(people, row)
        with pytest.raises(Refused, match="申诉"):
            keeping.recount(people.view("city_supervisor"), row, COUNTED)
        with pytest.raises(Refused, match="申诉"):
            keeping.enter_breach(people.view("city_supervisor"), NOVEMBER, BREACH, COUNTED)


def signed(people: Cast, row: Assessment, who: str = "city_leader") -> Assessment:
    keeping.sign(people.view(who), row, OVER)
    return row


def test_a_leader_signs_after_the_objections_and_then_nothing_changes_any_more(people: Cast) -> None:
    row = counted(people)
    with pytest.raises(Refused, match="申诉期还没有过完"):
        keeping.sign(people.view("city_leader"), row, COUNTED)
    reason = "数据与我所台账不一致，请核对。"
    objections.file(people.view("east_lead"), row, "east_office", "breaches", reason, COUNTED)
    with pytest.raises(Refused, match="还有申诉没有处理"):
        signed(people, row)
    decision = {"upheld": "no", "answer": "台账没有记全，维持。"}
    objections.decide(people.view("city_supervisor"), row, keeping.corrections(row)[0].id, decision, COUNTED)
    for part in ("city_supervisor", "east_leader"):
        with pytest.raises(NotAllowed):
            signed(people, row, part)
    signed(people, row)
    assert (row.state, row.number, row.print_state) == (states.SIGNED, 1, papers.QUEUED)
    with pytest.raises(Refused):
        keeping.recount(people.view("city_supervisor"), row, OVER)
    with pytest.raises(Refused):
        signed(people, row)


def test_a_breach_entered_after_the_count_must_be_counted_before_the_signature(people: Cast) -> None:
    row = counted(people)
    keeping.enter_breach(people.view("city_supervisor"), NOVEMBER, BREACH, COUNTED + timedelta(hours=1))
    with pytest.raises(Refused, match="重新取数"):
        signed(people, row)


def test_before_the_signature_a_unit_reads_its_own_figures_and_after_it_all(people: Cast) -> None:
    row = counted(people)

    def keys(person: StaffView) -> set[str]:
        return {one.key for one in keeping.seen(person, row)}

    assert keys(people.view("east_lead")) == {"east_office"}
    assert keys(people.view("east_supervisor")) == {"east", "east_office", "east_squad"}
    whole = {"legal", "east", "east_office", "east_squad", "west", "west_office"}
    assert keys(people.view("auditor")) == keys(people.view("city_leader")) == whole
    signed(people, row)
    assert keys(people.view("east_lead")) == whole


def test_a_notification_is_printed_once_and_read_as_it_was_made(people: Cast) -> None:
    row = signed(people, counted(people))
    seen: list[Any] = []

    def render(paper: Any) -> Rendered:
        seen.append(paper)
        return Rendered(b"%PDF-1.7 the notification", 2)

    assert printing.make(row.id, OVER, render, done) == "made, 2 page(s)"
    assert printing.make(row.id, OVER, render, done) == "nothing to do"
    db.session.refresh(row)
    assert printing.read(row) == b"%PDF-1.7 the notification"
    assert [paper.number for paper in seen] == ["2026年第1期"]
    assert [label for label, _ in seen[0].facts["groups"]] == ["县（市、区）局", "市场监管所", "处室和执法大队"]


def test_the_briefing_tells_of_what_was_signed_and_an_old_one_of_nothing(people: Cast) -> None:
    row = counted(people)
    assert telling.signed(NOVEMBER) is None, "nobody signed it yet"
    signed(people, row)
    december = Period.parse("2026-12")
    assert telling.signed(december) == telling.signed(NOVEMBER)
    data = briefing.freeze(NOVEMBER, OVER)
    assert sentences.of(data)["assessment"][0] == "2026年11月12315工作考核已经签发（2026年第1期）。"
    told = [one for one in sheets.sheets(data) if one.key.startswith("assessment")]
    assert [one.public for one in told] == [False] * 3
    older = {name: value for name, value in data.items() if name != "assessment"}
    assert sentences.of(older)["assessment"] == []
    assert len(sheets.sheets(older)) == len(sheets.sheets(data)) - 3


def test_frozen_figures_that_somebody_changed_are_found_by_the_audit(people: Cast) -> None:
    row = counted(people)
    assert [one for one in audit.verify(audit.Checked()) if one.what_kind == "assessment"] == []
    with writing() as session:
        held = session.get_one(Assessment, row.id)
        held.data = {**held.data, "least": 1}
    assert [one.number for one in audit.verify(audit.Checked()) if one.what_kind == "assessment"] == ["2026-11"]
    with pytest.raises(Refused, match="请报告管理员"):
        signed(people, row)


def test_what_is_no_month_has_no_assessment(people: Cast) -> None:
    for key in ("2026", "2026-13", "x"):
        with pytest.raises(NotFound):
            keeping.month_of(key)
    with pytest.raises(NotFound):
        keeping.find("2026-11")
