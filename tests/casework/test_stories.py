"""The worked stories of the procedure, told through the one door: every act by somebody who may, on real records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from casework import access, chain, handling, intake
from casework.actors import FILER, SYSTEM, Actor, by
from casework.errors import WorkError
from casework.reference import current
from models import Attachment, Case, Deadline, DeadlinePause, Event, db
from models.base import writing
from rules.calendar import ZONE
from rules.workflow import WORKFLOW
from tests.stories import Story, StoryStep, stories
from tests.support import cast
from tests.support.cast import Cast

FOOD = "food_safety"
CREATED_BY_AN_ACT = {"register_linked", "register_lead", "register_sealed"}
STORIES = {story.key: story for story in stories()}


class Player:
    """Plays one story. Finds for every step a person who may take it, and records what the step presupposes."""

    def __init__(self, story: Story, people: Cast) -> None:
        self.story = story
        self.people = people
        self.cases: dict[str, int] = {}
        self.known: set[int] = set()

    def case(self, letter: str) -> Case:
        """The case behind a letter of the story."""
        return db.session.get_one(Case, self.cases[letter], populate_existing=True)

    def play(self, step: StoryStep) -> None:
        """Take the step, or expect its refusal; then look at state and terms."""
        if step.case not in self.cases:
            self._begin(step)
        elif step.must_fail:
            before = self.case(step.case).seq
            with pytest.raises(WorkError):
                self._act(step)
            db.session.rollback()
            assert self.case(step.case).seq == before, "a refused step leaves no event"
            return
        else:
            self._presuppose(step)
            self._act(step)
        self._look(step)

    def _begin(self, step: StoryStep) -> None:
        if step.action in CREATED_BY_AN_ACT:
            created = db.session.query(Case.id).filter(Case.kind == step.kind).order_by(Case.id.desc()).first()
            if created is not None and created.id not in self.known:
                self._know(step.case, created.id)
                return
        actor = {"citizen": FILER, "system": SYSTEM}.get(step.by) or self._clerk(step)
        kind = step.kind
        entered = {**cast.FILINGS.get(kind, cast.COMPLAINT), **self._who(step), **self._entered(step)}
        if "special_law" in self._facts_of_linked(step):
            entered["problem"] = FOOD
        if "channel_12345" in step.facts:
            entered["channel"] = "hotline_12345"
        receipt = intake.register(intake.NewFiling(kind, entered, actor), step.now)
        self._know(step.case, cast.case_of(receipt).id)

    def _facts_of_linked(self, step: StoryStep) -> set[str]:
        """The second case of a mixed filing takes its subject from the first."""
        return {fact for other in self.story.steps for fact in other.facts if other.action == "register_linked"}

    def _who(self, step: StoryStep) -> dict[str, Any]:
        named = step.kind != "report" or "real_name" in step.facts or self._same_filer_later()
        if not named:
            return {"anonymous": "yes"}
        return {
            "anonymous": "",
            "filer_name": "王秀英",
            "filer_phone": "13800001234",
            "filer_address": "柳荫里7幢502室",
        }

    def _same_filer_later(self) -> bool:
        return any("same_filer" in WORKFLOW.action(step.action).guards for step in self.story.steps)

    def _clerk(self, step: StoryStep) -> Actor:
        part = {"intake": "city_intake", "station": "station"}[step.by]
        return self.people.actor(part, step.now)

    def _know(self, letter: str, case_id: int) -> None:
        self.cases[letter] = case_id
        self.known.add(case_id)

    def _presuppose(self, step: StoryStep) -> None:
        """The stories tell the main steps; the consent and the notice that they stand on are recorded first."""
        case = self.case(step.case)
        guards = WORKFLOW.action(step.action).guards
        if "both_consent" in guards and case.state in {"accepted", "mediating"}:
            for party in ("filer", "respondent"):
                said = {"party": party, "stance": "agrees", "delegate_stance": "agrees", "said_on": step.on}
                handling.apply(
                    case, "record_consent", self._actor(case, "record_consent", "handler", step.now), step.now, **said
                )

    def _act(self, step: StoryStep) -> None:
        case = self.case(step.case)
        actor = self._actor(case, step.action, step.by, step.now)
        entered = self._entered(step, case, actor)
        attested = [guard for guard in WORKFLOW.action(step.action).guards if WORKFLOW.guards[guard].kind == "attested"]
        handling.apply(case, step.action, actor, step.now, attested=attested, **entered)
        for created in db.session.query(Case.id).filter(Case.id.not_in(self.known)).order_by(Case.id):
            self._created = created.id

    def _actor(self, case: Case, action: str, role: str, now: datetime) -> Actor:
        if role == "citizen":
            return FILER
        if role == "system":
            return SYSTEM
        ref, columns = current(), access.columns(case)
        for part, (_name, held, _unit) in cast.PEOPLE.items():
            if held != role:
                continue
            actor = by(self.people.view(part, now))
            if access.acting_role(actor, WORKFLOW.action(action), columns, ref) == role:
                return actor
        raise AssertionError(f"nobody may {action} as {role} in {case.state}")

    def _entered(self, step: StoryStep, case: Case | None = None, actor: Actor | None = None) -> dict[str, Any]:
        entered = dict(step.fields)
        for asked in WORKFLOW.fields(step.action, step.kind):
            if asked.name not in entered:
                continue
            if asked.type == "unit":
                entered[asked.name] = self._unit(step, case, asked.name)
            elif asked.type == "person":
                entered[asked.name] = self._person(step, case)
            elif asked.type == "case":
                entered[asked.name] = self._other(step)
            elif asked.type == "files":
                entered[asked.name] = [self._file(case, actor, step.now)] if case is not None else []
            elif asked.type in {"text", "long_text"} and asked.name == "content":
                entered[asked.name] = "买到的东西不对，商家不理，请依法处理。"
        if "dissatisfied" in step.facts:
            entered["score"] = "dissatisfied"
        if step.action == "archive":
            entered["missing"] = "文书另行归卷"
        return entered

    def _unit(self, step: StoryStep, case: Case | None, field: str) -> str:
        if case is None or field in {"officer_unit", "to_desk"}:
            return "city"
        if field == "organisation":
            return "association"
        if field == "case_unit":
            return "east_squad"
        ref = current()
        competent = ref.units[case.competent_bureau_id].key
        other = "other_bureau" in step.facts
        if field == "unit" and other:
            return "east_office" if competent != "east" else "west_office"
        return {"city": "legal", "east": "east_office", "west": "west_office"}[competent]

    def _person(self, step: StoryStep, case: Case | None) -> int:
        assert case is not None
        if case.kind == "misconduct":
            return self.people.staff["discipline"]
        unit = current().units[case.unit_id].key
        return self.people.staff[{"legal": "legal_handler", "west_office": "west_handler"}.get(unit, "east_handler")]

    def _other(self, step: StoryStep) -> str:
        letter = next(one for one in self.cases if one != step.case)
        return self.case(letter).number

    def _file(self, case: Case, actor: Actor | None, now: datetime) -> int:
        staff = actor is not None and actor.staff is not None
        row = Attachment(
            case_id=case.id, name="材料.jpg", media_type="image/jpeg", size=10, sha256=b"\0" * 32, original="x",
            uploaded_by="staff" if staff else "citizen", staff_id=actor.id if actor and staff else None,
            uploaded_at=now,
        )  # fmt: skip
        with writing() as session:
            session.add(row)
        return row.id

    def _look(self, step: StoryStep) -> None:
        case = self.case(step.case)
        if step.state is not None:
            assert case.state == step.state
        clocks = running(case.id)
        for rule, wanted in step.expect.items():
            assert rule in clocks, f"{rule} does not run"
            found = clocks[rule]
            if isinstance(wanted, datetime):
                assert found.due_at == wanted.replace(tzinfo=ZONE)
            else:
                assert found.due_on == wanted, rule
        for rule in step.paused:
            assert is_paused(clocks[rule]), f"{rule} is not paused"
        for rule in step.gone:
            assert rule not in clocks, f"{rule} still runs"


def running(case_id: int) -> Mapping[str, Deadline]:
    """The open terms of a case by rule."""
    rows = db.session.query(Deadline).filter(Deadline.case_id == case_id, Deadline.closed_at.is_(None))
    return {row.rule: row for row in rows.populate_existing()}


def is_paused(row: Deadline) -> bool:
    """Does a pause of the term still run?"""
    pauses = db.session.query(DeadlinePause).filter_by(deadline_id=row.id, to_on=None)
    return pauses.count() == 1 and row.due_on is None


def chain_is_whole(case_id: int) -> bool:
    """Do the events of a case hang together, up to the head that the case keeps?"""
    case = db.session.get_one(Case, case_id, populate_existing=True)
    events = db.session.query(Event).filter_by(case_id=case_id).order_by(Event.seq).all()
    rows = [{column.key: getattr(event, column.key) for column in Event.__table__.columns} for event in events]
    whole = chain.first_broken(case.number, rows) is None
    return whole and len(events) == case.seq and bytes(case.head) == bytes(events[-1].hash)


@pytest.mark.parametrize("key", STORIES)
def test_a_story_runs_through_the_one_door(context: Flask, key: str) -> None:
    story = STORIES[key]
    people = cast.build(datetime.fromisoformat("2026-01-05T09:00:00+08:00"))
    player = Player(story, people)
    for step in story.steps:
        player.play(step)
    for letter, state in story.final.items():
        assert player.case(letter).state == state
    for case_id in player.known:
        assert chain_is_whole(case_id)
