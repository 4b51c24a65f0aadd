"""Calling back (Order 121 art. 26): a sample of each month, drawn once, from a seed by which it can be checked."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from casework import callbacks, handling, identity
from casework.errors import NotAllowed, Refused
from casework.reference import changed
from models import CallbackDraw, CallbackMonth, Case, Deadline, Reveal, Setting, db
from models.base import writing
from models.callback import DECLINED, NOT_REACHED, REACHED, WAITING
from tests.support import cast
from tests.support.cast import MORNING, Cast

MONTH = "2026-11"
DECEMBER = datetime(2026, 12, 1, 0, 5, tzinfo=UTC)
"""1 December 2026, 8:05 in the city."""


@pytest.fixture
def people(context: Flask) -> Cast:
    """The cast, on Monday 23 November 2026."""
    return cast.build()


def closed(people: Cast, number: int, **entered: str) -> list[Case]:
    """Consultations that 李明 answered on the day they came, at the office in the east."""
    found = []
    for n in range(number):
        at = MORNING + timedelta(minutes=10 * n)
        case = cast.case_of(cast.file("consultation", at, **entered))
        dispatcher, lead = people.actor("city_dispatcher"), people.actor("east_lead")
        handling.apply(case, "dispatch", dispatcher, at, unit="east_office", routing_reason="地址在东城区")
        handling.apply(case, "sign_for", lead, at + timedelta(minutes=1))
        handling.apply(case, "assign", lead, at + timedelta(minutes=2), handler=people.staff["east_handler"])
        handler = people.actor("east_handler")
        handling.apply(case, "answer", handler, at + timedelta(minutes=3), answer="可以退。", save_to_knowledge="no")
        assert case.closed_at is not None
        found.append(case)
    return found


def call(people: Cast, case: Case, reached: str, score: str | None = None, now: datetime = DECEMBER) -> None:
    """The centre calls about a case."""
    said = {"score": score} if score else {}
    handling.apply(case, "call_back", people.actor("city_supervisor"), now, called_at=now, reached=reached, **said)  # type: ignore[arg-type]


def drawn(case: Case) -> CallbackDraw:
    """The drawn row of a case as it stands in the database."""
    db.session.rollback()
    return db.session.query(CallbackDraw).filter_by(case_id=case.id).populate_existing().one()


def test_a_month_is_drawn_when_it_is_over(people: Cast) -> None:
    closed(people, 1)
    with pytest.raises(Refused, match="还没有过完"):
        callbacks.draw(MONTH, DECEMBER - timedelta(days=1))
    assert callbacks.draw_last(DECEMBER) == 1


def test_the_month_ends_at_midnight_of_the_city(people: Cast) -> None:
    closed(people, 1)
    midnight = datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert callbacks.draw_last(midnight - timedelta(seconds=1)) == 0  # October: nothing was closed then
    assert callbacks.draw_last(midnight) == 1


def test_share_and_minimum_are_settings(people: Cast) -> None:
    closed(people, 12)
    with writing() as session:
        session.add(Setting(key="callback_sample", value="20%", changed_at=MORNING))
        session.add(Setting(key="callback_minimum", value="1", changed_at=MORNING))
        changed(session)
    assert callbacks.draw(MONTH, DECEMBER) == 3


def test_few_cases_are_called_back_up_to_the_minimum(people: Cast) -> None:
    closed(people, 5)
    assert callbacks.draw(MONTH, DECEMBER) == 3


def test_who_stayed_anonymous_or_left_no_number_is_not_drawn(people: Cast) -> None:
    closed(people, 1)
    closed(people, 1, filer_phone="", filer_email="a@example.org", reply_by="email")
    assert callbacks.draw(MONTH, DECEMBER) == 1


def test_a_month_is_drawn_exactly_once(people: Cast) -> None:
    closed(people, 4)
    assert callbacks.draw(MONTH, DECEMBER) == 3
    before = {row.case_id for row in db.session.query(CallbackDraw)}
    closed(people, 2)
    assert callbacks.draw(MONTH, DECEMBER + timedelta(hours=1)) == 0
    assert {row.case_id for row in db.session.query(CallbackDraw)} == before


def test_two_processes_at_once_draw_one_sample(app: Flask, people: Cast) -> None:
    closed(people, 6)
    db.session.rollback()
    start, numbers = threading.Barrier(4), []

    def come() -> None:
        with app.app_context():
            start.wait()
            numbers.append(callbacks.draw(MONTH, DECEMBER))

    processes = [threading.Thread(target=come) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert sorted(numbers) == [0, 0, 0, 3]
    assert db.session.query(CallbackMonth).count() == 1
    assert db.session.query(CallbackDraw).count() == 3


def test_the_draw_can_be_repeated_and_checked_by_its_seed(people: Cast) -> None:
    ids = [case.id for case in closed(people, 9)]
    unit = people.units["east_office"]
    callbacks.draw(MONTH, DECEMBER)
    made = callbacks.drawn(MONTH)
    assert made is not None
    assert len(made.seed) == 32
    kept = [row.case_id for row in db.session.query(CallbackDraw).order_by(CallbackDraw.case_id)]
    assert callbacks.repeated(made, unit, ids) == kept
    assert made.units[str(unit)]["from"] == 9
    assert made.units[str(unit)]["drawn"] == len(kept)


def test_a_call_is_noted_on_the_drawn_row_in_the_transaction_of_the_act(people: Cast) -> None:
    one, other, third = closed(people, 3)
    callbacks.draw(MONTH, DECEMBER)
    call(people, one, "reached", "satisfied")
    call(people, other, "refused")
    assert (drawn(one).state, drawn(one).result, drawn(one).tries) == (REACHED, "satisfied", 1)
    assert (drawn(other).state, drawn(other).result) == (DECLINED, None)
    assert drawn(third).state == WAITING


def test_three_failed_tries_count_as_not_reached(people: Cast) -> None:
    (case,) = closed(people, 1)
    callbacks.draw(MONTH, DECEMBER)
    states = []
    for day in range(3):
        call(people, case, "no_answer", now=DECEMBER + timedelta(days=day))
        states.append(drawn(case).state)
    assert states == [WAITING, WAITING, NOT_REACHED]
    call(people, case, "reached", "satisfied", DECEMBER + timedelta(days=4))
    assert drawn(case).state == NOT_REACHED


def test_who_is_dissatisfied_is_answered_by_the_lead_of_the_unit(people: Cast) -> None:
    (case,) = closed(people, 1)
    callbacks.draw(MONTH, DECEMBER)
    call(people, case, "reached", "dissatisfied")
    open_rules = {row.rule for row in db.session.query(Deadline).filter_by(case_id=case.id, closed_at=None)}
    assert "dissatisfaction.answer" in open_rules
    lead = people.actor("east_lead", DECEMBER)
    handling.apply(case, "answer_dissatisfaction", lead, DECEMBER + timedelta(days=1), answer="已向您说明。")
    open_rules = {row.rule for row in db.session.query(Deadline).filter_by(case_id=case.id, closed_at=None)}
    assert "dissatisfaction.answer" not in open_rules


def test_results_stand_by_unit_with_a_sum(people: Cast) -> None:
    one, other, _third = closed(people, 3)
    callbacks.draw(MONTH, DECEMBER)
    call(people, one, "reached", "satisfied")
    call(people, other, "reached", "dissatisfied")
    rows = callbacks.of_month(people.view("city_supervisor"), MONTH)
    (line,) = callbacks.results(rows)
    assert (line.drawn, line.waiting, line.reached, line.satisfied, line.dissatisfied, line.rated) == (3, 1, 2, 1, 1, 2)
    assert callbacks.total([line, line]).drawn == 6
    assert callbacks.of_month(people.view("west_lead"), MONTH) == []


def test_the_number_is_for_who_calls_and_only_while_the_call_is_due(people: Cast) -> None:
    (case,) = closed(people, 1)
    supervisor = people.view("city_supervisor")
    with pytest.raises(NotAllowed):
        identity.reveal(case, supervisor, "回访", DECEMBER, to_call=True)
    callbacks.draw(MONTH, DECEMBER)
    with pytest.raises(NotAllowed):
        identity.reveal(case, supervisor, "看一下", DECEMBER)
    assert identity.reveal(case, supervisor, "回访", DECEMBER, to_call=True).phone == "13900005678"
    assert db.session.query(Reveal).filter_by(staff_id=supervisor.id, reason="回访").count() == 1
    for part in ("west_supervisor", "city_leader", "auditor"):
        with pytest.raises(NotAllowed):
            identity.reveal(case, people.view(part), "回访", DECEMBER, to_call=True)
    call(people, case, "reached", "satisfied")
    with pytest.raises(NotAllowed):
        identity.reveal(case, supervisor, "回访", DECEMBER, to_call=True)


def test_a_call_needs_name_and_telephone_and_nothing_else_is_shown_for_it(people: Cast) -> None:
    (case,) = closed(people, 1)
    callbacks.draw(MONTH, DECEMBER)
    shown = identity.reveal(case, people.view("city_supervisor"), "回访", DECEMBER, to_call=True)
    assert {name for name, value in vars(shown).items() if value is not None} <= {"name", "phone"}


def test_the_number_of_a_case_that_went_to_the_archive_is_shown_to_nobody(people: Cast) -> None:
    (case,) = closed(people, 1)
    callbacks.draw(MONTH, DECEMBER)
    with writing() as session:
        session.get_one(Case, case.id).state = "archived"
    archived = db.session.get_one(Case, case.id)
    with pytest.raises(NotAllowed):
        identity.reveal(archived, people.view("city_supervisor"), "回访", DECEMBER, to_call=True)
    assert db.session.query(Reveal).count() == 0


def test_who_calls_goes_from_one_case_to_the_next_those_never_called_first(people: Cast) -> None:
    first, second = closed(people, 2)
    callbacks.draw(MONTH, DECEMBER)
    caller = people.view("city_supervisor")
    assert callbacks.following(caller, MONTH) == first.number
    assert callbacks.following(caller, MONTH, first.id) == second.number
    call(people, first, "no_answer")
    assert callbacks.following(caller, MONTH) == second.number, "who was not reached comes again at the end"
    call(people, second, "reached", "satisfied")
    assert callbacks.following(caller, MONTH) == first.number
    call(people, first, "refused")
    assert callbacks.following(caller, MONTH) is None
    assert callbacks.following(people.view("east_lead"), MONTH) is None, "a lead reads the results and calls nobody"


def test_results_of_the_months_stand_side_by_side_for_the_units_that_one_sees(people: Cast) -> None:
    one, other = closed(people, 2)
    callbacks.draw(MONTH, DECEMBER)
    call(people, one, "reached", "satisfied")
    call(people, other, "reached", "dissatisfied")
    found = callbacks.by_month(people.view("east_lead"), [MONTH, "2026-10"])
    [(unit, months)] = found.items()
    assert unit.endswith("望江所")
    assert (months[MONTH].satisfied, months[MONTH].dissatisfied, months[MONTH].drawn) == (1, 1, 2)
    assert "2026-10" not in months
    assert callbacks.by_month(people.view("west_lead"), [MONTH]) == {}
