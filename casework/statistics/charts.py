"""Charts as SVG drawn by the server: places in hundredths of the width, heights in pixels. The numbers stand in a table
beside each chart; lines and bars differ by pattern and mark, never by colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

TOP, GROUND, HEIGHT = 24, 176, 204
LEFT, RIGHT = 7.0, 97.0
"""Between these hundredths of the width lie the points of a line."""
LABELS = 7
"""So many periods are named below the axis: they must fit on a telephone."""
MARKS = ("dot", "square", "ring")
"""The marks of the first lines, each with a dash of its own in the stylesheet."""


@dataclass(frozen=True)
class Point:
    """One point of a line; `words` is its number."""

    x: str
    y: float
    words: str


@dataclass(frozen=True)
class Segment:
    """The stroke from one point to the next."""

    x1: str
    y1: float
    x2: str
    y2: float


@dataclass(frozen=True)
class Drawn:
    """One line of a chart with its mark."""

    label: str
    mark: str
    points: tuple[Point, ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Lines:
    """A chart of lines: `grid` are (height, words), `names` are (place, words) below the axis."""

    lines: tuple[Drawn, ...]
    grid: tuple[tuple[float, str], ...]
    names: tuple[tuple[str, str], ...]
    ground: int = GROUND
    height: int = HEIGHT


def lines(names: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> Lines | None:
    """Return the chart of some lines over the same periods; None when there are fewer than two periods or no case."""
    peak = max((max(numbers, default=0) for _, numbers in series), default=0)
    if len(names) < 2 or peak == 0:
        return None
    step = scale(peak)
    most = step * -(-peak // step)
    places = [LEFT + (RIGHT - LEFT) * n / (len(names) - 1) for n in range(len(names))]

    def height(number: int) -> float:
        return round(GROUND - (GROUND - TOP) * number / most, 1)

    every = -(-len(names) // LABELS)
    named = [n for n in range(len(names)) if (len(names) - 1 - n) % every == 0]
    return Lines(
        tuple(
            _drawn(
                label, mark, [(place, height(number), number) for place, number in zip(places, numbers, strict=True)]
            )
            for (label, numbers), mark in zip(series, MARKS, strict=False)
        ),
        tuple((height(number), f"{number:,}") for number in range(0, most + 1, step)),
        tuple((f"{places[n]:.2f}%", names[n]) for n in named),
    )


def _drawn(label: str, mark: str, points: Sequence[tuple[float, float, int]]) -> Drawn:
    made = tuple(Point(f"{x:.2f}%", y, f"{number:,}") for x, y, number in points)
    strokes = tuple(Segment(a.x, a.y, b.x, b.y) for a, b in zip(made, made[1:], strict=False))
    return Drawn(label, mark, made, strokes)


def scale(peak: int) -> int:
    """Return the step of the grid: a round number of which two to five reach the peak."""
    size = 1
    while True:
        for digit in (1, 2, 5):
            if size * digit * 4 >= peak:
                return max(size * digit, 1)
        size *= 10


@dataclass(frozen=True)
class Bar:
    """One bar of a table: its length now and before, in hundredths of the cell."""

    now: str
    before: str | None


def bars(numbers: Sequence[tuple[int, int | None]]) -> list[Bar]:
    """Return the bars of (now, before), all to the same scale."""
    most = max((max(number, past or 0) for number, past in numbers), default=0)
    return [Bar(_share(number, most), None if past is None else _share(past, most)) for number, past in numbers]


def _share(number: int, most: int) -> str:
    return f"{98 * number / most:.1f}%" if most else "0%"
