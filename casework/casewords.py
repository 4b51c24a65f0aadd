"""What a case says about itself in words: its facts, what was entered into a form, where it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from casework import fields, listing
from casework.reference import Reference, current
from casework.wording import long_date, shown, yuan
from models import Case, CaseText
from rules import categories
from rules.deadlines import RULES
from rules.table import Action, Field
from rules.workflow import WORKFLOW


def entry_words(name: str, value: Any, action: Action, case: Case, ref: Reference) -> tuple[str, str] | None:
    """Return one entered value as (label, words); None for what the form did not ask or nobody entered."""
    asked = next((one for one in action.fields if one.name == name), None)
    if asked is None or value in (None, "", []):
        return None
    if asked.ground:
        codes = value if isinstance(value, list) else [value]
        found = [WORKFLOW.find_ground(asked.ground, case.regime, str(code)) for code in codes]
        return asked.label, "、".join(one.label for one in found if one is not None)
    return asked.label, shown(name, _typed(asked.type, value), action, ref)


def _typed(kind: str, value: Any) -> Any:
    """Give a value that an event keeps as text its type again, so that it reads as a person writes it."""
    if kind == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    if kind == "datetime" and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value


def answers(case: Case, action: Action, typed: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was typed into a form as (label, words), unreadable values as they were typed."""
    ref = current()
    checked = fields.check(action, case.kind, typed, ref)
    found = []
    for asked in WORKFLOW.fields(action.key, case.kind):
        value = checked.values.get(asked.name)
        words = entry_words(asked.name, value, action, case, ref) if value is not None else None
        if words is None and typed.get(asked.name):
            raw = typed[asked.name]
            words = (asked.label, raw if isinstance(raw, str) else "、".join(raw))
        if words is not None:
            found.append(words)
    found += [("已确认", WORKFLOW.guards[key].attest) for key in typed.get("attested", ()) if key in WORKFLOW.guards]
    return found


def term_labels(opened: Sequence[tuple[str, date | None]]) -> list[tuple[str, date]]:
    """Return the terms that an act begins, in words, with their last days."""
    return [(RULES[rule].label, day) for rule, day in opened if day is not None]


def category_name(key: str | None) -> str:
    """Return the words for a category from its top down."""
    if not key:
        return ""
    try:
        return " › ".join(categories.category(part).label for part in categories.category(key).path)
    except KeyError:
        return ""


def channel_name(case: Case) -> str:
    """Return where a case came from, with the number it has there."""
    words = listing.CHANNELS.get(case.channel, case.channel)
    return f"{words} {case.source_number}" if case.source_number else words


def summary(case: Case, text: CaseText) -> list[tuple[str, str]]:
    """Return the facts of a case below its text, as (label, words); what is not known is left out."""
    asked = {field.name: field for field in WORKFLOW.action("register_by_staff").fields}
    wanted = [choice.label for key in text.demands if (choice := asked["demands"].choice(key))]
    paid = yuan(case.amount) if case.amount is not None else ""
    bought = [case.goods or "", paid, _choice(asked["sales_mode"], case.sales_mode)]
    asked_for = [part for part in ("、".join(wanted), text.demand_text) if part]
    publish = {True: "同意", False: "不同意", None: ""}[text.consent_publish]
    rows = [
        ("请求", "：".join(asked_for)),
        ("消费", "，".join(part for part in bought if part)),
        ("发生日期", long_date(case.happened_on) if case.happened_on else ""),
        ("平台和订单", "，".join(part for part in (case.platform, case.order_number) if part)),
        ("问题类别", category_name(case.problem)),
        ("证据说明", text.evidence or ""),
        ("挽回损失", yuan(case.amount_recovered) if case.amount_recovered is not None else ""),
        ("同意公示", publish),
    ]
    return [(name, words) for name, words in rows if words]


def _choice(field: Field, key: str | None) -> str:
    choice = field.choice(key) if key else None
    return choice.label if choice else ""
