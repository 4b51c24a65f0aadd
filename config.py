"""Every setting of the portal: typed, explained, read from the environment once.

`Settings.from_env(os.environ)` is called at the door (app, worker, commands, scripts) and the result is handed
on; nothing else reads the environment. `Settings.described()` is what `flask doctor` prints.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

PROFILES = ("demo", "production")
# A unix socket's path may hold 107 bytes on Linux; longer data directories get their socket elsewhere.
SOCKET_PATH_LIMIT = 100
_HOUR = "([01][0-9]|2[0-3]):[0-5][0-9]"


class SettingsError(ValueError):
    """The environment asks for something the portal cannot or must not do; `problems` says what, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Described:
    """One line of the table that `flask doctor` prints."""

    name: str
    value: str
    default: str
    meaning: str
    changed: bool


def _text(raw: str) -> str:
    return raw.strip()


def _number(raw: str) -> int:
    return int(raw.strip())


def _switch(raw: str) -> bool:
    word = raw.strip().lower()
    if word in {"on", "true", "yes", "1"}:
        return True
    if word in {"off", "false", "no", "0"}:
        return False
    raise ValueError(f"“{raw}” is neither on nor off")


def _directory(raw: str) -> Path:
    return Path(raw.strip()).expanduser().absolute()


def _words(raw: str) -> tuple[str, ...]:
    return tuple(word for word in raw.replace(",", " ").split() if word)


def _database_url(raw: str) -> str:
    """Name psycopg 3 explicitly, whatever short form of a PostgreSQL address was given."""
    url = raw.strip()
    for short in ("postgres://", "postgresql://"):
        if url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    return url


def _base_url(raw: str) -> str:
    return raw.strip().rstrip("/")


