"""Whether a data directory already holds a city, and the making of the demo city when it holds none."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url

from config import Settings

READY, MAKING = "ready", "making"


class HalfMade(RuntimeError):
    """An earlier start was interrupted while it filled a database that only an administrator may empty."""


@dataclass(frozen=True)
class City:
    """The mark that a data directory bears: its state, and how many cases the demo city was made with."""

    state: str
    cases: int


def mark_of(settings: Settings) -> City | None:
    """Read the mark of the data directory, None when it bears none."""
    file = _mark_file(settings)
    if not file.exists():
        return None
    content = json.loads(file.read_text(encoding="utf-8"))
    return City(content["state"], content["cases"])


def set_mark(settings: Settings, city: City) -> None:
    """Write the mark in one step, so that a crash leaves the old one or the new one."""
    file = _mark_file(settings)
    part = file.with_suffix(".part")
    part.write_text(json.dumps({"state": city.state, "cases": city.cases}) + "\n", encoding="utf-8")
    part.replace(file)


def is_new(settings: Settings) -> bool:
    """Tell whether the city has yet to be made; clear away what an interrupted first start left.

    Raises HalfMade when the half-made city stands in a database outside the data directory.
    """
    mark = mark_of(settings)
    if mark and mark.state == READY:
        return False
    if mark and mark.state == MAKING:
        if not _own_file(settings):
            raise HalfMade(
                "An earlier start was interrupted while it made the demo city. Empty the database of DATABASE_URL, "
                f"or accept what is there by deleting {_mark_file(settings)}."
            )
        for leftover in _database_files(settings):
            leftover.unlink(missing_ok=True)
        return True
    return not _has_tables(settings)


def accounts_table(file: Path) -> list[str]:
    """Lay out the demo accounts as lines of a table, none when the file does not exist."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.reader(stream) if row]
    columns = max((len(row) for row in rows), default=0)
    widths = [max((_width(row[i]) for row in rows if i < len(row)), default=0) for i in range(columns)]
    return ["  ".join(_padded(cell, widths[i]) for i, cell in enumerate(row)).rstrip() for row in rows]


def _mark_file(settings: Settings) -> Path:
    return settings.data_dir / "run" / "city.json"


def _own_file(settings: Settings) -> bool:
    """Tell whether the database is a SQLite file inside the data directory."""
    if not settings.is_sqlite:
        return False
    return settings.data_dir in _database_files(settings)[0].parents


def _database_files(settings: Settings) -> Sequence[Path]:
    main = Path(make_url(settings.database_url).database or "")
    return [main, *(main.with_name(main.name + ending) for ending in ("-wal", "-shm", "-journal"))]


def _has_tables(settings: Settings) -> bool:
    if settings.is_sqlite and not _database_files(settings)[0].exists():
        return False
    engine = create_engine(settings.database_url)
    try:
        return bool(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def _width(text: str) -> int:
    """Return the columns that a text takes on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
