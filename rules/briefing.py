"""The monthly briefing (简报): its parts, how many lines its rankings have, when the districts report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from rules.calendar import Calendar
from rules.citation import parts as source_parts
from rules.periods import Period
from rules.tables import only, read

FULL, PUBLIC, PREVIEW = "full", "public", "preview"
EDITIONS: Mapping[str, str] = MappingProxyType({FULL: "内部版", PUBLIC: "公开版", PREVIEW: "样稿"})


@dataclass(frozen=True)
class Section:
    """One part of the briefing; `public`: it stands in the edition for everybody, too."""

    key: str
    title: str
    public: bool
    hint: str


_DATA = read("briefing.toml")
_NUMBERS = (
    "district_report_day", "top", "businesses", "proposals", "business_least", "rising_least", "months", "pictures",
    "caption",
)  # fmt: skip
only(_DATA, "briefing.toml", ("name", "district_report_source", "sent", "section", *_NUMBERS))
source_parts(_DATA["district_report_source"])
only(_DATA["sent"], "briefing.toml sent", ("report", "send", "give"))


def _section(row: Mapping[str, object]) -> Section:
    only(row, f"briefing.toml section {row.get('key')}", ("key", "title", "public", "hint"))
    return Section(str(row["key"]), str(row["title"]), row["public"] is True, str(row["hint"]))


NAME: str = _DATA["name"]
SENT: Mapping[str, str] = MappingProxyType(_DATA["sent"])
SECTIONS: Mapping[str, Section] = MappingProxyType({one.key: one for one in map(_section, _DATA["section"])})
TOP: int = _DATA["top"]
BUSINESSES: int = _DATA["businesses"]
BUSINESS_LEAST: int = _DATA["business_least"]
PROPOSALS: int = _DATA["proposals"]
RISING_LEAST: int = _DATA["rising_least"]
MONTHS: int = _DATA["months"]
PICTURES: int = _DATA["pictures"]
"""Of one part."""
CAPTION: int = _DATA["caption"]
"""Characters under a picture."""


def report_due(month: Period, calendar: Calendar) -> date:
    """Return the day by which a district reports on a month: the third working day after it (NJ五6, local)."""
    return calendar.add_working_days(month.last, _DATA["district_report_day"])
