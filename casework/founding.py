"""Founding a portal: the calendar of the known years, the tree of units, the first people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import alive, passwords, reference
from models import CalendarYear, Heartbeat, RoutingRule, Staff, StaffRole, Unit
from models.base import writing
from models.unit import CITY, DISTRICT
from rules.calendar import seeded, seeded_years


def seed_calendar(session: Session, now: datetime) -> None:
    """Enter the published arrangements of the known years, once; rows that an administrator entered stay."""
    known = set(session.scalars(select(CalendarYear.year)))
    missing = {year: [one for one in seeded() if one.day.year == year] for year in seeded_years() if year not in known}
    if missing:
        reference.put_calendar_years(session, missing, now)


def add_unit(session: Session, key: str, name: str, kind: str, parent: Unit | None, **more: Any) -> Unit:
    """Enter a unit below another one. Cities and districts are bureaus of their own; the rest act in their name."""
    unit = Unit(
        key=key,
        name=name,
        short_name=more.pop("short_name", name),
        kind=kind,
        parent_id=parent.id if parent else None,
        path="",
        **more,
    )
    session.add(unit)
    session.flush()  # its id is part of its path
    unit.path = f"{parent.path if parent else '/'}{unit.id}/"
    unit.bureau_id = unit.id if kind in {CITY, DISTRICT} else parent.bureau_id if parent else unit.id
    session.flush()  # units below look their parent up
    reference.changed(session)
    return unit


def add_staff(
    session: Session,
    username: str,
    name: str,
    password_hash: str,
    roles: Iterable[tuple[str, Unit]],
    now: datetime,
    **more: Any,
) -> Staff:
    """Enter a person with roles in units."""
    person = Staff(username=username, name=name, password_hash=password_hash, created_at=now, **more)
    session.add(person)
    session.flush()  # its id goes into the roles
    session.add_all(StaffRole(staff_id=person.id, unit_id=unit.id, role=role) for role, unit in roles)
    reference.changed(session)
    return person


def add_routes(session: Session, routes: Sequence[dict[str, Any]]) -> None:
    """Enter routing rules in their order."""
    for position, route in enumerate(routes, start=1):
        session.add(RoutingRule(position=position * 10, **route))
    reference.changed(session)


def found(bureau: str, username: str, password: str, totp_secret: str | None, now: datetime) -> bool:
    """Set up an empty portal: calendar, the city centre, the first administrator. Return False if it is there."""
    with writing() as session:
        seed_calendar(session, now)
        if session.scalar(select(Unit.id).limit(1)) is not None:
            return False
        # From now on somebody sweeps: when nobody has after five minutes, every desk says so.
        session.merge(Heartbeat(name=alive.line(alive.SWEEP), at=now, found={}))
        centre = add_unit(session, "city", f"{bureau}12315指挥中心", CITY, None, short_name="市中心")
        roles = [("system_admin", centre), ("security_admin", centre)]
        add_staff(
            session, username, "系统管理员", passwords.hashed(password), roles, now,
            totp_secret=totp_secret, must_change=True,
        )  # fmt: skip
    return True
