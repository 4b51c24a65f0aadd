"""A small HTTP client for load: one thread, many connections, requests prepared as bytes, answers counted.

It costs the machine little, because what it is measured against runs on the same cores.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

LONGEST = 120.0
"""Seconds after which a load is given up, whatever has not come."""


class LoadFailed(RuntimeError):
    """The server did not answer all requests; the message says how far it came."""


@dataclass(frozen=True)
class Reply:
    """One answer: status, lower-case headers (the last of each name), body, bytes of both together, seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    size: int
    seconds: float


def get(address: str, cookies: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a GET as a browser sends it."""
    return _head("GET", address, cookies).encode() + b"\r\n"


def post(address: str, fields: Sequence[tuple[str, str]], cookies: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a form that is sent from a page of ours."""
    body = urlencode(fields).encode()
    head = _head("POST", address, cookies)
    head += "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _head(method: str, address: str, cookies: Mapping[str, str] | None) -> str:
    lines = [f"{method} {address} HTTP/1.1", "Host: 127.0.0.1", "Accept-Encoding: gzip", "Accept: text/html"]
    if cookies:
        lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
    return "\r\n".join(lines) + "\r\n"


@dataclass
class _Connection:
    """One client: what it waits for and what has come of it."""

    socket: socket.socket
    place: int = -1
    begun: float = 0.0
    come: bytearray = field(default_factory=bytearray)
    whole: int = -1
    """Bytes of the whole answer, -1 until its head has come."""


class Load:
    """Sends requests over `clients` connections, each the next one as soon as its answer has come."""

    def __init__(self, port: int, clients: int) -> None:
        self.port, self.clients = port, clients
        self.seconds = 0.0
        """How long the last `send` took."""

    def send(self, requests: Sequence[bytes]) -> list[Reply]:
        """Send all requests and return the replies in their order. Raise LoadFailed when answers are missing."""
        replies: list[Reply | None] = [None] * len(requests)
        waiting = iter(enumerate(requests))
        begun = time.perf_counter()
        with selectors.DefaultSelector() as selector:
            for _ in range(min(self.clients, len(requests))):
                connection = _Connection(socket.create_connection(("127.0.0.1", self.port)))
                connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(connection.socket, selectors.EVENT_READ, connection)
                _next(connection, waiting)
            try:
                self._receive(selector, waiting, replies, begun + LONGEST)
            finally:
                for key in list(selector.get_map().values()):
                    key.data.socket.close()
        self.seconds = time.perf_counter() - begun
        missing = sum(reply is None for reply in replies)
        if missing:
            raise LoadFailed(f"{missing} of {len(requests)} requests were not answered")
        return [reply for reply in replies if reply is not None]

    def _receive(
        self,
        selector: selectors.BaseSelector,
        waiting: Iterator[tuple[int, bytes]],
        replies: list[Reply | None],
        until: float,
    ) -> None:
        while selector.get_map() and time.perf_counter() < until:
            for key, _ in selector.select(timeout=1.0):
                connection: _Connection = key.data
                data = connection.socket.recv(262144)
                if not data:
                    raise LoadFailed("the server closed a connection")
                connection.come += data
                reply = _complete(connection)
                if reply is None:
                    continue
                replies[connection.place] = reply
                if not _next(connection, waiting):
                    selector.unregister(connection.socket)
                    connection.socket.close()


def _next(connection: _Connection, waiting: Iterator[tuple[int, bytes]]) -> bool:
    found = next(waiting, None)
    if found is None:
        return False
    connection.place, request = found
    connection.come.clear()
    connection.whole = -1
    connection.begun = time.perf_counter()
    connection.socket.sendall(request)
    return True


def _complete(connection: _Connection) -> Reply | None:
    """Return the reply when all of it has come."""
    come = connection.come
    if connection.whole < 0:
        end = come.find(b"\r\n\r\n")
        if end < 0:
            return None
        headers = _headers(bytes(come[:end]))
        if "content-length" not in headers and headers["status"] not in {"204", "304"}:
            raise LoadFailed("an answer does not say how long it is")
        connection.whole = end + 4 + int(headers.get("content-length", "0"))
    if len(come) < connection.whole:
        return None
    seconds = time.perf_counter() - connection.begun
    raw = bytes(come)
    head, _, body = raw.partition(b"\r\n\r\n")
    headers = _headers(head)
    return Reply(int(headers.pop("status")), headers, body, len(raw), seconds)


def _headers(head: bytes) -> dict[str, str]:
    first, *lines = head.decode("latin-1").split("\r\n")
    found = {"status": first.split(" ")[1]}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.lower()
        found[name] = f"{found[name]}\n{value.strip()}" if name == "set-cookie" and name in found else value.strip()
    return found


def cookies_of(reply: Reply) -> dict[str, str]:
    """Return the cookies that a reply sets."""
    found = {}
    for line in reply.headers.get("set-cookie", "").splitlines():
        name, _, value = line.partition(";")[0].partition("=")
        if value:
            found[name] = value
    return found


def in_turn(load: Load, make: Callable[[int], bytes], count: int) -> list[Reply]:
    """Send `count` requests made by number."""
    return load.send([make(number) for number in range(count)])
