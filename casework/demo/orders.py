"""Directives of the last months of the demo city, given and answered through the same door as any other."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select

from casework import access, directives
from casework.actors import StaffView
from casework.demo.sources import read
from casework.directives import Order
from casework.reference import Reference, current
from models import Directive, DirectiveUnit, StaffMessage, db
from models.base import writing

HOUR = timedelta(hours=1)


def give(until: datetime, seed: int) -> int:
    """Give the directives of `data/orders.toml` and let the units answer up to the moment `until`; return how many.

    The older ones are on file, the newest still runs: some units have not acknowledged it.
    """
    rng = Random(f"{seed}/orders")  # noqa: S311 - invented answers, no secret
    rows = read("orders")["order"]
    for place, row in enumerate(rows):
        at = until - timedelta(days=row["days_ago"], hours=row["hours_ago"])
        issuer = _somebody(current(), row["centre"], ("supervisor",), at)
        order = Order(
            title=row["title"], text=row["text"], urgency=row["urgency"], hours=str(row["hours"]), level=row["level"],
            units=tuple(row.get("units", ())), form_key=f"demo-order-{seed}-{place}",
        )  # fmt: skip
        directive = directives.issue(order, issuer, at)
        for copy_id in _copies(directive):
            _answered(copy_id, directive, issuer, row["results"], until, rng)
        _forget(directive, until)
    return len(rows)


def _copies(directive: Directive) -> list[int]:
    mine = select(DirectiveUnit.id).where(DirectiveUnit.directive_id == directive.id)
    return list(db.session.scalars(mine.order_by(DirectiveUnit.id)))


def _answered(
    copy_id: int, directive: Directive, issuer: StaffView, results: list[str], until: datetime, rng: Random
) -> None:
    """One unit acknowledges, reports and is put on file, as far as there was time for it."""
    at = directive.issued_at + timedelta(minutes=rng.choice((4, 9, 17, 35, 70, 110, 190)))
    if at > until:
        return
    unit_id = db.session.get_one(DirectiveUnit, copy_id).unit_id
    ref = current()
    head = _somebody(ref, ref.units[unit_id].key, ("lead", "leader"), at)
    directives.acknowledge(copy_id, head, at)
    done = directive.issued_at + directive.hours * HOUR * rng.uniform(0.35, 1.05)
    if done > until:
        return
    result = rng.choice(results).format(count=rng.randint(6, 48))
    directives.complete(copy_id, result, head, done, form_key=f"demo-result-{copy_id}")
    filed = done + timedelta(hours=rng.uniform(1, 20))
    if filed <= until:
        directives.record(copy_id, issuer, filed)


def _somebody(ref: Reference, unit: str, roles: tuple[str, ...], at: datetime) -> StaffView:
    """The first holder of one of these roles in a unit."""
    held = (person for role in roles for person in ref.roles.get((ref.unit_keys[unit].id, role), ()))
    found = access.view_of(next(held), at)
    if found is None:
        raise LookupError(f"nobody in {unit} works as {roles}")
    return found


def _forget(directive: Directive, until: datetime) -> None:
    """What was said of an order that is long over is read by now."""
    if directive.due_at < until:
        with writing() as session:
            for line in session.scalars(select(StaffMessage).where(StaffMessage.directive_id == directive.id)):
                line.read_at = directive.due_at
