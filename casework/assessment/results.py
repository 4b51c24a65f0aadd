"""What follows from frozen figures and the corrections beside them: scores, totals, ranks. Nothing is read here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models import AssessmentObjection
from rules import assessment as law


@dataclass(frozen=True)
class Figure:
    """One item of one unit: `score` in hundredths, None where it is not assessed; `was` what a correction replaced."""

    key: str
    score: int | None
    part: int | None
    whole: int | None
    words: str
    was: Figure | None = None

    @property
    def shown(self) -> str:
        """Return the score as it is written."""
        return law.score_words(self.score)

    @property
    def numbers(self) -> str:
        """Return the numbers of cases or posts behind the score, where there are any."""
        return f"{self.part:,}/{self.whole:,}" if self.part is not None and self.whole is not None else ""

    @property
    def behind(self) -> str:
        """Return what stands behind the score: numbers of cases or posts, or words."""
        return "，".join(one for one in (self.numbers, self.words) if one)


@dataclass(frozen=True)
class Result:
    """One unit: its figures in the order of the items, its total and its place among its group."""

    key: str
    name: str
    group: str
    figures: tuple[Figure, ...]
    total: int | None
    weight: int
    rank: int | None
    breaches: tuple[Mapping[str, str], ...]

    @property
    def shown(self) -> str:
        """Return the total as it is written; too little was assessed of a unit without a place."""
        return law.score_words(self.total) if self.rank is not None else "--"

    @property
    def corrected(self) -> bool:
        """Tell whether one of its figures was corrected."""
        return any(one.was is not None for one in self.figures)

    def figure(self, item: str) -> Figure:
        """Return one of its figures. Raise KeyError."""
        found = next((one for one in self.figures if one.key == item), None)
        if found is None:
            raise KeyError(item)
        return found


def of(data: Mapping[str, Any], corrections: Iterable[AssessmentObjection], keys: Mapping[int, str]) -> list[Result]:
    """Return every unit's result in the order of the tree. `keys` gives the key of a unit by its id."""
    fixed: dict[tuple[str, str], AssessmentObjection] = {}
    for one in corrections:
        if one.upheld:
            fixed[keys[one.unit_id], one.item] = one
    units = data.get("units", [])
    figures = {unit["key"]: _figures(unit, fixed) for unit in units}
    weights = {one["key"]: one["weight"] for one in data.get("items", [])}
    totals = {key: law.total({one.key: one.score for one in found}, weights) for key, found in figures.items()}
    places: dict[str, int | None] = {}
    for group in law.GROUPS:
        members = {unit["key"]: totals[unit["key"]] for unit in units if unit["group"] == group}
        places.update(law.ranks(members, data["ranked_least"]) if members else {})
    return [
        Result(
            unit["key"], unit["name"], unit["group"], figures[unit["key"]], *totals[unit["key"]],
            places[unit["key"]], tuple(unit["breaches"]),
        )
        for unit in units
    ]  # fmt: skip


def _figures(unit: Mapping[str, Any], fixed: Mapping[tuple[str, str], AssessmentObjection]) -> tuple[Figure, ...]:
    found = []
    for key in law.ITEMS:
        kept = unit["items"][key]
        figure = Figure(key, kept["score"], kept["part"], kept["whole"], kept["words"])
        correction = fixed.get((unit["key"], key))
        if correction is not None:
            figure = Figure(key, correction.score, correction.part, correction.whole, "", figure)
        found.append(figure)
    return tuple(found)


def by_group(results: Sequence[Result]) -> list[tuple[str, list[Result]]]:
    """Return the groups that have units, with their label, the best unit first and those without a place last."""
    found = []
    for key, group in law.GROUPS.items():
        members = [one for one in results if one.group == key]
        if members:
            members.sort(key=lambda one: (one.rank is None, one.rank or 0))
            found.append((group.label, members))
    return found
