"""The figures that stand beside a part while it is written: its tables, each line leading to its cases."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from casework.briefings import freezing, sheets
from casework.briefings.sheets import Sheet
from models import Briefing

BESIDE = {
    "overview": ("kinds", "places"),
    "channels": ("channels",),
    "efficiency": ("places_rates",),
    "complaints": ("goods", "problems"),
    "hotspots": ("goods",),
}


@dataclass(frozen=True)
class Beside:
    """One table, and the address of the statistics from which each of its figures can be opened."""

    sheet: Sheet
    href: str


def beside(row: Briefing, part: str) -> list[Beside]:
    """Return the tables that belong to a part; none before the figures are counted."""
    if not row.data:
        return []
    wanted = BESIDE.get(part, ())
    return [Beside(one, _href(row.month, one.key)) for one in sheets.sheets(row.data) if one.key in wanted]


def _href(month: str, name: str) -> str:
    topic = "timeliness" if name == "places_rates" else "counts"
    query = {
        "span": "month",
        "day": month,
        "by": freezing.TABLES[name][0],
        "topic": topic,
        **freezing.narrowed_of(name),
    }
    return "/insight/?" + urlencode(query)
