"""Handing out files that people sent in: their harmless copies, or an original whose opening is on record."""

from __future__ import annotations

from flask import Response

from casework import attachments


def handed_out(opened: attachments.Opened, *, in_page: bool = False) -> Response:
    """Answer with an opened file, chunk by chunk: to be saved under its name, or `in_page` as a picture of a page."""
    headers = {**attachments.HEADERS, "Content-Length": str(opened.size)}
    if not in_page:
        headers["Content-Disposition"] = opened.disposition
    return Response(opened.chunks, mimetype=opened.media_type, headers=headers, direct_passthrough=True)
