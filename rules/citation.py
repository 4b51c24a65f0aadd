"""Sources as lawyers write them: `order-121:15(1)` becomes 《…办法》第十五条第一款."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from rules.table import Law
from rules.tables import TableError, day, only, read

NUMERALS = "零一二三四五六七八九"
_ARTICLE = re.compile(r"(\d+)((?:\(\d+\))*)")
_FORMS = ("forms-2026", "forms-2019")


def chinese(number: int) -> str:
    """A number from 0 to 999 as it stands in an article: 15 is 十五, 115 is 一百一十五."""
    if not 0 <= number < 1000:
        raise ValueError(f"no article has the number {number}")
    if number < 10:
        return NUMERALS[number]
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{NUMERALS[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else NUMERALS[tens]) + "十"
    elif ones:
        text += "零"
    return text + (NUMERALS[ones] if ones else "")


def _load() -> dict[str, Law]:
    found: dict[str, Law] = {}
    for row in read("laws.toml")["law"]:
        where = f"law {row.get('key')}"
        only(row, where, ("key", "title", "short", "from", "file"), ("until", "articles", "items", "note"))
        if row["key"] in found:
            raise TableError(f"{where}: stands twice")
        found[row["key"]] = Law(
            key=row["key"],
            title=row["title"],
            short=row["short"],
            from_=day(row["from"], where),
            until=day(row["until"], where) if "until" in row else None,
            articles=row.get("articles"),
            items=tuple(row.get("items", ())),
            file=row["file"],
            note=row.get("note", ""),
        )
    return found


LAWS: Mapping[str, Law] = MappingProxyType(_load())


def parts(source: str) -> tuple[tuple[str, str], ...]:
    """(law, place) of a source; TableError for a text nobody cites or an article it does not have."""
    found: list[tuple[str, str]] = []
    for part in source.split("; "):
        law, _, place = part.partition(":")
        if law == "local":
            found.append((law, ""))
            continue
        if law not in LAWS or (not place and law != "civil-code"):
            raise TableError(f"source {source!r}: unknown text or no article")
        number = _ARTICLE.fullmatch(place)
        limit = LAWS[law].articles
        if limit and not (number and 1 <= int(number[1]) <= limit):
            raise TableError(f"source {source!r}: no such article")
        found.append((law, place))
    return tuple(found)


def _place(law: Law, place: str) -> str:
    number = _ARTICLE.fullmatch(place)
    if number is None:
        return place if place.startswith("第") or not place else f"第{place}"
    article = int(number[1])
    if law.key in _FORMS:
        return f"式样之{chinese(article)}"
    levels = [int(level) for level in re.findall(r"\((\d+)\)", number[2])]
    # Articles whose list follows at once, without paragraphs: the number in brackets is an item.
    names = ("项",) if article in law.items else ("款", "项")
    return f"第{chinese(article)}条" + "".join(
        f"第{chinese(level)}{name}" for level, name in zip(levels, names, strict=False)
    )


@cache
def cite(source: str) -> str:
    """A source of the tables in Chinese; several, separated by "; ", are joined by 、. Local rules are 本局规定."""
    texts = [
        "本局规定" if law == "local" else LAWS[law].short + _place(LAWS[law], place) for law, place in parts(source)
    ]
    return "、".join(dict.fromkeys(texts))
