"""A browser, a server and a page for each journey; a page that complains fails its test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from config import Settings
from tests.support.browser import Complaints, free_port, launched, serving

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies here, so that -m "not browser" leaves it out."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of this test process."""
    with launched() as made:
        yield made


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings whose public address is the one that the browser sees."""
    port = free_port()
    return replace(settings, port=port, public_url=f"http://127.0.0.1:{port}")


@pytest.fixture
def site(app: Flask, settings: Settings) -> Iterator[str]:
    """The address of a running portal."""
    with serving(app, settings.port) as address:
        yield address


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A fresh visitor's page; relative addresses lead to the portal."""
    visit = browser.new_context(base_url=site, locale="zh-CN", timezone_id="Asia/Shanghai")
    made = visit.new_page()
    complaints = Complaints(made)
    yield made
    visit.close()
    assert complaints.heard == []
