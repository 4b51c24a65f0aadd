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
        page = _page(rng)
        body, shown = _coded(page, "PNG"), _coded(page, "JPEG")
        found[what] = {
            "draft_id": None,
            "filing_id": None,
            "kind": kind,
            "name": name,
            "media_type": "image/png",
            "size": len(body),
            "sha256": hashlib.sha256(body).digest(),
            "original": _sealed(body),
            "clean": _sealed(shown),
            "clean_type": "image/jpeg",
            "clean_size": len(shown),
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


def _page(rng: Random) -> Image.Image:
    """Draw a page of grey lines with a red circle where a seal would be: nobody can take it for a real paper."""
    page = Image.new("L", _SIZE, 252).convert("RGB")
    pen = ImageDraw.Draw(page)
    pen.rectangle((190, 70, 430, 92), fill=(150, 150, 150))
    for line in range(16):
        top = 140 + line * 36
        pen.rectangle((70, top, 70 + rng.randint(300, 480), top + 9), fill=(190, 190, 190))
    pen.ellipse((400, 700, 530, 830), outline=(190, 60, 60), width=4)
    return page


def _coded(page: Image.Image, kind: str) -> bytes:
    stream = io.BytesIO()
    page.save(stream, kind, optimize=True)
    return stream.getvalue()


def shop() -> bytes:
    """Return a drawing of a shop that is shut, without a word on it."""
    page = Image.new("RGB", (1200, 800), (214, 221, 226))
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 640, 1200, 800), fill=(150, 152, 154))
    pen.rectangle((120, 90, 1080, 640), fill=(196, 178, 156))
    pen.rectangle((160, 120, 1040, 210), fill=(226, 216, 203), outline=(120, 110, 100), width=4)
    for hook in range(220, 1000, 150):
        pen.ellipse((hook, 155, hook + 18, 173), fill=(90, 84, 78))
    for left, right in ((180, 620), (660, 1020)):
        pen.rectangle((left, 240, right, 640), fill=(168, 172, 176))
        for line in range(256, 640, 20):
            pen.line((left, line, right, line), fill=(132, 136, 140), width=4)
    pen.rectangle((350, 350, 470, 500), fill=(250, 250, 248), outline=(110, 110, 110), width=3)
    for line in range(375, 490, 18):
        pen.line((366, line, 454, line), fill=(170, 170, 170), width=4)
    return _coded(page, "PNG")
