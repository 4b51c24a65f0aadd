"""Short messages through a gateway that takes a POST of JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from casework.channels import Outgoing
from casework.channels.posting import post


@dataclass(frozen=True)
class SmsGateway:
    """One gateway. It is sent `phone`, `text` and `key`, and may answer with an `id` of its own."""

    url: str
    token: str = field(repr=False)
    sign: str

    def send(self, message: Outgoing) -> str:
        """Hand over one short message, signed as the law on short messages asks: 【签名】 in front."""
        body = {"phone": message.address, "text": f"【{self.sign}】{message.text}", "key": message.key}
        return self._known_as(message, post(self.url, self.token, body, message.key, "短信网关拒收这个号码"))

    @staticmethod
    def _known_as(message: Outgoing, answer: bytes) -> str:
        try:
            found = json.loads(answer)
        except ValueError:
            return message.key
        known_as = found.get("id") if isinstance(found, dict) else None
        return str(known_as)[:80] if known_as else message.key
