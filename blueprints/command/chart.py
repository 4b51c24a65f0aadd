"""Charts as SVG drawn by the server: the sizes that a template prints. Everything they show stands in a table too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

TOP, GROUND, HEIGHT = 22, 130, 156
LABELS = 6
"""So many days are named below the axis: they must fit on a telephone."""
NUMBERED = 20
"""Up to so many bars carry their number."""


@dataclass(frozen=True)
class Bar:
    """One bar: places and widths in hundredths of the whole width, heights in pixels."""

    day: date
    count: int
    x: str
    width: str
    middle: str
    y: float
    height: float
    named: bool


@dataclass(frozen=True)
class Chart:
    """A chart of filings by day."""

    bars: tuple[Bar, ...]
    numbered: bool
    peak: tuple[date, int]
    ground: int = GROUND
    height: int = HEIGHT


def of_days(days: Sequence[tuple[date, int]]) -> Chart | None:
    """Return the chart of filings by day, None when there is nothing to draw."""
    if not days:
        return None
    peak = max(days, key=lambda one: one[1])
    step = 100 / len(days)
    every = -(-len(days) // LABELS)
    width = min(step * 0.7, 8.0)
    bars = []
    for place, (day, count) in enumerate(days):
        tall = round((GROUND - TOP) * count / peak[1], 1)
        middle = (place + 0.5) * step
        bars.append(
            Bar(
                day=day,
                count=count,
                x=f"{middle - width / 2:.2f}%",
                width=f"{width:.2f}%",
                middle=f"{middle:.2f}%",
                y=GROUND - tall,
                height=tall,
                named=place % every == 0,
            )
        )
    return Chart(tuple(bars), len(days) <= NUMBERED, peak)


def share(count: int, most: int) -> str:
    """Return the length of a bar in hundredths of its cell."""
    return f"{100 * count / most:.1f}%" if most else "0%"
