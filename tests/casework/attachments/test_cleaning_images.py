"""Pictures: what the copies hold, and what they must not hold (UPL-02, UPL-03, UPL-04, UPL-05)."""

from __future__ import annotations

import struct
import time
import zlib
from io import BytesIO

import pytest
from PIL import Image

from casework.cleaning.runner import Answer, Cleaned, clean_apart
from casework.cleaning.sandbox import MEMORY
from tests.casework.attachments import samples

LIMIT = 20 * 1024 * 1024


def cleaned(media_type: str, data: bytes) -> tuple[Answer, bytes]:
    """What the cleaning process answers, and the copy."""
    copy = bytearray()
    return clean_apart(media_type, len(data), [data], copy.extend, LIMIT), bytes(copy)


def segments(data: bytes) -> list[int]:
    """The markers of a JPEG in order, read without any library; the file must end with its end marker."""
    found, at = [], 2
    assert data[:2] == b"\xff\xd8"
    assert data[-2:] == b"\xff\xd9"
    while data[at + 1] != 0xDA:
        assert data[at] == 0xFF
        found.append(data[at + 1])
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return found


DESCRIBED = {
    "image/jpeg": samples.described_jpeg,
    "image/png": samples.described_png,
    "image/webp": samples.described_webp,
    "image/heic": samples.described_heic,
}


@pytest.mark.parametrize("media_type", DESCRIBED)
def test_upl_04_no_description_survives_in_a_picture(media_type: str) -> None:
    original = DESCRIBED[media_type]()
    assert samples.holds_canary(original), "the sample must carry what the copy may not"

    answer, copy = cleaned(media_type, original)

    assert isinstance(answer, Cleaned)
    assert answer.media_type == "image/jpeg"
    assert not samples.holds_canary(copy)
    # JFIF, tables, frame: no application segment but the first, no comment.
    assert set(segments(copy)) <= {0xE0, 0xDB, 0xC0, 0xC4, 0xDD}
    reopened = Image.open(BytesIO(copy))
    assert not reopened.getexif()
    assert set(reopened.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}


TURNS = {
    1: lambda image: image,
    2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
    4: lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
    # How the camera held the picture, undone by the reader: 6 is stored turned left, shown turned right.
    6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
    7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
    8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
}


@pytest.mark.parametrize("orientation", TURNS)
def test_upl_05_a_turned_picture_stands_upright_after_cleaning(orientation: int) -> None:
    stored = TURNS[orientation](samples.picture(64, 48))

    _, copy = cleaned("image/jpeg", samples.jpeg(stored, exif=samples.exif(orientation), quality=95))

    shown = Image.open(BytesIO(copy))
    assert shown.size == (64, 48)
    corners = {"red": (5, 5), "green": (58, 5), "blue": (5, 42), "white": (58, 42)}
    for colour, place in corners.items():
        wanted = Image.new("RGB", (1, 1), colour).getpixel((0, 0))
        assert all(abs(a - b) < 40 for a, b in zip(shown.getpixel(place), wanted, strict=True)), colour


