"""Pictures: only their pixels survive, drawn anew as a JPEG. Whatever else was in the file stays behind."""

from __future__ import annotations

import warnings
from io import BytesIO

from PIL import Image

from casework.cleaning.verdict import BROKEN, Bytes, Copy, Uncleanable

MAX_PIXELS = 50_000_000
MAX_SIDE = 12_000
SHOWN_SIDE = 2560
"""The longer side of a copy, in pixels."""
STRIP_SIDE = 1280
"""The shorter side of a copy of a strip, such as a long screenshot of a chat: measured by the longer side it could
no longer be read."""
STRIP_RATIO = 2.5
QUALITY = 85
_ORIENTATION = 0x0112
# EXIF orientation → what brings the picture upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def clean_jpeg(data: Bytes) -> Copy:
    """Redraw a JPEG."""
    return _redraw(data, "JPEG")


def clean_png(data: Bytes) -> Copy:
    """Redraw a PNG; of an animated one, the first frame."""
    return _redraw(data, "PNG")


def clean_webp(data: Bytes) -> Copy:
    """Redraw a WebP; of an animated one, the first frame."""
    return _redraw(data, "WEBP")


def clean_heic(data: Bytes) -> Copy:
    """Redraw a HEIC picture as phones take them; of several in one file, the first."""
    import pillow_heif

    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.options.THUMBNAILS = False
    pillow_heif.options.DEPTH_IMAGES = False
    pillow_heif.options.AUX_IMAGES = False
    pillow_heif.register_heif_opener()
    return _redraw(data, "HEIF")


def _redraw(data: Bytes, kind: str) -> Copy:
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = Image.open(BytesIO(data), formats=[kind])
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise Uncleanable(f"图片超过 {MAX_PIXELS // 10_000} 万像素") from error
    width, height = image.size
    if min(width, height) < 1:
        raise Uncleanable(BROKEN)
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise Uncleanable(f"图片有 {width}×{height} 像素，超过了能检查的大小")
    turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1)) if kind != "HEIF" else None
    target = _shown(width, height)
    # A JPEG can be decoded at half or a quarter of its size: less memory for the same result.
    image.draft("RGB", target)
    image.load()
    small = _plain(image, target)
    upright = small.transpose(turn) if turn is not None else small
    # A new picture with the same pixels: `info` of the old one, comments and profiles have no way into it.
    fresh = Image.new("RGB", upright.size)
    fresh.paste(upright)
    out = BytesIO()
    fresh.save(out, "JPEG", quality=QUALITY, optimize=True)
    return Copy("image/jpeg", out.getbuffer(), pages=1)


def _shown(width: int, height: int) -> tuple[int, int]:
    """Return the size of the copy: never larger than the original, strips measured by their shorter side."""
    longer, shorter = max(width, height), min(width, height)
    side, limit = (shorter, STRIP_SIDE) if longer > STRIP_RATIO * shorter else (longer, SHOWN_SIDE)
    if side <= limit:
        return width, height
    return max(1, round(width * limit / side)), max(1, round(height * limit / side))


def _plain(image: Image.Image, target: tuple[int, int]) -> Image.Image:
    """Return the picture in the wanted size, as red, green and blue on white."""
    if image.mode.startswith("I"):
        # 16 bits a pixel: a plain conversion would cut off everything but the darkest part.
        image = image.convert("I").point([value // 256 for value in range(65536)], "L")
    if image.mode == "P" or (image.mode in ("RGB", "L") and "transparency" in image.info):
        image = image.convert("RGBA")
    if image.size != target:
        image = image.resize(target, Image.Resampling.LANCZOS, reducing_gap=2.0)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        over = image.convert("RGBA")
        white = Image.new("RGBA", over.size, "white")
        white.alpha_composite(over)
        return white.convert("RGB")
    return image.convert("RGB")
