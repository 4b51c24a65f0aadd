"""The style guide: every component in every state, without a fault, in each look and width."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page

from tests.browser.test_desk import sign_in
from tests.support import desk

COMPONENTS = Path(__file__).resolve().parents[2] / "templates" / "components"
OF_ONE_PAGE = {
    "case_row", "case_table_head", "filter", "case_head", "clock", "act", "not_now", "log", "reveal", "token",
    "receipt", "confirm", "mark", "crumbs", "error_of", "file_list", "icon",
}  # fmt: skip
"""Components that need a case or stand in others: the pictures of their pages show them."""


def test_the_guide_shows_every_component() -> None:
    shown = (COMPONENTS.parent / "desk" / "style.html").read_text(encoding="utf-8")
    macros = {
        name
        for file in COMPONENTS.glob("*.html")
        for name in re.findall(r"\{% macro ([a-z]\w*)\(", file.read_text(encoding="utf-8"))
    }
    assert [name for name in sorted(macros - OF_ONE_PAGE) if f".{name}(" not in shown] == []


@pytest.mark.parametrize("look", ["plain", "large", "contrast"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_component_has_a_fault_that_axe_finds_or_scrolls_sideways(
    app: Flask, page: Page, width: int, look: str
) -> None:
    desk.founded(app)
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, "east_handler")
    page.goto(f"/look?to={look}&back=/guide/style")
    assert page.url.endswith("/guide/style")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
