"""The door for reading: the condition in SQL and the table of the rules say the same of everybody and every case."""

from __future__ import annotations

import pytest
from flask import Flask

from casework import access, handling
from casework.errors import NotFound
from casework.reference import current
from models import Case, db
from tests.casework.test_handling import bring
from tests.support import cast
from tests.support.cast import MORNING, Cast


@pytest.fixture
def people(context: Flask) -> Cast:
    """A city with cases of every kind in several hands."""
    people = cast.build()
    for state in ("registered", "dispatched", "received", "under_review", "accepted"):
        bring(people, cast.case_of(cast.file(content=f"第{state}件：买的年卡不退钱，门店关了。")), state)
    west = cast.case_of(cast.file("report"))
    handling.apply(
        west, "dispatch", people.actor("city_dispatcher"), MORNING, unit="west_office", routing_reason="西城"
    )
    cast.file("consultation")
    cast.file("suggestion")
    cast.file("misconduct")
    return people


def test_what_somebody_sees_in_lists_is_what_the_rules_let_them_read(people: Cast) -> None:
    ref = current()
    cases = db.session.query(Case).all()
    seen = 0
    for part in cast.PEOPLE:
        staff = people.view(part)
        listed = set(db.session.scalars(access.visible(staff).with_only_columns(Case.id)))
        allowed = {case.id for case in cases if access.may_read(staff, access.columns(case), ref)}
        assert listed == allowed, part
        seen += len(listed)
    assert seen > 40


@pytest.mark.parametrize("part", ["editor", "system_admin", "security_admin"])
def test_administrators_and_editors_see_no_case_at_all(people: Cast, part: str) -> None:
    assert db.session.scalars(access.visible(people.view(part))).all() == []


def test_a_sealed_case_is_seen_by_discipline_officers_only(people: Cast) -> None:
    sealed = db.session.query(Case).filter_by(kind="misconduct").one()
    seeing = [
        part
        for part in cast.PEOPLE
        if db.session.scalar(access.visible(people.view(part)).where(Case.id == sealed.id)) is not None
    ]
    assert seeing == ["discipline", "discipline2"]


def test_once_an_officer_has_it_the_other_officer_sees_it_no_more(people: Cast) -> None:
    sealed = db.session.query(Case).filter_by(kind="misconduct").one()
    attested = ["not_concerned"]
    handling.apply(sealed, "discipline_sign", people.actor("discipline"), MORNING, attested=attested)
    assert access.find(people.view("discipline"), sealed.number)
    with pytest.raises(NotFound):
        access.find(people.view("discipline2"), sealed.number)


def test_a_foreign_case_and_no_case_get_the_same_answer(people: Cast) -> None:
    """AUZ-04"""
    west = db.session.query(Case).filter_by(kind="report").one()
    answers = []
    for number in (west.number, "T20990101-00001-1"):
        with pytest.raises(NotFound) as refusal:
            access.find(people.view("east_handler"), number)
        answers.append(refusal.value.sentence)
    assert answers[0] == answers[1]
