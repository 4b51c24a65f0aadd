"""From upload to download: cleaning, binding, whose file it is, reveals, and sweeping up."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from casework import attachments
from casework.attachments import inspection, keeping, store
from casework.cleaning.runner import Interrupted
from casework.errors import NotFound, Refused
from models.attachment import CLEAN, SEALED, WAITING, Attachment
from models.base import db, writing
from models.system import Reveal
from tests.casework.attachments import samples
from tests.casework.attachments.rows import World, draft, world
from tests.casework.attachments.samples import NOW


def receive(data: bytes = b"text", name: str = "聊天.txt", **place: int | None) -> Attachment:
    """Take a file in: by a member of staff when `staff_id` is given, else by the filer."""
    by = "citizen" if place.get("staff_id") is None else "staff"
    return attachments.receive(BytesIO(data), name, uploaded_by=by, now=NOW, **place)


def cleaned(row: Attachment) -> Attachment:
    attachments.clean(row.id, NOW)
    db.session.expire_all()
    found = db.session.get(Attachment, row.id)
    assert found is not None
    return found


def stored_names(place: Path) -> set[str]:
    return {path.name for path in place.rglob("*") if path.is_file()}


def test_a_cleaned_picture_is_offered_without_its_place(files: Path) -> None:
    row = cleaned(receive(samples.described_jpeg(), "付款截图.jpg", draft_id=draft()))

    opened = attachments.open_clean(row)
    copy = b"".join(opened.chunks)

    assert row.state == CLEAN
    assert attachments.state_text(row).endswith("，已去除位置信息")
    assert opened.media_type == "image/jpeg"
    assert opened.size == len(copy) == row.clean_size
    assert not samples.holds_canary(copy)
    assert Image.open(BytesIO(copy)).size == (64, 48)


def test_a_copy_of_another_type_has_the_ending_of_that_type(files: Path) -> None:
    row = cleaned(receive(samples.described_heic(), "IMG_0001.HEIC", draft_id=draft()))

    assert 'filename="IMG_0001.jpg"' in attachments.open_clean(row).disposition


def test_original_and_copy_are_both_sealed_on_the_disk(files: Path) -> None:
    row = cleaned(receive(samples.described_jpeg(), "图.jpg", draft_id=draft()))

    assert stored_names(files) == {row.original, row.clean}
    for path in files.rglob("*"):
        if path.is_file():
            assert b"JFIF" not in path.read_bytes()
            assert not samples.holds_canary(path.read_bytes())


def test_a_file_that_cannot_be_cleaned_is_kept_sealed_and_not_offered(files: Path) -> None:
    row = cleaned(receive(b"%PDF-1.7\nbroken", "合同.pdf", draft_id=draft()))

    assert row.state == SEALED
    assert attachments.state_text(row) == "已收到，15 字节，原件已封存：文件打不开，可能已经损坏"
    assert stored_names(files) == {row.original}
    with pytest.raises(NotFound):
        attachments.open_clean(row)


def test_a_file_that_waits_is_not_offered(files: Path) -> None:
    row = receive(samples.jpeg(), "图.jpg", draft_id=draft())

    assert attachments.state_text(row).endswith("，正在检查")
    with pytest.raises(NotFound):
        attachments.open_clean(row)


def test_cleaning_twice_changes_nothing(files: Path) -> None:
    row = cleaned(receive(samples.jpeg(), "图.jpg", draft_id=draft()))
    before = (row.clean, stored_names(files))

    assert (cleaned(row).clean, stored_names(files)) == before


def test_upl_13_a_file_whose_cleaning_was_interrupted_waits_and_leaves_nothing(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = receive(samples.jpeg(), "图.jpg", draft_id=draft())

    def interrupted(*_: object) -> None:
        raise Interrupted

    with monkeypatch.context() as patched:
        patched.setattr(inspection, "clean_apart", interrupted)
        with pytest.raises(Interrupted):
            attachments.clean(row.id, NOW)
    assert row.state == WAITING
    assert stored_names(files) == {row.original}

    assert cleaned(row).state == CLEAN


def test_a_file_removed_while_it_is_cleaned_leaves_no_copy(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft_id = draft()
    row = receive(samples.jpeg(), "图.jpg", draft_id=draft_id)
    real = inspection.clean_apart

    def slow(media_type: str, size: int, chunks: Iterable[bytes], write: object, limit: int) -> object:
        held = list(chunks)
        attachments.remove(row.id, draft_id=draft_id)
        return real(media_type, size, held, write, limit)  # type: ignore[arg-type]

    monkeypatch.setattr(inspection, "clean_apart", slow)
    attachments.clean(row.id, NOW)

    assert stored_names(files) == set()


def test_an_original_that_was_altered_is_not_offered(files: Path) -> None:
    row = receive(samples.jpeg(), "图.jpg", draft_id=draft())
    path = store.path_of(row.original)
    path.write_bytes(path.read_bytes()[:-1])

    assert cleaned(row).reason == "存放的原件被改动过，请联系管理员"


def bind(draft_id: int, filing_id: int, **more: object) -> list[int]:
    with writing() as session:
        return attachments.bind_to_filing(session, draft_id=draft_id, filing_id=filing_id, **more)  # type: ignore[arg-type]


def test_the_files_of_a_draft_belong_to_all_cases_of_its_filing(files: Path) -> None:
    around, draft_id = world(), draft()
    rows = [receive(draft_id=draft_id) for _ in range(3)]

    ids = bind(draft_id, around.complaint.filing_id)

    assert ids == [row.id for row in rows]
    assert attachments.of_draft(draft_id) == []
    assert [row.id for row in attachments.of_case(around.complaint)] == ids
    assert [row.id for row in attachments.of_case(around.report)] == ids
    assert attachments.of_case(around.other) == []


def test_files_given_to_one_case_are_not_in_the_other_one_of_the_filing(files: Path) -> None:
    around, draft_id = world(), draft()
    row = receive(draft_id=draft_id)

    bind(draft_id, around.report.filing_id, case_id=around.report.id)

    assert [found.id for found in attachments.of_case(around.report)] == [row.id]
    assert attachments.of_case(around.complaint) == []
    with pytest.raises(NotFound):
        attachments.one_of_case(around.complaint, row.id)


def test_names_that_an_anonymous_person_chose_are_not_kept(files: Path) -> None:
    around, draft_id = world(), draft()
    receive(samples.jpeg(), "张三的手机照片.JPG", draft_id=draft_id)
    receive(name="李四聊天.txt", draft_id=draft_id)

    bind(draft_id, around.report.filing_id, anonymous=True)

    assert [row.name for row in attachments.of_case(around.report)] == ["附件1.jpg", "附件2.txt"]


def test_a_binding_that_is_rolled_back_leaves_the_files_with_the_draft(files: Path) -> None:
    around, draft_id = world(), draft()
    receive(draft_id=draft_id)

    def register() -> None:
        with writing() as session:
            attachments.bind_to_filing(session, draft_id=draft_id, filing_id=around.complaint.filing_id)
            raise RuntimeError("later step")

    with pytest.raises(RuntimeError, match="later step"):
        register()

    assert len(attachments.of_draft(draft_id)) == 1


def test_an_act_takes_the_files_that_its_own_doer_uploaded(files: Path) -> None:
    around = world()
    mine = receive(staff_id=around.staff_id)
    theirs = receive(staff_id=around.colleague_id)

    with writing() as session:
        attachments.bind_to_event(
            session, [mine.id], case_id=around.complaint.id, event_seq=4, staff_id=around.staff_id
        )

    bound = attachments.one_of_case(around.complaint, mine.id)
    assert (bound.case_id, bound.event_seq) == (around.complaint.id, 4)
    for ids in ([theirs.id], [mine.id], [4711]):
        with pytest.raises(NotFound), writing() as session:
            attachments.bind_to_event(session, ids, case_id=around.other.id, event_seq=1, staff_id=around.staff_id)


def test_a_filer_can_bind_only_what_was_sent_to_the_same_case(files: Path) -> None:
    around = world()
    sent = receive(case_id=around.complaint.id)

    with pytest.raises(NotFound), writing() as session:
        attachments.bind_to_event(session, [sent.id], case_id=around.other.id, event_seq=1, staff_id=None)
    with writing() as session:
        bound = attachments.bind_to_event(session, [sent.id], case_id=around.complaint.id, event_seq=2, staff_id=None)

    assert bound == [sent.id]


def test_one_act_takes_at_most_twenty_files(files: Path) -> None:
    around = world()
    ids = [receive(staff_id=around.staff_id).id for _ in range(21)]

    with pytest.raises(Refused, match="最多 20 个文件"), writing() as session:
        attachments.bind_to_event(session, ids, case_id=around.complaint.id, event_seq=4, staff_id=around.staff_id)


def test_a_file_can_be_removed_only_from_its_own_draft(files: Path) -> None:
    draft_id, other = draft(), draft()
    row = receive(draft_id=draft_id)

    with pytest.raises(NotFound):
        attachments.remove(row.id, draft_id=other)
    assert stored_names(files) == {row.original}
    attachments.remove(row.id, draft_id=draft_id)

    assert stored_names(files) == set()
    assert attachments.of_draft(draft_id) == []


def sealed_in_case(around: World) -> Attachment:
    draft_id = draft()
    row = receive(samples.described_jpeg(), "门口.jpg", draft_id=draft_id)
    bind(draft_id, around.complaint.filing_id)
    return row


def test_who_opens_an_original_is_recorded_before_a_byte_leaves(files: Path) -> None:
    around = world()
    row = sealed_in_case(around)

    opened = attachments.open_original(
        row.id, case=around.complaint, staff_id=around.staff_id, reason="核对拍摄时间", now=NOW
    )

    reveal = db.session.scalars(select(Reveal)).one()
    assert (reveal.case_id, reveal.staff_id, reveal.at) == (around.complaint.id, around.staff_id, NOW)
    assert reveal.reason == "核对拍摄时间"
    assert b"".join(opened.chunks) == samples.described_jpeg()


@pytest.mark.parametrize("reason", ["", "   ", "长" * 201])
def test_an_original_is_not_opened_without_a_fitting_reason(files: Path, reason: str) -> None:
    around = world()
    row = sealed_in_case(around)

    with pytest.raises(Refused):
        attachments.open_original(row.id, case=around.complaint, staff_id=around.staff_id, reason=reason, now=NOW)

    assert db.session.scalars(select(Reveal)).all() == []


def test_upl_11_another_cases_original_is_as_if_it_were_not_there(files: Path) -> None:
    around = world()
    row = sealed_in_case(around)

    for attachment_id in (row.id, 4711):
        with pytest.raises(NotFound) as answer:
            attachments.open_original(
                attachment_id, case=around.other, staff_id=around.staff_id, reason="核对", now=NOW
            )
        assert answer.value.sentence == NotFound().sentence
    assert db.session.scalars(select(Reveal)).all() == []


def age(place: Path, name: str, days: float) -> None:
    moment = (NOW - timedelta(days=days)).timestamp()
    (path,) = place.rglob(name)
    os.utime(path, (moment, moment))


def test_prv_35_files_without_a_row_are_erased_once_they_are_a_day_old(files: Path) -> None:
    kept = receive(draft_id=draft())
    strays = [store.Writer() for _ in range(2)]
    old, young = (writer.close() for writer in strays)
    broken = store.Writer()
    broken.write(b"x")
    for name, days in ((kept.original, 3), (old, 2), (young, 0.5), (f"{broken.name}.part", 2)):
        age(files, name, days)

    found = attachments.sweep_strays(NOW)

    assert (found.files, found.loose, found.missing) == (2, 0, ())
    assert stored_names(files) == {kept.original, young}
    broken.abandon()


def test_prv_35_a_row_whose_file_is_gone_is_reported_and_kept(files: Path) -> None:
    row = receive(draft_id=draft())
    store.erase(row.original)

    assert attachments.sweep_strays(NOW).missing == (row.id,)
    assert db.session.get(Attachment, row.id) is not None


def test_uploads_that_no_act_took_are_erased_after_a_week(files: Path) -> None:
    around = world()
    receive(staff_id=around.staff_id)
    sealed_in_case(around)

    assert attachments.sweep_strays(NOW + keeping.LOOSE_FOR - timedelta(seconds=1)).loose == 0
    assert attachments.sweep_strays(NOW + keeping.LOOSE_FOR).loose == 1
    assert len(stored_names(files)) == 1