POLYGLOTS = {
    "gif and script": ("image/jpeg", b"GIF89a/*" + samples.jpeg() + b"*/=alert(1)//", b"alert"),
    "jpeg and zip": ("image/jpeg", samples.jpeg() + b"PK\x03\x04evil.exe", b"PK\x03\x04"),
    "jpeg and html": ("image/jpeg", samples.jpeg(comment=b"<script>alert(1)</script>"), b"<script"),
    "png and php": ("image/png", samples.encoded(samples.picture(), "PNG") + b"<?php system(1);", b"<?php"),
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_upl_02_a_copy_holds_no_second_format(name: str) -> None:
    media_type, original, second = POLYGLOTS[name]

    answer, copy = cleaned(media_type, original)

    assert second in original
    assert second not in copy
    if not isinstance(answer, Cleaned):
        assert copy == b""
        assert answer.reason


def black_png(width: int, height: int) -> bytes:
    """A PNG of any size, small as a file: rows of zeros compress a thousandfold."""

    def part(kind: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    packer, packed = zlib.compressobj(9), bytearray()
    for _ in range(height):
        packed += packer.compress(bytes(1 + width // 8))
    packed += packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", bytes(packed)) + part(b"IEND", b"")


def test_upl_03_a_bomb_of_twenty_thousand_pixels_a_side_is_refused_at_once() -> None:
    bomb = black_png(20_000, 20_000)
    assert len(bomb) < 100_000

    began = time.monotonic()
    answer, copy = cleaned("image/png", bomb)

    assert answer == Answer("图片超过 5000 万像素")
    assert copy == b""
    assert time.monotonic() - began < 5


def test_upl_03_a_picture_may_not_be_longer_than_the_limit_of_one_side() -> None:
    answer, _ = cleaned("image/png", black_png(13_000, 8))

    assert answer == Answer("图片有 13000×8 像素，超过了能检查的大小")


@pytest.mark.parametrize(("media_type", "kind"), [("image/png", "PNG"), ("image/webp", "WEBP")])
def test_upl_03_of_an_animation_only_the_first_frame_is_drawn(media_type: str, kind: str) -> None:
    frames = [Image.new("RGB", (400, 300), (step * 8, 0, 0)) for step in range(30)]
    animation = samples.encoded(frames[0], kind, save_all=True, append_images=frames[1:])

    answer, copy = cleaned(media_type, animation)

    assert isinstance(answer, Cleaned)
    assert getattr(Image.open(BytesIO(copy)), "n_frames", 1) == 1


def test_upl_03_a_hidden_text_that_unpacks_to_a_hundred_megabytes_is_not_unpacked() -> None:
    text = b"Comment\0\0" + zlib.compress(bytes(100 * 1024 * 1024), 9)
    plain = samples.encoded(samples.picture(), "PNG")
    at = plain.index(b"IDAT") - 4
    part = len(text).to_bytes(4, "big") + b"zTXt" + text + zlib.crc32(b"zTXt" + text).to_bytes(4, "big")

    answer, copy = cleaned("image/png", plain[:at] + part + plain[at:])

    assert not isinstance(answer, Cleaned)
    assert copy == b""


def test_upl_03_the_next_file_is_cleaned_after_a_bomb() -> None:
    cleaned("image/png", black_png(20_000, 20_000))

    answer, _ = cleaned("image/jpeg", samples.jpeg())

    assert isinstance(answer, Cleaned)


def test_the_largest_picture_that_is_taken_is_cleaned_within_the_memory_of_the_process() -> None:
    answer, copy = cleaned("image/png", samples.encoded(Image.new("RGB", (8000, 6000), "green"), "PNG"))

    assert MEMORY == 512 * 1024 * 1024
    assert isinstance(answer, Cleaned)
    assert Image.open(BytesIO(copy)).size == (2560, 1920)


def test_a_long_screenshot_stays_readable() -> None:
    _, copy = cleaned("image/png", samples.encoded(Image.new("RGB", (1080, 9000), "white"), "PNG"))

    assert Image.open(BytesIO(copy)).size == (1080, 9000)


def test_sixteen_bits_of_grey_keep_their_brightness() -> None:
    _, copy = cleaned("image/png", samples.encoded(Image.new("I;16", (40, 30), 0x9C00), "PNG"))

    assert Image.open(BytesIO(copy)).getpixel((20, 15)) == pytest.approx((0x9C,) * 3, abs=3)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "L", "CMYK"])
def test_pictures_of_every_mode_become_plain_colours(mode: str) -> None:
    kind, media_type = ("JPEG", "image/jpeg") if mode == "CMYK" else ("PNG", "image/png")

    answer, copy = cleaned(media_type, samples.encoded(samples.picture().convert(mode), kind))

    assert isinstance(answer, Cleaned)
    assert Image.open(BytesIO(copy)).mode == "RGB"


def test_what_is_transparent_becomes_white() -> None:
    clear = Image.new("RGBA", (40, 30), (255, 0, 0, 0))

    _, copy = cleaned("image/png", samples.encoded(clear, "PNG"))

    assert min(Image.open(BytesIO(copy)).getpixel((20, 15))) > 250


def test_upl_14_no_other_format_reaches_its_reader_under_the_name_of_a_picture() -> None:
    for stranger in (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", samples.encoded(samples.picture(), "TIFF")):
        for media_type in ("image/jpeg", "image/png", "image/webp", "image/heic"):
            answer, copy = cleaned(media_type, stranger)
            assert answer == Answer("文件打不开，可能已经损坏")
            assert copy == b""
