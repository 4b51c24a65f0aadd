"""Short messages through a gateway that takes a POST of JSON."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from casework.channels import Outgoing, Unavailable, Undeliverable

PATIENCE = 10
"""Seconds to wait for the gateway."""
_LONGEST_ANSWER = 4096


@dataclass(frozen=True)
class SmsGateway:
    """One gateway. It is sent `phone`, `text` and `key`, and may answer with an `id` of its own."""

    url: str
    token: str = field(repr=False)
    sign: str

    def send(self, message: Outgoing) -> str:
        """Hand over one short message, signed as the law on short messages asks: 【签名】 in front."""
        body = {"phone": message.address, "text": f"【{self.sign}】{message.text}", "key": message.key}
        request = urllib.request.Request(  # noqa: S310 - the address is the administrator's setting
            self.url,
            data=json.dumps(body, ensure_ascii=False).encode(),
            method="POST",
            headers={"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": message.key},
        )
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - as above
                return self._known_as(message, answer.read(_LONGEST_ANSWER))
        except urllib.error.HTTPError as error:
            if error.code in (400, 404, 410, 422):
                raise Undeliverable("短信网关拒收这个号码") from error
            raise Unavailable(f"HTTP {error.code}") from error
        except (OSError, ValueError) as error:
            raise Unavailable(type(error).__name__) from error

    @staticmethod
    def _known_as(message: Outgoing, answer: bytes) -> str:
        try:
            found = json.loads(answer)
        except ValueError:
            return message.key
        known_as = found.get("id") if isinstance(found, dict) else None
        return str(known_as)[:80] if known_as else message.key
