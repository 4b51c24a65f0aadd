"""Rows of a file with the line they begin on: CSV in the encodings met in offices, and Excel workbooks."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

Cell = str | datetime
LONGEST = 4_000_000
"""Characters of one cell."""


class Unreadable(ValueError):
    """The file cannot be read as a table; the text says why."""


@dataclass(frozen=True)
class Row:
    """One row: the line (or row of the sheet) it begins on, its cells by column."""

    line: int
    cells: Mapping[str, Cell]


def rows(file: Path) -> Iterator[Row]:
    """Yield the rows below the heading. Raise Unreadable when the file is no table."""
    if file.suffix.lower() in {".xlsx", ".xlsm"}:
        yield from _sheet(file)
    else:
        yield from _csv(file)


def columns(file: Path) -> list[str]:
    """Return the heading of a file; empty for one without rows."""
    first = next(rows(file), None)
    return list(first.cells) if first else []


def encoding_of(file: Path) -> str:
    """Return the encoding: by its mark, else UTF-8 if all of it is that, else GB 18030."""
    with file.open("rb") as stream:
        head = stream.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with file.open("rb") as stream:
            while piece := stream.read(1 << 20):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _csv(file: Path) -> Iterator[Row]:
    csv.field_size_limit(LONGEST)
    encoding = encoding_of(file)
    with file.open(encoding=encoding, newline="", errors="strict") as stream:
        reader = csv.reader(_without_nul(stream), delimiter=_delimiter(file, encoding))
        try:
            heading = next(reader, None)
            if heading is None:
                return
            names = [name.strip() for name in heading]
            line = reader.line_num + 1
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield Row(line, dict(zip(names, cells, strict=False)))
                line = reader.line_num + 1
        except (csv.Error, UnicodeDecodeError) as error:
            raise Unreadable(f"near line {reader.line_num}: {error}") from error


def _without_nul(stream: io.TextIOBase | io.TextIOWrapper) -> Iterator[str]:
    for line in stream:
        yield line.replace("\0", "")


def _delimiter(file: Path, encoding: str) -> str:
    """Return what separates the heading's names: the most frequent of comma, tab and semicolon."""
    with file.open(encoding=encoding, newline="") as stream:
        heading = stream.readline()
    return max((",", "\t", ";"), key=heading.count)


def _sheet(file: Path) -> Iterator[Row]:
    try:
        book = load_workbook(file, read_only=True, data_only=True)
    except (InvalidFileException, OSError, KeyError, ValueError) as error:
        raise Unreadable(f"{file.name} is not an Excel workbook") from error
    try:
        sheet = book.worksheets[0]
        found = sheet.iter_rows(values_only=True)
        names = [_text(cell).strip() for cell in next(found, ())]
        for line, cells in enumerate(found, start=2):
            given = {
                name: cell if isinstance(cell, datetime) else _text(cell)
                for name, cell in zip(names, cells, strict=False)
                if name
            }
            if any(given.values()):
                yield Row(line, given)
    finally:
        book.close()


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
