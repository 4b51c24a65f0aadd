"""Directives: led by the centre that issued them, said once when they are late, read by whom they concern."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from casework import directives, documents, reference
from casework.actors import StaffView
from casework.documents import Paper, Rendered
from casework.errors import Conflict, NotAllowed, NotFound, Refused
from models import (
    Directive,
    DirectiveClock,
    Document,
    db,
)
from tests.support import cast
from tests.support.cast import MORNING as NOW
from tests.support.cast import Cast
from tests.support.orders import HOUR, clocks, copy_of, issued, told


@pytest.fixture
def people(context: Flask, tmp_path: Path) -> Cast:
    reference.forget()
    documents.configure(tmp_path / "documents")
    return cast.build()


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
