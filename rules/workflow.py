"""The procedure as one table: WORKFLOW answers what may happen to a case, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from rules.settings import SETTINGS, Setting
from rules.table import Action, Choice, Document, Field, Ground, Guard, Law, Role, State

__all__ = [
    "WORKFLOW", "Action", "Choice", "Document", "Field", "Ground", "Guard", "Law", "Role", "Setting", "State",
    "Workflow", "regime_for",
]

NEW_MEASURES = date(2026, 4, 15)
OLD_MEASURES = date(2020, 1, 1)


def regime_for(received_on: date) -> str:
    """The Measures under which a case lives: order-121, order-20, or before-2020 (no term of the table)."""
    if received_on >= NEW_MEASURES:
        return "order-121"
    return "order-20" if received_on >= OLD_MEASURES else "before-2020"


class Workflow:
    """The loaded table."""

    kinds: tuple[str, ...]
    kind_labels: Mapping[str, str]
    phases: Mapping[str, str]
    moves: Mapping[str, str]
    placeholders: tuple[str, ...]
    actions: Mapping[str, Action]
    states: Mapping[str, Mapping[str, State]]
    documents: Mapping[str, Document]
    guards: Mapping[str, Guard]
    roles: Mapping[str, Role]
    laws: Mapping[str, Law]
    settings: Mapping[str, Setting] = SETTINGS

    def action(self, key: str) -> Action:
        """The action with this key; KeyError if there is none."""
        raise NotImplementedError

    def state(self, kind: str, key: str) -> State:
        """A state of a kind; KeyError if there is none."""
        raise NotImplementedError

    def actions_from(self, kind: str, state: str | None, regime: str) -> tuple[Action, ...]:
        """Every action possible there, usual ones first in the order of the panel."""
        raise NotImplementedError

    def ground(self, type_: str, version: str, code: str) -> Ground:
        """A ground by its three names; KeyError if there is none."""
        raise NotImplementedError

    def grounds(self, type_: str, regime: str) -> tuple[Ground, ...]:
        """The grounds of a list that a case of this regime may use, in the order of the law."""
        raise NotImplementedError

    def fields(self, action: str, kind: str) -> tuple[Field, ...]:
        """The fields an action asks for in a case of this kind, `required` settled for the kind."""
        raise NotImplementedError


WORKFLOW = Workflow()
