"""The gateway of the demo: a line in a log that tells that a message went, to whom in masked form, and not what."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from casework.channels import Outgoing, Unavailable

log = logging.getLogger("portal.messages")


def masked(address: str) -> str:
    """Return an address of which only the edges can be read: 138****1234, l***@example.org."""
    name, at, host = address.partition("@")
    if at:
        return f"{name[:1]}***@{host}"
    return f"{address[:3]}****{address[-4:]}" if len(address) >= 9 else "****"


class LogGateway:
    """Appends to `messages.log` in the folder of logs."""

    def __init__(self, folder: Path, way: str) -> None:
        self.path = folder / "messages.log"
        self.way = way

    def send(self, message: Outgoing) -> str:
        """Write the line; the id is the message's own key."""
        line = f"{self.way} {message.key} to {masked(message.address)}, {len(message.text)} characters\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise Unavailable(type(error).__name__) from error
        return f"log:{message.key}"
