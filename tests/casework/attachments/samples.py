"""Files made for the tests: real ones of every type, with a canary wherever a description can be written."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from io import BytesIO

from mutagen.apev2 import APEv2
from mutagen.id3 import APIC, COMM, ID3, TIT2
from PIL import Image
from PIL.PngImagePlugin import PngInfo

CANARY = "Canary-31.2304N-121.4737E"
NOW = datetime(2026, 11, 23, 2, 26, tzinfo=UTC)

_GPS = 0x8825
_EXIF = 0x8769


def picture(width: int = 64, height: int = 48) -> Image.Image:
    """A picture whose four corners differ: top left red, top right green, bottom left blue, bottom right white."""
    image = Image.new("RGB", (width, height), "white")
    half, middle = width // 2, height // 2
    for colour, place in (("red", (0, 0)), ("green", (half, 0)), ("blue", (0, middle))):
        image.paste(colour, (*place, place[0] + half, place[1] + middle))
    return image


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of a picture in a format of Pillow."""
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(image: Image.Image | None = None, **options: object) -> bytes:
    """A plain JPEG."""
    return encoded(image or picture(), "JPEG", **options)


def exif(orientation: int = 1) -> Image.Exif:
    """EXIF with a place, maker notes and comments that carry the canary."""
    found = Image.Exif()
    found[0x0112] = orientation
    found[0x010E] = found[0x010F] = found[0x0131] = found[0x013B] = found[0x8298] = CANARY
    found.get_ifd(_EXIF)[0x927C] = CANARY.encode()
    found.get_ifd(_EXIF)[0x9286] = b"ASCII\0\0\0" + CANARY.encode()
    found.get_ifd(_GPS)[1], found.get_ifd(_GPS)[2] = "N", (31.0, 13.0, 49.44)
    found.get_ifd(_GPS)[0x1B] = CANARY.encode()
    return found


XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:title>{CANARY}</dc:title></x:xmpmeta>'.encode()


def described_jpeg() -> bytes:
    """A JPEG with EXIF, XMP, IPTC, an ICC profile, a thumbnail, a comment, and a tail."""
    data = encoded(picture(), "JPEG", exif=exif(), xmp=XMP, icc_profile=CANARY.encode() * 8, comment=CANARY.encode())
    resource = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\x1d" + CANARY.encode()
    iptc = b"\xff\xed" + (len(resource) + 2).to_bytes(2, "big") + resource
    thumbnail = b"JFXX\0\x10" + CANARY.encode()
    jfxx = b"\xff\xe0" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    return data[:2] + iptc + jfxx + data[2:] + b"MotionPhoto" + CANARY.encode()


def described_png() -> bytes:
    """A PNG with all three kinds of text chunk, EXIF, an ICC profile and a tail."""
    info = PngInfo()
    info.add_text("Comment", CANARY)
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    info.add_text("Location", CANARY, zip=True)
    return encoded(picture(), "PNG", pnginfo=info, exif=exif(), icc_profile=CANARY.encode() * 8) + CANARY.encode()


def described_webp() -> bytes:
    """A WebP with EXIF, XMP and an ICC profile."""
    return encoded(picture(), "WEBP", exif=exif(), xmp=XMP, icc_profile=CANARY.encode() * 8)


