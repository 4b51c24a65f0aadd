"""Taking files in: types, names, sizes, quotas, and that nothing is ever stored in plain (UPL-01, UPL-09, UPL-10)."""

from __future__ import annotations

import threading
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from casework import attachments
from casework.attachments import policy, receiving, sniff, store
from casework.attachments.names import disposition, shown_name
from casework.attachments.policy import POLICY
from casework.errors import NotFound, Refused
from models.attachment import WAITING, Attachment
from models.base import db
from models.task import Task
from tests.casework.attachments import samples
from tests.casework.attachments.rows import draft
from tests.casework.attachments.samples import NOW


def receive(data: bytes, name: str, draft_id: int | None = None) -> Attachment:
    """Take a file in as a citizen sends it."""
    return attachments.receive(
        BytesIO(data), name, draft_id=draft_id, uploaded_by="citizen", field="attachments", now=NOW
    )


def stored_files(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


@pytest.mark.parametrize("ending", samples.GOOD)
def test_a_file_of_every_type_on_the_list_is_taken(files: Path, ending: str) -> None:
    row = receive(samples.GOOD[ending], f"证据{ending}", draft())

    assert row.media_type == policy.BY_EXTENSION[ending].media_type
    assert row.state == WAITING
    assert row.size == len(samples.GOOD[ending])
    assert b"".join(store.read(row.original)) == samples.GOOD[ending]


def test_a_taken_file_waits_for_its_cleaning(files: Path) -> None:
    row = receive(samples.jpeg(), "付款截图.jpg", draft())

    task = db.session.scalars(select(Task)).one()
    assert (task.kind, task.payload) == ("attachment.clean", {"attachment": row.id})


WRONG_PAIRS = [
    (said, real)
    for said in (".jpg", ".png", ".pdf", ".mp3", ".mp4", ".txt", ".heic", ".wav")
    for real in (".jpg", ".png", ".pdf", ".wav", ".amr")
    if said != real and not (said == ".txt" and real == ".pdf")
]


@pytest.mark.parametrize(("said", "real"), WRONG_PAIRS)
def test_upl_01_a_file_that_is_not_what_its_name_says_is_refused(files: Path, said: str, real: str) -> None:
    assert len(WRONG_PAIRS) >= 24

    with pytest.raises(Refused) as refused:
        receive(samples.GOOD[real], f"会员合同{said}")

    label = policy.BY_EXTENSION[real].label
    assert refused.value.sentence == f"“会员合同{said}”其实是 {label}，请把名字的结尾改成“{real}”再上传"
    assert refused.value.field == "attachments"
    assert refused.value.status == 422
    assert stored_files(files) == []


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("会员合同.tiff", b"II*\0rest", "“会员合同.tiff”不是能收的格式，请拍照后上传 JPG，或存成 PDF"),
        ("证据.zip", b"PK\x03\x04rest", "“证据.zip”不是能收的格式，请解压后把里面的文件逐个上传"),
        ("门口.mov", samples.mp4(brand=b"qt  "), "“门口.mov”不是能收的格式，请存成 MP4 后上传"),
        ("合同.docx", b"PK\x03\x04rest", "“合同.docx”不是能收的格式，请存成 PDF 后上传"),
        ("网页.html", b"<html>", "“网页.html”不是能收的格式，请截图后上传 JPG，或存成 PDF"),
        ("图.svg", b"<svg onload='x'>", "“图.svg”不是能收的格式，请截图后上传 JPG，或存成 PDF"),
        ("收据.jpg", b"\0\1\2\3" * 9, "“收据.jpg”里面不是 JPG 图片，请拍照后上传 JPG，或存成 PDF"),
        ("收据.jpg", b"%!PS-Adobe-3.0 EPSF", "“收据.jpg”里面不是 JPG 图片，请拍照后上传 JPG，或存成 PDF"),
        ("收据.jpg", b"", "“收据.jpg”是空的，请重新选一次"),
    ],
)
def test_upl_01_a_refusal_says_what_to_do_instead(files: Path, name: str, data: bytes, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        receive(data, name)

    assert refused.value.sentence == sentence
    assert stored_files(files) == []


@pytest.mark.parametrize("name", ["mmexport1700000000.image", "photo", ""])
def test_a_picture_renamed_by_a_messenger_is_known_by_its_content(files: Path, name: str) -> None:
    assert receive(samples.jpeg(), name, draft()).media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("C:\\Users\\张三\\付款.jpg", "付款.jpg"),
        ("a.php.jpg", "a.php.jpg"),
        ("长" * 300 + ".jpg", "长" * 96 + ".jpg"),
        ("门口😀.jpg", "门口😀.jpg"),
        ("付款\u202egpj.exe.jpg", "付款gpj.exe.jpg"),
        ("CON.jpg", "CON_.jpg"),
        ("one\r\nSet-Cookie: x=1.jpg", "oneSet-Cookie x=1.jpg"),
        ('引"号".jpg', "引号.jpg"),
        ("e\u0301.jpg", "é.jpg"),
        ("..", "未命名文件"),
        ("", "未命名文件"),
        (None, "未命名文件"),
        ("\ud800坏.jpg", "坏.jpg"),
    ],
)
def test_upl_09_a_name_is_shown_without_path_control_or_direction(raw: str | None, shown: str) -> None:
    assert shown_name(raw) == shown


