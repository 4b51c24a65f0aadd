"""The one route of all buttons, tried out from the table: what has no place is refused, what has one is done once."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from casework import access, founding, handling
from casework.actors import CITIZEN, SYSTEM_KIND, by
from casework.errors import Stale, WorkError
from casework.reference import current
from models import Case, Event, Unit, clock, db
from models.base import writing
from rules.calendar import ZONE
from rules.workflow import WORKFLOW, regime_for
from tests.casework.test_stories import STORIES, Player
from tests.stories import StoryStep
from tests.support import cast, desk
from tests.support.desk import Desk, soup

KINDS = ("complaint", "report", "consultation", "suggestion")
EVERY_ROLE = ("intake", "dispatcher", "handler", "mediator", "lead", "leader", "supervisor", "enforcement", "archivist")


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    with clock.frozen(cast.MORNING):
        yield desk.founded(app)


def somebody_with_every_role(office: Desk) -> tuple[int, int]:
    """Enter one person who may press every button of a case of the city centre; return person and unit."""
    with office.records(), writing() as session:
        unit = session.query(Unit).filter_by(key="city").one()
        roles = [(role, unit) for role in EVERY_ROLE]
        person = founding.add_staff(session, "everybody", "全能", desk.password_hash(), roles, cast.MORNING)
        return person.id, unit.id


@pytest.mark.parametrize("kind", KINDS)
def test_no_action_is_taken_from_a_state_that_the_table_does_not_name(office: Desk, kind: str) -> None:
    """SEC-13: each action at each wrong state gives 409 and writes no event."""
    person_id, unit_id = somebody_with_every_role(office)
    number = office.file(kind)
    person = desk.Person(office.app, "everybody")
    actions = [one for one in WORKFLOW.actions.values() if kind in one.kinds and set(one.roles) & set(EVERY_ROLE)]
    regime = regime_for(cast.MORNING.date())
    tried = 0
    for state in WORKFLOW.states[kind]:
        with office.records(), writing() as session:
            case = session.query(Case).filter_by(number=number).one()
            case.state, case.handler_id, case.unit_id = state, person_id, unit_id
            case.delegate_unit_id = case.case_unit_id = unit_id
        here = {one.key for one in WORKFLOW.actions_from(kind, state, regime)}
        for action in actions:
            if action.key in here:
                continue
            answer = person.post(f"/desk/cases/{number}/{action.key}", {"seen": "1"})
            assert answer.status_code in (403, 409), (state, action.key)
            tried += answer.status_code == 409
    assert tried > 12 * len(WORKFLOW.states[kind])
    assert office.events(number) == ["register_online"]


@pytest.mark.both_databases
def test_of_twenty_who_accept_at_once_exactly_one_succeeds(context: Flask) -> None:
    """SEC-15: the case is accepted once; nineteen are told what changed."""
    people = cast.build()
    with writing() as session:
        unit = session.get_one(Unit, people.units["east_office"])
        leads = [
            founding.add_staff(session, f"lead{place}", f"所长{place}", "!", [("lead", unit)], cast.MORNING).id
            for place in range(20)
        ]
    case = cast.case_of(cast.file())
    for part, action, entered in (
        ("city_dispatcher", "dispatch", {"unit": "east_office", "routing_reason": "东城"}),
        ("east_lead", "sign_for", {}),
        ("east_lead", "assign", {"handler": people.staff["east_handler"]}),
    ):
        handling.apply(case, action, people.actor(part), cast.MORNING, **entered)
    case_id, seen = case.id, case.seq
    db.session.remove()
    outcomes: list[str] = []
    ready = threading.Barrier(20)

    def accept(staff_id: int) -> None:
        with context.app_context():
            view = access.view_of(staff_id, cast.MORNING)
            mine = db.session.get_one(Case, case_id)
            db.session.commit()
            ready.wait()
            try:
                decision = {"decided_on": "2026-11-23", "told_on": "2026-11-23", "told_by": "sms"}
                handling.apply(
                    mine, "accept", by(view), cast.MORNING, seen=seen, handler=people.staff["east_handler"], **decision
                )
                outcomes.append("done")
            except Stale:
                outcomes.append("stale")

    threads = [threading.Thread(target=accept, args=(one,)) for one in leads]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes) == ["done"] + ["stale"] * 19
    assert db.session.query(Event).filter_by(case_id=case_id, action="accept").count() == 1


class WebPlayer(Player):
    """Plays a story at the desk: every act of the staff is a form sent by somebody who has signed in."""

    forms = 0

    def __init__(self, app: Flask, *more: Any) -> None:
        super().__init__(*more)
        self.app = app
        self.parts = {staff_id: part for part, staff_id in self.people.staff.items()}

    def _act(self, step: StoryStep) -> None:
        case = self.case(step.case)
        actor = self._actor(case, step.action, step.by, step.now)
        if actor.kind in {CITIZEN, SYSTEM_KIND}:
            super()._act(step)
            return
        kinds = {field.name: field.type for field in WORKFLOW.action(step.action).fields}
        entered = {name: typed(value) for name, value in self._entered(step, case, actor).items()}
        entered |= {name: "、".join(value) for name, value in entered.items() if kinds.get(name) == "people"}
        guards = WORKFLOW.action(step.action).guards
        entered["attested"] = [guard for guard in guards if WORKFLOW.guards[guard].kind == "attested"]
        number, seq = case.number, case.seq
        db.session.rollback()
        # A context of its own: the records of the test and the requests of the browser know nothing of each other.
        status, said = contextvars.Context().run(
            self._send, self.parts[actor.id], number, step.action, seq, entered, step.now
        )
        if status != 303:
            raise WorkError(said)
        self.forms += 1

    def _send(
        self, part: str, number: str, action: str, seen: int, entered: dict[str, Any], now: datetime
    ) -> tuple[int, str]:
        with clock.frozen(now):
            answer = desk.Person(self.app, part).act(number, action, seen=seen, **entered)
        return answer.status_code, soup(answer).get_text(" ", strip=True)[:600]


def typed(value: object) -> Any:
    """Return a value as somebody would type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(ZONE):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (Decimal, int)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [typed(one) for one in value]
    return value


@pytest.mark.parametrize("key", sorted(STORIES))
def test_a_story_is_walked_through_the_pages(context: Flask, key: str) -> None:
    story = STORIES[key]
    people = cast.build(datetime.fromisoformat("2026-01-05T09:00:00+08:00"), desk.password_hash())
    assert current().units
    player = WebPlayer(context, story, people)
    for step in story.steps:
        player.play(step)
    for letter, state in story.final.items():
        assert player.case(letter).state == state
    assert player.forms or all(step.by in {"citizen", "system"} for step in story.steps)
