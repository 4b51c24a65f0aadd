"""The terms of the law and of the house as data: length, unit, source, extensions, ladders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Extension:
    """How often a term may be extended, by how much at a time, and by whom."""

    times: int
    length: int
    unit: str
    by: str
    most: int


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A term as it stands for cases received from `from_` to `until` (None: still in force)."""

    key: str
    from_: date
    until: date | None
    length: int
    unit: str
    source: str
    citizen: str
    extend: Extension | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One term: for which kinds, from what day, what stops it, what pauses it, and its versions in time."""

    key: str
    label: str
    kinds: tuple[str, ...]
    statutory: bool
    trigger: str
    trigger_field: str | None
    group: str
    condition: str | None
    after_end: bool
    stops: str
    done_by: frozenset[str]
    pausable_by: tuple[str, ...]
    pause_text: str
    warn_before: tuple[int, ...]
    ladder: str
    citizen: str
    note: str
    fixed_by: str | None
    length_by: str | None
    versions: tuple[RuleVersion, ...]


@dataclass(frozen=True, slots=True)
class LadderStep:
    """What is said `after` units past the term (0: on the last day), at which level of the tree, to which roles."""

    after: int
    act: str
    where: str | None
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps by which a lapse is reminded, urged and supervised."""

    key: str
    label: str
    unit: str
    steps: tuple[LadderStep, ...]
    source: str
    note: str


RULES: Mapping[str, Rule] = {}
LADDERS: Mapping[str, Ladder] = {}


def version_for(rule_key: str, received_on: date) -> RuleVersion | None:
    """The version in force on the day the case was received; None where none was."""
    raise NotImplementedError
