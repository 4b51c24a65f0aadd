"""The working-day calendar as administrators keep it: days declared, years entered, each with its source.

Declaring is quick: it writes the days, a line of the record and one task; the terms follow (`recounting`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import recounting, reference, tasks
from casework.actors import StaffView
from casework.errors import Faults, NotAllowed
from casework.fields import Fault, read_date
from casework.recounting import Preview
from models import CalendarChange, CalendarDay, CalendarYear, Revision, db
from models.base import writing
from rules import access, arrangement
from rules.calendar import Calendar, local_date
from rules.calendar import CalendarDay as Day
from rules.explanation import long_date

OFF, WORKING, PLAIN, YEAR = "off", "working", "plain", "year"
KINDS: Mapping[str, str] = {OFF: "放假", WORKING: "上班（调休）", PLAIN: "取消登记，恢复平常"}
BACK = timedelta(days=60)
"""So far back a day may still be declared: an announcement reaches the administrator late, not years late."""
LONGEST = 16
SOURCE, NAME = 80, 20
SHOWN = 12
_PERMISSION = "admin.system"

Marks = dict[date, "tuple[bool, str] | None"]


@dataclass(frozen=True)
class Wanted:
    """A change that may be made: the days as they will be, None for one without a mark."""

    kind: str
    days: Marks
    source: str
    words: str
    first: date
    last: date
    year: int | None = None


@dataclass(frozen=True)
class Span:
    """Days that follow each other under one mark."""

    first: date
    last: date
    is_working: bool
    note: str
    source: str
    by: str
    entered_at: datetime

    @property
    def days(self) -> int:
        """Return how many days it has."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class YearView:
    """A year as it stands: what is marked in it, the paper it rests on, how far its days are known."""

    year: int
    known: bool
    source: str
    off: tuple[Span, ...]
    working: tuple[Span, ...]


def years(now: datetime) -> list[int]:
    """Return the years that may be looked at: from the first known one to the one after next."""
    known = list(db.session.scalars(select(CalendarYear.year)))
    this = local_date(now).year
    return list(range(min([*known, this]), max([*known, this + 1]) + 1))


def view(year: int) -> YearView:
    """Return a year with its marks, days that follow each other joined."""
    entered = db.session.get(CalendarYear, year)
    query = select(CalendarDay).where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))
    rows = list(db.session.scalars(query.order_by(CalendarDay.day)))
    spans = _spans(rows)
    off = tuple(span for span in spans if not span.is_working)
    working = tuple(span for span in spans if span.is_working)
    return YearView(year, entered is not None, entered.source if entered else "", off, working)


def _spans(rows: list[CalendarDay]) -> list[Span]:
    names = reference.current().names
    found: list[Span] = []
    for row in rows:
        by = names.get(row.entered_by, "") if row.entered_by else ""
        one = Span(row.day, row.day, row.is_working, row.note, row.source, by, row.entered_at)
        before = found[-1] if found else None
        follows = before is not None and before.last + timedelta(days=1) == one.first
        if (
            before
            and follows
            and (before.is_working, before.note, before.source) == (one.is_working, one.note, one.source)
        ):
            found[-1] = replace(before, last=one.last)
        else:
            found.append(one)
    return found


def changes() -> list[CalendarChange]:
    """Return what was declared of late, the latest first."""
    return list(db.session.scalars(select(CalendarChange).order_by(CalendarChange.id.desc()).limit(SHOWN)))


def read_days(entered: Mapping[str, str], now: datetime) -> Wanted:
    """Return the change that a form about single days asks for. Raise Faults with a sentence for each field."""
    faults: dict[str, str] = {}
    kind = entered.get("kind", "")
    if kind not in KINDS:
        faults["kind"] = "请选择登记为什么"
    source, name = _texts(entered, faults, needs_name=kind != PLAIN)
    first = _day("开始日期", "first_on", entered, faults, required=True)
    last = _day("结束日期", "last_on", entered, faults) or first
    if faults or first is None or last is None:
        raise Faults(faults)
    _check_span(first, last, now, faults)
    if faults:
        raise Faults(faults)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    _check_days(days, kind, faults)
    if faults:
        raise Faults(faults)
    mark = {OFF: (False, f"{name}放假"), WORKING: (True, f"{name}调休上班"), PLAIN: None}[kind]
    span = long_date(first) + (f"至{long_date(last)}" if last > first else "")
    said = f"{span}恢复平常" if mark is None else f"{span}{mark[1]}"
    return Wanted(kind, dict.fromkeys(days, mark), source, f"{said}（{source}）", first, last)


def _texts(entered: Mapping[str, str], faults: dict[str, str], *, needs_name: bool) -> tuple[str, str]:
    source, name = entered.get("source", "").strip(), entered.get("name", "").strip()
    if needs_name and not name:
        faults["name"] = "请填写为什么放假或者上班，例如：春节、防台风"
    elif len(name) > NAME:
        faults["name"] = f"事由最多 {NAME} 个字"
    if not source:
        faults["source"] = "请填写文件名称或者文号，例如：国办发明电〔2026〕7号"
    elif len(source) > SOURCE:
        faults["source"] = f"文件名称或者文号最多 {SOURCE} 个字"
    return source, name


def _day(
    label: str, name: str, entered: Mapping[str, str], faults: dict[str, str], *, required: bool = False
) -> date | None:
    text = entered.get(name, "").strip()
    if not text:
        if required:
            faults[name] = f"请填写{label}，例如 2026-10-08"
        return None
    try:
        return read_date(label, text)
    except Fault as fault:
        faults[name] = str(fault)
        return None


