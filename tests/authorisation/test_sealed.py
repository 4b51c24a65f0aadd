"""A5: who is no discipline officer learns nothing of a report on an official: no word, no number, not even that it is.

A report is filed and begun upon in a city of its own; then everybody asks every page, list, file and search. What they
get has to be, to the letter, what they got before.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections import namedtuple
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from blueprints.web.policy import policy_of
from casework import health
from models import Task, clock, db
from models.base import writing
from tests.authorisation import world as worlds
from tests.authorisation.oracle import SEALED
from tests.authorisation.test_routes import address
from tests.authorisation.world import World
from tests.support import cast
from tests.support.cast import PEOPLE
from tests.support.databases import Databases

CANARIES = {
    "content": "望江所某某在去年十月收受金丝雀礼盒两次，说是给全所的。",
    "filer_name": "金丝雀",
    "filer_phone": "13900007788",
}
WORDS = ("金丝雀", "13900007788")
ONCE = re.compile(
    r'(name="(?:csrf_token|form_key|key|nonce|token)"[^>]*value="[^"]*"|value="[^"]{40,}"|E-\d{4}-\d{4}-\w+)'
)
OTHERS = [None, *(part for part in PEOPLE if PEOPLE[part][1] != "discipline")]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, database_templates: Databases) -> Iterator[World]:
    """A city in which everybody is signed in, with few cases."""
    with worlds.standing(tmp_path_factory.mktemp("sealed"), database_templates, every_place=False) as made:
        yield made


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose disk and Redis say the same all the while."""
    disk = namedtuple("disk", "total used free")(100 * 1024**3, 40 * 1024**3, 60 * 1024**3)
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _folder: disk)
    monkeypatch.setattr(health, "_ping", lambda: True)


def filed() -> str:
    """Somebody reports an official, and the workers have done what that asked of them. Return its number.

    Until they have, the count of tasks that wait is one higher: it says that there is work, not what.
    """
    known = set(db.session.scalars(select(Task.id)))
    receipt = cast.file(SEALED, worlds.NOW, **CANARIES)
    with writing() as session:
        session.execute(update(Task).where(Task.id.not_in(known)).values(done_at=worlds.NOW))
    return receipt.slips[0].number


def ways(town: World) -> Iterator[str]:
    """Every address that can be asked for, on the case that does not exist."""
    for rule in sorted(town.app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        if "GET" in (rule.methods or ()) and policy_of(town.app, rule.endpoint) is not None:
            yield address(town, rule)


def read(body: bytes) -> str:
    """What stands in an answer, a workbook unpacked; without what is new on every page."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"".join(book.read(name) for name in book.namelist() if not name.startswith("docProps"))
    return ONCE.sub("", body.decode(errors="replace"))


def everything(town: World, part: str | None) -> dict[str, str]:
    """All that somebody is shown, by address."""
    client = town.client(part)
    shown = {}
    for way in ways(town):
        answer = client.get(way)
        shown[way] = f"{answer.status_code} {answer.headers.get('Location')} {read(answer.data)}"
    for word in (*WORDS, "望江所", "礼盒"):
        for way in ("/desk/", "/board", "/publicity", "/guide/questions", "/insight/cases"):
            answer = client.get(way, query_string={"q": word, "view": "all"})
            shown[f"{way}?q={word}"] = f"{answer.status_code} {read(answer.data)}"
    return shown


@pytest.mark.usefixtures("steady")
def test_nobody_else_can_tell_that_an_official_was_reported(town: World, caplog: pytest.LogCaptureFixture) -> None:
    town.take_over()
    with clock.frozen(worlds.NOW + timedelta(minutes=1)), caplog.at_level(logging.DEBUG):
        before = {part: everything(town, part) for part in OTHERS}
        with town.app.app_context():
            number = filed()
            db.session.remove()
        told = []
        for part in OTHERS:
            after = everything(town, part)
            told += [f"{part}: {way}" for way, shown in after.items() if shown != before[part][way]]
            assert not [way for way, shown in after.items() if number in shown], part
            assert not [way for way, shown in after.items() if any(w in shown and w not in way for w in WORDS)], part
        assert told == []
        assert len(before["auditor"]) > 120
        assert all(word not in caplog.text for word in (*WORDS, number))
        own = town.client("discipline").get(f"/desk/cases/{number}")
        assert own.status_code == 200
        assert "金丝雀礼盒" in own.text


def test_the_comparison_would_see_it(town: World) -> None:
    """What is filed openly does show, in lists, totals and searches: equal pages above are no matter of blindness."""
    town.take_over()
    with clock.frozen(worlds.NOW + timedelta(minutes=2)):
        before = everything(town, "city_supervisor")
        with town.app.app_context():
            cast.file("complaint", worlds.NOW, content=f"{cast.COMPLAINT['content']}还有金丝雀礼盒。")
            db.session.remove()
        after = everything(town, "city_supervisor")
    changed = {way.split("?")[0] for way, shown in after.items() if shown != before[way]}
    assert {"/desk/", "/metrics", "/command/operations"} <= changed
    assert after["/desk/?q=金丝雀"] != before["/desk/?q=金丝雀"]
