"""Directives: issued once, to whom they are meant for, and answered by those units alone."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from casework import access, directives, documents, founding, reference
from casework.errors import Conflict, Faults, NotAllowed, Refused
from models import (
    Deadline,
    Directive,
    DirectiveCase,
    DirectiveReport,
    DirectiveUnit,
    Document,
    Event,
    Staff,
    Task,
    Unit,
    db,
)
from models import document as papers
from models.base import writing
from tests.support import cast
from tests.support.cast import MORNING as NOW
from tests.support.cast import Cast
from tests.support.orders import HOUR, clocks, copy_of, issued, order, told


@pytest.fixture
def people(context: Flask, tmp_path: Path) -> Cast:
    reference.forget()
    documents.configure(tmp_path / "documents")
    return cast.build()


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
