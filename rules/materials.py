"""What else is worth having at hand before filing, by what the matter is about (一次讲清).

Source: 宁工商〔2005〕30号四(五); the lists themselves are the bureau's own (rules/data/materials.toml). Nothing of them
is required: a filing without is taken like any other (Order 121 article 10).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rules.categories import TREES, path_of
from rules.tables import TableError, only, read, strings


@dataclass(frozen=True, slots=True)
class MaterialList:
    """The list for some nodes of the tree of goods and services, and for all below them."""

    title: str
    categories: tuple[str, ...]
    items: tuple[str, ...]


def _load() -> tuple[MaterialList, ...]:
    known = {node.key for node in TREES["goods"]}
    found = []
    taken: set[str] = set()
    for row in read("materials.toml")["list"]:
        where = f"materials.toml {row.get('title')}"
        only(row, where, ("title", "categories", "items"))
        one = MaterialList(row["title"], strings(row["categories"], where), strings(row["items"], where))
        if not one.items or not set(one.categories) <= known or taken & set(one.categories):
            raise TableError(f"{where}: no items, an unknown category, or one that has a list already")
        taken |= set(one.categories)
        found.append(one)
    return tuple(found)


LISTS: tuple[MaterialList, ...] = _load()
"""Every list, in the order in which they are shown."""
_BY_CATEGORY: Mapping[str, MaterialList] = MappingProxyType({key: one for one in LISTS for key in one.categories})


def for_category(key: str | None) -> MaterialList | None:
    """Return the list for a node of the tree of goods: its own, else that of the nearest node above; None for none."""
    return next((_BY_CATEGORY[node] for node in path_of(key) if node in _BY_CATEGORY), None)
