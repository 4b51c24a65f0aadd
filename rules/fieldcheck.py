"""What may stand in the fields of an action: one place for the limits that pages print and casework enforces.

Values come typed (dates as dates, money as Decimal, several choices and files as lists); turning typed text into values
is the business of forms. The grounds of a decision are judged by the procedure, which knows the regime of the case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sized
from datetime import date, datetime
from decimal import Decimal

from rules.categories import TREES
from rules.identifiers import normalise_phone
from rules.table import Field
from rules.workflow import WORKFLOW

_EMPTY: tuple[object, ...] = (None, "", [], ())
_ASK = {
    "text": "请填写{label}",
    "long_text": "请写明{label}",
    "phone": "请填写{label}，例如 13800001234",
    "date": "请填写{label}，例如 2026年11月23日",
    "datetime": "请填写{label}，例如 2026年11月23日 10:30",
    "money": "请填写{label}，例如 680.50；没有的填 0",
    "number": "请填写{label}",
    "files": "请上传{label}",
    "boolean": "请选择{label}",
}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "long_text": (str,),
    "phone": (str,),
    "choice": (str,),
    "action": (str,),
    "date": (date,),
    "datetime": (datetime,),
    "money": (Decimal, int),
    "number": (int,),
    "boolean": (bool,),
    "multi_choice": (list, tuple),
    "files": (list, tuple),
}


def faults(action: str, kind: str, values: Mapping[str, object]) -> dict[str, str]:
    """Field → what to do about it, in Chinese, for every field that cannot be accepted; empty when all can."""
    found: dict[str, str] = {}
    for field in WORKFLOW.fields(action, kind):
        sentence = fault(field, values.get(field.name))
        if sentence:
            found[field.name] = sentence
    return found


def fault(field: Field, value: object) -> str | None:
    """What is wrong with one value; None when it can be accepted. `field.required` must be settled for the kind."""
    if value in _EMPTY:
        ask = _ASK.get(field.type, "请选择{label}")
        return ask.format(label=field.label) if field.required else None
    wanted = _TYPES.get(field.type)
    wrong = wanted is not None and (not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted))
    if wrong:
        return _ASK.get(field.type, "请选择{label}").format(label=field.label)
    if field.name == "consent_truth" and value is not True:
        return "请勾选：对所提供材料的真实性负责"
    if field.type in ("choice", "multi_choice") and not _among(field, value):
        return f"请从列表里选择{field.label}"
    if field.type == "phone" and isinstance(value, str):
        return _phone(value)
    return _limits(field, value)


def _among(field: Field, value: object) -> bool:
    """True when every answer is one that the field offers; grounds are left to the procedure."""
    if field.ground:
        return True
    offered = TREES[field.tree] if field.tree else field.choices
    known = {answer.key for answer in offered}
    return set(value) <= known if isinstance(value, list | tuple) else value in known


def _phone(value: str) -> str | None:
    try:
        normalise_phone(value)
    except ValueError as error:
        return str(error)
    return None


def _limits(field: Field, value: object) -> str | None:
    if isinstance(value, Decimal | int) and field.type in ("money", "number"):
        least = 0 if field.type == "money" else field.min
        if least is not None and value < least:
            return f"{field.label}不能小于 {least}，现在是 {value}"
        if field.max is not None and value > field.max:
            return f"{field.label}最大是 {field.max}，现在是 {value}"
    elif isinstance(value, Sized):
        size = len(value.strip()) if isinstance(value, str) else len(value)
        unit = "个字" if isinstance(value, str) else "个"
        if field.required and isinstance(value, str) and size == 0:
            return _ASK["text"].format(label=field.label)
        if field.min is not None and size < field.min:
            return f"{field.label}至少 {field.min} {unit}，现在是 {size} {unit}"
        if field.max is not None and size > field.max:
            return f"{field.label}最多 {field.max:,} {unit}，现在是 {size:,} {unit}"
    return None
