"""Our own cleaned pictures in the size that paper needs."""

from __future__ import annotations

from io import BytesIO

from PIL import Image


def shrunk(body: bytes, longest: int, quality: int) -> tuple[bytes, tuple[int, int]]:
    """Return a JPEG of at most `longest` pixels on its longer side, and its size. Raise OSError for no picture."""
    with Image.open(BytesIO(body)) as opened:
        opened.draft("RGB", (longest, longest))
        picture = opened.convert("RGB")
    picture.thumbnail((longest, longest))
    coded = BytesIO()
    picture.save(coded, "JPEG", quality=quality)
    return coded.getvalue(), picture.size
