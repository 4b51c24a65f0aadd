"""The assessment of units: the eight items of a month computed by hand, and what is frozen."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, update

from casework import documents, reference, statistics
from casework.assessment import freezing, keeping
from casework.assessment.results import Result
from casework.briefings import districts
from casework.errors import Faults, NotAllowed, Refused
from casework.statistics import Behind, Narrowed, Scope
from models import CallbackDraw, CallbackMonth, Case, Reveal, StaffRole, SupervisionOrder
from models.base import writing
from rules import assessment as law
from rules.statistics import MEASURES
from tests.support import cast
from tests.support.assessing import (
    BREACH,
    COUNTED,
    IN_TIME,
    LATE,
    NOVEMBER,
    OVER,
    REPORTED,
    counted,
    done,
    of,
    result,
    shown,
    term,
    terms,
)
from tests.support.cast import MORNING, Cast
from tests.support.gathering import filed


@pytest.fixture
def people(context: Flask, tmp_path: Path) -> Cast:
    """A city with its people."""
    documents.configure(tmp_path / "documents")
    return cast.build()


class TestOneStaffing:
    """五1: 不按规定配备12315专职工作人员的."""

    def test_an_office_with_a_head_and_handlers_has_everybody_it_must_have(self, people: Cast) -> None:
        assert shown(result(people).figure("staffing")) == ("100.00", 2, 2)

    def test_a_district_without_a_supervisor_has_three_of_four(self, people: Cast) -> None:
        with writing() as session:
            session.execute(delete(StaffRole).where(StaffRole.staff_id == people.staff["east_supervisor"]))
        figure = _after_people_changed(people, "east").figure("staffing")
        assert shown(figure) == ("75.00", 3, 4)
        assert "没有中心督办员" in figure.behind


def _after_people_changed(people: Cast, unit: str) -> Result:
    with writing() as session:
        reference.changed(session)
    return result(people, unit)


class TestTwoEntry:
    """五2: 不按要求及时、准确、完整地录入数据."""

    def test_eight_of_ten_were_entered_by_the_end_of_the_next_working_day_and_lack_nothing(self, people: Cast) -> None:
        cases = filed(people, 10)
        stated = {"category": "fitness", "problem": "contract", "matter": "健身年卡停业退费"}
        with writing() as session:
            session.execute(update(Case).values(**stated))
            # Received on Monday 23; entered on Wednesday: one working day too late.
            session.execute(
                update(Case).where(Case.id == cases[0].id).values(registered_at=MORNING + timedelta(days=2))
            )
            # Entered on Tuesday: still in time. Without a category it is not complete.
            session.execute(
                update(Case).where(Case.id == cases[1].id).values(registered_at=MORNING + timedelta(days=1))
            )
            session.execute(update(Case).where(Case.id == cases[2].id).values(category=None))
        assert shown(result(people).figure("entry")) == ("80.00", 8, 10)


class TestThreeReceiving:
    """五3: 不及时接收、分流上一级分派的案件."""

    def test_five_of_six_were_signed_for_in_time(self, people: Cast) -> None:
        terms(filed(people, 6), "unit.sign", [IN_TIME] * 5 + [LATE])
        assert shown(result(people).figure("receive")) == ("83.33", 5, 6)

    def test_a_case_of_which_one_of_two_terms_was_late_is_late_and_counts_once(self, people: Cast) -> None:
        cases = filed(people, 5)
        terms(cases, "unit.sign", [IN_TIME] * 5)
        with writing() as session:
            session.add(term(cases[0], "unit.assign", LATE))
        assert shown(result(people).figure("receive")) == ("80.00", 4, 5)


class TestFourHandling:
    """五4: 不按规定时限联系、及时处理."""

    def test_three_first_contacts_and_two_decisions_in_time_of_six(self, people: Cast) -> None:
        cases = filed(people, 6)
        terms(cases[:3], "contact.first", [IN_TIME] * 3)
        terms(cases[3:], "complaint.decide", [IN_TIME, IN_TIME, None])
        assert shown(result(people).figure("handle")) == ("83.33", 5, 6)

    def test_a_term_that_ends_in_december_does_not_count_in_november(self, people: Cast) -> None:
        cases = filed(people, 6)
        terms(cases[:5], "contact.first", [IN_TIME] * 5)
        terms(cases[5:], "contact.first", [None], date(2026, 12, 1))
        assert shown(result(people).figure("handle")) == ("100.00", 5, 5)


class TestFiveSupervision:
    """五5: 不按设定时限督办与反馈."""

    def test_an_order_found_not_to_count_is_left_out(self, people: Cast) -> None:
        cases = filed(people, 7)
        terms(cases, "supervision.answer", [IN_TIME] * 5 + [LATE, LATE])
        with writing() as session:
            session.add(_order(cases[6], assessed=False))
            session.add(_order(cases[5], assessed=True))
        assert shown(result(people).figure("supervise")) == ("83.33", 5, 6)


def _order(case: Case, *, assessed: bool) -> SupervisionOrder:
    return SupervisionOrder(
        case_id=case.id, event_seq=9, number=f"督〔2026〕{case.id}号", level="supervise", place="city", source="hand",
        ground="U4", requirement="请说明原因。", since_on=IN_TIME, terms=[], unit_id=case.unit_id,
        issuer_id=case.unit_id, issued_at=MORNING, due_on=IN_TIME, state="accepted", answers=1, assessed=assessed,
    )  # fmt: skip


class TestSixReports:
    """五6: 不按时上报分析汇总材料."""

    def test_in_time_a_hundred_late_sixty_none_nothing(self, people: Cast) -> None:
        words = "本月以预付式消费投诉为主，均已按时办理，没有重大事件。"
        districts.file(people.view("east_supervisor"), "east", NOVEMBER, words, 0, REPORTED)
        row = counted(people)
        assert of(row, "east").figure("report").shown == "100.00"
        assert of(row, "west").figure("report").shown == "0.00"
        districts.file(people.view("west_supervisor"), "west", NOVEMBER, words, 0, COUNTED)
        keeping.recount(people.view("city_supervisor"), row, COUNTED + timedelta(hours=1))
        keeping.compile(row.id, COUNTED + timedelta(hours=1), done)
        assert of(row, "west").figure("report").shown == "60.00"
        assert of(row).figure("report").shown == "不考核", "an office reports to its district"


class TestSevenSecrecy:
    """五7: 违反保密制度."""

    def test_looks_after_the_end_speak_against_the_unit_unless_somebody_was_to_be_called_back(
        self, people: Cast
    ) -> None:
        cases = filed(people, 6)
        with writing() as session:
            session.execute(update(Case).where(Case.id.in_([one.id for one in cases[:2]])).values(closed_at=MORNING))
            session.add(CallbackMonth(month="2026-10", drawn_at=MORNING, seed="x", share=5, least=1, units={}))
            session.flush()
            session.add(
                CallbackDraw(
                    month="2026-10", case_id=cases[1].id, state="waiting", unit_id=cases[1].unit_id, drawn_at=MORNING
                )
            )
            for case in cases:
                at = MORNING + timedelta(hours=1)
                session.add(Reveal(case_id=case.id, staff_id=people.staff["east_handler"], at=at, reason="联系当事人"))
        assert shown(result(people).figure("secrecy")) == ("83.33", 5, 6)

    def test_a_leak_that_was_proved_leaves_nothing_however_few_the_looks(self, people: Cast) -> None:
        keeping.enter_breach(people.view("city_supervisor"), NOVEMBER, {**BREACH, "kind": "leak"}, REPORTED)
        found = result(people)
        assert found.figure("secrecy").shown == "0.00"
        assert found.figure("breaches").shown == "100.00"


class TestEightBreaches:
    """五8: 其他违反规范操作的行为."""

    def test_points_are_taken_off_and_a_district_answers_for_the_units_below_it(self, people: Cast) -> None:
        keeping.enter_breach(people.view("city_supervisor"), NOVEMBER, BREACH, REPORTED)
        row = counted(people)
        assert [of(row, one).figure("breaches").shown for one in ("east_office", "east", "west")] == [
            "80.00", "80.00", "100.00",
        ]  # fmt: skip

    def test_what_was_withdrawn_stays_on_record_and_counts_no_more(self, people: Cast) -> None:
        supervisor = people.view("city_supervisor")
        breach = keeping.enter_breach(supervisor, NOVEMBER, BREACH, REPORTED)
        keeping.withdraw_breach(supervisor, NOVEMBER, breach.id, "复查录音，当时正在通话。", REPORTED)
        assert result(people).figure("breaches").shown == "100.00"
        assert [one.withdrawn_why for one in keeping.breaches("2026-11")] == ["复查录音，当时正在通话。"]

    def test_what_is_wrong_is_said_at_its_field(self, people: Cast) -> None:
        with pytest.raises(Faults) as found:
            keeping.enter_breach(people.view("city_supervisor"), NOVEMBER, {"on": "2026-12-01"}, REPORTED)
        assert set(found.value.faults) == {"unit", "kind", "on", "text"}


def test_the_figures_of_a_district_hold_those_of_its_offices_and_a_sealed_case_is_in_none(people: Cast) -> None:
    terms(filed(people, 5), "unit.sign", [IN_TIME] * 5)
    sealed = cast.case_of(cast.file("misconduct"))
    with writing() as session:
        session.execute(update(Case).where(Case.id == sealed.id).values(unit_id=people.units["east_office"]))
    terms([sealed], "unit.sign", [LATE])
    row = counted(people)
    for unit in ("east_office", "east"):
        assert shown(of(row, unit).figure("receive")) == ("100.00", 5, 5)
        assert of(row, unit).figure("entry").whole == 5


def test_each_rate_opens_exactly_the_cases_that_it_counted(people: Cast) -> None:
    terms(filed(people, 6), "unit.sign", [IN_TIME] * 5 + [LATE])
    row = counted(people)
    for item in law.ITEMS.values():
        if item.way == law.RATED:
            figure, measure = of(row).figure(item.key), MEASURES[item.measure]
            behind = [
                statistics.total(Scope.whole(), Behind(NOVEMBER, one, Narrowed(unit="east_office")), COUNTED)
                for one in (measure.part, measure.whole, item.late)
            ]
            assert behind == [figure.part, figure.whole, (figure.whole or 0) - (figure.part or 0)], item.key


def test_equal_records_give_equal_bytes_and_a_task_that_runs_twice_changes_nothing(people: Cast) -> None:
    terms(filed(people, 6), "unit.sign", [IN_TIME] * 5 + [LATE])
    first = freezing.text_of(freezing.freeze(NOVEMBER, COUNTED))
    assert freezing.text_of(freezing.freeze(NOVEMBER, COUNTED + timedelta(days=300))) == first
    row = counted(people)
    frozen = row.frozen_at
    keeping.compile(row.id, OVER, done)
    assert (row.frozen_at, freezing.text_of(row.data)) == (frozen, first)


def test_a_month_is_not_counted_before_the_reports_are_due_and_orders_itself_after(people: Cast) -> None:
    with pytest.raises(Refused, match="12月4日起"):
        keeping.order(people.view("city_supervisor"), NOVEMBER, COUNTED - timedelta(days=1))
    assert keeping.order_due(COUNTED - timedelta(days=1)) == 0
    assert keeping.order_due(COUNTED) == 1
    assert keeping.order_due(COUNTED) == 0
    with pytest.raises(NotAllowed):
        keeping.order(people.view("east_supervisor"), NOVEMBER, COUNTED)
