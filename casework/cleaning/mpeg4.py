"""MPEG-4 sound and film: emptied in place, so that nothing moves and every offset in the file stays true.

Boxes that carry descriptions (place, device, author, times, pictures) become empty space of the same length. Of the
media bytes only those that a picture or sound track refers to are left; other tracks, such as those in which phones
note where they are, go together with their bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO

from mutagen import MutagenError
from mutagen.mp4 import MP4

from casework.cleaning.verdict import BROKEN, Bytes, Copy, Uncleanable

_KEPT_TOP = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"})
# What a player needs; every other box inside these containers is emptied.
_KEPT: dict[bytes, frozenset[bytes]] = {
    b"moov": frozenset({b"mvhd", b"trak", b"iods"}),
    b"trak": frozenset({b"tkhd", b"edts", b"mdia", b"tapt"}),
    b"edts": frozenset({b"elst"}),
    b"mdia": frozenset({b"mdhd", b"hdlr", b"minf"}),
    b"minf": frozenset({b"vmhd", b"smhd", b"dinf", b"stbl"}),
    b"dinf": frozenset({b"dref"}),
    b"stbl": frozenset(
        {b"stsd", b"stts", b"ctts", b"cslg", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"stss", b"sdtp"}
        | {b"sbgp", b"sgpd", b"stps"}
    ),
}
_FRAGMENTED = frozenset({b"moof", b"mvex", b"sidx"})
# How pictures and sound may be coded; in each description only what a decoder needs stays.
_CODED = {
    b"vide": frozenset({b"avc1", b"avc3", b"hvc1", b"hev1", b"mp4v", b"s263", b"av01", b"vp09", b"dvh1", b"dvhe"}),
    b"soun": frozenset({b"mp4a", b"samr", b"sawb", b"ac-3", b"ec-3", b"alac", b"Opus", b"fLaC", b".mp3"}),
}
_DECODER = frozenset(
    {b"avcC", b"hvcC", b"av1C", b"vpcC", b"dvcC", b"dvvC", b"d263", b"esds", b"damr", b"dac3", b"dec3", b"alac"}
    | {b"dOps", b"dfLa", b"btrt", b"colr", b"pasp", b"clap", b"fiel"}
)
# Where the boxes of a description begin: behind the fixed part.
_FIXED_PART = {b"vide": 78, b"soun": 28}
_TIMED = frozenset({b"mvhd", b"tkhd", b"mdhd"})
_MAX_SAMPLES = 5_000_000
_PIECE = 1024 * 1024
_A_YEAR = 366 * 24 * 3600


@dataclass(frozen=True)
class Box:
    """One box: its type, where it begins, where its content begins, where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


def clean_mp4(data: Bytes) -> Copy:
    """Empty a film of everything but pictures and sound."""
    return _emptied(data, "video/mp4", {b"vide", b"soun"})


def clean_m4a(data: Bytes) -> Copy:
    """Empty a recording of everything but sound; a cover picture kept as a track goes as well."""
    return _emptied(data, "audio/mp4", {b"soun"})


