"""Incidents (重大事件): gathered once, counted as far as each may see; the cases keep their own procedure."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert, select

from casework import access, documents, handling
from casework.errors import Faults, NotAllowed, NotFound, Refused
from casework.incidents import figures, keeping, membership, reports
from casework.incidents.figures import Narrowed
from casework.reference import current
from models import Case, Event, Incident, IncidentCase, IncidentNote, db
from models.base import writing
from tests.support import cast
from tests.support.cast import MORNING as NOW
from tests.support.cast import Cast
from tests.support.gathering import FORM, count, filed, gathered, opened


@pytest.fixture
def people(context: Flask, tmp_path: Path) -> Cast:
    """A city with its people."""
    documents.configure(tmp_path / "documents")
    return cast.build()


def test_the_same_press_twice_opens_one_incident(people: Cast) -> None:
    first, second = opened(people), opened(people)
    assert first.id == second.id
    assert first.number == "SJ2026-001"
    assert count(Incident) == 1
    assert [note.label for note in keeping.notes(first)] == ["建立事件"]


def test_a_form_without_its_entries_gets_a_sentence_for_each(people: Cast) -> None:
    with pytest.raises(Faults) as refused:
        keeping.open_incident(people.view("city_supervisor"), {"title": "长" * 61, "unit": "moon"}, "press-0001", NOW)
    assert list(refused.value.faults) == ["title", "kind", "level", "unit"]
    assert count(Incident) == 0


def test_a_district_opens_incidents_that_its_own_units_lead(people: Cast) -> None:
    assert opened(people, "east_supervisor", unit="east").unit_id == people.units["east"]
    with pytest.raises(Faults) as refused:
        opened(people, "east_supervisor", key="press-0002", unit="west")
    assert "unit" in refused.value.faults


@pytest.mark.parametrize("part", ["east_lead", "east_handler", "auditor", "city_intake", "discipline"])
def test_others_than_supervisors_and_leaders_change_nothing(people: Cast, part: str) -> None:
    incident = opened(people)
    staff = people.view(part)
    with pytest.raises(NotAllowed):
        keeping.open_incident(staff, FORM, "press-0009", NOW)
    with pytest.raises(NotAllowed):
        keeping.note(staff, incident, {"kind": "fact", "text": "到场"}, "press-0009", NOW)
    with pytest.raises(NotAllowed):
        keeping.end(staff, incident, "已了结", NOW)
    with pytest.raises(NotAllowed):
        keeping.attach(staff, incident, ["T20261123-00001-1"], NOW)
    with pytest.raises(NotAllowed):
        reports.order(staff, incident, "press-0009", NOW)


def test_gathering_a_case_is_an_act_of_the_case_and_leaves_its_procedure_alone(people: Cast) -> None:
    (case,) = filed(people, 1)
    before = (case.state, case.due_at, case.queue)
    incident = opened(people)
    gathered(people, incident, [case])
    after = db.session.get_one(Case, case.id, populate_existing=True)
    assert (after.state, after.due_at, after.queue) == before
    assert after.facts["incident"] == incident.number
    last = db.session.scalars(select(Event).where(Event.case_id == case.id).order_by(Event.seq.desc())).first()
    assert last is not None
    assert (last.action, last.public_text) == ("attach_incident", "")
    held = membership.of_case(after)
    assert held is not None
    assert held.id == incident.id


def test_a_case_is_gathered_once(people: Cast) -> None:
    cases = filed(people, 2)
    incident = opened(people)
    gathered(people, incident, cases)
    numbers = [case.number for case in cases]
    again = keeping.attach(people.view("city_supervisor"), incident, numbers, NOW)
    assert again.done == ()
    assert [why for _, why in again.refused] == ["这一件已经在这个事件里"] * 2
    other = opened(people, key="press-0002")
    elsewhere = keeping.attach(people.view("city_supervisor"), other, numbers[:1], NOW)
    assert elsewhere.refused == ((numbers[0], "这一件已经在另一个事件里，请先移出"),)
    assert count(IncidentCase) == 2


def test_what_cannot_be_gathered_is_said_and_the_others_are_gathered(people: Cast) -> None:
    (case,) = filed(people, 1)
    consultation = cast.case_of(cast.file("consultation"))
    wanted = keeping.split(f"{case.number}，{consultation.number}\nT20260101-00001-1 ")
    result = keeping.attach(people.view("city_supervisor"), opened(people), wanted, NOW)
    assert result.done == (case.number,)
    assert [number for number, _ in result.refused] == [consultation.number, "T20260101-00001-1"]
    assert all(why for _, why in result.refused)


def test_a_case_is_taken_out_with_a_reason_and_may_be_gathered_again(people: Cast) -> None:
    (case,) = filed(people, 1)
    incident, staff = opened(people), people.view("city_supervisor")
    gathered(people, incident, [case])
    with pytest.raises(Faults):
        keeping.detach(staff, incident, [case.number], " ", NOW)
    assert keeping.detach(staff, incident, [case.number], "不是同一回事", NOW).done == (case.number,)
    assert keeping.detach(staff, incident, [case.number], "不是同一回事", NOW).refused[0][1] == "这一件不在这个事件里"
    assert "incident" not in db.session.get_one(Case, case.id, populate_existing=True).facts
    assert count(IncidentCase) == 0
    gathered(people, incident, [case])


def test_the_act_on_the_page_of_a_case_asks_for_an_incident_that_is_there_open_and_seen(people: Cast) -> None:
    (case,) = filed(people, 1)
    west = opened(people, "west_supervisor", unit="west")
    for number in ("SJ1999-001", west.number):
        with pytest.raises(Refused) as refused:
            handling.apply(case, "attach_incident", people.actor("east_supervisor"), NOW, incident=number)
        assert refused.value.field == "incident"
    keeping.end(people.view("west_supervisor"), west, "已了结", NOW)
    with pytest.raises(Refused):
        handling.apply(case, "attach_incident", people.actor("city_supervisor"), NOW, incident=west.number)
    assert count(IncidentCase) == 0


def test_a_district_gathers_its_own_cases_and_no_others(people: Cast) -> None:
    east, west = filed(people, 1), filed(people, 1, "west_office")
    numbers = [case.number for case in east + west]
    result = keeping.attach(people.view("east_supervisor"), opened(people), numbers, NOW)
    assert result.done == (east[0].number,)
    assert [number for number, _ in result.refused] == [west[0].number]


def test_a_sealed_case_is_never_gathered_and_never_counted(people: Cast) -> None:
    sealed = cast.case_of(cast.file("misconduct"))
    incident = opened(people)
    result = keeping.attach(people.view("city_supervisor"), incident, [sealed.number], NOW)
    assert result.done == ()
    with writing() as session:  # even if a row were there, no page would tell
        row = {"case_id": sealed.id, "incident_id": incident.id, "attached_at": NOW}
        session.execute(insert(IncidentCase).values(**row))
    for part in ("city_supervisor", "city_leader", "discipline"):
        staff = people.view(part)
        assert figures.look(staff, incident, NOW).total == 0
        assert figures.cases(staff, incident, Narrowed(), None, NOW).cases == []
        assert figures.sums(staff, [incident.id]) == {}


def test_figures_count_what_each_person_may_see_and_nothing_else(people: Cast) -> None:
    incident = opened(people)
    east, west = filed(people, 3), filed(people, 2, "west_office", amount="100")
    gathered(people, incident, east + west)
    for part in ("city_supervisor", "city_leader", "east_supervisor", "west_leader", "east_lead", "east_handler"):
        staff = people.view(part)
        numbers = {case.number for case in db.session.scalars(access.visible(staff)) if case in east + west}
        counted = figures.look(staff, incident, NOW)
        listed = figures.cases(staff, incident, Narrowed(), None, NOW).cases
        assert {case.number for case in listed} == numbers, part
        assert counted.total == len(numbers) == figures.sums(staff, [incident.id]).get(incident.id, (0, 0))[0]
        assert counted.claimed == sum(case.amount or 0 for case in listed)
    assert figures.look(people.view("city_supervisor"), incident, NOW).total == 5
    assert figures.look(people.view("east_supervisor"), incident, NOW).total == 3
    assert figures.look(people.view("station"), incident, NOW).total == 0


def test_every_figure_leads_to_its_cases(people: Cast) -> None:
    incident, staff = opened(people), people.view("city_supervisor")
    east, west = filed(people, 3), filed(people, 2, "west_office", now=NOW - timedelta(days=2))
    gathered(people, incident, east + west)
    late = NOW + timedelta(days=40)
    counted = figures.look(staff, incident, late)
    assert counted.overdue == 5
    for narrowed, wanted in [
        *((Narrowed(day=day), number) for day, number in counted.by_day),
        *((Narrowed(unit=int(part.key)), part.count) for part in counted.by_unit),
        *((Narrowed(kind=part.key), part.count) for part in counted.by_kind),
        *((Narrowed(state=part.key), part.count) for part in counted.by_state),
        (Narrowed(overdue=True), counted.overdue),
    ]:
        assert len(figures.cases(staff, incident, narrowed, None, late).cases) == wanted, narrowed
    assert [number for _, number in counted.by_day] == [2, 0, 3]
    tree = [(current().units[int(part.key)].key, part.count, part.depth) for part in counted.by_unit]
    assert tree == [
        ("city", 0, 0), ("east", 0, 1), ("east_office", 3, 2), ("west", 0, 1), ("west_office", 2, 2),
    ]  # fmt: skip


def test_the_cases_of_an_incident_come_page_by_page(people: Cast) -> None:
    incident, staff = opened(people), people.view("city_supervisor")
    gathered(people, incident, filed(people, 5))
    seen: list[int] = []
    after: int | None = None
    for _ in range(3):
        page = figures.cases(staff, incident, Narrowed(), after, NOW, size=2)
        seen += [case.id for case in page.cases]
        after = page.after
    assert after is None
    assert len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


def test_whom_an_incident_is_for(people: Cast) -> None:
    east = opened(people, "east_supervisor", unit="east")
    city = opened(people, key="press-0002")

    def sees(part: str) -> set[int]:
        return {one.id for one in keeping.listed(people.view(part))}

    assert sees("city_supervisor") == {east.id, city.id}
    assert sees("east_leader") == {east.id, city.id}
    assert sees("west_supervisor") == {city.id}
    assert sees("east_lead") == sees("west_lead") == set()
    gathered(people, city, filed(people, 1))
    assert sees("east_lead") == {city.id}
    assert sees("west_lead") == set()
    with pytest.raises(NotFound):
        membership.find(people.view("west_supervisor"), east.id)


def test_the_same_entry_pressed_twice_stands_once_in_the_log(people: Cast) -> None:
    incident, staff = opened(people), people.view("city_supervisor")
    for _ in range(2):
        entered = {"kind": "order", "text": "当日约谈", "directive": "临市监指〔2026〕9号"}
        keeping.note(staff, incident, entered, "press-0005", NOW)
    first = keeping.notes(incident)[0]
    assert (first.label, first.text, first.directive) == ("指令", "当日约谈", "临市监指〔2026〕9号")
    assert count(IncidentNote) == 2
    with pytest.raises(Faults) as refused:
        keeping.note(staff, incident, {"kind": "rumour", "text": ""}, "press-0006", NOW)
    assert list(refused.value.faults) == ["kind", "text"]


def test_a_district_adds_facts_to_an_incident_of_the_city_but_orders_and_ends_nothing(people: Cast) -> None:
    incident, staff = opened(people), people.view("east_supervisor")
    keeping.note(staff, incident, {"kind": "fact", "text": "门店已关"}, "press-0005", NOW)
    with pytest.raises(Faults) as refused:
        keeping.note(staff, incident, {"kind": "decision", "text": "另案核查"}, "press-0006", NOW)
    assert list(refused.value.faults) == ["kind"]
    with pytest.raises(NotAllowed):
        keeping.end(staff, incident, "已了结", NOW)


def test_an_incident_ends_once_and_takes_nothing_in_afterwards(people: Cast) -> None:
    incident, staff = opened(people), people.view("city_supervisor")
    inside, outside = filed(people, 2)
    gathered(people, incident, [inside])
    with pytest.raises(Faults):
        keeping.end(staff, incident, "  ", NOW)
    keeping.end(staff, incident, "退费已完成", NOW)
    keeping.end(staff, incident, "又一次", NOW + timedelta(hours=1))
    ended = membership.find(staff, incident.id)
    assert (ended.state, ended.ended_at) == ("ended", NOW)
    assert [note.text for note in keeping.notes(incident) if note.kind == "ended"] == ["退费已完成"]
    with pytest.raises(Refused):
        keeping.note(staff, ended, {"kind": "fact", "text": "补记"}, "press-0008", NOW)
    assert keeping.attach(staff, ended, [outside.number], NOW).done == ()
    assert db.session.get_one(Case, inside.id).state == inside.state
    # What was gathered by mistake can be taken out even then.
    assert keeping.detach(staff, ended, [inside.number], "归错", NOW).done == (inside.number,)
