"""What a supervision order says when the system writes one, and how the three levels of the tree follow each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Standing:
    """The order that lives about a case, as far as a further lapse asks: how high it stands, who issued it, whether
    it waits for its answer, and whether the lapsed term is on it already."""

    place: str
    level: str
    by_system: bool
    unanswered: bool
    listed: bool


def load(root: Path = DATA) -> dict[str, Template]:
    """The orders by level; TableError unless each level has exactly one."""
    found: dict[str, Template] = {}
    for row in _table(root)["order"]:
        where = f"supervision.toml {row.get('at')}"
        only(row, where, ("at", "label", "ground", "requirement", "source"))
        if row["at"] not in PLACES or row["at"] in found:
            raise TableError(f"{where}: an unknown level, or one that stands twice")
        found[row["at"]] = Template(row["at"], row["label"], row["ground"], row["requirement"])
    if len(found) != len(PLACES):
        raise TableError("supervision.toml: a level has no order")
    return found


def _table(root: Path) -> dict[str, Any]:
    table = read("supervision.toml", root)
    only(table, "supervision.toml", ("order", "also", "also_term", "kept"))
    return table


TEMPLATES: Mapping[str, Template] = MappingProxyType(load())
_WORDS = _table(DATA)
REQUIREMENT_MOST = 1000
"""Characters of a requirement (rules/data/actions/supervision.toml)."""


def also(terms: Sequence[tuple[str, date]]) -> str:
    """The sentence about the other terms of an order, each with its label and last day; "" for none."""
    named = "、".join(_WORDS["also_term"].format(label=label, due=long_date(due)) for label, due in terms)
    return str(_WORDS["also"].format(terms=named)) if named else ""


def kept(number: str, requirement: str, room: int) -> str:
    """The sentence that lets what a person required in an earlier order stand, in at most `room` characters."""
    sentence = str(_WORDS["kept"].format(number=number, requirement=requirement))
    return sentence if len(sentence) <= room else ""


def answer_by(received_on: date, today: date, calendar: Calendar) -> date:
    """The day by which a unit answers an order of today: the rule `supervision.answer` in working days (local)."""
    version = version_for(ANSWER, received_on) or RULES[ANSWER].versions[-1]
    return calendar.add_working_days(today, version.length)


def weight(place: str, level: str) -> int:
    """How heavy an order is: by the level of the tree, then 重点督办 above 督办. A heavier one replaces a lighter."""
    return PLACES.index(place) * len(LEVELS) + LEVELS.index(level)


def heavier(one: tuple[str, str], other: tuple[str, str]) -> tuple[str, str]:
    """The heavier of two (place, level)."""
    return max(one, other, key=lambda pair: weight(*pair))


def gravity(rule: str, since_on: date) -> tuple[bool, date]:
    """What sorts the terms of an order: those of a statute before the bureau's own, then the oldest first."""
    return not RULES[rule].statutory, since_on


ISSUE, JOIN, SAY = "issue", "join", "say"


def answered_with(rule: str | None, place: str, level: str, standing: Standing | None) -> str:
    """What a lapse that asks for an order comes to while another order about the same case lives (docs/decisions/0024).

    One order lives per case, because one paper is answered and one term runs for the answer. ISSUE: a new order in
    place of the old one, which takes over its terms: where it is heavier, for a term of a statute, which no term of
    the bureau's own may hold back, and where the answer has been given already. JOIN: a lighter term is added to the
    order that waits for its answer; one that a person has issued is replaced by nothing but a heavier one. SAY: the
    term is on the order already, messages do.
    """
    if standing is None or weight(place, level) > weight(standing.place, standing.level):
        return ISSUE
    if rule is None or standing.listed:
        return SAY
    return ISSUE if standing.by_system and (RULES[rule].statutory or not standing.unanswered) else JOIN


def above(place: str) -> str | None:
    """The next level of the tree; None above the city."""
    higher = PLACES.index(place) + 1
    return PLACES[higher] if higher < len(PLACES) else None
