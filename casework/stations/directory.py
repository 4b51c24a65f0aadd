"""The directory for everybody: stations by district, found by name or address, one by the code on its poster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from casework.errors import NotFound
from casework.reference import Reference, UnitView, current
from casework.search import plain
from models import Station, db
from models.unit import DISTRICT
from rules import stations as law

FOUND = 200


@dataclass(frozen=True)
class Entry:
    """A station as everybody sees it."""

    code: str
    name: str
    kind: str
    district: str
    address: str
    phone: str
    hours: str
    host: str
    office: str
    fills: str
    closed_on: date | None


def listed(entered: str = "") -> list[tuple[str, list[Entry]]]:
    """Return the open stations by district; `entered` narrows them to those with these words."""
    words = plain(entered).split()
    by_district: dict[str, list[Entry]] = {}
    for one in _entries():
        text = plain(f"{one.name}{one.address}{one.district}{one.kind}{one.host}")
        if one.closed_on is None and all(word in text for word in words):
            by_district.setdefault(one.district, []).append(one)
    return sorted(by_district.items(), key=lambda item: item[0])


def one(code: str) -> Entry:
    """Return a station by its code, a closed one too. Raise NotFound."""
    row = db.session.scalar(select(Station).where(Station.code == code)) if law.is_code(code) else None
    if row is None:
        raise NotFound("没有这个服务站，请核对海报上的编号。")
    return _entry(row, current())


def _entries() -> Sequence[Entry]:
    ref = current()
    rows = db.session.scalars(select(Station).order_by(Station.code).limit(20_000))
    return [_entry(row, ref) for row in rows]


def _entry(row: Station, ref: Reference) -> Entry:
    unit = ref.units[row.unit_id]
    return Entry(
        code=row.code,
        name=unit.name,
        kind=law.PLACES.get(row.place, ""),
        district=district_of(unit, ref),
        address=unit.address,
        phone=unit.phone,
        hours=row.hours,
        host=row.host,
        office=ref.units[unit.parent_id].name if unit.parent_id is not None else "",
        fills=row.fills or unit.address,
        closed_on=row.closed_on,
    )


def district_of(unit: UnitView, ref: Reference) -> str:
    """Return the name of the district in which a unit lies: 江南区; 市直 outside all of them."""
    bureau = ref.units[unit.bureau_id]
    return bureau.area if bureau.kind == DISTRICT else "市直"
