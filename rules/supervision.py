"""What a supervision order says when the system writes one, and how the three levels of the tree follow each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

from rules.calendar import Calendar
from rules.explanation import long_date
from rules.tables import DATA, TableError, only, read
from rules.terms import RULES, version_for

ANSWER = "supervision.answer"
OFFICE, DISTRICT, CITY = PLACES = ("office", "district", "city")
"""Levels of the tree, in the order in which a lapse climbs them."""
LEVELS = ("supervise", "key_supervise")


@dataclass(frozen=True, slots=True)
class Template:
    """The order of one level: its label, its ground and its requirement with {label}, {due} and {answer} to fill."""

    place: str
    label: str
    ground: str
    requirement: str

    def fill(self, term: str, due: date, answer_by: date) -> str:
        """The requirement about a term that ended on `due`, to be answered by `answer_by`."""
        return self.requirement.format(label=term, due=long_date(due), answer=long_date(answer_by))


def load(root: Path = DATA) -> dict[str, Template]:
    """The orders by level; TableError unless each level has exactly one."""
    found: dict[str, Template] = {}
    for row in read("supervision.toml", root)["order"]:
        where = f"supervision.toml {row.get('at')}"
        only(row, where, ("at", "label", "ground", "requirement", "source"))
        if row["at"] not in PLACES or row["at"] in found:
            raise TableError(f"{where}: an unknown level, or one that stands twice")
        found[row["at"]] = Template(row["at"], row["label"], row["ground"], row["requirement"])
    if len(found) != len(PLACES):
        raise TableError("supervision.toml: a level has no order")
    return found


TEMPLATES: Mapping[str, Template] = MappingProxyType(load())


def answer_by(received_on: date, today: date, calendar: Calendar) -> date:
    """The day by which a unit answers an order of today: the rule `supervision.answer` in working days (local)."""
    version = version_for(ANSWER, received_on) or RULES[ANSWER].versions[-1]
    return calendar.add_working_days(today, version.length)


def weight(place: str, level: str) -> int:
    """How heavy an order is: by the level of the tree, then 重点督办 above 督办. A heavier one replaces a lighter."""
    return PLACES.index(place) * len(LEVELS) + LEVELS.index(level)


def above(place: str) -> str | None:
    """The next level of the tree; None above the city."""
    higher = PLACES.index(place) + 1
    return PLACES[higher] if higher < len(PLACES) else None
