"""The material and the papers of a case: files that come with an act, what is handed out, what is being made."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from flask import Flask
from PIL import Image

from casework import attachments
from models import Attachment, Case, Document, Reveal, clock, db
from models.base import writing
from tests.support import cast, desk
from tests.support.desk import Desk, errors_of, soup, text_of

HTMX = {"HX-Request": "true"}
CONTACT = {"contact_at": "2026-11-23 9:00", "method": "phone", "with_whom": "filer", "reached": "reached"}


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    with clock.frozen(cast.MORNING):
        yield desk.founded(app)


@pytest.fixture
def number(office: Desk) -> str:
    """A complaint that 李明 has in hand."""
    made = office.file()
    office.in_hand(made)
    return made


def decision(office: Desk) -> dict[str, str]:
    today = {"decided_on": "2026-11-23", "told_on": "2026-11-23", "told_by": "sms"}
    return {**today, "handler": str(office.people.staff["east_handler"])}


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(made, "JPEG")
    return made.getvalue()


def test_a_file_of_an_act_goes_into_the_material(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    data = {"seen": "4", "summary": "", **CONTACT, "recording": (io.BytesIO(picture()), "通话.jpg")}
    refused = person.post(f"/desk/cases/{number}/log_contact", data, content_type="multipart/form-data")
    assert refused.status_code == 422
    kept = soup(refused).select_one("#do-log_contact input[type=checkbox][name=recording]")
    assert kept is not None
    assert "通话.jpg" in refused.text
    answer = person.act(number, "log_contact", seen=4, summary="说好了。", recording=kept["value"], **CONTACT)
    assert answer.status_code == 303
    assert "通话.jpg" in text_of(soup(person.get(answer.location)).select_one("#s-file"))


def test_a_file_that_is_not_taken_is_said_at_its_field(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    data = {"seen": "4", "summary": "说好了。", **CONTACT, "recording": (io.BytesIO(b"MZ" + b"\0" * 99), "x.exe")}
    answer = person.post(f"/desk/cases/{number}/log_contact", data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "不是能收的格式" in errors_of(answer)["log_contact-recording"]


def test_nobody_takes_the_upload_of_somebody_else(office: Desk, number: str) -> None:
    with office.records():
        row = attachments.receive(
            io.BytesIO(picture()), "别人的.jpg", uploaded_by="staff", staff_id=office.people.staff["west_handler"],
            now=cast.MORNING,
        )  # fmt: skip
        theirs = str(row.id)
    answer = office.person("east_handler").act(number, "log_contact", seen=4, summary="好", recording=theirs, **CONTACT)
    assert answer.status_code == 422
    assert "别人的" not in answer.text


def test_a_harmless_copy_is_handed_out_as_a_download_that_cannot_act(office: Desk, number: str) -> None:
    with office.records():
        case = db.session.query(Case).filter_by(number=number).one()
        row = attachments.receive(
            io.BytesIO(picture()), "照片.jpg", case_id=case.id, uploaded_by="citizen", now=cast.MORNING
        )
        file_id = row.id
    person = office.person("east_handler")
    path = f"/desk/cases/{number}/files/{file_id}"
    assert person.get(path).status_code == 404
    with office.records():
        attachments.clean(file_id, cast.MORNING)
    answer = person.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    other = office.file("report")
    assert office.person("city_dispatcher").get(f"/desk/cases/{other}/files/{file_id}").status_code == 404


def test_the_original_leaves_only_with_a_reason_on_record(office: Desk, number: str) -> None:
    with office.records():
        case = db.session.query(Case).filter_by(number=number).one()
        file_id = attachments.receive(
            io.BytesIO(picture()), "照片.jpg", case_id=case.id, uploaded_by="citizen", now=cast.MORNING
        ).id
    path = f"/desk/cases/{number}/files/{file_id}/original"
    assert office.person("city_dispatcher").post(path, {"reason": "看看"}).status_code == 403
    person = office.person("east_handler")
    assert person.post(path, {"reason": " "}).status_code == 422
    answer = person.post(path, {"reason": "核对付款时间"})
    assert answer.data == picture()
    with office.records():
        assert [one.reason for one in db.session.query(Reveal)] == ["核对付款时间"]
        assert db.session.get_one(Attachment, file_id).state == "waiting"


def test_papers_show_how_far_they_are_and_ask_again_only_while_one_is_made(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    person.act(number, "accept", seen=4, **decision(office))
    page = soup(person.get(f"/desk/cases/{number}"))
    section = page.select_one("#s-doc")
    assert "排队等待制作" in text_of(section)
    assert section["hx-trigger"] == "load delay:2s"
    assert section.select_one("a[href$='#s-doc']").get_text() == "刷新"
    with office.records(), writing() as session:
        session.query(Document).filter(Document.kind != "form.acceptance").delete()
        paper = session.query(Document).filter_by(kind="form.acceptance").one()
        paper.state, paper.number, paper.pages = "made", "东市监投受〔2026〕第1号", 1
        paper.file, paper.size, paper_id = "1.pdf", 20_480, paper.id
    again = person.get(f"/desk/cases/{number}/papers?again=yes", headers=HTMX)
    section = soup(again).select_one("section#s-doc")
    assert section.get("hx-get") is None
    assert section.select_one(f"a[href='/desk/cases/{number}/documents/{paper_id}']") is not None
    assert "已制成，共1页" in text_of(section)


def test_a_paper_that_could_not_be_made_is_tried_again(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    person.act(number, "accept", seen=4, **decision(office))
    with office.records(), writing() as session:
        paper = session.query(Document).filter_by(kind="form.acceptance").one()
        paper.state, paper_id = "failed", paper.id
    form = soup(person.get(f"/desk/cases/{number}")).select_one(f"#s-doc form[action*='/{paper_id}/']")
    assert form.get_text().strip() == "再试一次"
    assert person.post(form["action"], {}).status_code == 303
    with office.records():
        assert db.session.get_one(Document, paper_id).state == "queued"


def test_a_paper_of_another_case_is_not_found(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    person.act(number, "accept", seen=4, **decision(office))
    other = office.file(content="另一件：买的鞋开胶，商家不换，要求退款。")
    office.in_hand(other)
    with office.records():
        paper_id = db.session.query(Document.id).filter_by(kind="form.acceptance").scalar()
    assert person.get(f"/desk/cases/{other}/documents/{paper_id}").status_code == 404
