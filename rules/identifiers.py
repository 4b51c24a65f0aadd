"""Numbers, codes and masks: case numbers, query codes, credit codes, identity numbers, telephones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class CaseNumber:
    """The parts of a case number; `text` is its one written form."""

    kind: str
    day: date
    sequence: int
    text: str


def case_number(kind: str, day: date, sequence: int) -> str:
    """T20261123-00042-7: kind letter, day, the day's sequence (five digits or more), check digit."""
    raise NotImplementedError


def parse_case_number(text: str) -> CaseNumber:
    """The number in `text`, tolerant of case, spaces and full width; ValueError with a Chinese sentence."""
    raise NotImplementedError


def new_query_code(randbits: Callable[[int], int]) -> str:
    """XXXX-XXXX-XXXX from 60 random bits, in 32 symbols without look-alikes."""
    raise NotImplementedError


def normalise_query_code(text: str) -> str:
    """The code as it was given out, however it was typed; ValueError with a Chinese sentence."""
    raise NotImplementedError


def credit_code_valid(text: str) -> bool:
    """Is this a unified social credit code with a right check character (GB 32100-2015)?"""
    raise NotImplementedError


def identity_number_valid(text: str) -> bool:
    """Is this a resident identity number with a real date and a right check character (GB 11643-1999)?"""
    raise NotImplementedError


def normalise_phone(text: str) -> str:
    """A telephone as digits (area code with a hyphen); ValueError with a Chinese sentence."""
    raise NotImplementedError


def mask_name(name: str) -> str:
    """周**: the first character alone."""
    raise NotImplementedError


def mask_phone(phone: str) -> str:
    """138****1234."""
    raise NotImplementedError


def mask_address(address: str) -> str:
    """The district stays, the rest goes."""
    raise NotImplementedError


def mask_identity(number: str) -> str:
    """The first three and the last two characters stay."""
    raise NotImplementedError
