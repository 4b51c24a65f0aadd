"""What every answer carries: static files, cached pages, errors and redirects included."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
ALWAYS = (
    ("Content-Security-Policy", CSP),
    ("X-Frame-Options", "DENY"),  # browsers in IE mode know no CSP
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"),
)
HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


class SecureHeaders:
    """The outermost layer: adds what is missing. An answer may set a stricter value itself."""

    def __init__(self, app: WSGIApplication, *, https_only: bool) -> None:
        self._app = app
        self._always = (*ALWAYS, HSTS) if https_only else ALWAYS

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            present = {name.lower() for name, _ in headers}
            headers.extend(pair for pair in self._always if pair[0].lower() not in present)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return self._app(environ, start)


class KnownHosts:
    """Refuse requests for a host that is not ours, before any cache or view looks at them.

    Without configured names the local names, plain addresses (no DNS rebinding is possible with those) and the host
    of the public address are ours; in production, plain addresses other than the loopback are not.
    """

    def __init__(self, app: WSGIApplication, *, names: Iterable[str], public_url: str, strict: bool) -> None:
        self._app, self._strict = app, strict
        public = urlsplit(public_url).hostname if public_url else None
        self._names = {name.strip().lower() for name in (*names, public or "") if name.strip()}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if self.knows(environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")):
            return self._app(environ, start_response)
        body = "400 这个网址不属于本平台。The host name is not ours.\n".encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response("400 Bad Request", [*headers, ("Cache-Control", "no-store")])
        return (body,)

    def knows(self, host: str) -> bool:
        """Tell whether a Host header is one of ours; a port does not matter."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._names or name == "localhost":
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self._strict
