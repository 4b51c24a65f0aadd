"""What must hold after a drill, whatever happened in it: each function yields a sentence for each thing that is not."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select, text

from casework import attachments, audit, documents
from models import Attachment, Case, CaseText, Deadline, Document, Event, FilerMessage, Filing, Party, Task, db
from models import document as states
from tests.drills.gateway import Delivered
from tests.drills.people import Attempt, Diary
from tests.drills.portal import Served
from tests.drills.visitor import Visitor

_MARK = re.compile("演练[0-9]+-[0-9]{6}号")
_LAST_NUMBER = re.compile(r"(\d+)\D*$")
OPENED = 12
"""How many receipts are tried at the page for following a case."""


@dataclass(frozen=True)
class Outside:
    """What is known outside of the portal."""

    diary: Diary
    delivered: Delivered


def findings(portal: Served, outside: Outside) -> list[str]:
    """Return everything that is not as it must be; the portal has to run."""
    with portal.app.app_context():
        db.session.rollback()
        found = [
            *outside.diary.odd,
            *_database(),
            *_filings(outside.diary),
            *_acts(outside.diary),
            *_events(),
            *_messages(outside.delivered),
            *_papers(),
            *_tasks(),
            *(finding.sentence for finding in audit.verify(audit.Checked())),
        ]
        db.session.rollback()
    return [*found, *_openable(portal, outside.diary)]


def _database() -> Iterator[str]:
    if db.engine.dialect.name == "sqlite":
        for (line,) in db.session.execute(text("PRAGMA integrity_check")):
            if line != "ok":
                yield f"the database file is damaged: {line}"


def _filings(diary: Diary) -> Iterator[str]:
    """Each receipt has its case, no form two; what was not acknowledged is absent or complete."""
    by_mark: dict[str, list[Case]] = defaultdict(list)
    strangers = 0
    for case, content in db.session.execute(select(Case, CaseText.content).join(CaseText, CaseText.case_id == Case.id)):
        mark = _MARK.search(content)
        strangers += mark is None
        if mark is not None:
            by_mark[mark.group()].append(case)
    if strangers:
        yield f"{strangers} cases have a text that nobody wrote"
    numbers = Counter(number for one in diary.acknowledged() for number, _ in one.slips)
    yield from (f"{number} stands on the receipts of {count} filings" for number, count in numbers.items() if count > 1)
    for one in diary.attempts:
        cases = by_mark.pop(one.mark, [])
        if one.slips and [case.number for case in cases] != [number for number, _ in one.slips]:
            yield f"{one.mark} was acknowledged as {one.slips}, there is {[case.number for case in cases]}"
        if len(cases) > 1:
            yield f"{one.mark} became {len(cases)} cases"
        for case in cases:
            yield from _complete(case, one)
    if by_mark:
        yield f"cases of nobody's filing: {sorted(by_mark)[:5]}"
    filings = db.session.scalar(select(func.count()).select_from(Filing))
    cases_there = db.session.scalar(select(func.count()).select_from(Case))
    if filings != cases_there:
        yield f"{filings} filings and {cases_there} cases, but every form here makes one case"


def _complete(case: Case, attempt: Attempt) -> Iterator[str]:
    """A case that is there has everything that its form brought."""
    if case.query_mark is None:
        yield f"{case.number} has no query code"
    if db.session.get(Filing, case.filing_id) is None:
        yield f"{case.number} has no filing"
    if not db.session.scalar(select(func.count()).where(Event.case_id == case.id)):
        yield f"{case.number} has no events"
    if not db.session.scalar(select(func.count()).where(Deadline.case_id == case.id)):
        yield f"{case.number} has no terms"
    people = db.session.scalar(select(func.count()).where(Party.case_id == case.id, Party.role == "filer"))
    if people != (1 if attempt.kind == "complaint" else 0) and attempt.kind != "consultation":
        yield f"{case.number} has {people} filers"
    files = list(db.session.scalars(select(Attachment).where(Attachment.filing_id == case.filing_id)))
    if len(files) != (attempt.file is not None):
        yield f"{case.number} has {len(files)} files, its filer sent {int(attempt.file is not None)}"
    for row in files:
        yield from _same_file(case, row, attempt.file or b"")


def _same_file(case: Case, row: Attachment, sent: bytes) -> Iterator[str]:
    try:
        kept = b"".join(attachments.open_clean(row).chunks)
    except Exception as error:  # whatever it is, the file cannot be read
        yield f"the file of {case.number} cannot be read: {error!r}"
        return
    if kept.decode("utf-8-sig").split() != sent.decode().split():
        yield f"the file of {case.number} is not what was sent"


def _acts(diary: Diary) -> Iterator[str]:
    """What staff were told is done happened once; what they were not told happened once or not at all."""
    happened = Counter(
        (number, action)
        for number, action in db.session.execute(
            select(Case.number, Event.action).join(Event, Event.case_id == Case.id).where(Event.actor_kind == "staff")
        )
    )
    for act in set(diary.acts):
        if happened[act] != 1:
            yield f"{act[1]} of {act[0]} was answered as done and happened {happened[act]} times"
    for (number, action), count in happened.items():
        if count > 1 or (number, action) not in diary.tried:
            yield f"{action} of {number} happened {count} times"


def _events() -> Iterator[str]:
    doubled = select(Event.case_id, Event.seq).group_by(Event.case_id, Event.seq).having(func.count() > 1)
    yield from (f"event {seq} of case {case_id} is there twice" for case_id, seq in db.session.execute(doubled))


def _messages(delivered: Delivered) -> Iterator[str]:
    """Every message was written once and sent; a repeat on the way bore the same key and the same words."""
    seen: Counter[tuple[int, int, str | None]] = Counter()
    for row in db.session.scalars(select(FilerMessage)):
        seen[row.case_id, row.event_seq, row.address] += 1
        if row.sent_at is None and row.channel == "sms":
            yield f"message {row.id} was never sent ({row.failed})"
        if row.channel == "sms" and not delivered.count(f"portal-message-{row.id}"):
            yield f"message {row.id} counts as sent and never arrived"
    yield from (f"a message about event {key[1]} of case {key[0]} is there twice" for key, n in seen.items() if n > 1)
    yield from (f"two messages came under the key {key}" for key in delivered.changed())
    known = {f"portal-message-{row_id}" for row_id in db.session.scalars(select(FilerMessage.id))}
    for key in delivered.by_key.keys() - known:
        yield f"{key} arrived, but no such message is on record"


def _counted(row: Document) -> tuple[str, int]:
    """Return the series of a paper's number and its place in it: a number of the case itself counts within the case."""
    number, case = str(row.number), str(row.facts["case_number"])
    within = number.startswith(case)
    place = _LAST_NUMBER.search(number.removeprefix(case) if within else number)
    n = int(place.group(1)) if place is not None else 1
    return (f"{case} {row.kind}" if within else number[: place.start()] if place is not None else number), n