@pytest.mark.parametrize(
    "raw", ["付款截图.jpg", 'a"; filename="evil.exe.jpg', "a\r\nX: y.jpg", "..", "100%.jpg", "; .jpg"]
)
def test_upl_09_the_header_of_any_name_has_exactly_three_parts(raw: str) -> None:
    header = disposition(raw)

    assert header.isascii()
    assert header.isprintable()
    kind, plain, extended = header.split("; ")
    assert kind == "attachment"
    assert plain.startswith('filename="')
    assert plain.count('"') == 2
    assert extended.startswith("filename*=UTF-8''")
    assert '"' not in extended


@pytest.mark.parametrize("raw", ["../../etc/passwd.jpg", "CON.jpg", "\n.jpg", "长" * 300 + ".jpg"])
def test_upl_09_the_place_of_a_file_has_nothing_of_its_name(files: Path, raw: str) -> None:
    row = receive(samples.jpeg(), raw, draft())

    (path,) = stored_files(files)
    assert path.name == row.original
    assert len(row.original) == 32
    assert set(row.original) <= set("0123456789abcdef")
    assert path.parent.parent == files


def test_a_stored_name_can_never_be_a_path(files: Path) -> None:
    for name in ("../../etc/passwd", "..", "", "A" * 32, "0" * 31, "0" * 32 + "\n"):
        with pytest.raises(ValueError, match="not the name"):
            store.path_of(name)


def test_a_file_one_byte_too_large_is_refused_and_leaves_nothing(files: Path) -> None:
    limit = 2 * 1024 * 1024
    assert policy.FAMILIES["text"].max_bytes == limit
    assert receive(b"a" * limit, "聊天.txt", draft()).size == limit
    before = stored_files(files)

    with pytest.raises(Refused, match="“聊天.txt”超过 2 MB，文本每个最多 2 MB，请分成几份上传"):
        receive(b"a" * (limit + 1), "聊天.txt", draft())

    assert stored_files(files) == before


def test_an_endless_upload_is_cut_off_at_the_limit(files: Path) -> None:
    class Endless:
        given = 0

        def read(self, size: int = -1, /) -> bytes:
            self.given += size
            return b"a" * size

    stream = Endless()
    with pytest.raises(Refused):
        attachments.receive(stream, "聊天.txt", uploaded_by="citizen", now=NOW)

    assert stream.given < 4 * 1024 * 1024


def test_a_picture_whose_head_says_that_it_is_huge_is_refused_at_once(files: Path) -> None:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (20_000).to_bytes(4, "big") * 2 + b"\1\0\0\0\0"

    with pytest.raises(Refused, match="“图.png”有 20000×20000 像素"):
        receive(head, "图.png")


def test_a_stream_that_comes_in_small_pieces_is_recognised(files: Path) -> None:
    class Slow(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 7, 7))

    row = attachments.receive(Slow(samples.jpeg()), "图.jpg", draft_id=draft(), uploaded_by="citizen", now=NOW)

    assert b"".join(store.read(row.original)) == samples.jpeg()


