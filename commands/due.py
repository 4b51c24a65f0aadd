"""`flask due`: the clock, for lawyers. Lines in, the same lines with their due dates out."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from datetime import date, datetime

import click
from flask.cli import with_appcontext

from commands.terminal import fail, say
from rules import deadlines
from rules.calendar import ZONE, Calendar, at_time, local_date, start_of_day
from rules.deadlines import RULES, Clock, Pause

COLUMNS = ("rule", "from", "paused", "extended", "received")
ADDED = ("due", "provisional", "version")
UNITS = {"working_day": "working days", "calendar_day": "days", "hour": "hours"}


class BadLine(ValueError):
    """A line that cannot be computed; the text says why."""


@click.command("due")
@click.option("--rules", "show_rules", is_flag=True, help="List every rule: versions, length, unit, source.")
@click.option("--explain", nargs=2, type=str, default=None, metavar="RULE DATE", help="Print one term day by day.")
@with_appcontext
def due(show_rules: bool, explain: tuple[str, str] | None) -> None:
    """Compute terms. Reads lines RULE,FROM,PAUSED,EXTENDED,RECEIVED from standard input.

    FROM is the day that is not counted (for terms in hours a moment, 2026-05-01T10:00). PAUSED is
    2026-05-01/2026-05-10;… (first day that does not count / first day that counts again). EXTENDED is the number of
    approved extensions. RECEIVED, which may be left out, is the day of receipt that decides on the version of the
    rule. A line that cannot be computed comes back with an empty due date, and the reason goes to standard error.
    """
    calendar, settings = _reference()
    if show_rules:
        _list_rules()
    elif explain:
        _explain(explain[0], explain[1], calendar, settings)
    elif not _compute(calendar, settings):
        sys.exit(1)


def _reference() -> tuple[Calendar, Mapping[str, str]]:
    """Return calendar and settings of this portal; those as published when it has no database yet."""
    from sqlalchemy.exc import SQLAlchemyError

    from casework import reference

    try:
        ref = reference.current()
    except SQLAlchemyError:
        return Calendar.seeded(), deadlines.DEFAULTS
    return ref.calendar, ref.settings


def _compute(calendar: Calendar, settings: Mapping[str, str]) -> bool:
    """Answer every line; return False when one of them could not be computed."""
    good, width = True, len(COLUMNS) - 1
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for number, row in enumerate(csv.reader(sys.stdin), start=1):
        if not any(cell.strip() for cell in row):
            continue
        if row[0].strip().lstrip("\ufeff") == COLUMNS[0]:
            width = max(width, len(row))
            writer.writerow([*row, *ADDED])
            continue
        row += [""] * (width - len(row))
        try:
            writer.writerow([*row, *answer(row, calendar, settings)])
        except BadLine as error:
            good = False
            writer.writerow([*row, "", "", ""])
            click.echo(f"line {number}: {error}", err=True)
    return good


def answer(row: list[str], calendar: Calendar, settings: Mapping[str, str]) -> tuple[str, str, str]:
    """Return due date, whether it is provisional (yes, no), and the version of the rule. Raise BadLine."""
    clock = clock_of(row)
    found = deadlines.due(clock, calendar, settings)
    if found.on is None or found.at is None:
        return "paused", "no", clock.version
    hourly = next(one for one in RULES[clock.rule].versions if one.key == clock.version).unit == "hour"
    text = found.at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M") if hourly else found.on.isoformat()
    return text, "yes" if found.provisional else "no", clock.version


def clock_of(row: list[str]) -> Clock:
    """Return the clock that a line describes. Raise BadLine naming what is wrong."""
    cells = [cell.strip() for cell in row] + [""] * len(COLUMNS)
    rule, began, paused, extended, received = cells[: len(COLUMNS)]
    if rule not in RULES:
        raise BadLine(f"there is no rule “{rule}” (flask due --rules lists them)")
    opened_at = _moment(began)
    opened_on = local_date(opened_at)
    version = deadlines.version_for(rule, _day(received) if received else opened_on)
    if version is None:
        raise BadLine(f"{rule} was not in force on {received or opened_on}")
    count = _number(extended)
    extra = 0
    if count:
        if version.extend is None:
            raise BadLine(f"{rule} cannot be extended")
        if count > version.extend.times:
            raise BadLine(f"{rule} can be extended {version.extend.times} time(s), not {count}")
        extra = count * version.extend.length
    return Clock(rule, version.key, opened_on, opened_at, _pauses(paused), extra, count)


def _pauses(text: str) -> tuple[Pause, ...]:
    found = []
    for part in filter(None, (one.strip() for one in text.split(";"))):
        first, slash, last = part.partition("/")
        pause = Pause(_day(first), _day(last) if slash and last.strip() else None)
        if pause.to_on is not None and pause.to_on < pause.from_on:
            raise BadLine(f"the pause {part} ends before it begins")
        found.append(pause)
    found.sort(key=lambda pause: pause.from_on)
    for before, after in zip(found, found[1:], strict=False):
        if before.to_on is None or before.to_on > after.from_on:
            raise BadLine("two pauses overlap")
    return tuple(found)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise BadLine(f"“{text.strip()}” is not a date like 2026-05-01") from error


def _moment(text: str) -> datetime:
    if "T" not in text and " " not in text:
        return start_of_day(_day(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadLine(f"“{text}” is not a moment like 2026-05-01T10:00") from error
    return moment if moment.tzinfo else at_time(moment.date(), moment.time())


def _number(text: str) -> int:
    if not text:
        return 0
    if not text.isdecimal() or len(text) > 2:
        raise BadLine(f"“{text}” is not a number of extensions")
    return int(text)


def _list_rules() -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("rule", "label", "version", "from", "until", "length", "unit", "extensions", "source"))
    for rule in RULES.values():
        for version in rule.versions:
            extend = version.extend
            more = f"{extend.times} x {extend.length}" if extend else ""
            until = version.until.isoformat() if version.until else ""
            writer.writerow(
                (rule.key, rule.label, version.key, version.from_.isoformat(), until, version.length,
                 UNITS[version.unit], more, deadlines.cite(version.source))
            )  # fmt: skip


def _explain(rule: str, began: str, calendar: Calendar, settings: Mapping[str, str]) -> None:
    try:
        clock = clock_of([rule, began])
    except BadLine as error:
        fail(f"{error}.")
    told = deadlines.explain(clock, calendar, settings)
    say(f"{RULES[rule].label}（{rule}，{clock.version}）")
    for line in told.lines:
        count = f"{line.number:>3}" if line.counts else "  –"
        say(f"{line.day.isoformat()}  {count}  {line.why}")
    for label, text in told.summary:
        say(f"{label}：{text}")
    if told.due.at is not None and told.due.on is not None:
        hourly = not told.lines and clock.fixed_on is None
        end = told.due.at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M") if hourly else told.due.on.isoformat()
        say(f"期满：{end}" + ("（暂定）" if told.due.provisional else ""))
