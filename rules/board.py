"""The bulletin board (公示栏): its categories, its states, and what a notice may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from rules.tables import TableError, only, read

DRAFT, REVIEW, PUBLISHED, WITHDRAWN = "draft", "review", "published", "withdrawn"
STATES: Mapping[str, str] = MappingProxyType(
    {DRAFT: "草稿", REVIEW: "待审核", PUBLISHED: "已审定", WITHDRAWN: "已撤下"}
)


@dataclass(frozen=True)
class Category:
    """One sort of notices; `urgent` ones are marked red and stand first on the home page."""

    key: str
    label: str
    urgent: bool


def _category(row: Mapping[str, Any]) -> Category:
    only(row, f"board.toml category {row.get('key')}", ("key", "label"), ("urgent",))
    return Category(str(row["key"]), str(row["label"]), row.get("urgent") is True)


_NUMBERS = (
    *("pins", "page", "feed", "home", "title", "summary", "text", "reason"),
    *("table_lines", "table_columns", "files", "alt"),
)
_DATA = read("board.toml")
only(_DATA, "board.toml", (*_NUMBERS, "category"))
if not all(isinstance(_DATA[name], int) and _DATA[name] > 0 for name in _NUMBERS):
    raise TableError("board.toml: every limit is a number above zero")

CATEGORIES: Mapping[str, Category] = MappingProxyType({one.key: one for one in map(_category, _DATA["category"])})
WARNING, BRIEFING, HOTSPOT = "warning", "briefing", "hotspot"
if not {WARNING, BRIEFING, HOTSPOT} <= CATEGORIES.keys():
    raise TableError("board.toml: warnings, hot spots and briefings have a category each")

PINS: int = _DATA["pins"]
PAGE: int = _DATA["page"]
FEED: int = _DATA["feed"]
HOME: int = _DATA["home"]
TITLE: int = _DATA["title"]
SUMMARY: int = _DATA["summary"]
TEXT: int = _DATA["text"]
REASON: int = _DATA["reason"]
TABLE_LINES: int = _DATA["table_lines"]
TABLE_COLUMNS: int = _DATA["table_columns"]
FILES: int = _DATA["files"]
ALT: int = _DATA["alt"]
