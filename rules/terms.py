"""The terms of the law and of the house as data: length, unit, source, extensions, ladders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rules.tables import DATA, TableError, day, only, read, rows, strings


@dataclass(frozen=True, slots=True)
class Extension:
    """How often a term may be extended, by how much at a time, and by whom."""

    times: int
    length: int
    unit: str
    by: str
    most: int


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A term as it stands for cases received from `from_` to `until` (None: still in force)."""

    key: str
    from_: date
    until: date | None
    length: int
    unit: str
    source: str
    citizen: str
    extend: Extension | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One term: for which kinds, from what day, what stops it, what pauses it, and its versions in time."""

    key: str
    label: str
    kinds: tuple[str, ...]
    statutory: bool
    trigger: str
    trigger_field: str | None
    group: str
    condition: str | None
    after_end: bool
    stops: str
    done_by: frozenset[str]
    pausable_by: tuple[str, ...]
    pause_text: str
    warn_before: tuple[int, ...]
    ladder: str
    citizen: str
    note: str
    fixed_by: str | None
    length_by: str | None
    versions: tuple[RuleVersion, ...]


@dataclass(frozen=True, slots=True)
class LadderStep:
    """What is said `after` units past the term (0: on the last day), at which level of the tree, to which roles."""

    after: int
    act: str
    where: str | None
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps by which a lapse is reminded, urged and supervised."""

    key: str
    label: str
    unit: str
    steps: tuple[LadderStep, ...]
    source: str
    note: str


UNITS = ("working_day", "calendar_day", "hour")
_RULE_FIELDS = ("key", "label", "kinds", "statutory", "trigger", "stops", "done_by", "pausable_by", "warn_before",
                "ladder", "citizen", "version")  # fmt: skip
_RULE_OPTIONS = ("trigger_field", "group", "condition", "after_end", "pause_text", "note", "fixed_by", "length_by")


def _version(row: Mapping[str, Any], where: str) -> RuleVersion:
    only(row, where, ("key", "from", "length", "unit", "source"), ("until", "citizen", "extend"))
    if row["unit"] not in UNITS or row["length"] < 0:
        raise TableError(f"{where}: unknown unit {row['unit']} or negative length")
    extend = None
    if "extend" in row:
        raw = row["extend"]
        only(raw, f"{where} extend", ("times", "length", "unit", "by"), ("most",))
        extend = Extension(raw["times"], raw["length"], raw["unit"], raw["by"], raw.get("most", raw["length"]))
    until = day(row["until"], where) if "until" in row else None
    return RuleVersion(
        row["key"],
        day(row["from"], where),
        until,
        row["length"],
        row["unit"],
        row["source"],
        row.get("citizen", ""),
        extend,
    )


def _in_order(versions: list[RuleVersion], where: str) -> tuple[RuleVersion, ...]:
    """The versions sorted by date; TableError when two overlap or leave a gap between them."""
    ordered = sorted(versions, key=lambda version: version.from_)
    for before, after in zip(ordered, ordered[1:], strict=False):
        if before.until is None or before.until + timedelta(days=1) != after.from_:
            raise TableError(f"{where}: versions {before.key} and {after.key} overlap or leave a gap")
    return tuple(ordered)


def _rule(row: Mapping[str, Any], where: str) -> Rule:
    only(row, where, _RULE_FIELDS, _RULE_OPTIONS)
    versions = _in_order([_version(raw, f"{where} {raw.get('key')}") for raw in row["version"]], where)
    if row["statutory"] and any(version.source.startswith("local") for version in versions):
        raise TableError(f"{where}: a statutory term with a local source")
    if bool(row["pausable_by"]) != ("pause_text" in row):
        raise TableError(f"{where}: a pause needs its legal wording")
    return Rule(
        key=row["key"],
        label=row["label"],
        kinds=strings(row["kinds"], where),
        statutory=row["statutory"],
        trigger=row["trigger"],
        trigger_field=row.get("trigger_field"),
        group=row.get("group", row["key"]),
        condition=row.get("condition"),
        after_end=row.get("after_end", False),
        stops=row["stops"],
        done_by=frozenset(row["done_by"]),
        pausable_by=strings(row["pausable_by"], where),
        pause_text=row.get("pause_text", ""),
        warn_before=tuple(sorted(row["warn_before"], reverse=True)),
        ladder=row["ladder"],
        citizen=row["citizen"],
        note=row.get("note", ""),
        fixed_by=row.get("fixed_by"),
        length_by=row.get("length_by"),
        versions=versions,
    )


def load_rules(root: Path = DATA) -> dict[str, Rule]:
    """Every term of `deadlines/`; TableError when a row is incomplete, contradicts itself or stands twice."""
    found: dict[str, Rule] = {}
    for file, row in rows("deadlines", "rule", root):
        rule = _rule(row, f"{file} rule {row.get('key')}")
        if rule.key in found:
            raise TableError(f"{file}: rule {rule.key} stands twice")
        found[rule.key] = rule
    return found


def load_ladders(root: Path = DATA) -> dict[str, Ladder]:
    """The ladders of escalation; TableError when a step is out of order or unknown."""
    found: dict[str, Ladder] = {}
    for row in read("ladders.toml", root)["ladder"]:
        where = f"ladder {row.get('key')}"
        only(row, where, ("key", "label", "unit", "source", "steps"), ("note",))
        steps: list[LadderStep] = []
        for raw in row["steps"]:
            only(raw, where, ("after", "act", "to"), ("at",))
            steps.append(LadderStep(raw["after"], raw["act"], raw.get("at"), strings(raw["to"], where)))
        if any(a.after >= b.after for a, b in zip(steps, steps[1:], strict=False)):
            raise TableError(f"{where}: its steps are not in order of time")
        if any(step.act not in ACTS or step.where not in PLACES for step in steps):
            raise TableError(f"{where}: an act or a level of the tree is unknown")
        found[row["key"]] = Ladder(
            row["key"], row["label"], row["unit"], tuple(steps), row["source"], row.get("note", "")
        )
    return found


ACTS = ("remind", "urge", "supervise", "key_supervise")
PLACES = (None, "office", "district", "city")
RULES: Mapping[str, Rule] = MappingProxyType(load_rules())
LADDERS: Mapping[str, Ladder] = MappingProxyType(load_ladders())


def version_for(rule_key: str, received_on: date) -> RuleVersion | None:
    """The version in force on the day the case was received; None where none was. KeyError for an unknown rule."""
    for version in RULES[rule_key].versions:
        if version.from_ <= received_on and (version.until is None or received_on <= version.until):
            return version
    return None


_VERSIONS: Mapping[tuple[str, str], RuleVersion] = MappingProxyType(
    {(rule.key, version.key): version for rule in RULES.values() for version in rule.versions}
)


def version_of(rule_key: str, version_key: str) -> RuleVersion:
    """A version by its name; KeyError when the rule has none of that name."""
    return _VERSIONS[rule_key, version_key]
