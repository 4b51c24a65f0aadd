"""The figures as files: a workbook for people, CSV for programs. No text in them is ever taken for a formula."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import xlsxwriter

from casework.statistics.tables import Column, Row, Span, Table, Value, compare
from rules.statistics import BREAKDOWNS, DAYS, MONEY, RATE, TOPICS

BOM = "\ufeff"
"""Tells an office program that a CSV file is UTF-8."""
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What an office program may take for the beginning of a formula."""
Field = str | int | Decimal | None


def plain(text: str) -> str:
    """Return a text that no office program takes for a formula: an apostrophe stands before one that looks like it."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def csv_file(table: Table) -> bytes:
    """Return the table as CSV: UTF-8 with a byte order mark, a line for each part and one for the total."""
    stream = StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(["期间", "范围", "键", BREAKDOWNS[table.breakdown], "层级", *(name for name, _ in _heads(table))])
    for row in (*table.rows, table.total):
        fields: list[Field] = [table.period.label, table.scope_label, row.key, row.label, row.depth]
        fields += _fields(table, row)
        writer.writerow([plain(one) if isinstance(one, str) else one for one in fields])
    return (BOM + stream.getvalue()).encode()


def _heads(table: Table) -> list[tuple[str, str]]:
    """Return (words, number format) of the columns of figures, in the order of `_fields`."""
    found: list[tuple[str, str]] = []
    for column in table.columns:
        for said, _span, _place in _spans(table):
            found += [(f"{words}{said}", shape) for words, shape in _parts(column)]
        found += [(f"{column.label}{said}", "change") for said in _changes(column, table)]
    return found


def _parts(column: Column) -> list[tuple[str, str]]:
    """Return what one figure consists of: a rate of its part, its whole and its percentage."""
    if column.kind == RATE:
        return [(f"{column.label}分子", "count"), (f"{column.label}分母", "count"), (f"{column.label}（%）", "percent")]
    if column.kind == MONEY:
        return [(f"{column.label}（元）", "money")]
    return [(f"{column.label}（天）" if column.kind == DAYS else column.label, "count")]


def _spans(table: Table) -> list[tuple[str, Span, str]]:
    """Return (words, period, name in a cell) of the periods that the table holds."""
    spans = [("", table.period, "now"), ("·上期", table.before, "before"), ("·去年同期", table.year, "year")]
    return [(said, span, place) for said, span, place in spans if span is not None]


def _changes(column: Column, table: Table) -> list[str]:
    if column.kind == DAYS:
        return []
    unit = "（百分点）" if column.kind == RATE else "（%）"
    return [f"{said}{unit}" for said, span in (("环比", table.before), ("同比", table.year)) if span is not None]


def _fields(table: Table, row: Row) -> list[Field]:
    """Return the figures of a line. Where a number is too small for a percentage its field is empty."""
    found: list[Field] = []
    for column, cell in zip(table.columns, row.cells, strict=True):
        for _said, _span, place in _spans(table):
            found += _values(column, getattr(cell, place), table.floor)
        if column.kind != DAYS:
            for span, was in ((table.before, cell.before), (table.year, cell.year)):
                if span is not None:
                    change = compare(column.kind, cell.now, was, table.floor)
                    shown = change.way in ("percent", "points", "same")
                    found.append(Decimal(change.tenths) / 10 if shown else None)
    return found


def _values(column: Column, value: Value | None, floor: int) -> list[Field]:
    number, of = (value.number, value.of or 0) if value is not None else (None, 0)
    if column.kind == RATE:
        enough = number is not None and of >= max(floor, 1)
        return [
            number,
            of,
            (Decimal(100 * number) / of).quantize(Decimal("0.01")) if enough and number is not None else None,
        ]
    if column.kind == MONEY:
        return [None if number is None else Decimal(number) / 100]
    return [number]


FORMATS = {"count": "#,##0", "money": "#,##0.00", "percent": "0.00", "change": "0.0"}


def workbook(table: Table) -> bytes:
    """Return the table as XLSX: one sheet of figures, one that says how each is computed.

    The same table gives the same cells; nothing is a formula or a link.
    """
    stream = BytesIO()
    with xlsxwriter.Workbook(
        stream,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    ) as book:
        # The moment of the records, not that of the download: the same figures give the same file.
        book.set_properties(
            {"title": _title(table), "created": datetime.fromisoformat(table.asof).replace(tzinfo=None)}
        )
        _figures_sheet(book, table)
        _formulas_sheet(book, table)
    return stream.getvalue()


def _title(table: Table) -> str:
    what = f"{TOPICS[table.topic].label}统计"
    return f"{table.scope_label}12315{what}（{table.period.label}，{BREAKDOWNS[table.breakdown]}）"


def _figures_sheet(book: Any, table: Table) -> None:
    sheet = book.add_worksheet("数据")
    bold, head = (
        book.add_format({"bold": True, "font_size": 14}),
        book.add_format({"bold": True, "text_wrap": True, "bottom": 2, "valign": "top"}),
    )
    shapes = {name: book.add_format({"num_format": shape}) for name, shape in FORMATS.items()}
    heads = _heads(table)
    sheet.write_string(0, 0, _title(table), bold)
    sheet.write_string(1, 0, compared_words(table))
    sheet.write_string(3, 0, BREAKDOWNS[table.breakdown], head)
    for place, (words, _shape) in enumerate(heads, start=1):
        sheet.write_string(3, place, words, head)
    for line, row in enumerate((*table.rows, table.total), start=4):
        indented = book.add_format({"indent": row.depth, "bold": row is table.total})
        sheet.write_string(line, 0, row.label + (f"（{row.note}）" if row.note else ""), indented)
        for place, (number, (_words, shape)) in enumerate(zip(_fields(table, row), heads, strict=True), start=1):
            if number is not None:
                sheet.write_number(line, place, number, shapes[shape])
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, len(heads), 13)
    sheet.freeze_panes(4, 1)
    sheet.set_landscape()
    sheet.repeat_rows(3)
    sheet.fit_to_pages(1, 0)


def _formulas_sheet(book: Any, table: Table) -> None:
    sheet = book.add_worksheet("怎么算")
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for line, column in enumerate(table.columns):
        sheet.write_string(line, 0, column.label, wrapped)
        sheet.write_string(line, 1, column.formula, wrapped)
    floor = f"基数不到{table.floor}件的，不写百分比，看两个数。"
    sheet.write_string(len(table.columns), 0, "增减", wrapped)
    sheet.write_string(len(table.columns), 1, floor, wrapped)
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 90)


def compared_words(table: Table) -> str:
    """Return what the table counts and what it is compared with, in one sentence."""
    said = [f"上期：{table.before.label}"] if table.before else []
    said += [f"去年同期：{table.year.label}"] if table.year else []
    running = f"本期还没有过完，只算到第{table.period.days}天，比较的也只算同样的天数。" if table.period.days else ""
    return f"本期：{table.period.label}。{'，'.join(said)}{'。' if said else ''}{running}"


@dataclass(frozen=True)
class Grid:
    """A plain table for spreadsheets: heads, lines, and what each figure means; `asof` is the moment of the records."""

    title: str
    heads: tuple[str, ...]
    lines: tuple[tuple[str | int | float | None, ...], ...]
    notes: tuple[tuple[str, str], ...]
    asof: datetime | None


def grid_csv(grid: Grid) -> bytes:
    """Return a grid as CSV: UTF-8 with a byte order mark, its heads first."""
    stream = StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(grid.heads)
    for line in grid.lines:
        writer.writerow([plain(one) if isinstance(one, str) else one for one in line])
    return (BOM + stream.getvalue()).encode()


def grid_workbook(grid: Grid) -> bytes:
    """Return a grid as XLSX: one sheet of figures, one that says how each is computed."""
    stream = BytesIO()
    with xlsxwriter.Workbook(
        stream,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    ) as book:
        made = {"created": grid.asof.replace(tzinfo=None)} if grid.asof is not None else {}
        book.set_properties({"title": grid.title, **made})
        sheet, notes = book.add_worksheet("数据"), book.add_worksheet("怎么算")
        bold = book.add_format({"bold": True, "font_size": 14})
        head = book.add_format({"bold": True, "text_wrap": True, "bottom": 2, "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet.write_string(0, 0, grid.title, bold)
        for place, words in enumerate(grid.heads):
            sheet.write_string(2, place, words, head)
        for number, line in enumerate(grid.lines, start=3):
            for place, value in enumerate(line):
                if isinstance(value, str):
                    sheet.write_string(number, place, value)
                elif value is not None:
                    sheet.write_number(number, place, value)
        sheet.freeze_panes(3, 3)
        sheet.set_column(2, 2, 22)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        for number, (label, text) in enumerate(grid.notes):
            notes.write_string(number, 0, label, wrapped)
            notes.write_string(number, 1, text, wrapped)
        notes.set_column(0, 0, 20)
        notes.set_column(1, 1, 90)
    return stream.getvalue()
