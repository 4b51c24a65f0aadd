"""12315 stations and points (消费维权服务站、点): kinds of places and of ledgers, and the codes that posters carry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from rules.citation import parts
from rules.tables import only, read

_DATA: dict[str, Any] = read("stations.toml")
only(_DATA, "stations.toml", ("source", "place", "record"))
parts(_DATA["source"])


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One ledger; `marks`: an entry has a mark from 0 to 100."""

    key: str
    label: str
    marks: bool


PLACES: Mapping[str, str] = MappingProxyType({row["key"]: row["label"] for row in _DATA["place"]})
RECORDS: Mapping[str, RecordKind] = MappingProxyType({row["key"]: RecordKind(**row) for row in _DATA["record"]})
_CODE = re.compile(r"F[0-9]{4,6}")


def code_of(number: int) -> str:
    """Return the code of the station with a running number, as it stands on its poster: F0012."""
    return f"F{number:04d}"


def is_code(text: str) -> bool:
    """Tell whether a text can be the code of a station."""
    return _CODE.fullmatch(text) is not None
