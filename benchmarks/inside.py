"""Asking the portal without a network: the time of one call is the server's own time for one page."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from benchmarks.cities import CannotMeasure
from benchmarks.measuring import Times

WARM = 3


class Answer:
    """Status, headers and body of one answer, the seconds that it took, and those of them that the processor worked."""

    def __init__(self, status: str, headers: list[tuple[str, str]], body: bytes, seconds: float, work: float) -> None:
        self.status = int(status.partition(" ")[0])
        self.headers = headers
        self.body = body
        self.seconds = seconds
        self.work = work


def ask(app: Flask, address: str, cookies: Mapping[str, str] | None = None) -> Answer:
    """Get a page as a browser would, compressed, and read it to its end."""
    parts = urlsplit(address)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_ACCEPT_ENCODING": "gzip",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if cookies:
        environ["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        told.append((status, headers))
        return lambda data: None

    begun, worked = time.perf_counter(), time.thread_time()
    chunks = app.wsgi_app(environ, start_response)
    body = b"".join(chunks)
    close = getattr(chunks, "close", None)
    if close is not None:
        close()
    seconds, work = time.perf_counter() - begun, time.thread_time() - worked
    status, headers = told[-1]
    return Answer(status, headers, body, seconds, work)


def timed(app: Flask, addresses: list[str], cookies: Mapping[str, str], times: int) -> tuple[Times, int]:
    """Ask for the pages in turn, `times` in all; return the times and the size of the largest body.

    Raise CannotMeasure for a page that is not answered with 200.
    """
    for address in addresses[:WARM]:
        ask(app, address, cookies)
    durations, works, largest = [], [], 0
    for turn in range(times):
        address = addresses[turn % len(addresses)]
        found = ask(app, address, cookies)
        if found.status != 200:
            raise CannotMeasure(f"{address}: answered {found.status}")
        durations.append(found.seconds)
        works.append(found.work)
        largest = max(largest, len(found.body))
    return Times.of(durations, works), largest
