"""The board with ten thousand notices: list, categories, later pages, search, feed, home page, without kept copies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from urllib.parse import urlencode

from sqlalchemy import func, select

from benchmarks import inside
from benchmarks.cities import City, opened
from benchmarks.measuring import Line, within
from casework.board import finding, reading
from casework.demo.sources import read
from models import Notice, clock, db
from models.base import writing
from rules import board as law

MEDIAN = 30.0
PORTION = 500
PAST_COPIES = {"visit": "benchmark"}
"""Whoever has a visit is not given the copy that is kept for all."""
LISTS = ("the newest", "a category", "a later page", "the feed", "the home page")


def pages(city: City, notices: int, samples: int) -> Iterator[Line]:
    """Measure the pages of the board that lead to notices."""
    with opened(city) as app:
        _fill(notices)
        now = clock.now()
        stored = db.session.scalar(select(func.count()).select_from(Notice)) or 0
        for name, address in {**_lists(now), **_searches()}.items():
            found, size = inside.timed(app, [address], PAST_COPIES, samples)
            yield within("board", f"{name}, {stored:,} notices, {size / 1000:.1f} KB", found, MEDIAN)


def _lists(now: datetime) -> dict[str, str]:
    place = reading.page(now)
    for _ in range(50):
        place = reading.page(now, after=place.after) if place.after else place
    later = f"/board?{urlencode({'after': place.after or ''})}"
    return dict(zip(LISTS, ("/board?q=", "/board?category=warning", later, "/board/feed.atom", "/"), strict=True))


def _searches() -> dict[str, str]:
    asked = {
        "a word that most hold": "收据", "two words": "退款 合同", "a word that none holds": "麒麟凤凰",
        "one character": "卡", "an emoji": "😀", "a long sentence": "看清合同里中途不想用了按什么标准退再付款",
    }  # fmt: skip
    return {f"search, {name}": f"/board?{urlencode({'q': text})}" for name, text in asked.items()}


def _fill(wanted: int) -> None:
    """Add notices as the demo's editors write them, each with words of its own, until there are as many as wanted."""
    there = db.session.scalar(select(func.count()).select_from(Notice)) or 0
    texts = [one for one in read("board")["notice"] if "body" in one]
    rng, now = Random("board"), clock.now()
    for begin in range(there, wanted, PORTION):
        with writing() as session:
            for number in range(begin, min(begin + PORTION, wanted)):
                one = texts[number % len(texts)]
                at = now - timedelta(minutes=rng.randrange(1, 3_000_000))
                row = Notice(
                    category=rng.choice(list(law.CATEGORIES)), title=f"{one['title']}（{number}）",
                    summary=one["summary"] or "付款以前看清楚，留好收据。", body=f"第{number}次提醒。\n\n{one['body']}",
                    state=law.PUBLISHED, version=1, pinned=False, publish_at=at, created_at=at, edited_at=at, words="",
                )  # fmt: skip
                session.add(row)
                finding.enter(session, row)
