"""Statistics (统计): the one place from which every figure comes: pages, briefing, public figures, exports.

    scope = Scope.of(staff)                     # or Scope.whole(), Scope("east") for what workers compile
    table = figures(scope, Period.parse("2026-10"), "category", now=now, narrowed=Narrowed(kind="complaint"))
    table.cell("received").now.number           # 2214
    compare(table.columns[0].kind, cell.now, cell.before).words()    # 上升12.5%; 由3件增至7件
    table.text()                                # the same bytes for the same records: what a briefing freezes
    trend(scope, latest(Period.parse("2026-10"), 13), ["received", "concluded"], now=now)
    cases(staff, "", Behind(period, "received", Narrowed(category="food")), None, now)   # what stands behind a figure

Topics, measures with their formulas, breakdowns and the floor under percentages are rows of rules/data/statistics.toml.
"""

from casework.statistics.behind import Behind, cases, ids, total
from casework.statistics.figures import figures, latest, trend, words_of
from casework.statistics.scope import Scope, choices
from casework.statistics.tables import (
    ALL,
    UNKNOWN,
    Cell,
    Column,
    Line,
    Narrowed,
    Row,
    Span,
    Table,
    Trend,
    Value,
    compare,
)

__all__ = [
    "ALL",
    "UNKNOWN",
    "Behind",
    "Cell",
    "Column",
    "Line",
    "Narrowed",
    "Row",
    "Scope",
    "Span",
    "Table",
    "Trend",
    "Value",
    "cases",
    "choices",
    "compare",
    "figures",
    "ids",
    "latest",
    "total",
    "trend",
    "words_of",
]
