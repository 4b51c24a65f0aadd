"""The procedure of a kind as everybody reads it, drawn from the table that runs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from blueprints.public.guide import Term, terms_of
from rules.table import Action, State
from rules.workflow import WORKFLOW, regime_for

_PREVIOUS = "@previous"
_UNNAMED = {"unit": "承办单位", "due": "期满那天"}
"""What stands for the unit and the day of one case where the procedure of all is told."""


@dataclass(frozen=True)
class Move:
    """A way from one state to another: the step, the state it leads to, and whether the citizen takes it."""

    act: str
    key: str
    label: str
    yours: bool


@dataclass(frozen=True)
class Station:
    """One state: where a case stands, what its filer then reads, with whom, how long, and where it may go."""

    key: str
    label: str
    said: str
    holder: str
    ends: bool
    terms: tuple[Term, ...]
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class Phase:
    """One band of the procedure."""

    label: str
    stations: tuple[Station, ...]


def phases(kind: str, today: date) -> tuple[Phase, ...]:
    """Return every state of a kind, band by band, with every move between them."""
    regime = regime_for(today)
    states = WORKFLOW.states[kind]
    moves = {key: tuple(_moves(kind, state, regime, states)) for key, state in states.items()}
    bands = []
    for key, label in WORKFLOW.phases.items():
        here = [state for state in states.values() if state.phase == key]
        if here:
            bands.append(Phase(label, tuple(_station(state, moves[state.key], today) for state in here)))
    return tuple(bands)


def targets(kind: str, state: str, action: Action, regime: str) -> tuple[str, ...]:
    """Return the states to which a step may lead from a state; none where the case stays where it is.

    A step that leads back ("@previous") may lead to each state from which its own state is entered.
    """
    target = action.target(kind)
    if target == _PREVIOUS:
        return tuple(
            each
            for each in WORKFLOW.states[kind]
            if any(one.target(kind) == state for one in WORKFLOW.actions_from(kind, each, regime)) and each != state
        )
    return (target,) if target in WORKFLOW.states[kind] and target != state else ()


def _moves(kind: str, state: State, regime: str, states: Mapping[str, State]) -> Iterable[Move]:
    """Yield the moves from a state, the usual ones first."""
    actions = WORKFLOW.actions_from(kind, state.key, regime)
    for action in sorted(actions, key=lambda action: not action.usual_in(kind, state.key)):
        for target in targets(kind, state.key, action, regime):
            yield Move(action.label, target, states[target].label, "citizen" in action.roles)


def _station(state: State, moves: tuple[Move, ...], today: date) -> Station:
    return Station(
        key=state.key,
        label=state.label,
        said=state.citizen.format_map(_UNNAMED),
        holder=WORKFLOW.moves[state.move],
        ends=state.terminal,
        terms=terms_of(state.terms, today),
        moves=moves,
    )
