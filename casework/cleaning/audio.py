"""Recordings: only the sound is copied out. Tags, pictures, places, unknown chunks and whatever hangs behind stay."""

from __future__ import annotations

from io import BytesIO

from mutagen import MutagenError
from mutagen.aac import AAC
from mutagen.mp3 import MP3
from mutagen.wave import WAVE

from casework.cleaning.verdict import BROKEN, Bytes, Copy, Uncleanable

# MPEG-1 and MPEG-2 layer III: kbit/s by the four bits of the header, and samples a second by its two bits.
_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_SAMPLES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_LEAST_FRAMES = 2

_AMR_NARROW = {0: 13, 1: 14, 2: 16, 3: 18, 4: 20, 5: 21, 6: 27, 7: 32, 8: 6, 15: 1}
_AMR_WIDE = {0: 18, 1: 24, 2: 33, 3: 37, 4: 41, 5: 47, 6: 51, 7: 59, 8: 61, 9: 6, 14: 1, 15: 1}
_AMR_FRAMES_A_SECOND = 50

_WAV_CHUNKS = (b"fmt ", b"fact", b"data")


def clean_mp3(data: Bytes) -> Copy:
    """Copy the frames of an MP3, one after the other, and nothing between, before or behind them."""
    start = _after_id3(data)
    frames, copied = 0, bytearray()
    at, end = start, len(data)
    while at + 4 <= end:
        length = _mp3_frame(data, at)
        # A header that no second one follows is chance, unless the file ends there.
        if length and at + length <= end and (at + length + 4 > end or _mp3_frame(data, at + length) or frames):
            copied += data[at : at + length]
            frames += 1
            at += length
        elif frames:
            break
        else:
            at += 1
    if frames < _LEAST_FRAMES:
        raise Uncleanable(BROKEN)
    return Copy("audio/mpeg", copied, seconds=_seconds(MP3, copied))


def _after_id3(data: Bytes) -> int:
    """Return where the sound begins behind ID3v2 tags, whose length stands in four bytes of seven bits."""
    at = 0
    while bytes(data[at : at + 3]) == b"ID3" and at + 10 <= len(data):
        length = 0
        for byte in data[at + 6 : at + 10]:
            length = length << 7 | (byte & 0x7F)
        at += 10 + length + (10 if data[at + 5] & 0x10 else 0)
    return at


def _mp3_frame(data: Bytes, at: int) -> int:
    """Return the length of the layer III frame that begins here, 0 when none does."""
    if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] & 0xE6 != 0xE2:
        return 0
    version, rate, sampling = data[at + 1] >> 3 & 3, data[at + 2] >> 4, data[at + 2] >> 2 & 3
    if version == 1 or rate in (0, 15) or sampling == 3:
        return 0
    per_second = _SAMPLES[version][sampling]
    kbit = (_RATES_1 if version == 3 else _RATES_2)[rate]
    slots = 144 if version == 3 else 72
    return slots * kbit * 1000 // per_second + (data[at + 2] >> 1 & 1)


def clean_aac(data: Bytes) -> Copy:
    """Copy the frames of a raw AAC recording (ADTS)."""
    at, frames, copied = _after_id3(data), 0, bytearray()
    while at + 7 <= len(data) and data[at] == 0xFF and data[at + 1] & 0xF6 == 0xF0:
        length = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        if length < 7 or at + length > len(data):
            break
        copied += data[at : at + length]
        frames += 1
        at += length
    if frames < _LEAST_FRAMES:
        raise Uncleanable(BROKEN)
    return Copy("audio/aac", copied, seconds=_seconds(AAC, copied))


def clean_amr(data: Bytes) -> Copy:
    """Copy the frames of an AMR recording, narrow or wide band; each lasts 20 ms."""
    head = bytes(data[:9])
    mark, sizes = (b"#!AMR-WB\n", _AMR_WIDE) if head.startswith(b"#!AMR-WB\n") else (b"#!AMR\n", _AMR_NARROW)
    if not head.startswith(mark):
        raise Uncleanable(BROKEN)
    at, frames, copied = len(mark), 0, bytearray(mark)
    # The upper bit and the lower two are padding and always zero.
    while at < len(data) and not data[at] & 0x83:
        size = sizes.get(data[at] >> 3 & 15)
        if size is None or at + size > len(data):
            break
        copied += data[at : at + size]
        frames += 1
        at += size
    if not frames:
        raise Uncleanable(BROKEN)
    return Copy("audio/amr", copied, seconds=frames // _AMR_FRAMES_A_SECOND)


def clean_wav(data: Bytes) -> Copy:
    """Copy format and sound of a WAV into a new container."""
    if bytes(data[:4]) != b"RIFF" or bytes(data[8:12]) != b"WAVE":
        raise Uncleanable(BROKEN)
    chunks: dict[bytes, Bytes] = {}
    at, end = 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while at + 8 <= end:
        name, length = bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8], "little")
        if name in _WAV_CHUNKS and name not in chunks:
            chunks[name] = data[at + 8 : min(at + 8 + length, end)]
        at += 8 + length + length % 2
    if b"fmt " not in chunks or b"data" not in chunks or not 16 <= len(chunks[b"fmt "]) <= 40:
        raise Uncleanable(BROKEN)
    body = bytearray(b"WAVE")
    for name in _WAV_CHUNKS:
        if name in chunks:
            held = chunks[name][:4] if name == b"fact" else chunks[name]
            body += name + len(held).to_bytes(4, "little")
            body += held
            body += bytes(len(held) % 2)
    copied = b"RIFF" + len(body).to_bytes(4, "little") + body
    return Copy("audio/wav", copied, seconds=_seconds(WAVE, copied))


def _seconds(reader: type[MP3] | type[AAC] | type[WAVE], copied: Bytes) -> int:
    """Let an independent reader open the copy: it must find sound and no tags. Return its length."""
    try:
        found = reader(BytesIO(copied))
    except MutagenError as error:
        raise Uncleanable(BROKEN) from error
    if found.tags:
        raise Uncleanable("录音里的附加信息去不掉")
    return int(getattr(found.info, "length", 0))
