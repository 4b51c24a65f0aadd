"""Sources as lawyers write them: `order-121:15(1)` becomes 《…办法》第十五条第一款."""

from __future__ import annotations


def cite(source: str) -> str:
    """A source of the tables in Chinese; several, separated by "; ", are joined by 、."""
    raise NotImplementedError
