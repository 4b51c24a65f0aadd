"""Is everything as it was written? Goes over every case: chain, numbers, transitions, state, running terms.

INV-2 numbers are unique, well formed and without gaps beyond what the series gave out; INV-3 events follow one
another and lead to the stored state; INV-4 no transition outside of the table; INV-5 one row for each open term,
with the date that the calendar gives; the chain of hashes is whole. INV-1 (a receipt has its filing and files) is
that every case has a filing and every bound file its row of the same case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from casework import chain, handling
from casework.briefings import freezing, pictures, written
from casework.errors import WorkError
from casework.reference import Reference, current
from models import Assessment, Attachment, Briefing, Case, Deadline, Event, Filing, db
from models import Sequence as Series
from models.briefing import ISSUED
from models.secrets import Unreadable
from rules import deadlines, identifiers
from rules.periods import Period
from rules.workflow import WORKFLOW

BATCH = 500


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be."""

    rule: str
    number: str
    what: str
    event_id: int | None = None
    what_kind: str = "case"

    @property
    def sentence(self) -> str:
        """Return it in one line, the event first when it is one."""
        where = f"event {self.event_id} of case {self.number}" if self.event_id else f"{self.what_kind} {self.number}"
        return f"{self.rule}: {where}: {self.what}"


@dataclass
class Checked:
    """How much was looked at."""

    cases: int = 0
    events: int = 0
    terms: int = 0


def count() -> int:
    """Return how many cases there are to look at."""
    return db.session.scalar(select(func.count()).select_from(Case)) or 0


def verify(checked: Checked, progress: Callable[[int], None] = lambda _done: None) -> Iterator[Finding]:
    """Yield every finding in order of the cases; count in `checked` what was looked at. Reads only."""
    yield from _filings()
    yield from _numbers()
    yield from _briefings()
    yield from _assessments()
    ref, last = current(), 0
    while True:
        cases = list(db.session.scalars(select(Case).where(Case.id > last).order_by(Case.id).limit(BATCH)))
        if not cases:
            break
        ids = [case.id for case in cases]
        events = _grouped(select(*Event.__table__.columns).where(Event.case_id.in_(ids)).order_by(Event.seq))
        terms = _grouped(select(Deadline).where(Deadline.case_id.in_(ids), Deadline.closed_at.is_(None)), scalars=True)
        for case in cases:
            mine, open_terms = events.get(case.id, []), terms.get(case.id, [])
            checked.events += len(mine)
            checked.terms += len(open_terms)
            yield from _chain(case, mine)
            yield from _path(case, mine)
            yield from _terms(case, open_terms, ref)
        checked.cases += len(cases)
        last = ids[-1]
        db.session.rollback()  # the next batch reads anew, and no reading transaction grows old
        db.session.expunge_all()
        progress(checked.cases)


def _grouped(query: Any, *, scalars: bool = False) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    rows = db.session.scalars(query) if scalars else db.session.execute(query).mappings()
    for row in rows:
        found.setdefault(row.case_id if scalars else row["case_id"], []).append(row)
    return found


