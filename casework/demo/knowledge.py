"""The knowledge base of the demo city: what people ask most, written by one person and published by another."""

from __future__ import annotations

from datetime import datetime, timedelta

from casework import access, reference
from casework.actors import StaffView
from casework.demo.sources import read
from casework.knowledge import keeping
from models import StaffRole, db


def fill(until: datetime) -> int:
    """Write and publish the entries; return how many are published."""
    writer, reader = _person("editor", until), _person("supervisor", until)
    if writer is None or reader is None:
        return 0
    rows = read("knowledge")["entry"]
    done = 0
    for place, row in enumerate(rows):
        at = until - timedelta(days=3 * (len(rows) - place), minutes=17 * place)
        entry_id = keeping.write(writer, None, row, 0, at)
        if not row.get("waits"):
            keeping.publish(reader, entry_id, 1, at + timedelta(hours=2))
            done += 1
    return done


def _person(role: str, now: datetime) -> StaffView | None:
    root = reference.current().root()
    query = db.session.query(StaffRole.staff_id).filter_by(role=role, unit_id=root.id).order_by(StaffRole.id)
    found = query.first()
    return access.view_of(found[0], now) if found is not None else None
