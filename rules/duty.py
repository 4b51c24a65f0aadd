"""The duty roster: the watches of a day, reading a roster that somebody pasted, and whether it is whole.

A watch holds from its first moment up to the first moment of the next one: at the change of shift it is the new
one's turn.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

from rules.calendar import ZONE, at_time
from rules.tables import TableError, only, read, strings

MOST_LINES = 400
_DAY = re.compile(r"(20\d\d)[-./年](\d{1,2})[-./月](\d{1,2})日?")
_WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True)
class Watch:
    """One of the watches of a day. One that ends before it begins ends on the next day."""

    key: str
    words: tuple[str, ...]
    begins: time
    ends: time

    @property
    def label(self) -> str:
        """Return what the roster calls it: 昼."""
        return self.words[0]

    @property
    def hours(self) -> str:
        """Return the hours as people write them: 8:30–17:30, 17:30–次日8:30."""
        return f"{_clock(self.begins)}–{'' if self.ends > self.begins else '次日'}{_clock(self.ends)}"


@dataclass(frozen=True, order=True)
class Slot:
    """One watch of one day (of the day on which it begins)."""

    starts_at: datetime
    ends_at: datetime
    day: date
    part: str

    @property
    def key(self) -> str:
        """Return how forms name it: 2026-11-25-night."""
        return f"{self.day.isoformat()}-{self.part}"

    @property
    def words(self) -> str:
        """Return it in words: 11月25日（周三）夜班."""
        weekday = _WEEKDAYS[self.day.weekday()]
        return f"{self.day.month}月{self.day.day}日（周{weekday}）{WATCHES[self.part].label}班"


@dataclass(frozen=True)
class Entry:
    """Who is entered for a slot, as written. No `first` means that it stays open knowingly."""

    slot: Slot
    first: str | None
    second: str | None = None
    line: int | None = None
    """Where it stood in what was pasted."""

    @property
    def place(self) -> str:
        """Return how a sentence about it begins: 第3行, or the day and the watch."""
        return f"第{self.line}行" if self.line is not None else self.slot.words


@dataclass(frozen=True)
class Read:
    """What was read of a pasted roster: the entries, and a sentence for each line that cannot be taken."""

    entries: tuple[Entry, ...]
    faults: tuple[str, ...]


def _clock(at: time) -> str:
    return f"{at.hour}:{at.minute:02d}"


def _load() -> tuple[dict[str, Watch], frozenset[str]]:
    raw = read("duty.toml")
    only(raw, "duty.toml", ("open_words", "watch"))
    found: dict[str, Watch] = {}
    for row in raw["watch"]:
        only(row, "duty.toml", ("key", "words", "begins", "ends", "source"))
        words = strings(row["words"], "duty.toml")
        found[row["key"]] = Watch(row["key"], words, time.fromisoformat(row["begins"]), time.fromisoformat(row["ends"]))
    watches = list(found.values())
    following = [*watches[1:], watches[0]]
    if any(one.ends != after.begins for one, after in zip(watches, following, strict=True)):
        raise TableError("duty.toml: the watches of a day must follow each other without a gap")
    if any(one.ends <= one.begins for one in watches[:-1]):
        raise TableError("duty.toml: only the last watch of a day may reach into the next one")
    return found, frozenset(strings(raw["open_words"], "duty.toml"))


_WATCHES, OPEN_WORDS = _load()
WATCHES: Mapping[str, Watch] = MappingProxyType(_WATCHES)


def slot(day: date, part: str) -> Slot:
    """Return one watch of a day. KeyError for a watch that is not in the table."""
    watch = WATCHES[part]
    ends_on = day if watch.ends > watch.begins else day + timedelta(days=1)
    return Slot(at_time(day, watch.begins), at_time(ends_on, watch.ends), day, part)


def slots(first: date, last: date) -> list[Slot]:
    """Return every watch that begins on one of these days, in order."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [slot(day, part) for day in days for part in WATCHES]


def slot_at(now: datetime) -> Slot:
    """Return the watch that holds at a moment; at midnight it is the one that began the evening before."""
    today = now.astimezone(ZONE).date()
    return next(one for one in slots(today - timedelta(days=1), today) if one.starts_at <= now < one.ends_at)


def parse_names(text: str) -> tuple[str | None, str | None]:
    """Return the first and second person of a cell as written; (None, None) for one that stays open knowingly.

    Raises ValueError with a sentence for an empty cell and for more than two people.
    """
    parts = [part for part in re.split(r"[\s,，、/／;；]+", unicodedata.normalize("NFKC", text)) if part]
    if not parts:
        raise ValueError("没有写值班人；确实没有人，请写“空”")
    if parts[0] in OPEN_WORDS:
        if len(parts) > 1:
            raise ValueError(f"写了“{parts[0]}”又写了人，请只写一样")
        return None, None
    if len(parts) > 2:
        raise ValueError(f"一班最多两个人（正班和副班），这里有 {len(parts)} 个")
    return parts[0], parts[1] if len(parts) > 1 else None


def parse_lines(text: str) -> Read:
    """Read a roster as people paste it, a watch a line: `2026-12-01 昼 张三 李四`. Empty lines are left out."""
    entries: list[Entry] = []
    faults: list[str] = []
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        return Read((), (f"一次最多贴 {MOST_LINES} 行，这里有 {len(lines)} 行，请分几次贴",))
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entries.append(_line(line, number))
        except ValueError as error:
            faults.append(f"第{number}行：{error}")
    return Read(tuple(entries), tuple(faults))


def _line(line: str, number: int) -> Entry:
    plain = unicodedata.normalize("NFKC", line).strip()
    found = _DAY.match(plain)
    if found is None:
        raise ValueError("开头要写日期，例如 2026-12-01 昼 张三")
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise ValueError(f"没有 {found[0]} 这一天") from None
    word, _, names = plain[found.end() :].strip().partition(" ")
    part = next((watch.key for watch in WATCHES.values() if word in watch.words), None)
    if part is None:
        labels = "或".join(f"“{watch.label}”" for watch in WATCHES.values())
        raise ValueError(f"日期后面要写{labels}，这里写的是“{word or '空白'}”")
    first, second = parse_names(names)
    return Entry(slot(day, part), first, second, number)


def doubles(entries: Iterable[Entry]) -> dict[str, str]:
    """Return a sentence for each slot that is entered twice, and for each whose two people are one; by slot key."""
    found: dict[str, str] = {}
    seen: dict[Slot, Entry] = {}
    for entry in entries:
        before = seen.setdefault(entry.slot, entry)
        if before is not entry:
            here = f"{_written(before)}、{_written(entry)}"
            found[entry.slot.key] = f"{entry.slot.words}写了两次：{here}，请留一个"
        elif entry.first is not None and entry.first == entry.second:
            found[entry.slot.key] = f"{entry.place}：{entry.slot.words}的正班和副班是同一个人（{entry.first}）"
    return found


def _written(entry: Entry) -> str:
    where = f"第{entry.line}行" if entry.line is not None else ""
    return f"{where}{entry.first or '空'}"


def gaps(wanted: Sequence[Slot], filled: Iterable[Slot]) -> list[Slot]:
    """Return the slots that nobody thought of."""
    there = set(filled)
    return [one for one in wanted if one not in there]
