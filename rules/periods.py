"""Periods of statistics: a day, week, month, quarter, year or any stretch of days, by the city's calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rules.calendar import end_of_day, local_date, start_of_day

KINDS = {"day": "日", "week": "周", "month": "月", "quarter": "季度", "year": "年", "custom": "起止日期"}
BEFORE = {"day": "前一天", "week": "上一周", "month": "上月", "quarter": "上季度", "year": "上年", "custom": "前一段"}
YEAR_AGO = {"day": "去年同日", "week": "去年同周", "month": "去年同月", "quarter": "去年同季", "custom": "去年同期"}
LONGEST = 366
"""Days of the longest stretch: what takes longer is asked for year by year."""
FIRST, LAST = date(2000, 1, 1), date(2059, 12, 31)
_KEYS = (
    ("custom", re.compile(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)")),
    ("day", re.compile(r"(\d{4}-\d\d-\d\d)")),
    ("week", re.compile(r"(\d{4})-W(\d\d)")),
    ("month", re.compile(r"(\d{4})-(\d\d)")),
    ("quarter", re.compile(r"(\d{4})-Q([1-4])")),
    ("year", re.compile(r"(\d{4})")),
)


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both included. `kind` says how it is named and what comes before it."""

    kind: str
    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse (ValueError) an unknown kind, a stretch that is empty, too long, or outside of FIRST to LAST."""
        if self.kind not in KINDS or not FIRST <= self.first <= self.last <= LAST or self.days > LONGEST:
            raise ValueError(f"no period: {self.kind} {self.first} {self.last}")

    @classmethod
    def holding(cls, kind: str, day: date) -> Period:
        """Return the day, week, month, quarter or year that holds a day. Raise ValueError for anything else."""
        if kind == "day":
            return cls(kind, day, day)
        if kind == "week":
            monday = day - timedelta(days=day.weekday())
            return cls(kind, monday, monday + timedelta(days=6))
        if kind == "month":
            return _months(kind, day.year, day.month, 1)
        if kind == "quarter":
            return _months(kind, day.year, (day.month - 1) // 3 * 3 + 1, 3)
        if kind == "year":
            return _months(kind, day.year, 1, 12)
        raise ValueError(f"a period of kind {kind} needs both its ends")

    @classmethod
    def parse(cls, key: str) -> Period:
        """Return the period with this key (2026-10-08, 2026-W41, 2026-10, 2026-Q4, 2026, 2026-10-01..2026-10-20).

        Raises ValueError for what is none.
        """
        for kind, shape in _KEYS:
            found = shape.fullmatch(key)
            if found is None:
                continue
            if kind == "custom":
                return cls(kind, date.fromisoformat(found[1]), date.fromisoformat(found[2]))
            if kind == "day":
                return cls.holding(kind, date.fromisoformat(found[1]))
            year, part = int(found[1]), int(found[2]) if found.lastindex == 2 else 1
            if kind == "week":
                return cls.holding(kind, date.fromisocalendar(year, part, 1))
            return cls.holding(kind, date(year, part * 3 if kind == "quarter" else part, 1))
        raise ValueError(f"no period: {key}")

    @property
    def key(self) -> str:
        """Return the name by which an address or a stored set of figures knows the period."""
        if self.kind == "custom":
            return f"{self.first}..{self.last}"
        if self.kind == "week":
            year, week, _ = self.first.isocalendar()
            return f"{year}-W{week:02d}"
        if self.kind == "quarter":
            return f"{self.first.year}-Q{self.first.month // 3 + 1}"
        return str(self.first)[: {"day": 10, "month": 7, "year": 4}[self.kind]]

    @property
    def label(self) -> str:
        """Return the words for it: 2026年10月, 2026年第41周（10月5日至11日）."""
        year = f"{self.first.year}年"
        if self.kind == "year":
            return year
        if self.kind == "quarter":
            return f"{year}第{'一二三四'[self.first.month // 3]}季度"
        if self.kind == "month":
            return f"{year}{self.first.month}月"
        if self.kind == "week":
            iso, week, _ = self.first.isocalendar()
            return f"{iso}年第{week}周（{_span(self.first, self.last)}）"
        return f"{year}{_span(self.first, self.last)}"

    @property
    def days(self) -> int:
        """Return how many days it has."""
        return (self.last - self.first).days + 1

    @property
    def begins(self) -> datetime:
        """Return its first moment, in UTC."""
        return start_of_day(self.first)

    @property
    def ends(self) -> datetime:
        """Return the first moment after it, in UTC."""
        return end_of_day(self.last)

    def before(self) -> Period:
        """Return the period of the same kind (for a stretch: the same number of days) that ends where this begins.

        Raises ValueError where the record of years begins.
        """
        eve = self.first - timedelta(days=1)
        if self.kind == "custom":
            return Period(self.kind, self.first - timedelta(days=self.days), eve)
        return Period.holding(self.kind, eve)

    def after(self) -> Period:
        """Return the period of the same kind that begins where this ends. Raise ValueError after the last year."""
        next_day = self.last + timedelta(days=1)
        if self.kind == "custom":
            return Period(self.kind, next_day, self.last + timedelta(days=self.days))
        return Period.holding(self.kind, next_day)

    def year_ago(self) -> Period | None:
        """Return the same period of the year before; None for a year, which `before` names already.

        A week stands against the week of the same number; week 53 against the last week of a year that has 52.
        Raises ValueError where the record of years begins.
        """
        if self.kind == "year":
            return None
        if self.kind == "week":
            year, week, _ = self.first.isocalendar()
            last = date(year - 1, 12, 28).isocalendar()[1]
            return Period.holding(self.kind, date.fromisocalendar(year - 1, min(week, last), 1))
        if self.kind == "custom":
            return Period(self.kind, _a_year_before(self.first), _a_year_before(self.last))
        return Period.holding(self.kind, _a_year_before(self.first))

    def elapsed(self, now: datetime) -> int | None:
        """Return how many of its days have begun at a moment while it runs; None when it is over or has not begun."""
        if not self.begins <= now < self.ends:
            return None
        return (local_date(now) - self.first).days + 1

    def cut(self, days: int) -> Period:
        """Return its first days: what a period that still runs is compared with. At most its own length."""
        if days >= self.days:
            return self
        return Period("custom", self.first, self.first + timedelta(days=days - 1))


def _months(kind: str, year: int, month: int, count: int) -> Period:
    following = date(year + (month + count > 12), (month + count - 1) % 12 + 1, 1)
    return Period(kind, date(year, month, 1), following - timedelta(days=1))


def _a_year_before(day: date) -> date:
    last_of_february = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if last_of_february else day.day)


def _span(first: date, last: date) -> str:
    begun = f"{first.month}月{first.day}日"
    if first == last:
        return begun
    if first.year != last.year:
        return f"{begun}至{last.year}年{last.month}月{last.day}日"
    return f"{begun}至{last.day}日" if first.month == last.month else f"{begun}至{last.month}月{last.day}日"
