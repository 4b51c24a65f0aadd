"""The desk in a real browser: registering by keyboard alone, three hundred open cases, an act without a reload."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from casework import handling
from models import Case, clock, db
from tests.support import cast, desk
from tests.support.cast import MORNING
from tests.support.desk import Desk

OPEN = 300


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    with clock.frozen(MORNING):
        yield desk.founded(app)


def sign_in(page: Page, part: str) -> None:
    """Sign in by keyboard."""
    page.goto("/login")
    page.focus("#username")
    for text in (part, desk.PASSWORD):
        page.keyboard.insert_text(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/(desk/|board/edit)"))  # where an editor of the board begins


def with_alt(page: Page, key: str) -> None:
    """Press Alt and a key as a keyboard does: the browser looks for an access key by the character."""
    session = page.context.new_cdp_session(page)
    code = f"Digit{key}" if key.isdigit() else f"Key{key.upper()}"
    event: dict[str, Any] = {"modifiers": 1, "key": key, "code": code, "unmodifiedText": key, "text": key,
                             "windowsVirtualKeyCode": ord(key.upper())}  # fmt: skip
    session.send("Input.dispatchKeyEvent", {"type": "keyDown", **event})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})
    session.detach()


def test_a_call_is_registered_without_touching_the_mouse(office: Desk, page: Page) -> None:
    sign_in(page, "city_dispatcher")
    page.goto("/desk/new")
    filled = [
        ("2", ["何敏", "13900005678", "东城区柳荫里12幢"]),
        ("3", ["临江澜亭健身服务有限公司", "", "", "东城区望江街道沿江东路266号3楼"]),
        ("4", ["健身年卡", "", "10.8", "4280", "", "", "今年5月办两年卡4280元，10月8日起门店关门，要求退款。"]),
    ]
    for key, texts in filled:
        with_alt(page, key)
        for text in texts:
            page.keyboard.insert_text(text)
            page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "demands"
    page.keyboard.press("Space")
    with_alt(page, "s")
    expect(page.locator("h1")).to_contain_text("已登记")
    expect(page.locator(".receipt-keys dd").first).to_contain_text("T20261123-")
    with office.records():
        case = db.session.query(Case).one()
        assert (case.amount, str(case.happened_on), case.goods) == (428_000, "2026-10-08", "健身年卡")


def test_what_resembles_the_call_appears_while_the_clerk_types(office: Desk, page: Page) -> None:
    earlier = office.file()
    sign_in(page, "city_dispatcher")
    page.goto("/desk/new")
    page.focus("#filer_phone")
    page.keyboard.insert_text("13800001234")
    page.keyboard.press("Tab")
    expect(page.locator("#similar")).to_contain_text(earlier)
    assert page.evaluate("document.activeElement.id") == "filer_address"


def fill_the_desk(office: Desk) -> list[str]:
    """Give 李明 three hundred cases to decide on; return their numbers."""
    with office.records():
        made = []
        for place in range(OPEN):
            case = cast.case_of(cast.file(content=f"第{place}件：买的年卡不退钱，门店关了门，电话不接。"))
            for part, action, entered in (
                ("city_dispatcher", "dispatch", {"unit": "east_office", "routing_reason": "东城"}),
                ("east_lead", "sign_for", {}),
                ("east_lead", "assign", {"handler": office.people.staff["east_handler"]}),
            ):
                handling.apply(case, action, office.people.actor(part), MORNING, **entered)
            made.append(case.number)
        return made


def test_a_clerk_with_three_hundred_open_cases_is_served_quickly(office: Desk, page: Page) -> None:
    filed = fill_the_desk(office)
    page.set_viewport_size({"width": 1366, "height": 650})
    sign_in(page, "east_handler")
    expect(page.locator("nav.tabs a[aria-current]")).to_contain_text("300")
    rows = page.locator("table.rows tbody tr")
    expect(rows).to_have_count(25)
    heights = page.evaluate("[...document.querySelectorAll('table.rows tbody tr')].map(r => r.offsetHeight)")
    assert max(heights) <= 40, "one line a row"
    ends = page.evaluate(
        "[...document.querySelectorAll('table.rows tbody tr')].map(r => r.getBoundingClientRect().bottom)"
    )
    visible = len([end for end in ends if end <= 650])
    assert visible >= 10
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.evaluate("window.markOfThisPage = true")
    began = time.perf_counter()
    page.locator("nav.pager a[rel=next]").click()
    expect(page.locator("td.no-cell .code").first).to_have_text(filed[25])
    assert time.perf_counter() - began < 1.5
    assert page.evaluate("window.markOfThisPage") is True, "the next page came without a reload"
    assert "after=" in page.url
    page.go_back()
    expect(page.locator("td.no-cell .code").first).to_have_text(filed[0])
    page.fill("#f-q", "第123件")
    page.press("#f-q", "Enter")
    expect(page.locator("td.no-cell .code")).to_have_text([filed[123]])


def test_an_act_is_done_in_place_over_the_question(office: Desk, page: Page) -> None:
    number = office.file()
    office.in_hand(number)
    sign_in(page, "east_handler")
    page.goto(f"/desk/cases/{number}")
    page.evaluate("window.markOfThisPage = true")
    page.locator("#accept-told_by").select_option("sms")
    page.locator("#do-accept button[type=submit]").click()
    expect(page.locator("h1")).to_have_text("确定受理吗？")
    page.get_by_role("button", name="返回修改").click()
    expect(page.locator("#accept-told_by")).to_have_value("sms")
    page.locator("#do-accept button[type=submit]").click()
    page.get_by_role("button", name="受理", exact=True).click()
    expect(page.locator(".msg-ok")).to_contain_text("“受理”已办好")
    expect(page.locator("#case-head .tag").first).to_have_text("已受理待调解")
    assert page.evaluate("window.markOfThisPage") is True


def test_a_refused_form_takes_the_reader_to_what_is_wrong(office: Desk, page: Page) -> None:
    number = office.file()
    office.in_hand(number)
    sign_in(page, "east_handler")
    page.goto(f"/desk/cases/{number}")
    page.locator("#do-log_contact > summary").click()
    page.fill("#log_contact-summary", "已经写好的一段话")
    page.locator("#do-log_contact button[type=submit]").click()
    expect(page.locator(".errors")).to_be_focused()
    expect(page.locator("#log_contact-summary")).to_have_value("已经写好的一段话")
    page.locator(".errors a").first.click()
    expect(page.locator("#log_contact-contact_at")).to_be_focused()


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_no_page_of_the_desk_scrolls_sideways(office: Desk, page: Page, width: int) -> None:
    number = office.file()
    office.in_hand(number)
    sign_in(page, "east_handler")
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/desk/", "/desk/new", f"/desk/cases/{number}", f"/desk/cases/{number}?do=note", "/account"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
