"""The procedure of a kind as a picture: boxes one below the other, and a line for every move between them.

Everything is placed here, in units of the picture, from the bands that the guide shows as text; the template only
writes it down. Moves downward are whole lines, moves back are broken ones, so that the picture is read in grey too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from blueprints.public.guide import Phase

WIDTH = 344.0
"""Units: the column of a small phone, so that the words are never smaller than beside the picture."""
BOX, TALL, STEP, HEAD = 200.0, 28.0, 40.0, 34.0
LANES, APART = BOX + 9.0, 9.5
_TIP = 4.0


@dataclass(frozen=True)
class Word:
    """A line of text with its left end on its base line."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Chart:
    """One picture: the outlines of boxes and ends, the lines onward and back, and the words."""

    height: float
    boxes: str
    ends: str
    onward: str
    back: str
    heads: tuple[Word, ...]
    labels: tuple[Word, ...]
    moves: int


@dataclass(frozen=True)
class _Line:
    start: int
    end: int
    lane: int


def chart(phases: Sequence[Phase]) -> Chart:
    """Draw the bands of a procedure. States that no usual move touches are left to the text beside the picture."""
    pairs = {(one.key, target) for phase in phases for one in phase.stations for _, target, _ in one.moves}
    touched = {key for pair in pairs for key in pair}
    heads, labels, boxes, ends = [], [], [], []
    place: dict[str, float] = {}
    y = 0.0
    for phase in phases:
        here = [one for one in phase.stations if one.key in touched]
        if not here:
            continue
        heads.append(Word(0, y + 22, phase.label))
        y += HEAD
        for one in here:
            place[one.key] = y + TALL / 2
            (ends if one.ends else boxes).append(f"M1 {y:g}h{BOX:g}v{TALL:g}h-{BOX:g}z")
            labels.append(Word(9, y + 19, one.label))
            y += STEP
    order = {key: row for row, key in enumerate(place)}
    lines = _in_lanes((order[a], order[b]) for a, b in pairs)
    rows = list(place.values())
    return Chart(
        height=y,
        boxes="".join(boxes),
        ends="".join(ends),
        onward="".join(_drawn(line, rows) for line in lines if line.start < line.end),
        back="".join(_drawn(line, rows) for line in lines if line.start > line.end),
        heads=tuple(heads),
        labels=tuple(labels),
        moves=len(lines),
    )


def _in_lanes(pairs: Iterable[tuple[int, int]]) -> list[_Line]:
    """Give every move a lane of its own beside the boxes, short ones inside: no two lines lie upon each other."""
    taken: list[list[tuple[int, int]]] = []
    lines = []
    for start, end in sorted(pairs, key=lambda pair: (abs(pair[0] - pair[1]), pair)):
        low, high = sorted((start, end))
        free = (lane for lane, spans in enumerate(taken) if all(high < a or low > b for a, b in spans))
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        lines.append(_Line(start, end, lane))
    return lines


def _drawn(line: _Line, rows: Sequence[float]) -> str:
    """The line of a move, from a box through its lane to another box, with its tip.

    It leaves a box a little below the middle and enters one a little above it, so that both can be told apart.
    """
    start, end = rows[line.start] + 5, rows[line.end] - 5
    lane, edge = LANES + line.lane * APART, BOX + 1
    return f"M{edge:g} {start:g}H{lane:g}V{end:g}H{edge:g}m{_TIP:g} -{_TIP:g}l-{_TIP:g} {_TIP:g}l{_TIP:g} {_TIP:g}"
