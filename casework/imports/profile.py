"""Mapping files: what the columns of a source mean. Read strictly, so that a slip of the pen is found at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rules.workflow import WORKFLOW

FOLDER = Path(__file__).parent / "profiles"
HISTORY, CURRENT = "history", "current"
_KEYS = {"title", "mode", "key", "kind", "channel", "columns", "fixed", "run_together", "find"}
_HISTORY_FIELDS = {"matter", "content", "received_at", "filer_name", "answer", "answered_at"}


class ProfileError(ValueError):
    """There is no such profile, or its file is not in order; the text says what."""


@dataclass(frozen=True)
class Profile:
    """One source. `columns` maps our field to the source's column, `fixed` holds what the source does not state."""

    name: str
    title: str
    mode: str
    kind: str
    channel: str
    key: str | None
    """The column that names a row; without it the row's whole text does."""
    columns: Mapping[str, str]
    fixed: Mapping[str, Any]
    run_together: Mapping[str, Any] | None
    find: tuple[tuple[str, re.Pattern[str]], ...]


def names() -> list[str]:
    """Return the profiles there are."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def load(name: str) -> Profile:
    """Read a profile. Raise ProfileError for an unknown one and for one that says something we do not know."""
    if name not in names():
        raise ProfileError(f"There is no profile “{name}”; there are {', '.join(names())}.")
    with (FOLDER / f"{name}.toml").open("rb") as handle:
        raw = tomllib.load(handle)
    unknown = raw.keys() - _KEYS
    if unknown:
        raise ProfileError(f"{name}.toml: unknown {', '.join(sorted(unknown))}.")
    if raw["mode"] not in (HISTORY, CURRENT) or raw["kind"] not in WORKFLOW.kind_labels:
        raise ProfileError(f"{name}.toml: mode or kind is not one we know.")
    profile = Profile(
        name=name,
        title=raw["title"],
        mode=raw["mode"],
        kind=raw["kind"],
        channel=raw["channel"],
        key=raw.get("key"),
        columns=raw["columns"],
        fixed=raw.get("fixed", {}),
        run_together=raw.get("run_together"),
        find=tuple((one["field"], re.compile(one["pattern"], re.M)) for one in raw.get("find", [])),
    )
    _check(profile)
    return profile


def _check(profile: Profile) -> None:
    known = _HISTORY_FIELDS
    if profile.mode == CURRENT:
        known = {field.name for field in WORKFLOW.action("register_by_staff").fields}
    wrong = {*profile.columns, *profile.fixed, *(field for field, _ in profile.find)} - known
    if wrong:
        raise ProfileError(f"{profile.name}.toml: no field is called {', '.join(sorted(wrong))}.")
    if profile.mode == HISTORY and not profile.columns.keys() >= {"content", "received_at"}:
        raise ProfileError(f"{profile.name}.toml: history needs columns for content and received_at.")
