"""The day of receipt: corrected by the lead, taken over in a merge; terms counted anew, old rows kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from casework import audit, handling, intake, offers
from casework.errors import Refused
from casework.reference import current
from models import Attachment, Case, Deadline, DeadlinePause, Event, StaffMessage, db
from models.base import writing
from rules.workflow import WORKFLOW
from tests.support import cast
from tests.support.cast import MORNING, Cast

FRIDAY = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
"""Friday 20 November 2026, 9:30; MORNING is the Monday after it."""
APRIL = datetime(2026, 4, 17, 1, 30, tzinfo=UTC)
"""Friday 17 April 2026: two days after Order 121 came into force."""
WHY = "收文登记簿上的日期更早"


@pytest.fixture
def people(context: Flask) -> Cast:
    """A city with its people."""
    return cast.build(datetime(2026, 1, 5, 1, tzinfo=UTC))


def registered(people: Cast, now: datetime, kind: str = "complaint", part: str = "east_intake", **more: Any) -> Case:
    """Something that came by letter and was registered at the desk of 东城区."""
    entered = {**cast.FILINGS[kind], "channel": "letter", "urgent": "normal", "received_on": now.date(), **more}
    return cast.case_of(intake.register(intake.NewFiling(kind, entered, people.actor(part, now)), now))


def in_hand(people: Cast, case: Case, now: datetime, by: str = "east_dispatcher") -> Case:
    """Bring a case into the hands of 李 at 东城所."""
    handling.apply(case, "dispatch", people.actor(by, now), now, unit="east_office", routing_reason="地址在东城区")
    handling.apply(case, "sign_for", people.actor("east_lead", now), now)
    handling.apply(case, "assign", people.actor("east_lead", now), now, handler=people.staff["east_handler"])
    return case


def accept(people: Cast, case: Case, now: datetime) -> None:
    """Accept a complaint."""
    day = now.date()
    handling.apply(
        case, "accept", people.actor("east_handler", now), now, decided_on=day, told_on=day, told_by="sms",
        handler=people.staff["east_handler"],
    )  # fmt: skip


def correct(people: Cast, case: Case, to: str, now: datetime, part: str = "east_lead") -> Event:
    """Correct the day of receipt."""
    return handling.apply(
        case, "correct_record", people.actor(part, now), now, field="received_on", new_value=to, reasons=WHY
    )


def rows(case: Case, rule: str) -> list[Deadline]:
    """The rows of one term, the oldest first."""
    return (
        db.session.query(Deadline).filter_by(case_id=case.id, rule=rule).order_by(Deadline.id).populate_existing().all()
    )


def sound() -> bool:
    """Does every running term stand as the calendar gives it, and every chain hold?"""
    return not list(audit.verify(audit.Checked()))


class TestCorrection:
    def test_the_seven_working_days_count_from_the_corrected_day_and_the_old_row_stays(self, people: Cast) -> None:
        case = in_hand(people, registered(people, MORNING), MORNING)
        event = correct(people, case, "2026-11-18", MORNING)
        old, new = rows(case, "complaint.decide")
        assert (old.opened_on, old.due_on, old.outcome) == (date(2026, 11, 23), date(2026, 12, 2), "corrected")
        assert (new.opened_on, new.due_on, new.closed_at) == (date(2026, 11, 18), date(2026, 11, 27), None)
        assert new.replaces_id == old.id
        assert case.received_on == date(2026, 11, 18)
        assert event.fields["old_value"] == "2026-11-23"
        assert event.fields["new_value"] == "2026-11-18"
        assert event.clocks["corrected"] == {"complaint.decide": "2026-11-27"}
        assert sound()

    def test_terms_of_the_house_that_count_from_other_days_do_not_move(self, people: Cast) -> None:
        case = in_hand(people, registered(people, MORNING), MORNING)
        before = [row.id for row in rows(case, "contact.first")]
        correct(people, case, "2026-11-18", MORNING)
        assert [row.id for row in rows(case, "contact.first")] == before

    @pytest.mark.parametrize("part", ["east_handler", "east_dispatcher", "east_intake"])
    def test_only_the_lead_of_the_unit_corrects_the_day_of_receipt(self, people: Cast, part: str) -> None:
        case = in_hand(people, registered(people, MORNING), MORNING)
        with pytest.raises(Refused, match="要由承办单位负责人更正"):
            correct(people, case, "2026-11-18", MORNING, part)
        assert case.received_on == date(2026, 11, 23)

    def test_the_day_is_offered_for_correction_to_the_lead_alone(self, people: Cast) -> None:
        case = in_hand(people, registered(people, MORNING), MORNING)
        action = WORKFLOW.action("correct_record")
        offered = {}
        for part in ("east_lead", "east_handler"):
            form = offers.form_of(case, action, people.view(part), MORNING)
            offered[part] = [key for _, options in form.asked[0].groups for key, _label in options]
        assert "received_on" in offered["east_lead"]
        assert "received_on" not in offered["east_handler"]

    @pytest.mark.parametrize(
        ("to", "said"),
        [
            ("2026-11-24", "不能晚于登记之日（2026年11月23日（周一））"),
            ("2026-11-23", "现在登记的收到日期就是"),
            ("2019-12-31", "2020年以前收到的件不适用现行的期限"),
            ("上周三", "要写成年、月、日"),
        ],
    )
    def test_a_day_that_cannot_be_right_is_refused_with_its_reason(self, people: Cast, to: str, said: str) -> None:
        case = in_hand(people, registered(people, MORNING), MORNING)
        with pytest.raises(Refused) as refused:
            correct(people, case, to, MORNING)
        assert said in refused.value.sentence
        assert refused.value.field == "new_value"

    def test_what_another_bureau_received_later_counts_from_its_own_day(self, people: Cast) -> None:
        """Order 121 art. 15: the bureau with power; it received the case on the day on which it was sent there."""
        case = registered(people, MORNING, part="city_intake")
        in_hand(people, case, MORNING, by="city_dispatcher")
        correct(people, case, "2026-11-18", MORNING)
        first, second = rows(case, "complaint.decide")
        assert (first.outcome, second.closed_at) == ("passed_on", None)
        assert (second.opened_on, second.due_on) == (date(2026, 11, 23), date(2026, 12, 2))
        assert case.received_on == date(2026, 11, 18)

    def test_a_second_correction_counts_anew_once_more(self, people: Cast) -> None:
        case = in_hand(people, registered(people, MORNING), MORNING)
        correct(people, case, "2026-11-18", MORNING)
        correct(people, case, "2026-11-19", MORNING)
        assert [row.outcome for row in rows(case, "complaint.decide")] == ["corrected", "corrected", None]
        assert rows(case, "complaint.decide")[-1].due_on == date(2026, 11, 30)

    def test_after_the_decision_the_day_is_corrected_and_the_closed_term_keeps_its_date(self, people: Cast) -> None:
        case = in_hand(people, registered(people, MORNING), MORNING)
        accept(people, case, MORNING)
        mediation = rows(case, "complaint.mediate")[0].due_on
        correct(people, case, "2026-11-18", MORNING)
        assert [(row.outcome, row.due_on) for row in rows(case, "complaint.decide")] == [("done", date(2026, 12, 2))]
        assert [row.due_on for row in rows(case, "complaint.mediate")] == [mediation]
        assert case.received_on == date(2026, 11, 18)

    def test_days_of_testing_stay_out_of_the_count(self, people: Cast) -> None:
        case = in_hand(people, registered(people, MORNING, "report"), MORNING)
        have_tested(people, case, MORNING + timedelta(days=1), MORNING + timedelta(days=9))
        later = MORNING + timedelta(days=10)
        before = rows(case, "report.verify")[-1]
        correct(people, case, "2026-11-20", later)
        after = rows(case, "report.verify")[-1]
        assert before.due_on is not None
        assert after.due_on == current().calendar.add_working_days(before.due_on, -1)
        assert db.session.query(DeadlinePause).filter_by(deadline_id=after.id).count() == 1
        assert sound()


class TestRegime:
    """The Measures of the day of receipt govern a case to its end (workflow.md 2, no. 1)."""

    def test_before_a_decision_the_regime_is_chosen_anew(self, people: Cast) -> None:
        case = in_hand(people, registered(people, APRIL), APRIL)
        assert case.regime == "order-121"
        correct(people, case, "2026-04-14", APRIL)
        old, new = rows(case, "complaint.decide")
        assert (old.version, new.version, case.regime) == ("order-121", "order-20", "order-20")
        accept(people, case, APRIL)
        assert rows(case, "complaint.mediate")[0].version == "order-20"

    def test_a_term_with_a_day_of_its_own_changes_its_version_and_keeps_its_day(self, people: Cast) -> None:
        case = registered(people, APRIL, part="city_intake")
        in_hand(people, case, APRIL, by="city_dispatcher")
        correct(people, case, "2026-04-14", APRIL)
        running = rows(case, "complaint.decide")[-1]
        assert (running.opened_on, running.version, running.closed_at) == (date(2026, 4, 17), "order-20", None)

    def test_after_a_decision_the_other_measures_cannot_be_put_under_it(self, people: Cast) -> None:
        case = in_hand(people, registered(people, APRIL), APRIL)
        accept(people, case, APRIL)
        with pytest.raises(Refused) as refused:
            correct(people, case, "2026-04-14", APRIL)
        assert refused.value.sentence == (
            "2026年4月14日（周二）收到的件按《市场监督管理投诉举报处理暂行办法》办理，"
            "而这一件已经按《市场监督管理投诉举报处理办法》作出决定，所依据的规定不能改换"
        )
        assert (case.received_on, case.regime) == (date(2026, 4, 17), "order-121")

    def test_a_step_that_the_other_measures_do_not_know_has_to_be_settled_first(self, people: Cast) -> None:
        case = in_hand(people, registered(people, APRIL), APRIL)
        handling.apply(
            case, "request_identity", people.actor("east_handler", APRIL), APRIL, materials=["identity_card"],
            due_on="2026-04-22", told_on=APRIL.date(), told_by="sms", reasons="核对身份",
        )  # fmt: skip
        with pytest.raises(Refused, match="其中没有“限期提供身份证明”"):
            correct(people, case, "2026-04-14", APRIL)


class TestNoDayOfReceipt:
    def test_a_station_has_not_handed_its_dispute_over_yet(self, people: Cast) -> None:
        case = cast.case_of(cast.file(actor=people.actor("station")))
        with pytest.raises(Refused, match="以转交之日为准"):
            handling.apply(
                case, "correct_record", people.actor("east_dispatcher"), MORNING,
                field="received_on", new_value="2026-11-20", reasons=WHY,
            )  # fmt: skip


class TestMerge:
    """Table, merge_duplicate: the main case takes the earlier of the two days of receipt."""

    def test_the_main_case_goes_by_the_earlier_day_of_the_merged_one(self, people: Cast) -> None:
        main = in_hand(people, registered(people, MORNING), MORNING)
        earlier = registered(people, MORNING, received_on=date(2026, 11, 19))
        merge(people, earlier, main)
        old, new = rows(main, "complaint.decide")
        assert (main.received_on, earlier.state) == (date(2026, 11, 19), "merged")
        assert (old.outcome, old.due_on) == ("corrected", date(2026, 12, 2))
        assert (new.opened_on, new.due_on, new.replaces_id) == (date(2026, 11, 19), date(2026, 11, 30), old.id)
        event = db.session.query(Event).filter_by(case_id=main.id, action="take_receipt").one()
        assert (event.actor_kind, event.fields["other_case"]) == ("system", earlier.number)
        told = db.session.query(StaffMessage).filter_by(case_id=main.id, staff_id=people.staff["east_handler"])
        assert any("随并案改收到日期" in line.text for line in told)
        assert sound()

    def test_a_later_case_changes_nothing_for_the_main_one(self, people: Cast) -> None:
        main = in_hand(people, registered(people, FRIDAY), FRIDAY)
        merge(people, registered(people, MORNING), main)
        assert [row.outcome for row in rows(main, "complaint.decide")] == [None]
        assert main.received_on == date(2026, 11, 20)
        assert db.session.query(Event).filter_by(action="take_receipt").count() == 0

    def test_a_main_case_that_has_ended_keeps_its_days(self, people: Cast) -> None:
        main = registered(people, MORNING)
        handling.apply(main, "withdraw", people.actor("east_intake"), MORNING, ground="W1", said_on="2026-11-23")
        merge(people, registered(people, MORNING, received_on=date(2026, 11, 19)), main)
        assert main.received_on == date(2026, 11, 23)

    def test_restored_the_merged_case_takes_its_day_back_with_it(self, people: Cast) -> None:
        main = in_hand(people, registered(people, MORNING), MORNING)
        earlier = registered(people, MORNING, received_on=date(2026, 11, 19))
        merge(people, earlier, main)
        handling.apply(
            earlier,
            "restore",
            people.actor("east_dispatcher"),
            MORNING,
            received_on="2026-11-19",
            reasons="不是同一件事",
        )
        assert main.received_on == date(2026, 11, 23)
        assert rows(main, "complaint.decide")[-1].due_on == date(2026, 12, 2)
        assert rows(earlier, "complaint.decide")[-1].due_on == date(2026, 11, 30)
        assert sound()

    def test_the_form_of_restoring_proposes_the_old_day_of_receipt(self, people: Cast) -> None:
        main = registered(people, MORNING)
        earlier = registered(people, MORNING, received_on=date(2026, 11, 19))
        merge(people, earlier, main)
        form = offers.form_of(earlier, WORKFLOW.action("restore"), people.view("east_dispatcher"), MORNING)
        assert form.first["received_on"] == "2026-11-19"

    def test_a_decided_main_case_cannot_come_under_other_measures_by_a_merge(self, people: Cast) -> None:
        main = in_hand(people, registered(people, APRIL), APRIL)
        accept(people, main, APRIL)
        earlier = registered(people, APRIL, received_on=date(2026, 4, 13))
        seq = main.seq
        with pytest.raises(Refused, match="可以把后收到的件并入先收到的件") as refused:
            merge(people, earlier, main, APRIL)
        assert refused.value.field == "main_case"
        db.session.rollback()
        db.session.refresh(main)
        db.session.refresh(earlier)
        assert (main.seq, main.received_on, earlier.state) == (seq, date(2026, 4, 17), "registered")


class TestReplacedTerms:
    def test_an_extended_term_keeps_the_days_of_testing_out_of_the_count(self, people: Cast) -> None:
        """PROC art. 18: the days of testing do not count, whether the term is extended afterwards or not."""
        case = in_hand(people, registered(people, MORNING, "report"), MORNING)
        have_tested(people, case, MORNING + timedelta(days=1), MORNING + timedelta(days=9))
        before = rows(case, "report.verify")[-1].due_on
        later = MORNING + timedelta(days=10)
        handling.apply(
            case, "extend_verification", people.actor("east_leader", later), later, ground="G2", reasons="案情复杂",
            approved_on=later.date(),
        )  # fmt: skip
        after = rows(case, "report.verify")[-1]
        assert before is not None
        assert after.due_on == current().calendar.add_working_days(before, 15)
        assert sound()


def merge(people: Cast, case: Case, into: Case, now: datetime = MORNING) -> None:
    """Merge a case into another one."""
    handling.apply(
        case, "merge_duplicate", people.actor("east_dispatcher", now), now, main_case=into.number, reasons="同一件事"
    )
    db.session.refresh(into)


def have_tested(people: Cast, case: Case, sent: datetime, back: datetime) -> None:
    """Have something tested for some days."""
    paper = Attachment(
        case_id=case.id, name="委托书.jpg", media_type="image/jpeg", size=10, sha256=b"\0" * 32, original="x",
        uploaded_by="staff", staff_id=people.staff["east_handler"], uploaded_at=sent,
    )  # fmt: skip
    with writing() as session:
        session.add(paper)
    handling.apply(
        case, "start_testing", people.actor("east_handler", sent), sent, ground="Z1", institution="市检验所",
        sent_on=sent.date(), commission=[paper.id],
    )  # fmt: skip
    handling.apply(
        case, "end_testing", people.actor("east_handler", back), back, result_on=back.date(), result="不符合标准"
    )
