"""What an administrator may choose, with the default and the effect of each choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter
from types import MappingProxyType

from rules.tables import TableError, only, read, strings


@dataclass(frozen=True)
class Effect:
    """What one choice adds to the table: clocks that actions pause or resume, roles that may press an action."""

    pauses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resumes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """One question left open by the law, its possible answers and the one that holds until somebody chooses."""

    key: str
    label: str
    default: str
    choices: tuple[str, ...]
    help: str
    effects: Mapping[str, Effect]
    source: str = ""
    """Where the question comes from, when the help does not say it; "local": nothing but this bureau's own practice."""


def _effect(raw: Mapping[str, Mapping[str, object]], where: str) -> Effect:
    only(raw, where, (), ("pauses", "resumes", "roles"))
    parts = {name: {key: strings(value, where) for key, value in table.items()} for name, table in raw.items()}
    return Effect(parts.get("pauses", {}), parts.get("resumes", {}), parts.get("roles", {}))


def _load() -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for row in read("settings.toml")["setting"]:
        where = f"setting {row.get('key')}"
        only(row, where, ("key", "label", "default", "choices", "help"), ("effect", "source"))
        if row["default"] not in row["choices"] or row["key"] in found:
            raise TableError(f"{where}: its default is not among the choices, or the key is used twice")
        effects = {value: _effect(raw, where) for value, raw in row.get("effect", {}).items()}
        if not effects.keys() <= set(row["choices"]):
            raise TableError(f"{where}: an effect belongs to no choice")
        found[row["key"]] = Setting(
            row["key"],
            row["label"],
            row["default"],
            strings(row["choices"], where),
            row["help"],
            effects,
            row.get("source", ""),
        )
    return found


SETTINGS: Mapping[str, Setting] = MappingProxyType(_load())
DEFAULTS: Mapping[str, str] = MappingProxyType({key: setting.default for key, setting in SETTINGS.items()})


_WITH_EFFECTS = tuple(setting for setting in SETTINGS.values() if setting.effects)
_choices_made: Callable[[Mapping[str, str]], tuple[str, ...]] = itemgetter(*(setting.key for setting in _WITH_EFFECTS))


def effects(settings: Mapping[str, str]) -> tuple[Effect, ...]:
    """The effects of the choices made, for the few settings that have any."""
    return _effects_of(_made(settings))


def stopping(settings: Mapping[str, str]) -> tuple[Effect, ...]:
    """Those of the effects by which terms pause or run again."""
    return _stopping_of(_made(settings))


def _made(settings: Mapping[str, str]) -> tuple[str, ...]:
    """The choices of the settings that have effects, in their order."""
    try:
        return _choices_made(settings)
    except KeyError:  # somebody named only the choices that matter
        return _choices_made({**DEFAULTS, **settings})


@cache
def _effects_of(values: tuple[str, ...]) -> tuple[Effect, ...]:
    chosen = zip(_WITH_EFFECTS, values, strict=True)
    return tuple(setting.effects[value] for setting, value in chosen if value in setting.effects)


@cache
def _stopping_of(values: tuple[str, ...]) -> tuple[Effect, ...]:
    return tuple(effect for effect in _effects_of(values) if effect.pauses or effect.resumes)
