"""Terms in the text that have become more frequent: found by counting characters, without a dictionary or a model.

Every run of two to six Chinese characters that stands in enough texts, now or before, and holds together (pointwise
mutual information of its weakest split) is a candidate: neither depends on when, so that choosing them does not make a
rise. Whether one has risen is asked as of every other count (rules/hotspots.py): in how many texts of the window it
stands, and in how many of each window before. What has risen is a term if it is used freely (entropy of what stands
before and behind) and stands out by its log-likelihood ratio.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, log2

from rules.hotspots import FLOOR, LEAST_WINDOWS, TERMS, Measure, Risen, Series, Terms, rising

_RUNS = re.compile(r"[\u4e00-\u9fff]+")
_SAME = 0.6
"""Terms that share so much of their cases speak of one thing."""
_WITHIN = 1.25
"""A shorter term says nothing of its own unless it stands in so many times the texts of the longer one."""

Text = tuple[int, str]
"""A case and what was written in it."""


@dataclass(frozen=True)
class Term:
    """A term that has risen: the count, where it stands, and what else is said in the same cases."""

    words: str
    risen: Risen
    likelihood: float
    cohesion: float
    freedom: float
    cases: tuple[int, ...]
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Read:
    """One text as runs of Chinese characters."""

    case_id: int
    runs: tuple[str, ...]

    def pieces(self, length: int) -> list[str]:
        """Return the pieces of a length, as often as they occur."""
        return [run[at : at + length] for run in self.runs for at in range(len(run) - length + 1)]


def read(texts: Iterable[Text], how: Terms = TERMS) -> list[Read]:
    """Return texts as they are counted: the Chinese characters of their beginning, the same words only once."""
    found: dict[tuple[str, ...], Read] = {}
    for case_id, text in texts:
        runs = tuple(_RUNS.findall(text[: how.characters]))
        if runs and runs not in found:
            found[runs] = Read(case_id, runs)
    return list(found.values())


def find(
    now: Sequence[Text], past: Sequence[Sequence[Text]], years: Sequence[Sequence[Text]] = (), how: Terms = TERMS
) -> list[Term]:
    """Return the terms that have risen, the most striking first. `past`: texts of each window before; `years`: those
    of the same weeks of earlier years. Pure; what comes of it does not depend on the order of the texts of a window."""
    current = read(now, how)
    before = [read(one, how) for one in past]
    earlier = [read(one, how) for one in years]
    if not current or sum(bool(one) for one in before) < LEAST_WINDOWS:
        return []
    counted = _counted((current, *before, *earlier), how)
    held = [piece for piece, cohesion in counted.cohesion.items() if cohesion >= how.cohesion]
    then = 1 + len(before)
    series = [
        Series(
            piece,
            counted.texts[0][piece],
            tuple(one[piece] for one in counted.texts[1:then]),
            tuple(one[piece] for one in counted.texts[then:]),
        )
        for piece in held
        if counted.texts[0][piece] >= FLOOR
    ]
    by = Measure(tuple(len(one) / len(current) for one in before), tuple(len(one) / len(current) for one in earlier))
    found = {one.series.subject: one for one in rising(series, by, len(held), ratio=how.ratio)}
    texts_before = sum(len(one) for one in (*before, *earlier))
    return _grouped(_terms(found, counted.cohesion, current, texts_before, how), how)


@dataclass(frozen=True)
class _Counted:
    """In how many texts of each window each piece stands, and how well each piece of enough texts holds together."""

    texts: Sequence[Counter[str]]
    cohesion: Mapping[str, float]


def _counted(windows: Sequence[Sequence[Read]], how: Terms) -> _Counted:
    """Count length by length: a piece is rare when one within it is, so that only what is left needs to be counted."""
    texts: list[Counter[str]] = [Counter() for _ in windows]
    often = Counter(char for texts_of in windows for text in texts_of for run in text.runs for char in run)
    characters, known, cohesion = often.total(), frozenset(often), dict[str, float]()
    for length in range(2, how.longest + 1):
        times: Counter[str] = Counter()
        holding: Counter[str] = Counter()
        for place, texts_of in enumerate(windows):
            for text in texts_of:
                pieces = [one for one in text.pieces(length) if one[:-1] in known and one[1:] in known]
                times.update(pieces)
                texts[place].update(set(pieces))
        for one in texts:
            holding.update({piece: number for piece, number in one.items() if len(piece) == length})
        known = frozenset(piece for piece, number in holding.items() if number >= FLOOR)
        often.update({piece: times[piece] for piece in known})
        cohesion.update({piece: _cohesion(piece, often, characters) for piece in sorted(known)})
    return _Counted(texts, cohesion)


@dataclass
class _Use:
    """How a piece is used in the texts of the window."""

    before: Counter[str]
    behind: Counter[str]
    cases: list[int]


def _terms(
    found: Mapping[str, Risen], cohesion: Mapping[str, float], now: Sequence[Read], texts_before: int, how: Terms
) -> list[Term]:
    used = _uses(found, now)
    terms = []
    for piece, risen in found.items():
        use = used[piece]
        freedom = min(_entropy(use.before), _entropy(use.behind))
        likely = likelihood(risen.series.now, len(now), sum(risen.series.past) + sum(risen.series.years), texts_before)
        if freedom >= how.freedom and likely >= how.likelihood:
            terms.append(Term(piece, risen, likely, cohesion[piece], freedom, tuple(sorted(use.cases))))
    return sorted(terms, key=lambda one: (-one.likelihood, -len(one.words), one.words))


def _uses(found: Mapping[str, Risen], now: Sequence[Read]) -> dict[str, _Use]:
    used = {piece: _Use(Counter(), Counter(), []) for piece in found}
    edges = 0
    for text in now:
        seen = set()
        for run in text.runs:
            for length in {len(piece) for piece in found}:
                for at in range(len(run) - length + 1):
                    piece = run[at : at + length]
                    use = used.get(piece)
                    if use is None:
                        continue
                    # The edge of a sentence is as free as a neighbour can be: each one counts for itself.
                    edges += 1
                    use.before[run[at - 1] if at else f"^{edges}"] += 1
                    use.behind[run[at + length] if at + length < len(run) else f"${edges}"] += 1
                    seen.add(piece)
        for piece in seen:
            used[piece].cases.append(text.case_id)
    return used


def _cohesion(piece: str, frequency: Mapping[str, int], whole: int) -> float:
    """Return the logarithm of how much oftener than by chance the two sides of the weakest split stand together."""
    share = frequency[piece] / whole
    return min(
        log2(share * whole * whole / (frequency[piece[:at]] * frequency[piece[at:]])) for at in range(1, len(piece))
    )


def _entropy(neighbours: Mapping[str, int]) -> float:
    whole = sum(neighbours.values())
    return -sum(number / whole * log2(number / whole) for number in sorted(neighbours.values()))


def likelihood(now: int, texts: int, past: int, texts_before: int) -> float:
    """Return the log-likelihood ratio (G²) of a share now against a share before; 0 when it has not risen."""
    if now * texts_before <= past * texts:
        return 0.0
    every = texts + texts_before
    cells = (
        (now, texts, now + past), (texts - now, texts, every - now - past),
        (past, texts_before, now + past), (texts_before - past, texts_before, every - now - past),
    )  # fmt: skip
    return 2 * sum(seen * log(seen * every / (row * column)) for seen, row, column in cells if seen)


def _grouped(terms: Sequence[Term], how: Terms) -> list[Term]:
    """Leave out what only repeats a longer term, and put together what stands in the same cases."""
    whole = [one for one in terms if not any(_repeats(one, other) for other in terms)]
    leading: list[tuple[Term, list[str]]] = []
    for one in whole:
        like = next((beside for lead, beside in leading if _alike(one.cases, lead.cases)), None)
        if like is None:
            leading.append((one, []))
        else:
            like.append(one.words)
    return [
        Term(one.words, one.risen, one.likelihood, one.cohesion, one.freedom, one.cases, tuple(beside[: how.longest]))
        for one, beside in leading[: how.most]
    ]


def _repeats(one: Term, other: Term) -> bool:
    return one is not other and one.words in other.words and len(one.cases) <= _WITHIN * len(other.cases)


def _alike(one: Sequence[int], other: Sequence[int]) -> bool:
    both = len(set(one) & set(other))
    return both >= _SAME * min(len(one), len(other))
