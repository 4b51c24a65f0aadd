"""One order for everything that is late about a case: terms that join it, replace it, fall from it; and its papers."""

from __future__ import annotations

from datetime import UTC, date, timedelta

from sqlalchemy import select

from casework import inbox, overview, sweep
from models import Case, Deadline, Document, StaffMessage, db
from models.base import writing
from tests.casework.test_handling import bring
from tests.casework.test_supervision import WORDS, act, by_hand, complaint, issued, people, supervised
from tests.casework.test_sweep import acts, day, lines, orders, term, watch
from tests.support import cast
from tests.support.cast import MORNING, Cast

__all__ = ["complaint", "people", "supervised"]


def awake(case: Case, *rules: str) -> None:
    """Let these terms speak and no other."""
    with writing() as session:
        for row in session.scalars(select(Deadline).where(Deadline.case_id == case.id)):
            row.next_step_at = (MORNING if row.closed_at is None else None) if row.rule in rules else None


def verifying(people: Cast, *rules: str) -> Case:
    """A report whose verification has ended by a day without a decision, with the order about it."""
    report = cast.case_of(cast.file("report"))
    bring(people, report, "verifying")
    awake(report, *(rules or ("report.verify",)))
    watch(day(11, 24), day(12, 15))
    assert orders(report)[-1].rule == "report.verify"
    return report


def sent_to_test(people: Cast, report: Case, day_sent: str) -> None:
    """Enter on 16 December that samples went to a laboratory on a day, from which the term stands still."""
    entered = {"ground": "Z1", "institution": "临江市食品药品检验所", "sent_on": day_sent}
    act(people, report, "east_handler", "start_testing", day(12, 16), **entered)


def named(case: Case) -> list[str]:
    """The terms that the latest order of a case still holds."""
    return [one["rule"] for one in orders(case)[-1].terms if "over" not in one]


def papers_of(case: Case) -> list[Document]:
    """The papers about the supervision of a case, in their order."""
    query = select(Document).where(Document.case_id == case.id, Document.kind == "paper.supervision_order")
    return list(db.session.scalars(query.order_by(Document.id)))


class TestPauses:
    def test_a_term_that_stood_still_before_it_ended_was_not_overdue_and_its_order_is_withdrawn_visibly(
        self, people: Cast
    ) -> None:
        report = verifying(people)
        issued(report)
        sent_to_test(people, report, "2026-12-10")
        order = orders(report)[0]
        assert (order.state, order.closed_why) == ("withdrawn", "“举报核查期限”已经暂停计算")
        assert acts(report)[-2:] == ["start_testing", "withdraw_supervision"]
        assert term(report, "supervision.answer").closed_at is not None
        now = day(12, 16)
        seen = overview.orders(people.view("east_lead", now), "closed", None, overview.Filters(), now).lines
        assert [line.order.closed_why for line in seen] == ["“举报核查期限”已经暂停计算"]

    def test_a_pause_that_began_after_the_lapse_undoes_nothing(self, people: Cast) -> None:
        report = verifying(people)
        issued(report)
        sent_to_test(people, report, "2026-12-16")
        assert orders(report)[0].state == "open"

    def test_of_two_terms_only_the_one_that_stands_still_is_struck_off(self, people: Cast) -> None:
        report = verifying(people, "contact.first", "report.verify")
        issued(report)
        assert named(report) == ["report.verify", "contact.first"]
        sent_to_test(people, report, "2026-12-10")
        order = orders(report)[-1]
        assert (order.state, order.rule, order.since_on) == ("open", "contact.first", date(2026, 11, 25))
        assert named(report) == ["contact.first"]
        assert [one["over"] for one in order.terms if "over" in one] == ["“举报核查期限”已经暂停计算"]


