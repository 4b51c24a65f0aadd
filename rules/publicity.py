"""Publication of complaint information: for how long it is shown, and what its text must not hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from rules.calendar import Calendar
from rules.citation import parts
from rules.tables import only, read

_DATA: dict[str, Any] = read("publicity.toml")
only(_DATA, "publicity.toml", ("months", "objection_days", "source", "rate_floor", "secret"))
parts(_DATA["source"])
for _row in _DATA["secret"]:
    only(_row, "publicity.toml secret", ("pattern", "sentence"))
MONTHS: int = _DATA["months"]
OBJECTION_DAYS: int = _DATA["objection_days"]
RATE_FLOOR: int = _DATA["rate_floor"]
SOURCE: str = _DATA["source"]
_SECRETS = tuple((re.compile(row["pattern"]), str(row["sentence"])) for row in _DATA["secret"])


def shown_until(decided: date) -> date:
    """Return the last day on which a complaint is shown: the eve of the day `MONTHS` months after the decision."""
    month = decided.month - 1 + MONTHS
    year, month = decided.year + month // 12, month % 12 + 1
    after = date(year, month, 1)
    length = ((after.replace(day=28) + timedelta(days=4)).replace(day=1) - after).days
    return after.replace(day=min(decided.day, length)) - timedelta(days=1)


def objection_due(received: date, calendar: Calendar) -> date:
    """Return the day by which an objection is answered."""
    return calendar.add_working_days(received, OBJECTION_DAYS)


def reveals(text: str, names: Iterable[str] = ()) -> str | None:
    """Return the sentence for the first secret that a text to be published holds, None where it holds none.

    `names` are those of the people of the case. Width and blanks within a name or number do not hide it.
    """
    plain = unicodedata.normalize("NFKC", text)
    tight = re.sub(r"(?<=\S)[ \t\u3000·-](?=\d)", "", plain)
    for pattern, sentence in _SECRETS:
        if pattern.search(plain) or pattern.search(tight):
            return sentence
    bare = re.sub(r"\s", "", plain)
    for name in names:
        wanted = re.sub(r"\s", "", unicodedata.normalize("NFKC", name))
        if len(wanted) > 1 and wanted in bare:
            return "公示内容里有来件人一方的姓名，请遮盖"
    return None
