"""Every page that links lead to, in the demo city: nothing for axe to say, nothing to scroll sideways.

The browser walks as a citizen and as somebody of each role, and looks at one page of each kind. A page of the url map
that no link led to has to be named in ELSEWHERE, with who looks at it.
"""

from __future__ import annotations

import csv
import html
import re
import secrets
from collections import deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from app import create_app
from casework import sessions
from config import Settings
from models import Staff, StaffSession, clock, db
from models.base import writing
from tests.browser.test_frames import RULES
from tests.support import databases, desk
from tests.support.browser import SIDEWAYS, free_port, serving
from tests.support.databases import SQLITE, Databases

LINK = re.compile(r"""(?:href|src|hx-get)="([^"#]+)""")
STARTS = ("/", "/start", "/account", "/desk/")
ELSEWHERE = {
    "account.start": "sends on to the desk", "callbacks.next_one": "sends on to a case", "pages.look": "sends back",
    "cases.form": "sends on to the case, with the form open", "messages.still": "a fragment of every desk",
    "messages.count": "a fragment of every desk", "cases.papers": "a fragment of the case",
    "dossiers.watch": "a fragment of the case", "incidents.list_reports": "a fragment of the incident",
    "briefings.list_editions": "a fragment of the briefing",
    "health.healthz": "a line for machines", "health.metrics": "lines for machines",
    "health.readyz": "lines for machines",
    "receipt.text": "a file", "stations.poster": "a file", "track.paper": "a file", "duty.sound": "a file",
    "directives.paper": "a file", "directives.enclosure": "a file", "cases.document": "a file", "board.sheet": "a file",
    "board.file": "a file", "board_amending.file": "a file", "board.briefing": "a file", "briefings.edition": "a file",
    "briefing_pictures.picture": "a file", "incidents.report": "a file", "assessment.notification": "a file",
    "filing.sent": "tests/browser/test_filing.py", "filing.draft": "tests/browser/test_filing.py",
    "filing.kept": "tests/browser/test_filing.py", "receipt.show": "tests/browser/test_filing.py",
    "track.case_page": "tests/browser/test_filing.py", "track.act_page": "tests/browser/test_filing.py",
    "track.left": "tests/browser/test_filing.py", "register.receipt": "tests/browser/test_desk.py",
    "style.index": "tests/browser/test_style.py", "archive.one": "tests/blueprints/test_archive.py",
    "hotspots.signal": "tests/blueprints/test_hotspots.py", "papers.withdrawal": "tests/blueprints/test_papers.py",
    "incidents.suggestion": "tests/blueprints/test_incidents.py",
}  # fmt: skip
"""What no link of a small city leads to: no page, or a page that a step leads to, and the test that takes the step."""
LISTS = (
    "/", "/board", "/publicity", "/figures", "/stations", "/guide/questions", "/guide", "/desk/", "/desk/messages",
    "/desk/knowledge", "/board/edit", "/archive/", "/briefings/", "/insight/", "/insight/hotspots",
    "/insight/assessment/", "/command/", "/command/supervision", "/command/directives", "/command/incidents",
    "/command/callbacks", "/command/duty", "/command/publicity", "/command/stations", "/command/operations",
)  # fmt: skip
"""What there is to read before anything has happened."""
FORMS = {
    "": ("/login", "/track", "/file/suggestion"),
    "supervisor": ("/command/directives/new", "/command/incidents/new", "/command/stations/new"),
    "editor": ("/board/edit/new", "/desk/knowledge/new"),
    "intake": ("/desk/new",),
}
"""Forms that are sent empty: page after page of sentences about what is missing."""
SEND_EMPTY = """() => {
    const forms = [...document.querySelectorAll("main form[method=post]")];
    forms.sort((one, other) => other.elements.length - one.elements.length);
    for (const field of forms[0].elements) if (!["hidden", "submit"].includes(field.type)) field.value = "";
    forms[0].submit();
}"""


@dataclass
class City:
    """A demo city that is served, with the session of one person of each role."""

    app: Flask
    address: str
    tokens: dict[str, str]
    seen: set[Hashable] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def key(self, url: str) -> Hashable:
        """What makes a page one of its own: its route and the act that it asks for; None for what is not ours."""
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" != self.address:
            return None
        try:
            endpoint, values = self.app.url_map.bind("localhost").match(parts.path, "GET")
        except HTTPException:
            return None
        asked = parse_qs(parts.query)
        act = values.get("action") or values.get("kind") or asked.get("do", [""])[0]
        return endpoint, act


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, database_templates: Databases) -> Iterator[City]:
    """The city of `flask demo`, small."""
    port = free_port()
    with database_templates.copy(SQLITE) as url:
        folder = tmp_path_factory.mktemp("city")
        settings = Settings(
            data_dir=folder, database_url=url, port=port, public_url=f"http://127.0.0.1:{port}", rate_limits=False
        )
        app = create_app(settings)
        for command in (["init"], ["demo", "--cases", "200", "--processes", "1"]):
            made = app.test_cli_runner().invoke(args=command)
            assert made.exit_code == 0, made.output
        tokens = _sign_in(app, settings.demo_accounts_file)
        with serving(app, port) as address:
            yield City(app, address, tokens)
        databases.release(app)


