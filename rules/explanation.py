"""A due date that explains itself day by day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from rules.calendar import WEEKDAYS, ZONE, Calendar
from rules.citation import cite
from rules.clocks import Clock, Due, due
from rules.settings import DEFAULTS
from rules.terms import RULES, RuleVersion, version_of

UNIT_NAMES = {"working_day": "个工作日", "calendar_day": "日", "hour": "小时"}
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One day of the count: does it count, as which number (0 where it does not), and why."""

    day: date
    counts: bool
    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The count of a clock: its days, its due date, and (label, text) rows: 起算 长度 暂停 顺延 稳妥 依据."""

    lines: tuple[Line, ...]
    due: Due
    summary: tuple[tuple[str, str], ...]


def long_date(day: date) -> str:
    """2026年11月23日（周一）."""
    return f"{day.year}年{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）"


def explain(clock: Clock, calendar: Calendar, settings: Mapping[str, str] = DEFAULTS) -> Explanation:
    """The count of the clock, day by day up to the due date (to the pause while it stands still)."""
    version = version_of(clock.rule, clock.version)
    found = due(clock, calendar, settings)
    lines = () if version.unit == "hour" or clock.fixed_on else _lines(clock, version, found, calendar, settings)
    return Explanation(lines, found, tuple(_summary(clock, version, found, calendar)))


def _unit(clock: Clock, version: RuleVersion, found: Due, settings: Mapping[str, str]) -> str:
    """The unit in which the days were counted; the old mediation term may be counted in calendar days."""
    if (clock.rule, version.key) != ("complaint.mediate", "order-20"):
        return version.unit
    sixty = settings["old_mediate_limit"] != "45_working_days"
    return "calendar_day" if sixty and found.raw_on and (found.raw_on - clock.opened_on).days >= 60 else version.unit


def _lines(
    clock: Clock, version: RuleVersion, found: Due, calendar: Calendar, settings: Mapping[str, str]
) -> tuple[Line, ...]:
    unit = _unit(clock, version, found, settings)
    inclusive = settings["pause_counting"] == "both_days_out"
    last = found.on or max(pause.from_on for pause in clock.pauses)
    lines = [Line(clock.opened_on, False, 0, "起算之日不计入")]
    day, number = clock.opened_on + DAY, 0
    while day <= last:
        if any(
            p.from_on <= day and (p.to_on is None or day < p.to_on or (inclusive and day == p.to_on))
            for p in clock.pauses
        ):
            lines.append(Line(day, False, 0, "计时暂停"))
        elif found.raw_on is not None and day > found.raw_on:
            lines.append(Line(day, False, 0, "顺延至此" if day == found.on else f"{calendar.why(day)}，顺延"))
        elif unit == "working_day" and not calendar.is_working(day):
            lines.append(Line(day, False, 0, calendar.why(day)))
        else:
            number += 1
            lines.append(Line(day, True, number, calendar.why(day)))
        day += DAY
    return tuple(lines)


def _summary(clock: Clock, version: RuleVersion, found: Due, calendar: Calendar) -> list[tuple[str, str]]:
    rule = RULES[clock.rule]
    base = version.length if clock.length is None else clock.length
    length = f"{base}{UNIT_NAMES[version.unit]}" if base else "当天"
    if clock.extra:
        length += f"，经批准延长{clock.extended}次，共{clock.extra}{UNIT_NAMES[version.unit]}"
    start = long_date(clock.opened_on)
    if version.unit == "hour":
        start += f"{clock.opened_at.astimezone(ZONE):%H:%M}"
    rows = [("起算", f"{start}，{rule.trigger}；当日不计入" if version.unit != "hour" else f"{start}，{rule.trigger}")]
    rows.append(("长度", f"通知书写明{long_date(clock.fixed_on)}" if clock.fixed_on else length))
    for pause in clock.pauses:
        end = f"至{long_date(pause.to_on)}恢复" if pause.to_on else "起，尚未恢复"
        rows.append(("暂停", f"{long_date(pause.from_on)}{end}；{rule.pause_text or '按本局设置暂停'}"))
    if found.on and found.raw_on and found.on != found.raw_on:
        rows.append(
            ("顺延", f"最后一日{long_date(found.raw_on)}是{calendar.why(found.raw_on)}，顺延到{long_date(found.on)}")
        )
        rows.append(("稳妥", f"请在{long_date(found.raw_on)}前办完，不依赖顺延"))
    if found.provisional:
        rows.append(("暂定", "放假安排尚未公布，公布后重新计算"))
    rows.append(("依据", cite(version.source)))
    return rows
