"""The assessment of the demo city: months signed with a correction, the latest open with an objection that waits."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from random import Random

from sqlalchemy import select

from casework import access, reference
from casework.actors import StaffView
from casework.assessment import keeping, objections
from casework.assessment.results import Result
from casework.demo.sources import read
from casework.reference import UnitView
from models import Assessment, Case, Reveal, db
from models.base import writing
from rules import assessment as law
from rules.calendar import at_time, local_date
from rules.periods import Period

MORNING, NOON, EVENING = time(8, 40), time(11, 30), time(16, 30)
LOOKED, AFTERWARDS = 400, 0.04
"""So many cases at most were looked at, and the share of looks after the end."""
REASONS = ("电话联系当事人", "核对寄送地址", "通知调解时间", "退款到账后回访")
TRIED = 4
"""So many months back is the latest looked for whose figures may be counted."""


class Months:
    """Assesses one month after the other, as people do, at the moments at which they do; counts what was signed."""

    def __init__(self, seed: int, until: datetime) -> None:
        self.signed = 0
        self._until, self._last = until, _last(until)
        self._rng = Random(f"{seed}/assessment")  # noqa: S311 - invented reasons, no secret

    def one(self, month: Period) -> None:
        """Assess a month, all but the latest up to the signature; nothing where it may not be counted yet."""
        root = reference.current().root()
        supervisor, leader = _person("supervisor", root, self._until), _person("leader", root, self._until)
        if self._last is None or month.first > self._last.first or supervisor is None or leader is None:
            return
        to_sign = month != self._last
        self.signed += _month(month, supervisor, leader, self._rng, self._until, to_sign=to_sign)


def _last(until: datetime) -> Period | None:
    """Return the latest month that may be counted by now."""
    month = Period.holding("month", local_date(until))
    for _ in range(TRIED):
        month = month.before()
        if _counted(month) <= until:
            return month
    return None


def _counted(month: Period) -> datetime:
    return at_time(law.counted_from(month, reference.current().calendar), MORNING)


def _month(
    month: Period, supervisor: StaffView, leader: StaffView, rng: Random, until: datetime, *, to_sign: bool
) -> int:
    texts, counted = read("assessment"), _counted(month)
    offices = [one for one in reference.current().units.values() if one.kind == "office"]
    breach = rng.choice(texts["breach"])
    entered = {
        "unit": rng.choice(sorted(offices, key=lambda one: one.key)).key,
        "kind": breach["kind"],
        "on": (month.first + timedelta(days=rng.randrange(5, 20))).isoformat(),
        "text": breach["text"],
    }
    _looks(month, rng)
    keeping.enter_breach(supervisor, month, entered, counted)
    assessment_id, _ = keeping.order(None, month, counted)
    keeping.compile(assessment_id, counted, lambda _session, _now: None)
    row = db.session.get_one(Assessment, assessment_id)
    filed = min(counted + timedelta(days=1, hours=9), until)
    objected = _object(row, rng.choice(texts["objection"]), filed)
    if not to_sign or row.objections_until is None:
        return 0
    after = at_time(row.objections_until, NOON)
    for objection_id, result, item in objected:
        figure = result.figure(item)
        part, whole = figure.part or 0, figure.whole or 0
        decision = {"upheld": "yes", "answer": texts["answer"], "part": str(part), "whole": str(whole - 1)}
        objections.decide(supervisor, row, objection_id, decision, after)
    signed = at_time(reference.current().calendar.add_working_days(row.objections_until, 1), EVENING)
    if signed > until:
        return 0
    keeping.sign(leader, row, signed)
    return 1


def _object(row: Assessment, reason: str, at: datetime) -> list[tuple[int, Result, str]]:
    """The office that lost most in what it does with its cases objects to that."""
    worst: tuple[int, Result, str] | None = None
    for one in keeping.results_of(row):
        for item in ("receive", "handle"):
            figure = one.figure(item)
            late = (figure.whole or 0) - (figure.part or 0)
            if one.group == "office" and figure.score is not None and late and (worst is None or late > worst[0]):
                worst = (late, one, item)
    if worst is None:
        return []
    _late, result, item = worst
    person = _person("lead", reference.current().unit_keys[result.key], at)
    if person is None:
        return []
    objections.file(person, row, result.key, item, reason, at)
    return [(keeping.corrections(row)[-1].id, result, item)]


def _looks(month: Period, rng: Random) -> None:
    """Handlers looked at who filed some of the month's cases, nearly always while they had them in hand."""
    query = select(Case.id, Case.handler_id, Case.closed_at).where(
        Case.kind.in_(("complaint", "report")),
        Case.anonymous.is_(False),
        Case.handler_id.is_not(None),
        Case.closed_at >= month.begins + timedelta(days=1),
        Case.closed_at < month.ends - timedelta(days=1),
    )
    found = db.session.execute(query.order_by(Case.id).limit(LOOKED)).all()
    with writing() as session:
        for case_id, handler_id, closed_at in found:
            if closed_at is None:
                continue
            late = rng.random() < AFTERWARDS
            away = timedelta(minutes=rng.randrange(20, 300))
            at = closed_at + away if late else closed_at - away
            session.add(Reveal(case_id=case_id, staff_id=handler_id, at=at, reason=rng.choice(REASONS)))


def _person(role: str, unit: UnitView, now: datetime) -> StaffView | None:
    """Return the first person who holds a role in a unit."""
    held = reference.current().roles.get((unit.id, role), ())
    return access.view_of(held[0], now) if held else None
