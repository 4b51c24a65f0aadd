"""The trees of goods, services and problems, and from which of the five former hotlines each subject came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """A node of a tree: `key` is stored, `path` are the keys from the root, `flags` advertising, food, unfair."""

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
    words: tuple[str, ...]


TREES: Mapping[str, tuple[Category, ...]] = {}
HOTLINES: Mapping[str, str] = {}


def category(key: str) -> Category:
    """The node with this key; KeyError if there is none."""
    raise NotImplementedError


def tree(name: str) -> tuple[Category, ...]:
    """The nodes of a tree in order: goods, services, problem (complaints), report_problem."""
    raise NotImplementedError


def children(name: str, parent: str | None = None) -> tuple[Category, ...]:
    """The nodes below a node, or the top of a tree."""
    raise NotImplementedError


def full_name(key: str) -> str:
    """The labels from the root joined by -> as in the national export."""
    raise NotImplementedError


def notice_facts(problem: str | None, real_name: bool, settings: Mapping[str, str]) -> frozenset[str]:
    """Which notice duties a report on this problem has: real_name, advertising, special_law."""
    raise NotImplementedError
