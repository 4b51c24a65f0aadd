"""REL-16: the calendar changes after terms were set. Open terms follow it, each with the old date on record."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from casework import audit, calendars, handling, reference, sweep, tasks
from casework.errors import Faults, NotAllowed
from jobs import run
from models import (
    CalendarChange,
    CalendarDay,
    Case,
    Deadline,
    DeadlinePause,
    Event,
    StaffMessage,
    Task,
    db,
)
from models import supervision as states
from tests.casework.test_handling import accepting, bring
from tests.casework.test_receipt_day import have_tested, in_hand, registered
from tests.casework.test_sweep import acts, day, lines, orders, quiet_but, watch
from tests.support import cast
from tests.support.cast import MORNING, Cast

STORM = {"kind": "off", "first_on": "2026-11-30", "last_on": "", "name": "防台风", "source": "临政办发〔2026〕9号"}
"""Monday 30 November 2026 becomes a day off: inside the seven working days that end on Wednesday 2 December."""
SATURDAY = {"kind": "working", "first_on": "2026-11-28", "last_on": "", "name": "迎检", "source": "临政办发〔2026〕8号"}
NOTICE_2027 = """元旦：1月1日（周五）至3日（周日）放假调休，共3天。
春节：2月5日（周五）至11日（周四）放假调休，共7天。1月30日（周六）、2月14日（周日）上班。
清明节：4月3日（周六）至5日（周一）放假，与周末连休。
劳动节：5月1日（周六）至5日（周三）放假调休，共5天。4月25日（周日）、5月8日（周六）上班。
端午节：6月9日（周三）放假。
中秋节：9月15日（周三）放假。
国庆节：10月1日（周五）至7日（周四）放假调休，共7天。9月26日（周日）、10月9日（周六）上班。"""
YEAR = {"year": "2027", "source": "国办发明电〔2026〕7号", "lines": NOTICE_2027}


@pytest.fixture
def people(context: Flask) -> Cast:
    """A city with its people."""
    return cast.build()


@pytest.fixture
def complaint(people: Cast) -> Case:
    """A complaint of Monday 23 November 2026 that 李明 of 望江所 must decide on by Wednesday 2 December."""
    case = cast.case_of(cast.file())
    bring(people, case, "under_review")
    return case


def declare(people: Cast, entered: dict[str, str], at: datetime = MORNING) -> int:
    """Declare a change as the administrator; the terms are not counted yet."""
    return calendars.declare(entered, people.view("system_admin"), at).id


def recount(at: datetime = MORNING) -> int:
    """Let the worker count until nothing is left; return how many tasks it took."""
    done = 0
    while one_task(at):
        done += 1
    return done


def one_task(at: datetime) -> bool:
    """Let a worker take the task of the calendar that waits; False when none does."""
    waiting = [row.id for row in tasks.overdue(at) if row.kind == tasks.CALENDAR_RECOUNT]
    db.session.rollback()
    return bool(waiting) and run.run(waiting[0], at)


def change(change_id: int) -> CalendarChange:
    """A change as it stands."""
    db.session.rollback()
    return db.session.get_one(CalendarChange, change_id, populate_existing=True)


def recounted(case: Case) -> list[Event]:
    """The events that tell of another date, the oldest first."""
    db.session.rollback()
    mine = (Event.case_id == case.id) & (Event.action == "recompute_deadlines")
    return list(db.session.scalars(select(Event).where(mine).order_by(Event.seq)))


def rows(case: Case, rule: str = "complaint.decide") -> list[Deadline]:
    """The rows of a term, the oldest first, without that of the centre that passed the case on."""
    db.session.rollback()
    query = select(Deadline).where(Deadline.case_id == case.id, Deadline.rule == rule).order_by(Deadline.id)
    found = db.session.scalars(query.execution_options(populate_existing=True))
    return [row for row in found if row.outcome != "passed_on"]


def sound() -> bool:
    """Does every running term stand as the calendar gives it, and every chain hold?"""
    db.session.rollback()
    return not list(audit.verify(audit.Checked()))


class TestADayOffIsDeclared:
    def test_the_term_ends_a_working_day_later_and_both_dates_stand_in_the_event(
        self, people: Cast, complaint: Case
    ) -> None:
        declare(people, STORM)
        recount()
        old, new = rows(complaint)
        assert (old.due_on, old.outcome) == (date(2026, 12, 2), "recomputed")
        assert (new.due_on, new.closed_at, new.replaces_id) == (date(2026, 12, 3), None, old.id)
        told = next(one for one in recounted(complaint) if one.fields["rule"] == "complaint.decide")
        assert (told.fields["old_due"], told.fields["new_due"]) == ("2026-12-02", "2026-12-03")
        assert told.fields["reasons"] == "2026年11月30日（周一）防台风放假（临政办发〔2026〕9号）"
        assert told.clocks == {"recomputed": {"complaint.decide": "2026-12-03"}}
        assert told.actor_kind == "system"
        assert sound()

    def test_the_filer_reads_the_new_date_of_their_term_and_nothing_of_the_house(
        self, people: Cast, complaint: Case
    ) -> None:
        declare(people, STORM)
        recount()
        said = {one.fields["rule"]: one.public_text for one in recounted(complaint)}
        assert said["complaint.decide"].endswith("期限由系统重新计算为2026年12月3日（周四）。")
        assert {text for rule, text in said.items() if rule != "complaint.decide"} <= {""}

    def test_the_desk_sorts_by_the_new_date(self, people: Cast, complaint: Case) -> None:
        before = db.session.get_one(Case, complaint.id, populate_existing=True).due_at
        declare(people, {**STORM, "first_on": "2026-11-24", "last_on": "2026-11-27"})
        recount()
        after = db.session.get_one(Case, complaint.id, populate_existing=True)
        nearest = min(one.due_at for one in db.session.scalars(select(Deadline).where(
            Deadline.case_id == complaint.id, Deadline.closed_at.is_(None))))  # fmt: skip
        assert after.due_at == nearest > before

    def test_reminders_already_sent_are_not_repeated(self, people: Cast, complaint: Case) -> None:
        quiet_but(complaint, "complaint.decide")
        sweep.run(day(11, 30))
        assert ["还剩2个工作日" in text for text in lines(people, "east_handler")] == [True]
        declare(people, {**STORM, "first_on": "2026-12-01"}, day(11, 30, 10))
        recount(day(11, 30, 10))
        quiet_but(complaint, "complaint.decide")
        watch(day(12, 1), day(12, 2))
        said = lines(people, "east_handler")
        assert len(said) == len(set(said)) == 2
        assert "还剩1个工作日（12月3日）" in said[1]

    def test_a_closed_term_keeps_the_date_it_had(self, people: Cast, complaint: Case) -> None:
        handling.apply(complaint, "accept", people.actor("east_handler"), MORNING, **accepting(people))
        declare(people, STORM)
        recount()
        assert [(one.due_on, one.outcome) for one in rows(complaint)] == [(date(2026, 12, 2), "done")]

    def test_a_term_in_calendar_days_moves_only_when_its_last_day_is_off(self, people: Cast, complaint: Case) -> None:
        handling.apply(complaint, "accept", people.actor("east_handler"), MORNING, **accepting(people))
        sixty = rows(complaint, "complaint.mediate")[-1].due_on
        declare(people, STORM)
        recount()
        assert [one.due_on for one in rows(complaint, "complaint.mediate")] == [sixty]

    def test_a_term_after_the_end_of_a_case_follows_as_well(self, people: Cast, complaint: Case) -> None:
        handling.apply(complaint, "withdraw", people.actor("east_handler"), MORNING, ground="W1", said_on="2026-11-23")
        running = [one for one in rows(complaint, "archive.file") if one.closed_at is None]
        before = running[0].due_on
        assert before is not None
        declare(people, STORM)
        recount()
        assert rows(complaint, "archive.file")[-1].due_on > before
        assert sound()

    def test_a_sealed_case_follows_and_only_its_officers_can_read_why(self, people: Cast) -> None:
        case = cast.case_of(cast.file("misconduct"))
        declare(people, {**STORM, "first_on": "2026-11-24"})
        recount()
        assert "misconduct.sign" in [one.rule for one in rows(case, "misconduct.sign") if one.outcome == "recomputed"]
        assert all(set(one.fields) == {"sealed"} for one in recounted(case))
        assert sound()

    def test_days_of_testing_stay_out_of_the_new_count(self, people: Cast) -> None:
        case = in_hand(people, registered(people, MORNING, "report"), MORNING)
        have_tested(people, case, MORNING + timedelta(days=1), MORNING + timedelta(days=9))
        before = rows(case, "report.verify")[-1].due_on
        assert before is not None
        declare(people, {**STORM, "first_on": "2026-12-04"}, day(12, 3))
        recount(day(12, 3))
        old, new = rows(case, "report.verify")[-2:]
        assert new.due_on == reference.current().calendar.add_working_days(before, 1)
        pauses = select(DeadlinePause.from_on, DeadlinePause.to_on)
        kept = [db.session.execute(pauses.where(DeadlinePause.deadline_id == one.id)).all() for one in (old, new)]
        assert kept[0] == kept[1] != []
        assert sound()


class TestSupervision:
    def test_an_order_whose_ground_is_gone_is_withdrawn_and_the_term_lapses_anew_on_its_day(
        self, people: Cast, complaint: Case
    ) -> None:
        quiet_but(complaint, "complaint.decide")
        watch(day(11, 24), day(12, 3))
        assert [one.state for one in orders(complaint)] == ["open"]
        declare(people, {**STORM, "first_on": "2026-12-01", "last_on": "2026-12-03"}, day(12, 3, 10))
        recount(day(12, 3, 10))
        gone = orders(complaint)[0]
        assert gone.state == states.WITHDRAWN
        assert gone.closed_why.endswith("改为2026年12月7日（周一）届满，不再超期")
        done = acts(complaint, "supervise", "recompute_deadlines", "withdraw_supervision")
        assert done.index("withdraw_supervision") == done.index("recompute_deadlines") + 1
        quiet_but(complaint, "complaint.decide")
        watch(day(12, 4), day(12, 8))
        assert [one.state for one in orders(complaint)] == ["withdrawn", "open"]
        assert acts(complaint, "mark_overdue") == ["mark_overdue", "mark_overdue"]
        assert sound()

    def test_an_order_whose_term_is_still_over_stands(self, people: Cast, complaint: Case) -> None:
        quiet_but(complaint, "complaint.decide")
        watch(day(11, 24), day(12, 7))
        before = [one.state for one in orders(complaint)]
        declare(people, {**STORM, "first_on": "2026-12-01"}, day(12, 7, 10))
        recount(day(12, 7, 10))
        assert [one.state for one in orders(complaint)] == before
        assert rows(complaint)[-1].due_on == date(2026, 12, 3)
        assert rows(complaint)[-1].level == rows(complaint)[0].level


class TestAMakeUpWorkingDayIsDeclared:
    def test_the_term_ends_earlier_and_what_has_come_due_is_said(self, people: Cast, complaint: Case) -> None:
        quiet_but(complaint, "complaint.decide")
        declare(people, SATURDAY, day(11, 27))
        recount(day(11, 27))
        assert rows(complaint)[-1].due_on == date(2026, 12, 1)
        quiet_but(complaint, "complaint.decide")
        sweep.run(day(11, 28))
        assert "还剩2个工作日（12月1日）" in lines(people, "east_handler")[0]

    def test_a_term_that_is_over_by_the_new_count_is_recorded_as_overdue(self, people: Cast, complaint: Case) -> None:
        """Entered on the Wednesday on which the term would have ended, it had ended the evening before."""
        quiet_but(complaint, "complaint.decide")
        watch(day(11, 24), day(12, 2))
        declare(people, SATURDAY, day(12, 2, 10))
        recount(day(12, 2, 10))
        quiet_but(complaint, "complaint.decide")
        assert rows(complaint)[-1].next_step_at is not None
        sweep.run(day(12, 2, 11))
        assert acts(complaint, "mark_overdue", "supervise") == ["mark_overdue", "supervise"]


class TestAYearIsEntered:
    @pytest.fixture
    def december(self, people: Cast) -> Case:
        """A report of 14 December 2026 whose fifteen working days end in January, on a provisional date."""
        at = day(12, 14)
        return cast.case_of(cast.file("report", at))

    def test_a_date_beyond_the_known_calendar_is_provisional_and_becomes_certain(
        self, people: Cast, december: Case
    ) -> None:
        before = rows(december, "report.verify")[-1]
        assert before.provisional
        at = day(12, 15)
        found = calendars.preview(calendars.read(YEAR, at), at)
        assert found.certain >= 1
        declare(people, YEAR, at)
        recount(at)
        after = rows(december, "report.verify")[-1]
        assert not after.provisional
        assert after.due_on == reference.current().calendar.add_working_days(date(2026, 12, 14), 15)
        assert sound()

    def test_a_date_that_stays_the_same_is_no_event(self, people: Cast, december: Case) -> None:
        declare(people, YEAR, day(12, 15))
        recount(day(12, 15))
        for told in recounted(december):
            assert told.fields["old_due"] != told.fields["new_due"]
        kept = {one.rule for one in db.session.scalars(select(Deadline).where(
            Deadline.case_id == december.id, Deadline.replaces_id.is_(None)))}  # fmt: skip
        assert kept

    def test_a_year_is_entered_once(self, people: Cast) -> None:
        declare(people, YEAR)
        with pytest.raises(Faults) as refused:
            declare(people, YEAR)
        assert refused.value.faults == {"year": "2027年的放假安排已经录入；个别日子有变动，请用“登记几天”"}

    def test_an_arrangement_without_a_holiday_of_the_law_is_refused(self, people: Cast) -> None:
        without = "\n".join(line for line in NOTICE_2027.splitlines() if not line.startswith("国庆节"))
        with pytest.raises(Faults) as refused:
            declare(people, {**YEAR, "lines": without})
        assert refused.value.faults == {"lines": "没有写国庆节（2027年10月1日（周五））放假"}


class TestDeclaring:
    def test_only_the_system_administrator_declares(self, people: Cast) -> None:
        for part in ("security_admin", "east_lead", "city_supervisor", "auditor"):
            with pytest.raises(NotAllowed):
                calendars.declare(STORM, people.view(part), MORNING)
        assert db.session.scalar(select(func.count()).select_from(CalendarChange)) == 0

    def test_it_writes_days_record_and_one_task_and_moves_no_term_itself(self, people: Cast, complaint: Case) -> None:
        seq = complaint.seq
        found = change(declare(people, STORM))
        marked = db.session.get_one(CalendarDay, date(2026, 11, 30))
        assert (marked.is_working, marked.note, marked.source) == (False, "防台风放假", "临政办发〔2026〕9号")
        assert marked.entered_by == people.staff["system_admin"]
        assert (found.touched, found.looked_at, found.finished_at) == (1, 0, None)
        waiting = db.session.scalars(select(Task).where(Task.kind == tasks.CALENDAR_RECOUNT)).one()
        assert waiting.payload == {"change": found.id}
        assert db.session.get_one(Case, complaint.id, populate_existing=True).seq == seq

    def test_before_it_is_confirmed_it_says_how_many_terms_will_move(self, people: Cast, complaint: Case) -> None:
        found = calendars.preview(calendars.read(STORM, MORNING), MORNING)
        moving = change(declare(people, STORM)).id
        recount()
        assert found.moved == change(moving).moved == len(recounted(complaint)) > 0
        assert found.earlier == 0

    @pytest.mark.parametrize(
        ("entered", "field", "said"),
        [
            ({"first_on": ""}, "first_on", "请填写开始日期"),
            ({"first_on": "2026-02-30"}, "first_on", "2026年2月没有30日"),
            ({"first_on": "明天"}, "first_on", "要写成年、月、日"),
            ({"first_on": "2020-01-02"}, "first_on", "只能登记"),
            ({"first_on": "2028-01-03"}, "first_on", "只能登记"),
            ({"last_on": "2026-11-20"}, "last_on", "结束日期不能早于开始日期"),
            ({"last_on": "2026-12-30"}, "last_on", "一次最多登记 16 天"),
            ({"first_on": "2026-11-28"}, "first_on", "本来就休息"),
            ({"first_on": "2026-10-01"}, "first_on", "已经登记为"),
            ({"kind": "working"}, "first_on", "已经是工作日"),
            ({"kind": "plain", "name": ""}, "first_on", "没有登记过"),
            ({"kind": "holiday"}, "kind", "请选择"),
            ({"name": ""}, "name", "请填写为什么"),
            ({"name": "防" * 21}, "name", "最多 20 个字"),
            ({"source": " "}, "source", "文号"),
            ({"source": "文" * 81}, "source", "最多 80 个字"),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_field(
        self, people: Cast, entered: dict[str, str], field: str, said: str
    ) -> None:
        with pytest.raises(Faults) as refused:
            declare(people, {**STORM, **entered})
        assert said in refused.value.faults[field]

    def test_pressed_twice_it_is_declared_once(self, people: Cast) -> None:
        declare(people, STORM)
        with pytest.raises(Faults, match="已经登记为防台风放假"):
            declare(people, STORM)

    def test_a_slip_is_taken_back_and_the_terms_come_back_with_it(self, people: Cast, complaint: Case) -> None:
        declare(people, STORM)
        recount()
        declare(people, {**STORM, "kind": "plain", "name": ""})
        recount()
        assert [one.due_on.day for one in rows(complaint) if one.due_on] == [2, 3, 2]
        assert db.session.get(CalendarDay, date(2026, 11, 30)) is None
        assert sound()


def test_the_messages_of_a_recount_go_to_nobody(people: Cast, complaint: Case) -> None:
    before = db.session.scalar(select(func.count()).select_from(StaffMessage))
    declare(people, STORM)
    recount()
    assert db.session.scalar(select(func.count()).select_from(StaffMessage)) == before
