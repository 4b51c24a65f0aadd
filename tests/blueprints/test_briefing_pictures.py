"""Pictures of a briefing: cleaned, named for those who do not see them, printed, then unchangeable."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from pypdf import PdfReader
from werkzeug.test import TestResponse

from casework import audit, tasks
from casework.attachments import policy, store
from casework.briefings import editions, pictures
from jobs import pdf, run
from models import Attachment, Briefing, BriefingEdition, BriefingPicture, clock, db
from models.base import writing
from rules import briefing as law
from tests.jobs import papers
from tests.support import desk
from tests.support.desk import Desk, errors_of, soup, text_of

DECEMBER = datetime(2026, 12, 2, 1, tzinfo=UTC)
HERE = "/briefings/2026-11"

# WeasyPrint leaves the file of its colour profile to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014:ResourceWarning")


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    """A city whose briefing of November is being written."""
    found = desk.founded(app)
    found.file()
    with clock.frozen(DECEMBER):
        found.person("city_supervisor").post("/briefings/", {"month": "2026-11"})
        work(found)
        yield found


def work(office: Desk) -> None:
    """Let the workers do what waits."""
    with office.records():
        run.drain(DECEMBER, tasks.QUEUES)


def picture(colour: str = "#a8231b", size: tuple[int, int] = (640, 420)) -> bytes:
    """A photograph that says who took it."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "somebody's telephone"
    Image.new("RGB", size, colour).save(out, "JPEG", exif=exif)
    return out.getvalue()


def send(
    office: Desk, part: str, caption: str, body: bytes | None = None, name: str = "现场.jpg", **more: str
) -> TestResponse:
    """Put a picture into a part as an editor does."""
    fields: dict[str, Any] = {"caption": caption, "file": (io.BytesIO(body or picture()), name), **more}
    return office.person("editor").post(f"{HERE}/parts/{part}/pictures", fields)


def captions(office: Desk, part: str) -> list[str]:
    """The captions of a part in their order, as its page shows them to those who only read."""
    page = soup(office.person("city_leader").get(f"{HERE}?part={part}"))
    return [text_of(one) for one in page.select("#pictures figcaption")]


def issue(office: Desk) -> None:
    """Sign the briefing off."""
    assert office.person("editor").post(f"{HERE}/submit", {}).status_code == 303
    assert office.person("city_leader").post(f"{HERE}/issue", {}).status_code == 303


def issued(office: Desk) -> dict[str, bytes]:
    """Sign the briefing off and have it printed; return its printings."""
    issue(office)
    work(office)
    with office.records():
        return {one.edition: editions.read(one) for one in db.session.query(BriefingEdition)}


def drawn(body: bytes) -> int:
    """How many photographs stand in a PDF."""
    return len({one.name for page in PdfReader(io.BytesIO(body)).pages for one in page.images})


def broken() -> list[str]:
    """What the audit finds about briefings."""
    return [one.what for one in audit.verify(audit.Checked()) if one.rule == "briefing"]


def test_pictures_are_cleaned_shown_and_printed_with_their_captions(office: Desk) -> None:
    """F4, UPL-04: what a picture says about its maker stays behind; the caption stands for it where it is not seen."""
    assert send(office, "overview", "预付卡公示牌").headers["Location"] == f"{HERE}?part=overview#pictures"
    assert "正在检查1张" in office.person("editor").get(f"{HERE}?part=overview").text
    assert office.person("editor").post(f"{HERE}/submit", {}).status_code == 409, "nobody has looked at it yet"
    work(office)
    shown = soup(office.person("editor").get(f"{HERE}?part=overview")).select_one("#pictures img")
    assert shown is not None
    assert shown["alt"] == "预付卡公示牌"
    answer = office.person("editor").get(str(shown["src"]))
    assert answer.mimetype == "image/jpeg"
    assert b"telephone" not in answer.data
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    printed = issued(office)
    for body in (printed[law.FULL], printed[law.PUBLIC]):
        assert "图2　预付卡公示牌" in papers.text_of(body), "the chart is the first figure"
        assert drawn(body) == 1
        assert papers.unembedded(body) == set()
        assert papers.complaints(body) == []


def test_what_is_for_the_bureau_alone_is_not_in_the_public_edition(office: Desk) -> None:
    send(office, "complaints", "约谈现场", picture("#123456"), inside="yes")
    send(office, "complaints", "商品样品", picture("#654321"))
    send(office, "efficiency", "督办会", picture("#111111"))
    work(office)
    printed = issued(office)
    full, public = papers.text_of(printed[law.FULL]), papers.text_of(printed[law.PUBLIC])
    assert [drawn(printed[one]) for one in (law.FULL, law.PUBLIC)] == [3, 1]
    assert all(words in full for words in ("约谈现场", "商品样品", "督办会"))
    assert "商品样品" in public
    assert "约谈现场" not in public
    assert "督办会" not in public
    assert "图2　商品样品" in public, "the figures of each edition are counted through"


def test_pictures_are_named_moved_and_removed_while_the_issue_is_a_draft(office: Desk) -> None:
    editor = office.person("editor")
    for words, colour in (("甲", "#a00000"), ("乙", "#00a000"), ("丙", "#0000a0")):
        send(office, "warnings", words, picture(colour))
    work(office)
    with office.records():
        ids = [one.id for one in db.session.query(BriefingPicture).order_by(BriefingPicture.id)]
    editor.post(f"{HERE}/pictures/{ids[2]}", {"do": "up"})
    editor.post(f"{HERE}/pictures/{ids[2]}", {"do": "up"})
    editor.post(f"{HERE}/pictures/{ids[2]}", {"do": "up"})
    assert editor.post(f"{HERE}/pictures/{ids[0]}", {"caption": "甲图", "version": "1"}).status_code == 303
    assert editor.post(f"{HERE}/pictures/{ids[1]}", {"do": "remove"}).status_code == 303
    editor.post(f"{HERE}/submit", {})
    assert captions(office, "warnings") == ["丙", "甲图"]
    with office.records():
        assert len(list(store.stored())) == 4, "the bytes of the removed one are gone, too"


