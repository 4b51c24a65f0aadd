"""Who may do and see what: role × action × relation to the case, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rules.settings import DEFAULTS
from rules.table import Action, Role

SCOPES: Mapping[str, str] = {}
ROLES: Mapping[str, Role] = {}
READS: Mapping[str, tuple[str, ...]] = {}
POLICIES: Mapping[str, tuple[str, ...]] = {}


def may_act(action: Action, role: str, scope_holds: frozenset[str], settings: Mapping[str, str] = DEFAULTS) -> bool:
    """May this role press the action, given the relations to the case that hold?"""
    raise NotImplementedError


def allowed(
    action: Action, assignments: Iterable[tuple[str, frozenset[str]]], settings: Mapping[str, str] = DEFAULTS
) -> bool:
    """May a person with these (role, relations that hold) press the action?"""
    raise NotImplementedError


def may_read(role: str, scope_holds: frozenset[str], state: str | None = None) -> bool:
    """May this role open the case, given the relations that hold?"""
    raise NotImplementedError


def may_reveal(role: str, scope_holds: frozenset[str], registered_today: bool = False) -> bool:
    """May this role see who the filer is (Order 121 article 37)?"""
    raise NotImplementedError


def policy(name: str) -> tuple[str, ...]:
    """The roles that a route policy lets in; KeyError for a policy nobody wrote."""
    raise NotImplementedError
