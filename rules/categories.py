"""The trees of goods, services and problems, and from which of the five former hotlines each subject came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from rules.tables import TableError, only, read

_NO_FACTS: frozenset[str] = frozenset()
_REAL_NAME = frozenset({"real_name"})
FLAGS = frozenset({"advertising", "food", "unfair"})
_FILES = ("goods", "services", "problem", "report_problem")


@dataclass(frozen=True, slots=True)
class Category:
    """A node of a tree: `key` is stored, `path` are the keys from the root down to it, `plain` the word for citizens.

    `hotline` is the former line that took the subject; `flags` (advertising, food, unfair) decide on notices.
    """

    key: str
    label: str
    plain: str
    tree: str
    parent: str | None
    path: tuple[str, ...]
    hotline: str
    code: str
    source: str
    flags: frozenset[str]


def _node(row: Mapping[str, Any], tree: str, found: Mapping[str, Category], hotlines: Mapping[str, str]) -> Category:
    where = f"categories/{tree}.toml {row.get('key')}"
    only(row, where, ("key", "label", "hotline", "source"), ("parent", "plain", "code", "flags"))
    parent = row.get("parent")
    if row["key"] in found or (parent is not None and parent not in found):
        raise TableError(f"{where}: stands twice, or before the node above it")
    flags = frozenset(row.get("flags", ()))
    if row["hotline"] not in hotlines or not flags <= FLAGS:
        raise TableError(f"{where}: unknown hotline or flag")
    path = (*found[parent].path, row["key"]) if parent else (row["key"],)
    plain = row.get("plain", row["label"])
    return Category(
        row["key"], row["label"], plain, tree, parent, path, row["hotline"], row.get("code", ""), row["source"], flags
    )


def _load() -> tuple[dict[str, Category], dict[str, str]]:
    hotlines: dict[str, str] = read("categories/hotlines.toml")["hotline"]
    found: dict[str, Category] = {}
    for tree in _FILES:
        for row in read(f"categories/{tree}.toml")["node"]:
            node = _node(row, tree, found, hotlines)
            found[node.key] = node
    return found, hotlines


_NODES, _HOTLINES = _load()
HOTLINES: Mapping[str, str] = MappingProxyType(_HOTLINES)
# What a case is about is asked in one field: the tree "goods" holds both goods and services.
TREES: Mapping[str, tuple[Category, ...]] = MappingProxyType(
    {
        "goods": tuple(node for node in _NODES.values() if node.tree in ("goods", "services")),
        "services": tuple(node for node in _NODES.values() if node.tree == "services"),
        "problem": tuple(node for node in _NODES.values() if node.tree == "problem"),
        "report_problem": tuple(node for node in _NODES.values() if node.tree == "report_problem"),
    }
)


def category(key: str) -> Category:
    """The node with this key; KeyError if there is none."""
    return _NODES[key]


def tree(name: str) -> tuple[Category, ...]:
    """The nodes of a tree in order: goods (services included), services, problem (complaints), report_problem."""
    return TREES[name]


def children(name: str, parent: str | None = None) -> tuple[Category, ...]:
    """The nodes right below a node of a tree, or its top."""
    return tuple(node for node in TREES[name] if node.parent == parent)


def path_of(key: str | None) -> tuple[str, ...]:
    """The keys from the node up to the root, nearest first; empty for no or an unknown key."""
    return _NODES[key].path[::-1] if key in _NODES else ()


def full_name(key: str) -> str:
    """The labels from the root joined by -> as in the national export (客体类别全称)."""
    return "->".join(_NODES[part].label for part in _NODES[key].path)


def notice_facts(problem: str | None, real_name: bool, settings: Mapping[str, str]) -> frozenset[str]:
    """Which notice duties a report on this problem has: some of real_name, advertising, special_law.

    Advertising law article 53: anybody who reports is told. Food safety law article 115: the same.
    Anti-unfair-competition law article 20: only those who gave their name. A local promise: real names.
    """
    flags = _NODES[problem].flags if problem in _NODES else frozenset()
    if not flags and settings["notify_local"] != "yes":
        return _REAL_NAME if real_name else _NO_FACTS
    facts: set[str] = {"real_name"} if real_name else set()
    if "advertising" in flags and settings["notify_advertising"] == "yes":
        facts.add("advertising")
    food = "food" in flags and settings["notify_food"] == "yes"
    unfair = "unfair" in flags and settings["notify_unfair"] == "yes" and real_name
    if food or unfair or (settings["notify_local"] == "yes" and real_name):
        facts.add("special_law")
    return frozenset(facts)
