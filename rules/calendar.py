"""Working days of the People's Republic of China: weekends, 放假 and 调休, known and provisional years.

The notice of the State Council decides day by day; `data/calendar.toml` holds the notices that were published.
A year without a notice is computed from the fixed days of the 2024 holiday regulation and called provisional.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from rules.tables import read

ZONE = ZoneInfo("Asia/Shanghai")
WEEKDAYS = "一二三四五六日"

# Since 1992 Shanghai has kept UTC+8 without summer time: plain arithmetic, many times faster than the zone data.
_PLAIN_SINCE = 1992
_OFFSET = timedelta(hours=8)
EAST = timezone(_OFFSET)
"""The clock of Shanghai since then, for callers that ask it often."""
_FIRST_YEAR, _LAST_YEAR = 1990, 2060
_BASE = date(_FIRST_YEAR, 1, 1).toordinal()
MEMORY = 40_000
"""Answers that are kept with a calendar: the terms that end in some months, and their moments."""
Answer = TypeVar("Answer")


class CalendarDay(NamedTuple):
    """One day that differs from the plain week: a day off (`is_working` false) or a working weekend (true)."""

    day: date
    is_working: bool
    note: str
    source: str


def local_date(moment: datetime) -> date:
    """The date in Shanghai of an aware moment; ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    if moment.tzinfo is UTC and moment.year >= _PLAIN_SINCE:
        return (moment + _OFFSET).date()
    return moment.astimezone(ZONE).date()


def start_of_day(day: date) -> datetime:
    """Midnight in Shanghai with which the day begins, as aware UTC."""
    return at_time(day, time())


def end_of_day(day: date) -> datetime:
    """24:00 of the day in Shanghai (the start of the next day), as aware UTC."""
    if day.year >= _PLAIN_SINCE:
        return datetime(day.year, day.month, day.day, 16, tzinfo=UTC)
    return start_of_day(day + timedelta(days=1))


def at_time(day: date, clock: time) -> datetime:
    """A local time of a day in Shanghai, as aware UTC."""
    if day.year >= _PLAIN_SINCE:
        return datetime.combine(day, clock, UTC) - _OFFSET
    return datetime.combine(day, clock, ZONE).astimezone(UTC)


@cache
def _data() -> dict[str, object]:
    return dict(read("calendar.toml"))


def _spans(text: str) -> list[date]:
    """Days of "2026-10-01..2026-10-07" or of a single date."""
    first, _, last = text.partition("..")
    start, end = date.fromisoformat(first), date.fromisoformat(last or first)
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


@cache
def seeded() -> tuple[CalendarDay, ...]:
    """Every day off and working weekend of the notices of the State Council, in order, with its source."""
    found: list[CalendarDay] = []
    for year in _list("year"):
        source = str(year["source"])
        for name, spans in _table(year["off"]).items():
            for span in _strings(spans):
                found += [CalendarDay(day, False, f"{name}放假", source) for day in _spans(span)]
        for name, spans in _table(year["working"]).items():
            for span in _strings(spans):
                found += [CalendarDay(day, True, f"{name}调休上班", source) for day in _spans(span)]
    return tuple(sorted(found))


@cache
def seeded_years() -> tuple[int, ...]:
    """The years whose notice is known."""
    return tuple(int(str(year["year"])) for year in _list("year"))


def _list(name: str) -> list[Mapping[str, object]]:
    rows = _data()[name]
    if not isinstance(rows, list):
        raise ValueError(f"calendar.toml: {name} is not a list")
    return rows


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError("calendar.toml: a table was expected")
    return value


def _strings(value: object) -> list[str]:
    if not isinstance(value, list):
        raise ValueError("calendar.toml: a list was expected")
    return [str(item) for item in value]


@cache
def statutory_days(year: int) -> dict[date, str]:
    """The fixed days of the holiday regulation (2024) in one year; lunar ones only where the table knows them."""
    found: dict[date, str] = {}
    for row in _list("fixed"):
        for month_day in _strings(row["days"]):
            found[date.fromisoformat(f"{year}-{month_day}")] = str(row["name"])
    for row in _list("lunar"):
        if row["year"] == year:
            for name, span in _table(row["days"]).items():
                found |= dict.fromkeys(_spans(str(span)), name)
    return found