class TestSeveralTerms:
    def test_a_term_of_the_bureau_holds_back_no_order_about_a_term_of_the_statute(
        self, people: Cast, complaint: Case
    ) -> None:
        awake(complaint, "contact.first", "complaint.decide")
        watch(day(11, 24), day(12, 3))
        first, second = orders(complaint)
        assert (first.rule, first.place, first.state) == ("contact.first", "district", "replaced")
        assert first.closed_why == f"并入{second.number}"
        assert (second.rule, second.place, second.state) == ("complaint.decide", "district", "open")
        assert named(complaint) == ["complaint.decide", "contact.first"]
        assert "“受理决定期限”已于2026年12月2日（周三）届满" in second.requirement
        assert "同时超期的还有“首次联系来件人”（2026年11月25日（周三）届满）" in second.requirement
        paper = db.session.scalars(select(Document).where(Document.event_seq == second.event_seq)).one()
        assert [one["label"] for one in paper.facts["terms"]] == ["受理决定期限", "首次联系来件人"]

    def test_a_lighter_term_joins_the_order_that_waits_for_its_answer(self, people: Cast, complaint: Case) -> None:
        watch(day(11, 24), day(12, 4))
        proposed = {"proposed_action": "refuse", "reasons": "不属于消费争议"}
        act(people, complaint, "east_handler", "propose", day(12, 4), **proposed)
        watch(day(12, 5), day(12, 10))
        order = orders(complaint)[-1]
        assert (order.place, order.state, order.issued_at) == ("city", "open", day(12, 9)), "no new paper, no new term"
        assert named(complaint) == ["complaint.decide", "decision.approve"]
        assert any(f"并入{order.number}" in text for text in lines(people, "east_lead"))

    def test_an_answer_speaks_of_all_terms_and_one_acceptance_closes_them(self, people: Cast, complaint: Case) -> None:
        awake(complaint, "contact.first", "complaint.decide")
        watch(day(11, 24), day(12, 3))
        act(people, complaint, "east_lead", "answer_supervision", answer="商家失联，今天联系并决定。")
        act(people, complaint, "east_supervisor", "accept_supervision", assessed=True)
        assert [one.state for one in orders(complaint)] == ["replaced", "accepted"]
        sweep.run(day(12, 4) + timedelta(hours=1))
        assert len(orders(complaint)) == 2, "what was answered for is not asked again at the same level"

    def test_what_a_leader_asked_for_stands_in_the_heavier_order_that_replaces_it(
        self, people: Cast, complaint: Case
    ) -> None:
        by_hand(people, complaint, "east_supervisor", due_on=date(2026, 12, 31))
        watch(day(11, 24), day(12, 9))
        hand, city = orders(complaint)
        assert (hand.source, hand.state, city.place) == ("hand", "replaced", "city")
        assert f"原督办单（{hand.number}）的要求仍须落实：{WORDS}" in city.requirement
        assert [one["rule"] for one in hand.terms] == ["complaint.decide"], "the lapse had joined it before"


class TestPaper:
    def test_the_paper_of_the_order_leaves_room_for_what_is_not_known_yet(self, people: Cast, supervised: Case) -> None:
        facts = papers_of(supervised)[0].facts
        assert {"signed_at", "answer", "result", "assessed"}.isdisjoint(facts)

    def test_the_answer_says_when_the_unit_had_it_by_the_line_that_was_read_first(
        self, people: Cast, supervised: Case
    ) -> None:
        inbox_of = select(StaffMessage.id).where(StaffMessage.staff_id == people.staff["east_lead"])
        inbox.mark_read(people.staff["east_lead"], list(db.session.scalars(inbox_of)), day(12, 3, 11))
        act(people, supervised, "east_lead", "answer_supervision", answer="商家资料今天才到，明天决定。")
        facts = papers_of(supervised)[-1].facts
        assert facts["signed_at"] == day(12, 3, 11).astimezone(UTC).isoformat()
        assert facts["answered_on"] == "2026-12-04"
        assert "result" not in facts

    def test_the_closing_paper_says_result_and_assessment(self, people: Cast, supervised: Case) -> None:
        act(people, supervised, "east_lead", "answer_supervision", answer="商家资料今天才到，明天决定。")
        act(people, supervised, "east_supervisor", "accept_supervision", assessed=True)
        last = papers_of(supervised)[-1]
        assert last.number == "东市监督〔2026〕1号（结）"
        assert (last.facts["result"], last.facts["assessed"]) == ("答复已认可，督办单销号", True)
        assert last.facts["signed_at"] == day(12, 4).astimezone(UTC).isoformat(), (
            "nobody had read it: had when answered"
        )
