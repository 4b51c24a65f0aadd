"""Ways to reach filers and staff: one small interface, a gateway for each way, and a log where none is configured.

A gateway takes one message and returns the id under which the other side knows it. It is told the same `key` again
after a crash, so that the receiver can drop a repeat.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

EMAIL = "email"
SMS = "sms"
PHONE = "phone"
MAIL = "mail"
PAGE = "page"
WEBHOOK = "webhook"

CARRIED = (EMAIL, SMS)
"""Ways that a gateway serves. By phone and mail people reach the filer; the page waits for its reader."""
OF_STAFF = (EMAIL, SMS, WEBHOOK)
"""Ways by which a member of staff may be reached besides the list in the portal."""


@dataclass(frozen=True)
class Outgoing:
    """One message on its way. `key` stays the same over all attempts."""

    key: str
    address: str
    subject: str
    text: str


class Unavailable(Exception):
    """The gateway cannot take messages at the moment: try again later."""


class Undeliverable(Exception):
    """The gateway will never take this message; `reason` is a short Chinese clause without personal data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Gateway(Protocol):
    """What every way of sending offers."""

    def send(self, message: Outgoing) -> str:
        """Hand over one message; return its id at the receiver. Raises Unavailable or Undeliverable."""


class Options(Protocol):
    """The settings that gateways are made from (the names are those of the portal's settings)."""

    @property
    def smtp_host(self) -> str:
        """Mail server; empty when there is none."""

    @property
    def smtp_port(self) -> int:
        """Its port."""

    @property
    def smtp_user(self) -> str:
        """Account at the mail server."""

    @property
    def smtp_password(self) -> str:
        """Password at the mail server."""

    @property
    def smtp_from(self) -> str:
        """Sender address."""

    @property
    def smtp_tls(self) -> str:
        """starttls, tls or none."""

    @property
    def sms_url(self) -> str:
        """Address of the SMS gateway; empty when there is none."""

    @property
    def sms_token(self) -> str:
        """Bearer token for it."""

    @property
    def sms_sign(self) -> str:
        """Signature before each short message."""

    @property
    def webhook_url(self) -> str:
        """Address of the office's own messenger; empty when there is none."""

    @property
    def webhook_token(self) -> str:
        """Bearer token for it."""

    @property
    def is_production(self) -> bool:
        """True when real people's messages go out."""

    @property
    def logs_dir(self) -> Path:
        """Directory of the demo's message log."""


_gateways: dict[str, Gateway] = {}


def configure(options: Options) -> None:
    """Set up the gateways of this process from the settings.

    Without a mail server or SMS gateway the demo writes a masked line into a log instead; production sends nothing
    and says so on the case, because a line in a log reaches nobody.
    """
    from casework.channels.log import LogGateway
    from casework.channels.mail import MailGateway
    from casework.channels.sms import SmsGateway
    from casework.channels.webhook import WebhookGateway

    found: dict[str, Gateway] = {}
    if not options.is_production:
        found[EMAIL] = LogGateway(options.logs_dir, EMAIL)
        found[SMS] = LogGateway(options.logs_dir, SMS)
        found[WEBHOOK] = LogGateway(options.logs_dir, WEBHOOK)
    if options.smtp_host:
        found[EMAIL] = MailGateway(
            host=options.smtp_host,
            port=options.smtp_port,
            user=options.smtp_user,
            password=options.smtp_password,
            sender=options.smtp_from,
            tls=options.smtp_tls,
        )
    if options.sms_url:
        found[SMS] = SmsGateway(url=options.sms_url, token=options.sms_token, sign=options.sms_sign)
    if options.webhook_url:
        found[WEBHOOK] = WebhookGateway(url=options.webhook_url, token=options.webhook_token)
    install(found)


def install(gateways: dict[str, Gateway]) -> None:
    """Use these gateways, by way (tests put their own here)."""
    _gateways.clear()
    _gateways.update(gateways)


def is_configured(way: str) -> bool:
    """Tell whether this portal has a gateway for a way."""
    return way in _gateways


def gateway(way: str) -> Gateway:
    """Return the gateway of a way. Raises Undeliverable when none is configured."""
    found = _gateways.get(way)
    if found is None:
        raise Undeliverable(f"没有配置{_NAMES.get(way, '短信网关')}")
    return found


_NAMES = {EMAIL: "邮件服务器", SMS: "短信网关", WEBHOOK: "办公平台接口"}
