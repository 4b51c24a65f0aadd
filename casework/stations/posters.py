"""The poster of a station with the code that opens the form with its place filled in: made by a worker, kept."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import segno
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from casework import documents, tasks
from casework.documents import Done, Paper, Render
from casework.errors import NotFound
from casework.reference import current
from models import Station, db
from models import document as states
from models.base import writing
from rules.calendar import local_date

KIND = "station"
UNFINISHED = (states.QUEUED, states.MAKING)
_root = ""


def configure(public_url: str) -> None:
    """Say under which address everybody finds this portal: where the code leads."""
    global _root
    _root = public_url.rstrip("/")


def address_of(code: str) -> str:
    """Return where the code on the poster leads."""
    return f"{_root}/stations/{code}/complaint"


def order(row: Station, now: datetime) -> list[dict[str, Any]]:
    """Order the poster of a station as it is now, inside the caller's transaction; return the row of its task."""
    row.poster_state = states.QUEUED
    return [tasks.row(tasks.STATION_POSTER, {"station_id": row.id}, f"poster-{row.id}-{row.version}", now)]


def path_of(row: Station) -> Path:
    """Return where the poster lies once it is made."""
    return documents.folder() / f"station-{row.id}-{row.poster_version}.pdf"


def read(code: str) -> bytes:
    """Return the poster of an open station. Raise NotFound while it is not made, ValueError when it is not as made."""
    row = db.session.scalar(select(Station).where(Station.code == code))
    if row is None or row.closed_on is not None:
        raise NotFound("没有这个服务站，或者它已经撤销。")
    if row.poster_version is None:
        raise NotFound("海报还没有制成，请过一会儿再看。")
    body = path_of(row).read_bytes()
    if hashlib.sha256(body).digest() != row.poster_sha256:
        raise ValueError(f"poster of station {row.id} is not as made")
    return body


def make(station_id: int, now: datetime, render: Render, done: Done) -> str:
    """Make the poster of a station as it is now. Killed at any point, it begins again."""
    with writing() as session:
        row = _locked(session, station_id)
        if row is None or row.poster_version == row.version:
            done(session, now)
            return "nothing to do"
        row.poster_state, version = states.MAKING, row.version
        paper = paper_of(row, now)
    rendered = render(paper)  # takes a while; no transaction is open meanwhile
    scratch = documents.write_scratch(f"station-{station_id}", rendered.pdf)
    try:
        with writing() as session:
            row = _locked(session, station_id)
            if row is not None and row.version == version and row.poster_version != version:
                # Renamed under the row's lock: a slower twin of this attempt finds it made and leaves it.
                row.poster_version, row.poster_state = version, states.MADE
                row.poster_sha256 = hashlib.sha256(rendered.pdf).digest()
                os.replace(scratch, path_of(row))
                documents.sync(documents.folder())
            done(session, now)
    finally:
        with suppress(FileNotFoundError):
            scratch.unlink()
    return f"made, {rendered.pages} page(s)"


def paper_of(row: Station, now: datetime) -> Paper:
    """Return all that stands on the poster of a station."""
    ref = current()
    unit = ref.units[row.unit_id]
    bureau = ref.bureau_of(row.unit_id)
    return Paper(
        kind=KIND,
        title=unit.name,
        number=row.code,
        bureau=documents.organ_of(bureau),
        bureau_key=bureau.key,
        addressee="",
        issued_on=local_date(now),
        facts={
            "hours": row.hours,
            "address": unit.address,
            "phone": unit.phone or "12315",
            "leads": address_of(row.code).partition("://")[2],
            "modules": modules(address_of(row.code)),
        },
    )


def modules(text: str) -> list[str]:
    """Return the dark runs of a QR code as SVG path steps, a row each: "M3 4h5"; the first is the size in modules."""
    matrix = segno.make(text, error="m", micro=False).matrix
    found = [str(len(matrix))]
    for y, line in enumerate(matrix):
        start = None
        for x, dark in enumerate((*line, 0)):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                found.append(f"M{start} {y}h{x - start}v1h-{x - start}z")
                start = None
    return found


def gave_up(station_id: int) -> None:
    """Mark a poster that could not be made after every try."""
    with writing() as session:
        waiting = (Station.id == station_id) & Station.poster_state.in_(UNFINISHED)
        session.execute(update(Station).where(waiting).values(poster_state=states.FAILED))


def _locked(session: Session, station_id: int) -> Station | None:
    wanted = select(Station).where(Station.id == station_id).with_for_update()
    return session.scalar(wanted.execution_options(populate_existing=True))
