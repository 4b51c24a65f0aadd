"""Days as clerks type them: 10.8 for 8 October of the year that is meant."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_SHORT = re.compile(r"(\d{1,2})[.\-/月](\d{1,2})日?(?=$|\s)")


def completed(text: str, today: date, *, past: bool = False) -> str:
    """Return the text with the year put before a day that has none; anything else as it was typed.

    The year is that of the nearest such day, or with `past` of the latest one that is not after today.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _SHORT.match(plain)
    if found is None:
        return text
    month, day = int(found[1]), int(found[2])
    days = [made for year in (today.year - 1, today.year, today.year + 1) if (made := _day(year, month, day))]
    if past:
        days = [one for one in days if one <= today]
    if not days:
        return text
    return min(days, key=lambda one: abs(one - today)).isoformat() + plain[found.end() :]


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
