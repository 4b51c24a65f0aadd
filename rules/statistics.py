"""Statistics: which figures there are and how each is computed, and how a number may be compared with another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from rules import categories
from rules.citation import parts
from rules.tables import TableError, day, only, read, strings
from rules.terms import RULES

COUNT, MONEY, RATE, DAYS = "count", "money", "rate", "days"
_NAMES = {COUNT: ("counter",), MONEY: ("counter",), RATE: ("part", "whole"), DAYS: ("counter", "share")}
PLAIN_COUNTERS = frozenset(
    {
        "received", "decided", "concluded", "open", "accepted", "refused", "settled", "terminated", "mediated",
        "opened", "not_opened", "verified", "claims", "recoveries", "rated", "satisfied", "dissatisfied",
        "called", "reached", "called_satisfied",
        "entered_well", "supervised", "supervised_in_time", "supervised_late",
        "looked", "looked_in_order", "looked_late", "entered_badly",
    }
)  # fmt: skip
"""What is counted, besides the three counters of each rate. How: casework/statistics/counters.py."""
OF_RATES = ("due", "in_time", "late")


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: `counter` is what a count, a sum of money or a number of days is taken of; a rate is `part` of
    `whole`. `share` (per cent) belongs to days. `formula` and `source` stand beside the figure."""

    key: str
    label: str
    kind: str
    formula: str
    source: str
    counter: str = ""
    part: str = ""
    whole: str = ""
    share: int = 0


@dataclass(frozen=True, slots=True)
class Topic:
    """The figures that one table shows."""

    key: str
    label: str
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Timely:
    """Terms whose keeping one rate watches."""

    key: str
    label: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Renamed:
    """A category that was called otherwise up to `until`; `old` is its key of then, None when the key is the same."""

    key: str
    label: str
    until: date
    old: str | None


@dataclass(frozen=True, slots=True)
class Grace:
    """A decision that counts as in time some working days after its term: of which rule, with which outcome, and the
    setting that says how many days."""

    rule: str
    outcome: str
    setting: str


_DATA: dict[str, Any] = read("statistics.toml")
only(_DATA, "statistics.toml", ("floor", "decided_by", "grace", "topic", "measure", "rate", "breakdown", "ending"))


def _rates() -> dict[str, Timely]:
    found: dict[str, Timely] = {}
    for row in _DATA["rate"]:
        where = f"statistics.toml rate {row.get('key')}"
        only(row, where, ("key", "label", "rules"))
        found[row["key"]] = Timely(row["key"], row["label"], _terms(row["rules"], where))
    return found


def _terms(raw: object, where: str) -> tuple[str, ...]:
    rules = strings(raw, where)
    if unknown := [rule for rule in rules if rule not in RULES]:
        raise TableError(f"{where}: no such terms {unknown}")
    return rules


def _measures(counters: frozenset[str]) -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    for row in _DATA["measure"]:
        where = f"statistics.toml measure {row.get('key')}"
        if row.get("kind") not in _NAMES:
            raise TableError(f"{where}: it has no kind")
        only(row, where, ("key", "label", "kind", "formula", "source", *_NAMES[row["kind"]]))
        parts(row["source"])
        if row["key"] in found or not {row.get(name) for name in ("counter", "part", "whole")} - {None} <= counters:
            raise TableError(f"{where}: it stands twice, or counts what nobody counts")
        found[row["key"]] = Measure(**row)
    return found


def _topics(measures: Mapping[str, Measure]) -> dict[str, Topic]:
    found: dict[str, Topic] = {}
    for row in _DATA["topic"]:
        only(row, f"statistics.toml topic {row.get('key')}", ("key", "label", "measures"))
        found[row["key"]] = Topic(row["key"], row["label"], tuple(measures[key] for key in row["measures"]))
    return found


def _renamed() -> tuple[Renamed, ...]:
    found = []
    for row in read("categories/renamed.toml")["renamed"]:
        where = f"categories/renamed.toml {row.get('key')}"
        only(row, where, ("key", "label", "until", "source"), ("old",))
        categories.category(row["key"])
        found.append(Renamed(row["key"], row["label"], day(row["until"], where), row.get("old")))
    return tuple(found)


FLOOR: int = _DATA["floor"]
"""Below this a number is too small to be the base of a percentage."""
DECIDED_BY = _terms(_DATA["decided_by"], "statistics.toml decided_by")
GRACE = Grace(**_DATA["grace"])
RATES: Mapping[str, Timely] = MappingProxyType(_rates())
COUNTERS = PLAIN_COUNTERS | {f"{rate}.{name}" for rate in RATES for name in OF_RATES}
MEASURES: Mapping[str, Measure] = MappingProxyType(_measures(COUNTERS))
TOPICS: Mapping[str, Topic] = MappingProxyType(_topics(MEASURES))
BREAKDOWNS: Mapping[str, str] = MappingProxyType({row["key"]: row["label"] for row in _DATA["breakdown"]})
ENDINGS: Mapping[str, str] = MappingProxyType({row["key"]: row["label"] for row in _DATA["ending"]})
"""The lists of grounds that say how a case ended, with their words."""
RENAMED = _renamed()


