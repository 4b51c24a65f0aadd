"""Specimen files for the demo city: drawn pages without words, stored once and shown wherever a case needs a paper."""

from __future__ import annotations

import hashlib
import io
from random import Random
from typing import Any

from PIL import Image, ImageDraw

from casework.attachments import store
from models.attachment import CLEAN

PAGES = {
    "record": ("调解记录.png", "paper"),
    "agreement": ("签署件.png", "paper"),
    "report": ("检测报告.png", "paper"),
    "statement": ("撤回说明.png", "paper"),
    "receipt": ("付款截图.png", "evidence"),
}
_SIZE = (620, 877)


def store_all(rng: Random) -> dict[str, dict[str, Any]]:
    """Store each specimen sealed, with its copy for showing; return the columns of an attachment by its name."""
    found: dict[str, dict[str, Any]] = {}
    for what, (name, kind) in PAGES.items():
        body = _page(rng)
        found[what] = {
            "draft_id": None,
            "filing_id": None,
            "kind": kind,
            "name": name,
            "media_type": "image/png",
            "size": len(body),
            "sha256": hashlib.sha256(body).digest(),
            "original": _sealed(body),
            "clean": _sealed(body),
            "clean_type": "image/png",
            "clean_size": len(body),
            "state": CLEAN,
            "reason": None,
            "pages": 1,
            "seconds": None,
        }
    return found


def _sealed(body: bytes) -> str:
    writer = store.Writer()
    writer.write(body)
    return writer.close()


def _page(rng: Random) -> bytes:
    """Draw a page of grey lines with a red circle where a seal would be: nobody can take it for a real paper."""
    page = Image.new("L", _SIZE, 252).convert("RGB")
    pen = ImageDraw.Draw(page)
    pen.rectangle((190, 70, 430, 92), fill=(150, 150, 150))
    for line in range(16):
        top = 140 + line * 36
        pen.rectangle((70, top, 70 + rng.randint(300, 480), top + 9), fill=(190, 190, 190))
    pen.ellipse((400, 700, 530, 830), outline=(190, 60, 60), width=4)
    stream = io.BytesIO()
    page.save(stream, "PNG", optimize=True)
    return stream.getvalue()
