"""The other side of the gateways for SMS and messengers: a ledger outside of the portal of what was sent, by key."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Delivered:
    """What arrived: by key the texts, one entry for each time it came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.by_key: dict[str, list[str]] = {}

    def take(self, key: str, said: str) -> None:
        """Note one arrival."""
        with self._lock:
            self.by_key.setdefault(key, []).append(said)

    def count(self, key: str) -> int:
        """Return how often a message came."""
        return len(self.by_key.get(key, ()))

    def changed(self) -> list[str]:
        """Return the keys under which two different messages came."""
        return [key for key, said in self.by_key.items() if len(set(said)) > 1]

    def repeats(self) -> int:
        """Return how many arrivals were repeats, which a receiver knows by their key."""
        return sum(len(said) - 1 for said in self.by_key.values())


@contextmanager
def listening() -> Iterator[tuple[str, Delivered]]:
    """Lend the address of a gateway on the loopback, and what it was told."""
    delivered = Delivered()

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            delivered.take(self.headers["Idempotency-Key"], f"{body.get('phone') or body['to']} {body['text']}")
            with suppress(ConnectionError):  # who sent it has died meanwhile
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", delivered
    finally:
        server.shutdown()
        server.server_close()
