"""A browser without scripts that speaks to a portal which may die at any moment."""

from __future__ import annotations

import http.client
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bs4 import BeautifulSoup, Tag

PATIENCE = 20.0
"""Seconds that a visitor waits for an answer."""
BUSY = 503
Fields = list[tuple[str, str]]


class Unanswered(Exception):
    """No whole answer came: nobody listened, the connection ended before the last byte, or the page said “press again”
    (503: the database is away)."""


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    text: str
    location: str


@dataclass
class Visitor:
    """One visitor with cookies of their own; every request has a connection of its own."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, address: str) -> Answer:
        """Open a page."""
        return self._ask("GET", address, None, {})

    def post(self, address: str, fields: Fields, files: Mapping[str, tuple[str, bytes]] | None = None) -> Answer:
        """Send a form from a page of ours, with files by field name: (file name, bytes)."""
        if files is None:
            return self._ask("POST", address, urlencode(fields).encode(), {"Content-Type": _URLENCODED})
        body, kind = _multipart(fields, files)
        return self._ask("POST", address, body, {"Content-Type": kind})

    def _ask(self, method: str, address: str, body: bytes | None, more: Mapping[str, str]) -> Answer:
        headers = {"Sec-Fetch-Site": "same-origin", "Connection": "close", **more}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, address, body, headers)
            found = connection.getresponse()
            text = found.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered(type(error).__name__) from error
        finally:
            connection.close()
        if found.status == BUSY:
            raise Unanswered("503")
        self._keep(found.headers.get_all("Set-Cookie") or [])
        return Answer(found.status, text, found.headers.get("Location", ""))

    def _keep(self, lines: Sequence[str]) -> None:
        for line in lines:
            name, _, value = line.partition(";")[0].partition("=")
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)


_URLENCODED = "application/x-www-form-urlencoded"


def _multipart(fields: Fields, files: Mapping[str, tuple[str, bytes]]) -> tuple[bytes, str]:
    mark = secrets.token_hex(16)
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields]
    for name, (file, body) in files.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        parts.append(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + body + b"\r\n")
    return b"".join(parts) + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def form_on(page: str, form_id: str | None = None) -> Tag | None:
    """Return a form of a page by its id, or the last one in its main part."""
    soup = BeautifulSoup(page, "html.parser")
    if form_id is not None:
        found = soup.find("form", id=form_id)
        return found if isinstance(found, Tag) else None
    forms = (soup.find("main") or soup).find_all("form")
    return forms[-1] if forms else None


def held(form: Tag) -> Fields:
    """Return what a form carries without being asked."""
    return [(str(one["name"]), str(one.get("value", ""))) for one in form.find_all("input", type="hidden")]


def slips_on(page: str) -> list[tuple[str, str]]:
    """Return the numbers and codes of a receipt; none when the page is no whole receipt."""
    if "</html>" not in page:
        return []
    found = [dd.get_text().strip() for dd in BeautifulSoup(page, "html.parser").select(".receipt-keys dd")]
    return list(zip(found[::2], found[1::2], strict=False))
