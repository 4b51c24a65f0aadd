"""The demo city has supervision orders as a real one: issued by the sweep, answered and judged through the one door."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import func, select

from casework.demo import supervising
from casework.demo.town import Town
from models import Case, Event, SupervisionOrder, db
from tests.casework.test_loading import UNTIL, place, written

__all__ = ["place"]


def city_days(count: int) -> tuple[tuple[date, int], ...]:
    """The days before the city's last one, oldest first, with so many cases each."""
    last = UNTIL.date()
    return tuple((last - timedelta(days=ago), count) for ago in range(60, -1, -1))


def found() -> list[tuple[str, str, str, str]]:
    """What orders there are, in the order in which they were issued."""
    db.session.expire_all()
    rows = db.session.scalars(select(SupervisionOrder).order_by(SupervisionOrder.id))
    return [(one.place, one.source, one.state, one.number) for one in rows]


def test_lapses_of_the_last_days_have_their_orders_and_units_have_answered_some(place: Town) -> None:
    written(place, city_days(6))
    assert supervising.fill(5, UNTIL) == len(found())
    orders = found()
    assert {where for where, *_ in orders} >= {"district", "city"}
    assert {source for _, source, *_ in orders} == {"system", "hand"}
    assert {state for *_, state, _ in orders} & {"answered", "accepted", "returned"}
    assert "open" in {state for *_, state, _ in orders}


def test_nothing_happens_before_what_had_happened_nor_after_the_last_moment(place: Town) -> None:
    written(place, city_days(6))
    supervising.fill(5, UNTIL)
    acts = db.session.execute(select(Event.case_id, Event.at).order_by(Event.case_id, Event.seq)).all()
    assert all(one.at <= other.at for one, other in zip(acts, acts[1:], strict=False) if one.case_id == other.case_id)
    assert db.session.scalar(select(func.max(Event.at))) <= UNTIL
    supervised = db.session.scalars(select(SupervisionOrder.case_id)).all()
    assert all(case.kind != "misconduct" for case in db.session.scalars(select(Case).where(Case.id.in_(supervised))))
