"""The frames in a real browser: readable by all, sendable without a script, quicker with one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Blueprint, Response, request
from jinja2 import ChoiceLoader, FileSystemLoader
from playwright.sync_api import Browser, Page, expect

from blueprints.web import page as answer
from blueprints.web import policy, posted
from blueprints.web.forms import Filled
from casework.errors import Stale
from tests.blueprints.web_world import TOKEN, make_portal
from tests.support.browser import Complaints, free_port, serving

READING = ["/", "/guide", "/guide/flow", "/guide/materials", "/guide/privacy", "/guide/access", "/board", "/publicity",
           "/figures", "/stations", "/no-such-page"]  # fmt: skip
VERSIONS = [("both", 360), ("contrast", 768)]
"""How else they can be read: test_every_page looks at them as they come."""
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "rules": {"target-size": {"enabled": True}},
}
boxes = Blueprint("boxes", __name__, url_prefix="/probe")
sent: list[str] = []


@boxes.get("/box")
@policy("staff")
def show() -> Response:
    return answer("probe/box.html", "probe/_box.html", form=Filled(), count=len(sent))


@boxes.post("/box")
@policy("staff")
def take() -> Response:
    amount = request.form.get("amount", "")
    if amount == "409":
        raise Stale(changes=("10:24 沈嘉禾 受理",))
    if not amount.isdigit():
        form = Filled({"amount": amount}, {"amount": "金额要写成数字，例如 3680"})
        return answer("probe/box.html", "probe/_box.html", status=422, form=form, count=len(sent))
    sent.append(amount)
    return posted("/probe/box", "probe/_box.html", form=Filled(), count=len(sent))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    portal = make_portal(tmp_path_factory.mktemp("portal"), port=port)
    own = FileSystemLoader(Path(__file__).parent / "templates")
    portal.jinja_env.loader = ChoiceLoader([portal.jinja_env.loader, own])  # type: ignore[list-item]
    portal.register_blueprint(boxes)
    with serving(portal, port) as started:
        yield started


def ready(page: Page) -> None:
    """Wait until htmx has come. Asked from outside: a page that watched for it itself would need eval."""
    for _ in range(400):
        if page.evaluate("Boolean(window.htmx)"):
            return
        page.wait_for_timeout(50)
    raise AssertionError("htmx did not come")


def visit(browser: Browser, address: str, *, script: bool = True, look: str = "plain", width: int = 1280) -> Page:
    """Open a browser of its own, signed in as the clerk of the probe portal."""
    context = browser.new_context(
        base_url=address, java_script_enabled=script, viewport={"width": width, "height": 800}, locale="zh-CN"
    )
    cookies = [{"name": "staff", "value": TOKEN, "url": address}, {"name": "look", "value": look, "url": address}]
    context.add_cookies(cookies)  # type: ignore[arg-type]
    return context.new_page()


@pytest.mark.parametrize(("look", "width"), VERSIONS)
def test_no_reading_page_has_a_fault_that_axe_finds_or_scrolls_sideways(
    browser: Browser, address: str, look: str, width: int
) -> None:
    page = visit(browser, address, look=look, width=width)
    complaints = Complaints(page)
    faults = []
    for path in READING:
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append(f"{path} is wider than {width}")
        found = Axe().run(page, options=RULES).response["violations"]
        faults += [f"{path}: {v['id']} {v['nodes'][0]['html'][:80]}" for v in found]
    page.context.close()
    assert faults == []
    assert complaints.heard == []


def test_a_form_is_sent_and_sent_back_without_a_script(browser: Browser, address: str) -> None:
    page = visit(browser, address, script=False)
    page.goto("/probe/box")
    before = int(page.inner_text("#count"))
    page.fill("#amount", "三千")
    page.click("#probe-form button")
    assert page.get_attribute(".errors a", "href") == "#amount"
    assert page.input_value("#amount") == "三千"
    page.fill("#amount", "3680")
    page.click("#probe-form button")
    assert page.inner_text("#count") == str(before + 1)
    page.context.close()


def test_htmx_swaps_the_same_fragment_and_the_policy_refuses_nothing(browser: Browser, address: str) -> None:
    page = visit(browser, address)
    complaints = Complaints(page)
    page.goto("/probe/box")
    ready(page)
    page.evaluate("document.body.setAttribute('data-kept', 'yes')")
    before = int(page.inner_text("#count"))
    page.fill("#amount", "1")
    page.click("#probe-form button")
    expect(page.locator("#count")).to_have_text(str(before + 1))
    assert page.get_attribute("body", "data-kept") == "yes"
    assert complaints.heard == []
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0
    page.context.close()


def test_a_refused_form_comes_back_into_its_place_with_the_focus_on_what_to_change(
    browser: Browser, address: str
) -> None:
    page = visit(browser, address)
    page.goto("/probe/box")
    ready(page)
    page.fill("#amount", "三千")
    page.click("#probe-form button")
    page.wait_for_selector(".errors")
    expect(page.locator(".errors")).to_be_focused()
    assert page.input_value("#amount") == "三千"
    page.context.close()


def test_a_conflict_is_told_in_the_notice_and_leaves_the_form_alone(browser: Browser, address: str) -> None:
    page = visit(browser, address)
    page.goto("/probe/box")
    ready(page)
    page.fill("#amount", "409")
    page.click("#probe-form button")
    page.wait_for_selector("#notice.msg-red")
    assert "10:24 沈嘉禾 受理" in page.inner_text("#notice")
    assert page.input_value("#amount") == "409"
    expect(page.locator("#notice")).to_be_focused()
    page.context.close()


def test_a_broken_line_is_told_too(browser: Browser, address: str) -> None:
    page = visit(browser, address)
    page.goto("/probe/box")
    ready(page)
    page.fill("#amount", "7")
    page.context.set_offline(True)
    page.click("#probe-form button")
    page.wait_for_selector("#notice.msg-red")
    assert "网络断了" in page.inner_text("#notice")
    assert page.input_value("#amount") == "7"
    page.context.close()


def test_the_browser_tells_our_own_pages_apart_from_others(browser: Browser, address: str) -> None:
    page = visit(browser, address)
    origins: list[str | None] = []
    page.on("request", lambda r: origins.append(r.all_headers().get("origin")) if r.method == "POST" else None)
    page.goto("/")
    page.fill("#number", "T20261123-00042-7")
    page.click(".find button")
    page.wait_for_load_state()
    assert origins == [address]
    foreign = visit(browser, address)
    foreign.set_content(f'<form action="{address}/probe/check" method="post"><button type="submit">x</button></form>')
    with foreign.expect_response("**/probe/check") as refused:
        foreign.click("button")
    assert refused.value.status == 400
    page.context.close()
    foreign.context.close()
