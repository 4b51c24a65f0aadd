"""What runs inside the cleaning process: bind itself, read the file, clean it, answer.

The answer is one line of JSON (type, size, pages, seconds; or reason), then the bytes of the copy.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import resource
import sys
from typing import NoReturn

from casework.cleaning.verdict import BROKEN, TOO_HEAVY, Copy, Uncleanable

CPU_SECONDS = 30
MEMORY = 512 * 1024 * 1024
_OPEN_FILES = 64
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000

PAGES = "application/pdf+pages"
"""Not the type of a file: asks for the pages of a PDF as pictures."""

# Media type → module and function. A module is imported only when a file of its sort comes.
CLEANERS: dict[str, tuple[str, str]] = {
    "image/jpeg": ("images", "clean_jpeg"),
    "image/png": ("images", "clean_png"),
    "image/webp": ("images", "clean_webp"),
    "image/heic": ("images", "clean_heic"),
    "application/pdf": ("pdf", "clean_pdf"),
    "audio/mpeg": ("audio", "clean_mp3"),
    "audio/aac": ("audio", "clean_aac"),
    "audio/wav": ("audio", "clean_wav"),
    "audio/amr": ("audio", "clean_amr"),
    "audio/mp4": ("mpeg4", "clean_m4a"),
    "video/mp4": ("mpeg4", "clean_mp4"),
    "text/plain": ("text", "clean_text"),
    PAGES: ("raster", "pages_as_pictures"),
}


def bind() -> None:
    """Take away what a hostile file could use: time, memory, files, network, core dumps."""
    for what, limit in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        low = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (low, low))
    # A network namespace of its own has no network. Where the system forbids it, the other walls remain: the
    # libraries used here open no connections, and every reference to the outside is cut before anything follows it.
    ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def read_all(size: int) -> memoryview:
    """Read the whole file into memory once; `size` is what was counted when it came in."""
    view, at = memoryview(bytearray(size)), 0
    # Unbuffered: a second copy of a film would not fit.
    source = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115 - closed with the process
    while at < size:
        count = source.readinto(view[at:])
        if not count:
            break
        at += count
    return view[:at]


def clean(media_type: str, data: memoryview) -> Copy:
    """Call the cleaner of a media type. Raise Uncleanable for what cannot be cleaned, whatever the library raised."""
    module, function = CLEANERS[media_type]
    try:
        copy = getattr(importlib.import_module(f"casework.cleaning.{module}"), function)(data)
    except Uncleanable:
        raise
    except (MemoryError, RecursionError) as error:
        raise Uncleanable(TOO_HEAVY) from error
    except Exception as error:
        # The libraries document no closed set of exceptions for hostile input.
        raise Uncleanable(BROKEN) from error
    if not isinstance(copy, Copy):
        raise Uncleanable(BROKEN)
    return copy


def answer(header: dict[str, object], data: bytes | bytearray | memoryview = b"") -> None:
    """Write the answer to the pipe."""
    out = sys.stdout.buffer
    out.write(json.dumps(header).encode() + b"\n")
    out.write(data)
    out.flush()


def main(arguments: list[str]) -> NoReturn:
    """Clean what comes in on standard input: `media type`, `size in bytes`."""
    bind()
    media_type, size = arguments[0], int(arguments[1])
    try:
        copy = clean(media_type, read_all(size))
    except Uncleanable as error:
        answer({"reason": error.reason})
    else:
        size = len(copy.data)
        answer({"type": copy.media_type, "size": size, "pages": copy.pages, "seconds": copy.seconds}, copy.data)
    sys.exit(0)
