"""One step of a case: from what is, an action and the moment, to what follows. Nothing is read or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from rules.calendar import Calendar
from rules.clocks import Clock
from rules.settings import DEFAULTS
from rules.table import Action


class Refused(Exception):
    """A step that the procedure does not allow: why, as a code and a Chinese sentence, and at which field."""

    def __init__(self, code: str, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.field = field


@dataclass(frozen=True, slots=True)
class OpenClock:
    """A clock that runs in a case, with the caller's own name for its row."""

    clock: Clock
    id: object = None


@dataclass(frozen=True, slots=True)
class CaseView:
    """What the procedure must know of a case; `clocks` by rule, `state` None before the first step."""

    kind: str
    state: str | None
    previous: str | None
    received_on: date
    regime: str
    clocks: Mapping[str, OpenClock]


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from an action. Rules stand by key; a closed clock has one of the OUTCOMES."""

    to_state: str
    to_previous: str | None
    closed: tuple[tuple[str, str], ...] = ()
    opened: tuple[Clock, ...] = ()
    paused: tuple[tuple[str, date], ...] = ()
    resumed: tuple[tuple[str, date], ...] = ()
    extended: tuple[tuple[str, Clock], ...] = ()
    rebased: tuple[tuple[str, Clock], ...] = ()
    restarted: tuple[tuple[str, Clock], ...] = ()
    documents: tuple[str, ...] = ()
    creates: tuple[str, ...] = ()


def advance(
    view: CaseView,
    action: Action,
    fields: Mapping[str, object],
    now: datetime,
    calendar: Calendar,
    facts: frozenset[str] = frozenset(),
    settings: Mapping[str, str] = DEFAULTS,
) -> Step:
    """The step that the action makes at `now` (aware UTC); Refused when it may not be made."""
    raise NotImplementedError


def offered(
    kind: str, state: str | None, regime: str, roles: frozenset[str], settings: Mapping[str, str] = DEFAULTS
) -> tuple[Action, ...]:
    """The actions that one of these roles may be offered at this state, the usual ones first."""
    raise NotImplementedError


def why_not(view: CaseView, action: Action, now: datetime, calendar: Calendar,
            settings: Mapping[str, str] = DEFAULTS) -> str | None:
    """Why an action that people look for cannot be done now, in Chinese; None when nothing stands against it."""
    raise NotImplementedError
