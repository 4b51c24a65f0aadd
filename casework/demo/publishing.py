"""What the demo city publishes of its complaints: the decisions that were loaded, brought before the public."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import insert, select

from casework import steps
from casework.publicity import publishing
from models import Case, Event, Publication, db
from models.base import writing
from rules import publicity as law

BATCH = 2000


def publish(until: datetime) -> int:
    """Write the publication of every decision to publish of the last months; return how many there are."""
    first = until - timedelta(days=31 * law.MONTHS)
    query = (
        select(Event.at.label("decided"), Event.actor_id, Event.fields, *Case.__table__.columns)
        .join(Case, Case.id == Event.case_id)
        .where(Event.action == publishing.ACTION, Event.at >= first, Event.at <= until, Case.respondent_id.is_not(None))
        .order_by(Event.id)
    )
    rows, seen = [], set()
    for found in db.session.connection().execute(query).mappings():
        case = {column.key: found[column] for column in Case.__table__.columns}
        said = steps.opened_fields(found["fields"])
        if said["decision"] != publishing.PUBLISH or case["closed_at"] is None or case["id"] in seen:
            continue
        seen.add(case["id"])
        rows.append(publishing.row_of(case, said["masked_text"], found["actor_id"], found["decided"]))
    with writing() as session:
        for place in range(0, len(rows), BATCH):
            session.execute(insert(Publication), rows[place : place + BATCH])
    return len(rows)
