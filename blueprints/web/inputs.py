"""What a request may look like at all, before any view reads it."""

from __future__ import annotations

from typing import IO, Any, cast

from flask import Request, abort, g, request
from werkzeug.datastructures import MultiDict
from werkzeug.utils import cached_property

from blueprints.web.policy import current_policy
from casework.attachments import Spool

PLAIN_BODY = 1024 * 1024
"""Bytes that a POST without files may bring."""
FIELD_MEMORY = 500_000
PARTS = 300
MULTI_ALWAYS = frozenset({"csrf_token"})


class PortalRequest(Request):
    """A request that spools uploads encrypted into the data directory: nothing of a filing lies about in plain."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        spool = Spool()
        self.spools.append(spool)
        return cast(IO[bytes], spool)

    @cached_property
    def spools(self) -> list[Spool]:
        """Every file that began to be read, those of a body that broke off included."""
        return []


def is_text(value: str) -> bool:
    """Tell whether a value is text: no NUL, no half of a surrogate pair."""
    if "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def guard_inputs() -> None:
    """Refuse what no form of ours sends: NUL bytes, broken text, a field that comes twice.

    Runs before the token is checked; a body that is too large is refused here with 413 while it is read.
    """
    if not is_text(request.path) or "\ufffd" in request.path:
        abort(404)
    _check_text(request.args)
    if request.method not in {"POST", "PUT", "PATCH"}:
        return
    policy = current_policy()
    allowed = (policy.multi if policy else frozenset()) | MULTI_ALWAYS
    _check_text(request.form)
    for source in (request.form, request.files):
        for name in cast("MultiDict[str, Any]", source):
            if name not in allowed and len(cast("MultiDict[str, Any]", source).getlist(name)) > 1:
                g.refused_because = "twice"
                abort(400)
    for upload in request.files.values():
        if not is_text(upload.filename or ""):
            g.refused_because = "text"
            abort(400)


def _check_text(source: MultiDict[str, str]) -> None:
    for name, values in source.lists():
        if not is_text(name) or not all(is_text(value) for value in values):
            g.refused_because = "text"
            abort(400)


def close_uploads(error: BaseException | None) -> None:
    """Close the spool files of this request: what was refused disappears at once."""
    request.close()
    for spool in cast(PortalRequest, request).spools:
        spool.close()
