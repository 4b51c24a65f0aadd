"""督办单: issued by the clock or by hand, answered, judged, replaced, withdrawn; each told by the record."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from casework import bulk, handling, overview, sweep
from casework.errors import Faults, NotAllowed, NotFound, Refused
from models import Attachment, Case, Document, Event, SupervisionOrder, db
from models import document as papers
from models.base import writing
from tests.casework.test_handling import accepting, bring
from tests.casework.test_sweep import acts, day, lines, orders, quiet_but, term, watch
from tests.support import cast
from tests.support.cast import MORNING, Cast

WORDS = "“受理”的期限已过，请三日内说明原因。"


@pytest.fixture
def people(context: Flask) -> Cast:
    """A city with its people."""
    return cast.build()


@pytest.fixture
def complaint(people: Cast) -> Case:
    """A complaint that 李明 of 望江所 must decide on by 2 December."""
    case = cast.case_of(cast.file())
    bring(people, case, "under_review")
    quiet_but(case, "complaint.decide")
    return case


@pytest.fixture
def supervised(complaint: Case) -> Case:
    """The same, one day overdue and supervised by the system."""
    watch(day(11, 24), day(12, 3))
    return complaint


def act(people: Cast, case: Case, part: str, action: str, at: Any = None, **entered: Any) -> Event:
    """Take an act as somebody of the cast."""
    at = at or day(12, 4)
    return handling.apply(case, action, people.actor(part, at), at, **entered)


def by_hand(people: Cast, case: Case, part: str = "city_supervisor", **entered: Any) -> Event:
    """Supervise a case by hand."""
    wanted = {"level": "supervise", "ground": "U4", "requirement": WORDS, "due_on": date(2026, 11, 27), **entered}
    return act(people, case, part, "supervise", MORNING, **wanted)


def record(people: Cast, case: Case) -> int:
    """The record of a talk between two bureaus, as a file of the supervisor."""
    row = Attachment(
        case_id=case.id, name="记录.jpg", media_type="image/jpeg", size=10, sha256=b"\0" * 32, original="x",
        uploaded_by="staff", staff_id=people.staff["city_supervisor"], uploaded_at=MORNING,
    )  # fmt: skip
    with writing() as session:
        session.add(row)
    return row.id


def issued(case: Case) -> None:
    """Let the papers of a case be out, as if a worker had made them."""
    with writing() as session:
        session.execute(update(Document).where(Document.case_id == case.id).values(state=papers.MADE))


class TestAnswers:
    def test_the_unit_answers_the_centre_accepts_and_the_order_is_closed(self, people: Cast, supervised: Case) -> None:
        act(people, supervised, "east_lead", "answer_supervision", answer="商家资料今天才到，明天决定。")
        order = orders(supervised)[0]
        assert (order.state, order.answered_by) == ("answered", people.staff["east_lead"])
        assert term(supervised, "supervision.answer").closed_at is None, "an answer alone closes nothing"
        act(people, supervised, "east_supervisor", "accept_supervision", assessed=False)
        order = orders(supervised)[0]
        assert (order.state, order.assessed) == ("accepted", False)
        assert term(supervised, "supervision.answer").outcome == "done"
        assert "supervised" not in db.session.get_one(Case, supervised.id, populate_existing=True).facts

    def test_a_new_date_may_be_asked_for_and_the_centre_sets_a_term(self, people: Cast, supervised: Case) -> None:
        act(people, supervised, "east_lead", "answer_supervision", answer="等检测结果。", new_due_on=date(2026, 12, 15))
        assert orders(supervised)[0].new_due_on == date(2026, 12, 15)
        act(people, supervised, "east_supervisor", "set_supervision_term", due_on=date(2026, 12, 11))
        order = orders(supervised)[0]
        assert (order.state, order.due_on) == ("open", date(2026, 12, 11))
        assert term(supervised, "supervision.answer").due_on == date(2026, 12, 11)

    def test_an_answer_is_returned_with_reasons_and_a_new_term_and_given_again(
        self, people: Cast, supervised: Case
    ) -> None:
        act(people, supervised, "east_lead", "answer_supervision", answer="在办。")
        act(
            people,
            supervised,
            "east_supervisor",
            "return_supervision",
            reasons="没有说明原因",
            due_on=date(2026, 12, 10),
        )
        assert orders(supervised)[0].state == "returned"
        act(people, supervised, "east_handler", "answer_supervision", answer="商家搬迁，已联系上。")
        assert (orders(supervised)[0].state, orders(supervised)[0].answers) == ("answered", 2)
        numbers = [
            row.number for row in db.session.scalars(select(Document).where(Document.kind.startswith("paper.s")))
        ]
        assert numbers == ["东市监督〔2026〕1号", "东市监督〔2026〕1号（复）", "东市监督〔2026〕1号（复2）"]

    def test_an_answer_without_content_is_refused_at_the_field(self, people: Cast, supervised: Case) -> None:
        with pytest.raises(Faults) as refused:
            act(people, supervised, "east_lead", "answer_supervision", answer="  ")
        assert refused.value.faults == {"answer": "请填写办理情况"}

    def test_a_term_in_the_past_is_refused_at_the_field(self, people: Cast, supervised: Case) -> None:
        for action, part, entered in (
            ("answer_supervision", "east_lead", {"answer": "在办。", "new_due_on": date(2026, 12, 1)}),
            ("set_supervision_term", "east_supervisor", {"due_on": date(2026, 12, 1)}),
        ):
            with pytest.raises(Refused, match="不能早于今天（2026年12月4日"):
                act(people, supervised, part, action, **entered)

    def test_there_must_be_something_to_answer_and_an_answer_to_accept(self, people: Cast, complaint: Case) -> None:
        with pytest.raises(Refused, match="没有等待处理的督办单"):
            act(people, complaint, "east_lead", "answer_supervision", answer="在办。")
        by_hand(people, complaint)
        with pytest.raises(Refused, match="还没有答复"):
            act(people, complaint, "city_supervisor", "accept_supervision", assessed=True)

    def test_another_office_can_neither_answer_nor_accept(self, people: Cast, supervised: Case) -> None:
        for part, action, entered in (
            ("west_lead", "answer_supervision", {"answer": "在办。"}),
            ("west_supervisor", "accept_supervision", {"assessed": True}),
        ):
            with pytest.raises(NotAllowed):
                act(people, supervised, part, action, **entered)

    def test_an_order_that_nobody_answers_climbs_to_the_next_level_and_no_further_than_the_city(
        self, people: Cast, complaint: Case
    ) -> None:
        by_hand(people, complaint, "east_supervisor", due_on=date(2026, 11, 24))
        with writing() as session:
            session.get_one(type(term(complaint)), term(complaint).id).next_step_at = None
        watch(day(11, 25), day(12, 31))
        assert [(one.place, one.state) for one in orders(complaint)] == [("district", "replaced"), ("city", "open")]

    def test_an_answer_that_waits_for_the_centre_is_no_fault_of_the_unit(self, people: Cast, complaint: Case) -> None:
        by_hand(people, complaint, due_on=date(2026, 11, 25))
        act(people, complaint, "east_lead", "answer_supervision", MORNING, answer="已联系商家。")
        quiet_but(complaint, "supervision.answer")
        watch(day(11, 24), day(12, 1))
        assert lines(people, "east_lead") == []
        assert any("等待认可" in text for text in lines(people, "city_supervisor"))


class TestWithdrawal:
    def test_a_term_kept_before_the_order_went_out_needs_no_answer(self, people: Cast, supervised: Case) -> None:
        decided = {**accepting(people), "decided_on": "2026-12-03", "told_on": "2026-12-03"}
        act(people, supervised, "east_handler", "accept", day(12, 3), **decided)
        order = orders(supervised)[0]
        assert (order.state, order.closed_why) == ("withdrawn", "“受理决定期限”在督办单发出以前已经了结")
        assert acts(supervised)[-1] == "withdraw_supervision"
        assert term(supervised, "supervision.answer").closed_at is not None
        paper = db.session.scalars(select(Document).where(Document.kind == "paper.supervision_order")).one()
        assert paper.state == papers.WITHDRAWN

    def test_an_order_that_was_out_must_be_answered_although_the_case_has_moved_on(
        self, people: Cast, supervised: Case
    ) -> None:
        issued(supervised)
        decided = {**accepting(people), "decided_on": "2026-12-03", "told_on": "2026-12-03"}
        act(people, supervised, "east_handler", "accept", day(12, 3), **decided)
        assert orders(supervised)[0].state == "open"
        assert term(supervised, "supervision.answer").closed_at is None

    def test_a_case_that_goes_to_another_bureau_begins_anew_and_its_order_falls(
        self, people: Cast, supervised: Case
    ) -> None:
        issued(supervised)
        arose = {"other_unit": "west_office", "arose_on": "2026-12-04", "reasons": "住所地在西城区"}
        act(people, supervised, "east_lead", "raise_competence_dispute", **arose)
        settled = {"unit": "west_office", "record": [record(people, supervised)]}
        act(people, supervised, "city_supervisor", "settle_competence", **settled)
        found = orders(supervised)[0]
        assert found.state == "withdrawn", acts(supervised)
        assert "不再超期" in (found.closed_why or "")


class TestByHand:
    def test_a_centre_supervises_a_case_with_instructions_and_a_term(self, people: Cast, complaint: Case) -> None:
        by_hand(people, complaint)
        order = orders(complaint)[0]
        assert (order.source, order.place, order.number) == ("hand", "city", "临市监督〔2026〕1号")
        assert (order.requirement, order.due_on) == (WORDS, date(2026, 11, 27))
        assert term(complaint, "supervision.answer").due_on == date(2026, 11, 27)

    def test_a_leader_notes_and_the_unit_must_answer(self, people: Cast, complaint: Case) -> None:
        act(
            people, complaint, "east_leader", "leader_note", MORNING, text="请所长亲自过问。", due_on=date(2026, 11, 27)
        )
        order = orders(complaint)[0]
        assert (order.source, order.number) == ("leader", "东市监批〔2026〕1号")

    def test_the_clock_does_not_replace_a_heavier_order_by_a_lighter_one(self, people: Cast, complaint: Case) -> None:
        by_hand(people, complaint, level="key_supervise", due_on=date(2026, 12, 31))
        watch(day(11, 24), day(12, 9))
        assert [one.state for one in orders(complaint)] == ["open"]
        assert any("督办（承办所科）" in text for text in lines(people, "east_lead")), "it is said all the same"

    def test_a_batch_is_supervised_case_by_case_and_says_what_was_not_done(self, people: Cast, complaint: Case) -> None:
        other = cast.case_of(cast.file(goods="课程"))
        entered = {"level": "supervise", "ground": "U4", "requirement": WORDS, "due_on": "2026-11-27"}
        found = bulk.supervise(people.view("city_supervisor"), [complaint.number, other.number], MORNING, entered)
        assert set(found.done) == {complaint.number, other.number}
        assert db.session.scalar(select(SupervisionOrder.state).where(SupervisionOrder.case_id == other.id)) == "open"
        faulty = {**entered, "requirement": "", "due_on": "2026-11-20"}
        with pytest.raises(Faults) as refused:
            bulk.supervise(people.view("city_supervisor"), [complaint.number], MORNING, faulty)
        assert set(refused.value.faults) == {"requirement", "due_on"}
        with pytest.raises(NotFound):
            bulk.supervise(people.view("west_supervisor"), [complaint.number], MORNING, entered)

    def test_a_sealed_case_cannot_be_supervised(self, people: Cast) -> None:
        case = cast.case_of(cast.file("misconduct"))
        with pytest.raises((NotAllowed, Refused)):
            by_hand(people, case)


class TestLists:
    def test_each_level_sees_its_own_and_the_worst_first(self, people: Cast, supervised: Case) -> None:
        other = cast.case_of(cast.file(goods="课程", now=day(11, 24)))
        bring(people, other, "under_review")
        by_hand(people, other)
        now = day(12, 4)
        seen = {}
        for part in ("city_supervisor", "east_supervisor", "east_lead", "west_supervisor"):
            page = overview.orders(people.view(part, now), "live", None, overview.Filters(), now)
            seen[part] = [line.case["number"] for line in page.lines]
        assert set(seen["city_supervisor"]) == {supervised.number, other.number}
        assert seen["east_supervisor"] == seen["city_supervisor"] == seen["east_lead"]
        assert seen["west_supervisor"] == []

    def test_pages_follow_each_other_without_a_gap(self, people: Cast, supervised: Case) -> None:
        for place in range(4):
            case = cast.case_of(cast.file(goods=f"课程{place}"))
            bring(people, case, "under_review")
            by_hand(people, case)
        now, staff = day(12, 4), people.view("city_supervisor")
        whole = overview.orders(staff, "live", None, overview.Filters(), now)
        found: list[str] = []
        after = None
        while True:
            page = overview.orders(staff, "live", after, overview.Filters(), now, size=2)
            found += [line.case["number"] for line in page.lines]
            if page.after is None:
                break
            after = page.after
        assert found == [line.case["number"] for line in whole.lines]
        assert len(set(found)) == 5

    def test_the_figures_say_who_holds_how_much_and_the_oldest(self, people: Cast, supervised: Case) -> None:
        now = day(12, 4)
        found = overview.summary(people.view("city_supervisor", now), now)
        east = next(held for held in found.holdings if held.unit_id == people.units["east"])
        assert (east.overdue, east.orders, east.unanswered) == (1, 1, 1)
        assert east.worst is not None
        assert east.worst.number == supervised.number
        below = overview.summary(people.view("east_supervisor", now), now)
        assert [held.unit_id for held in below.holdings] == [people.units["east_office"]]
        assert overview.summary(people.view("west_lead", now), now).total.overdue == 0

    def test_an_address_that_was_cut_is_refused(self, people: Cast) -> None:
        for after in ("x", "2026-11-23", "2026-11-23.-4", "2026-11-23.99999999999999999999"):
            with pytest.raises(Refused):
                overview.orders(people.view("city_supervisor"), "live", after, overview.Filters(), MORNING)


def test_no_order_stands_twice_and_one_lives_per_case(people: Cast, supervised: Case) -> None:
    sweep.run(day(12, 3) + timedelta(hours=1))
    assert len(orders(supervised)) == 1
