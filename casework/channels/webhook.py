"""Notices to staff through the office's own messenger: a POST of JSON to one address."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from casework.channels import Outgoing, Unavailable, Undeliverable

PATIENCE = 10
"""Seconds to wait for the other side."""


@dataclass(frozen=True)
class WebhookGateway:
    """One address. It is sent `to` (the account's name in the portal), `subject`, `text` and `key`."""

    url: str
    token: str = field(repr=False)

    def send(self, message: Outgoing) -> str:
        """Hand over one notice; its own key is the id, by which the other side can drop a repeat."""
        body = {"to": message.address, "subject": message.subject, "text": message.text, "key": message.key}
        request = urllib.request.Request(  # noqa: S310 - the address is the administrator's setting
            self.url,
            data=json.dumps(body, ensure_ascii=False).encode(),
            method="POST",
            headers={"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": message.key},
        )
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE):  # noqa: S310 - as above
                return message.key
        except urllib.error.HTTPError as error:
            if error.code in (400, 404, 410, 422):
                raise Undeliverable("办公平台不认识这个账号") from error
            raise Unavailable(f"HTTP {error.code}") from error
        except (OSError, ValueError) as error:
            raise Unavailable(type(error).__name__) from error
