"""Drawing a sample that can be drawn again: the same seed and the same cases give the same sample.

Order 121 article 26 lets bureaus call filers back by sample; share and minimum are the bureau's own (settings
`callback_sample` and `callback_minimum`, source: local).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence


def size(population: int, share: int, least: int) -> int:
    """Return how many of `population` are drawn: `share` per cent rounded up, at least `least`, at most all."""
    wanted = max(-(-population * share // 100), least)
    return min(population, wanted)


def draw(seed: str, unit: str, ids: Iterable[int], share: int, least: int) -> list[int]:
    """Return the ids drawn for one unit, in ascending order.

    Each id has its place by SHA-256 of seed, unit and id: nobody who does not choose the seed can choose the cases,
    and whoever knows it can check each place by hand.
    """
    ranked = sorted(set(ids), key=lambda one: hashlib.sha256(f"{seed}/{unit}/{one}".encode()).digest())
    return sorted(ranked[: size(len(ranked), share, least)])


def mark(ids: Sequence[int]) -> str:
    """Return the SHA-256 of a list of ids, to tell later whether the same cases were drawn from."""
    return hashlib.sha256(",".join(str(one) for one in sorted(ids)).encode()).hexdigest()
