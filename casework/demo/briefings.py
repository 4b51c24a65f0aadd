"""Briefings of the demo city: two issued, one being written; what the districts reported, one of them late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from io import BytesIO
from random import Random

from casework import access, attachments, reference
from casework.actors import StaffView
from casework.briefings import districts, keeping, pictures, picturing, places
from casework.demo import specimens
from casework.demo.sources import read
from casework.reference import UnitView
from models import Briefing, Case, db
from rules import briefing as law
from rules.calendar import at_time, local_date
from rules.periods import Period

ISSUED = 2
MORNING, NOON, EVENING = time(0, 30), time(11, 20), time(16, 40)
DRAFTED = ("overview", "channels", "complaints")
"""Parts that are written of the month that is worked on."""


def fill(seed: int, until: datetime, after: Callable[[Period], None] = lambda _month: None) -> int:
    """Compile, write and sign as people do, at the moments at which they do; return how many are issued.

    `after` is called after each month: what happens before the briefing of the next one.
    """
    rng = Random(f"{seed}/briefings")  # noqa: S311 - invented reports, no secret
    last = Period.holding("month", local_date(until)).before()
    months = [last]
    for _ in range(ISSUED):
        months.insert(0, months[0].before())
    root = reference.current().root()
    editor, leader = _person("supervisor", root, until), _person("leader", root, until)
    if editor is None or leader is None or not _any_case(months[0]):
        return 0
    done = 0
    for month in months:
        done += _month(month, editor, leader, rng, until, to_issue=month is not last)
        after(month)
    return done


def _any_case(month: Period) -> bool:
    return db.session.query(Case.id).filter(Case.received_on <= month.first).first() is not None


def _month(month: Period, editor: StaffView, leader: StaffView, rng: Random, until: datetime, *, to_issue: bool) -> int:
    due = law.report_due(month, reference.current().calendar)
    counted = at_time(month.after().first + timedelta(days=1), MORNING)
    _reports(month, rng, until)
    if counted > until:
        return 0
    briefing_id, _ = keeping.order(editor, month, counted)
    keeping.compile(briefing_id, counted, lambda _session, _now: None)
    row, texts = db.session.get_one(Briefing, briefing_id), read("briefings")["sections"]
    for key, text in texts.items():
        if to_issue or key in DRAFTED:
            keeping.write(editor, row, key, text, 0, at_time(due, EVENING))
    _picture(row, editor, at_time(due, EVENING))
    for proposal in row.data["proposals"][:2]:
        keeping.choose(editor, row, proposal["id"])
    if not to_issue:
        return 0
    keeping.submit(editor, row, at_time(due + timedelta(days=4), NOON))
    keeping.issue(leader, row, at_time(due + timedelta(days=5), EVENING))
    return 1


def _picture(row: Briefing, editor: StaffView, moment: datetime) -> None:
    """Put a drawn picture into the draft, cleaned at once: no worker runs while the city is made."""
    given = read("briefings")["picture"]
    picturing.add(editor, row, given["part"], BytesIO(specimens.shop()), given["name"], given, moment)
    for _one, file in pictures.of(db.session(), row.id):
        attachments.clean(file.id, moment)


def _reports(month: Period, rng: Random, until: datetime) -> None:
    """Every district reports; in each month one of them a day late, or, of the last month, not yet."""
    texts, units = [one["text"] for one in read("briefings")["report"]], places.all_districts()
    slow = rng.randrange(len(units)) if units else 0
    day = law.report_due(month, reference.current().calendar)
    for place, unit in enumerate(units):
        late = 1 if place == slow else -rng.randrange(0, 2)
        moment = at_time(reference.current().calendar.add_working_days(day, late), time(9 + place, rng.randrange(60)))
        person = _person("supervisor", unit, until)
        if moment <= until and person is not None:
            districts.file(person, unit.key, month, rng.choice(texts), 0, moment)


def _person(role: str, unit: UnitView, now: datetime) -> StaffView | None:
    """Return the first person who holds a role at a bureau."""
    held = reference.current().roles.get((unit.id, role), ())
    return access.view_of(held[0], now) if held else None
