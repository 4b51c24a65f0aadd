"""Files at rest: sealed in chunks, written once, found by a random name. No plain byte ever reaches the disk.

A stored file is `magic · salt · chunk · chunk · …`. Its keys are derived from the key ring and the salt, so each file
has keys of its own; every chunk is sealed together with the file's name, its place and whether it is the last one:
a file that was cut, reordered or put under another name does not open.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import IO

from casework.errors import NotFound
from models.secrets import KeyRing, Unreadable, ring

CHUNK = 1024 * 1024
_MAGIC = b"A15\x01"
_SALT = 16
# What KeyRing.seal adds: algorithm, key number, nonce, tag.
_OVERHEAD = 2 + 12 + 16
_PART = ".part"
_NAME = re.compile(r"[0-9a-f]{32}")
FULL_AT = 0.95
"""Share of the disk from which on nothing is taken any more."""

_root: Path | None = None


def configure(folder: Path) -> None:
    """Set the directory of the sealed files (DATA_DIR/uploads); it is made, for the owner alone, when missing."""
    global _root
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _root = folder


def root() -> Path:
    """Return the directory of the sealed files. Raise RuntimeError before `configure` was called."""
    if _root is None:
        raise RuntimeError("casework.attachments.configure was not called")
    return _root


def path_of(name: str) -> Path:
    """Return where the file of that stored name lies. Raise ValueError for anything that is not such a name."""
    if not _NAME.fullmatch(name):
        raise ValueError("not the name of a stored file")
    return root() / name[:2] / name


def _keys(salt: bytes) -> KeyRing:
    """Return a ring whose keys are of use for one file only."""
    whole = ring()
    own = {number: hmac.digest(key, b"attachment.file\0" + salt, sha256) for number, key in whole.fields.items()}
    return replace(whole, fields=own)


def _bound(name: str, place: int, last: bool) -> str:
    return f"attachment/{name}/{place}/{'last' if last else 'more'}"


class Writer:
    """Seals what is written into a new file, which exists under its name only after `close`."""

    def __init__(self) -> None:
        self.name = secrets.token_hex(16)
        self._target = path_of(self.name)
        self._target.parent.mkdir(exist_ok=True, mode=0o700)
        self._part = self._target.with_name(self.name + _PART)
        self._file: IO[bytes] = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        salt = os.urandom(_SALT)
        self._file.write(_MAGIC + salt)
        self._keys = _keys(salt)
        self._held = bytearray()
        self._place = 0

    def write(self, plain: bytes | memoryview) -> None:
        """Add bytes; whole chunks are sealed and written, the rest is held in memory."""
        self._held += plain
        while len(self._held) > CHUNK:
            self._seal(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]

    def _seal(self, plain: bytes, *, last: bool) -> None:
        self._file.write(self._keys.seal(plain, _bound(self.name, self._place, last)))
        self._place += 1

    def close(self) -> str:
        """Seal the last chunk and return the stored name once the file has safely reached the disk."""
        self._seal(bytes(self._held), last=True)
        self._held.clear()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.rename(self._target)
        for folder in (self._target.parent, root()):
            _sync(folder)
        return self.name

    def abandon(self) -> None:
        """Drop what was written so far, or the finished file when its row could not be written."""
        self._file.close()
        for path in (self._part, self._target):
            path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Make a new directory entry survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(name: str) -> Iterator[bytes]:
    """Yield the plain bytes of a stored file, chunk by chunk; the first one is opened before this returns.

    Raises NotFound when the file is gone, models.secrets.Unreadable when it was altered, cut or moved.
    """
    try:
        file = path_of(name).open("rb")
    except FileNotFoundError as error:
        raise NotFound("这个文件已经不在了") from error
    chunks = _chunks(file, name)
    try:
        first = next(chunks)
    except BaseException:
        file.close()
        raise
    return _from(first, chunks)


def body(name: str) -> bytes:
    """Return the plain bytes of a stored file at once, for one that is small. Raises as `read`."""
    return b"".join(read(name))


def _from(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _chunks(file: IO[bytes], name: str) -> Iterator[bytes]:
    with file:
        head = file.read(len(_MAGIC) + _SALT)
        if len(head) != len(_MAGIC) + _SALT or not head.startswith(_MAGIC):
            raise Unreadable("not a sealed file")
        keys = _keys(head[len(_MAGIC) :])
        place, sealed = 0, file.read(CHUNK + _OVERHEAD)
        while True:
            following = file.read(CHUNK + _OVERHEAD)
            yield keys.open(sealed, _bound(name, place, last=not following))
            if not following:
                return
            place, sealed = place + 1, following


def erase(*names: str | None) -> None:
    """Remove stored files; those that are gone already are no matter."""
    for name in names:
        if name is not None:
            path_of(name).unlink(missing_ok=True)


def stored() -> Iterator[tuple[str, float, bool]]:
    """Yield name, time of last change (seconds since the epoch) and whether it is finished, of every file."""
    for path in root().glob("??/*"):
        name = path.name.removesuffix(_PART)
        if _NAME.fullmatch(name):
            with suppress(FileNotFoundError):
                yield name, path.stat().st_mtime, path.name == name


def erase_part(name: str) -> None:
    """Remove what an interrupted upload left of a file."""
    path = path_of(name)
    path.with_name(path.name + _PART).unlink(missing_ok=True)


def is_full() -> bool:
    """Tell whether the disk has so little left that no more files may be taken."""
    usage = shutil.disk_usage(root())
    return usage.used / usage.total >= FULL_AT
