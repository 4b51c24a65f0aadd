"""The sentences of a briefing that follow from its figures alone: plain, without a judgement, the same every time.

The patterns are those of the national monthly reports in words of our own; how small numbers are written is said by
rules/statistics.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casework.briefings import freezing
from casework.hotspots import words
from casework.statistics import Cell, Row, Table, Value, compare
from casework.wording import yuan
from rules import briefing as law
from rules import hotspots
from rules import statistics as figures
from rules.periods import Period

Data = Mapping[str, Any]


def of(data: Data) -> dict[str, list[str]]:
    """Return the sentences of every part by its key; parts that people write alone have none."""
    month = Period.parse(data["month"])
    return {
        "overview": _overview(data, month),
        "channels": _channels(data),
        "efficiency": _efficiency(data),
        "assessment": _assessment(data),
        "complaints": _complaints(data),
        "reports": _reports(data),
        "hotspots": [*_rising(data), *_hotspots(data)],
        "businesses": _businesses(data),
        "cases": [],
        "warnings": [],
        "outlook": [],
    }


def _overview(data: Data, month: Period) -> list[str]:
    kinds, totals = freezing.table(data, "kinds"), freezing.table(data, "totals")
    received = kinds.cell("received")
    if not received.now.number:
        return [f"{month.label}，全市没有收到投诉、举报、咨询和建议。" + _ended(totals)]
    shares = "；".join(
        f"{row.label}{_count(row.cells[0].now)}，占{_share(row.cells[0].now, received.now)}{_changes(row.cells[0])}"
        for row in kinds.rows
        if row.cells[0].now.number
    )
    first = f"{month.label}，全市12315共收到{_count(received.now)}{_changes(received)}。其中{shares}。"
    return [first + _ended(totals), _money_and_days(totals)]


def _assessment(data: Data) -> list[str]:
    """What was notified last; a briefing frozen before units were assessed has nothing of it."""
    told = data.get("assessment")
    if not told:
        return []
    return [f"{told['month']}12315工作考核已经签发（{told['number']}）。", *told["said"]]


def _ended(totals: Table) -> str:
    concluded, still = totals.cell("concluded"), totals.cell("open").now.number or 0
    return f"办结{_count(concluded.now)}{_changes(concluded)}，月末在办{still:,}件。"


def _money_and_days(totals: Table) -> str:
    cell, days, pleased = totals.cell("recovered"), totals.cell("median_days").now, totals.cell("satisfied_rate").now
    found = []
    if cell.now.number:
        change = compare(figures.MONEY, cell.now, cell.year)
        beside = f"，同比{change.words(yuan)}" if change.way != "none" else ""
        found.append(f"为消费者挽回经济损失{money(cell.now.number)}{beside}")
    if days.number is not None:
        found.append(f"办结的件里有一半在{days.number}天以内办结")
    if pleased.of:
        found.append(f"对办理结果作了评价的{pleased.of:,}件里，满意的占{_rate(pleased)}")
    return "。".join(found) + "。" if found else ""


def _channels(data: Data) -> list[str]:
    table = freezing.table(data, "channels")
    rows = table.top("received", 99)
    whole = table.cell("received").now
    if not rows:
        return []
    parts = "、".join(
        f"{row.label}{_count(row.cells[0].now)}（{_share(row.cells[0].now, whole)}）" for row in rows[: law.TOP]
    )
    rest = sum(row.cells[0].now.number or 0 for row in rows[law.TOP :])
    return [f"按来件渠道，{parts}{f'，其他渠道{rest:,}件' if rest else ''}。"]


def _efficiency(data: Data) -> list[str]:
    table = freezing.table(data, "timeliness")
    said = [
        f"{column.label}{_rate(cell.now)}{_points(cell)}"
        for column, cell in zip(table.columns, table.total.cells, strict=True)
        if cell.now.of
    ]
    found = [f"本月期限届满的件里，{'，'.join(said)}。"] if said else ["本月没有期限届满的件。"]
    orders = data["supervision"]
    if orders["issued"]:
        places = "、".join(f"{name}{number}件" for name, number in orders["by_bureau"][: law.TOP])
        found.append(f"本月发出督办单{orders['issued']:,}件（{places}），到统计时已经了结{orders['closed']:,}件。")
    else:
        found.append("本月没有发出督办单。")
    return found


def _complaints(data: Data) -> list[str]:
    whole, goods = freezing.table(data, "complaints"), freezing.table(data, "goods")
    received = whole.cell("received")
    if not received.now.number:
        return ["本月没有收到投诉。"]
    found = [f"本月收到投诉{_count(received.now)}{_changes(received)}。{_outcomes(whole)}"]
    for row in goods.top("received", 2):
        below = _below(goods, row)
        listed = f"，居前的依次是{_ranking(below, row.cells[0].now)}" if below else ""
        share = _share(row.cells[0].now, received.now)
        found.append(f"{row.label}类投诉{_count(row.cells[0].now)}，占投诉的{share}{listed}。")
    problems = _leading(freezing.table(data, "problems"))
    if problems:
        found.append(f"从投诉的问题看，主要是{_ranking(problems, received.now)}。")
    return found


def _outcomes(whole: Table) -> str:
    number = {key: whole.cell(key).now.number or 0 for key in ("accepted", "refused", "settled", "terminated")}
    said = f"决定受理{number['accepted']:,}件，不予受理{number['refused']:,}件"
    if number["settled"] or number["terminated"]:
        said += f"；调解成功{number['settled']:,}件，终止调解{number['terminated']:,}件"
    success = whole.cell("success").now
    return said + (f"，调解成功率{_rate(success)}。" if success.of and success.of >= figures.FLOOR else "。")


def _reports(data: Data) -> list[str]:
    whole = freezing.table(data, "reports")
    received = whole.cell("received")
    if not received.now.number:
        return ["本月没有收到举报。"]
    opened, closed = whole.cell("opened").now.number or 0, whole.cell("not_opened").now.number or 0
    found = [
        f"本月收到举报{_count(received.now)}{_changes(received)}。"
        f"核查后决定立案{opened:,}件，不予立案{closed:,}件{_opening(whole)}。"
    ]
    problems = _leading(freezing.table(data, "violations"))
    if problems:
        found.append(f"举报反映的违法行为，主要是{_ranking(problems, received.now)}。")
    return found


def _opening(whole: Table) -> str:
    rate = whole.cell("opening").now
    return f"，立案率{_rate(rate)}" if rate.of and rate.of >= figures.FLOOR else ""


def _rising(data: Data) -> list[str]:
    """What grew most against the month before; only where there are cases enough to speak of a change."""
    table = freezing.table(data, "goods")
    grown = [row for row in table.rows if row.depth > 0 and _grew(row)]
    leaves = [row for row in grown if not any(other.parent == row.key for other in grown)]
    leaves.sort(key=lambda row: (-_growth(row), row.label))
    if not leaves:
        return ["与上月相比，没有哪一类投诉明显上升。"]
    said = "、".join(f"{row.label}（{_against(row.cells[0])}）" for row in leaves[: law.TOP])
    return [f"与上月相比，上升较多的投诉类别是{said}。这里只列件数的变化，是不是热点，由编辑核实后写明。"]


def _hotspots(data: Data) -> list[str]:
    """What stood out at the end of the month against its own past; sets frozen before that test have none."""
    found = data.get("hotspots")
    if found is None:
        return []
    first = f"月末{hotspots.WINDOW_DAYS}天和以前的同样长的时段、往年的同一时段比，"
    if not found:
        return [f"{first}没有哪一类、哪个辖区或者哪个词多得不像碰巧。"]
    counted = [words.sentence(one) for one in found if one["kind"] != hotspots.TERM][: law.TOP * 2]
    # A term may be somebody's name: which ones, only those who read the signals see.
    terms = sum(one["kind"] == hotspots.TERM for one in found)
    said = "；".join([*counted, *([f"另有{terms}个词在来件的文字里明显增多"] if terms else [])])
    return [f"{first}多得不像碰巧的有：{said}。这是统计出来的信号，不是结论。"]


def _against(cell: Cell) -> str:
    return compare(figures.COUNT, cell.now, cell.before).words() + (
        f"，本月{_count(cell.now)}" if (cell.before and (cell.before.number or 0) >= figures.FLOOR) else ""
    )


def _grew(row: Row) -> bool:
    """More than twice the spread that chance alone gives to counts of this size (Poisson: root of the sum)."""
    cell = row.cells[0]
    now, before = cell.now.number or 0, (cell.before.number or 0) if cell.before else 0
    return (
        cell.before is not None
        and now >= law.RISING_LEAST
        and now > before
        and (now - before) ** 2 > 4 * (now + before)
    )


def _growth(row: Row) -> int:
    cell = row.cells[0]
    return (cell.now.number or 0) - ((cell.before.number or 0) if cell.before else 0)


def _businesses(data: Data) -> list[str]:
    found = data["businesses"]
    if not found:
        return [f"本月没有哪一家被投诉{law.BUSINESS_LEAST}件以上。"]
    names = "；".join(f"{one['name']}{one['complaints']:,}件" for one in found)
    return [
        f"本月被投诉{law.BUSINESS_LEAST}件以上的，按件数从多到少前{len(found)}家是：{names}。件数未经核实，不代表违法。"
    ]


def _leading(table: Table) -> list[Row]:
    """The highest lines of a tree that say something: what is not stated stays out."""
    return [row for row in table.top("received", law.TOP + 1) if row.key != "none"][: law.TOP]


def _below(table: Table, row: Row) -> list[Row]:
    inner = [one for one in table.rows if one.parent == row.key and one.cells[0].now.number]
    return sorted(inner, key=lambda one: -(one.cells[0].now.number or 0))[: law.TOP]


def _ranking(rows: list[Row], whole: Value) -> str:
    return "、".join(f"{row.label}（{_count(row.cells[0].now)}，{_share(row.cells[0].now, whole)}）" for row in rows)


def _count(value: Value) -> str:
    return f"{value.number or 0:,}件"


def _share(part: Value, whole: Value) -> str:
    return figures.percentage(part.number or 0, whole.number or 0)


def _rate(value: Value) -> str:
    return figures.percentage(value.number or 0, value.of or 0)


def _changes(cell: Cell) -> str:
    """Return 环比 and 同比 with a comma before them; nothing where there is nothing to compare with."""
    said = [
        f"{name}{change.words()}"
        for name, past in (("环比", cell.before), ("同比", cell.year))
        if (change := compare(figures.COUNT, cell.now, past)).way != "none"
    ]
    return "，" + "，".join(said) if said else ""


def _points(cell: Cell) -> str:
    change = compare(figures.RATE, cell.now, cell.before)
    return f"（环比{change.words()}）" if change.way in ("points", "same") else ""


def money(fen: int) -> str:
    """Return an amount as briefings write it: 12.35万元 from ten thousand yuan on, else in yuan."""
    if fen < 1_000_000:
        return yuan(fen)
    units = figures.rounded(fen, 10_000)
    return f"{units // 100}.{units % 100:02d}万元"
