"""What people enter into an action or a filing: read, checked against the table, every fault named at its field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from casework.reference import Reference
from rules import categories, identifiers
from rules.calendar import ZONE
from rules.workflow import WORKFLOW, Action, Field

YEARS = (1900, 2100)
AMOUNT_MOST = 10_000_000_000_00
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
_YES = {"1", "true", "yes", "on", "是", "y"}
_NO = {"0", "false", "no", "off", "否", "n", ""}


class Fault(ValueError):
    """One value that cannot be taken; the text is the sentence for the person."""


@dataclass
class Checked:
    """What was entered: `values` by field name, typed; `faults` by field name, as sentences."""

    values: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


def check(action: Action, kind: str, raw: Mapping[str, Any], ref: Reference) -> Checked:
    """Check everything entered for an action of a case of this kind. Unknown names are left out, not trusted."""
    checked = Checked()
    for asked in WORKFLOW.fields(action.key, kind):
        entered = raw.get(asked.name)
        try:
            value = read(asked, entered, ref)
        except Fault as fault:
            checked.faults[asked.name] = str(fault)
            continue
        if is_empty(value):
            if asked.required:
                checked.faults[asked.name] = missing(asked)
            continue
        checked.values[asked.name] = value
    return checked


def is_empty(value: Any) -> bool:
    """Tell whether nothing was entered; a plain "no" counts as an answer."""
    return value is None or value == "" or value == [] or value == ()


def is_yes(value: Any) -> bool:
    """Tell whether what was entered into a box says yes."""
    return value is True or (isinstance(value, str) and value.strip().lower() in _YES)


def missing(asked: Field) -> str:
    """Return the sentence for a field that must not stay empty."""
    if asked.type in {"choice", "boolean"}:
        return f"请选择{asked.label}"
    if asked.type == "multi_choice":
        return f"请至少选一项{asked.label}"
    if asked.type == "files":
        return f"请上传{asked.label}"
    return f"请填写{asked.label}"


def read(asked: Field, entered: Any, ref: Reference) -> Any:
    """Return the typed value of one field, None when nothing was entered. Raise Fault with the sentence."""
    if entered is None:
        return None
    reader = _READERS.get(asked.type, _text)
    return reader(asked, entered, ref)


def clean_text(text: str, *, lines: bool) -> str:
    """Return text without control characters, direction overrides and stray blanks at the ends.

    Line breaks are kept (as \\n) only where `lines`; characters are composed (NFC), so that the same name
    is the same text.
    """
    text = unicodedata.normalize("NFC", _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    if not lines:
        text = re.sub(r"\s+", " ", text)
    return text.strip(" \t\n\u3000")


def half_width(text: str) -> str:
    """Return text with full-width letters, digits and signs made half-width."""
    return unicodedata.normalize("NFKC", text)


def _text(asked: Field, entered: Any, _ref: Reference) -> str | None:
    if not isinstance(entered, str):
        raise Fault(f"{asked.label}要填文字")
    text = clean_text(entered, lines=asked.type == "long_text")
    if not text:
        return None
    if asked.max is not None and len(text) > asked.max:
        raise Fault(f"{asked.label}最多 {asked.max} 个字，现在是 {len(text)} 个字")
    if asked.min is not None and len(text) < asked.min:
        raise Fault(f"{asked.label}至少写 {asked.min} 个字，现在是 {len(text)} 个字")
    special = _SPECIAL.get(asked.name)
    return special(text) if special else text


def _phone(_asked: Field, entered: Any, _ref: Reference) -> str | None:
    text = clean_text(str(entered), lines=False)
    if not text:
        return None
    try:
        return identifiers.normalise_phone(text)
    except ValueError as error:
        raise Fault(str(error)) from error


def _date(asked: Field, entered: Any, _ref: Reference) -> date | None:
    if isinstance(entered, datetime):
        return entered.astimezone(ZONE).date()
    if isinstance(entered, date):
        return entered
    return read_date(asked.label, str(entered))


def read_date(label: str, text: str) -> date | None:
    """Return the day that `text` names (2026-10-08, 2026.10.8, 2026年10月8日, 20261008). Raise Fault otherwise."""
    text = half_width(text).strip()
    if not text:
        return None
    found = re.fullmatch(r"(\d{4})\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})日?", text) or re.fullmatch(
        r"(\d{4})(\d{2})(\d{2})", text
    )
    if not found:
        raise Fault(f"{label}要写成年、月、日，例如 2026-10-08")
    year, month, day = (int(part) for part in found.groups())
    if not YEARS[0] <= year <= YEARS[1]:
        raise Fault(f"{label}的年份是 {year}，请再看一下")
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Fault(
            f"{label}：{year}年{month}月没有{day}日" if 1 <= month <= 12 else f"{label}：没有{month}月"
        ) from error


def _datetime(asked: Field, entered: Any, _ref: Reference) -> datetime | None:
    return entered if isinstance(entered, datetime) else read_moment(asked.label, str(entered))


def read_moment(label: str, text: str) -> datetime | None:
    """Return the local moment that `text` names, 2026-10-08 14:30; midnight for a day alone. Raise Fault otherwise."""
    text = half_width(text).strip().replace("T", " ")
    if not text:
        return None
    found = re.fullmatch(r"(.+?)[日\s]\s*(\d{1,2})[:时](\d{1,2})分?(?::\d{1,2})?", text)
    day = read_date(label, found[1] if found else text)
    hour, minute = (int(found[2]), int(found[3])) if found else (0, 0)
    if day is None or hour > 23 or minute > 59:
        raise Fault(f"{label}的时间要写成 2026-10-08 14:30")
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def _choice(asked: Field, entered: Any, _ref: Reference) -> str | None:
    key = str(entered).strip()
    if not key:
        return None
    if asked.choices and asked.choice(key) is None:
        raise Fault(f"{asked.label}里没有这一项，请重新选择")
    if asked.tree:
        try:
            categories.category(key)
        except KeyError as error:
            raise Fault(f"{asked.label}里没有这一项，请重新选择") from error
    if len(key) > 40:
        raise Fault(f"{asked.label}里没有这一项，请重新选择")
    return key


def _multi_choice(asked: Field, entered: Any, ref: Reference) -> list[str] | None:
    parts = [entered] if isinstance(entered, str) else list(entered)
    found: list[str] = []
    for part in parts:
        key = _choice(asked, part, ref)
        if key is not None and key not in found:
            found.append(key)
    return found or None


def _money(asked: Field, entered: Any, _ref: Reference) -> int | None:
    """Money is typed in yuan and kept in fen; an int is taken as fen."""
    if isinstance(entered, int) and not isinstance(entered, bool):
        fen = entered
    else:
        text = re.sub(r"[,，\s¥￥]", "", half_width(str(entered))).removesuffix("元").removesuffix("圆")
        if not text:
            return None
        factor = 1
        if text.endswith("万"):
            text, factor = text.removesuffix("万"), 10_000
        if not re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text):
            raise Fault(f"{asked.label}请只写数字，例如 3680 或 3680.50")
        try:
            exact = Decimal(text) * factor * 100
        except InvalidOperation as error:
            raise Fault(f"{asked.label}请只写数字，例如 3680 或 3680.50") from error
        if exact != exact.to_integral_value():
            raise Fault(f"{asked.label}最多写到分")
        fen = int(exact)
    if not 0 <= fen <= AMOUNT_MOST:
        raise Fault(f"{asked.label}太大了，请再看一下")
    return fen


def _number(asked: Field, entered: Any, _ref: Reference) -> int | None:
    text = half_width(str(entered)).strip()
    if not text:
        return None
    if not re.fullmatch(r"\d{1,6}", text):
        raise Fault(f"{asked.label}请只写整数")
    number = int(text)
    if asked.min is not None and number < asked.min:
        raise Fault(f"{asked.label}不能少于 {asked.min}")
    if asked.max is not None and number > asked.max:
        raise Fault(f"{asked.label}不能超过 {asked.max}")
    return number


def _boolean(asked: Field, entered: Any, _ref: Reference) -> bool | None:
    if isinstance(entered, bool):
        return entered
    text = str(entered).strip().lower()
    if text in _YES:
        return True
    if text in _NO:
        return False if text else None
    raise Fault(f"{asked.label}请选是或否")


def _unit(asked: Field, entered: Any, ref: Reference) -> str | None:
    key = str(entered).strip()
    if not key:
        return None
    unit = ref.unit_keys.get(key)
    if unit is None:
        raise Fault(f"{asked.label}：没有这个单位，请从列表里选")
    if unit.closed:
        raise Fault(f"{asked.label}：{unit.name}已经停办，请选别的单位")
    return key


def _person(asked: Field, entered: Any, ref: Reference) -> int | None:
    text = str(entered).strip()
    if not text:
        return None
    found = identifiers.row_number(text)
    if found is None or found not in ref.names:
        raise Fault(f"{asked.label}：没有这个人，请从列表里选")
    return found


def _people(asked: Field, entered: Any, ref: Reference) -> list[str] | None:
    parts: Sequence[Any] = [entered] if isinstance(entered, str) else list(entered)
    names: list[str] = []
    for part in parts:
        for name in re.split(r"[、,，;；\n]", clean_text(str(part), lines=True)):
            name = clean_text(name, lines=False)
            if not name:
                continue
            if len(name) > 60:
                raise Fault(f"{asked.label}：每个姓名最多 60 个字，用顿号隔开")
            names.append(ref.names.get(identifiers.row_number(name) or 0, name))
    if names and asked.min is not None and len(names) < asked.min:
        raise Fault(f"{asked.label}至少 {asked.min} 人，用顿号隔开")
    most = asked.max or 200
    if len(names) > most:
        raise Fault(f"{asked.label}最多 {most} 人")
    return names or None


def _case(asked: Field, entered: Any, _ref: Reference) -> str | None:
    text = str(entered).strip()
    if not text:
        return None
    try:
        return identifiers.parse_case_number(text).text
    except ValueError as error:
        raise Fault(f"{asked.label}：{error}") from error


def _files(asked: Field, entered: Any, _ref: Reference) -> list[int] | None:
    parts = [entered] if isinstance(entered, (str, int)) else list(entered)
    found: list[int] = []
    for part in parts:
        text = str(part).strip()
        if not text:
            continue
        number = identifiers.row_number(text)
        if number is None:
            raise Fault(f"{asked.label}：请重新上传")
        found.append(number)
    return found or None


def _action(asked: Field, entered: Any, _ref: Reference) -> str | None:
    key = str(entered).strip()
    if key and key not in WORKFLOW.actions:
        raise Fault(f"{asked.label}里没有这一项，请重新选择")
    return key or None


def _postcode(text: str) -> str:
    text = half_width(text)
    if not re.fullmatch(r"\d{6}", text):
        raise Fault(f"邮政编码是 6 位数字，现在是 {len(text)} 位")
    return text


def _credit_code(text: str) -> str:
    text = half_width(text).upper().replace(" ", "")
    if len(text) != 18:
        raise Fault(f"统一社会信用代码是 18 位，现在是 {len(text)} 位；不知道可以不填")
    if not identifiers.credit_code_valid(text):
        raise Fault("统一社会信用代码对不上校验位，请对照营业执照再看一下；不知道可以不填")
    return text


def _email(text: str) -> str:
    text = half_width(text)
    if not re.fullmatch(r"[^@\s<>\"',;:()\[\]\\]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", text):
        raise Fault("电子邮箱要像 name@example.cn 这样写")
    return text


_SPECIAL = {
    "filer_postcode": _postcode,
    "respondent_code": _credit_code,
    "filer_email": _email,
}

_READERS = {
    "text": _text,
    "long_text": _text,
    "phone": _phone,
    "date": _date,
    "datetime": _datetime,
    "choice": _choice,
    "multi_choice": _multi_choice,
    "money": _money,
    "number": _number,
    "boolean": _boolean,
    "unit": _unit,
    "person": _person,
    "people": _people,
    "case": _case,
    "files": _files,
    "action": _action,
}
