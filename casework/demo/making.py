"""Making the cases of a stretch of days: who files what, how many, and the life that each case then leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from casework import intake, numbers
from casework.actors import FILER, Actor
from casework.cases import NewCase
from casework.demo import complaints, others, reports, stages, texts
from casework.demo.gatherings import Gathering
from casework.demo.life import Ids, Life, Over
from casework.demo.sources import read
from casework.demo.town import Office, Town
from casework.loading.batch import Batch, gather
from casework.loading.tables import Layout
from casework.loading.walk import Given, Walk
from rules import identifiers
from rules.calendar import EAST, start_of_day

KINDS = ("complaint", "report", "consultation", "suggestion", "misconduct")
SHARES = (66, 22, 8.5, 3, 0.5)
PAPERS_KEPT = timedelta(days=45)
LINES_KEPT = timedelta(days=10)
GROUP_SHARE = 0.25
RISING, RISING_DAYS, RISING_SHARE = "concert", 24, 0.08
"""What many complain of all at once in the last weeks, of different businesses: a hot spot."""
BY_STAFF = 0.45
HOURS = (2, 1, 0.5, 0.3, 0.3, 0.5, 1, 3, 7, 10, 10, 7, 5, 6, 8, 9, 8, 5, 4, 5, 5, 5, 4, 3)
DESK_HOURS = (0,) * 8 + (6, 10, 10, 7, 2, 3, 8, 9, 8, 4) + (0,) * 6
CHANNELS = ("hotline_12315", "platform_12315", "hotline_12345", "visit", "letter", "other_department")
CHANNEL_SHARES = (40, 22, 24, 6, 3, 5)
SOURCE_LETTERS = {"platform_12315": "PT", "hotline_12345": "DH"}
FILES_PER_CASE = 8
"""Keys of files that are set aside for each case."""


@dataclass(frozen=True)
class Chunk:
    """Days that one process makes: each with its number of cases, and the first keys they get."""

    days: tuple[tuple[date, int], ...]
    first_case: int
    first_file: int


@dataclass(frozen=True)
class Maker:
    """What every chunk needs. Read before the processes fork."""

    town: Town
    seed: int
    until: datetime
    layouts: dict[str, Layout]
    dialect: str

    def __call__(self, chunk: Chunk) -> Batch:
        """Make the cases of a chunk, ready to be written."""
        ids = Ids(chunk.first_case, chunk.first_file)
        walks: list[Walk] = []
        series: dict[str, int] = {}
        for day, count in chunk.days:
            made = Day(self, day, count, ids).make()
            walks += made.walks
            series.update(made.series)
        batch = gather(walks, self.layouts, self.until, self.dialect)
        batch.series = series
        return batch


def chunks(shares: Sequence[tuple[date, int]], size: int, first_case: int, first_file: int) -> list[Chunk]:
    """Cut the days into stretches of about `size` cases."""
    found: list[Chunk] = []
    held: list[tuple[date, int]] = []
    case, file = first_case, first_file
    for day, count in shares:
        held.append((day, count))
        total = sum(number for _, number in held)
        if total >= size:
            found.append(Chunk(tuple(held), case, file))
            case, file, held = case + total, file + total * FILES_PER_CASE, []
    if held:
        found.append(Chunk(tuple(held), case, file))
    return found


class Day:
    """One day's cases. The same seed and day give the same cases, whichever process makes them."""

    def __init__(self, maker: Maker, day: date, count: int, ids: Ids) -> None:
        self.maker, self.day, self.count, self.ids = maker, day, count, ids
        self.town = maker.town
        self.rng = Random(f"{maker.seed}/{day}/{count}")  # noqa: S311 - invented cases, no secret
        self.walks: list[Walk] = []
        self.series: dict[str, int] = {}
        self.by_staff = False

    def make(self) -> Day:
        """Make them in the order in which they came in."""
        for at, by_staff in sorted(self._moment() for _ in range(self.count)):
            # The last day is not over: what would come late has come early.
            late = at > self.maker.until
            self._one(self._before_end(self.rng.randint(5, 300)) if late else at, by_staff)
        return self

    def _before_end(self, minutes: int) -> datetime:
        """Return a moment so long before the city's last one, but still of this day."""
        return max(self.maker.until - timedelta(minutes=minutes), start_of_day(self.day))

    def _moment(self) -> tuple[datetime, bool]:
        """Return when somebody files, and whether staff register it (then in office hours)."""
        by_staff = self.rng.random() < BY_STAFF
        hour = self.rng.choices(range(24), DESK_HOURS if by_staff else HOURS)[0]
        at = datetime.combine(self.day, time(hour, self.rng.randrange(60), self.rng.randrange(60)), EAST)
        return at.astimezone(UTC), by_staff

    def _one(self, at: datetime, by_staff: bool) -> None:
        self.by_staff = by_staff
        kind = self.rng.choices(KINDS, SHARES)[0]
        getattr(self, f"_{kind}")(at)

    def _complaint(self, at: datetime) -> None:
        if self.walks and self.rng.random() < 0.012 and self._repeated(at):
            return
        group = self._group()
        station = not group and self.rng.random() < 0.02
        closed = self.town.businesses["gym"][0]
        habitual = not group and self._by_the_same()
        about: tuple[Any, ...] = ("gym", closed) if group else ()
        if habitual:
            about = ("supermarket_food", self.town.businesses["supermarket"][self.rng.choice((0, 0, 1, 2))])
        elif not group and self._rises():
            about = (RISING,)
        story = texts.complaint(self.rng, self.town, self.day, *about)
        office = self.town.offices[story.business.office]
        people = self.town.habitual if habitual else texts.filer(self.rng, self.town, office)
        values = {**people, **story.values}
        if station:
            self._station(at, values, story.business.id)
            return
        if group:
            values["problem"] = "closed_down"
        life = self._begin("complaint", at, values, office, story.business.id)
        with_end(life, lambda: complaints.live(life, bool(story.topic.get("outside")), group))

    def _group(self) -> Gathering | None:
        """Twice in the city's record many people complain of one gym within days."""
        near = next((one for one in self.town.incidents if one.last <= self._ago() <= one.first), None)
        return near if near is not None and self.rng.random() < GROUP_SHARE else None

    def _rises(self) -> bool:
        return self._ago() <= RISING_DAYS and self.rng.random() < RISING_SHARE

    def _by_the_same(self) -> bool:
        """One person complains again and again in the last weeks: what the statute names factors of."""
        return 0 < self._ago() <= RISING_DAYS and self.rng.random() < self.town.habitual_share

    def _ago(self) -> int:
        return (self.maker.until.date() - self.day).days

    def _repeated(self, at: datetime) -> bool:
        """Somebody sends the same complaint again, which is then merged into the first one."""
        first = next(
            (
                one
                for one in reversed(self.walks)
                if one.case["kind"] == "complaint" and one.party and one.case["respondent_id"]
            ),
            None,
        )
        if first is None or first.case["registered_at"] > at - timedelta(minutes=20):
            return False
        office = next(
            (o for o in self.town.offices.values() if o.unit_id == first.case["unit_id"]),
            self.town.pick_office(self.rng),
        )
        kept = {
            name: value
            for name, value in first.new.values.items()
            if name not in {"channel", "source_number", "urgent", "received_on"}
        }
        life = self._begin(
            "complaint",
            at,
            {**kept, "content": f"{kept['content']}今天已经提交过一次，不知道有没有成功，再交一次。"},
            office,
            first.case["respondent_id"],
        )
        with_end(life, lambda: _merge(life, first))
        return True

    def _station(self, at: datetime, values: dict[str, Any], respondent: int) -> None:
        station = self.rng.choice(list(self.town.stations))
        office = self.town.offices[self.town.stations[station]]
        keeper = self.town.anybody(self.rng, station, "station")
        at = at.replace(hour=self.rng.randint(1, 9))
        at = min(at, self._before_end(9))
        life = self._begin("complaint", at, values, office, respondent, keeper)

        def lead() -> None:
            others.at_station(life, station)

        with_end(life, lead)

    def _report(self, at: datetime) -> None:
        story = texts.report(self.rng, self.town, self.day)
        office = self.town.offices[story.business.office]
        people = {"anonymous": True} if self.rng.random() < 0.45 else texts.filer(self.rng, self.town, office)
        life = self._begin("report", at, {**people, **story.values}, office, story.business.id)
        with_end(life, lambda: reports.live(life))

    def _consultation(self, at: datetime) -> None:
        entry = self.rng.choice(read("questions")["consultation"])
        office = self.town.pick_office(self.rng)
        life = self._begin(
            "consultation", at, {**texts.filer(self.rng, self.town, office), "content": entry["ask"]}, office, None
        )
        with_end(life, lambda: others.consultation(life, entry))

    def _suggestion(self, at: datetime) -> None:
        entry = self.rng.choice(read("questions")["suggestion"])
        office = self.town.pick_office(self.rng)
        life = self._begin(
            "suggestion", at, {**texts.filer(self.rng, self.town, office), "content": entry["text"]}, office, None
        )
        with_end(life, lambda: others.suggestion(life, entry))

    def _misconduct(self, at: datetime) -> None:
        entry = self.rng.choice(read("questions")["sealed"])
        office = self.town.pick_office(self.rng)
        values: dict[str, Any] = {"content": entry["text"]}
        if self.rng.random() < 0.5:
            values["anonymous"] = True
        else:
            values |= {
                name: value
                for name, value in texts.filer(self.rng, self.town, office).items()
                if name in {"filer_name", "filer_phone"}
            }
        life = self._begin("misconduct", at, values, office, None)
        with_end(life, lambda: others.sealed(life))

    def _begin(
        self,
        kind: str,
        at: datetime,
        values: dict[str, Any],
        office: Office,
        respondent: int | None,
        keeper: Actor | None = None,
    ) -> Life:
        """Register a case, through the form or by staff, and return its life."""
        actor, role, channel, more = self._door(kind, keeper)
        unit = actor.staff.assignments[0].unit_id if actor.staff else self.town.ref.root().id
        values = {**values, **more}
        case_id = self.ids.next_case()
        new = NewCase(
            kind=kind, action=intake.action_of(kind, actor), values=values, actor=actor, role=role, channel=channel,
            received_on=self.day, received_at=at, unit_id=unit, anonymous=bool(values.get("anonymous")),
        )  # fmt: skip
        given = Given(
            number=self._number(kind), code=identifiers.new_query_code(self.rng.getrandbits), case_id=case_id,
            filing_id=case_id, respondent_id=respondent, papers_from=self.maker.until - PAPERS_KEPT,
            lines_from=self.maker.until - LINES_KEPT,
        )  # fmt: skip
        walk = Walk(new, given, at, self.town.ref)
        self.walks.append(walk)
        return Life(walk, self.town, self.rng, self.maker.until, self.ids, office)

    def _door(self, kind: str, keeper: Actor | None) -> tuple[Actor, str, str, dict[str, Any]]:
        """Return who registers, in which role, the channel, and what is entered besides."""
        if keeper is not None:
            return keeper, "station", "visit", {}
        if kind == "misconduct" or not self.by_staff:
            return FILER, "citizen", "online", {"received_on": self.day} if kind == "misconduct" else {}
        channel = self.rng.choices(CHANNELS, CHANNEL_SHARES)[0]
        more: dict[str, Any] = {
            "received_on": self.day,
            "channel": channel,
            "urgent": "urgent" if self.rng.random() < 0.02 else "normal",
        }
        if channel in SOURCE_LETTERS:
            more["source_number"] = f"{SOURCE_LETTERS[channel]}{self.day:%Y%m%d}{self.rng.randrange(10**6):06d}"
        return self.town.anybody(self.rng, "city", "intake"), "intake", channel, more

    def _number(self, kind: str) -> str:
        name = numbers.series_of(kind, self.day)
        self.series[name] = self.series.get(name, 0) + 1
        return identifiers.case_number(kind, self.day, self.series[name])


def with_end(life: Life, lead: Any) -> None:
    """Lead a life until its end, or until the city's last moment."""
    try:
        lead()
    except Over:
        return


def _merge(life: Life, first: Walk) -> None:
    life.wait(0, 1)
    dispatcher = life.town.anybody(life.rng, "city", "dispatcher")
    life.walk.act(
        "merge_duplicate", dispatcher, life.at,
        {
            "main_case": first.given.number,
            "_main_case": first.given.case_id,
            "reasons": "同一投诉人就同一争议重复提交，并入先收到的一件。",
        },
        (), ("same_filer",),
    )  # fmt: skip
    life.walk.link(first.given.case_id, "merged", life.at)
    stages.file_away(life)
