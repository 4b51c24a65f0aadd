"""The whole way in a real browser: with scripts and without, on a phone and on a desk, by keyboard and by mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from models import Case, db
from tests.blueprints.filing_world import FILLED, PICTURE
from tests.support import cast
from tests.support.browser import Complaints

expect.set_options(timeout=20_000)  # a busy machine is not a wrong answer
WIDTHS = {"phone": 360, "desk": 1280}
RADIOS = ("sales_mode", "reply_by", "consent_mediation", "consent_publish")
TICKET = {"name": "付款截图.png", "mimeType": "image/png", "buffer": PICTURE}
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "rules": {"target-size": {"enabled": True}},
}
SCAN = {"name": "会员合同.tiff", "mimeType": "image/tiff", "buffer": b"II*\0" + b"0" * 500}


@pytest.fixture(autouse=True)
def city(app: Flask) -> None:
    """Somebody to file with."""
    with app.app_context():
        cast.build()


@pytest.fixture(params=[(s, w) for s in ("scripts", "plain") for w in WIDTHS], ids=lambda p: f"{p[0]}-{p[1]}")
def visitor(request: pytest.FixtureRequest, browser: Browser, site: str) -> Iterator[Page]:
    """A page with or without scripts, narrow or wide."""
    scripts, width = request.param
    context = browser.new_context(
        base_url=site,
        locale="zh-CN",
        java_script_enabled=scripts == "scripts",
        viewport={"width": WIDTHS[width], "height": 740},
    )
    made = context.new_page()
    complaints = Complaints(made)
    yield made
    context.close()
    assert complaints.heard == []


def fill_in(page: Page) -> None:
    """Fill in a complaint."""
    for name, value in FILLED.items():
        if name == "demands":
            for one in value:
                page.check(f"input[name=demands][value={one}]")
        elif name in RADIOS:
            page.check(f"input[name={name}][value={value}]")
        elif name in {"category", "problem"}:
            page.select_option(f"#{name}", value)
        else:
            page.fill(f"[name={name}]", value)


def go_on(page: Page) -> None:
    page.click("button.btn-big >> text=继续")


def cases(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Case)) or 0


def test_a_complaint_is_filed_followed_and_withdrawn(app: Flask, visitor: Page, request: pytest.FixtureRequest) -> None:
    visitor.goto("/file")
    visitor.check("input[value=complaint]")
    go_on(visitor)
    go_on(visitor)
    expect(visitor).to_have_title(re.compile("^错误："))
    visitor.click(".errors a >> text=请填写商家名称")
    expect(visitor.locator("#respondent_name")).to_be_focused()
    fill_in(visitor)
    visitor.set_input_files("#attachments", [TICKET, SCAN])
    scripts = "[scripts" in request.node.name
    if not scripts:
        visitor.click("button[name=upload]")
    expect(visitor.locator(".file-name")).to_have_text("付款截图.png")
    if scripts:  # the script has uploaded by itself: the button finds nothing to do, and says so
        visitor.click("button[name=upload]")
        expect(visitor.locator("#uploading")).to_contain_text("请先选文件")
    expect(visitor.locator("#files .err")).to_contain_text("“会员合同.tiff”不是能收的格式")
    expect(visitor.locator("#filer_name")).to_have_value("王秀英")
    go_on(visitor)
    expect(visitor.locator("h1")).to_have_text("检查一遍，再提交")
    visitor.click("button[name=change][value=amount]")
    expect(visitor.locator("#amount")).to_have_value(str(FILLED["amount"]))
    expect(visitor.locator(".file-name")).to_have_text("付款截图.png")
    visitor.fill("#amount", "3680.50")
    go_on(visitor)
    expect(visitor.locator("main")).to_contain_text("3,680.50 元")
    visitor.click("button >> text=提交投诉")
    expect(visitor.locator(".errors")).to_contain_text("请勾选：我写的都是真实的")
    visitor.check("#consent_truth")
    visitor.click("button >> text=提交投诉")
    expect(visitor.locator("h1")).to_have_text("投诉已收到")
    number = visitor.locator(".receipt-keys dd").first.inner_text()
    visitor.reload()
    expect(visitor.locator(".receipt-keys dd").first).to_have_text(number)
    visitor.click("button >> text=查看办理进度")
    expect(visitor.locator("main")).to_contain_text(number)
    visitor.click("a >> text=撤回投诉")
    visitor.check("input[value=W1]")
    visitor.click("button.btn-red")
    expect(visitor.locator("[role=status]").first).to_contain_text("投诉已撤回")
    visitor.click("button >> text=退出查询")
    expect(visitor.locator("[role=status]").first).to_contain_text("已退出")
    visitor.goto("/track/case")
    expect(visitor.locator(".errors")).to_contain_text("30 分钟")
    assert cases(app) == 1


def test_back_keeps_what_was_typed_and_a_second_sending_is_the_same_case(app: Flask, page: Page) -> None:
    page.goto("/file/complaint")
    fill_in(page)
    go_on(page)
    expect(page.locator("h1")).to_have_text("检查一遍，再提交")  # a page still coming has no way back yet
    page.go_back()
    expect(page.locator("#content")).to_have_value(re.compile("健身年卡"))
    go_on(page)
    page.check("#consent_truth")
    page.click("button >> text=提交投诉")
    number = page.locator(".receipt-keys dd").first.inner_text()
    page.evaluate("history.go(-2)")
    expect(page.locator("#content")).to_have_value(re.compile("健身年卡"))
    go_on(page)
    page.check("#consent_truth")
    page.click("button >> text=提交投诉")
    expect(page.locator(".receipt-keys dd").first).to_have_text(number)
    assert cases(app) == 1


def test_enter_in_a_field_goes_on_and_removes_nothing(page: Page) -> None:
    page.goto("/file/consultation")
    page.set_input_files("#attachments", [TICKET])
    expect(page.locator(".file-name")).to_have_text("付款截图.png")
    page.fill("#content", "网购的衣服拆了吊牌还能不能七天无理由退货？")
    page.press("#filer_name", "Enter")
    expect(page.locator("h1")).to_have_text("检查一遍，再提交")
    expect(page.locator("main")).to_contain_text("付款截图.png")


def test_a_draft_is_saved_and_continued(page: Page) -> None:
    page.goto("/file/suggestion")
    page.fill("#content", "建议在菜市场门口放一台公平秤")
    page.click("button[name=save]")
    expect(page.locator("[role=status]").first).to_contain_text("草稿存好了")
    page.click("a >> text=接着写")
    expect(page.locator("#content")).to_have_value("建议在菜市场门口放一台公平秤")


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
@pytest.mark.parametrize("look", ["plain", "large"])
def test_no_page_of_the_way_scrolls_sideways(browser: Browser, site: str, width: int, look: str) -> None:
    context = browser.new_context(base_url=site, viewport={"width": width, "height": 740})
    context.add_cookies([{"name": "look", "value": look, "url": site}])
    page = context.new_page()
    for path in ("/file", "/file/complaint", "/file/report", "/file/misconduct", "/track"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto("/file/complaint")
    fill_in(page)
    page.fill("#respondent_name", "长" * 120)
    with page.expect_navigation():
        go_on(page)
    for press in ("", "button >> text=提交投诉", "button >> text=查看办理进度"):
        if press:
            if "提交" in press:
                page.check("#consent_truth")
            with page.expect_navigation():
                page.click(press)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    context.close()


@pytest.mark.parametrize(("look", "width"), [("plain", 1280), ("both", 360)])
def test_every_page_of_the_way_can_be_read_by_all(browser: Browser, site: str, look: str, width: int) -> None:
    context = browser.new_context(base_url=site, viewport={"width": width, "height": 740})
    context.add_cookies([{"name": "look", "value": look, "url": site}])
    page = context.new_page()

    def check() -> None:
        page.wait_for_load_state()  # the step before may still be leading here
        found = Axe().run(page, options=RULES)
        assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"

    for path in ("/file", "/file?go=1", "/file/complaint", "/file/report", "/file/misconduct", "/track"):
        page.goto(path)
        check()
    page.goto("/file/complaint")
    go_on(page)
    check()
    fill_in(page)
    page.set_input_files("#attachments", [TICKET, SCAN])
    expect(page.locator(".file-name")).to_have_text("付款截图.png")
    check()
    go_on(page)
    check()
    page.check("#consent_truth")
    page.click("button >> text=提交投诉")
    check()
    page.click("button >> text=查看办理进度")
    check()
    for act in ("withdraw", "add_material", "register_proxy"):
        page.goto(f"/track/case/{act}")
        check()
    context.close()


def test_the_receipt_prints_on_one_page(page: Page) -> None:
    page.goto("/file/complaint")
    fill_in(page)
    go_on(page)
    page.check("#consent_truth")
    page.click("button >> text=提交投诉")
    expect(page.locator(".receipt")).to_be_visible()
    paper = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
