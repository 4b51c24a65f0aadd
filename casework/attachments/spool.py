"""Where an upload waits while the request is being read: in memory, then in a nameless file, encrypted.

Web frameworks spool large uploads to a temporary file in plain. This takes its place: the key lives only in this
object, so what a crash or a power cut leaves on the disk is noise.
"""

from __future__ import annotations

import io
import os
import tempfile
from typing import IO, Any

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from casework.attachments import store

_IN_MEMORY = 512 * 1024
_BLOCK = 16


class Spool(io.BufferedIOBase):
    """A file-like object: written once from beginning to end, then read as often as wanted."""

    def __init__(self, in_memory: int = _IN_MEMORY) -> None:
        self._limit = in_memory
        self._file: IO[bytes] = io.BytesIO()
        self._key, self._nonce = os.urandom(32), os.urandom(8)
        self._sealed = False
        self._size = 0
        self._at = 0
        self._writer = self._reader = self._stream(0)

    def _stream(self, position: int) -> CipherContext:
        """Return the key stream from a byte position on (counter mode: any place can be reached)."""
        counter = self._nonce + (position // _BLOCK).to_bytes(8, "big")
        context = Cipher(algorithms.AES(self._key), modes.CTR(counter)).encryptor()
        context.update(bytes(position % _BLOCK))
        return context

    def readable(self) -> bool:
        """Return True."""
        return True

    def writable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: Any, /) -> int:
        """Add bytes at the end. Raise ValueError after somebody went back: there is only one pass of writing."""
        if self._at != self._size:
            raise ValueError("a spool is written from beginning to end")
        plain = bytes(data)
        if not self._sealed and self._size + len(plain) > self._limit:
            self._move_to_disk()
        self._file.seek(self._size)
        self._file.write(self._writer.update(plain) if self._sealed else plain)
        self._size += len(plain)
        self._at = self._size
        return len(plain)

    def _move_to_disk(self) -> None:
        held = self._file
        self._file = tempfile.TemporaryFile(dir=store.root())  # noqa: SIM115 - closed by close()
        held.seek(0)
        self._file.write(self._writer.update(held.read()))
        held.close()
        self._sealed = True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return at most `size` bytes (all of the rest for None or -1), none at the end."""
        wanted = self._size - self._at if size is None or size < 0 else min(size, self._size - self._at)
        self._file.seek(self._at)
        stored = self._file.read(wanted)
        plain = self._reader.update(stored) if self._sealed else stored
        self._at += len(plain)
        return plain

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a position; return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, min(start + offset, self._size))
        self._reader = self._stream(self._at)
        return self._at

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def close(self) -> None:
        """Forget everything."""
        self._file.close()
        super().close()