def _chain(case: Case, events: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    broken = chain.first_broken(case.number, events)
    if broken is not None:
        event = events[broken - 1]
        yield Finding("chain", case.number, f"event {event['seq']} does not carry the hash it should", event["id"])
    elif not events:
        yield Finding("INV-3", case.number, "it has no events")
    elif bytes(events[-1]["hash"]) != bytes(case.head) or events[-1]["seq"] != case.seq:
        yield Finding("chain", case.number, "the case does not point to its last event", events[-1]["id"])


def _path(case: Case, events: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Follow the states: each event begins where the one before ended, in a way that the table knows."""
    state: str | None = None
    for event in events:
        if event["from_state"] != state:
            yield Finding("INV-3", case.number, f"begins at {event['from_state']}, not at {state}", event["id"])
        if not _known(case.kind, event):
            yield Finding(
                "INV-4",
                case.number,
                f"{event['action']} does not lead from {state} to {event['to_state']}",
                event["id"],
            )
        state = event["to_state"]
    if events and state != case.state:
        yield Finding("INV-3", case.number, f"is kept as {case.state}, but its events lead to {state}")


def _known(kind: str, event: Mapping[str, Any]) -> bool:
    action = WORKFLOW.actions.get(event["action"])
    if action is None or kind not in action.kinds:
        return False
    begins = event["from_state"] is None
    if begins != (not action.from_) or (not begins and event["from_state"] not in action.states.get(kind, frozenset())):
        return False
    target = action.target(kind)
    if target == "=":
        return bool(event["to_state"] == event["from_state"])
    return target == "@previous" or bool(target == event["to_state"])


def _terms(case: Case, rows: Sequence[Deadline], ref: Reference) -> Iterator[Finding]:
    """Count every running term anew: the same date must come out."""
    pauses = handling.pauses_of(db.session(), [row.id for row in rows])
    seen: set[str] = set()
    for row in rows:
        if row.rule in seen:
            yield Finding("INV-5", case.number, f"{row.rule} runs twice")
        seen.add(row.rule)
        found = deadlines.due(handling.clock_of(row, pauses.get(row.id, ())), ref.calendar, ref.settings)
        if (found.on, found.at) != (row.due_on, row.due_at):
            yield Finding("INV-5", case.number, f"{row.rule} is kept as due {row.due_on}, the calendar says {found.on}")


def _filings() -> Iterator[Finding]:
    lost = select(Case.number).outerjoin(Filing, Filing.id == Case.filing_id).where(Filing.id.is_(None))
    for number in db.session.scalars(lost):
        yield Finding("INV-1", number, "its filing is gone")
    loose = (
        select(Attachment.id, Attachment.case_id)
        .outerjoin(Case, Case.id == Attachment.case_id)
        .where(Attachment.case_id.is_not(None), Case.id.is_(None))
    )
    for attachment_id, case_id in db.session.execute(loose):
        yield Finding("INV-1", f"#{case_id}", f"file {attachment_id} belongs to a case that is not there")


def _briefings() -> Iterator[Finding]:
    """What an issued briefing says about the records still holds: its figures, and the events of its month."""
    for row in db.session.scalars(select(Briefing).where(Briefing.state == ISSUED).order_by(Briefing.month)).all():
        if hashlib.sha256(freezing.text_of(row.data).encode()).digest() != row.data_sha256:
            yield Finding("briefing", row.month, "its figures are not those that were frozen", what_kind="briefing")
        if row.written_sha256 is not None and written.digest(db.session(), row.id) != row.written_sha256:
            yield Finding("briefing", row.month, "its text is not what was signed", what_kind="briefing")
        yield from _pictures(row)
        digest, _last, count = freezing.seal_of(Period.parse(row.month), row.records_last)
        if (digest, count) != (row.records_sha256, row.records_count):
            yield Finding(
                "briefing", row.month, "the events of its month are not those that it was made from",
                what_kind="briefing",
            )  # fmt: skip


def _pictures(row: Briefing) -> Iterator[Finding]:
    """Every picture of an issued briefing is there, and is the one that was submitted."""
    for one, file in pictures.of(db.session(), row.id):
        try:
            same = hashlib.sha256(pictures.body_of(file)).digest() == one.sha256
        except (WorkError, Unreadable, ValueError):
            same = False
        if not same:
            what = f"picture {one.id} is not the one that was signed"
            yield Finding("briefing", row.month, what, what_kind="briefing")


def _assessments() -> Iterator[Finding]:
    """The figures of a month on which units were judged are still those that were frozen."""
    query = select(Assessment).where(Assessment.data_sha256.is_not(None)).order_by(Assessment.month)
    for row in db.session.scalars(query).all():
        if hashlib.sha256(freezing.text_of(row.data).encode()).digest() != row.data_sha256:
            yield Finding("assessment", row.month, "its figures are not those that were frozen", what_kind="assessment")


def _numbers() -> Iterator[Finding]:
    """Numbers are well formed, of their case's kind, and none is higher than what its series gave out."""
    given = {row.name: row.value for row in db.session.scalars(select(Series))}
    db.session.expunge_all()
    counted: dict[str, int] = {}
    for number, kind in db.session.execute(select(Case.number, Case.kind).execution_options(yield_per=2000)):
        try:
            parsed = identifiers.parse_case_number(number)
        except ValueError:
            yield Finding("INV-2", number, "is not a case number")
            continue
        if parsed.kind != kind:
            yield Finding("INV-2", number, f"bears the letter of {parsed.kind}, but is a {kind}")
        series = f"{'sealed' if kind == 'misconduct' else 'case'}.{parsed.day:%Y%m%d}"
        counted[series] = counted.get(series, 0) + 1
        if parsed.sequence > given.get(series, 0):
            yield Finding("INV-2", number, f"series {series} has given out {given.get(series, 0)} only")
    for series, value in given.items():
        if series.startswith(("case.", "sealed.")) and counted.get(series, 0) != value:
            yield Finding("INV-2", series, f"gave out {value} numbers, {counted.get(series, 0)} cases bear them")
