"""From a row to what it says: fields as a form would have sent them, or the reason why it cannot be taken."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from casework import fields
from casework.imports.profile import Profile
from casework.imports.reading import Cell, Row
from rules import categories
from rules.calendar import ZONE

_MOMENT = re.compile(r"(\d{4})\D(\d{1,2})\D(\d{1,2})日?(?:[T\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)?")
_KEY_LENGTH = 100
FIRST_YEAR = 1990
MATTER = 40


class Bad(ValueError):
    """A row that cannot be taken; the text is the reason, in Chinese, with the column it lies in."""


@dataclass(frozen=True)
class Past:
    """A message of the past with its reply."""

    matter: str
    content: str
    received_at: datetime
    filer_name: str | None
    answer: str | None
    answered_at: datetime | None


def key_of(profile: Profile, row: Row) -> str:
    """Return what names the row for ever: its number in the source, else the hash of all that it says."""
    own = _text(row.cells.get(profile.key, "")).strip() if profile.key else ""
    if not own or len(own) > _KEY_LENGTH - len(profile.name):
        said = "\x1f".join(f"{name}={_text(cell)}" for name, cell in sorted(row.cells.items()))
        own = "#" + hashlib.sha256(said.encode()).hexdigest()[:32]
    return f"{profile.name}:{own}"


def past(profile: Profile, row: Row, now: datetime) -> Past:
    """Return the message that a row of history holds. Raise Bad."""
    content = tidy(_cell(profile, row, "content"))
    if not content:
        raise Bad(f"“{profile.columns['content']}”是空的")
    received_at = moment(profile.columns["received_at"], row.cells.get(profile.columns["received_at"], ""))
    if received_at > now:
        raise Bad(f"“{profile.columns['received_at']}”还没有到")
    answer = tidy(_cell(profile, row, "answer")) or None
    answered_at = None
    if answer and row.cells.get(profile.columns.get("answered_at", "")):
        column = profile.columns["answered_at"]
        answered_at = moment(column, row.cells[column])
        if answered_at.date() < received_at.date() - timedelta(days=1):
            raise Bad(f"“{column}”早于“{profile.columns['received_at']}”")
    name = fields.clean_text(_cell(profile, row, "filer_name"), lines=False)[:60] or None
    matter = fields.clean_text(_cell(profile, row, "matter"), lines=False)[:60]
    return Past(matter or content[:40].replace("\n", " "), content, received_at, name, answer, answered_at)


def current(profile: Profile, row: Row, now: datetime) -> tuple[str, dict[str, Any]]:
    """Return kind and fields of a row that is registered today. Raise Bad when its text is empty."""
    content = tidy(_cell(profile, row, "content"))
    if not content:
        raise Bad(f"“{profile.columns['content']}”是空的")
    entered: dict[str, Any] = {**profile.fixed}
    for name in profile.columns:
        entered[name] = tidy(_cell(profile, row, name))
    for name, pattern in profile.find:
        found = pattern.search(content)
        if found:
            value = _latest(found, now) if name == "happened_on" else found[1].strip()
            if value:
                entered[name] = value
    kind = profile.kind
    if profile.run_together:
        kind = _run_together(profile, content, entered)
    entered |= {"channel": profile.channel, "received_on": now.astimezone(ZONE).date()}
    return kind, entered


def tidy(text: str) -> str:
    """Return text without the blanks at the ends of its lines and without runs of empty lines."""
    lines = [line.strip(" \t\u3000\xa0") for line in fields.clean_text(text, lines=True).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def moment(column: str, cell: Cell) -> datetime:
    """Return the moment that a cell names, local time of Shanghai. Raise Bad."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=ZONE) if cell.tzinfo is None else cell
    text = fields.half_width(cell).strip()
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise Bad(f"“{column}”里的“{text[:30]}”不是时间")
    parts = [int(part or 0) for part in found.groups()]
    try:
        at = datetime(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], tzinfo=ZONE)
    except ValueError as error:
        raise Bad(f"“{column}”里的“{text[:30]}”不是时间") from error
    if at.year < FIRST_YEAR:
        raise Bad(f"“{column}”里的年份是 {at.year}")
    return at


def _run_together(profile: Profile, content: str, entered: dict[str, Any]) -> str:
    """Take demand, problem and place from the beginning of the text; return the kind that the problem tells."""
    told = profile.run_together or {}
    rest, kind = content, profile.kind
    for part in told["parts"]:
        head, _, tail = rest.partition(" ")
        if part == "demands":
            keys = [told["demands"].get(word) for word in re.split(r"[,，、]", head)]
            if all(keys):
                entered["demands"], rest = keys, tail
        elif part == "problem":
            problem = _problem(head)
            if problem:
                entered["problem"], rest = problem, tail
                kind = "report" if categories.category(problem).tree == "report_problem" else kind
        elif tail and len(head) <= 60:
            entered["respondent_address"], rest = head, tail
        elif found := re.match(r"位于([^，。]{2,60})，", rest):
            entered["respondent_address"] = found[1]
    entered.setdefault("matter", _short(str(entered.get("demand_text") or rest)))
    return kind


def _short(text: str) -> str:
    line = re.split(r"[。\n]", text.strip(), maxsplit=1)[0].strip()
    return line if len(line) <= MATTER else line[: MATTER - 1] + "…"


def _problem(label: str) -> str | None:
    """Return the key of the first problem that a label of the source names."""
    for word in (label, *re.split(r"[、,，]", label)):
        for tree in ("problem", "report_problem"):
            for node in categories.tree(tree):
                if node.label == word:
                    return node.key
    return None


def _latest(found: re.Match[str], now: datetime) -> date | None:
    """Return the day that a text names; without a year it is the last one before now."""
    today = now.astimezone(ZONE).date()
    year, month, day = found[1], int(found[2]), int(found[3])
    for candidate in (int(year),) if year else (today.year, today.year - 1):
        try:
            named = date(candidate, month, day)
        except ValueError:
            continue
        if named <= today:
            return named
    return None


def _cell(profile: Profile, row: Row, name: str) -> str:
    column = profile.columns.get(name)
    return _text(row.cells.get(column, "")) if column else ""


def _text(cell: Cell) -> str:
    return cell.isoformat(" ") if isinstance(cell, datetime) else cell


def missing_columns(profile: Profile, heading: Mapping[str, object] | list[str]) -> list[str]:
    """Return the columns that the profile needs and the file has not."""
    wanted = [*profile.columns.values(), *([profile.key] if profile.key else [])]
    return [name for name in wanted if name not in heading]
