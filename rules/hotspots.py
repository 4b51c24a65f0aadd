"""Hot spots (热点): which counts have risen against their own past beyond chance.

A count of a window is held against the windows before it and against the same window of earlier years. What chance
alone would give is a negative binomial: its mean is the past mean, its spread that of counts, widened by how unevenly
the past came and by how little past there is. `rising` names what lies beyond it. The false-alarm rate is that of
Benjamini and Hochberg: where nothing has risen, a family says anything at all in at most q of the looks; where
something has, at most q of what it says is chance. tests/rules/test_hotspots.py measures both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, lgamma, log
from types import MappingProxyType
from typing import Any

from rules.citation import parts
from rules.tables import TableError, only, read, strings

CATEGORY, PROBLEM, PLACE, LOCAL = "category", "problem", "place", "local"
TERM, RESPONDENT, PREPAID, FILER = "term", "respondent", "prepaid", "filer"
STEADY = 12.0
"""The spread of a family weighs as much as so many windows of the series itself."""
SAFETY = 1.15
"""A spread guessed from few windows is guessed too small oftener than too large; measured on simulated counts."""


@dataclass(frozen=True)
class Kind:
    """What is compared. `cases`: they are kept with the signal; `draft`: it may become the draft of a warning."""

    key: str
    label: str
    unit: str
    draft: bool
    cases: bool = False


@dataclass(frozen=True)
class Factor:
    """One factor about a filer that can be counted, and from how many on it is shown."""

    key: str
    label: str
    least: int


@dataclass(frozen=True)
class Terms:
    """How terms are looked for; rules/data/hotspots.toml explains each number."""

    texts: int
    past_texts: int
    characters: int
    longest: int
    cohesion: float
    freedom: float
    ratio: float
    likelihood: float
    most: int


@dataclass(frozen=True)
class Prepaid:
    """When complaints about prepaid money of one business look like its end."""

    problems: tuple[str, ...]
    closing: tuple[str, ...]
    words: tuple[str, ...]
    least: int
    least_words: int


_DATA: dict[str, Any] = read("hotspots.toml")
_NUMBERS = ("window_days", "windows", "years", "least_windows", "floor", "ratio", "q")
only(_DATA, "hotspots.toml", (*_NUMBERS, "kind", "terms", "prepaid", "factor"))


def _kinds() -> dict[str, Kind]:
    found = {}
    for row in _DATA["kind"]:
        only(row, f"hotspots.toml kind {row.get('key')}", ("key", "label", "unit", "draft", "source"), ("cases",))
        parts(row["source"])
        found[row["key"]] = Kind(row["key"], row["label"], row["unit"], row["draft"], row.get("cases", False))
    if set(found) != {CATEGORY, PROBLEM, PLACE, LOCAL, TERM, RESPONDENT, PREPAID, FILER}:
        raise TableError("hotspots.toml kind: it names other kinds than rules/hotspots.py")
    return found


def _factors() -> dict[str, Factor]:
    found = {}
    for row in _DATA["factor"]:
        only(row, f"hotspots.toml factor {row.get('key')}", ("key", "label", "least", "source"))
        parts(row["source"])
        found[row["key"]] = Factor(row["key"], row["label"], row["least"])
    return found


def _prepaid() -> Prepaid:
    row = _DATA["prepaid"]
    only(row, "hotspots.toml prepaid", ("problems", "closing", "words", "least", "least_words"))
    where = "hotspots.toml prepaid"
    return Prepaid(
        strings(row["problems"], where),
        strings(row["closing"], where),
        strings(row["words"], where),
        row["least"],
        row["least_words"],
    )


WINDOW_DAYS: int = _DATA["window_days"]
WINDOWS: int = _DATA["windows"]
YEARS: int = _DATA["years"]
LEAST_WINDOWS: int = _DATA["least_windows"]
FLOOR: int = _DATA["floor"]
RATIO: float = _DATA["ratio"]
Q: float = _DATA["q"]
KINDS: Mapping[str, Kind] = MappingProxyType(_kinds())
FACTORS: Mapping[str, Factor] = MappingProxyType(_factors())
TERMS = Terms(**_DATA["terms"])
PREPAID_RULE = _prepaid()
IN_A_YEAR = 364 // WINDOW_DAYS
"""So many windows lie between a window and the same weeks of the year before."""
if WINDOW_DAYS % 7 or 364 % WINDOW_DAYS or WINDOWS >= IN_A_YEAR:
    raise TableError("hotspots.toml: a window has whole weeks, some of which make a year; the windows end within it")


@dataclass(frozen=True)
class Window:
    """Days from `first` to `last`, both included; `back` windows before the one that is looked at."""

    back: int
    first: date
    last: date


def windows(last: date) -> list[Window]:
    """Return the window that ends on a day, those right before it, and the same one of earlier years."""
    wanted = [*range(WINDOWS + 1), *(IN_A_YEAR * year for year in range(1, YEARS + 1))]
    found = []
    for back in wanted:
        end = last - timedelta(days=WINDOW_DAYS * back)
        found.append(Window(back, end - timedelta(days=WINDOW_DAYS - 1), end))
    return found


@dataclass(frozen=True)
class Series:
    """The counts of one subject: now, in the windows before (the nearest first), and in earlier years."""

    subject: str
    now: int
    past: tuple[int, ...]
    years: tuple[int, ...] = ()


@dataclass(frozen=True)
class Measure:
    """How much of what is counted each window held against the one that is looked at (1: as much)."""

    past: tuple[float, ...]
    years: tuple[float, ...] = ()


@dataclass(frozen=True)
class Risen:
    """A count beyond chance. `expected`: what the past lets expect; `chance`: how likely so many or more are by chance
    alone; `place` of `tested`: where it stands among all that were looked at."""

    series: Series
    expected: float
    chance: float
    place: int
    tested: int


def measure(now: int, past: Sequence[int], years: Sequence[int] = ()) -> Measure:
    """Return the measure of windows by all that was received in them.

    Where the whole has grown, the past is raised with it: what grows with everything else is no hot spot of its own.
    Where the whole has shrunk, the past stays as it was: a count that only kept its level has not risen.
    """
    whole = max(now, 1)
    return Measure(tuple(min(1.0, one / whole) for one in past), tuple(min(1.0, one / whole) for one in years))


def rising(series: Iterable[Series], by: Measure, tested: int, *, ratio: float = RATIO) -> list[Risen]:
    """Return what has risen beyond chance, the least likely first. `tested`: how many there are in the family, those
    included that had no case and are not among `series`. Pure; the order of `series` does not matter."""
    if sum(one > 0 for one in by.past) < LEAST_WINDOWS:
        return []
    given = sorted(series, key=lambda one: one.subject)
    shares = (*by.past, *by.years)
    spread = _spread_of_family([(*one.past, *one.years) for one in given], shares)
    judged = []
    for one in given:
        if one.now < FLOOR:
            continue
        past = (*one.past, *one.years)
        wide = _spread(past, shares, spread)
        expected, chance = _against(one.now, past, shares, wide)
        judged.append((chance, one, expected, wide))
    judged.sort(key=lambda found: (found[0], found[1].subject))
    whole = max(tested, len(judged))
    last = max((n for n, found in enumerate(judged, 1) if found[0] <= Q * n / whole), default=0)
    return [
        Risen(one, expected, chance, place, whole)
        for place, (chance, one, expected, wide) in enumerate(judged[:last], 1)
        if one.now >= ratio * expected and not _usual_for_the_season(one, by.years, wide, ratio)
    ]


def _usual_for_the_season(one: Series, shares: Sequence[float], spread: float, ratio: float) -> bool:
    """Tell whether the same weeks of earlier years let expect about as many: what comes every year is no hot spot."""
    if not any(share > 0 for share in shares):
        return False
    expected, chance = _against(one.now, one.years, shares, spread)
    return chance > Q or one.now < ratio * expected


def _against(now: int, past: Sequence[int], shares: Sequence[float], spread: float) -> tuple[float, float]:
    """Return (expected, chance of so many or more) by some windows. A half case more than were seen stands for what was
    not seen: nothing is impossible because it has not happened yet."""
    length = sum(shares)
    mean = (sum(past) + 0.5) / length
    return mean, tail(now, mean, spread * mean * (1 + 1 / length))


def _unevenness(past: Sequence[int], shares: Sequence[float]) -> tuple[float, int]:
    """Return (spread of the past against that of chance, windows behind it); one window less than there are."""
    mean = sum(past) / sum(shares)
    used = [(count, mean * share) for count, share in zip(past, shares, strict=True) if share > 0]
    if mean <= 0 or len(used) < 2:
        return 1.0, 0
    return sum((count - wanted) ** 2 / wanted for count, wanted in used) / (len(used) - 1), len(used) - 1


def _spread_of_family(series: Sequence[Sequence[int]], shares: Sequence[float]) -> float:
    """Return how much more uneven than chance the series of a family usually are; those with next to no cases are left
    out, and so is the most uneven tenth: what was a hot spot once must not hide the next."""
    found = sorted(_unevenness(past, shares)[0] for past in series if sum(past) >= max(FLOOR, sum(shares)))
    kept = found[: len(found) - len(found) // 10]
    return max(1.0, sum(kept) / len(kept)) * SAFETY if kept else SAFETY


def _spread(past: Sequence[int], shares: Sequence[float], family: float) -> float:
    own, behind = _unevenness(past, shares)
    return max(family, (STEADY * family + behind * own) / (STEADY + behind))


def tail(count: int, mean: float, variance: float) -> float:
    """Return how likely a negative binomial of this mean and variance gives `count` or more; 1 up to the mean."""
    if count <= mean:
        return 1.0
    size, again = mean * mean / (variance - mean), 1 - mean / variance
    term = exp(
        lgamma(count + size) - lgamma(size) - lgamma(count + 1) + size * log(mean / variance) + count * log(again)
    )
    total = term
    for number in range(count, count + 20_000):
        term *= (number + size) / (number + 1) * again
        total += term
        if term < total * 1e-12:
            break
    return min(total, 1.0)
