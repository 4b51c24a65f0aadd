"""Static files: named by their content, kept compressed in memory, served ahead of Flask.

Flask-Login touches the session on every answer and so adds `Vary: Cookie`; a stylesheet that varies by cookie is
fetched again by every proxy. Hence a WSGI layer of its own, which also spares Flask the work.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
FOREVER = "public, max-age=31536000, immutable"
PREFIX = "/static/"
_CSS_URL = re.compile(r"""url\((['"]?)([\w./-]+)\1\)""")


@dataclass(frozen=True)
class Asset:
    """One static file, ready to be sent. `url` carries eight digits of the SHA-256 of `body`."""

    name: str
    url: str
    body: bytes
    packed: bytes
    etag: str
    content_type: str
    integrity: str


class UnknownAsset(LookupError):
    """A template names a static file that does not exist."""


class Assets:
    """All files of one folder, by name and by address. Read once at start: a deployment restarts the portal."""

    def __init__(self, folder: Path) -> None:
        self._by_name: dict[str, Asset] = {}
        paths = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.suffix in TYPES]
        for path in sorted(paths, key=lambda p: p.suffix == ".css"):  # stylesheets last: they name the others
            name = path.relative_to(folder).as_posix()
            self._by_name[name] = _asset(name, self._body(path))
        self._by_path = {a.url: a for a in self._by_name.values()}

    def _body(self, path: Path) -> bytes:
        if path.suffix != ".css":
            return path.read_bytes()
        text = path.read_text(encoding="utf-8")
        return _CSS_URL.sub(lambda m: f'url("{self.url(m[2])}")', text).encode()

    def url(self, name: str) -> str:
        """Return the address of a file, content hash included. Raise UnknownAsset for a file that is not there."""
        return self._get(name).url

    def integrity(self, name: str) -> str:
        """Return the `sha384-…` value for an `integrity` attribute."""
        return self._get(name).integrity

    def at(self, path: str) -> tuple[Asset, bool] | None:
        """Return the file at a path and whether the path names exactly its present content."""
        if path in self._by_path:
            return self._by_path[path], True
        found = self._by_name.get(re.sub(r"\.[0-9a-f]{8}(?=\.\w+$)", "", path.removeprefix(PREFIX)))
        return (found, False) if found else None

    def _get(self, name: str) -> Asset:
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownAsset(name) from None


def _asset(name: str, body: bytes) -> Asset:
    digest = hashlib.sha256(body).hexdigest()[:8]
    stem, dot, suffix = name.rpartition(".")
    return Asset(
        name=name,
        url=f"{PREFIX}{stem}.{digest}{dot}{suffix}",
        body=body,
        packed=gzip.compress(body, 9, mtime=0),
        etag=f'"{digest}"',
        content_type=TYPES[dot + suffix],
        integrity="sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode(),
    )


class Statics:
    """Answer `/static/…` from memory; hand everything else on."""

    def __init__(self, app: WSGIApplication, assets: Assets) -> None:
        self._app, self._assets = app, assets

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        path = environ.get("PATH_INFO", "")
        found = self._assets.at(path) if path.startswith(PREFIX) else None
        if found is None or environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._app(environ, start_response)
        asset, exact = found
        # A page from before a deployment may still ask for the old name: it gets the new file, but may not keep it.
        headers = [
            ("Cache-Control", FOREVER if exact else "no-cache"),
            ("Vary", "Accept-Encoding"),
            ("ETag", asset.etag),
        ]
        if environ.get("HTTP_IF_NONE_MATCH") == asset.etag:
            start_response("304 Not Modified", headers)
            return ()
        body = asset.body
        if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
            body = asset.packed
            headers.append(("Content-Encoding", "gzip"))
        start_response("200 OK", [*headers, ("Content-Type", asset.content_type), ("Content-Length", str(len(body)))])
        return () if environ["REQUEST_METHOD"] == "HEAD" else (body,)
