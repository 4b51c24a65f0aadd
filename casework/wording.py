"""What people are told: the sentences of the table with their blanks filled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from casework.reference import Reference
from rules import identifiers
from rules.calendar import ZONE
from rules.workflow import WORKFLOW, Action

_WEEKDAYS = "一二三四五六日"
_BLANK = re.compile(r"\{(\w+)\}")
TRACK = "/track"


def long_date(day: date) -> str:
    """Return 2026年11月23日（周一）."""
    return f"{day.year}年{day.month}月{day.day}日（周{_WEEKDAYS[day.weekday()]}）"


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
    asked = next((one for one in action.fields if one.name == name), None)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return long_date(value)
    if asked is not None:
        if asked.type == "money":
            return yuan(int(value))
        if asked.type == "person":
            return ref.names.get(int(value), "")
        if asked.type == "unit":
            return ref.unit_keys[value].name if value in ref.unit_keys else str(value)
        if asked.type in {"choice", "multi_choice"} and asked.choices:
            keys = value if isinstance(value, list) else [value]
            return "、".join(choice.label for key in keys if (choice := asked.choice(key)) is not None)
        if asked.type == "files":
            return f"{len(value)}份"
        if asked.type == "action":
            return WORKFLOW.action(value).label
    if isinstance(value, list):
        return "、".join(str(part) for part in value)
    return str(value)


def fill(
    sentence: str,
    action: Action,
    case: Mapping[str, Any],
    values: Mapping[str, Any],
    ref: Reference,
    now: datetime,
    due: date | None,
    more: Mapping[str, str],
) -> str:
    """Return a sentence of the table with its blanks filled from the act; what is not known leaves no gap marks."""
    if "{" not in sentence:
        return sentence

    def _filled(found: re.Match[str]) -> str:
        return _blank(found[1], action, case, values, ref, now, due, more)

    return _BLANK.sub(_filled, sentence)


def _blank(
    name: str,
    action: Action,
    case: Mapping[str, Any],
    values: Mapping[str, Any],
    ref: Reference,
    now: datetime,
    due: date | None,
    more: Mapping[str, str],
) -> str:
    if name in more:
        return more[name]
    unit = ref.units[case["unit_id"]]
    if name == "number":
        return str(case["number"])
    if name == "date":
        return plain_date(now.astimezone(ZONE).date())
    if name == "due":
        return long_date(due) if due else "办理期限"
    if name == "unit":
        return unit.name
    if name == "unit_phone":
        return unit.phone or "12315"
    if name == "unit_address":
        return unit.address
    if name == "link":
        return f"本平台“查办理进度”（{TRACK}）"
    if name == "respondent_name":
        return case.get("respondent_name") or "商家"
    if name == "handler":
        person = values.get("handler") or case.get("handler_id")
        return ref.names.get(int(person), "承办人") if person else "承办人"
    if name == "ground":
        return ground_text(action, case, values)
    if name == "amount":
        return yuan(int(values.get("amount_recovered") or case.get("amount") or 0))
    return shown(name, values.get(_ALIAS.get(name, name)), action, ref)


_ALIAS = {"other_number": "main_case", "basis": "legal_basis"}


def ground_text(action: Action, case: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Return the statutory wording of the ground that was chosen, empty when none was."""
    code = values.get("ground")
    for asked in action.fields:
        if asked.ground and asked.name == "ground" and code:
            for ground in WORKFLOW.grounds(asked.ground, case["regime"]):
                if ground.code == code:
                    return ground.text
    return ""


def matter_of(kind: str, values: Mapping[str, Any]) -> str:
    """Return a case in one line, for lists: what was bought and the first words of what happened."""
    if values.get("matter"):
        return str(values["matter"])[:120]
    first = re.split(r"[。！？!?\n；;]", str(values.get("content") or "").strip(), maxsplit=1)[0].strip()
    goods = str(values.get("goods") or "").strip()
    line = f"{goods}：{first}" if goods and goods not in first else first or goods
    if len(line) > 40:
        line = line[:39] + "…"
    return line or WORKFLOW.kind_labels[kind]


def masked_party(name: str | None, phone: str | None) -> str:
    """Return a filer as lists and messages may show one: 周**，138****1234."""
    parts = [identifiers.mask_name(name)] if name else []
    if phone:
        parts.append(identifiers.mask_phone(phone))
    return "，".join(parts)
