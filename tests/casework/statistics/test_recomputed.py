"""The figures of one month of the demo city, recomputed by plain SQL and by hand; and the lists behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, text

from casework import access, statistics
from casework.reference import current
from casework.statistics import Behind, Narrowed, Scope, Table
from models import StaffRole, db
from models.base import UtcDateTime
from rules import categories
from rules.calendar import end_of_day, local_date
from rules.periods import Period
from rules.statistics import BREAKDOWNS, RATES, TOPICS
from tests.casework.statistics.conftest import UNTIL

OCTOBER = Period.parse("2026-10")
BEGINS, ENDS = datetime.fromisoformat("2026-09-30T16:00:00Z"), datetime.fromisoformat("2026-10-31T16:00:00Z")
CASES = 700


def plain(sql: str, **given: Any) -> list[Any]:
    """The rows of a statement in plain SQL."""
    typed = [bindparam(name, type_=UtcDateTime()) for name in ("begins", "ends") if f":{name}" in sql]
    bounds = {name: value for name, value in (("begins", BEGINS), ("ends", ENDS)) if f":{name}" in sql}
    return list(db.session.execute(text(sql).bindparams(*typed), {**bounds, **given}))


def october(breakdown: str, topic: str = "counts", **more: Any) -> Table:
    return statistics.figures(Scope.whole(), OCTOBER, breakdown, now=UNTIL, topic=topic, **more)


def by_line(table: Table, measure: str) -> dict[str, int | None]:
    place = table.column(measure)
    return {row.key: row.cells[place].now.number for row in table.rows if row.cells[place].now.number}


def terms(rules: tuple[str, ...]) -> list[Any]:
    names = ", ".join(f"'{rule}'" for rule in rules)
    return plain(
        "SELECT d.case_id, d.rule, d.due_on, d.closed_at, d.outcome, c.outcome AS ending FROM deadline d "  # noqa: S608 - own names
        f"JOIN cases c ON c.id = d.case_id WHERE d.rule IN ({names}) AND c.kind <> 'misconduct'"
    )


def moment(value: Any) -> datetime | None:
    return UtcDateTime().process_result_value(datetime.fromisoformat(value) if isinstance(value, str) else value, None)  # type: ignore[arg-type]


def day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def test_the_figures_of_a_month_are_those_of_plain_sql(demo: Callable[[int], None]) -> None:
    demo(CASES)
    received = "FROM cases WHERE kind <> 'misconduct' AND received_on >= '2026-10-01' AND received_on < '2026-11-01'"
    concluded = "FROM cases WHERE kind <> 'misconduct' AND closed_at >= :begins AND closed_at < :ends"
    for breakdown, column in (("kind", "kind"), ("channel", "channel"), ("sales_mode", "coalesce(sales_mode, 'none')")):
        table = october(breakdown)
        assert by_line(table, "received") == dict(map(tuple, plain(f"SELECT {column}, count(*) {received} GROUP BY 1")))
        assert by_line(table, "concluded") == dict(
            map(tuple, plain(f"SELECT {column}, count(*) {concluded} GROUP BY 1"))
        )
    _same_in_trees(plain(f"SELECT category, problem, unit_id, competent_bureau_id {received}"))
    ((still,),) = plain(
        "SELECT count(*) FROM cases WHERE kind <> 'misconduct' AND received_on < '2026-11-01' "
        "AND (closed_at IS NULL OR closed_at >= :ends)"
    )
    total = october("none").total
    assert total.cells[0].now.number == len(plain(f"SELECT id {received}"))
    assert total.cells[3].now.number == still > 0
    _same_money(received, concluded)
    _same_decisions()
    _same_timeliness()
    _same_satisfaction(concluded)
    _same_days(concluded)


def _same_in_trees(rows: list[Any]) -> None:
    ref = current()
    by_category, by_unit, by_place = Counter[str](), Counter[str](), Counter[str]()
    for row in rows:
        by_category.update(categories.category(row.category).path if row.category else ("none",))
        unit = ref.units[row.unit_id]
        by_unit.update(ref.units[int(one)].key for one in unit.path.strip("/").split("/"))
        by_place.update([ref.units[row.competent_bureau_id].key])
    assert by_line(october("category"), "received") == by_category
    assert by_line(october("place"), "received") == by_place
    units = {key: n for key, n in by_line(october("unit"), "received").items() if not key.startswith("=")}
    assert units == by_unit


def _same_money(received: str, concluded: str) -> None:
    ((claimed, claims),) = plain(f"SELECT sum(amount), count(*) {received} AND amount > 0")
    ((recovered, recoveries),) = plain(f"SELECT sum(amount_recovered), count(*) {concluded} AND amount_recovered > 0")
    found = [(cell.now.number, cell.now.of) for cell in october("none", "money").total.cells]
    assert found == [(claimed, claims), (claims, None), (recovered, recoveries), (recoveries, None)]


def _same_decisions() -> None:
    rules = ("complaint.decide", "report.verify", "mediation.verify-lead")
    kept = {
        row.case_id
        for row in terms(rules)
        if row.outcome == "done" and BEGINS <= (moment(row.closed_at) or BEGINS - timedelta(1)) < ENDS
    }
    assert october("none").cell("decided").now.number == len(kept) > 0


def _same_timeliness() -> None:
    table, calendar = october("none", "timeliness"), current().calendar
    for rate in ("decide", "mediate", "verify", "answer", "notify"):
        due, late = set(), set()
        for row in terms(RATES[rate].rules):
            on, closed = day(row.due_on), moment(row.closed_at)
            if on is None or not OCTOBER.first <= on <= OCTOBER.last:
                continue
            end = end_of_day(on)
            in_time = closed is not None and closed < end
            if row.outcome != "done" and (in_time or row.outcome not in (None, "ended", "withdrawn", "lapsed")):
                continue
            due.add(row.case_id)
            grace = calendar.add_working_days(on, 1)
            graced = row.rule == "complaint.mediate" and row.ending == "termination/T5" and closed is not None
            if not in_time and not (graced and row.outcome == "done" and local_date(closed) <= grace):  # type: ignore[arg-type]
                late.add(row.case_id)
        found = table.cell(f"{rate}_rate").now
        assert (found.number, found.of) == (len(due) - len(late), len(due)), rate
    assert (table.cell("decide_rate").now.of or 0) > 5


def _same_satisfaction(concluded: str) -> None:
    said = Counter(row[0] for row in plain(f"SELECT rating {concluded} AND rating IS NOT NULL"))
    table = october("none", "satisfaction")
    assert table.cell("satisfied_rate").now.number == said["satisfied"] + said["fairly_satisfied"]
    assert table.cell("rated").now.number == said.total() > 0
    drawn = f"SELECT id {concluded} AND id IN (SELECT case_id FROM callback_draw)"  # noqa: S608
    assert table.cell("called").now.number == len(plain(drawn))


def _same_days(concluded: str) -> None:
    took = []
    for row in plain(f"SELECT received_on, closed_at {concluded}"):
        closed, first = moment(row.closed_at), day(row.received_on)
        assert closed is not None
        assert first is not None
        took.append((local_date(closed) - first).days)
    took.sort()
    table = october("none", "timeliness")
    assert table.cell("median_days").now.number == took[(len(took) + 1) // 2 - 1]
    assert table.cell("ninth_days").now.number == took[-(-len(took) * 9 // 10) - 1]


def test_a_figure_is_the_number_of_cases_in_its_list(demo: Callable[[int], None]) -> None:
    demo(CASES)
    supervisor = db.session.query(StaffRole.staff_id).filter_by(role="supervisor").order_by(StaffRole.id).first()
    assert supervisor is not None
    staff = access.view_of(supervisor[0], UNTIL)
    assert staff is not None
    scope, checked = Scope.of(staff), 0
    for topic in TOPICS:
        for breakdown in BREAKDOWNS if topic == "counts" else ("none", "place", "outcome"):
            table = statistics.figures(scope, OCTOBER, breakdown, now=UNTIL, topic=topic)
            for row in (*table.rows, table.total):
                narrowed = Narrowed().also(breakdown, row.key)
                for column, cell in zip(table.columns, row.cells, strict=True):
                    numbers = {column.opens[0]: cell.now.number if column.kind in ("count", "rate") else cell.now.of}
                    if column.kind == "rate":
                        numbers[column.opens[1]] = cell.now.of
                    for counter, number in numbers.items():
                        if number or row is table.total:
                            behind = Behind(OCTOBER, counter, narrowed)
                            listed = statistics.cases(staff, "", behind, None, UNTIL, size=10_000).cases
                            assert len({case.id for case in listed}) == len(listed) == number, (topic, row, counter)
                            checked += 1
    assert checked > 200


def test_a_list_comes_page_by_page_and_holds_each_case_once(demo: Callable[[int], None]) -> None:
    demo(200)
    year = Period.parse("2026")
    supervisor = db.session.query(StaffRole.staff_id).filter_by(role="supervisor").order_by(StaffRole.id).first()
    assert supervisor is not None
    staff = access.view_of(supervisor[0], UNTIL)
    assert staff is not None
    for counter in ("received", "concluded", "open", "decide.due"):
        behind, seen, after = Behind(year, counter, Narrowed()), [], None
        while True:
            page = statistics.cases(staff, "", behind, after, UNTIL, size=7)
            seen += [case.id for case in page.cases]
            after = page.after
            if after is None:
                break
        assert sorted(seen) == statistics.ids(Scope.of(staff), behind, UNTIL)
        assert len(seen) == statistics.total(Scope.of(staff), behind, UNTIL) > 7
