"""Directives in a real browser: what is owed is seen, the table refreshes by itself, and axe finds no fault."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, expect

from casework import directives
from models import DirectiveUnit, clock, db
from tests.browser.test_desk import sign_in
from tests.support import cast, desk, orders
from tests.support.browser import SIDEWAYS
from tests.support.cast import MORNING
from tests.support.desk import Desk


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    with clock.frozen(MORNING):
        yield desk.founded(app)


def ordered(office: Desk) -> str:
    """A directive to both offices about a case, one of which has answered; the address of its page."""
    with office.records():
        case = cast.case_of(cast.file())
        found = orders.issued(office.people, level="office", units=(), cases=case.number)
        copy = orders.copy_of(found, office.people)
        lead = office.people.view("east_lead")
        directives.report(copy.id, "已核查12户。", lead, MORNING, form_key="r1")
        return f"/command/directives/{found.id}"


@pytest.mark.parametrize("width", [360])
def test_no_page_of_directives_has_a_fault_that_axe_finds_or_scrolls_sideways(
    office: Desk, page: Page, width: int
) -> None:
    address = ordered(office)
    page.set_viewport_size({"width": width, "height": 900})
    for part, paths in {
        "city_supervisor": (address, "/command/directives", "/command/directives/new"),
        "west_lead": (address, "/command/directives", "/desk/"),
    }.items():
        page.context.clear_cookies()
        sign_in(page, part)
        for path in paths:
            page.goto(path)
            assert not page.evaluate(SIDEWAYS), path
            found = Axe().run(page)
            assert found.violations_count == 0, f"{path}\n{found.generate_report()}"


def test_the_table_shows_an_acknowledgement_without_a_reload(office: Desk, page: Page) -> None:
    address = ordered(office)
    sign_in(page, "city_supervisor")
    page.goto(address)
    row = page.locator("#copies tbody tr", has_text="中山所")
    expect(row).to_contain_text("已等0分")
    with office.records():
        mine = db.session.query(DirectiveUnit).filter_by(unit_id=office.people.units["west_office"]).one().id
        directives.acknowledge(mine, office.people.view("west_lead"), MORNING + timedelta(minutes=1))
    page.evaluate("window.stays = true")
    page.click("#copies a[hx-get]")
    expect(row).to_contain_text("严华")
    assert page.evaluate("window.stays") is True