def _papers() -> Iterator[str]:
    """Every paper that was ordered is made, once, with its file; numbers of a series follow each other."""
    ordered: Counter[tuple[int, str]] = Counter()
    series: dict[str, list[int]] = defaultdict(list)
    for row in db.session.scalars(select(Document)):
        ordered[row.case_id, row.kind] += 1
        if row.state == states.DUE:
            continue
        if row.state != states.MADE or row.number is None:
            yield f"paper {row.id} ({row.kind}) is {row.state}"
            continue
        if hashlib.sha256(documents.read(row)).digest() != row.sha256:
            yield f"the file of paper {row.id} is not what was made"
        whose, n = _counted(row)
        series[whose].append(n)
    yield from (
        f"paper {kind} of case {case_id} was ordered {n} times" for (case_id, kind), n in ordered.items() if n > 1
    )
    for name, given in series.items():
        if sorted(given) != list(range(1, len(given) + 1)):
            yield f"the numbers of {name} do not follow each other: {sorted(given)[:20]}"


def _tasks() -> Iterator[str]:
    for row in db.session.scalars(select(Task).where(Task.done_at.is_(None))):
        end = "was given up" if row.dead_at else "is not done"
        yield f"task {row.id} ({row.kind}) {end} after {row.attempts} tries: {row.last_error}"


def _openable(portal: Served, diary: Diary) -> Iterator[str]:
    """Number and code of a receipt open the case."""
    known = diary.acknowledged()
    for one in known[:: max(1, len(known) // OPENED)]:
        for number, code in one.slips:
            visitor = Visitor(portal.port)
            answer = visitor.post("/track", [("number", number), ("code", code)])
            if answer.status != 303 or number not in visitor.get("/track/case").text:
                yield f"{number} does not open with the code of its receipt ({answer.status})"
