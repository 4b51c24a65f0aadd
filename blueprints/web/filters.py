"""How dates, money and counts are written on pages (GB/T 15835 where it says something, else plainly)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from models.clock import now
from rules.calendar import ZONE, local_date

_WEEKDAYS = "一二三四五六日"


def _day(value: date | datetime) -> date:
    return local_date(value) if isinstance(value, datetime) else value


def _local(value: datetime) -> datetime:
    return value.astimezone(ZONE)


def day_full(value: date | datetime) -> str:
    """2026年11月23日（周一）."""
    day = _day(value)
    return f"{day_long(day)}（周{_WEEKDAYS[day.weekday()]}）"


def day_long(value: date | datetime) -> str:
    """2026年11月23日."""
    day = _day(value)
    return f"{day.year}年{day.month}月{day.day}日"


def day_month(value: date | datetime) -> str:
    """11月23日, for days of the year at hand."""
    day = _day(value)
    return f"{day.month}月{day.day}日"


def day_short(value: date | datetime) -> str:
    """11-23, for tables."""
    return f"{_day(value):%m-%d}"


def day_iso(value: date | datetime) -> str:
    """2026-11-23, for `datetime` attributes."""
    return _day(value).isoformat()


def moment_full(value: datetime) -> str:
    """2026年11月23日（周一）10:26."""
    return f"{day_full(value)}{clock_time(value)}"


def moment_short(value: datetime) -> str:
    """11月23日 10:26; with the year when it is not this one."""
    day = day_month(value) if _day(value).year == local_date(now()).year else day_long(value)
    return f"{day} {clock_time(value)}"


def moment_iso(value: datetime) -> str:
    """2026-11-23T10:26, local, for `datetime` attributes."""
    return f"{_local(value):%Y-%m-%dT%H:%M}"


def clock_time(value: datetime) -> str:
    """10:26; the hour without a leading nought."""
    local = _local(value)
    return f"{local.hour}:{local.minute:02d}"


def days_range(first: date, last: date) -> str:
    """11月20日 至 12月30日; the years only when they differ."""
    if first.year != last.year:
        return f"{day_long(first)} 至 {day_long(last)}"
    return f"{day_month(first)} 至 {day_month(last)}"


def count(value: int) -> str:
    """1,204."""
    return f"{value:,}"


def money(fen: int | None) -> str:
    """3,680.00 元, for lists of facts. Takes 分 (1/100 yuan)."""
    return "" if fen is None else f"{_yuan(fen):,.2f} 元"


def money_text(fen: int | None) -> str:
    """3,680元 in running text; 3,680.50元 when there are 分. Takes 分."""
    if fen is None:
        return ""
    return f"{_yuan(fen):,.0f}元" if fen % 100 == 0 else f"{_yuan(fen):,.2f}元"


def money_plain(fen: int | None) -> str:
    """3,680 for a column whose head names the unit. Takes 分."""
    return money_text(fen).removesuffix("元")


def money_wan(fen: int) -> str:
    """218.6万元 from ten thousand yuan up, else as in text. Takes 分."""
    if abs(fen) < 1_000_000:
        return money_text(fen)
    return f"{(_yuan(fen) / 10000).quantize(Decimal('0.1'), ROUND_HALF_UP):,}万元"


def share(part: int, whole: int, places: int = 1) -> str:
    """61.3%; `--` when there is nothing to compare with."""
    if whole == 0:
        return "--"
    exact = Decimal(part) * 100 / Decimal(whole)
    return f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)}%"


def file_size(size: int) -> str:
    """412 KB, 1.8 MB. Takes bytes."""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    return f"{size / 1024 / 1024:.1f} MB"


def _yuan(fen: int) -> Decimal:
    return Decimal(fen) / 100


FILTERS: dict[str, Callable[..., Any]] = {
    "day_full": day_full,
    "day_long": day_long,
    "day_month": day_month,
    "day_short": day_short,
    "day_iso": day_iso,
    "moment_full": moment_full,
    "moment_short": moment_short,
    "moment_iso": moment_iso,
    "clock_time": clock_time,
    "count": count,
    "money": money,
    "money_text": money_text,
    "money_plain": money_plain,
    "money_wan": money_wan,
    "file_size": file_size,
}
