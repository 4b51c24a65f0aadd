"""A real browser and a real server for the journeys of tests/browser."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from werkzeug.serving import make_server

from script.support.test import find_browser

SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
"""Whether a page is wider than its window, asked of the browser."""


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(app: Flask, port: int) -> Iterator[str]:
    """Serve `app` on `port` in a thread; lend its address."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def launched() -> Iterator[Browser]:
    """Lend the system's Chromium; root may use it only without its sandbox, on loopback pages."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        yield browser
        browser.close()


class Complaints:
    """What the browser complained about on a page: script errors, and what the security policy refused."""

    def __init__(self, page: Page) -> None:
        self.heard: list[str] = []
        page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        # A refused form answers 422 and a vanished page 404: the network's own lines are no fault of the page, nor is
        # what htmx says of such an answer.
        expected = ("Failed to load resource", "Response Status Error Code 4")
        if message.type == "error" and not message.text.startswith(expected):
            self.heard.append(message.text)
