"""The board in a real browser, with scripts and without: written, previewed, approved, read; axe finds no fault."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from casework.board import correcting, keeping
from models import clock
from tests.browser.test_desk import sign_in
from tests.browser.test_frames import RULES
from tests.support import board, desk
from tests.support.browser import SIDEWAYS
from tests.support.cast import MORNING
from tests.support.desk import Desk

TABLE = "| 很长的第一列的题目 | 很长的第二列的题目 | 第三列 | 第四列 |\n|---|---|--:|---|\n| 一 | 二 | 3 | 四 |"


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    """The city's people, on the morning of the cast."""
    with clock.frozen(MORNING):
        yield desk.founded(app)


def shown(office: Desk) -> int:
    """The number of a notice with a table, corrected once, with another correction waiting."""
    with office.records():
        row = board.published(office.people, body=f"{board.TEXT}\n\n{TABLE}")
        editor = office.people.view("editor")
        correcting.propose(editor, row, board.typed(body=f"{board.TEXT}\n\n三\n\n{TABLE}", note="补上第三点"), MORNING)
        correcting.approve(office.people.view("city_supervisor"), row, "1", MORNING)
        correcting.propose(editor, row, board.typed(body="四", note="再改"), MORNING)
        return row.id


@pytest.mark.parametrize("width", [320])
def test_no_page_of_the_board_has_a_fault_that_axe_finds_or_scrolls_sideways(
    office: Desk, page: Page, width: int
) -> None:
    number = shown(office)
    with office.records():
        draft, gone = board.drafted(office.people).id, board.published(office.people, title="撤下的")
        keeping.withdraw(office.people.view("city_leader"), gone, "数字有误", MORNING)
    page.set_viewport_size({"width": width, "height": 900})
    public = ["/", "/board", "/board?q=卡", "/board?q=没有", f"/board/{number}", f"/board/{number}/print"]
    _check(page, public)
    page.goto("/guide?look=large")
    _check(page, ["/", "/board", f"/board/{number}"])
    sign_in(page, "city_supervisor")
    here = "/board/edit"
    _check(page, [here, f"{here}?view=published", f"{here}/new", f"{here}/{draft}", f"{here}/{number}"])


def press(page: Page, name: str) -> None:
    """Press the button with exactly this name."""
    page.get_by_role("button", name=name, exact=True).click()


def _check(page: Page, paths: list[str]) -> None:
    for path in paths:
        page.goto(path)
        assert not page.evaluate(SIDEWAYS), path
        found = Axe().run(page, options=RULES)
        assert found.violations_count == 0, f"{path}\n{found.generate_report()}"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_notice_is_written_previewed_approved_found_and_read(
    office: Desk, browser: Browser, site: str, scripts: bool
) -> None:
    visit = browser.new_context(base_url=site, locale="zh-CN", java_script_enabled=scripts)
    page = visit.new_page()
    sign_in(page, "editor")
    page.goto("/board/edit/new")
    page.select_option("#category", "warning")
    page.fill("#title", "暖气片漏水，先关阀门")
    page.fill("#body", "## 先关阀门\n\n<script>document.title='坏'</script>\n\n再打**维修电话**。")
    press(page, "预览")
    expect(page.locator("#preview strong")).to_have_text("维修电话")
    expect(page.locator("#title")).to_have_value("暖气片漏水，先关阀门")
    assert page.url.endswith("/new" if scripts else "/preview")
    assert "坏" not in page.title()
    press(page, "保存草稿")
    expect(page.locator("h1")).to_have_text("暖气片漏水，先关阀门")
    press(page, "保存并送审")
    expect(page.locator(".case-head .tag").first).to_have_text("待审核")
    address = page.url
    visit.clear_cookies()
    sign_in(page, "city_leader")
    page.goto(address)
    press(page, "审核通过")
    expect(page.locator(".case-head .tag").first).to_have_text("已审定")
    visit.clear_cookies()
    page.goto("/")
    expect(page.locator(".news .tag-red").first).to_have_text("消费警示")
    page.goto("/board")
    page.fill("#q", "维修电话")
    press(page, "搜索")
    page.get_by_role("link", name="暖气片漏水").first.click()
    expect(page.locator("article h1")).to_have_text("暖气片漏水，先关阀门")
    expect(page.locator("article .prose h2")).to_have_text("先关阀门")
    visit.close()