def _check_span(first: date, last: date, now: datetime, faults: dict[str, str]) -> None:
    today = local_date(now)
    earliest, latest = today - BACK, date(today.year + 1, 12, 31)
    for name, day in (("first_on", first), ("last_on", last)):
        if not earliest <= day <= latest:
            faults[name] = f"只能登记{long_date(earliest)}到{long_date(latest)}之间的日子"
            return
    if last < first:
        faults["last_on"] = "结束日期不能早于开始日期"
    elif (last - first).days >= LONGEST:
        faults["last_on"] = f"一次最多登记 {LONGEST} 天，请核对日期"


def _check_days(days: list[date], kind: str, faults: dict[str, str]) -> None:
    """Refuse what is so already, and what the days themselves contradict."""
    calendar = reference.current().calendar
    marked = _marked(days)
    for day in days:
        if kind == PLAIN and day not in marked:
            faults["first_on"] = f"{long_date(day)}没有登记过，不用恢复"
        elif kind == WORKING and calendar.is_working(day):
            faults["first_on"] = f"{long_date(day)}已经是{calendar.why(day)}，不用再登记"
        elif kind == OFF and day in marked and not marked[day].is_working:
            faults["first_on"] = f"{long_date(day)}已经登记为{marked[day].note}"
        if faults:
            return
    if kind == OFF and not any(calendar.is_working(day) for day in days):
        faults["first_on"] = f"{long_date(days[0])}{'起的这几天' if len(days) > 1 else ''}本来就休息，不用登记"


def _marked(days: list[date]) -> dict[date, CalendarDay]:
    return {row.day: row for row in db.session.scalars(select(CalendarDay).where(CalendarDay.day.in_(days)))}


def read_year(entered: Mapping[str, str], now: datetime) -> Wanted:
    """Return the change that a year's arrangement asks for. Raise Faults; what is wrong in the lines stands under
    `lines`, a sentence a line."""
    faults: dict[str, str] = {}
    this = local_date(now).year
    text = entered.get("year", "").strip()
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else 0
    if not this <= year <= this + 1:
        faults["year"] = f"只能录入{this}年和{this + 1}年的放假安排"
    elif db.session.get(CalendarYear, year) is not None:
        faults["year"] = f"{year}年的放假安排已经录入；个别日子有变动，请用“登记几天”"
    source, _ = _texts(entered, faults, needs_name=False)
    found = arrangement.parse(entered.get("lines", ""), year) if "year" not in faults else None
    if found is not None and found.faults:
        faults["lines"] = "；".join(found.faults)
    if faults or found is None:
        raise Faults(faults)
    days: Marks = dict(found.days)
    first, last = min([date(year, 1, 1), *days]), max([date(year, 12, 31), *days])
    return Wanted(YEAR, days, source, f"{year}年放假安排公布（{source}）", first, last, year)


def read(entered: Mapping[str, str], now: datetime) -> Wanted:
    """Return the change that either form asks for."""
    return read_year(entered, now) if "lines" in entered else read_days(entered, now)


def preview(wanted: Wanted, now: datetime) -> Preview:
    """Return what a change would mean for the running terms, before anything is written."""
    rows, known = reference.calendar_rows(db.session())
    marks = {row.day: row for row in rows}
    for day, mark in wanted.days.items():
        marks.pop(day, None)
        if mark is not None:
            marks[day] = Day(day, *mark, wanted.source)
    calendar = Calendar.build(marks.values(), [*known, *([wanted.year] if wanted.year else [])])
    return recounting.preview(calendar, wanted.first, wanted.last, now)


def declare(entered: Mapping[str, str], staff: StaffView, now: datetime) -> CalendarChange:
    """Make a change: its days, its line of the record and the task that counts the terms anew, in one transaction.

    Raises NotAllowed for whoever does not keep the calendar, Faults for what cannot be taken, also when somebody else
    was first.
    """
    if not access.passes(_PERMISSION, [one.role for one in staff.assignments]):
        raise NotAllowed("工作日历由系统管理员登记。")
    with writing() as session:
        # Two who declare at once follow each other: the second finds the days of the first.
        session.scalars(select(Revision).with_for_update()).all()
        wanted = read(entered, now)
        before = [_before(day, row) for day, row in _before_rows(wanted)]
        if wanted.year is not None:
            marks = {day: mark for day, mark in wanted.days.items() if mark is not None}
            reference.put_calendar_year(session, wanted.year, marks, wanted.source, now, staff.id)
        else:
            reference.put_calendar_days(session, wanted.days, wanted.source, now, staff.id)
        change, added = _record(session, wanted, before, staff, now)
    tasks.wake(added)
    return change


def _record(
    session: Session, wanted: Wanted, before: list[list[object]], staff: StaffView, now: datetime
) -> tuple[CalendarChange, list[tasks.Added]]:
    change = CalendarChange(
        declared_at=now,
        declared_by=staff.id,
        kind=wanted.kind,
        first_on=wanted.first,
        last_on=wanted.last,
        words=wanted.words,
        days=before,
        touched=recounting.count_touched(session, wanted.first, wanted.last),
        looked_at=0,
        moved=0,
        failed=0,
        last_case_id=0,
    )
    session.add(change)
    session.flush()  # its id is in the task
    return change, tasks.add(session, [recounting.task_row(change, now)])


def _before_rows(wanted: Wanted) -> list[tuple[date, CalendarDay | None]]:
    marked = _marked(list(wanted.days))
    return [(day, marked.get(day)) for day in sorted(wanted.days)]


def _before(day: date, row: CalendarDay | None) -> list[object]:
    return [day.isoformat(), row.is_working, row.note, row.source] if row is not None else [day.isoformat()]