@dataclass(frozen=True)
class Calendar:
    """Which days count. Immutable; made by `build` from rows (an administrator's rows win) or by `seeded`.

    Counting is two array look-ups: `_upto[i]` working days lie on or before day i, `_working[n]` is the n-th one.
    """

    known_years: frozenset[int]
    _days: Mapping[date, CalendarDay]
    _upto: list[int]
    _working: list[int]
    memory: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What others have computed from this calendar and may look up again (`remember`); never changes an answer."""

    @classmethod
    def build(cls, days: Iterable[CalendarDay], known_years: Iterable[int]) -> Calendar:
        """A calendar of these days; years not among `known_years` get the fixed statutory days."""
        known = frozenset(known_years)
        marked = {row.day: row for row in days}
        for year in range(_FIRST_YEAR, _LAST_YEAR + 1):
            if year not in known:
                for day, name in statutory_days(year).items():
                    marked.setdefault(day, CalendarDay(day, False, f"{name}放假", "国务院令第795号（暂按法定日计算）"))
        upto: list[int] = []
        working: list[int] = []
        exceptions = {day.toordinal(): row.is_working for day, row in marked.items()}
        for ordinal in range(_BASE, date(_LAST_YEAR + 1, 1, 1).toordinal()):
            counts = exceptions.get(ordinal)
            if counts if counts is not None else (ordinal + 6) % 7 < 5:
                working.append(ordinal)
            upto.append(len(working))
        return cls(known, marked, upto, working)

    @classmethod
    def seeded(cls) -> Calendar:
        """The calendar of the published notices."""
        return _seeded_calendar()

    def remember(self, key: Any, answer: Answer) -> Answer:
        """Keep an answer under `memory[key]` and return it. At most MEMORY are kept; then all are forgotten."""
        if len(self.memory) >= MEMORY:
            self.memory.clear()
        self.memory[key] = answer
        return answer

    def _position(self, day: date) -> int:
        index = day.toordinal() - _BASE
        if not 0 <= index < len(self._upto):
            raise ValueError(f"日历只到{_LAST_YEAR}年：{day}")
        return self._upto[index]

    def is_working(self, day: date) -> bool:
        """True for a weekday that is not off and for a working weekend."""
        row = self._days.get(day)
        return row.is_working if row else day.weekday() < 5

    def is_holiday(self, day: date) -> bool:
        """True for a day off named by a notice (its adjusted weekends included), not for a plain weekend."""
        row = self._days.get(day)
        return row is not None and not row.is_working

    def is_known(self, day: date) -> bool:
        """True when the notice of the day's year has been entered."""
        return day.year in self.known_years

    def add_working_days(self, day: date, n: int) -> date:
        """The n-th working day after `day` (before it for a negative n); n = 0 gives `day` itself."""
        if n == 0:
            return day
        position = self._position(day)
        index = position + n - 1
        if n < 0 and not self.is_working(day):
            index = position + n
        if not 0 <= index < len(self._working):
            raise ValueError(f"日历只到{_LAST_YEAR}年")
        return date.fromordinal(self._working[index])

    def roll_forward(self, day: date, holidays_only: bool = False) -> date:
        """The day itself if it counts, else the next one; `holidays_only` passes over named holidays alone."""
        while self.is_holiday(day) if holidays_only else not self.is_working(day):
            day += timedelta(days=1)
        return day

    def working_days_between(self, a: date, b: date) -> int:
        """Working days after `a` up to and including `b`; negative when `b` lies before `a`."""
        return self._position(b) - self._position(a)

    def why(self, day: date) -> str:
        """Why the day counts or not, in Chinese: 工作日, 周日休息, 国庆节放假, 周日（国庆节调休上班）."""
        row = self._days.get(day)
        name = f"周{WEEKDAYS[day.weekday()]}"
        if row is None:
            return "工作日" if day.weekday() < 5 else f"{name}休息"
        return f"{name}（{row.note}）" if row.is_working else row.note


@cache
def _seeded_calendar() -> Calendar:
    return Calendar.build(seeded(), seeded_years())
