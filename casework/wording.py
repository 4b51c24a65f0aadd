"""What people are told: the sentences of the table with their blanks filled."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from casework.reference import Reference
from rules.calendar import ZONE, local_date
from rules.workflow import WORKFLOW, Action, Field

_WEEKDAYS = "一二三四五六日"
_BLANK = re.compile(r"\{(\w+)\}")
_END = re.compile(r"[。！？!?\n；;]")


@lru_cache(2048)
def long_date(day: date) -> str:
    """Return 2026年11月23日（周一）."""
    return f"{day.year}年{day.month}月{day.day}日（周{_WEEKDAYS[day.weekday()]}）"


@lru_cache(2048)
def plain_date(day: date) -> str:
    """Return 2026年11月23日."""
    return f"{day.year}年{day.month}月{day.day}日"


def moment(at: datetime) -> str:
    """Return 2026年11月23日 10:26."""
    local = at.astimezone(ZONE)
    return f"{plain_date(local.date())} {local:%H:%M}"


def yuan(fen: int) -> str:
    """Return money in running text: 3,680元, with its fen only when there are any."""
    whole, part = divmod(fen, 100)
    return f"{whole:,}.{part:02d}元" if part else f"{whole:,}元"


def shown(name: str, value: Any, action: Action, ref: Reference) -> str:
    """Return the value of an entered field as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return long_date(value)
    asked = action.named.get(name)
    reader = _SHOWN.get(asked.type) if asked is not None else None
    if asked is not None and reader is not None:
        return reader(asked, value, ref)
    return "、".join(str(part) for part in value) if isinstance(value, list) else str(value)


def _choices(asked: Field, value: Any, _ref: Reference) -> str:
    keys = value if isinstance(value, list) else [value]
    if not asked.choices:  # a ground or a category: its key is its name here
        return "、".join(str(key) for key in keys)
    return "、".join(choice.label for key in keys if (choice := asked.choice(key)) is not None)


def _unit_name(_asked: Field, value: Any, ref: Reference) -> str:
    return ref.unit_keys[value].name if value in ref.unit_keys else str(value)


_SHOWN: Mapping[str, Callable[[Field, Any, Reference], str]] = {
    "action": lambda _asked, value, _ref: WORKFLOW.action(value).label,
    "choice": _choices,
    "files": lambda _asked, value, _ref: f"{len(value)}份",
    "money": lambda _asked, value, _ref: yuan(int(value)),
    "multi_choice": _choices,
    "person": lambda _asked, value, ref: ref.names.get(int(value), ""),
    "unit": _unit_name,
}


class Filling(NamedTuple):
    """What the blanks of a sentence are filled from: an act, the case as it leaves it, the date it names, and `more`
    that the act cannot know."""

    action: Action
    case: Mapping[str, Any]
    values: Mapping[str, Any]
    ref: Reference
    now: datetime
    due: date | None
    more: Mapping[str, str]


def fill(sentence: str, of: Filling) -> str:
    """Return a sentence of the table with its blanks filled from the act; what is not known leaves no gap marks."""
    form, blanks = _form_of(sentence)
    if not blanks:
        return sentence
    more = of.more
    return form % tuple([more[name] if name in more else read(of) for name, read in blanks])


@lru_cache(2048)
def _form_of(sentence: str) -> tuple[str, tuple[tuple[str, Callable[[Filling], str]], ...]]:
    """Return a sentence of the table as a form with a %s for each blank, the names of the blanks, and what reads
    each of them."""
    names = _BLANK.findall(sentence)
    return _BLANK.sub("%s", sentence.replace("%", "%%")), tuple((name, _reader(name)) for name in names)


def _reader(name: str) -> Callable[[Filling], str]:
    if name == "date":
        return lambda of: plain_date(local_date(of.now))
    if name == "due":
        return lambda of: long_date(of.due) if of.due else "办理期限"
    if name == "ground":
        return lambda of: ground_text(of.action, of.case, of.values)
    if name in _OF_CASE:
        of_case = _OF_CASE[name]
        return lambda of: of_case(of.case, of.values, of.ref)
    entered = _ALIAS.get(name, name)
    return lambda of: shown(name, of.values.get(entered), of.action, of.ref)


def _handler(case: Mapping[str, Any], values: Mapping[str, Any], ref: Reference) -> str:
    person = values.get("handler") or case.get("handler_id")
    return ref.names.get(int(person), "承办人") if person else "承办人"


_OF_CASE: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any], Reference], str]] = {
    "amount": lambda case, values, _ref: yuan(int(values.get("amount_recovered") or case.get("amount") or 0)),
    "handler": _handler,
    "link": lambda _case, _values, _ref: "本平台“查办理进度”",
    "number": lambda case, _values, _ref: str(case["number"]),
    "respondent_name": lambda case, _values, _ref: case.get("respondent_name") or "商家",
    "unit": lambda case, _values, ref: ref.units[case["unit_id"]].name,
    "unit_address": lambda case, _values, ref: ref.units[case["unit_id"]].address,
    "unit_phone": lambda case, _values, ref: ref.units[case["unit_id"]].phone or "12315",
}
"""Blanks that the case itself fills."""


_ALIAS = {"other_number": "main_case", "basis": "legal_basis"}


def ground_text(action: Action, case: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Return the statutory wording of the ground that was chosen, empty when none was."""
    code, asked = values.get("ground"), action.named.get("ground")
    if not code or asked is None or not asked.ground:
        return ""
    ground = WORKFLOW.find_ground(asked.ground, case["regime"], str(code))
    return ground.text if ground is not None else ""


def matter_of(kind: str, values: Mapping[str, Any]) -> str:
    """Return a case in one line, for lists: what was bought and the first words of what happened."""
    if values.get("matter"):
        return str(values["matter"])[:120]
    first = _END.split(str(values.get("content") or "").strip(), maxsplit=1)[0].strip()
    goods = str(values.get("goods") or "").strip()
    line = f"{goods}：{first}" if goods and first and not first.startswith(goods) else first or goods
    if len(line) > 40:
        line = line[:39] + "…"
    return line or WORKFLOW.kind_labels[kind]