def described_heic() -> bytes:
    """A HEIC picture with EXIF and XMP."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    return encoded(picture(128, 96), "HEIF", exif=exif().tobytes(), xmp=XMP)


def mp3(frames: int = 50) -> bytes:
    """Silent MP3 frames: 128 kbit/s, 44.1 kHz, 26 ms each."""
    return (b"\xff\xfb\x90\x00" + bytes(413)) * frames


def described_mp3() -> bytes:
    """An MP3 with ID3v2 (and a picture), APEv2 and ID3v1."""
    held = BytesIO(mp3())
    tags = ID3()
    tags.add(TIT2(encoding=3, text=CANARY))
    tags.add(COMM(encoding=1, lang="chi", desc="", text=CANARY))
    tags.add(APIC(encoding=0, mime="image/jpeg", type=3, desc=CANARY, data=described_jpeg()))
    tags.save(held, v1=2)
    ape = APEv2()
    ape["Place"] = CANARY
    held.seek(0)
    ape.save(held)
    return held.getvalue()


def aac(frames: int = 50) -> bytes:
    """ADTS frames of 64 bytes each."""
    length = 64
    head = bytes((0xFF, 0xF1, 0x50, 0x80 | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | 0x1F, 0xFC))
    return (head + bytes(length - 7)) * frames


def amr(frames: int = 100) -> bytes:
    """Narrow-band AMR at 12.2 kbit/s."""
    return b"#!AMR\n" + (b"\x3c" + bytes(31)) * frames


def wav(seconds: int = 2, *, extra: bytes = b"") -> bytes:
    """A silent WAV, 8 kHz, one byte a sample; `extra` are whole chunks that stand before the sound."""
    body = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8) + extra
    body += b"data" + (8000 * seconds).to_bytes(4, "little") + b"\x80" * 8000 * seconds
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def chunk(name: bytes, content: bytes) -> bytes:
    """A RIFF chunk."""
    return name + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)


def box(kind: bytes, *content: bytes) -> bytes:
    """A box of an MPEG-4 file."""
    body = b"".join(content)
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def _full(kind: bytes, *content: bytes) -> bytes:
    return box(kind, bytes(4), *content)


def _numbers(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in values)


# ES descriptor, decoder configuration (MPEG-4 audio), AAC-LC at 44.1 kHz in two channels.
_AAC_DECODER = _full(b"esds", b"\x03\x19\0\1\0\x04\x11\x40\x15", bytes(11), b"\x05\x02\x12\x10\x06\x01\x02")

TAKEN = 0xDA7E1234
"""The moment of the recording, as it stands in the film: it must not survive."""


def _track(handler: bytes, entry: bytes, offset: int, sizes: list[int]) -> bytes:
    media = {b"vide": _full(b"vmhd", bytes(8)), b"soun": _full(b"smhd", bytes(4))}.get(handler, _full(b"nmhd"))
    table = box(
        b"stbl",
        _full(b"stsd", _numbers(1), entry),
        _full(b"stts", _numbers(1, len(sizes), 1000)),
        _full(b"stsc", _numbers(1, 1, len(sizes), 1)),
        _full(b"stsz", _numbers(0, len(sizes), *sizes)),
        _full(b"stco", _numbers(1, offset)),
    )
    inside = box(b"dinf", _full(b"dref", _numbers(1), box(b"url ", b"\0\0\0\1")))
    return box(
        b"trak",
        _full(b"tkhd", _numbers(TAKEN, TAKEN, 1, 0, 3000), bytes(60)),
        box(
            b"mdia",
            _full(b"mdhd", _numbers(TAKEN, TAKEN, 1000, 3000), b"\x55\xc4\0\0"),
            _full(b"hdlr", bytes(4), handler, bytes(12), CANARY.encode() + b"\0"),
            box(b"minf", media, inside, table),
        ),
        box(b"udta", box(b"name", CANARY.encode())),
    )


PICTURES = b"picture-bytes" * 20
SOUND = b"sound-bytes" * 20


def mp4(*, video: bool = True, tail: bytes = b"", brand: bytes = b"isom") -> bytes:
    """A film of two or three tracks as phones write it: pictures, sound, and a track of places; with descriptions."""
    places = CANARY.encode() * 4
    visual = box(b"avc1", bytes(6), b"\0\1", bytes(16), bytes(18), CANARY.encode()[:31].ljust(32, b"\0"), bytes(4))
    audible = box(
        b"mp4a", bytes(6), b"\0\1", bytes(8), b"\0\1\0\x10", bytes(4), (44100 << 16).to_bytes(4, "big"), _AAC_DECODER
    )
    start = box(b"ftyp", brand, bytes(4), b"mp42isom")

    def moov(at: int) -> bytes:
        tracks = [
            _track(b"soun", audible, at + len(PICTURES), [len(SOUND)]),
            _track(b"meta", box(b"mebx", bytes(8), CANARY.encode()), at + len(PICTURES) + len(SOUND), [len(places)]),
        ]
        if video:
            tracks.insert(0, _track(b"vide", visual, at, [len(PICTURES) // 2] * 2))
        return box(
            b"moov",
            _full(b"mvhd", _numbers(TAKEN, TAKEN, 1000, 3000), bytes(80)),
            *tracks,
            box(b"udta", box(b"\xa9xyz", CANARY.encode()), _full(b"meta", CANARY.encode())),
            _full(b"meta", box(b"keys", CANARY.encode())),
        )

    offset = len(start) + len(moov(0)) + 8
    media = box(b"mdat", PICTURES, SOUND, places, b"hidden " + CANARY.encode())
    return start + moov(offset) + media + box(b"uuid", bytes(16), CANARY.encode()) + tail


def holds_canary(data: bytes) -> bool:
    """Tell whether the canary is in there, in one of the ways text is written into files."""
    core = CANARY[:20]
    return any(core.encode(encoding) in data for encoding in ("ascii", "utf-16-le", "utf-16-be"))


GOOD: dict[str, bytes] = {
    ".jpg": jpeg(),
    ".png": encoded(picture(), "PNG"),
    ".webp": encoded(picture(), "WEBP"),
    ".heic": described_heic(),
    ".pdf": b"%PDF-1.7\n",
    ".mp3": mp3(),
    ".aac": aac(),
    ".wav": wav(),
    ".amr": amr(),
    ".mp4": mp4(),
    ".m4a": mp4(video=False, brand=b"M4A "),
    ".txt": "健身房关门了，预付卡退不了".encode(),
}
"""One file of each type, by its ending."""