@dataclass(frozen=True, slots=True)
class Change:
    """How a number stands against an earlier one.

    `way` is "percent" (`tenths`: change in tenths of a per cent), "points" (`tenths`: in tenths of a percentage point),
    "numbers" (too small for a percentage: both numbers are named), "same", or "none" (nothing to compare).
    """

    way: str
    was: int
    now: int
    tenths: int = 0

    def words(self, write: Callable[[int], str] = "{}件".format) -> str:
        """Return it in words: 上升12.5%, 提高1.3个百分点, 由3件增至7件, 持平, --. `write` gives a number its unit."""
        if self.way == "percent":
            return f"{'上升' if self.tenths > 0 else '下降'}{_tenths(self.tenths)}%"
        if self.way == "points":
            return f"{'提高' if self.tenths > 0 else '降低'}{_tenths(self.tenths)}个百分点"
        if self.way == "numbers":
            return f"由{write(self.was)}{'增至' if self.now > self.was else '减至'}{write(self.now)}"
        return {"same": "持平", "none": "--"}[self.way]

    def short(self, write: Callable[[int], str] = "{:,}".format) -> str:
        """Return it for a column of a table: +12.5%, +1.3点, 3→7, 持平, --."""
        if self.way == "numbers":
            return f"{write(self.was)}→{write(self.now)}"
        if self.way in ("percent", "points"):
            sign = "+" if self.tenths > 0 else "-"
            return f"{sign}{_tenths(self.tenths)}{'%' if self.way == 'percent' else '点'}"
        return {"same": "持平", "none": "--"}[self.way]


def _tenths(number: int) -> str:
    return f"{abs(number) // 10}.{abs(number) % 10}"


def change(now: int, was: int, base: int | None = None, floor: int = FLOOR) -> Change:
    """Return how `now` stands against `was`: no percentage of a base below `floor`, none of nothing.

    `base` is how many cases stand behind `was` where it is not a number of cases itself. A difference that rounds to
    0.0 per cent is named by its numbers, never called equal.
    """
    if now == was:
        return Change("none" if now == 0 else "same", was, now)
    if was <= 0 or (was if base is None else base) < floor:
        return Change("numbers", was, now)
    tenths = rounded((now - was) * 1000, was)
    return Change("percent", was, now, tenths) if tenths else Change("numbers", was, now)


def points(now: tuple[int, int], was: tuple[int, int], floor: int = FLOOR) -> Change:
    """Return how a rate (part, whole) stands against an earlier one; nothing where a whole is below `floor`."""
    if min(now[1], was[1]) < max(floor, 1):
        return Change("none", was[0], now[0])
    tenths = rounded((now[0] * was[1] - was[0] * now[1]) * 1000, now[1] * was[1])
    return Change("points" if tenths else "same", was[0], now[0], tenths)


def percentage(part: int, whole: int, floor: int = FLOOR, places: int = 2) -> str:
    """Return 61.30%; of a whole below `floor` 2/3 (both numbers), of nothing --.

    What is not all is never rounded up to 100%, and what is not nothing never down to 0%.
    """
    if whole <= 0:
        return "--"
    if whole < floor:
        return f"{part}/{whole}"
    scale = 10**places
    units = rounded(part * 100 * scale, whole)
    if 0 < part < whole:
        units = min(max(units, 1), 100 * scale - 1)
    return f"{units // scale}.{units % scale:0{places}d}%"


def rounded(number: int, by: int) -> int:
    """Return the quotient rounded half away from nought, without floating point; `by` is above nought."""
    whole = (2 * abs(number) + by) // (2 * by)
    return whole if number >= 0 else -whole


def rank(histogram: Mapping[int, int], share: int) -> int | None:
    """Return the value that `share` per cent of all do not exceed (nearest rank), None of nothing."""
    total = sum(histogram.values())
    if total == 0:
        return None
    wanted, seen = -(-total * share // 100), 0
    for value in sorted(histogram):
        seen += histogram[value]
        if seen >= max(wanted, 1):
            return value
    raise AssertionError("a share above a hundred per cent")


def keys_of(category: str, renamed: Iterable[Renamed] = RENAMED) -> tuple[str, ...]:
    """Return every key under which cases of a category and of those below it were ever filed. KeyError for no category.

    Order: that of the tree, old keys after the key of today.
    """
    tree = categories.TREES[_tree_of(category)]
    old = old_keys(renamed)
    found: list[str] = []
    for node in tree:
        if category in node.path:
            found += [node.key, *old.get(node.key, ())]
    return tuple(found)


def old_keys(renamed: Iterable[Renamed] = RENAMED) -> dict[str, list[str]]:
    """Return the old keys of each category that had any."""
    found: dict[str, list[str]] = {}
    for one in renamed:
        if one.old is not None:
            found.setdefault(one.key, []).append(one.old)
    return found


def _tree_of(category: str) -> str:
    tree = categories.category(category).tree
    return "goods" if tree == "services" else tree


def former_names(category: str, periods: Sequence[date], renamed: Iterable[Renamed] = RENAMED) -> tuple[Renamed, ...]:
    """Return the former names of a category that were in use on one of these days (first days of periods)."""
    return tuple(one for one in renamed if one.key == category and any(first <= one.until for first in periods))
