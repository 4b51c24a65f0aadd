"""What every act looks things up in: units, calendar, settings, routing; read once and kept until it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from types import MappingProxyType
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.orm import Session

from models import CalendarDay, CalendarYear, Revision, RoutingRule, Setting, Staff, StaffRole, Unit, db
from models.prepared import Prepared
from rules.calendar import Calendar
from rules.calendar import CalendarDay as Day
from rules.routing import RoutingRule as Route
from rules.workflow import WORKFLOW

_NAME = "reference"


@dataclass(frozen=True)
class UnitView:
    """A unit, as plain values."""

    id: int
    key: str
    name: str
    short_name: str
    kind: str
    parent_id: int | None
    path: str
    bureau_id: int
    document_prefix: str
    phone: str
    address: str
    closed: bool

    @property
    def area(self) -> str:
        """The name of the district of a bureau: 江南区."""
        return self.short_name.removesuffix("局")

    def within(self, other: UnitView) -> bool:
        """Tell whether this unit is `other` or lies below it."""
        return self.path.startswith(other.path)


@dataclass(frozen=True, eq=False)
class Reference:
    """One consistent reading of the reference data. Two readings are never the same: what is computed from one may be
    kept under it."""

    revision: int
    units: Mapping[int, UnitView]
    unit_keys: Mapping[str, UnitView]
    calendar: Calendar
    settings: Mapping[str, str]
    routes: tuple[Route, ...]
    names: Mapping[int, str]
    """Staff names by id, those who left included: the record names them."""
    roles: Mapping[tuple[int, str], tuple[int, ...]]
    """Active staff by (unit, role)."""

    @cached_property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """The settings as a key, for what is computed once for each choice of them."""
        return tuple(sorted(self.settings.items()))

    @cached_property
    def active(self) -> frozenset[int]:
        """Staff who hold any role now."""
        return frozenset(person for people in self.roles.values() for person in people)

    def holders_of(self, role: str) -> frozenset[int]:
        """Return who holds a role in any unit."""
        return frozenset(person for (_, held), people in self.roles.items() if held == role for person in people)

    def bureau_of(self, unit_id: int) -> UnitView:
        """Return the bureau in whose name a unit acts (Order 121 art. 30)."""
        return self.units[self.units[unit_id].bureau_id]

    def root(self) -> UnitView:
        """Return the city centre, where online filings arrive."""
        return next(unit for unit in self.units.values() if unit.parent_id is None)


_kept: WeakKeyDictionary[Engine, Reference] = WeakKeyDictionary()
_REVISION = Prepared(select(Revision.value).where(Revision.name == _NAME))
_SEEN = "reference"


def current() -> Reference:
    """Return the reference data: read once per transaction, and anew only when its revision has moved."""
    session = db.session()
    transaction = session.get_transaction()
    seen: tuple[object, Reference] | None = session.info.get(_SEEN)
    if seen is not None and transaction is not None and seen[0] is transaction:
        return seen[1]
    connection = session.connection()
    revision: int = _REVISION.value(connection, {}) or 0
    found = _kept.get(connection.engine)
    if found is None or found.revision != revision:
        found = _kept[connection.engine] = _read(session, revision)
    session.info[_SEEN] = (session.get_transaction(), found)
    return found


def forget() -> None:
    """Drop what is kept in this process (tests that swap databases under one address)."""
    _kept.clear()


def changed(session: Session) -> None:
    """Raise the revision inside a writing transaction: every process reads anew after it."""
    session.info.pop(_SEEN, None)
    row = session.get(Revision, _NAME)
    if row is None:
        session.add(Revision(name=_NAME, value=1))
    else:
        row.value += 1


def put_calendar_year(
    session: Session, year: int, days: Mapping[date, tuple[bool, str]], source: str, now: datetime, by: int | None
) -> None:
    """Enter the arrangement of a year: day → (is working, note). An administrator's rows replace seeded ones."""
    session.merge(CalendarYear(year=year, source=source, entered_at=now, entered_by=by))
    put_calendar_days(session, days, source, now, by)


def put_calendar_years(session: Session, years: Mapping[int, Sequence[Day]], now: datetime) -> None:
    """Enter the published arrangements of years that are not known yet: year → the days that differ from their week."""
    marked = [day for days in years.values() for day in days]
    session.add_all(CalendarYear(year=year, source=days[0].source, entered_at=now) for year, days in years.items())
    _replace_days(session, [one.day for one in marked], marked, now, None)


def put_calendar_days(
    session: Session, days: Mapping[date, tuple[bool, str] | None], source: str, now: datetime, by: int | None
) -> None:
    """Enter single days: day → (is working, note), or None for a day that is again as its week has it."""
    marked = [Day(day, *mark, source) for day, mark in days.items() if mark is not None]
    _replace_days(session, list(days), marked, now, by)


def _replace_days(session: Session, gone: list[date], marked: Sequence[Day], now: datetime, by: int | None) -> None:
    session.execute(delete(CalendarDay).where(CalendarDay.day.in_(gone)))
    if marked:
        entered = [{**one._asdict(), "entered_at": now, "entered_by": by} for one in marked]
        session.execute(insert(CalendarDay), entered)
    changed(session)


def calendar_rows(session: Session) -> tuple[list[Day], list[int]]:
    """Return the days that differ from their week, and the years whose arrangement is known."""
    days = [Day(row.day, row.is_working, row.note, row.source) for row in session.scalars(select(CalendarDay))]
    return days, list(session.scalars(select(CalendarYear.year)))


def _read(session: Session, revision: int) -> Reference:
    units = {
        unit.id: UnitView(
            id=unit.id,
            key=unit.key,
            name=unit.name,
            short_name=unit.short_name,
            kind=unit.kind,
            parent_id=unit.parent_id,
            path=unit.path,
            bureau_id=unit.bureau_id or unit.id,
            document_prefix=unit.document_prefix,
            phone=unit.phone,
            address=unit.address,
            closed=unit.closed_at is not None,
        )
        for unit in session.scalars(select(Unit).order_by(Unit.path))
    }
    days, years = calendar_rows(session)
    calendar = Calendar.build(days, years) if years else Calendar.seeded()
    settings = {setting.key: setting.default for setting in WORKFLOW.settings.values()}
    for row in session.scalars(select(Setting).order_by(Setting.id)):
        settings[row.key] = row.value
    routes = tuple(
        Route(
            position=row.position,
            unit_key=units[row.unit_id].key,
            unit_name=units[row.unit_id].name,
            kinds=tuple(row.kinds),
            categories=tuple(row.categories),
            places=tuple(row.places),
            channels=tuple(row.channels),
            names=tuple(row.names),
            note=row.reason,
        )
        for row in session.scalars(select(RoutingRule).where(RoutingRule.active).order_by(RoutingRule.position))
    )
    roles: dict[tuple[int, str], tuple[int, ...]] = {}
    holders = select(StaffRole.unit_id, StaffRole.role, StaffRole.staff_id).join(Staff, Staff.id == StaffRole.staff_id)
    for unit_id, role, staff_id in session.execute(holders.where(Staff.active).order_by(StaffRole.staff_id)):
        roles[(unit_id, role)] = (*roles.get((unit_id, role), ()), staff_id)
    names = dict(session.execute(select(Staff.id, Staff.name)).all())
    return Reference(
        revision=revision,
        units=MappingProxyType(units),
        unit_keys=MappingProxyType({unit.key: unit for unit in units.values()}),
        calendar=calendar,
        settings=MappingProxyType(settings),
        routes=routes,
        names=MappingProxyType(names),
        roles=MappingProxyType(roles),
    )
