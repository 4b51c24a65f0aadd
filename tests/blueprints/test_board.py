"""The board as everybody reads it: list, search, notice, feed, correction, withdrawal, sheets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casework.board import correcting, keeping
from jobs import run
from models import clock, db
from rules import board as law
from tests.support import cast
from tests.support.board import TEXT, drafted, later, published, typed
from tests.support.cast import MORNING, Cast

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")
ATOM = "{http://www.w3.org/2005/Atom}"
HUGE = "9" * 40


@pytest.fixture
def people(app: Flask) -> Iterator[Cast]:
    """The city's people, on the morning of the cast."""
    with app.app_context(), clock.frozen(MORNING):
        yield cast.build()


def feed_of(client: FlaskClient) -> ElementTree.Element:
    """The feed, read by a parser that takes no excuse."""
    return ElementTree.fromstring(client.get("/board/feed.atom").text)  # noqa: S314 - our own


def at(client: FlaskClient, path: str, now: datetime = MORNING) -> str:
    """A page at a moment, asked for so that no kept copy answers."""
    db.session.remove()
    with clock.frozen(now):
        return client.get(path, headers={"Cookie": "staff=none"}).text


def test_an_empty_board_says_so(people: Cast, client: FlaskClient) -> None:
    assert "还没有登出的公示" in client.get("/board").text
    assert feed_of(client).findall(f"{ATOM}entry") == []


def test_a_notice_is_listed_read_and_fed(people: Cast, client: FlaskClient) -> None:
    row = published(people)
    listed = client.get("/board").text
    assert f'href="/board/{row.id}"' in listed
    assert "少充、勤查。" in listed
    shown = client.get(f"/board/{row.id}").text
    assert "<h2>一、看执照</h2>" in shown
    assert "<strong>对一对</strong>" in shown
    assert "2026年11月23日" in shown
    entry = feed_of(client).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}title") == "办预付卡前，先看这两点"
    assert str(entry.findtext(f"{ATOM}id")).endswith(f"/board/{row.id}")


def test_what_is_published_while_a_copy_is_kept_shows_at_once(people: Cast, client: FlaskClient) -> None:
    client.get("/board")
    published(people)
    assert "办预付卡前" in client.get("/board").text
    assert "办预付卡前" in client.get("/").text


def test_sec_01_a_hostile_title_stays_text_everywhere(people: Cast, client: FlaskClient) -> None:
    row = published(
        people, title="<script>alert(1)</script>]]>&\x0b\ufffe", summary="<b>&", body="<script>x</script>好"
    )
    for path in ("/", "/board", f"/board/{row.id}", f"/board/{row.id}/print", "/board?q=alert"):
        text = client.get(path).text
        assert "<script>alert" not in text, path
        assert "<script>x" not in text, path
    feed = feed_of(client)
    assert feed.findtext(f"{ATOM}entry/{ATOM}title") == "<script>alert(1)</script>]]>&"


@pytest.mark.parametrize("path", ["/board/1", f"/board/{HUGE}", f"/board/{HUGE}/print", f"/board/1/files/{HUGE}",
                                  f"/board/{HUGE}/qr.svg", f"/board/{HUGE}/sheets/a4.pdf", "/board/1/sheets/a4.pdf",
                                  f"/board/{HUGE}/briefing.pdf"])  # fmt: skip
def test_what_is_not_there_is_not_found(people: Cast, client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_draft_looks_like_what_does_not_exist(people: Cast, client: FlaskClient) -> None:
    row = drafted(people)
    assert client.get(f"/board/{row.id}").status_code == 404
    assert "办预付卡前" not in client.get("/board").text


def test_a_scheduled_notice_is_not_told_before_its_moment(people: Cast, client: FlaskClient) -> None:
    row = published(people, publish_at="2026-11-24 09:00")
    assert client.get(f"/board/{row.id}").status_code == 404
    assert "办预付卡前" not in client.get("/board?q=预付卡").text
    assert "办预付卡前" in at(client, f"/board/{row.id}", later(days=1))


def test_an_expired_notice_says_so(people: Cast, client: FlaskClient) -> None:
    row = published(people, expires_at="2026-11-24 09:00")
    shown = at(client, f"/board/{row.id}", later(days=2))
    assert "已在2026年11月24日到期" in shown
    assert "办预付卡前" not in at(client, "/board?q=", later(days=2))


def test_a_correction_is_seen_with_its_note(people: Cast, client: FlaskClient) -> None:
    row = published(people)
    client.get(f"/board/{row.id}")
    correcting.propose(people.view("editor"), row, typed(body=TEXT + "\n\n三、留凭证", note="补上第三点"), MORNING)
    assert "补上第三点" not in client.get(f"/board/{row.id}").text
    correcting.approve(people.view("city_supervisor"), row, "1", MORNING)
    shown = client.get(f"/board/{row.id}").text
    assert "补上第三点" in shown
    assert "三、留凭证" in shown
    assert "（有更正）" in client.get("/board").text
    assert "更正：补上第三点" in client.get("/board/feed.atom").text


def test_a_withdrawn_notice_is_gone_and_says_why(people: Cast, client: FlaskClient) -> None:
    row = published(people)
    client.get(f"/board/{row.id}")
    keeping.withdraw(people.view("city_leader"), row, "数字有误，核实后再登", MORNING)
    answer = client.get(f"/board/{row.id}")
    assert answer.status_code == 410
    assert "数字有误，核实后再登" in answer.text
    assert "看执照" not in answer.text
    assert client.get(f"/board/{row.id}/qr.svg").status_code == 404
    assert "办预付卡前" not in client.get("/board").text


@pytest.mark.parametrize("query", ["卡", "“", "😀", "' OR 1=1 --", "%", "预付卡", "x" * 500, "<b>", "\u202e"])
def test_every_search_is_answered(people: Cast, client: FlaskClient, query: str) -> None:
    published(people)
    answer = client.get("/board", query_string={"q": query})
    assert answer.status_code == 200
    assert "<b>" not in answer.text.split("<main")[1].split('role="status"')[1][:200]


def test_pages_follow_each_other(people: Cast, client: FlaskClient) -> None:
    for number in range(law.PAGE + 1):
        published(people, title=f"第{number}条公示", category="news")
    first = client.get("/board?category=news").text
    assert "第0条公示" not in first
    more = first.split('class="btn btn-2" href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(more).text
    assert "第0条公示" in second
    assert "第1条公示" not in second


def test_the_sheet_for_the_wall_is_handed_out_once_it_is_made(people: Cast, client: FlaskClient) -> None:
    row = published(people)
    assert "正在制作" in client.get(f"/board/{row.id}").text
    assert client.get(f"/board/{row.id}/sheets/a4.pdf").status_code == 404
    run.drain(MORNING, queues=("pdf",))
    assert f'href="/board/{row.id}/sheets/a3.pdf"' in client.get(f"/board/{row.id}").text
    answer = client.get(f"/board/{row.id}/sheets/a4.pdf")
    assert answer.data.startswith(b"%PDF")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "attachment" in answer.headers["Content-Disposition"]


def test_the_code_and_the_print_page_lead_to_the_notice(people: Cast, client: FlaskClient) -> None:
    row = published(people)
    assert client.get(f"/board/{row.id}/qr.svg").text.count("<path") == 2
    assert f"/board/{row.id}/qr.svg" in client.get(f"/board/{row.id}/print").text
