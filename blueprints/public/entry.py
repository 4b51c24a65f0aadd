"""What somebody has typed into a form: taken from the request, checked, and shown again."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from blueprints.public import questions
from blueprints.public.questions import Ask
from blueprints.web import filters
from blueprints.web.forms import Filled
from casework import intake
from casework.reference import current

Values = dict[str, str | list[str]]
DATE_PARTS = ("year", "month", "day")
ANONYMOUS_KINDS = frozenset({"report", "misconduct"})


@dataclass(frozen=True)
class Answer:
    """One line of the page before sending."""

    ask: Ask
    label: str
    value: str


def collect(kind: str, form: MultiDict[str, str]) -> Values:
    """Return what was typed into the fields that this form asks for, and nothing else that came with it.

    What somebody who stays anonymous typed about themselves is left out here already.
    """
    values: Values = {}
    for ask in questions.asks(kind):
        if ask.widget == "files":
            continue
        if ask.widget == "date":
            for part in DATE_PARTS:
                _keep(values, f"{ask.name}_{part}", form.get(f"{ask.name}_{part}", ""))
        elif ask.widget == "checks":
            several = [value for value in form.getlist(ask.name) if value]
            if several:
                values[ask.name] = several
        else:
            _keep(values, ask.name, form.get(ask.name, ""))
    if kind in ANONYMOUS_KINDS and values.get("anonymous") == "yes":
        return {name: value for name, value in values.items() if not _about_filer(name)}
    return values


def _keep(values: Values, name: str, value: str) -> None:
    # Browsers send line breaks as CRLF, also for the hidden fields of the next page: one form for both.
    text = value.replace("\r\n", "\n")
    if text.strip():
        values[name] = text


def _about_filer(name: str) -> bool:
    return name.startswith("filer_") or name == "reply_by"


def entered(values: Values) -> dict[str, Any]:
    """Return the values as casework takes them: the three parts of a date as one."""
    given: dict[str, Any] = {}
    dates: dict[str, list[str]] = {}
    for name, value in values.items():
        stem, _, part = name.rpartition("_")
        if part in DATE_PARTS and isinstance(value, str):
            dates.setdefault(stem, ["", "", ""])[DATE_PARTS.index(part)] = _digits(value)
        else:
            given[name] = value
    for stem, parts in dates.items():
        given[stem] = "-".join(parts)
    return given


def _digits(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().rstrip("年月日")


def faults(kind: str, values: Values, now: datetime, *, late: bool = False) -> tuple[dict[str, str], dict[str, Any]]:
    """Check a form: faults by field in the page's words, and the typed values.

    `late` says whether what is asked on the page before sending counts already.
    """
    checked = intake.check(kind, entered(values), now)
    found = questions.in_our_words(kind, checked.faults)
    if not late:
        for ask in questions.asks(kind):
            if ask.late:
                found.pop(ask.name, None)
    return found, checked.values


def filled(values: Values, errors: Mapping[str, str] | None = None) -> Filled:
    """Return the state of the form on the page."""
    return Filled(values, errors or {})


@dataclass(frozen=True)
class Told:
    """One part of the page before sending: what was answered, and what was left empty."""

    title: str
    answers: list[Answer]
    empty: list[Ask]


def told(kind: str, typed: Mapping[str, Any]) -> list[Told]:
    """Return the answers part by part, as the page before sending shows them; files are added by the page."""
    found = []
    for part in questions.FORMS[kind]:
        shown, empty = [], []
        for ask in part.asks:
            if ask.widget == "files" or ask.late or (typed.get("anonymous") and _about_filer(ask.name)):
                continue
            if typed.get(ask.name) is None and ask.widget != "check":
                empty.append(ask)
            else:
                shown.append(Answer(ask, ask.said or ask.label, _shown(kind, ask, typed.get(ask.name))))
        found.append(Told(part.title, shown, empty))
    return found


def _shown(kind: str, ask: Ask, value: Any) -> str:
    if ask.widget == "check":
        return "是" if value else "不要" if ask.name == "also_report" else "不匿名"
    if isinstance(value, bool):
        return dict(questions.options(kind, ask.name))["yes" if value else "no"]
    if isinstance(value, date):
        return filters.day_full(value)
    if ask.widget == "money":
        return filters.money(int(value))
    if ask.name == "officer_unit":
        return current().unit_keys[value].name
    if ask.widget == "select":
        return next(
            (words for _, group in questions.groups(kind, ask.name) for key, words in group if key == value), ""
        )
    if ask.widget in {"radios", "checks"}:
        keys = value if isinstance(value, list) else [value]
        return "、".join(words for key, words in questions.options(kind, ask.name) if key in keys)
    return str(value)


def units() -> questions.Groups:
    """Return the units whose people a sealed letter may be about."""
    open_units = tuple((unit.key, unit.name) for unit in current().units.values() if not unit.closed)
    return (("", open_units),)


def districts() -> str:
    """Return the districts as a hint names them: 东城区、西城区. Empty where the city has none."""
    names = []
    for unit in current().units.values():
        head, mark, _ = unit.name.partition("区")
        if unit.kind == "district" and mark and not unit.closed and head + mark not in names:
            names.append(head + mark)
    return "、".join(names[:12])
