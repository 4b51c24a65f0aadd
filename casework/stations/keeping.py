"""The register of stations: entered, changed and closed by who is set over them; their ledgers, only added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from casework import fields, founding, reference, tasks
from casework.actors import StaffView
from casework.errors import Faults, NotAllowed, NotFound
from casework.reference import UnitView, current
from casework.stations import posters
from models import Station, StationRecord, Unit, db
from models.base import writing
from models.unit import OFFICE, STATION
from rules import stations as law
from rules.calendar import local_date

EDITING = ("lead", "supervisor")
SEEING = ("station", "lead", "supervisor", "leader")
LIMITS = {"name": 40, "host": 80, "hours": 80, "address": 200, "fills": 200, "phone": 40, "title": 80, "text": 2000}
LABELS = {
    "name": "名称",
    "host": "设立单位",
    "hours": "开放时间",
    "address": "地址",
    "fills": "扫码填入的地址",
    "phone": "电话",
}
LISTED = 500


@dataclass(frozen=True)
class Row:
    """A station with its unit."""

    station: Station
    unit: UnitView


def seen(staff: StaffView) -> list[Row]:
    """Return the stations below the units of a person, closed ones last."""
    ref, places = current(), _places(staff, SEEING)
    rows = db.session.scalars(select(Station).order_by(Station.closed_on.is_not(None), Station.code).limit(LISTED))
    found = [Row(row, ref.units[row.unit_id]) for row in rows]
    return [one for one in found if any(one.unit.within(place) for place in places)]


def find(staff: StaffView, code: str) -> Row:
    """Return a station that a person sees. Raise NotFound."""
    row = db.session.scalar(select(Station).where(Station.code == code)) if law.is_code(code) else None
    unit = current().units[row.unit_id] if row is not None else None
    if row is None or unit is None or not any(unit.within(place) for place in _places(staff, SEEING)):
        raise NotFound("没有这个服务站，或者它不在您能看的范围里。")
    return Row(row, unit)


def may_edit(staff: StaffView, unit: UnitView) -> bool:
    """Tell whether a person keeps the register of a station: the lead of its office, supervisors above it."""
    return any(unit.within(place) for place in _places(staff, EDITING))


def offices(staff: StaffView) -> list[UnitView]:
    """Return the offices below which a person may enter a station."""
    places = _places(staff, EDITING)
    found = [one for one in current().units.values() if one.kind == OFFICE and not one.closed]
    return sorted((one for one in found if any(one.within(place) for place in places)), key=lambda one: one.path)


def _places(staff: StaffView, roles: tuple[str, ...]) -> list[UnitView]:
    ref = current()
    return [ref.units[one.unit_id] for one in staff.assignments if one.role in roles]


def enter(staff: StaffView, typed: Mapping[str, str], now: datetime) -> str:
    """Enter a new station below an office; return its code. Raise Faults at the fields."""
    values, faults = _read(typed)
    office = current().unit_keys.get(typed.get("office", ""))
    if office is None or office not in offices(staff):
        faults = {"office": "请选择服务站归哪个所管", **faults}
    if faults or office is None:
        raise Faults(faults)
    with writing() as session:
        last = session.scalar(select(func.max(Station.id))) or 0
        code = law.code_of(last + 1)
        parent = session.get_one(Unit, office.id)
        unit = founding.add_unit(
            session, f"station_{code.lower()}", f"{values['name']}12315消费维权服务站", STATION, parent,
            short_name=f"{values['name']}服务站", phone=values["phone"], address=values["address"],
            document_prefix=parent.document_prefix,
        )  # fmt: skip
        row = Station(unit_id=unit.id, code=code, opened_on=local_date(now), version=1, **_own(values))
        session.add(row)
        session.flush()
        added = tasks.add(session, posters.order(row, now))
    tasks.wake(added)
    return code


def of_unit(session: Session, unit: Unit, place: str, opened_on: date, **more: Any) -> Station:
    """Enter the register entry of a station whose unit is there already, inside the caller's transaction."""
    last = session.scalar(select(func.max(Station.id))) or 0
    row = Station(unit_id=unit.id, code=law.code_of(last + 1), place=place, opened_on=opened_on, version=1, **more)
    session.add(row)
    session.flush()
    return row


def change(staff: StaffView, code: str, typed: Mapping[str, str], now: datetime) -> None:
    """Change what the directory says of a station; its poster is made anew. Raise Faults, NotFound, NotAllowed."""
    values, faults = _read(typed)
    if faults:
        raise Faults(faults)
    with writing() as session:
        row = _held(session, staff, code)
        unit = session.get_one(Unit, row.unit_id)
        unit.name, unit.short_name = f"{values['name']}12315消费维权服务站", f"{values['name']}服务站"
        unit.phone, unit.address = values["phone"], values["address"]
        for name, value in _own(values).items():
            setattr(row, name, value)
        row.version += 1
        reference.changed(session)
        added = tasks.add(session, posters.order(row, now))
    tasks.wake(added)


