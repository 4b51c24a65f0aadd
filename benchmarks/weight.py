"""What the citizen's way from the home page to the receipt weighs on the wire, from a cold cache."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from benchmarks import server, way
from benchmarks.cities import City
from benchmarks.client import Load, Reply, cookies_of, get, post
from benchmarks.measuring import Line, under
from script.support.processes import Supervisor

MOST = 60.0


class Browser:
    """Goes from page to page with its cookies, loads what each page needs once, and adds up every byte both ways."""

    def __init__(self, port: int) -> None:
        self._load = Load(port, 1)
        self._cookies: dict[str, str] = {}
        self._kept: set[str] = set()
        self.bytes = 0
        self.requests = 0

    def read(self, address: str) -> str:
        """Open a page with all that it loads."""
        page = way.text_of(self._ask(get(address, self._cookies)))
        self._parts(page)
        return page

    def press(self, address: str, fields: way.Fields) -> str:
        """Send a form, follow where it leads, and load what that page needs."""
        reply = self._ask(post(address, fields, self._cookies))
        if reply.status == 303:
            return self.read(reply.headers["location"])
        page = way.text_of(reply)
        self._parts(page)
        return page

    def _parts(self, page: str) -> None:
        waiting = [part for part in way.parts_of(page) if part not in self._kept]
        while waiting:
            address = waiting.pop()
            self._kept.add(address)
            reply = self._ask(get(address, self._cookies))
            if address.partition("?")[0].endswith(".css"):
                waiting += [part for part in way.named_in(way.text_of(reply)) if part not in self._kept]

    def _ask(self, request: bytes) -> Reply:
        (reply,) = self._load.send([request])
        self._cookies |= cookies_of(reply)
        self.bytes += len(request) + reply.size
        self.requests += 1
        return reply


def of_the_way(city: City, supervisor: Supervisor) -> Iterator[Line]:
    """Measure the way of a complaint."""
    with server.serving(city, supervisor) as running:
        browser = Browser(running.port)
        browser.read("/")
        home = browser.bytes
        browser.read("/file")
        browser.read(way.FORM)
        check = browser.press(way.FORM, way.filled(1, Random(1)))
        way.slip_of(browser.press(f"{way.FORM}/send", way.carried(check)))
    yield Line("weight", "the home page with all it loads", f"{home / 1000:.1f} KB")
    what = f"home to receipt, both directions, {browser.requests} requests"
    yield under("weight", what, browser.bytes / 1000, MOST, "KB")
