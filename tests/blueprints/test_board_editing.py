"""Editors and reviewers at the board: forms, preview, two at once, review, pictures; with and without htmx."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from flask import Flask
from PIL import Image

from casework.board import enclosing, keeping
from jobs import run
from models import Attachment, clock, db
from tests.support import desk
from tests.support.board import TEXT, typed
from tests.support.cast import MORNING
from tests.support.desk import Desk, errors_of, soup, text_of

NEW = "/board/edit/new"


@pytest.fixture
def office(app: Flask) -> Iterator[Desk]:
    """The city's people, on the morning of the cast."""
    found = desk.founded(app)
    with clock.frozen(MORNING):
        yield found


def written(office: Desk, part: str = "editor", **other: str) -> str:
    """The address of a draft that somebody wrote through the form."""
    answer = office.person(part).post(NEW, {"key": f"k-{part}-{other}"[:40], **typed(**other)})
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def shown(office: Desk, **other: str) -> str:
    """The address of a notice that went its whole way through the pages."""
    here = written(office, **other)
    office.person("editor").post(f"{here}/submit", {})
    assert office.person("city_supervisor").post(f"{here}/publish", {}).status_code == 303
    return here


def test_a_notice_goes_its_way_through_the_pages(office: Desk) -> None:
    editor, reviewer = office.person("editor"), office.person("city_leader")
    here = written(office)
    assert "草稿" in editor.get(here).text
    assert (
        editor.post(here, {**typed(title="改过的标题"), "version": "1", "next": "submit"}).headers["Location"] == here
    )
    page = soup(reviewer.get(here))
    assert page.select_one(f'form[action="{here}/publish"]') is not None
    assert soup(editor.get(here)).select_one(f'form[action="{here}/publish"]') is None
    assert reviewer.post(f"{here}/publish", {}).status_code == 303
    assert "改过的标题" in office.app.test_client().get("/board").text
    assert "审核通过" in reviewer.get(here).text


def test_who_wrote_it_is_told_that_somebody_else_approves(office: Desk) -> None:
    here = written(office, "city_supervisor")
    office.person("city_supervisor").post(f"{here}/submit", {})
    answer = office.person("city_supervisor").post(f"{here}/publish", {})
    assert answer.status_code == 403
    assert "另一位同事" in answer.text


def test_a_fault_is_told_at_its_field_and_what_was_typed_is_kept(office: Desk) -> None:
    wrong = typed(title="", body="![图](https://elsewhere.example/a.png)", publish_at="2020-01-01", category="x")
    answer = office.person("editor").post(NEW, {"key": "k", **wrong})
    assert answer.status_code == 422
    assert list(errors_of(answer)) == ["category", "title", "body", "publish_at"]
    assert "https://elsewhere.example/a.png" in text_of(soup(answer).select_one("#body"))
    with office.records():
        assert keeping.numbers()["draft"] == 0


def test_the_same_form_sent_twice_makes_one_notice(office: Desk) -> None:
    assert written(office) == written(office)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["plain", "htmx"])
def test_the_preview_shows_what_everybody_will_read_and_keeps_nothing(office: Desk, headers: dict[str, str]) -> None:
    values = typed(body="## 小标题\n\n<script>alert(1)</script>**重**")
    answer = office.person("editor").post("/board/edit/preview", {"key": "k", **values}, headers=headers)
    assert answer.status_code == 200
    preview = soup(answer).select_one("#preview")
    assert preview is not None
    assert preview.select_one("h2 + .red-rule + .prose h2") is not None
    assert "<script>alert" not in answer.text
    if headers:
        assert soup(answer).select_one("form") is None
    else:
        assert "## 小标题" in text_of(soup(answer).select_one("textarea#body"))
    with office.records():
        assert keeping.numbers()["draft"] == 0


def test_a_preview_of_a_saved_draft_keeps_what_was_typed(office: Desk) -> None:
    here = written(office)
    form = {**typed(title="还没保存"), "version": "1", "notice": here.rpartition("/")[2]}
    answer = office.person("editor").post("/board/edit/preview", form)
    assert 'value="还没保存"' in answer.text
    assert "还没保存" not in office.person("city_supervisor").get(here).text


def test_two_editors_at_once_both_see_both_texts(office: Desk) -> None:
    here = written(office)
    office.person("city_supervisor").post(here, {**typed(title="乙的标题", body="乙写的"), "version": "1"})
    answer = office.person("editor").post(here, {**typed(title="甲的标题", body="甲写的"), "version": "1"})
    assert answer.status_code == 422
    page = soup(answer)
    assert "乙写的" in text_of(page.select_one('[aria-labelledby="h-theirs"]'))
    assert "甲写的" in text_of(page.select_one("textarea#body"))
    version = page.select_one(f'form[action="{here}"] input[name=version]')
    assert version is not None
    again = {**typed(title="两人商定", body="合起来"), "version": str(version["value"])}
    assert office.person("editor").post(here, again).status_code == 303


