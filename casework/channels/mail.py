"""Mail by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import EmailMessage

from casework.channels import Outgoing, Unavailable, Undeliverable

PATIENCE = 15
"""Seconds to wait for the server: a dead one costs a worker no longer than this."""


@dataclass(frozen=True)
class MailGateway:
    """One mail server. `tls` is starttls, tls or none."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender: str
    tls: str

    def send(self, message: Outgoing) -> str:
        """Hand over one mail. Its Message-ID follows from the key: a repeat after a crash is the same mail."""
        mail, known_as = self._mail(message)
        try:
            with self._connect() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if codes and all(code >= 500 for code in codes):
                raise Undeliverable("对方邮箱不存在或拒收") from error
            raise Unavailable(type(error).__name__) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(type(error).__name__) from error
        return known_as

    def _mail(self, message: Outgoing) -> tuple[EmailMessage, str]:
        known_as = f"<{message.key}@{self.sender.rpartition('@')[2]}>"
        mail = EmailMessage()
        try:
            mail["From"] = self.sender
            mail["To"] = message.address
            mail["Subject"] = message.subject
            mail["Message-ID"] = known_as
            mail["Auto-Submitted"] = "auto-generated"
        except (ValueError, MessageError) as error:
            # The header classes refuse line breaks, so that an address can add no header of its own.
            raise Undeliverable("电子邮件地址写得不对") from error
        mail.set_content(message.text)
        return mail, known_as

    def _connect(self) -> smtplib.SMTP:
        secure = ssl.create_default_context()
        server: smtplib.SMTP
        if self.tls == "tls":
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=secure)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=PATIENCE)
        try:
            if self.tls == "starttls":
                server.starttls(context=secure)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server
