"""The life of one invented case: time that passes as in an office, and acts until the city's last moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from casework.actors import Actor
from casework.demo.texts import work
from casework.demo.town import Office, Town
from casework.loading.walk import Walk
from rules.calendar import EAST, local_date

OPENS, LATEST, CLOSES = 8 * 60 + 40, 17 * 60, 17 * 60 + 20
"""Minutes of the day: when work begins, until when something new is begun, when it ends."""
SLOW_SHARE = 0.06
"""Cases that lie about too long."""


class Over(Exception):
    """The city's last moment has come: what would follow has not happened yet."""


@dataclass
class Ids:
    """Keys that are given out in order: of cases (their filings have the same) and of files."""

    case: int
    file: int

    def next_case(self) -> int:
        """Return the key of the next case."""
        self.case += 1
        return self.case - 1

    def next_file(self) -> int:
        """Return the key of the next file."""
        self.file += 1
        return self.file - 1


class Life:
    """One case being lived: who has it, what time it is, what chance decides."""

    def __init__(self, walk: Walk, town: Town, rng: Random, until: datetime, ids: Ids, office: Office) -> None:
        self.walk, self.town, self.rng, self.until, self.ids, self.office = walk, town, rng, until, ids, office
        self.at = walk.last_at
        self.slow = rng.uniform(2.5, 6) if rng.random() < SLOW_SHARE else 1.0
        self.handler = rng.choice(town.people(office.key, "handler"))
        self.lead = town.anybody(rng, office.key, "lead")
        self.leader = town.anybody(rng, office.district, "leader")

    @property
    def handler_id(self) -> int:
        """Return the handler's id."""
        found = self.handler.id
        if found is None:
            raise ValueError("the handler is nobody of the staff")
        return found

    @property
    def handler_name(self) -> str:
        """Return the handler's name."""
        return self.town.ref.names[self.handler_id]

    @property
    def today(self) -> date:
        """Return the local day it is."""
        return local_date(self.at)

    @property
    def old_rules(self) -> bool:
        """Tell whether the case lives under Order 20."""
        return bool(self.walk.case["regime"] == "order-20")

    def chance(self, share: float) -> bool:
        """Decide something."""
        return self.rng.random() < share

    def say(self, kind: str, **blanks: Any) -> str:
        """Return a sentence that staff write."""
        return work(self.rng, kind, **blanks)

    def wait(self, least: float, most: float, *, office_hours: bool = True) -> None:
        """Let working days pass (fractions: within a day); raise Over when the city's last moment is reached.

        Most waits are near the shorter end; a slow case takes several times as long.
        """
        length = (least + (most - least) * self.rng.random() ** 1.8) * (self.slow if office_hours else 1.0)
        local = self.at.astimezone(EAST)
        if not office_hours:
            self._move(local + timedelta(days=length, minutes=self.rng.randint(1, 300)))
            return
        calendar, day, begin = self.town.ref.calendar, local.date(), OPENS
        now, whole = local.hour * 60 + local.minute, int(length)
        if whole:
            day = calendar.add_working_days(day, whole)
        elif now < LATEST and calendar.is_working(day):
            begin = max(now, OPENS)
        else:
            day = calendar.add_working_days(day, 1)
        minute = begin + max(2, int((CLOSES - begin) * self.rng.random() ** 1.4))
        moment = datetime(day.year, day.month, day.day, minute // 60, minute % 60, self.rng.randrange(60), tzinfo=EAST)
        self._move(max(moment, local + timedelta(minutes=2)))

    def _move(self, moment: datetime) -> None:
        self.at = moment.astimezone(self.until.tzinfo)
        if self.at > self.until:
            raise Over

    def wait_until(self, day: date) -> None:
        """Let time pass to the morning of a day, if it has not come yet."""
        if day > self.today:
            at = datetime(
                day.year, day.month, day.day, 9, self.rng.randint(0, 59), self.rng.randint(0, 59), tzinfo=EAST
            )
            self._move(at)

    def do(
        self, action: str, actor: Actor, *, attested: Iterable[str] = (), known: Iterable[str] = (), **values: Any
    ) -> None:
        """Do one act now; what is None was left empty."""
        given = {name: value for name, value in values.items() if value is not None}
        self.walk.act(action, actor, self.at, given, attested, known)

    def files(self, what: str, field: str, actor: Actor) -> list[int]:
        """Bind a file to the act that comes next, and return its key as the field wants it."""
        found = self.ids.next_file()
        self.walk.attach(
            {
                **self.town.files[what],
                "id": found,
                "field": field,
                "uploaded_by": "staff" if actor.staff else "citizen",
                "staff_id": actor.id,
                "uploaded_at": self.at - timedelta(minutes=1),
            }
        )
        return [found]

    def due_of(self, rule: str) -> date | None:
        """Return the day on which a running term ends."""
        row = self.walk.clocks.get(rule)
        return row.due.on if row else None
