"""The hand-written parts that the demo city is made of, read once from `data/`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


@cache
def read(name: str) -> dict[str, Any]:
    """Return one file of the data folder, without its ending. Raise FileNotFoundError for a name nobody wrote."""
    with (DATA / f"{name}.toml").open("rb") as handle:
        return tomllib.load(handle)
