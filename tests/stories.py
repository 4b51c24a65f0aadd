"""The worked stories of the procedure, ready to be walked by tests of any floor.

A story says only what matters to it. The loader adds what a form would have asked for besides: required fields get
plausible values, guards that the step needs and the story does not speak of count as met.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from rules import refusals
from rules.calendar import ZONE, at_time
from rules.settings import DEFAULTS, effects
from rules.table import Action, Field
from rules.workflow import WORKFLOW, regime_for

FILE = Path(__file__).resolve().parent / "data" / "stories.toml"
FIRST_HOUR = time(9, 30)
# Where any value would be accepted but only one fits the story it stands in.
_FITTING: Mapping[tuple[str, str], object] = {
    ("mediation_notice", "recusal_days"): 2,
    ("attach_directive", "hours"): 24,
    ("change_representative", "change"): "representative_resigns",
}
_KIND_OF_CONVERSION = {"X1": "report", "X2": "complaint", "X3": "consultation", "X4": "suggestion", "X5": "misconduct"}
Default = Callable[[Field, date], object]


@dataclass(frozen=True)
class StoryStep:
    """One act of a story and what must be true after it. `now` is aware UTC, `fields` complete and by English key."""

    case: str
    kind: str
    action: str
    by: str
    on: date
    now: datetime
    facts: frozenset[str]
    fields: Mapping[str, object]
    received_on: date
    state: str | None
    expect: Mapping[str, date | datetime]
    paused: tuple[str, ...]
    gone: tuple[str, ...]
    must_fail: bool
    why: str


@dataclass(frozen=True)
class Story:
    """A story with its steps; `final` are the states in which its cases end."""

    key: str
    title: str
    shows: str
    kind: str
    final: Mapping[str, str]
    steps: tuple[StoryStep, ...]


def stories(default: Default | None = None) -> tuple[Story, ...]:
    """Every story. `default` may give values for persons, units, cases and files; returning None leaves them to us."""
    with FILE.open("rb") as handle:
        raw = tomllib.load(handle)["story"]
    return tuple(_story(row, default) for row in raw)


def _story(row: Mapping[str, Any], default: Default | None) -> Story:
    return Story(row["key"], row["title"], row["shows"], row["kind"], row.get("final", {}), tuple(_steps(row, default)))


def _steps(row: Mapping[str, Any], default: Default | None) -> Iterator[StoryStep]:
    kinds: dict[str, str] = {}
    received: dict[str, date] = {}
    last = datetime.min.replace(tzinfo=ZONE)
    for raw in row["step"]:
        case, on = raw.get("case", "A"), raw["on"]
        given = raw.get("set", {})
        kind = kinds.setdefault(case, raw.get("kind", row["kind"]))
        received.setdefault(case, given.get("received_on", given.get("discovered_on", on)))
        action = WORKFLOW.action(raw["action"])
        # Steps of one day follow each other by a minute, so that every event has a moment of its own.
        clock = time.fromisoformat(raw["at"]) if "at" in raw else FIRST_HOUR
        now = max(at_time(on, clock), last + timedelta(minutes=1))
        last = now
        facts = frozenset(raw.get("facts", [])) | frozenset(row.get("facts", {}).get(case, []))
        yield StoryStep(
            case=case,
            kind=kind,
            action=action.key,
            by=raw.get("by", _usual_role(action)),
            on=on,
            now=now,
            facts=facts | met_guards(action),
            fields=complete_fields(action, kind, given, on, regime_for(received[case]), default),
            received_on=received[case],
            state=raw.get("state"),
            expect=raw.get("expect", {}),
            paused=tuple(raw.get("paused", ())),
            gone=tuple(raw.get("gone", ())),
            must_fail=raw.get("must_fail", False),
            why=raw.get("why", ""),
        )


def _usual_role(action: Action) -> str:
    """The first role that may press the action under the settings as delivered."""
    allowed = set(action.roles)
    for effect in effects(DEFAULTS):
        allowed &= set(effect.roles.get(action.key, allowed))
    return next(role for role in action.roles if role in allowed)


def met_guards(action: Action) -> frozenset[str]:
    """The facts under which nothing but time and fields stands against an action."""
    return frozenset(refusals.needed(action)) | ({"notice_served"} & set(action.guards))


def complete_fields(
    action: Action, kind: str, given: Mapping[str, object], on: date, regime: str, default: Default | None
) -> dict[str, object]:
    """The values given, and a plausible one for every other field that the action requires."""
    values = dict(given)
    for field in WORKFLOW.fields(action.key, kind):
        if field.name in values:
            values[field.name] = _as_entered(field, values[field.name])
        elif field.required:
            values[field.name] = _plausible(action, field, values, on, regime, kind, default)
    return values


def _as_entered(field: Field, value: object) -> object:
    """A value of the story as a form would hand it over: files and several choices as lists, choices by key."""
    by_label = {choice.label: choice.key for choice in field.choices}
    if field.type in ("files", "multi_choice") and isinstance(value, str):
        return [by_label.get(value, value)]
    return by_label.get(value, value) if isinstance(value, str) else value


def _plausible(
    action: Action,
    field: Field,
    values: Mapping[str, object],
    on: date,
    regime: str,
    kind: str,
    default: Default | None,
) -> object:
    if (action.key, field.name) in _FITTING:
        return _FITTING[action.key, field.name]
    if field.name == "new_kind":
        other = "report" if kind == "complaint" else "complaint"
        return _KIND_OF_CONVERSION.get(str(values.get("ground")), other)
    own = default(field, on) if default else None
    if own is not None:
        return own
    if field.ground:
        return WORKFLOW.grounds(field.ground, regime, DEFAULTS)[0].code
    if field.tree:
        return "food"
    simple: dict[str, object] = {
        "date": on + timedelta(days=7) if field.name in ("due_on", "valid_until") else on,
        "datetime": at_time(on, FIRST_HOUR),
        "boolean": field.name == "consent_truth",
        "money": Decimal("0.00"),
        "number": max(field.min or 1, 5) if field.name == "days" else field.min or 1,
        "phone": "13800001234",
        "action": "accept",
        "person": "handler-1",
        "unit": "unit-1",
        "case": "T20260101-00001-1",
        "people": ["周明", "李芳"],
        "files": ["scan.pdf"],
        "text": "示例",
        "long_text": "按程序办理，已记录在案备查。",
    }
    if field.choices:
        return [field.choices[0].key] if field.type == "multi_choice" else field.choices[0].key
    return simple[field.type]
