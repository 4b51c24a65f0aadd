"""Whole anonymous pages, kept compressed ahead of Flask: one body for everybody who has no session and no visit.

A page is stored when its view is declared `cached`, and forgotten in every process of this machine as soon as
`forget()` touches the stamp file; a short lifetime covers the other machines and the turn of the day.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from blueprints.web.look import COOKIE as LOOK_COOKIE
from blueprints.web.look import chosen
from casework import pagestamp

MARK = "X-Anonymous-Page"
"""Header by which a view's answer asks to be kept; it never leaves this layer."""
FLAG = "portal.anonymous"
"""Key of the WSGI environment that tells a view's answer that it may be kept."""
LIFETIME = 60.0
"""Seconds."""
MOST = 512
"""Pages kept at once; more are a crawler's business, and the oldest go."""
Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Entry:
    """One page in one look, plain and compressed."""

    etag: str
    born: float
    plain: bytes
    packed: bytes
    plain_headers: Headers
    packed_headers: Headers


class AnonymousPages:
    """The layer itself. `private_cookies` are the names whose presence means: not anonymous."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        private_cookies: Iterable[str],
        stamp: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._stamp, self._clock = app, stamp, clock
        self._private = re.compile("|".join(rf"(?:^|[;\s]){re.escape(name)}=" for name in private_cookies))
        self._entries: dict[tuple[str, str], Entry] = {}
        self._seen = self._touched()

    def forget(self) -> None:
        """Drop all pages, here and in the other processes of this machine."""
        pagestamp.touch(self._stamp)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        cookies = environ.get("HTTP_COOKIE", "")
        if (
            environ["REQUEST_METHOD"] not in {"GET", "HEAD"}
            or environ.get("QUERY_STRING")
            or "HTTP_HX_REQUEST" in environ
            or (cookies and self._private.search(cookies))
        ):
            return self._app(environ, start_response)
        touched = self._touched()
        if touched != self._seen:
            self._entries.clear()
            self._seen = touched
        key = (environ.get("PATH_INFO", ""), chosen(cookies) if LOOK_COOKIE in cookies else "plain")
        entry = self._entries.get(key)
        if entry is not None and self._clock() - entry.born < LIFETIME:
            return _send(entry, environ, start_response)
        if environ["REQUEST_METHOD"] == "HEAD":
            return self._app(environ, start_response)
        return self._fill(key, environ, start_response)

    def _fill(self, key: tuple[str, str], environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer: list[tuple[str, Headers]] = []

        def hold(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
            answer.append((status, headers))
            return lambda data: None

        asked = {k: v for k, v in environ.items() if k not in {"HTTP_IF_NONE_MATCH", "HTTP_ACCEPT_ENCODING"}}
        asked[FLAG] = True
        seen = self._seen
        body = self._app(asked, hold)
        status, headers = answer[-1]
        if not status.startswith("200") or not any(name == MARK for name, _ in headers):
            start_response(status, headers)
            return body
        try:
            plain = b"".join(body)
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()
        entry = _entry(plain, headers, self._clock())
        if self._touched() == seen:  # else the page was made of what has just changed
            while len(self._entries) >= MOST:
                self._entries.pop(next(iter(self._entries)), None)
            self._entries[key] = entry
        return _send(entry, environ, start_response)

    def _touched(self) -> int:
        try:
            return os.stat(self._stamp).st_mtime_ns
        except FileNotFoundError:
            return 0


def _entry(plain: bytes, headers: Headers, born: float) -> Entry:
    packed = gzip.compress(plain, 9, mtime=0)
    etag = f'W/"{hashlib.sha256(plain).hexdigest()[:20]}"'
    dropped = {MARK.lower(), "content-length", "etag", "vary", "cache-control"}
    kept = [pair for pair in headers if pair[0].lower() not in dropped]
    # no-cache: every use asks again and usually gets a 304, so that a correction of a notice is seen at once.
    kept += [("Cache-Control", "no-cache"), ("Vary", "Accept-Encoding"), ("ETag", etag)]
    return Entry(
        etag=etag,
        born=born,
        plain=plain,
        packed=packed,
        plain_headers=[*kept, ("Content-Length", str(len(plain)))],
        packed_headers=[*kept, ("Content-Encoding", "gzip"), ("Content-Length", str(len(packed)))],
    )


def _send(entry: Entry, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if entry.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
        start_response("304 Not Modified", [p for p in entry.plain_headers if not p[0].startswith("Content-")])
        return ()
    gzipped = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
    start_response("200 OK", list(entry.packed_headers if gzipped else entry.plain_headers))
    if environ["REQUEST_METHOD"] == "HEAD":
        return ()
    return (entry.packed if gzipped else entry.plain,)