def test_of_two_who_name_a_picture_the_later_sees_both(office: Desk) -> None:
    send(office, "warnings", "甲")
    with office.records():
        (one,) = (found.id for found in db.session.query(BriefingPicture))
    address = f"{HERE}/pictures/{one}"
    office.person("city_supervisor").post(address, {"caption": "先写的", "version": "1"})
    answer = office.person("editor").post(address, {"caption": "后写的", "version": "1"})
    assert answer.status_code == 422
    assert "现在是：先写的" in str(errors_of(answer))
    field = soup(answer).select_one(f"#picture-{one}-caption")
    assert field is not None
    assert field["value"] == "后写的"


@pytest.mark.parametrize(
    ("caption", "body", "name", "said"),
    [
        ("", picture(), "现场.jpg", "请写明图片上是什么"),
        ("长" * (law.CAPTION + 1), picture(), "现场.jpg", "最多60个字，现在有61个字"),
        ("公示牌", b"%PDF-1.7\n", "通知.pdf", "这里只收图片"),
        ("公示牌", b"MZ\x90", "现场.exe", "不是能收的格式"),
        ("公示牌", b"MZ\x90", "现场.jpg", "里面不是 JPG"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field(
    office: Desk, caption: str, body: bytes, name: str, said: str
) -> None:
    answer = send(office, "overview", caption, body, name)
    assert answer.status_code == 422
    assert said in str(errors_of(answer))
    kept = soup(answer).select_one("#picture-caption")
    assert kept is not None
    assert kept["value"] == caption
    with office.records():
        assert db.session.query(Attachment).filter(Attachment.kind == "briefing").count() == 0
        assert list(store.stored()) == []


def test_a_picture_that_is_too_large_is_refused_with_the_limit(office: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(policy.FAMILIES, "image", replace(policy.FAMILIES["image"], max_bytes=1024))
    answer = send(office, "overview", "公示牌")
    assert answer.status_code == 422
    assert "超过 1 KB" in str(errors_of(answer))


def test_without_a_file_the_form_asks_for_one(office: Desk) -> None:
    answer = office.person("editor").post(f"{HERE}/parts/overview/pictures", {"caption": "公示牌"})
    assert "请先选一张图片" in str(errors_of(answer))


def test_a_part_takes_so_many_pictures_and_the_same_one_once(office: Desk) -> None:
    for n in range(law.PICTURES):
        assert send(office, "outlook", f"第{n}张", picture(f"#0000{n:02d}")).status_code == 303
    assert "最多6张图片" in str(errors_of(send(office, "outlook", "再一张")))
    again = send(office, "overview", "公示牌"), send(office, "overview", "公示牌")
    assert [one.status_code for one in again] == [303, 303]
    with office.records():
        assert db.session.query(BriefingPicture).filter(BriefingPicture.key == "overview").count() == 1


def test_what_cannot_be_opened_has_to_be_removed_before_submission(office: Desk) -> None:
    send(office, "overview", "坏图", picture()[:200])
    work(office)
    answer = office.person("editor").post(f"{HERE}/submit", {})
    assert answer.status_code == 409
    assert "请移除它，或者换一张" in answer.text


def test_a_submitted_or_issued_briefing_takes_no_picture_and_loses_none(office: Desk) -> None:
    send(office, "overview", "公示牌")
    work(office)
    issue(office)
    with office.records():
        (one,) = (found.id for found in db.session.query(BriefingPicture))
    assert send(office, "overview", "后来的").status_code == 422
    for fields in ({"do": "remove"}, {"do": "up"}, {"caption": "别的", "version": "1"}):
        assert office.person("editor").post(f"{HERE}/pictures/{one}", fields).status_code == 422
    assert captions(office, "overview") == ["公示牌"]
    assert office.person("east_leader").get(f"{HERE}/pictures/{one}").status_code == 200


def test_a_picture_changed_after_the_signature_is_found_and_not_printed(office: Desk) -> None:
    """The signed issue holds the check sum of every picture: what was put in its place shows."""
    send(office, "overview", "公示牌")
    work(office)
    issue(office)
    with office.records():
        assert broken() == []
        row = db.session.query(Briefing).one()
        (one, file) = pictures.of(db.session(), row.id)[0]
        writer = store.Writer()
        writer.write(picture("#ffffff"))
        other = writer.close()
        with writing():
            db.session.get_one(Attachment, file.id).clean = other
        assert broken() == [f"picture {one.id} is not the one that was signed"]
        with pytest.raises(pdf.CannotPrint, match="picture"):
            pdf.render(editions.paper_of(db.session(), row, law.FULL))


def test_a_caption_changed_after_the_signature_is_found(office: Desk) -> None:
    send(office, "overview", "公示牌")
    work(office)
    issue(office)
    with office.records():
        with writing() as session:
            session.query(BriefingPicture).one().caption = "别的"
        assert broken() == ["its text is not what was signed"]


def test_the_picture_of_an_unissued_briefing_is_nobody_elses(office: Desk) -> None:
    send(office, "overview", "公示牌")
    work(office)
    with office.records():
        (one,) = (found.id for found in db.session.query(BriefingPicture))
    assert office.person("east_leader").get(f"{HERE}/pictures/{one}").status_code == 303
    assert office.person("editor").get(f"{HERE}/pictures/{one + 9}").status_code == 303
    assert office.app.test_client().get(f"{HERE}/pictures/{one}").status_code in (303, 401)
