"""The city itself: units, people, routing rules and the accounts to sign in with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import founding, tasks
from casework.demo.names import person
from casework.demo.sources import read
from casework.errors import Conflict
from casework.stations import keeping as stations
from casework.stations import posters
from models import Case, StationRecord, Unit
from models.base import writing
from models.unit import DEPARTMENT, DISTRICT, MEDIATION, OFFICE, STATION
from rules.calendar import local_date

HANDLERS = 4
"""Per office."""
STAFFED: dict[str, tuple[tuple[str, int], ...]] = {
    "city": (("intake", 4), ("dispatcher", 3), ("supervisor", 2), ("leader", 1), ("archivist", 1), ("discipline", 2)),
    DISTRICT: (("intake", 1), ("dispatcher", 1), ("supervisor", 1), ("leader", 1), ("archivist", 1)),
    OFFICE: (("lead", 1), ("handler", HANDLERS)),
    "squad": (("lead", 1), ("enforcement", 3)),
    DEPARTMENT: (("lead", 1), ("handler", 2)),
    MEDIATION: (("mediator", 3),),
    STATION: (("station", 1),),
}


@dataclass(frozen=True)
class Account:
    """A line of demo-accounts.csv."""

    username: str
    totp_secret: str
    name: str
    role: str
    unit: str


def build(password_hash: str, totp_secrets: Iterator[str], rng: Random, now: datetime) -> list[Account]:
    """Enter units, people and routes below the city centre; return the accounts that are shown.

    Needs the city centre that `founding.found` makes. Raises Conflict when there are cases or districts already.
    """
    data = read("city")
    with writing() as session:
        if session.scalar(select(Case.id).limit(1)) or session.scalar(select(Unit.id).where(Unit.kind == DISTRICT)):
            raise Conflict("The database holds a city already; the demo city is made in an empty one only.")
        centre = session.scalars(select(Unit).where(Unit.parent_id.is_(None))).one()
        units = _units(session, centre, data, now)
        accounts = _people(session, units, data, password_hash, totp_secrets, rng, now)
        founding.add_routes(session, list(_routes(units, data)))
    return accounts


def _units(session: Session, centre: Unit, data: dict[str, Any], now: datetime) -> dict[str, Unit]:
    centre.document_prefix, centre.phone = "临", "0000-6612315"
    centre.address = "滨江大道15号"
    units = {"city": centre}
    for row in data["department"]:
        name = row["name"]
        units[row["key"]] = founding.add_unit(
            session, row["key"], name, row["kind"], centre, document_prefix="临", phone="0000-6612300"
        )
    for number, row in enumerate(data["district"], start=1):
        units.update(_district(session, centre, row, number))
    for row in data["station"]:
        units[row["key"]] = founding.add_unit(
            session, row["key"], f"{row['name']}12315消费维权服务站", STATION, units[row["office"]],
            short_name=f"{row['name']}服务站", document_prefix=units[row["office"]].document_prefix,
            phone="0000-6612300", address=row["address"],
        )  # fmt: skip
        _station(session, units[row["key"]], row, data["station_record"], now)
    return units


def _station(session: Session, unit: Unit, row: dict[str, Any], records: list[dict[str, Any]], now: datetime) -> None:
    """Enter a station into the register with what its ledgers hold, and have its poster made."""
    today = local_date(now)
    more = {key: row[key] for key in ("hours", "host", "fills")}
    station = stations.of_unit(session, unit, row["place"], today - timedelta(days=500 + unit.id), **more)
    tasks.add(session, posters.order(station, now))
    for one in records:
        held = {"held_on": today - timedelta(days=one["days"] + unit.id % 7), "entered_at": now}
        said = {"kind": one["kind"], "title": one["title"], "text": one.get("text", "")}
        mark = one["mark"] - unit.id % 9 if "mark" in one else None
        session.add(StationRecord(station_id=station.id, mark=mark, **said, **held))


def _district(session: Session, centre: Unit, row: dict[str, Any], number: int) -> dict[str, Unit]:
    bureau, prefix = f"{row['name']}市场监督管理局", row["prefix"]
    district = founding.add_unit(
        session, row["key"], f"{bureau}12315中心", DISTRICT, centre, short_name=f"{row['name']}局",
        document_prefix=prefix, phone=f"0000-66{number}12315", address=row["address"],
    )  # fmt: skip
    units = {row["key"]: district}
    units[f"{row['key']}_squad"] = founding.add_unit(
        session, f"{row['key']}_squad", f"{row['name']}市场监管综合执法大队", DEPARTMENT, district,
        short_name=f"{row['name']}执法大队", document_prefix=prefix, phone=f"0000-66{number}0100",
        address=row["address"],
    )  # fmt: skip
    for place, office in enumerate(row["offices"], start=1):
        units[office["key"]] = founding.add_unit(
            session, office["key"], f"{bureau}{office['name']}市场监管所", OFFICE, district,
            short_name=f"{office['name']}所", document_prefix=prefix, phone=f"0000-66{number}20{place:02d}",
            address=f"{row['name']}{office['roads'][0]}{20 + place * 7}号",
            places=[*office["roads"], *office["estates"]],
        )  # fmt: skip
    return units


def _people(
    session: Session,
    units: dict[str, Unit],
    data: dict[str, Any],
    password_hash: str,
    totp_secrets: Iterator[str],
    rng: Random,
    now: datetime,
) -> list[Account]:
    accounts: list[Account] = []
    shown: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in data["account"]:
        shown.setdefault((row["unit"], row["role"]), []).append(row)
        name = person(rng)
        secret = next(totp_secrets) if row.get("second_factor") else None
        founding.add_staff(
            session, row["username"], name, password_hash, [(row["role"], units[row["unit"]])], now, totp_secret=secret
        )
        accounts.append(Account(row["username"], secret or "", name, row["role"], units[row["unit"]].name))
    for key, unit in units.items():
        kind = "city" if key == "city" else "squad" if key.endswith("_squad") else unit.kind
        for role, count in STAFFED[kind]:
            for place in range(len(shown.get((key, role), ())), count):
                founding.add_staff(
                    session, f"{key}_{role}_{place + 1}", person(rng), password_hash, [(role, unit)], now
                )
    return accounts


def _routes(units: dict[str, Unit], data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Special subjects first, then places from the narrow to the wide."""
    yield {
        "kinds": ["report"], "categories": ["special_equipment"], "unit_id": units["special_equipment"].id,
        "reason": "特种设备安全由市局归口",
    }  # fmt: skip
    for row in data["district"]:
        for office in row["offices"]:
            places = [*office["roads"], *office["estates"], f"{office['name']}街道"]
            yield {"places": places, "unit_id": units[office["key"]].id, "reason": f"地址在{office['name']}所辖区"}
    for row in data["district"]:
        yield {"places": [row["name"]], "unit_id": units[row["key"]].id, "reason": f"地址在{row['name']}"}
