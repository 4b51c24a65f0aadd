"""Directives: issued once to whom they are meant for, answered by those units alone, and what is late is said once."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from casework import access, directives, documents, founding, reference
from casework.actors import StaffView
from casework.directives import Order
from casework.documents import Paper, Rendered
from casework.errors import Conflict, Faults, NotAllowed, NotFound, Refused
from models import (
    Deadline,
    Directive,
    DirectiveCase,
    DirectiveClock,
    DirectiveReport,
    DirectiveUnit,
    Document,
    Event,
    Staff,
    StaffMessage,
    Task,
    Unit,
    db,
)
from models import document as papers
from models.base import writing
from tests.support import cast
from tests.support.cast import MORNING as NOW
from tests.support.cast import Cast

HOUR = timedelta(hours=1)
EAST = Order(
    title="排查健身、早教门店停业风险",
    text="对辖区内健身、早教门店逐户核查。\n发现收款后停业的，当日上报。",
    urgency="urgent",
    hours="24",
    units=("east_office",),
    form_key="form-1",
)


@pytest.fixture
def people(context: Flask, tmp_path: Path) -> Cast:
    reference.forget()
    documents.configure(tmp_path / "documents")
    return cast.build()


def order(**changed: Any) -> Order:
    """The order to 望江所, with what is changed in it."""
    return Order(**{**vars(EAST), **changed})


def issued(people: Cast, **changed: Any) -> Directive:
    """A directive of the city centre."""
    return directives.issue(order(**changed), people.view("city_supervisor"), NOW)


def copy_of(directive: Directive, people: Cast, unit: str = "east_office") -> DirectiveUnit:
    """The copy of a unit as it is now."""
    db.session.rollback()
    mine = db.session.query(DirectiveUnit).filter_by(directive_id=directive.id, unit_id=people.units[unit])
    return mine.populate_existing().one()


def clocks(directive: Directive) -> dict[str, DirectiveClock]:
    """The clocks of the first copy by rule."""
    db.session.rollback()
    first = db.session.query(DirectiveUnit).filter_by(directive_id=directive.id).order_by(DirectiveUnit.id).first()
    assert first is not None
    rows = db.session.query(DirectiveClock).filter_by(directive_unit_id=first.id).populate_existing()
    return {row.rule: row for row in rows}


def told(people: Cast, part: str) -> list[str]:
    """What stands in the list of a person about directives, in order."""
    mine = db.session.query(StaffMessage).filter_by(staff_id=people.staff[part]).order_by(StaffMessage.id)
    return [row.text for row in mine if row.directive_id]


class TestIssuing:
    def test_the_copy_the_terms_the_paper_and_the_message_are_written_together(self, people: Cast) -> None:
        found = issued(people)
        assert found.number == "临市监令〔2026〕1号"
        assert copy_of(found, people).state == "waiting"
        terms = clocks(found)
        assert terms["directive.acknowledge"].due_at == NOW + 2 * HOUR
        assert terms["directive.report"].due_at == found.due_at == NOW + 24 * HOUR
        assert told(people, "east_lead") == ["【加急】请签收指令临市监令〔2026〕1号：排查健身、早教门店停业风险"]
        assert told(people, "west_lead") == []
        paper = db.session.query(Document).one()
        assert (paper.kind, paper.state, paper.number) == ("paper.directive", papers.QUEUED, found.number)
        assert [task.payload for task in db.session.query(Task)] == [{"document_id": paper.id}]

    def test_the_same_form_sent_twice_is_one_directive(self, people: Cast) -> None:
        first, second = issued(people), issued(people)
        assert first.id == second.id
        assert db.session.query(Directive).count() == db.session.query(DirectiveUnit).count() == 1
        assert len(told(people, "east_lead")) == 1

    def test_a_directive_goes_to_one_many_a_level_or_all(self, people: Cast) -> None:
        wanted = {
            ("", ("east_office", "west")): {"east_office", "west"},
            ("office", ()): {"east_office", "west_office"},
            ("district", ("legal",)): {"east", "west", "legal"},
            ("all", ()): {"east", "west", "east_office", "west_office", "legal"},
        }
        for place, ((level, units), expected) in enumerate(wanted.items()):
            found = issued(people, level=level, units=units, form_key=f"form-{place}")
            rows = db.session.query(Unit.key).join(DirectiveUnit, DirectiveUnit.unit_id == Unit.id)
            assert {key for (key,) in rows.filter(DirectiveUnit.directive_id == found.id)} == expected

    def test_a_district_orders_its_own_offices_and_no_others(self, people: Cast) -> None:
        east = people.view("east_supervisor")
        assert directives.issue(order(), east, NOW).unit_id == people.units["east"]
        with pytest.raises(Faults) as refused:
            directives.issue(order(units=("west_office",), form_key="form-2"), east, NOW)
        assert "下属" in refused.value.faults["level"]

    @pytest.mark.parametrize(
        ("changed", "field", "sentence"),
        [
            ({"text": "  \n "}, "text", "请填写要求"),
            ({"title": ""}, "title", "请填写事由"),
            ({"title": "长" * 61}, "title", "最多60个字，现在是61个字"),
            ({"hours": ""}, "hours", "请填写时限"),
            ({"hours": "0"}, "hours", "已经过去"),
            ({"hours": "-3"}, "hours", "已经过去"),
            ({"hours": "73"}, "hours", "最少1小时，最多72小时"),
            ({"hours": "两天"}, "hours", "整数小时"),
            ({"units": ()}, "level", "请选择受令单位"),
            ({"units": ("nowhere",)}, "level", "下属"),
            ({"units": ("station",)}, "level", "没有负责人"),
            ({"level": "planet"}, "level", "请选择受令单位"),
            ({"urgency": "panic"}, "urgency", "请选择紧急程度"),
            ({"cases": "T20260101-00001-1"}, "cases", "没有找到T20260101-00001-1"),
        ],
    )
    def test_what_cannot_be_ordered_is_said_at_its_field(
        self, people: Cast, changed: dict[str, Any], field: str, sentence: str
    ) -> None:
        with pytest.raises(Faults) as refused:
            issued(people, **changed)
        assert sentence in refused.value.faults[field]
        db.session.rollback()
        assert db.session.query(Directive).count() == 0

    def test_a_closed_unit_is_not_ordered(self, people: Cast) -> None:
        with writing() as session:
            session.get_one(Unit, people.units["east_office"]).closed_at = NOW
            reference.changed(session)
        with pytest.raises(Faults) as refused:
            issued(people)
        assert "已经停办" in refused.value.faults["level"]
        db.session.rollback()
        found = issued(people, level="office", units=())
        rows = db.session.query(DirectiveUnit).filter_by(directive_id=found.id)
        assert [row.unit_id for row in rows] == [people.units["west_office"]]

    def test_only_a_centre_orders(self, people: Cast) -> None:
        for part in ("east_lead", "east_handler", "city_dispatcher", "auditor"):
            with pytest.raises(NotAllowed):
                directives.issue(order(), people.view(part), NOW)

    def test_a_file_of_somebody_else_is_not_taken(self, people: Cast) -> None:
        with pytest.raises(Refused) as refused:
            issued(people, files=(4711,))
        assert refused.value.field == "files"
        db.session.rollback()
        assert db.session.query(Directive).count() == 0

    def test_a_linked_case_keeps_the_act_and_gets_no_clock_and_no_paper_of_its_own(self, people: Cast) -> None:
        case = cast.case_of(cast.file())
        found = issued(people, cases=case.number)
        events = [row.action for row in db.session.query(Event).filter_by(case_id=case.id).order_by(Event.seq)]
        assert events == ["register_online", "attach_directive"]
        assert db.session.query(Deadline).filter(Deadline.rule.startswith("directive.")).count() == 0
        assert db.session.query(Document).filter_by(case_id=case.id, kind="paper.directive").count() == 0
        mine, others = people.view("city_leader"), people.view("west_lead")
        assert [(row.id, opens) for row, opens in directives.of_case(case, mine)] == [(found.id, True)]
        assert [(row.id, opens) for row, opens in directives.of_case(case, others)] == [(found.id, False)]

    def test_a_kind_that_the_procedure_does_not_order_is_only_linked(self, people: Cast) -> None:
        case = cast.case_of(cast.file("consultation"))
        issued(people, cases=f" {case.number.lower()} ")
        assert [row.case_id for row in db.session.query(DirectiveCase)] == [case.id]
        assert db.session.query(Event).filter_by(case_id=case.id).count() == 1


class TestAnswering:
    def test_the_lead_acknowledges_and_the_clock_stops(self, people: Cast) -> None:
        found = issued(people)
        mine = copy_of(found, people)
        assert directives.acknowledge(mine.id, people.view("east_lead"), NOW + HOUR)
        mine = copy_of(found, people)
        assert (mine.state, mine.acknowledged_at) == ("acknowledged", NOW + HOUR)
        assert mine.acknowledged_by == people.staff["east_lead"]
        assert clocks(found)["directive.acknowledge"].outcome == "done"
        assert clocks(found)["directive.report"].closed_at is None

    def test_pressed_twice_it_stays_as_it_was(self, people: Cast) -> None:
        found = issued(people)
        mine = copy_of(found, people)
        assert directives.acknowledge(mine.id, people.view("east_lead"), NOW + HOUR)
        assert not directives.acknowledge(mine.id, people.view("east_lead"), NOW + 2 * HOUR)
        assert copy_of(found, people).acknowledged_at == NOW + HOUR

    @pytest.mark.parametrize("part", ["west_lead", "east_handler", "east_supervisor", "city_supervisor", "auditor"])
    def test_who_does_not_answer_for_the_unit_is_refused(self, people: Cast, part: str) -> None:
        mine = copy_of(issued(people), people)
        for act in (
            lambda: directives.acknowledge(mine.id, people.view(part), NOW),
            lambda: directives.report(mine.id, "已查", people.view(part), NOW, form_key="r1"),
            lambda: directives.complete(mine.id, "已查", people.view(part), NOW, form_key="r2"),
        ):
            with pytest.raises(NotAllowed, match="望江所"):
                act()
        assert db.session.query(DirectiveReport).count() == 0

    def test_the_deputy_of_a_lead_who_is_away_gets_it_and_acknowledges(self, people: Cast) -> None:
        with writing() as session:
            lead = session.get_one(Staff, people.staff["east_lead"])
            lead.deputy_id, lead.away_from, lead.away_until = people.staff["east_handler"], NOW - HOUR, NOW + 9 * HOUR
        mine = copy_of(issued(people), people)
        assert len(told(people, "east_handler")) == 1
        assert directives.acknowledge(mine.id, people.view("east_handler"), NOW + HOUR)

    def test_a_centre_without_a_lead_is_answered_for_by_its_leader_and_supervisors(self, people: Cast) -> None:
        mine = copy_of(issued(people, units=("east",)), people, "east")
        assert len(told(people, "east_leader")) == len(told(people, "east_supervisor")) == 1
        assert directives.acknowledge(mine.id, people.view("east_supervisor"), NOW)

    def test_of_two_who_acknowledge_at_once_one_is_first(self, people: Cast, context: Flask) -> None:
        with writing() as session:
            unit = session.get_one(Unit, people.units["east_office"])
            second = founding.add_staff(session, "second", "副所长", "!", [("lead", unit)], NOW).id
        mine = copy_of(issued(people), people).id
        db.session.remove()
        outcomes: list[bool] = []
        ready = threading.Barrier(2)

        def press(staff_id: int) -> None:
            with context.app_context():
                view = access.view_of(staff_id, NOW)
                assert view is not None
                db.session.rollback()
                ready.wait()
                outcomes.append(directives.acknowledge(mine, view, NOW))

        threads = [threading.Thread(target=press, args=(one,)) for one in (people.staff["east_lead"], second)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(outcomes) == [False, True]

    def test_progress_is_reported_once_for_each_form_and_acknowledges(self, people: Cast) -> None:
        found = issued(people)
        lead = people.view("east_lead")
        mine = copy_of(found, people)
        for form_key in ("r1", "r1", "r2"):
            directives.report(mine.id, "已核查 12 户。", lead, NOW + HOUR, form_key=form_key)
        assert db.session.query(DirectiveReport).count() == 2
        assert copy_of(found, people).state == "acknowledged"

    def test_an_answer_without_content_is_refused_at_the_field(self, people: Cast) -> None:
        mine = copy_of(issued(people), people)
        with pytest.raises(Refused) as refused:
            directives.complete(mine.id, " ", people.view("east_lead"), NOW, form_key="r1")
        assert (refused.value.field, refused.value.sentence) == ("text", "请填写执行情况")
        assert db.session.get_one(DirectiveUnit, mine.id, populate_existing=True).state == "waiting"

    def test_completion_stops_both_clocks_and_tells_the_issuer(self, people: Cast) -> None:
        found = issued(people)
        mine, lead = copy_of(found, people), people.view("east_lead")
        directives.complete(mine.id, "核查 31 户，无停业。", lead, NOW + 3 * HOUR, form_key="r1")
        directives.complete(mine.id, "核查 31 户，无停业。", lead, NOW + 3 * HOUR, form_key="r1")
        assert copy_of(found, people).state == "completed"
        assert {row.outcome for row in clocks(found).values()} == {"done"}
        assert len(told(people, "city_supervisor")) == 1
        with pytest.raises(Conflict, match="何勇已经上报办结"):
            directives.complete(mine.id, "再报", lead, NOW + 4 * HOUR, form_key="r2")


class TestLeading:
    def test_it_ends_when_the_last_copy_is_on_file(self, people: Cast) -> None:
        found = issued(people, units=("east_office", "west_office"))
        leader = people.view("city_leader")
        for unit, part in (("east_office", "east_lead"), ("west_office", "west_lead")):
            mine = copy_of(found, people, unit)
            with pytest.raises(Conflict, match="还没有上报"):
                directives.record(mine.id, leader, NOW)
            directives.complete(mine.id, "已办", people.view(part), NOW + HOUR, form_key=unit)
            assert db.session.get_one(Directive, found.id, populate_existing=True).state == "running"
            directives.record(mine.id, leader, NOW + 2 * HOUR)
            directives.record(mine.id, leader, NOW + 3 * HOUR)
        ended = db.session.get_one(Directive, found.id, populate_existing=True)
        assert (ended.state, ended.ended_at) == ("ended", NOW + 2 * HOUR)

    def test_a_withdrawn_directive_stops_every_clock_and_is_not_answered_any_more(self, people: Cast) -> None:
        found = issued(people, units=("east_office", "west_office"))
        supervisor = people.view("city_supervisor")
        with pytest.raises(Refused) as refused:
            directives.withdraw(found.id, "", supervisor, NOW)
        assert refused.value.field == "reason"
        directives.withdraw(found.id, "情况已查清", supervisor, NOW + HOUR)
        directives.withdraw(found.id, "情况已查清", supervisor, NOW + HOUR)
        assert directives.sweep(NOW + 100 * HOUR) == 0
        assert {row.outcome for row in db.session.query(DirectiveClock)} == {"withdrawn"}
        assert [text for text in told(people, "west_lead") if "已撤回" in text] == [
            "指令临市监令〔2026〕1号已撤回：情况已查清"
        ]
        with pytest.raises(Conflict, match="已经撤回"):
            directives.acknowledge(copy_of(found, people).id, people.view("east_lead"), NOW + 2 * HOUR)

    def test_a_reminder_reaches_who_owes_an_answer_and_is_not_repeated_at_once(self, people: Cast) -> None:
        found = issued(people, units=("east_office", "west_office"))
        directives.complete(copy_of(found, people).id, "已办", people.view("east_lead"), NOW, form_key="r")
        supervisor = people.view("city_supervisor")
        assert directives.remind(found.id, supervisor, NOW + HOUR) == 1
        assert directives.remind(found.id, supervisor, NOW + HOUR) == 0
        assert directives.remind(found.id, supervisor, NOW + HOUR + timedelta(minutes=11)) == 1
        assert sum("催办" in text for text in told(people, "west_lead")) == 2
        assert sum("催办" in text for text in told(people, "east_lead")) == 0

    @pytest.mark.parametrize("part", ["east_lead", "east_supervisor", "city_dispatcher"])
    def test_only_the_centre_that_issued_it_leads_it(self, people: Cast, part: str) -> None:
        found, outsider = issued(people), people.view(part)
        with pytest.raises(NotAllowed):
            directives.withdraw(found.id, "不办", outsider, NOW)
        with pytest.raises(NotAllowed):
            directives.remind(found.id, outsider, NOW)
        with pytest.raises(NotAllowed):
            directives.record(copy_of(found, people).id, outsider, NOW)


class TestTheSweep:
    def spoken(self, people: Cast, part: str) -> list[str]:
        """The marks 提醒, 催办, 督办 in a person's list, in order."""
        return [text[1:3] + text.partition("】")[2][:8] for text in told(people, part) if "请签收" not in text]

    def test_each_moment_of_the_ladder_speaks_once_to_whom_it_names(self, people: Cast) -> None:
        issued(people)
        moments = [NOW + timedelta(minutes=15 * step) for step in range(4 * 30)]
        for moment in moments:
            directives.sweep(moment)
            directives.sweep(moment)
        assert self.spoken(people, "east_lead") == [
            "提醒东城区市场监督管",
            "催办东城区市场监督管",
            "提醒东城区市场监督管",
            "催办东城区市场监督管",
        ]
        for part in ("east_supervisor", "east_leader", "city_supervisor", "city_leader"):
            assert [one[:2] for one in self.spoken(people, part)] == ["督办", "督办"], part
        assert self.spoken(people, "west_supervisor") == []

    def test_a_missed_step_is_made_up_and_nothing_twice(self, people: Cast) -> None:
        issued(people)
        directives.sweep(NOW + 5 * HOUR)
        assert [one[:2] for one in self.spoken(people, "east_lead")] == ["提醒", "催办"]
        assert [one[:2] for one in self.spoken(people, "east_supervisor")] == ["督办"]
        assert directives.sweep(NOW + 5 * HOUR) == 0

    def test_an_acknowledged_copy_is_not_urged_to_be_acknowledged(self, people: Cast) -> None:
        found = issued(people)
        directives.acknowledge(copy_of(found, people).id, people.view("east_lead"), NOW + timedelta(minutes=30))
        directives.sweep(NOW + 10 * HOUR)
        assert self.spoken(people, "east_lead") == []
        directives.complete(copy_of(found, people).id, "已办", people.view("east_lead"), NOW + 11 * HOUR, form_key="r")
        directives.sweep(NOW + 50 * HOUR)
        assert self.spoken(people, "east_lead") == []

    def test_two_sweeps_at_once_say_it_once(self, people: Cast, context: Flask) -> None:
        issued(people, level="all", units=())
        db.session.remove()
        ready = threading.Barrier(2)

        def turn() -> None:
            with context.app_context():
                ready.wait()
                directives.sweep(NOW + 3 * HOUR)

        threads = [threading.Thread(target=turn) for _ in range(2)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert [one[:2] for one in self.spoken(people, "east_lead")] == ["提醒", "催办"]

    def test_a_term_of_one_hour_ends_for_both_clocks_after_it(self, people: Cast) -> None:
        found = issued(people, hours="1")
        assert {row.due_at for row in clocks(found).values()} == {NOW + HOUR}


class TestReading:
    def numbers(self, view: StaffView, now: datetime = NOW) -> list[str]:
        """The running directives that a person finds in the list."""
        return [row.directive.number for row in directives.listed(view, now, running=True)[0]]

    def test_a_directive_concerns_its_centre_its_units_and_who_stands_above_them(self, people: Cast) -> None:
        found = issued(people)
        for part in ("city_supervisor", "city_leader", "east_supervisor", "east_leader", "east_lead"):
            assert self.numbers(people.view(part)) == [found.number], part
            assert directives.find(people.view(part), found.id).id == found.id
        for part in ("west_lead", "west_supervisor", "legal_lead"):
            assert self.numbers(people.view(part)) == [], part
            with pytest.raises(NotFound):
                directives.find(people.view(part), found.id)

    def test_a_unit_sees_its_own_copy_and_the_centre_all(self, people: Cast) -> None:
        found = issued(people, level="office", units=())
        assert len(directives.one(found, people.view("city_supervisor"), NOW).copies) == 2
        assert [c.row.unit_id for c in directives.one(found, people.view("west_lead"), NOW).copies] == [
            people.units["west_office"]
        ]

    def test_what_a_unit_owes_stands_by_how_pressing_it_is(self, people: Cast) -> None:
        later = issued(people, form_key="a", hours="48")
        sooner = issued(people, form_key="b", hours="2")
        lead = people.view("east_lead")
        directives.acknowledge(copy_of(later, people).id, lead, NOW)
        assert [(one.directive.id, one.to_do) for one in directives.own(lead, NOW)] == [
            (sooner.id, "签收"),
            (later.id, "上报"),
        ]
        assert [one.id for one in directives.waiting_for(lead)] == [sooner.id]
        assert directives.waiting_for(people.view("east_handler")) == []

    def test_how_long_a_unit_has_not_acknowledged_is_known_to_the_minute(self, people: Cast) -> None:
        found = issued(people)
        sheet = directives.one(found, people.view("city_supervisor"), NOW + timedelta(minutes=131))
        assert (sheet.copies[0].since, sheet.copies[0].late) == (timedelta(minutes=131), True)


def test_the_paper_bears_the_number_and_says_what_was_ordered(people: Cast) -> None:
    found = issued(people, units=("east_office", "west_office"))
    asked: list[Paper] = []

    def press(paper: Paper) -> Rendered:
        asked.append(paper)
        return Rendered(b"%PDF-1.7", 1)

    row = db.session.query(Document).one()
    db.session.commit()
    documents.make(row.id, NOW, press, lambda *_: None)
    (paper,) = asked
    assert (paper.title, paper.number, paper.issued_on) == ("指令单", found.number, NOW.date())
    assert paper.addressee == "东城区市场监督管理局望江所、西城区市场监督管理局中山所"
    assert paper.facts["text"] == found.text
    made = directives.paper_of(found)
    assert made is not None
    assert db.session.get_one(Document, made.id, populate_existing=True).sha256 is not None
