"""Which unit should have a filing: the first rule that fits, with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """A row of the routing table; an empty condition fits everything. `places` and `names` are parts of a text."""

    position: int
    unit_key: str
    unit_name: str
    kinds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """The proposed unit and why, in Chinese."""

    unit_key: str
    reason: str


def propose(
    rules: Sequence[RoutingRule], kind: str, category: str | None, place: str, channel: str, respondent_name: str
) -> Route | None:
    """The first rule by position that fits the filing; None when no rule does."""
    raise NotImplementedError