def _setting(name: str, default: Any, read: Callable[[str], Any], meaning: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"name": name, "read": read, "meaning": meaning, "secret": secret})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the administrator decides; see the meaning beside each name. Immutable after the start."""

    profile: str = _setting(
        "PROFILE", "demo", _text, "demo, or production: refuses demo accounts, default secrets and plain-HTTP cookies"
    )
    data_dir: Path = _setting(
        "DATA_DIR",
        Path(__file__).resolve().parent / "instance",
        _directory,
        "directory of the database, keys, uploads, documents, fonts and logs; nothing is written elsewhere",
    )
    bind: str = _setting("BIND", "127.0.0.1", _text, "address the web server listens on")
    port: int = _setting("PORT", 8000, _number, "port the web server listens on")
    web_threads: int = _setting("WEB_THREADS", 8, _number, "requests answered at the same time by one web process")
    public_url: str = _setting(
        "PUBLIC_URL",
        "",
        _base_url,
        "address that people type; stands in messages, papers and QR codes (http://127.0.0.1:PORT)",
    )
    database_url: str = _setting(
        "DATABASE_URL",
        "",
        _database_url,
        "database; empty means SQLite in DATA_DIR, postgresql://user@host/name is PostgreSQL",
        secret=True,
    )
    redis_url: str = _setting(
        "REDIS_URL", "", _text, "Redis or Valkey; empty means a private server on a socket in DATA_DIR", secret=True
    )
    rate_limits: bool = _setting("RATE_LIMITS", True, _switch, "on, or off for load tests (refused in production)")
    trusted_proxies: int = _setting(
        "TRUSTED_PROXIES",
        0,
        _number,
        "proxies in front that set X-Forwarded-For and -Proto (0: believe none)",
    )
    trusted_hosts: tuple[str, ...] = _setting(
        "TRUSTED_HOSTS",
        (),
        _words,
        "host names answered, separated by commas (that of PUBLIC_URL and loopback)",
    )
    metrics_from: tuple[str, ...] = _setting(
        "METRICS_FROM",
        ("127.0.0.1", "::1"),
        _words,
        "addresses or networks that may read /metrics",
    )
    smtp_host: str = _setting("SMTP_HOST", "", _text, "mail server; empty means that no mail is sent")
    smtp_port: int = _setting("SMTP_PORT", 587, _number, "port of the mail server")
    smtp_user: str = _setting("SMTP_USER", "", _text, "account at the mail server")
    smtp_password: str = _setting("SMTP_PASSWORD", "", _text, "password at the mail server", secret=True)
    smtp_from: str = _setting("SMTP_FROM", "", _text, "sender address of mails")
    smtp_tls: str = _setting("SMTP_TLS", "starttls", _text, "starttls, tls, or none (loopback only)")
    sms_url: str = _setting(
        "SMS_URL",
        "",
        _text,
        "gateway that takes a POST with phone and text; empty: no short message is sent",
    )
    sms_token: str = _setting("SMS_TOKEN", "", _text, "bearer token for the SMS gateway", secret=True)
    sms_sign: str = _setting("SMS_SIGN", "", _text, "signature before each short message (the short bureau name)")
    webhook_url: str = _setting(
        "WEBHOOK_URL", "", _text, "the office's own messenger: takes a POST with to, subject and text; empty: none"
    )
    webhook_token: str = _setting("WEBHOOK_TOKEN", "", _text, "bearer token for the messenger", secret=True)
    quiet_hours: str = _setting(
        "QUIET_HOURS", "21:00-08:00", _text, "hours in which staff are sent only what is urgent (00:00-00:00: none)"
    )
    digest_at: str = _setting("DIGEST_AT", "08:40", _text, "when each person is sent the list of the day (HH:MM)")
    city_name: str = _setting("CITY_NAME", "临江市", _text, "the city, as it stands in titles")
    bureau_name: str = _setting("BUREAU_NAME", "临江市市场监督管理局", _text, "full name of the bureau, on papers")
    bureau_short: str = _setting("BUREAU_SHORT", "临江市监", _text, "short name of the bureau, in messages")
    document_prefix: str = _setting("DOCUMENT_PREFIX", "临", _text, "opens document numbers (临市监投受…)")
    bureau_phone: str = _setting("BUREAU_PHONE", "12315", _text, "telephone printed on receipts and papers")
    bureau_address: str = _setting("BUREAU_ADDRESS", "临江市滨江大道15号", _text, "postal address printed on papers")
    bureau_postcode: str = _setting("BUREAU_POSTCODE", "300123", _text, "postcode printed on papers")

    def __post_init__(self) -> None:
        """Fill what follows from other settings, then refuse what does not fit together."""
        fill: dict[str, Any] = {
            "public_url": self.public_url or f"http://127.0.0.1:{self.port}",
            "database_url": self.database_url or f"sqlite:///{self.data_dir / 'portal.sqlite3'}",
            "redis_url": self.redis_url or f"unix://{_socket_path(self.data_dir)}",
            "sms_sign": self.sms_sign or self.bureau_short,
        }
        for name, value in fill.items():
            object.__setattr__(self, name, value)
        if not self.trusted_hosts:
            object.__setattr__(self, "trusted_hosts", self._usual_hosts())
        problems = self._problems()
        if problems:
            raise SettingsError(problems)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings from `environ` (the process's own by default); empty variables count as not set.

        Raises SettingsError naming every variable that cannot be used, not only the first.
        """
        source = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        problems: list[str] = []
        for item in fields(cls):
            raw = source.get(item.metadata["name"], "")
            if not raw.strip():
                continue
            try:
                values[item.name] = item.metadata["read"](raw)
            except ValueError as error:
                problems.append(f"{item.metadata['name']}: {error}.")
        if problems:
            raise SettingsError(problems)
        return cls(**values)

    def described(self) -> list[Described]:
        """List every setting with its value (secrets hidden), default and meaning, in the order of this file."""
        lines = []
        for item in fields(self):
            value = getattr(self, item.name)
            shown = _shown(value)
            if item.metadata["secret"] and shown:
                shown = _without_password(shown) if "://" in shown else "(set)"
            changed = value != item.default and item.name not in self._derived_names()
            meta = item.metadata
            lines.append(Described(meta["name"], shown, _shown(item.default), meta["meaning"], changed))
        return lines

    @property
    def is_production(self) -> bool:
        """True when real people's filings are kept here."""
        return self.profile == "production"

    @property
    def secure_cookies(self) -> bool:
        """True when cookies may travel over HTTPS only."""
        return self.public_url.startswith("https://")

    @property
    def is_sqlite(self) -> bool:
        """True when the database is a SQLite file."""
        return self.database_url.startswith("sqlite")

    @property
    def private_redis_socket(self) -> Path:
        """Where the private Redis server of this data directory listens, whether or not it is used."""
        return _socket_path(self.data_dir)

    @property
    def uses_private_redis(self) -> bool:
        """True when no REDIS_URL was given, so that `script/serve` has to start a server."""
        return self.redis_url == f"unix://{self.private_redis_socket}"

    @property
    def keys_dir(self) -> Path:
        """Directory of the key ring (0700, files 0600)."""
        return self.data_dir / "keys"

    @property
    def uploads_dir(self) -> Path:
        """Directory of what citizens and staff attach."""
        return self.data_dir / "uploads"

    @property
    def documents_dir(self) -> Path:
        """Directory of papers as issued."""
        return self.data_dir / "documents"

    @property
    def fonts_dir(self) -> Path:
        """Directory of the fonts for papers."""
        return self.data_dir / "fonts"

    @property
    def logs_dir(self) -> Path:
        """Directory of the logs."""
        return self.data_dir / "logs"

    @property
    def demo_accounts_file(self) -> Path:
        """CSV of the demo accounts: username,password,totp_secret,name,role,unit."""
        return self.data_dir / "demo-accounts.csv"

    def _usual_hosts(self) -> tuple[str, ...]:
        host = urlsplit(self.public_url).hostname or "127.0.0.1"
        return tuple(dict.fromkeys((host, "127.0.0.1", "localhost")))

    def _derived_names(self) -> set[str]:
        """Name the settings that stand at what follows from the others."""
        usual = {
            "public_url": self.public_url == f"http://127.0.0.1:{self.port}",
            "database_url": self.database_url == f"sqlite:///{self.data_dir / 'portal.sqlite3'}",
            "redis_url": self.uses_private_redis,
            "trusted_hosts": self.trusted_hosts == self._usual_hosts(),
            "sms_sign": self.sms_sign == self.bureau_short,
        }
        return {name for name, is_usual in usual.items() if is_usual}

    def _problems(self) -> list[str]:
        found = []
        if self.profile not in PROFILES:
            found.append(f"PROFILE: “{self.profile}” is not one of {', '.join(PROFILES)}.")
        if not 1 <= self.port <= 65535:
            found.append(f"PORT: {self.port} is not between 1 and 65535.")
        if not 1 <= self.web_threads <= 64:
            found.append(f"WEB_THREADS: {self.web_threads} is not between 1 and 64.")
        if self.trusted_proxies < 0:
            found.append("TRUSTED_PROXIES: the number of proxies cannot be negative.")
        if self.smtp_tls not in {"starttls", "tls", "none"}:
            found.append(f"SMTP_TLS: “{self.smtp_tls}” is not one of starttls, tls, none.")
        if self.smtp_host and not self.smtp_from:
            found.append("SMTP_FROM: a mail server is given, but no sender address.")
        if urlsplit(self.public_url).scheme not in {"http", "https"}:
            found.append(f"PUBLIC_URL: “{self.public_url}” does not begin with http:// or https://.")
        if not self.database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
            found.append("DATABASE_URL: only sqlite:/// and postgresql:// addresses are understood.")
        if not self.redis_url.startswith(("unix://", "redis://", "rediss://")):
            found.append("REDIS_URL: only unix://, redis:// and rediss:// addresses are understood.")
        return found + self._notice_problems() + (self._production_problems() if self.is_production else [])

    def _notice_problems(self) -> list[str]:
        found = []
        if not re.fullmatch(f"{_HOUR}-{_HOUR}", self.quiet_hours):
            found.append(f"QUIET_HOURS: “{self.quiet_hours}” is not like 21:00-08:00.")
        if not re.fullmatch(_HOUR, self.digest_at):
            found.append(f"DIGEST_AT: “{self.digest_at}” is not an hour like 08:40.")
        if self.webhook_url and urlsplit(self.webhook_url).scheme not in {"http", "https"}:
            found.append("WEBHOOK_URL: does not begin with http:// or https://.")
        return found

    def _production_problems(self) -> list[str]:
        found = []
        if not self.secure_cookies:
            found.append("PUBLIC_URL: in production it must begin with https://, or cookies would travel in the open.")
        if not self.rate_limits:
            found.append("RATE_LIMITS: may not be off in production.")
        redis = urlsplit(self.redis_url)
        if redis.scheme != "unix" and not redis.password:
            found.append("REDIS_URL: in production a Redis server reached over TCP must ask for a password.")
        if self.smtp_host and self.smtp_tls == "none" and self.smtp_host not in {"127.0.0.1", "localhost", "::1"}:
            found.append("SMTP_TLS: in production mail may leave this machine only over TLS.")
        return found


def _socket_path(data_dir: Path) -> Path:
    """Return where the private Redis listens: in the data directory, or a short private path when that is too long."""
    path = data_dir / "run" / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path
    name = sha256(os.fsencode(data_dir)).hexdigest()[:16]
    base = os.environ.get("XDG_RUNTIME_DIR") or "/tmp"  # noqa: S108 - the directory is made private (0700) and checked
    return Path(base) / f"portal-{os.getuid()}-{name}" / "redis.sock"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    name = f"{parts.username or ''}:…@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit(parts._replace(netloc=name))