def _sign_in(app: Flask, accounts: Path) -> dict[str, str]:
    """Open a session for the first account of each role."""
    with accounts.open(encoding="utf-8-sig", newline="") as stream:
        names = {row["role"]: row["username"] for row in reversed(list(csv.DictReader(stream)))}
    with app.app_context():
        ids = {role: db.session.scalars(select(Staff.id).where(Staff.username == n)).one() for role, n in names.items()}
        db.session.rollback()
        return {role: session_of(staff_id) for role, staff_id in ids.items()}


def session_of(staff_id: int) -> str:
    """Open a session for somebody; return its token."""
    token, now = secrets.token_urlsafe(32), clock.now()
    with writing() as session:
        session.add(
            StaffSession(
                token_hash=sessions.hash_of(token), staff_id=staff_id, created_at=now, seen_at=now,
                expires_at=now + timedelta(hours=8),
            )
        )  # fmt: skip
    db.session.remove()
    return token


def look_at(page: Page, city: City) -> None:
    """Note what axe finds on the page that is open, and whether it scrolls sideways on a desk or a small phone."""
    where = page.url.removeprefix(city.address)
    found = Axe().run(page, options=RULES)
    if found.violations_count:
        city.faults.append(f"{where}\n{found.generate_report()}")
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate(SIDEWAYS):
            city.faults.append(f"{where} scrolls sideways at {width} px")
    page.set_viewport_size({"width": 1280, "height": 900})


@contextmanager
def opened(browser: Browser, city: City, role: str) -> Iterator[Page]:
    """Lend a window in which somebody of a role is signed in; nobody when it is empty."""
    context = browser.new_context(base_url=city.address, locale="zh-CN", viewport={"width": 1280, "height": 900})
    if role:
        context.add_cookies([{"name": "staff", "value": city.tokens[role], "url": city.address}])
    yield context.new_page()
    context.close()


def walk(page: Page, city: City) -> None:
    """Follow every link that somebody sees, to one page of each kind; look at those that nobody has looked at."""
    ways, mine = deque(f"{city.address}{start}" for start in STARTS), set()
    while ways:
        way = ways.popleft()
        key = city.key(way)
        if key is None or key in mine:
            continue
        mine.add(key)
        answer = page.request.get(way)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            city.seen.add(key)
            continue
        ways.extend(urljoin(answer.url, html.unescape(link)) for link in LINK.findall(answer.text()))
        led = city.key(answer.url)  # to /login, for who may not enter
        if led not in city.seen:
            city.seen.add(led)
            page.goto(way)
            look_at(page, city)


def test_no_page_has_a_fault_that_axe_finds_or_scrolls_sideways(browser: Browser, city: City) -> None:
    for role in ("", *city.tokens):
        with opened(browser, city, role) as page:
            walk(page, city)
    assert city.faults == [], "\n".join(city.faults)
    seen = {key[0] for key in city.seen if isinstance(key, tuple)}
    pages = {rule.endpoint for rule in city.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert sorted(pages - seen - ELSEWHERE.keys()) == []
    assert sorted(ELSEWHERE.keys() - pages) == []


def test_a_form_that_was_sent_empty_comes_back_as_a_page_without_fault(browser: Browser, city: City) -> None:
    city.faults.clear()
    for role, forms in FORMS.items():
        with opened(browser, city, role) as page:
            for form in forms:
                page.goto(form)
                with page.expect_navigation():
                    page.evaluate(SEND_EMPTY)
                assert page.locator(".err, .errors").count(), page.url
                look_at(page, city)
    assert city.faults == [], "\n".join(city.faults)


def test_a_list_with_nothing_in_it_is_a_page_without_fault(browser: Browser, app: Flask, settings: Settings) -> None:
    office = desk.founded(app)
    with app.app_context():
        tokens = {part: session_of(office.people.staff[part]) for part in ("city_supervisor", "archivist", "editor")}
    with serving(app, settings.port) as address:
        city, seen = City(app, address, tokens), set()
        for role in ("", *tokens):
            with opened(browser, city, role) as page:
                for path in LISTS:
                    if path in seen or page.request.get(path).url != f"{address}{path}":
                        continue
                    page.goto(path)
                    seen.add(path)
                    look_at(page, city)
    assert city.faults == [], "\n".join(city.faults)
    assert seen == set(LISTS)
