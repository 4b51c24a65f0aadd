"""Looking for hot spots: everything that stands out in the window that ends on a day. Reads only; the same records give
the same finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from casework.hotspots import counts, texts, watching
from casework.hotspots.counts import Groups, Record
from casework.hotspots.found import Found
from casework.reference import Reference, current
from casework.statistics import UNKNOWN, Scope, parts
from casework.statistics.parts import Breakdown, Dividing, Node
from models import Case, Respondent, db
from rules import hotspots as law
from rules import hotwords
from rules.hotspots import CATEGORY, LOCAL, PLACE, PROBLEM, RESPONDENT, TERM, Risen
from rules.hotwords import Term

STATISTICAL = (CATEGORY, PROBLEM, PLACE, LOCAL, TERM)
"""What stands in a briefing, too: no business and no person."""
NAMED, NAMES = 0.2, 2
"""A term that in this share of its cases stands in the name of the business, and in so few different names at most,
speaks of a business; one that stands in many names is a usual word."""


def find(last: date, kinds: Sequence[str] = tuple(law.KINDS)) -> list[Found]:
    """Return what stands out in the window that ends on `last`, kind by kind."""
    record, groups = counts.record(last)
    ref = current()
    looks: Mapping[str, Callable[[], list[Found]]] = {
        CATEGORY: lambda: _tree(CATEGORY, record, groups, ref),
        PROBLEM: lambda: _tree(PROBLEM, record, groups, ref),
        PLACE: lambda: _places(record, groups, ref),
        LOCAL: lambda: _local(record, groups, ref),
        RESPONDENT: lambda: _respondents(record),
        TERM: lambda: _terms(record),
        law.PREPAID: lambda: watching.prepaid(record),
        law.FILER: lambda: watching.filers(record),
    }
    return _once([found for kind in law.KINDS if kind in kinds for found in looks[kind]()])


def _once(found: list[Found]) -> list[Found]:
    """Leave out what another signal says already: the same goods of a place, the same business, its very name."""
    goods = {one.subject for one in found if one.kind == CATEGORY}
    prepaid = {one.subject for one in found if one.kind == law.PREPAID}
    businesses = {one.words for one in found if one.kind in (RESPONDENT, law.PREPAID)}
    return [
        one
        for one in found
        if not (one.kind == LOCAL and one.subject.partition("/")[2] in goods)
        and not (one.kind == RESPONDENT and one.subject in prepaid)
        and not (one.kind == TERM and one.evidence["named"] and any(one.words in name for name in businesses))
    ]


def evidence(risen: Risen, record: Record) -> dict[str, Any]:
    """Return what was compared: each window with its count, what was to be expected, and how likely chance is."""
    compared = zip((*record.past, *record.years), (*risen.series.past, *risen.series.years), strict=True)
    return {
        "now": risen.series.now,
        "expected": f"{risen.expected:.1f}",
        "chance": f"{risen.chance:.1e}",
        "place": risen.place,
        "tested": risen.tested,
        "received": record.received[0],
        "past": [
            {"first": str(one.first), "last": str(one.last), "count": count, "back": one.back}
            for one, count in compared
        ],
    }


@dataclass
class _Tallies:
    """Counts of a family by subject and window."""

    found: dict[str, Counter[int]] = field(default_factory=dict)

    def add(self, subject: str, windows: Counter[int]) -> None:
        self.found.setdefault(subject, Counter()).update(windows)

    def risen(self, record: Record, tested: int) -> list[Risen]:
        series = [record.series(subject, windows) for subject, windows in self.found.items()]
        return law.rising(series, record.measure(), tested)


def _tree(kind: str, record: Record, groups: Groups, ref: Reference) -> list[Found]:
    """Categories or problems: each line of the tree with all below it."""
    division = parts.of(kind, Dividing(Scope.whole(), ref))
    nodes = {node.key: node for node in division.nodes(())}
    tallies = _Tallies()
    for (category, problem, _bureau), windows in groups.items():
        key = division.leaf((category if kind == CATEGORY else problem,))
        for node in _upwards(key, nodes):
            tallies.add(node.key, windows)
    risen = {one.series.subject: one for one in tallies.risen(record, len(nodes))}
    return [
        Found(kind, key, nodes[key].label, record.now, evidence(one, record))
        for key, one in risen.items()
        if not any(_explains(other, one) for below, other in risen.items() if _below(below, key, nodes))
    ]


def _upwards(key: str, nodes: Mapping[str, Node]) -> list[Node]:
    found = []
    node = nodes.get(key)
    while node is not None:
        found.append(node)
        node = nodes.get(node.parent)
    return found


def _below(key: str, above: str, nodes: Mapping[str, Node]) -> bool:
    return key != above and any(node.key == above for node in _upwards(key, nodes))


def _explains(part: Risen, whole: Risen) -> bool:
    """Tell whether a line below has at least half of what is too much: then it alone is named."""
    return 2 * (part.series.now - part.expected) >= whole.series.now - whole.expected


def _places(record: Record, groups: Groups, ref: Reference) -> list[Found]:
    division, nodes = _districts(ref)
    tallies = _Tallies()
    for (_category, _problem, bureau), windows in groups.items():
        place = division.leaf((bureau,))
        if place in nodes:
            tallies.add(place, windows)
    return [
        Found(PLACE, one.series.subject, nodes[one.series.subject], record.now, evidence(one, record))
        for one in tallies.risen(record, len(nodes))
    ]


def _districts(ref: Reference) -> tuple[Breakdown, dict[str, str]]:
    """Return how places divide, and the names of the districts: with the city lies what is not sent on yet."""
    division = parts.of(PLACE, Dividing(Scope.whole(), ref))
    keys = {node.key: node.label for node in division.nodes(()) if node.key != UNKNOWN}
    return division, {key: label for key, label in keys.items() if key != ref.root().key}


def _local(record: Record, groups: Groups, ref: Reference) -> list[Found]:
    """Goods and services as they were filed, place by place."""
    by_goods = parts.of(CATEGORY, Dividing(Scope.whole(), ref))
    goods = {node.key: node.label for node in by_goods.nodes(())}
    by_place, places = _districts(ref)
    tallies = _Tallies()
    for (category, _problem, bureau), windows in groups.items():
        place, key = by_place.leaf((bureau,)), by_goods.leaf((category,))
        if place in places and key in goods:
            tallies.add(f"{place}/{key}", windows)
    tested = sum(windows.total() >= law.FLOOR for windows in tallies.found.values())
    found = []
    for one in tallies.risen(record, tested):
        place, _, key = one.series.subject.partition("/")
        words = f"{places[place]}{goods[key]}"
        found.append(Found(LOCAL, one.series.subject, words, record.now, evidence(one, record)))
    return found


def _respondents(record: Record) -> list[Found]:
    series, tested = counts.respondents(record)
    risen = law.rising(series, record.measure(), tested)
    ids = [int(one.series.subject) for one in risen]
    names = {row.id: row.name for row in db.session.scalars(select(Respondent).where(Respondent.id.in_(ids)))}
    cases = counts.cases_of(ids, record.now)
    return [
        Found(RESPONDENT, str(one), names[one], record.now, evidence(found, record), tuple(cases[one]))
        for one, found in zip(ids, risen, strict=True)
    ]


def _terms(record: Record) -> list[Found]:
    now, *before = texts.of(record, record.windows)
    past, years = before[: len(record.past)], before[len(record.past) :]
    read = [len(hotwords.read(texts_of)) for texts_of in (now, *before)]
    return [_term(one, record, read) for one in hotwords.find(now, past, years)]


def _term(one: Term, record: Record, read: Sequence[int]) -> Found:
    """Return a term as a find; its counts are of the texts that were read, so many in each window."""
    named = db.session.scalars(select(Case.respondent_name).where(Case.id.in_(one.cases[:500])))
    names = [name for name in named if name and one.words in name]
    said = evidence(one.risen, record)
    said |= {
        "texts": read[0],
        "past": [window | {"texts": number} for window, number in zip(said["past"], read[1:], strict=True)],
        "likelihood": f"{one.likelihood:.1f}",
        "beside": list(one.beside),
        "named": len(names) >= NAMED * len(one.cases) and len(set(names)) <= NAMES,
    }
    return Found(TERM, one.words, one.words, record.now, said, one.cases)
