"""The knowledge base (知识库): its subjects, and how well an entry fits a question, by shared pairs of characters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import log, sqrt
from types import MappingProxyType
from typing import Any

from rules.tables import only, read

_DATA: dict[str, Any] = read("knowledge.toml")
only(_DATA, "knowledge.toml", ("offered", "least", "subject"))
OFFERED: int = _DATA["offered"]
LEAST: int = _DATA["least"]
SUBJECTS: Mapping[str, str] = MappingProxyType({row["key"]: row["label"] for row in _DATA["subject"]})
TITLE_WEIGHT = 3
"""A pair in the question of an entry counts so many times one in its answer."""


def scores(asked: Iterable[str], found: Iterable[tuple[str, int, int]], entries: int) -> dict[int, float]:
    """Return for each entry how well it fits, from 0 to 100.

    `asked` are the pairs of a question; `found` (pair, entry, weight) where an entry holds one of them; `entries` how
    many entries there are. A pair that few entries hold says more than one that many do; the score is the share of what
    the question asks that the entry holds in its own question, or for a third in its answer.
    """
    wanted = set(asked)
    holding: dict[str, list[tuple[int, int]]] = {}
    for pair, entry, weight in found:
        holding.setdefault(pair, []).append((entry, weight))
    worth = {pair: log(1 + entries / (1 + len(holding.get(pair, ())))) for pair in wanted}
    best = sum(sorted(worth.values(), reverse=True)[:12]) or 1.0  # a long story is not asked to fit as a whole
    total: dict[int, float] = {}
    for pair, held in holding.items():
        for entry, weight in held:
            total[entry] = total.get(entry, 0.0) + worth.get(pair, 0.0) * sqrt(weight / TITLE_WEIGHT)
    return {entry: min(100.0, 100 * score / best) for entry, score in total.items()}
