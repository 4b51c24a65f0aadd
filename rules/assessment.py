"""The assessment of units (考核): eight items with their weights, and how values become scores, totals and ranks.

Scores are whole hundredths of a point (10000 is 100.00), so that nothing is ever rounded twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from rules.briefing import report_due
from rules.calendar import Calendar
from rules.citation import parts
from rules.periods import Period
from rules.statistics import COUNTERS, MEASURES, RATE, rounded
from rules.tables import TableError, only, read, strings
from rules.workflow import WORKFLOW

POSTS, RATED, REPORT, BREACHES = "posts", "rate", "report", "breaches"
FULL = 100_00
ON_TIME, LATE, MISSING = "on_time", "late", "missing"


@dataclass(frozen=True, slots=True)
class Item:
    """One of the eight: `way` says how it is computed, `measure` names the figure of the statistics for a rate."""

    key: str
    number: int
    label: str
    way: str
    weight: int
    formula: str
    source: str
    measure: str = ""
    late: str = ""
    """The counter of the cases that speak against the unit."""


@dataclass(frozen=True, slots=True)
class Group:
    """Units that are compared with one another; each of `posts` is held by somebody in one of its roles."""

    key: str
    label: str
    posts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class BreachKind:
    """What a unit may be found to have done: points off item 8, or the item that it makes nothing of."""

    key: str
    label: str
    points: int
    clears: str


_FILE = "assessment.toml"
_ITEM = ("key", "number", "label", "way", "weight", "formula", "source")
_NUMBERS = ("least", "ranked_least", "late_report", "entry_days", "objection_days")
_DATA: dict[str, Any] = read(_FILE)
only(_DATA, _FILE, ("name", *_NUMBERS, "group", "complete", "item", "breach"))


def _items() -> dict[str, Item]:
    found: dict[str, Item] = {}
    for row in _DATA["item"]:
        where = f"{_FILE} item {row.get('key')}"
        way = row.get("way")
        of_rates = ("measure", "late") if way == RATED else ()
        only(row, where, (*_ITEM, *of_rates))
        parts(row["source"])
        if way not in (POSTS, RATED, REPORT, BREACHES) or (
            way == RATED and (MEASURES[row["measure"]].kind != RATE or row["late"] not in COUNTERS)
        ):
            raise TableError(f"{where}: nobody knows how it is computed")
        found[row["key"]] = Item(**row)
    if [one.number for one in found.values()] != list(range(1, 9)) or sum(one.weight for one in found.values()) != 100:
        raise TableError(f"{_FILE}: there are eight items, and their weights make 100")
    return found


def _groups() -> dict[str, Group]:
    found: dict[str, Group] = {}
    for row in _DATA["group"]:
        where = f"{_FILE} group {row.get('key')}"
        only(row, where, ("key", "label", "posts"))
        posts = tuple(strings(one, where) for one in row["posts"])
        if not posts or not {role for one in posts for role in one} <= WORKFLOW.roles.keys():
            raise TableError(f"{where}: it has no posts, or posts that are none")
        found[row["key"]] = Group(row["key"], row["label"], posts)
    return found


def _breach_kinds() -> dict[str, BreachKind]:
    found: dict[str, BreachKind] = {}
    for row in _DATA["breach"]:
        where = f"{_FILE} breach {row.get('key')}"
        only(row, where, BreachKind.__slots__)
        if row["clears"] and row["clears"] not in ITEMS:
            raise TableError(f"{where}: it clears an item that is none")
        found[row["key"]] = BreachKind(**row)
    return found


NAME: str = _DATA["name"]
LEAST: int = _DATA["least"]
RANKED_LEAST: int = _DATA["ranked_least"]
LATE_REPORT: int = _DATA["late_report"] * 100
ENTRY_DAYS: int = _DATA["entry_days"]
OBJECTION_DAYS: int = _DATA["objection_days"]
ITEMS: Mapping[str, Item] = MappingProxyType(_items())
GROUPS: Mapping[str, Group] = MappingProxyType(_groups())
BREACH_KINDS: Mapping[str, BreachKind] = MappingProxyType(_breach_kinds())
WEIGHTS: Mapping[str, int] = MappingProxyType({one.key: one.weight for one in ITEMS.values()})
COMPLETE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {kind: strings(columns, f"{_FILE} complete {kind}") for kind, columns in _DATA["complete"].items()}
)
"""By kind of case: the columns that must be filled."""


def rate(part: int, whole: int, least: int = LEAST) -> int | None:
    """Return the score of a rate; None (不考核) where its whole is too small to say anything.

    What is not all is never rounded up to 100, and what is not nothing never down to 0.
    """
    if whole < max(least, 1):
        return None
    score = rounded(part * FULL, whole)
    return min(max(score, 1), FULL - 1) if 0 < part < whole else score


def posts(group: Group, held: Iterable[str]) -> tuple[int, int, tuple[str, ...]]:
    """Return (posts that somebody holds, posts there must be, words of those that nobody holds)."""
    roles = set(held)
    missing = tuple(
        "或".join(WORKFLOW.roles[role].label for role in one) for one in group.posts if roles.isdisjoint(one)
    )
    return len(group.posts) - len(missing), len(group.posts), missing


def report(standing: str) -> int:
    """Return what a district's report is worth: on_time, late or missing."""
    return {ON_TIME: FULL, LATE: LATE_REPORT, MISSING: 0}[standing]


def breaches(kinds: Iterable[str]) -> int:
    """Return what the breaches found leave of item 8."""
    return max(FULL - 100 * sum(BREACH_KINDS[one].points for one in kinds), 0)


def cleared(item: str, kinds: Iterable[str]) -> bool:
    """Tell whether one of the breaches makes nothing of an item."""
    return any(BREACH_KINDS[one].clears == item for one in kinds)


def total(scores: Mapping[str, int | None], weights: Mapping[str, int]) -> tuple[int | None, int]:
    """Return (the weighted mean of the items that are assessed, what those weigh together)."""
    counted = [(weights[key], score) for key, score in scores.items() if score is not None]
    weight = sum(one for one, _ in counted)
    return (rounded(sum(one * score for one, score in counted), weight) if weight else None), weight


def ranks(totals: Mapping[str, tuple[int | None, int]], least: int = RANKED_LEAST) -> dict[str, int | None]:
    """Return the place of each unit of a group: equal totals share one, and too little weight has none."""
    ranked = {key: score for key, (score, weight) in totals.items() if score is not None and weight >= least}
    return {key: 1 + sum(other > ranked[key] for other in ranked.values()) if key in ranked else None for key in totals}


def score_words(score: int | None) -> str:
    """Return 97.30, or 不考核."""
    return "不考核" if score is None else f"{score // 100}.{score % 100:02d}"


def counted_from(month: Period, calendar: Calendar) -> date:
    """Return the first day on which a month may be counted: the districts' reports are due the day before it."""
    return calendar.add_working_days(report_due(month, calendar), 1)


def objections_until(frozen_on: date, calendar: Calendar) -> date:
    """Return the last day on which a unit may object."""
    return calendar.add_working_days(frozen_on, OBJECTION_DAYS)