def boxes(data: Bytes, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes that lie between two places. Raise Uncleanable where they do not fit into each other."""
    at = start
    while at < end:
        if end - at < 8:
            raise Uncleanable(BROKEN)
        length, kind, body = int.from_bytes(data[at : at + 4], "big"), bytes(data[at + 4 : at + 8]), at + 8
        if length == 1:
            length, body = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        elif length == 0:
            length = end - at
        if length < body - at or at + length > end:
            raise Uncleanable(BROKEN)
        yield Box(kind, at, body, at + length)
        at += length


def _emptied(data: Bytes, media_type: str, sorts: set[bytes]) -> Copy:
    held = data if isinstance(data, memoryview) and not data.readonly else memoryview(bytearray(data))
    top = list(_whole(held, 0, len(held)))
    if any(box.kind in _FRAGMENTED for box in top):
        raise Uncleanable("视频是分段格式，附加信息去不掉，请另存为普通 MP4 再传一份")
    films = [box for box in top if box.kind == b"moov"]
    if len(films) != 1 or not any(box.kind == b"mdat" for box in top):
        raise Uncleanable(BROKEN)
    needed: list[tuple[int, int]] = []
    for track in [box for box in boxes(held, films[0].body, films[0].end) if box.kind == b"trak"]:
        sort = _sort(held, track)
        if sort in sorts:
            needed += _samples(held, track)
            _undescribe(held, track, sort)
        else:
            _empty(held, track)
    if not needed:
        raise Uncleanable(BROKEN)
    _prune(held, films[0])
    _wipe_unused(held, [box for box in top if box.kind == b"mdat"], needed)
    for box in top:
        if box.kind not in _KEPT_TOP or box.kind in (b"free", b"skip", b"wide"):
            _empty(held, box)
    whole = held[: top[-1].end]
    return Copy(media_type, whole, seconds=_seconds(held, top[0], films[0]))


def _whole(data: memoryview, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two places; erase what hangs behind the last whole one."""
    at = start
    try:
        for box in boxes(data, start, end):
            at = box.end
            yield box
    except Uncleanable:
        _zero(data, at, end)


def _zero(data: memoryview, start: int, end: int) -> None:
    """Erase a stretch piece by piece: as many zeros as a film has bytes would not fit beside it."""
    for at in range(start, end, _PIECE):
        until = min(at + _PIECE, end)
        data[at:until] = bytes(until - at)


def _empty(data: memoryview, box: Box) -> None:
    """Turn a box into empty space of the same length."""
    data[box.start + 4 : box.start + 8] = b"free"
    _zero(data, box.body, box.end)


def _prune(data: memoryview, box: Box) -> None:
    """Empty every box inside that is not needed for playing, and what is told beside the needed ones."""
    for inner in list(boxes(data, box.body, box.end)):
        if inner.kind == b"free" or inner.kind not in _KEPT[box.kind]:
            _empty(data, inner)
        elif inner.kind in _KEPT:
            _prune(data, inner)
        elif inner.kind in _TIMED:
            # Created and changed, in 4 or 8 bytes each by the version.
            width = 8 if data[inner.body] == 1 else 4
            data[inner.body + 4 : inner.body + 4 + 2 * width] = bytes(2 * width)
        elif inner.kind == b"hdlr":
            # The name of the handler often names the device; a closing zero must stay.
            data[inner.body + 24 : inner.end] = bytes(inner.end - inner.body - 24)
        elif inner.kind == b"dref":
            _close_in(data, inner)


def _close_in(data: memoryview, box: Box) -> None:
    """Media must lie in this file: a reference to another place is never followed, and not handed on."""
    for entry in boxes(data, box.body + 8, box.end):
        if entry.end - entry.body < 4 or not data[entry.body + 3] & 1:
            raise Uncleanable("视频引用了别处的内容")
        data[entry.body + 4 : entry.end] = bytes(entry.end - entry.body - 4)


def _undescribe(data: memoryview, track: Box, sort: bytes) -> None:
    """Leave of the description of a track's coding what a decoder needs; blank the name of the encoder."""
    table = _inside(data, track, b"mdia", b"minf", b"stbl", b"stsd")
    for entry in boxes(data, table.body + 8, table.end):
        fixed = entry.body + _FIXED_PART[sort]
        if entry.kind not in _CODED[sort] or fixed > entry.end:
            raise Uncleanable("编码方式不常见，检查不了")
        if sort == b"vide":
            # 32 bytes, 42 into the entry.
            data[entry.body + 42 : entry.body + 74] = bytes(32)
        for inner in list(_whole(data, fixed, entry.end)):
            if inner.kind not in _DECODER:
                _empty(data, inner)


def _inside(data: memoryview, box: Box, *path: bytes) -> Box:
    """Return the box reached by a path of types."""
    for kind in path:
        found = next((inner for inner in boxes(data, box.body, box.end) if inner.kind == kind), None)
        if found is None:
            raise Uncleanable(BROKEN)
        box = found
    return box


def _sort(data: memoryview, track: Box) -> bytes:
    handler = _inside(data, track, b"mdia", b"hdlr")
    return bytes(data[handler.body + 8 : handler.body + 12])


def _table(data: memoryview, box: Box, at: int, width: int) -> list[int]:
    """Return the numbers of a table from a place in the box's content on; their count stands just before."""
    count = int.from_bytes(data[box.body + at - 4 : box.body + at], "big")
    if count > _MAX_SAMPLES or box.body + at + count * width > box.end:
        raise Uncleanable(BROKEN)
    start = box.body + at
    return [int.from_bytes(data[place : place + width], "big") for place in range(start, start + count * width, width)]


def _samples(data: memoryview, track: Box) -> list[tuple[int, int]]:
    """Return the places in the file that a track plays, chunk by chunk."""
    tables = {box.kind: box for box in _children(data, _inside(data, track, b"mdia", b"minf", b"stbl"))}
    if b"stsz" not in tables or b"stsc" not in tables or not {b"stco", b"co64"} & tables.keys():
        raise Uncleanable(BROKEN)
    offsets = _table(data, tables[b"stco"], 8, 4) if b"stco" in tables else _table(data, tables[b"co64"], 8, 8)
    sizes = tables[b"stsz"]
    fixed = int.from_bytes(data[sizes.body + 4 : sizes.body + 8], "big")
    count = int.from_bytes(data[sizes.body + 8 : sizes.body + 12], "big")
    if count > _MAX_SAMPLES:
        raise Uncleanable(BROKEN)
    each = [fixed] * count if fixed else _table(data, sizes, 12, 4)
    runs = _runs(data, tables[b"stsc"], len(offsets))
    places, sample = [], 0
    for offset, number in zip(offsets, runs, strict=True):
        length = sum(each[sample : sample + number])
        if offset + length > len(data):
            raise Uncleanable(BROKEN)
        places.append((offset, offset + length))
        sample += number
    if sample < count:
        raise Uncleanable(BROKEN)
    return places


def _children(data: memoryview, box: Box) -> list[Box]:
    return list(boxes(data, box.body, box.end))


def _runs(data: memoryview, box: Box, chunks: int) -> list[int]:
    """Return how many samples each chunk holds; the table tells from which chunk on the number changes."""
    count = int.from_bytes(data[box.body + 4 : box.body + 8], "big")
    if box.body + 8 + count * 12 > box.end or not count:
        raise Uncleanable(BROKEN)
    numbers: list[int] = []
    entries = [
        (int.from_bytes(data[at : at + 4], "big"), int.from_bytes(data[at + 4 : at + 8], "big"))
        for at in range(box.body + 8, box.body + 8 + count * 12, 12)
    ]
    for place, (first, number) in enumerate(entries):
        until = entries[place + 1][0] if place + 1 < len(entries) else chunks + 1
        if not 1 <= first <= until <= chunks + 1 or number > _MAX_SAMPLES:
            raise Uncleanable(BROKEN)
        numbers += [number] * (until - first)
    if len(numbers) != chunks:
        raise Uncleanable(BROKEN)
    return numbers


def _wipe_unused(data: memoryview, media: list[Box], needed: list[tuple[int, int]]) -> None:
    """Zero the media bytes that no kept track plays. Raise Uncleanable when a track plays what is no media."""
    needed.sort()
    for start, end in needed:
        if start < end and not any(box.body <= start and end <= box.end for box in media):
            raise Uncleanable(BROKEN)
    for box in media:
        at = box.body
        for start, end in needed:
            if end <= at or start >= box.end:
                continue
            _zero(data, at, start)
            at = end
        _zero(data, at, box.end)


def _seconds(data: memoryview, first: Box, film: Box) -> int:
    """Return the length in whole seconds as the film itself says; an independent reader must find no tags in it."""
    described = bytes(data[first.start : first.end]) + bytes(data[film.start : film.end])
    with suppress(MutagenError):  # it reads only what has sound, coded in a way that it knows
        if MP4(BytesIO(described)).tags:  # type: ignore[no-untyped-call]
            raise Uncleanable("附加信息去不掉")
    head = _inside(data, film, b"mvhd")
    at, width = (head.body + 20, 8) if data[head.body] == 1 else (head.body + 12, 4)
    scale = int.from_bytes(data[at : at + 4], "big")
    length = int.from_bytes(data[at + 4 : at + 4 + width], "big")
    return length // scale if scale and length // scale < _A_YEAR else 0
