"""The board of the demo city: laws and advice are there, some still wait; nothing of it names anybody."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask

from casework import tasks
from casework.board import keeping, markup, reading
from casework.demo import notices
from casework.demo.sources import read
from models import Notice, Task, db
from rules import board as law
from tests.support import cast
from tests.support.cast import MORNING


@pytest.fixture
def shown(context: Flask) -> int:
    """How many notices of the demo are published."""
    cast.build()
    return notices.fill(MORNING)


def test_the_laws_and_every_sort_of_notice_stand_on_the_board(shown: int) -> None:
    counts = reading.counts(MORNING)
    assert sum(counts.values()) == shown - 1, "one waits for its day"
    assert {key for key, number in counts.items() if number} == set(law.CATEGORIES) - {law.BRIEFING}
    assert reading.page(MORNING, query="自收到投诉之日起七个工作日").rows
    assert "元旦订餐" in reading.page(MORNING + timedelta(days=5)).rows[0].title
    numbers = keeping.numbers()
    assert (numbers[law.DRAFT], numbers[law.REVIEW]) == (1, 1)


def test_one_is_pinned_and_corrected(shown: int) -> None:
    pinned = reading.page(MORNING).pinned
    assert [one.title for one in pinned] == ["办预付卡前，先看这五点"]
    assert pinned[0].correction


def test_what_the_workers_do_for_it_is_work_of_today(shown: int) -> None:
    query = db.session.query(Task).filter(Task.kind.in_((tasks.BOARD_TURN, tasks.BOARD_SHEET)))
    assert min(one.not_before for one in query) == MORNING


def test_no_text_names_a_person_or_a_telephone(shown: int) -> None:
    for row in db.session.query(Notice):
        assert not re.search(r"1[3-9]\d{9}|\d{17}[\dXx]|先生|女士", markup.words(row.body)), row.title
    assert len({one["key"] for one in read("board")["notice"]}) == len(read("board")["notice"])
