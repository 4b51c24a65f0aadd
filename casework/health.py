"""Whether the house is well: database, Redis, workers, and how long tasks wait."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from casework import alive, operations, tasks
from models import FilerMessage, Sequence, db

OLDEST = timedelta(minutes=15)
"""A task that waits longer than this is an alarm."""

FULL = 0.9
"""Share of the disk that may be used before somebody has to look."""

_ping: Callable[[], bool] = lambda: True  # noqa: E731  (replaced by `configure`)
_folder: Path | None = None


@dataclass(frozen=True)
class Part:
    """One part of the house; `note` says to machines in a few words what is seen, `said` to people."""

    name: str
    well: bool
    note: str
    said: str


def configure(ping: Callable[[], bool], folder: Path) -> None:
    """Say how Redis is asked whether it answers, and where the portal keeps its files."""
    global _ping, _folder
    _ping, _folder = ping, folder


def parts(now: datetime) -> list[Part]:
    """Return every part with its state; when the database does not answer, that is all that can be said."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        db.session.rollback()
        return [Part("database", False, type(error).__name__, "没有回答")]
    found = [Part("database", True, "answers", "有回答"), Part("redis", *(_redis()))]
    for name, seconds in alive.seconds_since(now).items():
        well = seconds is not None and seconds <= alive.LATE.total_seconds()
        note, said = "never seen", "还没有出现过"
        if seconds is not None:
            note, said = f"alive {seconds:.0f} s ago", f"{_span(seconds)}前还在"
        found.append(Part(name, well, note, said))
    waiting = tasks.waiting(now)
    note = f"{waiting.due} due, the oldest waits {waiting.oldest_seconds:.0f} s, {waiting.dead} given up"
    found.append(_sweep(now))
    if _folder is not None:
        found.append(_disk(_folder))
    said = f"到时未做 {waiting.due} 件，最久的等了{_span(waiting.oldest_seconds)}，已放弃 {waiting.dead} 件"
    found.append(Part("tasks", waiting.oldest_seconds <= OLDEST.total_seconds(), note, said))
    return found


def _sweep(now: datetime) -> Part:
    """Return whether the sweep has run lately; a portal just started has a moment to begin."""
    lines = {line.name: line for line in operations.lines()}
    line = lines.get(alive.SWEEP)
    if line is None or line.at is None:
        return Part("sweep", False, "never ran", "还没有开始")
    seconds = (now - line.at).total_seconds()
    note = f"ran {seconds:.0f} s ago" + (f", failing since: {line.error}" if line.failing else "")
    said = f"{_span(seconds)}前跑过" + ("，之后出错" if line.failing else "")
    return Part("sweep", seconds <= operations.STILL.total_seconds(), note, said)


def _disk(folder: Path) -> Part:
    usage = shutil.disk_usage(folder)
    share = usage.used / usage.total
    free = f"{usage.free / 1024**3:.1f} GB"
    return Part("disk", share < FULL, f"{share:.0%} used, {free} free", f"用了 {share:.0%}，还剩 {free}")


def _span(seconds: float) -> str:
    """Return a length of time as people say it: 25秒, 6分钟, 3小时."""
    if seconds < 120:
        return f"{max(seconds, 0):.0f}秒"
    return f"{seconds // 60:.0f}分钟" if seconds < 7200 else f"{seconds // 3600:.0f}小时"


def report(now: datetime, *, detailed: bool) -> dict[str, Any]:
    """Return what the page of the operations says, as plain values for a machine: no names, no texts, no numbers of
    cases. Only what is well and what is not, unless `detailed`; without a database nothing else can be said."""
    found = parts(now)
    told: dict[str, Any] = {
        "ready": all(part.well for part in found),
        "at": now.isoformat(timespec="seconds"),
        "parts": {part.name: {"well": part.well, "note": part.note} for part in found},
    }
    if not found[0].well or not detailed:
        return told
    told["periodic"] = {
        line.name: {
            "at": _iso(line.at),
            "found": dict(line.found),
            "failed_at": _iso(line.failed_at),
            "error": line.error if line.failing else "",
        }
        for line in operations.lines()
    }
    told["tasks"] = {
        one.kind: {"due": one.due, "oldest": _iso(one.oldest), "dead": one.dead} for one in operations.backlog(now)
    }
    told["failures"] = [
        {
            "task": one.id,
            "kind": one.kind,
            "since": _iso(one.since),
            "attempts": one.attempts,
            "error": one.error,
            "given_up": one.dead_at is not None,
        }
        for one in operations.failures()
    ]
    return told


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _redis() -> tuple[bool, str, str]:
    if _ping():
        return True, "answers", "有回答"
    return False, "does not answer; tasks wait in the database", "没有回答，任务在数据库里等着"


def figures(now: datetime) -> dict[str, float]:
    """Return the figures for a collector, by metric name."""
    waiting = tasks.waiting(now)
    # From the series of numbers, a row a day: that there is a sealed case (A5) must not be told by a total either.
    numbered = db.session.scalar(select(func.sum(Sequence.value)).where(Sequence.name.startswith("case."))) or 0
    unsent = select(func.count()).select_from(FilerMessage).where(FilerMessage.failed.is_not(None))
    found = {
        "portal_cases_total": float(numbered),
        "portal_tasks_due": float(waiting.due),
        "portal_tasks_oldest_seconds": waiting.oldest_seconds,
        "portal_tasks_dead": float(waiting.dead),
        "portal_tasks_retrying": float(waiting.retrying),
        "portal_messages_failed": float(db.session.scalar(unsent) or 0),
    }
    for part in parts(now):
        found[f'portal_up{{part="{part.name}"}}'] = 1.0 if part.well else 0.0
    return found
