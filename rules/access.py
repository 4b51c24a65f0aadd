"""Who may do and see what: role × action × relation to the case, as tables.

A relation (scope) is a fact about a person and a case that casework finds out: the case is assigned to them, stands in
their unit, in their bureau, in the tree below them. This module only says what follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from rules.settings import DEFAULTS, effects
from rules.table import Action, Role
from rules.tables import TableError, only, read, strings
from rules.workflow import WORKFLOW

SCOPES: Mapping[str, str] = WORKFLOW.scopes
ROLES: Mapping[str, Role] = WORKFLOW.roles

# A wider relation holds the narrower ones that a table may ask for; "sealed" stands alone.
_ENOUGH: Mapping[str, frozenset[str]] = {
    "own_case": frozenset({"own_case"}),
    "assigned": frozenset({"assigned"}),
    "own_unit": frozenset({"own_unit"}),
    "own_bureau": frozenset({"own_bureau"}),
    "superior": frozenset({"superior"}),
    "any": frozenset({"any", "own_case", "assigned", "own_unit", "own_bureau", "superior"}),
    "sealed": frozenset({"sealed"}),
}


_Scopes = dict[str, str]
_Loaded = tuple[dict[str, dict[str, tuple[str, ...]]], dict[str, tuple[str, ...]], _Scopes, _Scopes, _Scopes, _Scopes]


def _load() -> _Loaded:
    raw = read("access.toml")
    only(raw, "access.toml", ("read", "policy", "reveal", "reveal_to_call", "reveal_dossier", "withdraw"))
    reads = {role: {scope: strings(states, role) for scope, states in row.items()} for role, row in raw["read"].items()}
    policies = {name: strings(roles, name) for name, roles in raw["policy"].items()}
    reveal: dict[str, str] = raw["reveal"]
    to_call: dict[str, str] = raw["reveal_to_call"]
    dossier: dict[str, str] = raw["reveal_dossier"]
    withdraw: dict[str, str] = raw["withdraw"]
    named = {*reads, *reveal, *to_call, *dossier, *withdraw, *(role for roles in policies.values() for role in roles)}
    scopes = {scope for row in reads.values() for scope in row}
    scopes |= {*reveal.values(), *to_call.values(), *dossier.values(), *withdraw.values()}
    if not named <= ROLES.keys() or not scopes <= SCOPES.keys():
        raise TableError(f"access.toml: unknown {sorted(named - ROLES.keys())} {sorted(scopes - SCOPES.keys())}")
    if any(role != "discipline" for role, row in reads.items() if "sealed" in row):
        raise TableError("access.toml: only discipline officers read sealed cases")
    return reads, policies, reveal, to_call, dossier, withdraw


_READS, _POLICIES, _REVEAL, _TO_CALL, _DOSSIER, _WITHDRAW = _load()
READS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(_READS)
POLICIES: Mapping[str, tuple[str, ...]] = MappingProxyType(_POLICIES)
REVEALS: Mapping[str, str] = MappingProxyType(_REVEAL)
REVEALS_TO_CALL: Mapping[str, str] = MappingProxyType(_TO_CALL)
REVEALS_DOSSIER: Mapping[str, str] = MappingProxyType(_DOSSIER)
WITHDRAWS: Mapping[str, str] = MappingProxyType(_WITHDRAW)


def may_act(action: Action, role: str, scope_holds: frozenset[str], settings: Mapping[str, str] = DEFAULTS) -> bool:
    """May this role press the action, given the relations to the case that hold?

    The settings accept_role, refuse_role and terminate_role narrow who decides. A sealed case answers to the relation
    "sealed" alone: where it holds, no other relation counts (rule of the sealed track).
    """
    wanted = action.scope.get(role)
    if wanted is None:
        return False
    for effect in effects(settings):
        if role not in effect.roles.get(action.key, (role,)):
            return False
    if "sealed" in scope_holds and wanted not in ("sealed", "own_case"):
        # A clerk may still hand a sealed filing in, and the system may keep its clocks; both begin or tend, never read.
        return role == "system" or (role == "intake" and not action.from_)
    return not scope_holds.isdisjoint(_ENOUGH[wanted]) or (role == "system" and wanted == "any")


def allowed(
    action: Action, assignments: Iterable[tuple[str, frozenset[str]]], settings: Mapping[str, str] = DEFAULTS
) -> bool:
    """May a person with these (role, relations that hold) press the action?"""
    return any(may_act(action, role, holds, settings) for role, holds in assignments)


def may_read(role: str, scope_holds: frozenset[str], state: str | None = None) -> bool:
    """May this role open the case, given the relations that hold and the state of the case?

    A row of the read table names the relations under which the role sees a case, and the states for which it does
    (none named: all of them).
    """
    rows = READS.get(role, {})
    if "sealed" in scope_holds:
        return "sealed" in rows
    return any(
        scope != "sealed" and _ENOUGH[scope] & scope_holds and (not states or state in states)
        for scope, states in rows.items()
    )


def may_reveal(role: str, scope_holds: frozenset[str], registered_today: bool = False) -> bool:
    """May this role see who the filer is? (Order 121 article 37: identity is for those who need it to handle the case.)

    The handler of the case, the lead of the unit that handles it, discipline officers on the sealed track; the clerk
    who registered it on the day of registration only (`registered_today`), to read the entry back to the caller.
    """
    wanted = REVEALS.get(role)
    if wanted is None or (role == "intake" and not registered_today):
        return False
    if "sealed" in scope_holds:
        return wanted == "sealed"
    return wanted != "sealed" and bool(_ENOUGH[wanted] & scope_holds)


def may_reveal_to_call(role: str, scope_holds: frozenset[str]) -> bool:
    """May this role see whom to call, for a case that the draw of a month chose and that is still to be called about?

    Whoever calls filers back needs the number (Order 121 article 26), for as long as the call is due and no longer.
    """
    wanted = REVEALS_TO_CALL.get(role)
    return wanted is not None and "sealed" not in scope_holds and bool(_ENOUGH[wanted] & scope_holds)


def may_reveal_dossier(role: str, scope_holds: frozenset[str]) -> bool:
    """May this role open the dossier of a case, which holds the papers that name the filer, to keep the archive?"""
    wanted = REVEALS_DOSSIER.get(role)
    return wanted is not None and "sealed" not in scope_holds and bool(_ENOUGH[wanted] & scope_holds)


def may_withdraw(role: str, scope_holds: frozenset[str]) -> bool:
    """May this role withdraw a paper that went wrong? Those who made it may, and those who answer for them."""
    wanted = WITHDRAWS.get(role)
    if wanted is None or ("sealed" in scope_holds) != (wanted == "sealed"):
        return False
    return bool(_ENOUGH[wanted] & scope_holds)


def policy(name: str) -> tuple[str, ...]:
    """The roles that a route policy lets in (empty for public and filer); KeyError for a policy nobody wrote."""
    return POLICIES[name]


def passes(name: str, roles: Iterable[str]) -> bool:
    """May somebody with these roles use a route of this policy? `public` lets everybody in, `filer` needs a code."""
    if name in ("public", "filer"):
        return True
    return bool(set(POLICIES[name]) & set(roles))
