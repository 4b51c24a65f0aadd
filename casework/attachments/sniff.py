"""What a file is, from its first bytes. What the browser says about the type is not asked."""

from __future__ import annotations

import codecs
from collections.abc import Callable

HEAD = 64 * 1024
"""How many first bytes `sniff` wants to see."""

_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_MP4_BRANDS = frozenset(
    {b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"MSNV", b"mmp4", b"dash"}
    | {b"M4V ", b"M4A ", b"M4B ", b"3gp4", b"3gp5", b"3gp6", b"3gr6", b"3gs6"}
)
_AUDIO_BRANDS = frozenset({b"M4A ", b"M4B "})


def sniff(head: bytes) -> frozenset[str]:
    """Return the keys of POLICY that a file with these first bytes can be; empty when it is none of them.

    Only an MPEG-4 container can be two things: whether it is sound or film, its ending says.
    """
    for recognise in (_by_signature, _by_container, _by_frames, _as_text):
        found = recognise(head)
        if found:
            return frozenset(found)
    return frozenset()


def _by_signature(head: bytes) -> set[str]:
    signatures: tuple[tuple[bytes, str], ...] = (
        (b"\xff\xd8\xff", "jpeg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"%PDF-", "pdf"),
        (b"#!AMR\n", "amr"),
        (b"#!AMR-WB\n", "amr"),
        (b"ID3", "mp3"),
    )
    return {key for signature, key in signatures if head.startswith(signature)}


def _by_container(head: bytes) -> set[str]:
    if head[:4] == b"RIFF":
        return {key for tag, key in ((b"WEBP", "webp"), (b"WAVE", "wav")) if head[8:12] == tag}
    if head[4:8] != b"ftyp":
        return set()
    length = int.from_bytes(head[:4], "big")
    brand = head[8:12]
    brands = {brand, *(head[at : at + 4] for at in range(16, min(length, len(head), 256) - 3, 4))}
    if brand in _HEIC_BRANDS:
        return {"heic"}
    if brand in _AUDIO_BRANDS:
        return {"m4a"}
    return {"mp4", "m4a"} if brands & _MP4_BRANDS and brand != b"qt  " else set()


def _by_frames(head: bytes) -> set[str]:
    if len(head) < 4 or head[0] != 0xFF:
        return set()
    if head[1] & 0xF6 == 0xF0:
        return {"aac"}
    layer_three = head[1] & 0xE6 == 0xE2
    sensible = head[2] >> 4 not in (0, 15) and (head[2] >> 2) & 3 != 3
    return {"mp3"} if layer_three and sensible else set()


# Programs in printable characters, which readers would run: never text, whatever the name says.
_NOT_TEXT = (b"%!PS", b"{\\rtf")


def _as_text(head: bytes) -> set[str]:
    if not head or head.startswith(_NOT_TEXT):
        return set()
    return {"txt"} if text_encoding(head, whole=len(head) < HEAD) else set()


def text_encoding(data: bytes, *, whole: bool) -> str | None:
    """Return the encoding in which `data` is plain text, or None. `whole` is False for a piece that may end mid-way."""
    for name in ("utf-8-sig", "gb18030"):
        try:
            decoded = codecs.getincrementaldecoder(name)().decode(data, final=whole)
        except UnicodeDecodeError:
            continue
        printable = all(char >= " " or char in "\t\n\r\f" for char in decoded)
        return name if printable and "\x7f" not in decoded else None
    return None


def dimensions(head: bytes, key: str) -> tuple[int, int] | None:
    """Return width and height of a picture from its head alone, None when they do not stand there."""
    readers: dict[str, Callable[[bytes], tuple[int, int] | None]] = {"png": _png, "jpeg": _jpeg, "webp": _webp}
    return readers[key](head) if key in readers else None


def _png(head: bytes) -> tuple[int, int] | None:
    if head[12:16] != b"IHDR" or len(head) < 24:
        return None
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def _webp(head: bytes) -> tuple[int, int] | None:
    if head[12:16] != b"VP8X" or len(head) < 30:
        return None
    return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1


def _jpeg(head: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(head[at + 7 : at + 9], "big"), int.from_bytes(head[at + 5 : at + 7], "big")
        at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None
