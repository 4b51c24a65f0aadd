"""The board is read a page at a time and searched for whatever people type."""

from __future__ import annotations

import pytest
from flask import Flask

from casework.board import reading
from rules import board as law
from tests.support import cast
from tests.support.board import later, published
from tests.support.cast import MORNING, Cast


@pytest.fixture
def people(context: Flask) -> Cast:
    """The city's people."""
    return cast.build()


def found(query: str) -> list[str]:
    """The titles that a search finds."""
    return [one.title for one in reading.page(later(days=9), query=query).rows]


def test_every_notice_stands_on_exactly_one_page(people: Cast) -> None:
    for number in range(law.PAGE + 3):
        published(people, MORNING, title=f"第{number}条")  # all of one moment
    first = reading.page(MORNING)
    second = reading.page(MORNING, after=first.after or "")
    titles = [one.title for one in (*first.rows, *second.rows)]
    assert titles == [f"第{number}条" for number in range(law.PAGE + 2, -1, -1)]
    assert second.after is None


@pytest.mark.parametrize("after", ["x", "1", "-", "9" * 40 + "-1", "9999999999999999-1", "1-²", "1-" + "9" * 30])
def test_a_place_that_nobody_gave_out_shows_a_page(people: Cast, after: str) -> None:
    published(people)
    assert reading.page(MORNING, after=after) is not None


def test_categories_are_counted_and_chosen(people: Cast) -> None:
    published(people)
    published(people, category="law", title="办法全文")
    assert reading.counts(MORNING) == {**dict.fromkeys(law.CATEGORIES, 0), "warning": 1, "law": 1}
    assert [one.title for one in reading.page(MORNING, category="law").rows] == ["办法全文"]
    assert len(reading.page(MORNING, category="nonsense").rows) == 2


class TestSearch:
    @pytest.fixture(autouse=True)
    def notices(self, people: Cast) -> None:
        """Three notices with words, signs and an emoji."""
        published(people, title="“免费体检”推销保健品", body="不要当场付钱，先和家人商量。")
        published(people, title="停车场多收费 🅿️", body="拍下收费公示牌，100%_真实。")
        published(people, title="网购冬衣七日退货", body="吊牌完好，O'Neil 牌也一样。")

    @pytest.mark.parametrize(
        ("query", "titles"),
        [
            ("保健品", ["“免费体检”推销保健品"]),
            ("家人商量", ["“免费体检”推销保健品"]),
            ("收费 公示", ["停车场多收费 🅿️"]),
            ("车", ["停车场多收费 🅿️"]),
            ("“", ["“免费体检”推销保健品"]),
            ("🅿️", ["停车场多收费 🅿️"]),
            ("😀", []),
            ("O'Neil", ["网购冬衣七日退货"]),
            ("%", []),
            ("_", []),
            ("没有的词", []),
            ('" OR 1=1 --', []),
            ("NEAR(", []),
            ("*", []),
            ("' & !", []),
        ],
    )
    def test_whatever_is_typed_is_answered_sensibly(self, query: str, titles: list[str]) -> None:
        assert found(query) == titles

    def test_blanks_alone_are_no_search(self) -> None:
        assert len(found("   ")) == 3

    def test_a_very_long_search_is_cut(self) -> None:
        assert found("保健品" * 500) == []


def test_the_home_page_shows_the_newest_warnings_first_and_news_after_them(people: Cast) -> None:
    for number in range(6):
        published(people, later(hours=number), title=f"警示{number}")
        published(people, later(hours=number), category="news", title=f"动态{number}")
    titles = [one.title for one in reading.for_home(later(days=1))]
    assert titles[:3] == ["警示5", "警示4", "警示3"]
    assert len(titles) == law.HOME
    assert titles[3:] == ["动态5", "动态4"]
