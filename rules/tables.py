"""Reading the data files of this floor. A file is read once; its rows become frozen objects elsewhere."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent / "data"


class TableError(Exception):
    """The tables contradict themselves or each other; the program refuses to start with them."""


def read(name: str, root: Path = DATA) -> dict[str, Any]:
    """The contents of one TOML file under `data/`; TableError names the file when it cannot be read."""
    try:
        with (root / name).open("rb") as handle:
            return tomllib.load(handle)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise TableError(f"rules/data/{name}: {error}") from error


def rows(folder: str, name: str, root: Path = DATA) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file, row) for every `[[name]]` of every file of a folder, files in the order of their names."""
    for path in sorted((root / folder).glob("*.toml")):
        label = f"{folder}/{path.name}"
        for row in read(label, root)[name]:
            yield label, row


def only(row: Mapping[str, Any], where: str, required: Sequence[str], optional: Sequence[str] = ()) -> None:
    """TableError when the row lacks an attribute or has one that nobody reads."""
    missing = [key for key in required if key not in row]
    unknown = [key for key in row if key not in required and key not in optional]
    if missing or unknown:
        raise TableError(f"{where}: missing {missing}, unknown {unknown}")


def strings(value: object, where: str) -> tuple[str, ...]:
    """A list of text as a tuple; TableError for anything else."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TableError(f"{where}: a list of text was expected, not {value!r}")
    return tuple(value)


def day(value: object, where: str) -> date:
    """A date; TableError for anything else."""
    if not isinstance(value, date):
        raise TableError(f"{where}: a date was expected, not {value!r}")
    return value
