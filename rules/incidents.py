"""Incidents: the words of their tables, and which filings of the last days look like one event.

A suggestion is a hint for a person and never acts by itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from rules.tables import TableError, only, read

LEAST_SETTING = "incident_cases"
DAYS_SETTING = "incident_days"
RESPONDENT = "respondent"
GOODS = "goods"


@dataclass(frozen=True)
class Word:
    """One key of a table with its Chinese label; `who` says who may write such an entry of the log."""

    key: str
    label: str
    help: str = ""
    who: str = ""


def _words(raw: Iterable[Mapping[str, str]], table: str) -> Mapping[str, Word]:
    found: dict[str, Word] = {}
    for row in raw:
        only(row, f"incidents.toml {table}", ("key", "label", "source"), ("help", "who"))
        if row["key"] in found or row.get("who", "") not in ("", "sees", "leads"):
            raise TableError(f"incidents.toml {table}: {row['key']} stands there twice, or its `who` is unknown")
        found[row["key"]] = Word(row["key"], row["label"], row.get("help", ""), row.get("who", ""))
    return MappingProxyType(found)


_TABLES = read("incidents.toml")
only(_TABLES, "incidents.toml", ("kind", "level", "note", "basis"))
KINDS = _words(_TABLES["kind"], "kind")
LEVELS = _words(_TABLES["level"], "level")
NOTES = _words(_TABLES["note"], "note")
BASES: Mapping[str, str] = MappingProxyType(_TABLES["basis"])


@dataclass(frozen=True)
class Filed:
    """What matters of a filing here: when it was received, about whom, about what, in which district."""

    case_id: int
    on: date
    respondent_id: int | None = None
    respondent: str = ""
    goods: str = ""
    district_id: int = 0


@dataclass(frozen=True)
class Suggestion:
    """Filings that may be one event, and what they have in common."""

    subject: str
    basis: str
    words: str
    district_id: int | None
    first_on: date
    last_on: date
    cases: tuple[int, ...]


def window(today: date, days: int) -> date:
    """Return the first day that counts: `days` days, today (the local day) being the last of them."""
    return today - timedelta(days=days - 1)


def suggest(
    filed: Iterable[Filed], today: date, *, least: int, days: int, judged: Mapping[str, date] = MappingProxyType({})
) -> list[Suggestion]:
    """Return what looks like one event: at least `least` filings within `days` days, the largest first.

    The same respondent counts first; the same goods in the same district count among the other filings, so that one
    closed shop is not suggested twice. `judged` says up to which day a person has already answered for a subject:
    its filings up to then speak no more, for nothing. Pure; the order of `filed` does not matter.
    """
    first = window(today, days)
    near = [one for one in filed if first <= one.on <= today and not _answered(one, judged)]
    by_respondent = _enough(near, _respondent_of, least)
    told = {one.case_id for group in by_respondent.values() for one in group}
    by_goods = _enough((one for one in near if one.case_id not in told), _goods_of, least)
    found = [_suggestion(subject, RESPONDENT, group) for subject, group in by_respondent.items()]
    found += [_suggestion(subject, GOODS, group) for subject, group in by_goods.items()]
    return sorted(found, key=lambda one: (-len(one.cases), one.subject))


def _respondent_of(one: Filed) -> str | None:
    return f"{RESPONDENT}:{one.respondent_id}" if one.respondent_id is not None else None


def _goods_of(one: Filed) -> str | None:
    name = plain(one.goods)
    return f"{GOODS}:{one.district_id}:{name}" if name else None


def plain(words: str | None) -> str:
    """Return a name of goods as it is compared: without blanks and punctuation, in one width and case."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", words or "")).casefold()[:80]


def _answered(one: Filed, judged: Mapping[str, date]) -> bool:
    return any(one.on <= judged.get(subject or "", date.min) for subject in (_respondent_of(one), _goods_of(one)))


def _enough(filed: Iterable[Filed], subject_of: Callable[[Filed], str | None], least: int) -> dict[str, list[Filed]]:
    groups: dict[str, list[Filed]] = {}
    for one in filed:
        subject = subject_of(one)
        if subject is not None:
            groups.setdefault(subject, []).append(one)
    return {subject: group for subject, group in groups.items() if len(group) >= least}


def _suggestion(subject: str, basis: str, group: list[Filed]) -> Suggestion:
    group = sorted(group, key=lambda one: (one.on, one.case_id))
    words = group[0].respondent if basis == RESPONDENT else group[0].goods
    return Suggestion(
        subject=subject,
        basis=basis,
        words=words,
        district_id=group[0].district_id if basis == GOODS else None,
        first_on=group[0].on,
        last_on=group[-1].on,
        cases=tuple(one.case_id for one in group),
    )
