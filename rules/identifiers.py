"""Numbers, codes and masks: case numbers, query codes, credit codes, identity numbers, telephones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

KIND_LETTERS = {"complaint": "T", "report": "J", "consultation": "Z", "suggestion": "Y", "misconduct": "D"}
_KIND_OF = {letter: kind for kind, letter in KIND_LETTERS.items()}
_CASE_NUMBER = re.compile(r"([TJZYD])-?(\d{8})-?(\d{5,})-?(\d)")
# 32 symbols: no I, L, O (read as 1, 1, 0) and no U; 0 and 1 themselves stay and take the place of what was misread.
QUERY_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILOU", "110V")
QUERY_LENGTH = 12
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY_CHECK = "10X98765432"
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(0(?:10|2\d|[3-9]\d{2}))-?([2-9]\d{6,7})")
_SERVICE = re.compile(r"[48]00\d{7}|1\d{4}|9\d{4}")
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—―−－﹣─", "-"))


@dataclass(frozen=True, slots=True)
class CaseNumber:
    """The parts of a case number; `text` is its one written form."""

    kind: str
    day: date
    sequence: int
    text: str


def plain(text: str) -> str:
    """Half width, upper case, hyphens of one sort, no spaces: how typed numbers are compared."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text).translate(_HYPHENS)).upper()


def check_digit(digits: str) -> str:
    """The check digit after `digits` by ISO 7064 MOD 11,10; ValueError for anything but digits."""
    if not digits.isascii() or not digits.isdigit():
        raise ValueError("only digits can be checked")
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def case_number(kind: str, day: date, sequence: int) -> str:
    """T20261123-00042-7: kind letter, day, the day's sequence (five digits or more), check digit.

    The letter enters the check as its place in TJZYD. ValueError for a sequence below 1, KeyError for an unknown kind.
    """
    if sequence < 1:
        raise ValueError("the sequence of a day starts at 1")
    letter = KIND_LETTERS[kind]
    running, on = f"{sequence:05d}", day.isoformat().replace("-", "")
    place = list(KIND_LETTERS.values()).index(letter) + 1
    return f"{letter}{on}-{running}-{check_digit(f'{place}{on}{running}')}"


def parse_case_number(text: str) -> CaseNumber:
    """The number in `text`, tolerant of case, spaces, hyphens and full width; ValueError with a Chinese sentence."""
    found = _CASE_NUMBER.fullmatch(plain(text))
    if found is None:
        raise ValueError("编号由字母和数字组成，例如 T20261123-00042-7，请对照回执再看一遍")
    letter, day_text, running, _ = found.groups()
    try:
        day = date(int(day_text[:4]), int(day_text[4:6]), int(day_text[6:]))
        wanted = case_number(_KIND_OF[letter], day, int(running))
    except ValueError as error:
        raise ValueError("编号里的日期不存在，请对照回执再看一遍") from error
    if plain(wanted).replace("-", "") != plain(text).replace("-", ""):
        raise ValueError("编号有一位不对，请对照回执再看一遍")
    return CaseNumber(_KIND_OF[letter], day, int(running), wanted)


def new_query_code(randbits: Callable[[int], int]) -> str:
    """XXXX-XXXX-XXXX from 60 random bits (`secrets.randbits`), in 32 symbols without look-alikes."""
    bits = randbits(5 * QUERY_LENGTH)
    symbols = "".join(QUERY_ALPHABET[bits >> 5 * place & 31] for place in range(QUERY_LENGTH))
    return f"{symbols[:4]}-{symbols[4:8]}-{symbols[8:]}"


def normalise_query_code(text: str) -> str:
    """The code as it was given out, however it was typed; ValueError with a Chinese sentence."""
    symbols = plain(text).replace("-", "").translate(_MISREAD)
    if len(symbols) != QUERY_LENGTH:
        raise ValueError(f"查询码要有 {QUERY_LENGTH} 位，现在是 {len(symbols)} 位")
    wrong = [symbol for symbol in symbols if symbol not in QUERY_ALPHABET]
    if wrong:
        raise ValueError(f"查询码里没有“{wrong[0]}”这个字，请对照回执再看一遍")
    return f"{symbols[:4]}-{symbols[4:8]}-{symbols[8:]}"


