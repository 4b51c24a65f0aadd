"""Sound, film and text: what plays survives, what describes does not; and the walls of the cleaning process."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from mutagen.mp4 import MP4

from casework.cleaning import runner, sandbox
from casework.cleaning.runner import Answer, Cleaned, Interrupted, clean_apart
from casework.cleaning.verdict import Uncleanable
from tests.casework.attachments import samples

LIMIT = 200 * 1024 * 1024
FRAGMENTED = samples.box(b"ftyp", b"isom") + samples.box(b"moov", samples.box(b"mvex")) + samples.box(b"moof")


def cleaned(media_type: str, data: bytes) -> tuple[Answer, bytes]:
    """What the cleaning process answers, and the copy."""
    copy = bytearray()
    return clean_apart(media_type, len(data), [data], copy.extend, LIMIT), bytes(copy)


def listed() -> bytes:
    """A WAV with the chunks in which recorders write who, when and where."""
    return samples.wav(
        extra=samples.chunk(b"LIST", b"INFOIART" + samples.CANARY.encode())
        + samples.chunk(b"bext", samples.CANARY.encode() * 20)
        + samples.chunk(b"id3 ", samples.CANARY.encode())
    )


TAIL = samples.CANARY.encode() + b"PK\x03\x04"
DESCRIBED: dict[str, tuple[str, Callable[[], bytes], bytes, int]] = {
    "mp3": ("audio/mpeg", samples.described_mp3, samples.mp3(), 1),
    "aac": ("audio/aac", lambda: samples.aac() + TAIL, samples.aac(), 1),
    "amr": ("audio/amr", lambda: samples.amr() + b"\xff" + TAIL, samples.amr(), 2),
    "wav": ("audio/wav", lambda: listed() + TAIL, samples.wav(), 2),
}


@pytest.mark.parametrize("kind", DESCRIBED)
def test_upl_04_of_a_recording_only_the_sound_is_copied(kind: str) -> None:
    media_type, original, sound, seconds = DESCRIBED[kind]
    assert samples.holds_canary(original())

    answer, copy = cleaned(media_type, original())

    assert isinstance(answer, Cleaned)
    assert copy == sound
    assert answer.media_type == media_type
    assert answer.seconds == seconds


@pytest.mark.parametrize(("media_type", "video"), [("video/mp4", True), ("audio/mp4", False)])
def test_upl_04_no_place_device_or_time_survives_in_a_film(media_type: str, video: bool) -> None:
    original = samples.mp4(video=video, tail=TAIL)
    assert samples.holds_canary(original)

    answer, copy = cleaned(media_type, original)

    assert isinstance(answer, Cleaned)
    assert not samples.holds_canary(copy)
    assert samples.TAKEN.to_bytes(4, "big") not in copy
    assert b"PK\x03\x04" not in copy
    assert answer.seconds == 3
    assert not MP4(BytesIO(copy)).tags


def test_pictures_and_sound_of_a_film_stay_where_its_tables_say() -> None:
    original = samples.mp4()

    _, copy = cleaned("video/mp4", original)

    assert copy.index(samples.PICTURES) == original.index(samples.PICTURES)
    assert copy.index(samples.SOUND) == original.index(samples.SOUND)


def test_a_recording_loses_the_pictures_that_hide_in_it() -> None:
    _, copy = cleaned("audio/mp4", samples.mp4())

    assert samples.SOUND in copy
    assert b"picture-bytes" not in copy


def test_the_largest_film_that_is_taken_is_cleaned_within_the_memory_of_the_process() -> None:
    whole = samples.mp4()
    unused = samples.box(b"mdat", bytes(LIMIT - len(whole) - 8))

    answer = clean_apart("video/mp4", LIMIT, [whole, unused], lambda piece: None, LIMIT)

    assert isinstance(answer, Cleaned)
    assert answer.size == LIMIT


def test_a_film_in_fragments_is_kept_sealed_with_the_reason() -> None:
    answer, copy = cleaned("video/mp4", FRAGMENTED)

    assert answer == Answer("视频是分段格式，附加信息去不掉，请另存为普通 MP4 再传一份")
    assert copy == b""


def test_a_film_that_points_to_media_elsewhere_is_kept_sealed() -> None:
    inside = samples.box(b"url ", b"\0\0\0\1")
    elsewhere = samples.box(b"url ", b"\0\0\0\0")

    answer, _ = cleaned("video/mp4", samples.mp4().replace(inside, elsewhere))

    assert answer == Answer("视频引用了别处的内容")


@pytest.mark.parametrize("media_type", ["audio/mpeg", "audio/aac", "audio/amr", "audio/wav", "audio/mp4", "video/mp4"])
@pytest.mark.parametrize("data", [bytes(5000), b"\xff" * 5000, bytes(range(256)) * 20], ids=["zeros", "ones", "count"])
def test_noise_is_never_offered_as_a_recording(media_type: str, data: bytes) -> None:
    answer, copy = cleaned(media_type, data)

    assert not isinstance(answer, Cleaned)
    assert copy == b""


def test_no_damage_to_a_film_lets_a_description_through() -> None:
    whole = samples.mp4()
    for at in range(0, whole.index(b"mdat"), 3):
        damaged = bytearray(whole)
        damaged[at] ^= 0x41
        try:
            copy = sandbox.clean("video/mp4", memoryview(damaged))
        except Uncleanable:
            continue
        assert not samples.holds_canary(bytes(copy.data)), at


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_text_becomes_utf_8_with_plain_line_ends(encoding: str) -> None:
    answer, copy = cleaned("text/plain", "预付卡退款\r\n三千六百八十元".encode(encoding))

    assert isinstance(answer, Cleaned)
    assert copy.decode() == "预付卡退款\n三千六百八十元"


def test_text_loses_marks_that_turn_its_direction() -> None:
    _, copy = cleaned("text/plain", "付款\u202e元086,3\u202c".encode())

    assert copy.decode() == "付款元086,3"


def test_bytes_that_are_no_text_stay_sealed() -> None:
    assert cleaned("text/plain", b"abc\x00def") == (Answer("不是纯文本"), b"")
    assert cleaned("text/plain", b"\x80\xff\xfe") == (Answer("不是 UTF-8 或 GBK 编码的文本"), b"")


@pytest.fixture
def sandboxed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the cleaning process run other code behind the same walls."""

    def replace(code: str) -> None:
        begin = (
            "import sys; sys.path.insert(0, sys.argv[1]); from casework.cleaning.sandbox import bind, answer; bind(); "
        )
        monkeypatch.setattr(runner, "_START", begin + code)

    return replace