def test_a_correction_is_proposed_seen_and_approved(office: Desk) -> None:
    here = shown(office)
    wish = {**typed(body=TEXT + "\n\n补一段"), "note": "补上遗漏", "version": ""}
    assert errors_of(office.person("editor").post(f"{here}/corrections", {**wish, "note": ""})) != {}
    assert office.person("editor").post(f"{here}/corrections", wish).status_code == 303
    assert "1份更正等待审核" in office.person("city_supervisor").get("/board/edit").text
    page = soup(office.person("city_supervisor").get(here))
    form = page.select_one(f'form[action="{here}/corrections/approve"]')
    assert form is not None
    version = form.select_one("input[name=version]")
    assert version is not None
    answer = office.person("city_supervisor").post(f"{here}/corrections/approve", {"version": str(version["value"])})
    assert answer.status_code == 303
    assert "补一段" in office.app.test_client().get(here.replace("/edit", "")).text
    assert "更正以前的文字" in office.person("editor").get(here).text


def test_return_pin_withdraw_and_drop(office: Desk) -> None:
    editor, leader = office.person("editor"), office.person("city_leader")
    here = written(office)
    editor.post(f"{here}/submit", {})
    assert errors_of(leader.post(f"{here}/return", {"reason": ""})) != {}
    assert leader.post(f"{here}/return", {"reason": "写明出处"}).status_code == 303
    assert "写明出处" in editor.get(here).text
    assert editor.post(f"{here}/drop", {}).headers["Location"] == "/board/edit"
    assert editor.get(here).headers["Location"] == "/board/edit"
    other = shown(office, title="第二条")
    assert leader.post(f"{other}/pin", {"on": "yes"}).status_code == 303
    assert "（置顶）" in office.app.test_client().get("/board").text
    assert errors_of(leader.post(f"{other}/withdraw", {"reason": ""})) != {}
    assert leader.post(f"{other}/withdraw", {"reason": "有误"}).status_code == 303
    assert leader.post(f"{other}/pin", {"on": "yes"}).status_code == 409
    assert office.app.test_client().get(other.replace("/edit", "")).status_code == 410


@pytest.mark.parametrize("part", ["east_supervisor", "east_leader"])
def test_a_district_reads_the_list_and_changes_nothing(office: Desk, part: str) -> None:
    here = written(office)
    person = office.person(part)
    assert person.get("/board/edit").status_code == 200
    for path in ("publish", "withdraw", "pin"):
        assert person.post(f"{here}/{path}", {"reason": "x", "on": "yes"}).status_code in {403, 422}
    with office.records():
        assert keeping.numbers()["draft"] == 1


def picture() -> bytes:
    """A photo with a word of its maker inside."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "somebody's telephone"
    Image.new("RGB", (40, 30), "#a8231b").save(out, "JPEG", exif=exif)
    return out.getvalue()


def with_words(alt: str) -> dict[str, object]:
    """The form of a picture with the words for it."""
    return {"alt": alt, "file": (io.BytesIO(picture()), "门店.jpg")}


def test_a_picture_needs_words_is_cleaned_and_stands_in_the_notice(office: Desk) -> None:
    """UPL-04: what a picture says about its maker does not reach the board."""
    editor, here = office.person("editor"), written(office)
    answer = editor.post(f"{here}/files", with_words(""))
    assert "写明这张图片上是什么" in str(errors_of(answer))
    assert editor.post(f"{here}/files", with_words("关着门的店")).status_code == 303
    assert editor.post(f"{here}/submit", {}).status_code == 409, "nobody has looked at it yet"
    with office.records():
        run.drain(MORNING, queues=("default",))
        one = db.session.query(Attachment).filter(Attachment.notice_id.is_not(None)).one()
        address = enclosing.address_of(one)
    assert f"![关着门的店]({address})" in editor.get(here).text
    assert office.app.test_client().get(address).status_code == 404, "the draft is nobody's yet"
    assert editor.get(address.replace("/board/", "/board/edit/")).status_code == 200
    text = f"{TEXT}\n\n![关着门的店]({address})"
    assert editor.post(here, {**typed(body=text), "version": "1", "next": "submit"}).status_code == 303
    office.person("city_supervisor").post(f"{here}/publish", {})
    visitor = office.app.test_client()
    assert f'<img src="{address}" alt="关着门的店">' in visitor.get(here.replace("/edit", "")).text
    answer = visitor.get(address)
    assert answer.mimetype == "image/jpeg"
    assert b"telephone" not in answer.data
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "Content-Disposition" not in answer.headers


def test_a_file_that_is_none_of_ours_is_refused_at_its_field(office: Desk) -> None:
    here = written(office)
    sent = {"alt": "x", "file": (io.BytesIO(b"MZ\x90"), "a.exe")}
    answer = office.person("editor").post(f"{here}/files", sent)
    assert answer.status_code == 422
    assert "不是能收的格式" in answer.text
    assert office.person("editor").post(f"{here}/files", {"alt": ""}).status_code == 422


@pytest.mark.parametrize("path", ["", "/files/1"])
def test_a_number_that_no_row_has_leads_back(office: Desk, path: str) -> None:
    assert office.person("editor").get(f"/board/edit/{'9' * 40}{path}").status_code == 303
