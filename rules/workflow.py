"""The procedure as one table: WORKFLOW answers what may happen to a case, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from rules import consistency, loading
from rules.citation import LAWS
from rules.settings import SETTINGS, Setting
from rules.table import Action, Choice, Document, Field, Ground, Guard, Law, Role, State
from rules.tables import DATA, TableError, read

__all__ = [
    "NEW_MEASURES",
    "OLD_MEASURES",
    "REGIMES",
    "WORKFLOW",
    "Action",
    "Choice",
    "Document",
    "Field",
    "Ground",
    "Guard",
    "Law",
    "Role",
    "Setting",
    "State",
    "TableError",
    "Workflow",
    "regime_for",
]

NEW_MEASURES = date(2026, 4, 15)
OLD_MEASURES = date(2020, 1, 1)
REGIMES = ("before-2020", "order-20", "order-121")
_OF_EVERY_REGIME = ("all", "proc")


def regime_for(received_on: date) -> str:
    """The Measures under which a case lives: order-121, order-20, or before-2020 (no term of the table)."""
    if received_on >= NEW_MEASURES:
        return "order-121"
    return "order-20" if received_on >= OLD_MEASURES else "before-2020"


class Workflow:
    """The loaded table. Every mapping is read-only; keys that do not exist raise KeyError."""

    def __init__(self, root: Path = DATA) -> None:
        words = loading.vocabulary(root)
        self.version = words.version
        self.kinds = words.kinds
        self.kind_labels: Mapping[str, str] = MappingProxyType(dict(words.kind_labels))
        self.phases: Mapping[str, str] = MappingProxyType(dict(words.phases))
        self.moves: Mapping[str, str] = MappingProxyType(dict(words.moves))
        self.placeholders = words.placeholders
        states = loading.states(words.kinds, root)
        self.states: Mapping[str, Mapping[str, State]] = MappingProxyType(states)
        self.actions: Mapping[str, Action] = MappingProxyType(loading.actions(words.field_types, states, root))
        self.guards: Mapping[str, Guard] = MappingProxyType(loading.guards(root))
        roles, scopes = loading.roles(root)
        self.roles: Mapping[str, Role] = MappingProxyType(roles)
        self.scopes: Mapping[str, str] = MappingProxyType(scopes)
        self.documents: Mapping[str, Document] = MappingProxyType(loading.documents(root))
        self.laws: Mapping[str, Law] = LAWS
        self.settings: Mapping[str, Setting] = SETTINGS
        self._grounds = loading.grounds(root)
        self._usual: dict[str, dict[str, list[str]]] = read("usual.toml", root)
        self._fields: dict[tuple[str, str], tuple[Field, ...]] = {}
        self._from: dict[tuple[str, str | None, str], tuple[Action, ...]] = {}
        consistency.check(self)

    @property
    def all_grounds(self) -> tuple[Ground, ...]:
        """Every ground of every version, in the order of the files."""
        return tuple(self._grounds.values())

    @property
    def usual(self) -> Mapping[str, Mapping[str, list[str]]]:
        """The panel of each kind and state, in order."""
        return self._usual

    def action(self, key: str) -> Action:
        """The action with this key."""
        return self.actions[key]

    def state(self, kind: str, key: str) -> State:
        """A state of a kind."""
        return self.states[kind][key]

    def actions_from(self, kind: str, state: str | None, regime: str) -> tuple[Action, ...]:
        """Every action of the kind that the table allows at this state (None: actions that begin a case).

        Usual ones come first in the order of the panel, the rest in the order of the files.
        """
        key = (kind, state, regime)
        if key not in self._from:
            panel = self._usual.get(kind, {}).get(state or "", [])
            order = {name: place for place, name in enumerate(panel)}
            found = [
                action
                for action in self.actions.values()
                if kind in action.kinds
                and (state in action.states[kind] if state else not action.from_)
                and (not action.regimes or regime in action.regimes)
            ]
            self._from[key] = tuple(sorted(found, key=lambda action: order.get(action.key, len(order))))
        return self._from[key]

    def ground(self, type_: str, version: str, code: str) -> Ground:
        """A ground by list, version (order-20, order-121, proc, all) and code."""
        return self._grounds[type_, version, code]

    def find_ground(self, type_: str, regime: str, code: str) -> Ground | None:
        """The ground that a code means for a case of this regime; None where it means nothing."""
        for version in (regime, *_OF_EVERY_REGIME):
            found = self._grounds.get((type_, version, code))
            if found is not None:
                return found
        return None

    def grounds(self, type_: str, regime: str, settings: Mapping[str, str] | None = None) -> tuple[Ground, ...]:
        """The grounds of a list that a case of this regime may use, in the order of the law.

        With `settings`, grounds whose switch is off are left out.
        """
        return tuple(
            ground
            for ground in self._grounds.values()
            if ground.type == type_
            and ground.version in (regime, *_OF_EVERY_REGIME)
            and (settings is None or ground.setting is None or settings[ground.setting] == "yes")
        )

    def fields(self, action: str | Action, kind: str) -> tuple[Field, ...]:
        """The fields an action (or its key) asks for in a case of this kind, `required` settled for the kind.

        The problem of a report is chosen from the tree of reports.
        """
        name = action if isinstance(action, str) else action.key
        key = (name, kind)
        if key not in self._fields:
            self._fields[key] = tuple(
                replace(
                    field,
                    required=field.required or kind in field.required_for,
                    tree="report_problem" if field.tree == "problem" and kind == "report" else field.tree,
                )
                for field in self.actions[name].fields
                if field.applies(kind)
            )
        return self._fields[key]


WORKFLOW = Workflow()