def test_the_process_cannot_write_a_file(sandboxed: Callable[[str], None], tmp_path: Path) -> None:
    target = tmp_path / "out"
    sandboxed(f"open({str(target)!r}, 'w').write('x' * 10)")

    answer, _ = cleaned("text/plain", b"x")

    assert not isinstance(answer, Cleaned)
    assert not target.exists() or target.read_bytes() == b""


def test_the_process_has_no_environment_no_database_and_no_keys(
    sandboxed: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "secret")
    sandboxed(
        "import os; import casework.cleaning.images, casework.cleaning.pdf; "
        "known = {'sqlalchemy', 'flask', 'models', 'models.secrets'} & set(sys.modules); "
        "answer({'reason': f'{dict(os.environ)} {sorted(known)}'})"
    )

    answer, _ = cleaned("text/plain", b"x")

    assert "secret" not in answer.reason
    assert answer.reason.endswith("[]")


def test_the_process_ends_when_it_asks_for_too_much_memory(sandboxed: Callable[[str], None]) -> None:
    sandboxed("bytearray(600 * 2**20); answer({'type': 'text/plain', 'size': 0})")

    assert cleaned("text/plain", b"x") == (Answer("文件打不开，可能已经损坏"), b"")


def test_a_process_that_does_not_end_is_ended(sandboxed: Callable[[str], None]) -> None:
    sandboxed("sys.stdin.read(); import signal; signal.pause()")

    answer = clean_apart("text/plain", 1, [b"x"], bytearray().extend, LIMIT, wall_seconds=0.5)

    assert answer == Answer("文件太复杂，检查不了")


def test_a_process_killed_from_outside_says_nothing_about_the_file(sandboxed: Callable[[str], None]) -> None:
    sandboxed("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")

    with pytest.raises(Interrupted):
        cleaned("text/plain", b"x")


@pytest.mark.parametrize(
    "lie",
    [
        "{'type': 'text/html', 'size': 4}",
        "{'type': 'text/plain', 'size': 10**12}",
        "{'type': 'text/plain', 'size': -1}",
        "{'type': 'text/plain', 'size': 'many'}",
        "['text/plain']",
    ],
)
def test_the_word_of_the_process_is_not_believed(sandboxed: Callable[[str], None], lie: str) -> None:
    sandboxed(f"answer({lie}, b'evil')")

    answer, copy = cleaned("text/plain", b"x")

    assert not isinstance(answer, Cleaned)
    assert copy == b""


def test_a_copy_that_breaks_off_is_no_copy(sandboxed: Callable[[str], None]) -> None:
    sandboxed("answer({'type': 'text/plain', 'size': 100}, b'only this')")

    answer, _ = cleaned("text/plain", b"x")

    assert answer == Answer("文件打不开，可能已经损坏")
