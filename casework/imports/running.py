"""Running an import: in batches, with a report of every row that was refused, and safe to run twice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import select

from casework import intake
from casework.actors import SYSTEM
from casework.errors import WorkError
from casework.imports import history, mapping, reading
from casework.imports.mapping import Bad, Past
from casework.imports.profile import HISTORY, Profile
from casework.imports.reading import Row
from casework.reference import current
from models import Filing, ImportBatch, ImportRow, db
from models.base import writing
from rules import procedure

log = logging.getLogger("portal.imports")
BATCH = 200


@dataclass
class Report:
    """What became of the rows."""

    read: int = 0
    taken: int = 0
    known: int = 0
    refused: int = 0
    reasons: list[tuple[int, str]] = field(default_factory=list)
    """(line, reason) of the refused rows of the batch just done; emptied when the next one begins."""

    @property
    def last_line(self) -> str:
        """Return the line that ends every report."""
        return f"read {self.read}, taken {self.taken}, known already {self.known}, refused {self.refused}"


def run(file: Path, profile: Profile, now: datetime, *, dry: bool = False) -> Iterator[Report]:
    """Import a file; yield the running report after every batch. `dry` reads, checks and writes nothing.

    Raises reading.Unreadable when the file is no table or lacks a column of the profile.
    """
    heading = reading.columns(file)
    lacking = mapping.missing_columns(profile, heading) if heading else []
    if lacking:
        raise reading.Unreadable(f"the columns {'、'.join(lacking)} are missing")
    report, seen = Report(), set[str]()
    batch_id = None if dry else _begin(file, profile, now)
    rows = reading.rows(file)
    take = _take_history if profile.mode == HISTORY else _take_current
    while part := list(islice(rows, BATCH)):
        report.reasons = []
        report.read += len(part)
        fresh = _fresh(profile, part, seen, report)
        take(profile, fresh, now, report, dry)
        report.refused += len(report.reasons)
        if batch_id is not None:
            _note(batch_id, report)
        yield report
    if batch_id is not None:
        _end(batch_id, now)


def _fresh(profile: Profile, part: list[Row], seen: set[str], report: Report) -> list[tuple[str, Row]]:
    """Return the rows that were not taken before, by an earlier run or earlier in this file."""
    keys = [mapping.key_of(profile, row) for row in part]
    stored = set(db.session.scalars(select(Filing.source_key).where(Filing.source_key.in_(keys))))
    found = []
    for key, row in zip(keys, part, strict=True):
        if key in stored or key in seen:
            report.known += 1
            continue
        seen.add(key)
        found.append((key, row))
    return found


def _take_history(profile: Profile, fresh: list[tuple[str, Row]], now: datetime, report: Report, dry: bool) -> None:
    good: list[tuple[str, int, Past]] = []
    for key, row in fresh:
        try:
            good.append((key, row.line, mapping.past(profile, row, now)))
        except Bad as reason:
            report.reasons.append((row.line, str(reason)))
    if dry or not good:
        report.taken += len(good)
        return
    ref = current()
    with writing() as session:
        for key, line, found in good:
            try:
                with session.begin_nested():
                    history.write(session, profile, key, found, now, ref)
            except (procedure.Refused, WorkError) as refusal:
                report.reasons.append((line, refusal.sentence))
                continue
            report.taken += 1


def _take_current(profile: Profile, fresh: list[tuple[str, Row]], now: datetime, report: Report, dry: bool) -> None:
    """Each row is registered by the system through the one way in, in a transaction of its own."""
    for key, row in fresh:
        try:
            kind, entered = mapping.current(profile, row, now)
            faults = intake.check(kind, entered, now, SYSTEM).faults
            if faults:
                raise Bad("；".join(faults.values()))
            if not dry:
                unit = current().root().id
                intake.register(intake.NewFiling(kind, entered, SYSTEM, source_key=key, unit_id=unit), now)
            report.taken += 1
        except Bad as reason:
            report.reasons.append((row.line, str(reason)))
        except WorkError as refusal:
            report.reasons.append((row.line, refusal.sentence))


def _begin(file: Path, profile: Profile, now: datetime) -> int:
    with writing() as session:
        row = ImportBatch(profile=profile.name, file_name=file.name[:120], started_at=now)
        session.add(row)
        session.flush()  # its id goes into the rows
        return row.id


def _note(batch_id: int, report: Report) -> None:
    with writing() as session:
        batch = session.get_one(ImportBatch, batch_id)
        batch.read, batch.taken, batch.known, batch.refused = report.read, report.taken, report.known, report.refused
        session.add_all(ImportRow(batch_id=batch_id, line=line, reason=reason[:300]) for line, reason in report.reasons)


def _end(batch_id: int, now: datetime) -> None:
    with writing() as session:
        session.get_one(ImportBatch, batch_id).finished_at = now


def count(file: Path, progress: Callable[[int], None] = lambda _done: None) -> int:
    """Return how many rows a file has."""
    total = 0
    for total, _row in enumerate(reading.rows(file), start=1):
        progress(total)
    return total
