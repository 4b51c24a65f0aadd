"""Names of files: shown to people, sent in a header, never used as a path."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

from casework.attachments.policy import NAME_LENGTH

UNNAMED = "未命名文件"
_PATH = '/\\:*?"<>|'
# Windows opens a device, not a file, under these names.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10))})


def shown_name(raw: str | None) -> str:
    """Return a name that can be shown and saved: NFC, no path, control or direction characters, at most 100 long.

    Only the last part of a path stays; the ending is kept when the name is shortened.
    """
    name = unicodedata.normalize("NFC", raw or "").replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(char for char in name if char not in _PATH and unicodedata.category(char) not in _UNSHOWN)
    kept = " ".join(kept.split()).strip(". ")
    stem, ending = split(kept)
    if stem.lower() in _DEVICES:
        stem = f"{stem}_"
    if not stem:
        stem = UNNAMED
    return stem[: NAME_LENGTH - len(ending)].rstrip(". ") + ending


# Controls, formats (direction marks among them), surrogates, private and unassigned characters, line separators.
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def split(name: str) -> tuple[str, str]:
    """Return stem and ending (with dot, as typed); an ending has at most ten characters and no space."""
    stem, dot, ending = name.rpartition(".")
    if not dot or not ending or len(ending) > 10 or " " in ending:
        return name, ""
    return stem, f".{ending}"


def disposition(name: str) -> str:
    """Return the Content-Disposition that offers a file for saving under its shown name (RFC 6266)."""
    stem, ending = split(shown_name(name))
    plain = "".join(char for char in stem if char.isascii() and (char.isalnum() or char in "-_. ")).strip(". ")
    plain_ending = "".join(char for char in ending if char.isascii() and (char.isalnum() or char == "."))
    fallback = (plain or "file") + plain_ending
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(stem + ending, safe='')}"