def test_the_twenty_first_file_is_refused(files: Path) -> None:
    draft_id = draft()
    for _ in range(20):
        receive(b"text", "聊天.txt", draft_id)
    before = len(stored_files(files))

    with pytest.raises(Refused, match="最多 20 个文件，已经有 20 个，请先移除不需要的"):
        receive(b"text", "聊天.txt", draft_id)

    assert len(stored_files(files)) == before


def test_files_of_one_draft_may_not_be_larger_together_than_the_limit(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "MAX_TOTAL", 1000)
    draft_id = draft()
    receive(b"a" * 600, "聊天.txt", draft_id)

    with pytest.raises(Refused, match="文件加起来最多 1000 字节，已经有 600 字节"):
        receive(b"a" * 401, "聊天.txt", draft_id)

    receive(b"a" * 400, "聊天.txt", draft_id)


def test_upl_10_uploads_at_the_same_time_cannot_pass_the_limit(context: Flask, folder: Path) -> None:
    draft_id = draft()
    for _ in range(17):
        receive(b"text", "聊天.txt", draft_id)
    db.session.remove()
    start, refused = threading.Barrier(8), []

    def upload() -> None:
        with context.app_context():
            start.wait()
            try:
                receive(b"text", "聊天.txt", draft_id)
            except Refused as error:
                refused.append(error)

    threads = [threading.Thread(target=upload) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(attachments.of_draft(draft_id)) == 20
    assert len(refused) == 5
    assert len(stored_files(folder)) == 20


def test_a_file_for_a_draft_that_is_gone_is_not_kept(files: Path) -> None:
    with pytest.raises(NotFound):
        receive(b"text", "聊天.txt", draft_id=4711)

    assert stored_files(files) == []


def test_nothing_is_taken_when_the_disk_is_nearly_full(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FULL_AT", 0.0)

    with pytest.raises(Refused, match="现在收不了文件"):
        receive(samples.jpeg(), "图.jpg")


def test_prv_30_neither_content_nor_name_stands_in_plain_on_the_disk(files: Path) -> None:
    canary = samples.CANARY.encode()
    receive(canary * 50_000, f"{samples.CANARY}.txt", draft())
    db.session.remove()

    database = Path(str(db.engine.url.database)) if db.engine.dialect.name == "sqlite" else None
    places = [*stored_files(files), *([*database.parent.glob(database.name + "*")] if database else [])]
    assert len(places) >= 1
    for path in places:
        assert canary not in path.read_bytes()


def test_prv_31_an_upload_broken_off_half_way_leaves_nothing(files: Path) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 1_000_000:
                raise ConnectionResetError
            return super().read(size)

    with pytest.raises(ConnectionResetError):
        attachments.receive(Broken(b"a" * 1_500_000), "聊天.txt", uploaded_by="citizen", now=NOW)

    assert stored_files(files) == []
    assert db.session.scalars(select(Attachment)).all() == []


def test_a_file_whose_row_cannot_be_written_goes_again(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no database")

    monkeypatch.setattr(receiving, "_write", fail)

    with pytest.raises(RuntimeError, match="no database"):
        receive(samples.jpeg(), "图.jpg")

    assert stored_files(files) == []


def test_the_page_prints_the_limits_that_are_enforced() -> None:
    text = attachments.limits_text()

    for kind in POLICY.values():
        assert kind.label.split()[0] in text or kind.family == "text"
    for family in policy.FAMILIES.values():
        assert attachments.size_text(family.max_bytes) in text
    assert "最多 20 个文件，加起来不超过 200 MB" in text


def test_the_file_input_accepts_every_ending_and_type() -> None:
    accepted = set(attachments.accept().split(","))

    assert {ending for kind in POLICY.values() for ending in kind.extensions} <= accepted
    assert {kind.media_type for kind in POLICY.values()} <= accepted


@pytest.mark.parametrize("ending", samples.GOOD)
def test_a_type_is_recognised_by_its_first_bytes_alone(ending: str) -> None:
    assert policy.BY_EXTENSION[ending].key in sniff.sniff(samples.GOOD[ending][:64])