def close(staff: StaffView, code: str, why: str, now: datetime) -> None:
    """Close a station: it leaves the directory, its poster's code says so. Raise Faults without a reason."""
    text = fields.clean_text(why, lines=False)
    if len(text) < 2:
        raise Faults({"why": "请写明撤销的原因"})
    with writing() as session:
        row = _held(session, staff, code)
        row.closed_on, row.closed_why = local_date(now), text[:200]
        session.get_one(Unit, row.unit_id).closed_at = now
        reference.changed(session)


def name_of(unit: UnitView) -> str:
    """Return the name of a station as it was typed."""
    return unit.short_name.removesuffix("服务站")


def _own(values: Mapping[str, str]) -> dict[str, str]:
    return {name: values[name] for name in ("place", "host", "hours", "fills")}


def _read(typed: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    values: dict[str, str] = {"place": typed.get("place", "")}
    faults: dict[str, str] = {}
    for name in ("name", "address", "phone", "hours", "host", "fills"):
        text = fields.clean_text(typed.get(name, ""), lines=False)
        if not text and name in ("name", "address"):
            faults[name] = f"请填写{LABELS[name]}"
        elif len(text) > LIMITS[name]:
            faults[name] = f"{LABELS[name]}最多 {LIMITS[name]} 个字，现在是 {len(text)} 个字"
        values[name] = text
    if values["place"] not in law.PLACES:
        faults["place"] = "请选择设在哪里"
    return values, faults


def _held(session: Session, staff: StaffView, code: str) -> Station:
    found = find(staff, code)
    if not may_edit(staff, found.unit):
        raise NotAllowed("服务站由所在的所和上级登记、更改。")
    row = session.get_one(Station, found.station.id, with_for_update=True, populate_existing=True)
    if row.closed_on is not None:
        raise NotAllowed("这个服务站已经撤销，不能再改。")
    return row


def records(row: Station) -> list[StationRecord]:
    """Return the ledgers of a station, the latest first."""
    query = select(StationRecord).where(StationRecord.station_id == row.id)
    return list(db.session.scalars(query.order_by(StationRecord.held_on.desc(), StationRecord.id.desc()).limit(LISTED)))


def record(staff: StaffView, code: str, typed: Mapping[str, str], now: datetime) -> None:
    """Add an entry to a ledger. A station notes its own training; inspections and assessments come from above.

    Raises Faults at the fields, NotFound, NotAllowed.
    """
    found = find(staff, code)
    kind = law.RECORDS.get(typed.get("kind", ""))
    faults: dict[str, str] = {} if kind is not None else {"kind": "请选择是哪一类记录"}
    title = fields.clean_text(typed.get("title", ""), lines=False)
    text = fields.clean_text(typed.get("text", ""), lines=True)
    if not title or len(title) > LIMITS["title"]:
        faults["title"] = f"请填写内容，最多 {LIMITS['title']} 个字"
    if len(text) > LIMITS["text"]:
        faults["text"] = f"说明最多 {LIMITS['text']} 个字，现在是 {len(text)} 个字"
    held_on = _day(typed.get("held_on", ""), local_date(now), faults)
    mark = _mark(typed.get("mark", ""), kind, faults)
    if faults or kind is None or held_on is None:
        raise Faults(faults)
    if kind.key != "training" and not may_edit(staff, found.unit):
        raise NotAllowed("检查和考核由所在的所和上级记录。")
    with writing() as session:
        session.add(
            StationRecord(
                station_id=found.station.id,
                kind=kind.key,
                held_on=held_on,
                title=title,
                text=text,
                mark=mark,
                entered_at=now,
                entered_by=staff.id,
            )  # fmt: skip
        )


def _day(typed: str, today: date, faults: dict[str, str]) -> date | None:
    try:
        found = fields.read_date("日期", typed)
    except fields.Fault as fault:
        faults["held_on"] = str(fault)
        return None
    if found is None or found > today:
        faults["held_on"] = "请填写日期，例如 2026-11-24" if found is None else "日期不能晚于今天"
    return found


def _mark(typed: str, kind: law.RecordKind | None, faults: dict[str, str]) -> int | None:
    if kind is None or not kind.marks:
        return None
    text = fields.half_width(typed).strip()
    if not text.isascii() or not text.isdigit() or len(text) > 3 or int(text) > 100:
        faults["mark"] = "请填写得分，0 到 100 的整数"
        return None
    return int(text)