def credit_code_valid(text: str) -> bool:
    """Is this a unified social credit code with a right check character (GB 32100-2015)?"""
    code = plain(text)
    if len(code) != 18 or any(symbol not in _CREDIT_ALPHABET for symbol in code) or not code[2:8].isdigit():
        return False
    total = sum(_CREDIT_ALPHABET.index(symbol) * weight for symbol, weight in zip(code, _CREDIT_WEIGHTS, strict=False))
    return _CREDIT_ALPHABET[-total % 31] == code[17]


def identity_number_valid(text: str) -> bool:
    """Is this a resident identity number with a real date of birth and a right check character (GB 11643-1999)?"""
    number = plain(text)
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", number, re.ASCII):
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _IDENTITY_WEIGHTS, strict=False))
    return born.year >= 1900 and _IDENTITY_CHECK[total % 11] == number[17]


def normalise_phone(text: str) -> str:
    """A telephone as it is stored: 13800001234, 0571-88880000, 4008001234; ValueError with a Chinese sentence.

    Accepts +86, spaces, brackets, full width and any hyphen.
    """
    typed = re.sub(r"[()（）.·]", "", plain(text))
    typed = re.sub(r"^(\+86|0086|86(?=1[3-9]\d{9}$))-?", "", typed)
    digits = typed.replace("-", "")
    if not digits:
        raise ValueError("请填写电话号码，例如 13800001234 或 0571-88880000")
    if not digits.isascii() or not digits.isdigit():
        raise ValueError("电话号码只写数字，例如 13800001234 或 0571-88880000")
    if _MOBILE.fullmatch(digits) or _SERVICE.fullmatch(digits):
        return digits
    landline = _LANDLINE.fullmatch(typed) or _LANDLINE.fullmatch(digits)
    if landline:
        return f"{landline[1]}-{landline[2]}"
    if digits.startswith("1") and len(digits) != 11:
        raise ValueError(f"手机号码要有 11 位，现在是 {len(digits)} 位")
    if digits.startswith("1"):
        raise ValueError("手机号码的第二位是 3 到 9，请再看一遍")
    if digits.startswith("0"):
        raise ValueError("固定电话由区号和 7 到 8 位号码组成，例如 0571-88880000")
    raise ValueError("固定电话要加区号，例如 0571-88880000")


def mask_name(name: str) -> str:
    """周**: the first character alone, and always two stars, so that the length tells nothing."""
    trimmed = name.strip()
    return f"{trimmed[0]}**" if trimmed else ""


def mask_phone(phone: str) -> str:
    """138****1234; of other numbers the last four digits stay."""
    digits = plain(phone).replace("-", "")
    if not digits:
        return ""
    if len(digits) < 8:
        return "****"
    return f"{digits[:3]}****{digits[-4:]}" if _MOBILE.fullmatch(digits) else f"****{digits[-4:]}"


def mask_address(address: str) -> str:
    """The province, city and district stay, the rest goes; an address that names none of them goes entirely."""
    found = re.match(
        r"^(?:[^省市县区旗]{2,8}?(?:自治区|省|市|自治州|州|盟))*[^省市县区旗]{1,8}?[区县旗市]", address.strip()
    )
    return f"{found[0]}****" if found and found[0] != address.strip() else ("****" if address.strip() else "")


def mask_identity(number: str) -> str:
    """320**************4X: the first three and the last two characters stay; short numbers go entirely."""
    text = plain(number)
    if len(text) < 8:
        return "*" * len(text)
    return f"{text[:3]}{'*' * (len(text) - 5)}{text[-2:]}"


def row_number(text: str) -> int | None:
    """Return the number of a row as a form carries it; None for anything but up to 18 plain digits.

    `str.isdigit` is no test: it says yes to ² (which no int can be made of) and to numbers that no column holds.
    """
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None
