"""People's secrets: encrypted columns, blind indexes for exact search, and the files that hold the keys.

The keys live in `DATA_DIR/keys` (0600), apart from the database: who steals the database alone reads nothing.
A stored value is `algorithm · key number · nonce · ciphertext and tag`; the table and column are bound in as
associated data, so that a value moved to another column does not decrypt.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

AES_GCM = 1
SM4_GCM = 2
_NONCE = 12
_TAG = 16


class KeyFileWrong(RuntimeError):
    """The key files are missing, unreadable or do not belong to this database; the portal must not start."""


class Unreadable(ValueError):
    """A stored value does not decrypt: it was altered, moved, or written with another key."""


@dataclass(frozen=True)
class KeyRing:
    """The keys of one installation. `fields` maps a key number (1–255) to 32 bytes; `current` writes."""

    fields: dict[int, bytes]
    current: int
    blind: bytes
    codes: bytes
    web: bytes
    algorithm: int = AES_GCM

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        """Encrypt `plain`; it can be opened only with the same `bound_to`."""
        nonce = os.urandom(_NONCE)
        key, aad = self.fields[self.current], bound_to.encode()
        body = (
            AESGCM(key).encrypt(nonce, plain, aad) if self.algorithm == AES_GCM else _sm4_seal(key, nonce, plain, aad)
        )
        return bytes((self.algorithm, self.current)) + nonce + body

    def open(self, stored: bytes, bound_to: str) -> bytes:
        """Decrypt what `seal` returned. Raise Unreadable if it was altered, moved, or the key is gone."""
        if len(stored) < 2 + _NONCE + _TAG:
            raise Unreadable("too short")
        algorithm, number = stored[0], stored[1]
        nonce, body = stored[2 : 2 + _NONCE], stored[2 + _NONCE :]
        key = self.fields.get(number)
        if key is None:
            raise Unreadable(f"key {number} is not in the ring")
        try:
            if algorithm == AES_GCM:
                return AESGCM(key).decrypt(nonce, body, bound_to.encode())
            if algorithm == SM4_GCM:
                return _sm4_open(key, nonce, body, bound_to.encode())
        except InvalidTag as error:
            raise Unreadable("altered or moved") from error
        raise Unreadable(f"unknown algorithm {algorithm}")

    def index(self, text: str, bound_to: str) -> bytes:
        """Return the blind index of a normalised value: equal values of one column, equal 16 bytes."""
        return hmac.digest(self.blind, f"{bound_to}\0{text}".encode(), hashlib.sha256)[:16]

    def code_mark(self, number: str, code: str) -> bytes:
        """Return what is stored of a query code: an HMAC that binds it to its case number."""
        return hmac.digest(self.codes, f"{number}\0{code}".encode(), hashlib.sha256)

    def marks(self) -> dict[str, str]:
        """Return a mark of each key that stored data depend on: it tells nothing of the key, but which one it is."""
        named = {f"fields.{number}": key for number, key in self.fields.items()}
        named |= {"blind": self.blind, "codes": self.codes}
        return {
            name: hmac.digest(key, f"mark of {name}".encode(), hashlib.sha256)[:8].hex() for name, key in named.items()
        }

    def derived(self, purpose: str) -> bytes:
        """Return a 32-byte key of the web layer for one purpose (tokens, cookies, form keys)."""
        return hmac.digest(self.web, purpose.encode(), hashlib.sha256)


def _sm4_seal(key: bytes, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
    seal = Cipher(algorithms.SM4(key[:16]), modes.GCM(nonce)).encryptor()
    seal.authenticate_additional_data(aad)
    return seal.update(plain) + seal.finalize() + seal.tag


def _sm4_open(key: bytes, nonce: bytes, body: bytes, aad: bytes) -> bytes:
    opened = Cipher(algorithms.SM4(key[:16]), modes.GCM(nonce, body[-_TAG:])).decryptor()
    opened.authenticate_additional_data(aad)
    return opened.update(body[:-_TAG]) + opened.finalize()


_ring: KeyRing | None = None


def ring() -> KeyRing:
    """Return the installed key ring. Raise KeyFileWrong before `install` was called."""
    if _ring is None:
        raise KeyFileWrong("no keys are loaded")
    return _ring


def install(new: KeyRing) -> None:
    """Make `new` the key ring of this process."""
    global _ring
    _ring = new


def load(folder: Path, algorithm: int = AES_GCM) -> KeyRing:
    """Read the key files of `folder`; create them, readable by the owner alone, on the very first start."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ring_file = folder / "fields.json"
    if not ring_file.exists():
        first = base64.b64encode(secrets.token_bytes(32)).decode()
        _create(ring_file, json.dumps({"current": 1, "keys": {"1": first}}))
    for name in ("blind", "codes", "web"):
        if not (folder / f"{name}.key").exists():
            _create(folder / f"{name}.key", base64.b64encode(secrets.token_bytes(32)).decode())
    try:
        data = json.loads(ring_file.read_text())
        fields = {int(number): base64.b64decode(key) for number, key in data["keys"].items()}
        single = {name: base64.b64decode((folder / f"{name}.key").read_text()) for name in ("blind", "codes", "web")}
        found = KeyRing(fields=fields, current=int(data["current"]), algorithm=algorithm, **single)
        if found.current not in fields or any(len(key) != 32 for key in (*fields.values(), *single.values())):
            raise KeyFileWrong(f"the key files in {folder} are damaged")
    except (OSError, ValueError, KeyError) as error:
        raise KeyFileWrong(f"the key files in {folder} cannot be read") from error
    return found


def _create(path: Path, text: str) -> None:
    """Write a new file for the owner alone; when two processes start at once, the first one's stays."""
    scratch = path.with_suffix(f".{os.getpid()}.new")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(scratch, path)
    except FileExistsError:
        pass
    finally:
        scratch.unlink()


class Secret(TypeDecorator[str]):
    """A text column that is encrypted in the database. `bound_to` is "table.column"."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, bound_to: str) -> None:
        super().__init__()
        self.bound_to = bound_to

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Return the ciphertext."""
        return None if value is None else ring().seal(value.encode(), self.bound_to)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Return the plain text; raise Unreadable if the value was tampered with."""
        return None if value is None else ring().open(bytes(value), self.bound_to).decode()
