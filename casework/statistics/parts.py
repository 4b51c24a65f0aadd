"""By what figures are divided: into which line of a table a case falls, and the condition that finds the line again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true

from casework.errors import NotFound
from casework.listing import CHANNELS
from casework.reference import Reference, UnitView
from casework.statistics.scope import Scope, in_tree
from casework.statistics.tables import UNKNOWN
from models import Case
from models.unit import CITY, DEPARTMENT, DISTRICT, OFFICE
from rules import categories
from rules import statistics as law
from rules.categories import Category
from rules.statistics import Renamed
from rules.workflow import REGIMES, WORKFLOW

OWN = "="
"""Before the key of a unit: what lies with that unit itself, without those below it."""
RUNNING, MERGED, ANSWERED = "running", "merged", "answered"
NOT_STATED = "没有写明"
_KINDS = tuple(kind for kind in WORKFLOW.kinds if kind != "misconduct")


@dataclass(frozen=True)
class Node:
    """One line that a table may have. `always`: it is shown even when nothing is counted in it."""

    key: str
    label: str
    parent: str = ""
    depth: int = 0
    always: bool = False
    note: str = ""


@dataclass(frozen=True)
class Breakdown:
    """How one table is divided.

    `columns` are grouped by; `leaf` gives the line in which a group falls (the lines above it hold it too); `nodes` are
    the lines in their order, those that `found` groups need included; `limit` finds the cases of a line again, and
    raises NotFound for a key that is none.
    """

    columns: tuple[ColumnElement[Any], ...]
    leaf: Callable[[tuple[Any, ...]], str]
    nodes: Callable[[Iterable[str]], Sequence[Node]]
    limit: Callable[[str], ColumnElement[bool]]


@dataclass(frozen=True)
class Dividing:
    """For what a breakdown is made: whose cases, the reference data, and the first days of the periods compared."""

    scope: Scope
    ref: Reference
    firsts: tuple[date, ...] = ()
    renamed: tuple[Renamed, ...] = law.RENAMED


def of(key: str, dividing: Dividing) -> Breakdown:
    """Return the breakdown with a key of `rules.statistics.BREAKDOWNS`. Raise NotFound for another."""
    made = _MADE.get(key)
    if made is None:
        raise NotFound("没有这种分项。")
    return made(dividing)


def _whole(_dividing: Dividing) -> Breakdown:
    return Breakdown((), lambda _raw: "", lambda _found: (), lambda _key: true())


def _listed(column: ColumnElement[Any], labels: Mapping[str, str], unknown: str = NOT_STATED) -> Breakdown:
    """A breakdown by a column with a known list of values; what is not among them is not known."""

    def leaf(raw: tuple[Any, ...]) -> str:
        return raw[0] if raw[0] in labels else UNKNOWN

    def nodes(found: Iterable[str]) -> list[Node]:
        lines = [Node(key, label, always=True) for key, label in labels.items()]
        return [*lines, Node(UNKNOWN, unknown)] if UNKNOWN in set(found) else lines

    def limit(key: str) -> ColumnElement[bool]:
        if key == UNKNOWN:
            return or_(column.is_(None), column.not_in(list(labels)))
        return column == _known(key, labels)

    return Breakdown((column,), leaf, nodes, limit)


def _known(key: str, among: Iterable[str]) -> str:
    if key not in among:
        raise NotFound("没有这一项，请从表里选。")
    return key


def _kind(_dividing: Dividing) -> Breakdown:
    return _listed(Case.kind.expression, {kind: WORKFLOW.kind_labels[kind] for kind in _KINDS})


def _channel(_dividing: Dividing) -> Breakdown:
    return _listed(Case.channel.expression, CHANNELS)


def _sales_mode(_dividing: Dividing) -> Breakdown:
    field = next(one for one in WORKFLOW.action("register_by_staff").fields if one.name == "sales_mode")
    return _listed(Case.sales_mode.expression, {choice.key: choice.label for choice in field.choices})


def _place(dividing: Dividing) -> Breakdown:
    """By the bureau that has power over the place (Order 121 article 12), whoever has the case in hand."""
    ref = dividing.ref
    bureaus = sorted((one for one in ref.units.values() if one.bureau_id == one.id), key=in_tree)
    by_id = {one.id: one.key for one in bureaus}
    column = Case.competent_bureau_id.expression

    def leaf(raw: tuple[Any, ...]) -> str:
        return by_id.get(raw[0], UNKNOWN)

    def nodes(found: Iterable[str]) -> list[Node]:
        needed = set(found)
        lines = [Node(one.key, _district(one)) for one in bureaus if not one.closed or one.key in needed]
        lines = [Node(one.key, one.label, always=True) for one in lines]
        return [*lines, Node(UNKNOWN, NOT_STATED)] if UNKNOWN in needed else lines

    def limit(key: str) -> ColumnElement[bool]:
        if key == UNKNOWN:
            return column.not_in(list(by_id))
        return column == ref.unit_keys[_known(key, by_id.values())].id

    return Breakdown((column,), leaf, nodes, limit)


def _district(bureau: UnitView) -> str:
    return "市局直管" if bureau.kind == CITY else bureau.area


def _unit(dividing: Dividing) -> Breakdown:
    ref = dividing.ref
    root = dividing.scope.root(ref)
    below = dividing.scope.units(ref)
    leaves = {one.id: one.key for one in below}
    parents = {ref.units[one.parent_id].key for one in below if one.parent_id is not None and one is not root}
    ids = {one.key: tuple(other.id for other in below if other.within(one)) for one in below}
    column = Case.unit_id.expression

    def leaf(raw: tuple[Any, ...]) -> str:
        key = leaves[raw[0]]
        return OWN + key if key in parents else key

    def nodes(found: Iterable[str]) -> list[Node]:
        needed, lines = set(found), []
        for one in below:
            parent = "" if one is root or one.parent_id is None else ref.units[one.parent_id].key
            depth = len(in_tree(one)) - len(in_tree(root))
            usual = one.kind in (CITY, DISTRICT, DEPARTMENT, OFFICE) and not one.closed
            lines.append(Node(one.key, one.short_name, parent, depth, always=usual))
            if OWN + one.key in needed:
                lines.append(Node(OWN + one.key, f"{one.short_name}本级", one.key, depth + 1))
        return lines

    def limit(key: str) -> ColumnElement[bool]:
        bare = _known(key.removeprefix(OWN), ids)
        return column == ref.unit_keys[bare].id if key.startswith(OWN) else column.in_(ids[bare])

    return Breakdown((column,), leaf, nodes, limit)


def _category(dividing: Dividing) -> Breakdown:
    return _tree(dividing, Case.category.expression, categories.TREES["goods"])


def _problem(dividing: Dividing) -> Breakdown:
    both = (*categories.TREES["problem"], *categories.TREES["report_problem"])
    return _tree(dividing, Case.problem.expression, both)


def _tree(dividing: Dividing, column: ColumnElement[Any], tree: Sequence[Category]) -> Breakdown:
    """By a tree of categories. A case filed under a former key counts under the key of today."""
    now_called = {old: key for key, olds in law.old_keys(dividing.renamed).items() for old in olds}
    known = {node.key: node.key for node in tree} | {
        old: key for old, key in now_called.items() if any(node.key == key for node in tree)
    }

    def leaf(raw: tuple[Any, ...]) -> str:
        return known.get(raw[0], UNKNOWN)

    def nodes(found: Iterable[str]) -> list[Node]:
        lines = [
            Node(node.key, node.label, node.parent or "", len(node.path) - 1, node.parent is None, _note(node.key))
            for node in tree
        ]
        return [*lines, Node(UNKNOWN, NOT_STATED)] if UNKNOWN in set(found) else lines

    def _note(key: str) -> str:
        names = law.former_names(key, dividing.firsts, dividing.renamed)
        return "；".join(f"{one.until.year}年{one.until.month}月{one.until.day}日以前称“{one.label}”" for one in names)

    def limit(key: str) -> ColumnElement[bool]:
        if key == UNKNOWN:
            return or_(column.is_(None), column.not_in(list(known)))
        return column.in_(law.keys_of(_known(key, known), dividing.renamed))

    return Breakdown((column,), leaf, nodes, limit)


def _outcome(_dividing: Dividing) -> Breakdown:
    """By the ground that ended a case. Codes that mean different things under the two Measures stand apart."""
    closed = Case.closed_at.is_not(None)
    merged = Case.main_case_id.is_not(None)
    columns = (Case.outcome.expression, Case.regime.expression, Case.kind.expression, closed, merged)
    plain = {
        MERGED: ("已并入另一件", and_(Case.outcome.is_(None), merged)),
        ANSWERED: ("已答复", and_(Case.outcome.is_(None), ~merged, closed, Case.kind == "consultation")),
        RUNNING: ("还没有结果", and_(Case.outcome.is_(None), ~merged, ~closed)),
        UNKNOWN: ("没有记结果", and_(Case.outcome.is_(None), ~merged, closed, Case.kind != "consultation")),
    }  # fmt: skip

    def leaf(raw: tuple[Any, ...]) -> str:
        outcome, regime, kind, is_closed, is_merged = raw
        if outcome is not None:
            return ending(outcome, regime)
        if is_merged:
            return MERGED
        if not is_closed:
            return RUNNING
        return ANSWERED if kind == "consultation" else UNKNOWN

    def nodes(found: Iterable[str]) -> list[Node]:
        needed = set(found)
        lines: list[Node] = []
        for type_, label in law.ENDINGS.items():
            lines.append(Node(type_, label))
            lines += [Node(key, ending_label(key), type_, 1) for key in sorted(needed) if _type(key) == type_]
        return [*lines, *(Node(key, label) for key, (label, _) in plain.items())]

    def limit(key: str) -> ColumnElement[bool]:
        if key in plain:
            return plain[key][1]
        if key in law.ENDINGS:
            return Case.outcome.startswith(f"{key}/", autoescape=True)
        return _of_ending(key)

    return Breakdown(columns, leaf, nodes, limit)


def _type(key: str) -> str:
    return key.partition("/")[0] if "/" in key else ""


def ending(outcome: str, regime: str) -> str:
    """Return the key of an ending: with the Measures under which its code means what it means, where they differ."""
    type_, _, code = outcome.partition("/")
    ground = WORKFLOW.find_ground(type_, regime, code)
    return f"{outcome}@{ground.version}" if ground is not None and ground.version in REGIMES else outcome


def ending_label(key: str) -> str:
    """Return the words of an ending: those of its ground."""
    outcome, _, version = key.partition("@")
    type_, _, code = outcome.partition("/")
    ground = WORKFLOW.find_ground(type_, version or REGIMES[-1], code)
    old = "（旧办法）" if version == "order-20" else ""
    return f"{ground.label}{old}" if ground is not None else code


def _of_ending(key: str) -> ColumnElement[bool]:
    outcome, _, version = key.partition("@")
    if _type(outcome) not in law.ENDINGS or version not in ("", *REGIMES):
        raise NotFound("没有这一项，请从表里选。")
    alike = [regime for regime in REGIMES if ending(outcome, regime) == key]
    return and_(Case.outcome == outcome, Case.regime.in_(alike)) if alike else false()


_MADE: Mapping[str, Callable[[Dividing], Breakdown]] = {
    "none": _whole,
    "kind": _kind,
    "category": _category,
    "problem": _problem,
    "place": _place,
    "unit": _unit,
    "channel": _channel,
    "sales_mode": _sales_mode,
    "outcome": _outcome,
}

if _MADE.keys() != law.BREAKDOWNS.keys():
    raise RuntimeError("rules/data/statistics.toml and casework/statistics/parts.py divide by different things")
