"""The checks after a drill find what they are there to find."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from casework import handling
from models import Case, FilerMessage, Filing, Staff, Task, clock, db
from models.base import writing
from tests.drills import checks
from tests.drills.gateway import Delivered
from tests.drills.people import Attempt, Diary
from tests.drills.visitor import Answer, Visitor
from tests.support import cast

MARK = "演练9-000001号"


@pytest.fixture
def diary(context: Flask, tmp_path: Path) -> Iterator[Diary]:
    """The diary of one citizen whose complaint was acknowledged and is there."""
    cast.build(clock.now())
    made = Diary(tmp_path / "diary.jsonl")
    made.begin(Attempt(MARK, "complaint", Visitor(1)))
    made.receipt(made.attempts[0], [(file(), "code")])
    yield made
    made.close()


def file(mark: str = MARK) -> str:
    """File a complaint with a mark; return its number."""
    content = f"{cast.COMPLAINT['content']}（{mark}）"
    return cast.file(now=clock.now(), content=content).slips[0].number


def test_what_is_in_order_gives_no_finding(diary: Diary) -> None:
    assert [*checks._filings(diary), *checks._acts(diary), *checks._events(), *checks._papers()] == []


def test_an_acknowledged_filing_that_is_not_there_is_found(diary: Diary) -> None:
    diary.begin(Attempt("演练9-000002号", "complaint", Visitor(1)))
    diary.receipt(diary.attempts[1], [("T20261124-00999-1", "code")])
    assert any("000002号 was acknowledged as" in one for one in checks._filings(diary))


def test_a_filing_that_became_two_cases_is_found(diary: Diary) -> None:
    file()
    assert any("became 2 cases" in one for one in checks._filings(diary))


def test_a_number_on_two_receipts_is_found(diary: Diary) -> None:
    diary.begin(Attempt("演练9-000003号", "complaint", Visitor(1)))
    diary.receipt(diary.attempts[1], diary.attempts[0].slips)
    assert any("stands on the receipts of 2 filings" in one for one in checks._filings(diary))


def test_a_form_that_shows_another_number_the_second_time_is_found(diary: Diary) -> None:
    diary.receipt(diary.attempts[0], [("T20261124-00998-2", "code")])
    assert diary.odd


def test_a_case_without_its_query_code_or_file_is_found(diary: Diary) -> None:
    diary.attempts[0].file = b"sent"
    with writing() as session:
        session.execute(update(Case).values(query_mark=None))
    found = list(checks._filings(diary))
    assert any("has no query code" in one for one in found)
    assert any("has 0 files, its filer sent 1" in one for one in found)


def test_a_case_that_nobody_filed_is_found(diary: Diary) -> None:
    file("演练9-000777号")
    cast.file(now=clock.now())
    found = list(checks._filings(diary))
    assert any("000777号" in one for one in found)
    assert any("a text that nobody wrote" in one for one in found)


def test_a_filing_without_a_case_is_found(diary: Diary) -> None:
    now = clock.now()
    with writing() as session:
        session.add(Filing(channel="online", received_at=now, registered_at=now))
    assert "2 filings and 1 cases" in "".join(checks._filings(diary))


def test_an_act_that_was_answered_as_done_and_is_not_on_record_is_found(diary: Diary) -> None:
    diary.act(diary.attempts[0].slips[0][0], "dispatch")
    assert any("happened 0 times" in one for one in checks._acts(diary))


def test_an_act_that_nobody_pressed_is_found(diary: Diary) -> None:
    case = db.session.query(Case).one()
    people = cast.Cast({row.username: row.id for row in db.session.query(Staff)}, {})
    given = {"unit": "east_office", "routing_reason": "地址在东城区"}
    handling.apply(case, "dispatch", people.actor("city_dispatcher", clock.now()), clock.now(), seen=None, **given)
    assert any("dispatch of" in one for one in checks._acts(diary))


def test_messages_not_sent_or_not_arrived_or_changed_on_the_way_are_found(diary: Diary) -> None:
    delivered = Delivered()
    assert any("was never sent" in one for one in checks._messages(delivered))
    with writing() as session:
        session.execute(update(FilerMessage).values(sent_at=clock.now()))
    assert any("never arrived" in one for one in checks._messages(delivered))
    key = f"portal-message-{db.session.query(FilerMessage.id).scalar()}"
    delivered.take(key, "one text")
    assert list(checks._messages(delivered)) == []
    delivered.take(key, "another text")
    delivered.take("portal-message-999", "of nobody")
    assert len(list(checks._messages(delivered))) == 2


def test_tasks_that_wait_or_were_given_up_are_found(diary: Diary) -> None:
    assert any("is not done" in one for one in checks._tasks())
    with writing() as session:
        session.execute(update(Task).values(dead_at=clock.now()))
    assert any("was given up" in one for one in checks._tasks())


def test_an_answer_that_nobody_should_get_is_kept(diary: Diary) -> None:
    diary.strange("sending", Answer(500, "page", ""))
    assert diary.odd == ["sending: 500"]
