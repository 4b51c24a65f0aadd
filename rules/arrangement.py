"""A year's arrangement of days off, read from the sentences of its notice, and what in it cannot be right.

A line for each holiday, as the notice of the State Council words it:
`元旦：1月1日（周五）至3日（周日）放假调休，共3天。1月4日（周一）上班。`
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from rules.calendar import WEEKDAYS, statutory_days

MOST_LINES = 60
LONGEST = 16
"""Days of one holiday at most; more is a slip of the pen."""
MARK = 60
"""Characters of a mark that a day may bear."""
_BRACKETS = re.compile(r"\([^()]*\)")
_NUMBERED = re.compile(r"^(?:[一二三四五六七八九十]+、|\d{1,2}[.、])\s*")
_DAY = r"(?:(?P<y{0}>20\d\d)\s*[年\-/.])?(?:(?P<m{0}>\d{{1,2}})\s*[月\-/.])?(?P<d{0}>\d{{1,2}})(?P<s{0}>日|号)?"
_SPAN = re.compile(_DAY.format(1) + r"(?:\s*(?:至|到|~|—|–|\.\.)\s*" + _DAY.format(2) + ")?")
_COUNTED = re.compile(r"共?\s*\d+\s*天")


@dataclass(frozen=True)
class Arrangement:
    """What was read: day → (is working, mark); `faults` are sentences in the order of the lines."""

    days: dict[date, tuple[bool, str]]
    faults: tuple[str, ...]


def parse(text: str, year: int) -> Arrangement:
    """Read the arrangement of a year. Days without a year are of that year; those without a month, of the month
    before them in the line."""
    days: dict[date, tuple[bool, str]] = {}
    faults: list[str] = []
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) > MOST_LINES:
        return Arrangement({}, (f"一次最多贴 {MOST_LINES} 行，这里有 {len(lines)} 行",))
    for number, line in lines:
        try:
            for day, mark in _line(line, year):
                if day in days:
                    raise ValueError(f"{_words(day)}写了两次")
                days[day] = mark
        except ValueError as error:
            faults.append(f"第{number}行：{error}")
    return Arrangement(days, tuple(faults or _whole(days, year)))


def _line(line: str, year: int) -> list[tuple[date, tuple[bool, str]]]:
    plain = _NUMBERED.sub("", _BRACKETS.sub("", unicodedata.normalize("NFKC", line).strip()))
    name, colon, rest = plain.partition(":")
    name = name.strip()
    if not colon or not 1 <= len(name) <= 20:
        raise ValueError("先写节日名称和冒号，例如“元旦：1月1日至3日放假，1月4日上班”")
    found: list[tuple[date, tuple[bool, str]]] = []
    for clause in re.split(r"[。;]|(?<=放假)[,，]|(?<=放假调休)[,，]|(?<=上班)[,，]", _COUNTED.sub("", rest)):
        working = "上班" in clause
        if working == ("放假" in clause):
            if re.search(r"\d", clause):
                raise ValueError(f"“{clause.strip()}”没有说是放假还是上班")
            continue
        mark = f"{name}调休上班" if working else f"{name}放假"
        found += [(day, (working, mark)) for day in _days(clause, year)]
    if not any(not working for _, (working, _) in found):
        raise ValueError("没有认出放假的日子，要写成“1月1日”或“1月1日至3日”")
    for day, (working, _) in found:
        if working and day.weekday() < 5:
            raise ValueError(f"{_words(day)}本来就是工作日，调休上班只能是周末")
    return found


def _days(clause: str, year: int) -> list[date]:
    found: list[date] = []
    month: str | None = None
    for span in _SPAN.finditer(clause):
        if span["m1"] is None and (month is None or span["s1"] is None):
            raise ValueError(f"“{span[0]}”没有写月份")
        month = span["m1"] or month
        first = _date(span["y1"] or str(year), month, span["d1"])
        last = first
        if span["d2"]:
            month = span["m2"] or month
            over = first.month == 12 and month in ("1", "01")
            last = _date(span["y2"] or str(first.year + over), month, span["d2"])
        if not 0 <= (last - first).days < LONGEST:
            raise ValueError(f"“{span[0]}”不像一段假期：前后颠倒，或者超过 {LONGEST} 天")
        found += [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return found


def _date(year: str, month: str | None, day: str) -> date:
    try:
        return date(int(year), int(month or 0), int(day))
    except ValueError:
        raise ValueError(f"没有{year}年{month}月{day}日这一天") from None


def _whole(days: dict[date, tuple[bool, str]], year: int) -> list[str]:
    """What a whole arrangement of a year cannot be without."""
    far = [day for day in days if day.year != year and (day.year, day.month) not in ((year - 1, 12), (year + 1, 1))]
    faults = [f"{_words(day)}不在{year}年" for day in far]
    missing: dict[str, list[date]] = {}
    for day, name in statutory_days(year).items():
        if days.get(day, (True, ""))[0]:
            missing.setdefault(name, []).append(day)
    faults += [f"没有写{name}（{_words(lost[0])}）放假" for name, lost in missing.items()]
    return faults


def _words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）"
