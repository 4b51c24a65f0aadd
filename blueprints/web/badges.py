"""The deadline badge: an icon and words, and a tone that only repeats them."""

from __future__ import annotations

from dataclasses import dataclass

UNITS = {"working_day": "个工作日", "calendar_day": "天", "hour": "小时"}
SOON = {"working_day": 3, "calendar_day": 3, "hour": 8}
"""How much is left when the badge turns amber."""


@dataclass(frozen=True)
class Badge:
    """One badge. `tone` is ok, soon, today, late or hold."""

    tone: str
    icon: str
    words: str


def running(left: int, unit: str, what: str = "") -> Badge:
    """Return the badge of an open term with `left` units to go; 0 is the last day (or hour), below it is overdue.

    `unit` is that of the term (working_day, calendar_day, hour); `what` names the term when several stand together.
    """
    words = UNITS[unit]
    if left < 0:
        return Badge("late", "late", f"{what}已超期{-left}{words}")
    if left == 0:
        return Badge("today", "clock", f"{what}今天到期" if unit != "hour" else f"{what}不到1小时")
    if left <= SOON[unit]:
        return Badge("soon", "soon", f"{what}还剩{left}{words}")
    return Badge("ok", "clock", f"{what}还剩{left}{words}")


def paused(why: str = "") -> Badge:
    """Return the badge of a term that stands still."""
    return Badge("hold", "pause", f"计时暂停，{why}" if why else "计时暂停")


def met(late_by: int = 0, unit: str = "calendar_day") -> Badge:
    """Return the badge of a term that was met, or fulfilled too late."""
    if late_by > 0:
        return Badge("late", "late", f"超期{late_by}{UNITS[unit]}完成")
    return Badge("ok", "check", "按时完成")
