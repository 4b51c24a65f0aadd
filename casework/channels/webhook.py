"""Notices to staff through the office's own messenger: a POST of JSON to one address."""

from __future__ import annotations

from dataclasses import dataclass, field

from casework.channels import Outgoing
from casework.channels.posting import post


@dataclass(frozen=True)
class WebhookGateway:
    """One address. It is sent `to` (the account's name in the portal), `subject`, `text` and `key`."""

    url: str
    token: str = field(repr=False)

    def send(self, message: Outgoing) -> str:
        """Hand over one notice; its own key is the id, by which the other side can drop a repeat."""
        body = {"to": message.address, "subject": message.subject, "text": message.text, "key": message.key}
        post(self.url, self.token, body, message.key, "办公平台不认识这个账号")
        return message.key
