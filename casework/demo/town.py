"""The city as those who walk its cases know it: who works where, who sells what. Read once, before processes fork."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import Any

from casework import access
from casework.actors import Actor, by
from casework.demo.businesses import Business
from casework.demo.sources import read
from casework.reference import Reference


@dataclass(frozen=True)
class Office:
    """An office with its people and its district's."""

    key: str
    unit_id: int
    district: str
    district_name: str
    short: str
    squad: str
    weight: int
    estates: tuple[str, ...]


@dataclass
class Town:
    """Everything that a life of a case may need."""

    ref: Reference
    actors: dict[tuple[str, str], tuple[Actor, ...]]
    """By unit key and role."""
    offices: dict[str, Office]
    stations: dict[str, str]
    """Office key by station key."""
    businesses: dict[str, list[Business]] = field(default_factory=dict)
    """By trade; the first ones are complained of most."""
    unfiled: float = 0.15
    """Share of last month's closed cases that the archivist has not taken yet, so that they can be called back."""
    habitual: dict[str, Any] = field(default_factory=dict)
    """The fields of somebody who complains very often."""
    habitual_share: float = 0.0
    """Share of that person's complaints among those of the last weeks."""
    incidents: tuple[Any, ...] = ()
    """What many complain of at once (`gatherings.Gathering`)."""
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Columns of a file that is shown for evidence, papers and the like, by what it is."""

    def people(self, unit: str, role: str) -> tuple[Actor, ...]:
        """Return who holds a role in a unit."""
        return self.actors[unit, role]

    def anybody(self, rng: Random, unit: str, role: str) -> Actor:
        """Return one of them."""
        return rng.choice(self.actors[unit, role])

    def pick_office(self, rng: Random) -> Office:
        """Return an office, the larger ones more often."""
        found, upto = self._weighed
        return rng.choices(found, cum_weights=upto)[0]

    @cached_property
    def _weighed(self) -> tuple[tuple[Office, ...], tuple[float, ...]]:
        """The offices, and how much all up to each of them weigh."""
        found = tuple(self.offices.values())
        return found, tuple(accumulate(one.weight for one in found))

    def pick_business(self, rng: Random, trade: str) -> Business:
        """Return a business of a trade; a few have most of the cases."""
        found = self.businesses[trade]
        return found[int(len(found) * rng.random() ** 2.2)]


def survey(ref: Reference, now: datetime) -> Town:
    """Read who works where from the database."""
    views: dict[int, Actor] = {}
    actors: dict[tuple[str, str], tuple[Actor, ...]] = {}
    for (unit_id, role), people in ref.roles.items():
        for person in people:
            if person not in views and (view := access.view_of(person, now)) is not None:
                views[person] = by(view)
        actors[ref.units[unit_id].key, role] = tuple(views[person] for person in people)
    data = read("city")
    offices = {
        row["key"]: Office(
            key=row["key"],
            unit_id=ref.unit_keys[row["key"]].id,
            district=district["key"],
            district_name=district["name"],
            short=f"{row['name']}所",
            squad=f"{district['key']}_squad",
            weight=district["weight"] * row["weight"],
            estates=tuple(row["estates"]),
        )
        for district in data["district"]
        for row in district["offices"]
    }
    return Town(ref, actors, offices, {row["key"]: row["office"] for row in data["station"]})
