"""What the system holds for an incident: suggested once, answered by a person, never made by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from casework import documents, handling
from casework.errors import Faults, NotAllowed, Refused
from casework.incidents import figures, suggesting
from models import Case, Incident, IncidentCase, IncidentSuggestion, db
from models.base import writing
from rules.calendar import ZONE
from tests.support import cast
from tests.support.cast import MORNING as NOW
from tests.support.cast import Cast
from tests.support.gathering import FORM, count, filed, gathered, opened


@pytest.fixture
def people(context: Flask, tmp_path: Path) -> Cast:
    """A city with its people."""
    documents.configure(tmp_path / "documents")
    return cast.build()


def looked(now: datetime = NOW) -> suggesting.Looked:
    return suggesting.look(now)


def test_five_complaints_about_one_shop_are_suggested_once_and_open_nothing_by_themselves(people: Cast) -> None:
    cases = filed(people, 5)
    assert looked().made == 1
    assert looked().made == 0
    assert count(IncidentSuggestion) == 1
    assert count(Incident) == count(IncidentCase) == 0
    (shown,) = suggesting.waiting(people.view("city_supervisor"))
    assert [case.number for case in shown.cases] == [case.number for case in cases]
    assert (shown.basis, shown.words) == ("同一经营者", cast.COMPLAINT["respondent_name"])


def test_the_days_are_those_of_the_city_not_of_greenwich(people: Cast) -> None:
    # 0:30 on the 24th in the city is still the 23rd in UTC: the window has moved on with the local day.
    filed(people, 4)
    filed(people, 1, now=NOW - timedelta(days=6))
    before_midnight = datetime(2026, 11, 23, 23, 59, tzinfo=ZONE).astimezone(UTC)
    after_midnight = datetime(2026, 11, 24, 0, 1, tzinfo=ZONE).astimezone(UTC)
    assert before_midnight.date() == after_midnight.date()
    assert looked(after_midnight).made == 0
    assert looked(before_midnight).made == 1


def test_cases_that_lie_in_an_incident_and_merged_ones_do_not_speak(people: Cast) -> None:
    cases = filed(people, 6)
    gathered(people, opened(people), cases[:1])
    with writing() as session:
        session.execute(update(Case).where(Case.id == cases[1].id).values(main_case_id=cases[2].id))
    assert looked().made == 0


def test_later_filings_join_the_suggestion_that_waits(people: Cast) -> None:
    filed(people, 5)
    looked()
    tomorrow = NOW + timedelta(days=1)
    filed(people, 2, now=tomorrow)
    assert looked(tomorrow).made == 0
    (shown,) = suggesting.waiting(people.view("city_supervisor"))
    assert len(shown.cases) == 7
    assert shown.row.last_on == tomorrow.astimezone(ZONE).date()


def test_a_suggestion_of_which_too_little_is_left_goes_away(people: Cast) -> None:
    cases = filed(people, 5)
    looked()
    gathered(people, opened(people), cases[:1])
    assert looked().lapsed == 1
    assert suggesting.waiting(people.view("city_supervisor")) == []


def test_a_person_opens_an_incident_from_a_suggestion_and_a_second_press_adds_nothing(people: Cast) -> None:
    cases = filed(people, 5)
    looked()
    staff = people.view("city_supervisor")
    (shown,) = suggesting.waiting(staff)
    incident, result = suggesting.take(staff, shown, FORM, NOW)
    assert set(result.done) == {case.number for case in cases}
    again, nothing = suggesting.take(staff, suggesting.find(staff, shown.row.id), FORM, NOW)
    assert (again.id, nothing.done, count(Incident)) == (incident.id, (), 1)
    assert looked().made == 0
    assert suggesting.waiting(staff) == []


def test_cases_left_behind_by_a_crash_are_gathered_by_the_next_press(
    people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed(people, 5)
    looked()
    staff = people.view("city_supervisor")
    (shown,) = suggesting.waiting(staff)
    killed = iter(range(99))
    true_apply = handling.apply

    def dying(*args: Any, **more: Any) -> Any:
        if next(killed) == 2:
            raise KeyboardInterrupt
        return true_apply(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(handling, "apply", dying)
        with pytest.raises(KeyboardInterrupt):
            suggesting.take(staff, shown, FORM, NOW)
    incident = db.session.scalars(select(Incident)).one()
    assert figures.look(staff, incident, NOW).total == 2
    left = suggesting.left_of(staff, incident)
    assert left is not None
    assert len(left.cases) == 3
    suggesting.take(staff, suggesting.find(staff, shown.row.id), {}, NOW)
    assert figures.look(staff, incident, NOW).total == 5
    assert suggesting.left_of(staff, incident) is None


def test_a_dismissed_suggestion_stays_dismissed_and_says_why(people: Cast) -> None:
    filed(people, 5)
    looked()
    staff = people.view("city_supervisor")
    (shown,) = suggesting.waiting(staff)
    with pytest.raises(Faults):
        suggesting.dismiss(staff, shown, "", NOW)
    suggesting.dismiss(staff, shown, "五件是五家不同的门店", NOW)
    with pytest.raises(Refused):
        suggesting.take(staff, shown, FORM, NOW)
    tomorrow = NOW + timedelta(days=1)
    filed(people, 4, now=tomorrow)
    assert looked(tomorrow).made == 0
    assert count(Incident) == 0
    filed(people, 1, now=tomorrow)
    assert looked(tomorrow).made == 1  # five new ones: a new matter


def test_a_suggestion_tells_each_person_only_of_the_cases_they_see(people: Cast) -> None:
    filed(people, 5)
    filed(people, 1, "west_office")
    looked()
    east, west = people.view("east_supervisor"), people.view("west_supervisor")
    (shown,) = suggesting.waiting(east)
    assert len(shown.cases) == 5
    assert not shown.whole
    with pytest.raises(NotAllowed):
        suggesting.take(east, shown, {**FORM, "unit": "east"}, NOW)
    assert suggesting.waiting(west) == []
    with pytest.raises(NotAllowed):
        suggesting.dismiss(people.view("east_lead"), shown, "不是", NOW)


def test_what_is_looked_at_is_what_came_in_these_days_and_found_by_the_day_of_receipt(people: Cast) -> None:
    filed(people, 2, now=NOW - timedelta(days=30))
    near = filed(people, 2)
    first = NOW.astimezone(ZONE).date() - timedelta(days=6)
    assert [one.case_id for one in suggesting.recent(first, first + timedelta(days=6))] == [case.id for case in near]
