"""Many terms that fall due at the same moment: complaints of one morning, each with an officer, none decided on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select, update

from benchmarks.cities import CannotMeasure, City, opened
from casework import intake, numbers, reference
from casework.actors import FILER
from casework.cases import NewCase
from casework.demo import town
from casework.loading import writer
from casework.loading.batch import gather
from casework.loading.tables import layouts
from casework.loading.walk import Given, Walk
from casework.reference import Reference
from models import Case, Deadline, Event, Filing, SupervisionOrder, clock, db
from models.base import writing
from rules import deadlines, identifiers
from rules.calendar import at_time, local_date
from rules.deadlines import Moment

RULE = "complaint.decide"
KIND = "complaint"
MORNING = time(10, 0)
BATCH = 1000
RECORDED = {"urge": "remind", "lapse": "mark_overdue", "supervise": "supervise"}
"""What the terms say while they are measured (on the morning of their last day, at its end, a working day later), and
the act by which it stands in the record of the case."""


@dataclass(frozen=True)
class Falling:
    """The cases whose terms fall due, by their first and last key, and the moments at which the terms speak."""

    first: int
    last: int
    steps: tuple[Moment, ...]

    @property
    def count(self) -> int:
        """How many terms there are."""
        return self.last - self.first + 1

    @property
    def eve(self) -> datetime:
        """The moment before the first step."""
        return self.steps[0].at - timedelta(minutes=1)


def prepare(city: City, count: int) -> Falling:
    """Give a city `count` complaints whose terms end on one working day to come."""
    with opened(city):
        ref = reference.current()
        day = ref.calendar.add_working_days(local_date(clock.now()), 2)
        received, steps = _plan(day, ref)
        first = 1 + max(db.session.scalar(select(func.max(key))) or 0 for key in (Case.id, Filing.id))
        with writing() as session:
            number = numbers.take(session.connection(), numbers.series_of(KIND, received), count)
        found = Falling(first, first + count - 1, steps)
        walker, dialect = _Walker(ref, received, found.eve), db.engine.dialect.name
        with writer.opened(db.engine) as book:
            for start in range(0, count, BATCH):
                places = range(start, min(start + BATCH, count))
                walks = [walker.walk(place, first + place, number + place) for place in places]
                book.write(gather(walks, layouts(dialect), found.eve, dialect))
    return found


def _plan(day: date, ref: Reference) -> tuple[date, tuple[Moment, ...]]:
    """Return when a complaint is received whose term ends on a day, and what the term then says."""
    version = deadlines.version_for(RULE, day)
    if version is None:
        raise CannotMeasure(f"{RULE} is not in force on {day}.")
    received = ref.calendar.add_working_days(day, -version.length)
    begun = deadlines.Clock(RULE, version.key, received, at_time(received, MORNING))
    said = deadlines.moments(begun, deadlines.due(begun, ref.calendar, ref.settings), ref.calendar)
    first = {one.act: one for one in reversed(said)}  # of several orders the first
    return received, tuple(first[act] for act in RECORDED)


class _Walker:
    """Walks one complaint after the other to an officer of an office, round the city."""

    def __init__(self, ref: Reference, received: date, until: datetime) -> None:
        self.ref, self.received, self.until = ref, received, until
        self.at = at_time(received, MORNING)
        self.town = town.survey(ref, until)
        self.offices = tuple(self.town.offices.values())

    def walk(self, place: int, case_id: int, number: int) -> Walk:
        """Return a complaint that was registered, sent to an office, given to an officer, and then left lying."""
        new = NewCase(
            kind=KIND, action=intake.action_of(KIND, FILER), values=self._values(place), actor=FILER, role="citizen",
            channel="online", received_on=self.received, received_at=self.at, unit_id=self.ref.root().id,
        )  # fmt: skip
        given = Given(
            number=identifiers.case_number(KIND, self.received, number), code="", case_id=case_id, filing_id=case_id,
            respondent_id=None, papers_from=self.until, lines_from=self.until,
        )  # fmt: skip
        walk = Walk(new, given, self.at, self.ref)
        office = self.offices[place % len(self.offices)]
        handlers = self.town.people(office.key, "handler")
        handler, lead = handlers[place // len(self.offices) % len(handlers)], self.town.people(office.key, "lead")[0]
        later = self.at + timedelta(hours=1)
        sent = {"unit": office.key, "routing_reason": "地址在辖区内"}
        walk.act("dispatch", self.town.people("city", "dispatcher")[0], later, sent)
        walk.act("sign_for", lead, later, {})
        walk.act("assign", lead, later, {"handler": handler.id})
        call = {"contact_at": later, "method": "phone", "with_whom": "filer", "reached": "reached", "summary": "已联系"}
        walk.act("log_contact", handler, later, call)
        return walk

    def _values(self, place: int) -> dict[str, Any]:
        return {
            "respondent_name": f"临江{place % 97}号健身服务有限公司",
            "respondent_address": f"东城区望江街道沿江东路{place % 97 + 1}号",
            "category": "leisure",
            "problem": "contract",
            "sales_mode": "on_site",
            "goods": "健身年卡",
            "amount": 368_000,
            "happened_on": self.received - timedelta(days=30),
            "content": f"办卡以后门店关门，要求退还剩余费用，对方不再接电话。单据编号{place}。",
            "demands": ["refund"],
            "filer_name": "王秀英",
            "filer_phone": f"138{place % 10**8:08d}",
            "filer_address": "东城区柳荫里7幢502室",
            "reply_by": "sms",
            "consent_mediation": True,
            "consent_publish": False,
            "consent_truth": True,
        }


def faults(city: City, falling: Falling, upto: Moment) -> list[str]:
    """Return what is wrong after the terms have spoken up to a moment: what happened twice, what is missing."""
    found: list[str] = []
    mine = Case.id.between(falling.first, falling.last)
    term = (Deadline.rule == RULE) & Deadline.closed_at.is_(None)
    term &= Deadline.case_id.between(falling.first, falling.last)
    with opened(city):
        for step in falling.steps:
            wanted = 1 if step.level <= upto.level else 0
            acts = select(Event.case_id, func.count().label("times")).where(
                Event.case_id.between(falling.first, falling.last), Event.action == RECORDED[step.act]
            )
            each = acts.group_by(Event.case_id).subquery()
            twice = db.session.scalar(select(func.count()).select_from(each).where(each.c.times > wanted)) or 0
            once = db.session.scalar(select(func.count()).select_from(each)) or 0
            missing = falling.count * wanted - once
            found += [f"{twice} cases have more than {wanted} “{step.act}”"] if twice else []
            found += [f"{missing} cases lack “{step.act}”"] if missing > 0 else []
        left = db.session.scalar(select(func.count()).where(term, Deadline.level != upto.level)) or 0
        waiting = db.session.scalar(select(func.count()).where(term, Deadline.next_step_at <= upto.at)) or 0
        found += [f"{left} terms stand at another level"] if left else []
        found += [f"{waiting} terms are still due"] if waiting else []
        gaps = select(func.count()).where(mine, Case.seq != _events_of())
        found += [f"{gap} cases have a gap in their record"] if (gap := db.session.scalar(gaps)) else []
        orders = select(func.count(), func.count(SupervisionOrder.number.distinct()))
        made, numbered = db.session.execute(orders).one()
        found += [f"{made - numbered} numbers of orders were given twice"] if made != numbered else []
    return found


def _events_of() -> Any:
    return select(func.count()).where(Event.case_id == Case.id).correlate(Case).scalar_subquery()


def quiet(city: City, falling: Falling) -> None:
    """Let the terms of these cases say nothing any more: the next run has others."""
    with opened(city), writing() as session:
        mine = Deadline.case_id.between(falling.first, falling.last)
        session.execute(update(Deadline).where(mine).values(next_step_at=None))
