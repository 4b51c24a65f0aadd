"""The procedure of a kind as a picture: boxes one below the other, and beside them a rail for every state.

Everything is placed here, in units of the picture, from the bands that the guide shows as text; the template only
writes it down. A rail leads to one box; the boxes from which a case may go there join it with a dot. Rails downward
are whole lines, those back are broken ones, so that the picture is read in grey too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from blueprints.public.procedure import Phase

WIDTH = 344.0
"""Units: the column of a small phone, so that the words are never smaller than beside the picture."""
BOX, TALL, STEP, HEAD = 196.0, 28.0, 40.0, 34.0
LANES, APART = BOX + 12.0, 8.2
IN, ON, BACK = -6.0, 2.0, 8.0
"""Where a line enters a box and where those onward and back leave it, from its middle."""
_TIP, _DOT = 4.0, 1.9


@dataclass(frozen=True)
class Word:
    """A line of text with its left end on its base line."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Rail:
    """A lane that leads to the box of row `target` from those of the rows `sources`, all above it or all below it."""

    target: int
    sources: tuple[int, ...]
    lane: int

    @property
    def onward(self) -> bool:
        """Whether it leads down."""
        return self.sources[0] < self.target


@dataclass(frozen=True)
class Chart:
    """One picture: the outlines of boxes and ends, the rails onward and back with their dots and tips, the words."""

    height: float
    boxes: str
    ends: str
    onward: str
    back: str
    dots: str
    heads: tuple[Word, ...]
    labels: tuple[Word, ...]
    rails: tuple[Rail, ...]


def chart(phases: Sequence[Phase]) -> Chart:
    """Draw the bands of a procedure."""
    heads: list[Word] = []
    labels: list[Word] = []
    boxes: list[str] = []
    ends: list[str] = []
    rows: list[float] = []
    order: dict[str, int] = {}
    y = 0.0
    for phase in phases:
        heads.append(Word(0, y + 22, phase.label))
        y += HEAD
        for one in phase.stations:
            order[one.key] = len(rows)
            rows.append(y + TALL / 2)
            (ends if one.ends else boxes).append(f"M1 {y:g}h{BOX:g}v{TALL:g}h-{BOX:g}z")
            labels.append(Word(8, y + 19, one.label))
            y += STEP
    moves = {(order[one.key], order[to.key]) for phase in phases for one in phase.stations for to in one.moves}
    rails = rails_of(moves)
    return Chart(
        height=y,
        boxes="".join(boxes),
        ends="".join(ends),
        onward="".join(_drawn(rail, rows) for rail in rails if rail.onward),
        back="".join(_drawn(rail, rows) for rail in rails if not rail.onward),
        dots="".join(_dots(rail, rows) for rail in rails),
        heads=tuple(heads),
        labels=tuple(labels),
        rails=rails,
    )


def rails_of(moves: Iterable[tuple[int, int]]) -> tuple[Rail, ...]:
    """Join the moves to a row from above, and those from below, in a rail; no two lie upon each other, short ones
    run inside."""
    joined: dict[tuple[int, bool], list[int]] = {}
    for start, end in sorted(moves):
        joined.setdefault((end, start < end), []).append(start)
    spans = sorted((max(*rows, end) - min(*rows, end), end, tuple(rows)) for (end, _), rows in joined.items())
    taken: list[list[tuple[int, int]]] = []
    rails = []
    for _, end, starts in spans:
        low, high = min(*starts, end), max(*starts, end)
        free = (lane for lane, used in enumerate(taken) if all(high < a or low > b for a, b in used))
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        rails.append(Rail(end, starts, lane))
    return tuple(rails)


def _leaves(rail: Rail, start: int, rows: Sequence[float]) -> float:
    return rows[start] + (ON if rail.onward else BACK)


def _drawn(rail: Rail, rows: Sequence[float]) -> str:
    """The line from the farthest box through the rail to its own, with its tip, and a line from each other box."""
    lane, edge, end = LANES + rail.lane * APART, BOX + 1, rows[rail.target] + IN
    far, *others = sorted(rail.sources, key=lambda start: -abs(start - rail.target))
    joins = "".join(f"M{edge:g} {_leaves(rail, start, rows):g}H{lane:g}" for start in others)
    tip = f"m{_TIP:g} -{_TIP:g}l-{_TIP:g} {_TIP:g}l{_TIP:g} {_TIP:g}"
    return f"M{edge:g} {_leaves(rail, far, rows):g}H{lane:g}V{end:g}H{edge:g}{tip}{joins}"


def _dots(rail: Rail, rows: Sequence[float]) -> str:
    """A dot wherever a box joins the rail: lines that only cross have none."""
    x = LANES + rail.lane * APART - _DOT
    round_ = f"a{_DOT:g} {_DOT:g} 0 1 0 {2 * _DOT:g} 0a{_DOT:g} {_DOT:g} 0 1 0 -{2 * _DOT:g} 0"
    return "".join(f"M{x:g} {_leaves(rail, start, rows):g}{round_}" for start in rail.sources)
