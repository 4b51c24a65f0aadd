"""What the tables say, worked out apart from the code under test.

Reads `rules/data/*.toml` itself, knows the units of the test city by their keys, and never asks `rules.access` or
`casework.access`. Where the two disagree, one of them is wrong.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.cast import PEOPLE

DATA = Path(__file__).resolve().parents[2] / "rules" / "data"
ABOVE = {
    "legal": "city", "east": "city", "west": "city", "association": "city",
    "east_office": "east", "east_squad": "east", "station": "east_office", "west_office": "west",
}  # fmt: skip
"""The unit above each unit of the test city."""
BUREAUS = {"city", "east", "west"}
SEALED = "misconduct"
RELATIONS = ("own_case", "assigned", "own_unit", "own_bureau", "superior", "any", "sealed")


@dataclass(frozen=True)
class Standing:
    """Where a case stands: what the law makes rights depend on."""

    kind: str
    state: str
    unit: str
    handler: str | None = None
    delegate: str | None = None
    case_unit: str | None = None
    receiving: str = "city"


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


@cache
def acts() -> dict[str, dict[str, Any]]:
    """The rows of every act by key, as they are written."""
    rows = [
        row for path in sorted((DATA / "actions").glob("*.toml")) for row in _table(f"actions/{path.name}")["action"]
    ]
    return {row["key"]: row for row in rows}


@cache
def narrowed() -> dict[str, set[str]]:
    """Which roles the settings as delivered leave to an act."""
    found: dict[str, set[str]] = {}
    for row in _table("settings.toml")["setting"]:
        for act, roles in row.get("effect", {}).get(row["default"], {}).get("roles", {}).items():
            found[act] = found.get(act, set(roles)) & set(roles)
    return found


def chain(unit: str) -> list[str]:
    """A unit and all that stand above it."""
    return [unit, *chain(ABOVE[unit])] if unit in ABOVE else [unit]


def bureau(unit: str) -> str:
    """The bureau in whose name a unit acts."""
    return next(one for one in chain(unit) if one in BUREAUS)


def relations(part: str, case: Standing) -> set[str]:
    """The relations between a person and a case."""
    _name, role, unit = PEOPLE[part]
    above = unit in chain(case.unit)
    if case.kind == SEALED:
        return {"sealed"} if role == "discipline" and above and case.handler in (None, part) else set()
    found = {"any"}
    if unit in {case.unit, case.delegate, case.case_unit}:
        found.add("own_unit")
    if case.handler == part or (role, unit) in {("mediator", case.delegate), ("enforcement", case.case_unit)}:
        found.add("assigned")
    if bureau(unit) in {bureau(case.unit), bureau(case.receiving)}:
        found.add("own_bureau")
    if above:
        found.add("superior")
    return found


def may_act(part: str, act: str, case: Standing) -> bool:
    """Whether the table lets a person press an act, whatever the state of the case."""
    role = PEOPLE[part][1]
    row = acts()[act]
    if role not in row["roles"] or role not in narrowed().get(act, {role}):
        return False
    return row["scope"][role] in relations(part, case)


def may_read(part: str, case: Standing) -> bool:
    """Whether a person may open a case."""
    held = relations(part, case)
    rows: dict[str, list[str]] = _table("access.toml")["read"].get(PEOPLE[part][1], {})
    return any(scope in held and (not states or case.state in states) for scope, states in rows.items())


def may_reveal(part: str, case: Standing, registered_today: bool = True) -> bool:
    """Whether a person may see who filed."""
    role = PEOPLE[part][1]
    wanted = _table("access.toml")["reveal"].get(role)
    return wanted in relations(part, case) and (role != "intake" or registered_today)


def opens(part: str | None, permissions: tuple[str, ...]) -> bool:
    """Whether a route of these policies opens for a person; None is nobody."""
    if part is None:
        return False
    policies: dict[str, list[str]] = _table("access.toml")["policy"]
    return not permissions or any(PEOPLE[part][1] in policies[name] for name in permissions)
