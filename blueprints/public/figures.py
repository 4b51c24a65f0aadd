"""Figures for everybody (数据公开): the published months as pages and as one file, with a dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response

from blueprints.web import page, policy
from blueprints.web.filters import money_wan
from casework import open_data
from casework.errors import NotFound
from casework.open_data import Month, OpenLine, Published, Told
from casework.statistics import charts
from casework.statistics.tables import ALL, Column
from rules import open_data as law
from rules.periods import Period
from rules.statistics import COUNT, DAYS, MEASURES, MONEY

bp = Blueprint("figures", __name__)
RANKED = 5
"""So many lines has a ranking."""
RATES = ("decide_rate", "mediate_rate", "verify_rate")


@dataclass(frozen=True)
class Ranked:
    """One line of a ranking with its bar."""

    label: str
    words: str
    share: str
    bar: charts.Bar


@bp.get("/figures")
@policy("public", cached=True)
def latest() -> Response:
    """The latest published month."""
    return _shown(open_data.month(), open_data.months())


@bp.get("/figures/<month>")
@policy("public", cached=True)
def of_month(month: str) -> Response:
    """An earlier month. Raise NotFound where nothing is published."""
    found = open_data.month(month)
    if found is None:
        raise NotFound("这个月的数据没有发布。")
    return _shown(found, open_data.months())


@bp.get("/figures/dictionary")
@policy("public", cached=True)
def dictionary() -> Response:
    """What each column and each key of the file means."""
    used = dict.fromkeys(key for table in law.TABLES for key in table.measures)
    return page(
        "public/figures_dictionary.html",
        head=open_data.HEAD,
        tables=law.TABLES,
        measures=[(MEASURES[key], open_data.UNITS[MEASURES[key].kind]) for key in used],
        least=law.LEAST,
        withheld=open_data.WITHHELD,
        months=law.MONTHS,
    )


@bp.get("/figures.csv")
@policy("public", cached=True)
def csv_file() -> Response:
    """Every published figure, one a line."""
    return Response(open_data.csv_text(), content_type="text/csv; charset=utf-8")


def _shown(month: Month | None, keys: list[str]) -> Response:
    if month is None:
        return page("public/figures_none.html", measures=_told_measures())
    trend = charts.lines([_short(one) for one in month.trend_names], month.trend) if month.trend else None
    return page(
        "public/figures.html",
        month=month,
        others=[Period.parse(key) for key in keys],
        kinds=month.table("kinds"),
        trend=trend,
        rankings=[
            ("商品和服务类投诉", ranked(month.table("goods"))),
            ("投诉的问题", ranked(month.table("problems"))),
            ("举报的违法行为", ranked(month.table("violations"))),
            ("来件渠道", ranked(month.table("channels"))),
        ],
        places=_places(month),
        single=[
            (column, told)
            for key in ("complaints", "reports", "whole", "timeliness")
            for column, told in zip(month.table(key).columns, month.table(key).total.figures, strict=True)
            if column.key != "received"
        ],
        words=words,
        measures=_told_measures(),
        least=law.LEAST,
    )


def of_home() -> dict[str, Any] | None:
    """Return what the home page says of the latest published month; None where there is none."""
    month = open_data.month()
    if month is None:
        return None
    chosen = (("kinds", "received"), ("kinds", "concluded"), ("timeliness", "decide_rate"), ("whole", "recovered"))
    rows = []
    for key, measure in chosen:
        table = month.table(key)
        column = next(one for one in table.columns if one.key == measure)
        told = table.first(measure=measure)
        change = f"比上个月{told.change}" if told.change else ""
        rows.append({"name": column.label, "value": words(column, told), "unit": _unit(column, told), "note": change})
    return {"month": month.period.label, "rows": rows}


def _unit(column: Column, told: Told) -> str:
    return "件" if column.kind == COUNT and told.number is not None else ""


def words(column: Column, told: Told) -> str:
    """Return a figure as the pages write it: 1,204, 3.6万元, 99.80%, 12天, 不公布, -- (nothing to count)."""
    if told.withheld:
        return "不公布"
    if told.number is None:
        return "--"
    if column.kind == COUNT:
        return f"{int(told.number):,}"
    if column.kind == MONEY:
        return money_wan(int(Decimal(told.number) * 100))
    return f"{told.number}天" if column.kind == DAYS else f"{told.number}%"


def ranked(published: Published) -> list[Ranked]:
    """Return the highest lines that divide the whole, the largest first; what is not told is left out."""
    lines = _dividing(published.lines)
    told = [(line, int(line.figures[0].number)) for line in lines if line.figures[0].number is not None]
    first = sorted((one for one in told if one[1]), key=lambda one: -one[1])[:RANKED]
    bars = charts.bars([(number, None) for _, number in first])
    return [
        Ranked(line.label, f"{number:,}", line.figures[0].share, bar)
        for (line, number), bar in zip(first, bars, strict=True)
    ]


def _dividing(lines: tuple[OpenLine, ...]) -> list[OpenLine]:
    top = [one for one in lines if one.depth == 0]
    below = [one for one in lines if one.depth == 1]
    return below if below and len({one.parent for one in below}) <= 2 and len(top) <= 3 else top


def _places(month: Month) -> list[tuple[OpenLine, list[str]]]:
    """Return the districts with what they received, its share and their rates, each as words."""
    counts, rates = month.table("places"), month.table("places_rates")
    by_key = {one.key: one for one in rates.lines}
    found = []
    for line in (*counts.lines, counts.total):
        beside = by_key.get(line.key) if line.key != ALL else rates.total
        told = [words(column, one) for column, one in zip(rates.columns, beside.figures, strict=True)] if beside else []
        numbers = [words(column, one) for column, one in zip(counts.columns, line.figures, strict=True)]
        found.append((line, [numbers[0], line.figures[0].share, numbers[1], *(told or ["--"] * len(RATES))]))
    return found


def _short(label: str) -> str:
    return label.partition("年")[2] or label


def _told_measures() -> list[tuple[str, str]]:
    keys = dict.fromkeys(key for table in law.TABLES for key in table.measures)
    return [(MEASURES[key].label, MEASURES[key].formula) for key in keys]
