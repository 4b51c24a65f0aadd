"""REL-14, REL-15: clocks that jump, stand still or are looked at late. Each test reads like the case it is about."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casework import audit, calendars, handling, sweep
from casework.actors import FILER
from models import Attachment, Case, Deadline, Event, db
from models.base import writing
from rules.calendar import ZONE
from rules.deadlines import RULES, lapse_level, said_before_the_end
from tests.casework.test_calendar_changes import NOTICE_2027, declare, recount, rows
from tests.casework.test_handling import accepting, bring
from tests.casework.test_receipt_day import accept, in_hand, registered
from tests.casework.test_sweep import acts, day, lines, orders, quiet_but, term, watch
from tests.support import cast
from tests.support.cast import MORNING, Cast


@pytest.fixture
def people(context: Flask) -> Cast:
    """A city with its people, at the beginning of 2026."""
    return cast.build(datetime(2026, 1, 5, 9, tzinfo=ZONE))


@pytest.fixture
def complaint(people: Cast) -> Case:
    """A complaint of Monday 23 November 2026 that 李明 of 望江所 must decide on by Wednesday 2 December."""
    case = cast.case_of(cast.file())
    bring(people, case, "under_review")
    quiet_but(case, "complaint.decide")
    return case


def at(when: date, clock: str = "09:00") -> datetime:
    """A time of a day in the city."""
    return datetime.combine(when, time.fromisoformat(clock), ZONE)


def sound() -> bool:
    """Does every running term stand as the calendar gives it, and every chain hold?"""
    db.session.rollback()
    return not list(audit.verify(audit.Checked()))


def received(people: Cast, when: date, kind: str = "complaint") -> Case:
    """Something that was received and brought to 李明 on one day."""
    return in_hand(people, registered(people, at(when), kind, received_on=when), at(when))


class TestTheClockJumps:
    def test_an_hour_back_on_the_day_of_the_lapse_repeats_nothing_and_the_record_stays_in_order(
        self, people: Cast, complaint: Case
    ) -> None:
        watch(day(11, 24), day(12, 3))
        before, said = acts(complaint), lines(people, "east_lead")
        for moment in (day(12, 3, 8), day(12, 3, 9), day(12, 3, 8)):
            sweep.run(moment)
        assert (acts(complaint), lines(people, "east_lead")) == (before, said)
        handling.apply(complaint, "note", people.actor("east_handler"), day(12, 3, 8), text="已经电话联系商家。")
        times = list(db.session.scalars(select(Event.at).where(Event.case_id == complaint.id).order_by(Event.seq)))
        assert times == sorted(times)
        assert sound()

    def test_a_week_forward_takes_every_step_once_in_order_and_the_last_word_is_of_the_latest_state(
        self, people: Cast, complaint: Case
    ) -> None:
        sweep.run(day(12, 2))
        sweep.run(day(12, 9))
        assert acts(complaint, "remind", "mark_overdue", "supervise") == [
            "remind", "mark_overdue", "supervise", "supervise", "supervise",
        ]  # fmt: skip
        assert [(one.place, one.state) for one in orders(complaint)] == [
            ("office", "replaced"), ("district", "replaced"), ("city", "open"),
        ]  # fmt: skip
        assert "重点督办" in lines(people, "east_lead")[-1]
        assert all("已超期5个工作日" in text for text in lines(people, "east_lead")[2:])

    def test_a_week_forward_warns_of_nothing_that_is_over(self, people: Cast, complaint: Case) -> None:
        sweep.run(day(12, 9))
        assert not any("快到期" in text for part in cast.PEOPLE for text in lines(people, part))
        assert term(complaint).next_step_at is None

    def test_two_days_of_silence_before_the_term_leave_one_warning_with_what_is_left_now(
        self, people: Cast, complaint: Case
    ) -> None:
        sweep.run(day(12, 1))
        assert len(lines(people, "east_handler")) == 1
        assert "快到期" in lines(people, "east_handler")[0]
        assert "还剩1个工作日（12月2日）" in lines(people, "east_handler")[0]


class TestTheSweepStoodStill:
    def test_over_the_national_day_a_term_of_its_eve_lapses_once_and_is_supervised_on_the_first_working_day(
        self, people: Cast
    ) -> None:
        case = received(people, date(2026, 9, 20))
        assert term(case).due_on == date(2026, 9, 30)
        quiet_but(case, "complaint.decide")
        watch(at(date(2026, 9, 21)), at(date(2026, 9, 30)))
        sweep.run(at(date(2026, 10, 8), "08:29"))
        assert acts(case, "mark_overdue", "supervise") == ["mark_overdue"]
        for clock in ("08:30", "08:31", "09:00"):
            sweep.run(at(date(2026, 10, 8), clock))
        assert acts(case, "mark_overdue", "supervise") == ["mark_overdue", "supervise"]
        assert [one.place for one in orders(case)] == ["office"]
        assert "已超期1个工作日" in lines(people, "east_lead")[-1]

    def test_a_term_that_ends_in_the_holiday_ends_on_the_first_day_after_it(self, people: Cast) -> None:
        """Order 121 art. 45: sixty days from 4 August end on 3 October, a day off; the term ends on the 8th."""
        case = received(people, date(2026, 8, 4))
        accept(people, case, at(date(2026, 8, 4)))
        row = term(case, "complaint.mediate")
        assert (row.raw_on, row.due_on) == (date(2026, 10, 3), date(2026, 10, 8))
        sweep.run(at(date(2026, 10, 8), "23:59"))
        assert "complaint.mediate" not in overdue(case)
        sweep.run(at(date(2026, 10, 9), "00:00"))
        assert "complaint.mediate" in overdue(case)


def overdue(case: Case) -> list[str]:
    """The terms that are on record as lapsed, in order."""
    db.session.rollback()
    mine = (Event.case_id == case.id) & (Event.action == "mark_overdue")
    return [one.fields["rule"] for one in db.session.scalars(select(Event).where(mine).order_by(Event.seq))]


class TestMidnight:
    def test_what_is_filed_a_second_before_midnight_counts_from_that_day(self, people: Cast) -> None:
        late = cast.case_of(cast.file(now=datetime(2026, 11, 23, 23, 59, 59, tzinfo=ZONE)))
        early = cast.case_of(cast.file(now=datetime(2026, 11, 24, 0, 0, 0, tzinfo=ZONE), goods="课程"))
        assert (late.received_on, term(late).due_on) == (date(2026, 11, 23), date(2026, 12, 2))
        assert (early.received_on, term(early).due_on) == (date(2026, 11, 24), date(2026, 12, 3))
        assert late.number.split("-")[0] != early.number.split("-")[0]

    def test_a_decision_in_the_last_second_of_the_day_is_in_time(self, people: Cast, complaint: Case) -> None:
        last = datetime(2026, 12, 2, 23, 59, 59, tzinfo=ZONE)
        handling.apply(complaint, "accept", people.actor("east_handler"), last, **accepting(people))
        sweep.run(last + timedelta(seconds=1))
        assert overdue(complaint) == []


class TestTheTurnOfTheYear:
    def test_a_term_across_new_year_is_provisional_until_the_notice_and_speaks_by_the_date_of_the_notice(
        self, people: Cast
    ) -> None:
        case = received(people, date(2026, 12, 23))
        first = term(case)
        assert (first.due_on, first.provisional) == (date(2027, 1, 4), True)
        notice = NOTICE_2027.replace("1月1日（周五）至3日（周日）放假调休，共3天", "1月1日（周五）至4日（周一）放假")
        when = at(date(2026, 12, 25))
        declare(people, {"year": "2027", "source": "国办发明电〔2026〕7号", "lines": notice}, when)
        recount(when)
        assert (term(case).due_on, term(case).provisional) == (date(2027, 1, 5), False)
        quiet_but(case, "complaint.decide")
        watch(at(date(2026, 12, 26)), at(date(2027, 1, 5)))
        assert overdue(case) == []
        sweep.run(at(date(2027, 1, 6), "00:00"))
        assert overdue(case) == ["complaint.decide"]
        assert sound()

    def test_a_date_in_the_year_that_is_known_does_not_become_provisional_by_the_turn(self, people: Cast) -> None:
        assert not term(received(people, date(2026, 12, 21))).provisional
        assert term(received(people, date(2026, 12, 22))).due_on == date(2026, 12, 31)


class TestTheTwentyNinthOfFebruary:
    def test_sixty_days_of_mediation_end_on_it(self, people: Cast) -> None:
        case = received(people, date(2027, 12, 31))
        accept(people, case, at(date(2027, 12, 31)))
        row = term(case, "complaint.mediate")
        assert (row.raw_on, row.due_on, row.provisional) == (date(2028, 2, 29), date(2028, 2, 29), True)
        quiet_but(case, "complaint.mediate")
        sweep.run(at(date(2028, 2, 29), "23:59"))
        assert overdue(case) == []
        sweep.run(at(date(2028, 3, 1), "00:00"))
        assert overdue(case) == ["complaint.mediate"]

    def test_it_counts_as_a_working_day(self, people: Cast) -> None:
        case = received(people, date(2028, 2, 28))
        assert term(case).due_on == date(2028, 3, 8)

    def test_a_year_without_it_refuses_the_day(self, people: Cast) -> None:
        with pytest.raises(calendars.Faults) as refused:
            declare(people, {"kind": "off", "first_on": "2027-02-29", "last_on": "", "name": "节", "source": "文"})
        assert refused.value.faults["first_on"].endswith("2027年2月没有29日")


class TestTheChangeOfTheMeasures:
    """Order 121 came into force on 15 April 2026 without a transition: the day of receipt decides (workflow.md 2)."""

    def test_received_the_day_before_it_is_decided_and_mediated_by_order_20(self, people: Cast) -> None:
        case = received(people, date(2026, 4, 14))
        accept(people, case, at(date(2026, 4, 20)))
        decide, mediate = rows(case)[-1], term(case, "complaint.mediate")
        assert (case.regime, decide.version, mediate.version) == ("order-20", "order-20", "order-20")
        assert (decide.due_on, mediate.due_on) == (date(2026, 4, 23), date(2026, 6, 25))

    def test_received_on_the_day_it_is_decided_and_mediated_by_order_121(self, people: Cast) -> None:
        case = received(people, date(2026, 4, 15))
        accept(people, case, at(date(2026, 4, 20)))
        decide, mediate = rows(case)[-1], term(case, "complaint.mediate")
        assert (case.regime, decide.version, mediate.version) == ("order-121", "order-121", "order-121")
        assert (decide.due_on, mediate.due_on) == (date(2026, 4, 24), date(2026, 6, 22))

    def test_the_last_minute_of_the_fourteenth_is_still_the_day_before(self, people: Cast) -> None:
        before = cast.case_of(cast.file(now=datetime(2026, 4, 14, 23, 59, tzinfo=ZONE)))
        after = cast.case_of(cast.file(now=datetime(2026, 4, 15, 0, 0, tzinfo=ZONE), goods="课程"))
        assert (before.regime, after.regime) == ("order-20", "order-121")

    def test_a_day_off_declared_later_moves_both_under_their_own_measures(self, people: Cast) -> None:
        old, new = received(people, date(2026, 4, 14)), received(people, date(2026, 4, 15))
        when = at(date(2026, 4, 16))
        declare(people, {"kind": "off", "first_on": "2026-04-17", "last_on": "", "name": "防汛", "source": "文"}, when)
        recount(when)
        assert [(one.version, one.due_on) for one in (term(old), term(new))] == [
            ("order-20", date(2026, 4, 24)), ("order-121", date(2026, 4, 27)),
        ]  # fmt: skip


class TestClosedBeforeTheSweepCame:
    """A term is over, nobody has said so yet, and somebody ends it. What is on record is made up, what only warns is
    not: the lapse is a fact of the case; a warning and an order would ask for what is done."""

    LATE = datetime(2026, 12, 4, 10, 0, tzinfo=ZONE)

    def test_the_lapse_goes_on_record_ahead_of_the_act_that_ends_the_term(self, people: Cast, complaint: Case) -> None:
        handling.apply(complaint, "accept", people.actor("east_handler"), self.LATE, **accepting(people))
        assert acts(complaint)[-2:] == ["mark_overdue", "accept"]
        assert overdue(complaint) == ["complaint.decide"]
        assert term(complaint).outcome == "done"
        assert sound()

    def test_no_order_is_issued_and_nobody_is_warned_then_or_later(self, people: Cast, complaint: Case) -> None:
        handling.apply(complaint, "accept", people.actor("east_handler"), self.LATE, **accepting(people))
        quiet_but(complaint, "complaint.decide")
        watch(self.LATE, self.LATE + timedelta(days=5))
        assert orders(complaint) == []
        assert [text for part in cast.PEOPLE for text in lines(people, part)] == []

    def test_it_is_recorded_once_when_the_sweep_was_first(self, people: Cast, complaint: Case) -> None:
        sweep.run(day(12, 3, 0) + timedelta(minutes=1))
        handling.apply(complaint, "accept", people.actor("east_handler"), self.LATE, **accepting(people))
        assert overdue(complaint) == ["complaint.decide"]

    def test_pressed_twice_it_is_done_once_and_recorded_once(self, people: Cast, complaint: Case) -> None:
        seen, entered = complaint.seq, accepting(people)
        first = handling.apply(complaint, "accept", people.actor("east_handler"), self.LATE, seen=seen, **entered)
        again = handling.apply(complaint, "accept", people.actor("east_handler"), self.LATE, seen=seen, **entered)
        assert again.seq == first.seq
        assert overdue(complaint) == ["complaint.decide"]

    def test_a_term_that_was_kept_leaves_no_trace_of_a_warning_that_nobody_sent(
        self, people: Cast, complaint: Case
    ) -> None:
        handling.apply(complaint, "accept", people.actor("east_handler"), day(12, 1, 10), **accepting(people))
        quiet_but(complaint, "complaint.decide")
        watch(day(12, 1, 11), day(12, 4))
        assert overdue(complaint) == []
        assert [text for part in cast.PEOPLE for text in lines(people, part)] == []

    def test_what_the_filer_brings_in_the_first_minute_after_the_day_is_still_taken(
        self, people: Cast, complaint: Case
    ) -> None:
        """The silence of a filer has consequences only once the system has ended the term; nothing hurries it."""
        handling.apply(
            complaint, "request_supplement", people.actor("east_handler"), MORNING, materials=["facts"],
            due_on="2026-11-27", told_on="2026-11-23", told_by="sms", reasons="说明经过",
        )  # fmt: skip
        moment = datetime(2026, 11, 28, 0, 0, 20, tzinfo=ZONE)
        paper = Attachment(
            case_id=complaint.id, name="付款记录.jpg", media_type="image/jpeg", size=10, sha256=b"\0" * 32,
            original="x", uploaded_by="citizen", uploaded_at=moment,
        )  # fmt: skip
        with writing() as session:
            session.add(paper)
        handling.apply(complaint, "supply_material", FILER, moment, attachments=[paper.id])
        assert acts(complaint, "lapse_material", "supply_material", "mark_overdue") == ["supply_material"]


def test_every_term_with_a_lapse_says_it_between_its_reminders_and_its_supervision() -> None:
    for rule in RULES.values():
        level = lapse_level(rule.key)
        if level is not None:
            assert said_before_the_end(rule.key, 99) < level


def test_a_lapse_on_record_is_of_a_row_that_was_over(people: Cast, complaint: Case) -> None:
    watch(day(11, 24), day(12, 9))
    row = term(complaint)
    assert row.due_at is not None
    first = db.session.scalars(select(Event).where(Event.action == "mark_overdue")).first()
    assert first is not None
    assert first.at >= row.due_at
    assert db.session.get_one(Deadline, row.id).closed_at is None
