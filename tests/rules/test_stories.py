"""The fourteen worked stories, walked through the pure procedure with their dates."""

from __future__ import annotations

from datetime import date

import pytest

from rules.calendar import ZONE, Calendar
from rules.clocks import Clock, due
from rules.procedure import CaseView, OpenClock, Refused, Step, advance, apply_to, offered
from rules.terms import RULES
from rules.workflow import WORKFLOW, regime_for
from tests.stories import Story, StoryStep, stories

CALENDAR = Calendar.seeded()


class Case:
    """A case that lives in memory."""

    def __init__(self, kind: str, received_on: date) -> None:
        self.kind, self.received_on = kind, received_on
        self.state: str | None = None
        self.previous: str | None = None
        self.clocks: dict[str, Clock] = {}

    def view(self) -> CaseView:
        running = {key: OpenClock(clock) for key, clock in self.clocks.items()}
        return CaseView(self.kind, self.state, self.previous, self.received_on, regime_for(self.received_on), running)

    def take(self, step: StoryStep) -> Step:
        result = advance(self.view(), WORKFLOW.action(step.action), step.fields, step.now, CALENDAR, step.facts)
        self.clocks = apply_to(self.clocks, result)
        self.state, self.previous = result.to_state, result.to_previous
        return result


def check_after(case: Case, step: StoryStep) -> None:
    assert step.state in (None, case.state), step
    for key, wanted in step.expect.items():
        found = due(case.clocks[key], CALENDAR)
        exact = found.at.astimezone(ZONE).replace(tzinfo=None) if found.at else None
        assert wanted == (found.on if type(wanted) is date else exact), (key, found, step)
    for key in step.paused:
        assert case.clocks[key].paused, (key, step)
    for key in step.gone:
        assert key not in case.clocks, (key, step)
    assert case.state is not None
    ended = WORKFLOW.state(case.kind, case.state).terminal
    if ended:
        assert all(RULES[key].after_end for key in case.clocks), step
    else:
        assert any(not clock.paused for clock in case.clocks.values()), f"nothing runs after {step}"


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.key)
def test_a_story_ends_as_told_with_every_date_as_computed_by_hand(story: Story) -> None:
    cases: dict[str, Case] = {}
    for step in story.steps:
        case = cases.setdefault(step.case, Case(step.kind, step.received_on))
        if step.must_fail:
            before = (case.state, dict(case.clocks))
            with pytest.raises(Refused) as refused:
                case.take(step)
            assert refused.value.sentence.strip()
            assert (case.state, case.clocks) == before
            continue
        case.take(step)
        check_after(case, step)
    assert {name: case.state for name, case in cases.items() if name in story.final} == story.final


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.key)
def test_every_step_of_a_story_is_offered_to_the_role_that_takes_it(story: Story) -> None:
    states: dict[str, Case] = {}
    for step in story.steps:
        case = states.setdefault(step.case, Case(step.kind, step.received_on))
        if step.must_fail:
            continue
        choice = offered(step.kind, case.state, regime_for(step.received_on), frozenset({step.by}))
        assert step.action in {action.key for action in choice}, step
        case.take(step)


def test_a_new_count_of_the_seven_days_starts_when_another_bureau_receives_the_case() -> None:
    story = next(story for story in stories() if story.key == "s10-return-for-competence")
    case = Case("complaint", story.steps[0].received_on)
    results = [(step, case.take(step)) for step in story.steps if not step.must_fail]
    redirected = next(result for step, result in results if step.action == "dispatch" and step.on == date(2026, 10, 15))
    assert [key for key, _ in redirected.rebased] == ["complaint.decide"]
