"""A POST of JSON to a gateway of the bureau's, and what its answers mean for a message."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping

from casework.channels import Unavailable, Undeliverable

PATIENCE = 10
"""Seconds to wait for the other side."""
LONGEST_ANSWER = 4096


def post(url: str, token: str, body: Mapping[str, str | None], key: str, refused: str) -> bytes:
    """Send `body` and return the answer, at most LONGEST_ANSWER bytes.

    `key` lets the other side drop a repeat. Raise Undeliverable with the sentence `refused` when the addressee is not
    known there, Unavailable for everything that another try may mend.
    """
    request = urllib.request.Request(  # noqa: S310 - the address is the administrator's setting
        url,
        data=json.dumps(body, ensure_ascii=False).encode(),
        method="POST",
        headers={"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": key},
    )
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - as above
            found: bytes = answer.read(LONGEST_ANSWER)
            return found
    except urllib.error.HTTPError as error:
        if error.code in (400, 404, 410, 422):
            raise Undeliverable(refused) from error
        raise Unavailable(f"HTTP {error.code}") from error
    except (OSError, ValueError) as error:
        raise Unavailable(type(error).__name__) from error
