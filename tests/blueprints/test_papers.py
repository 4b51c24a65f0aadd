"""A paper on the desk: seen before it is issued, kept as issued, opened with a record, withdrawn by another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from casework import documents
from casework.documents import Paper, Rendered
from models import Document, FilerMessage, Reveal, Task, clock, db
from models import document as states
from models.base import writing
from tests.support import cast, desk
from tests.support.desk import Desk, errors_of, soup, text_of

PDF = b"%PDF-1.7 a paper"


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


def refusal() -> dict[str, str]:
    today = {"decided_on": "2026-11-23", "told_on": "2026-11-23", "told_by": "sms"}
    return {**today, "ground": "R1", "reasons": "属于<b>房屋质量</b>纠纷。", "competent_body": "市住房和城乡建设局"}


def accepted(office: Desk, number: str) -> int:
    """Accept the complaint and have the decision made; the id of the paper."""
    today = {"decided_on": "2026-11-23", "told_on": "2026-11-23", "told_by": "sms"}
    office.person("east_handler").act(
        number, "accept", seen=4, handler=str(office.people.staff["east_handler"]), **today
    )
    return make(office, "form.acceptance")


def make(office: Desk, kind: str) -> int:
    """Make the paper of a kind as the worker does, without laying it out; its id."""
    with office.records():
        paper_id: int = db.session.query(Document.id).filter_by(kind=kind).order_by(Document.id.desc()).first()[0]
        with writing() as session:
            session.get_one(Document, paper_id).state = states.QUEUED
        documents.make(paper_id, clock.now(), lambda _paper: Rendered(PDF, 1), lambda _session, _now: None)
        return paper_id


def test_a_decision_can_be_read_before_it_is_issued(office: Desk, number: str) -> None:
    person = office.person("east_lead")
    confirm = person.act(number, "refuse", seen=4, confirm=False, **refusal())
    assert "预览《投诉不予受理决定书》" in confirm.text
    page = person.post(f"/desk/cases/{number}/refuse", {**refusal(), "seen": "4", "preview": "form.refusal"})
    assert page.status_code == 200
    shown = text_of(soup(page).body)
    for part in (
        "预览",
        "（印发时编号）",
        "投诉不予受理决定书",
        "市住房和城乡建设局",
        "属于<b>房屋质量</b>纠纷。",
        "协商和解",
    ):
        assert part in shown, part
    assert "<b>房屋" not in page.text
    assert "style=" not in page.text
    with office.records():
        assert db.session.query(Document).filter_by(kind="form.refusal").count() == 0
        assert office.events(number)[-1] == "assign"


def test_what_a_preview_loads_is_served_and_nothing_beside_it(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    for name in ("paper.css", "preview.css", "letter.svg", "seal-place.svg"):
        assert person.get(f"/desk/kit/{name}").status_code == 200
    for name in ("letter.html", "fonts.css", "..%2fpaper.css", "none.css"):
        assert person.get(f"/desk/kit/{name}").status_code == 404


def test_a_paper_that_waits_can_be_read_and_one_that_is_made_is_the_file(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    with office.records():
        paper_id = db.session.query(Document.id).filter_by(kind="form.forwarding_notice").scalar() or 0
    if not paper_id:
        paper_id = _slip(office)
    page = person.get(f"/desk/cases/{number}/documents/{paper_id}/preview")
    assert page.status_code == 200
    assert "预览" in text_of(soup(page).body)
    made = accepted(office, number)
    assert person.get(f"/desk/cases/{number}/documents/{made}/preview").status_code == 303
    saved = person.get(f"/desk/cases/{number}/documents/{made}")
    shown = person.get(f"/desk/cases/{number}/documents/{made}?view")
    assert saved.data == shown.data == PDF
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert shown.headers["Content-Disposition"].startswith("inline")


def _slip(office: Desk) -> int:
    with office.records():
        paper_id: int = db.session.query(Document.id).filter_by(kind="paper.dispatch_slip").scalar()
        return paper_id


def test_a_wrong_paper_is_withdrawn_by_another_and_both_say_so(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    old_id = accepted(office, number)
    with office.records():
        old_number = db.session.get_one(Document, old_id).number
    path = f"/desk/cases/{number}/documents/{old_id}/withdraw"
    assert "撤回更正" in person.get(path).text
    answer = person.post(path, {"why": "承办人写错了"})
    assert answer.status_code == 303
    new_id = make(office, "form.acceptance")
    with office.records():
        old, new = db.session.get_one(Document, old_id), db.session.get_one(Document, new_id)
        assert (old.state, old.number, old.withdrawn_why) == (states.WITHDRAWN, old_number, "承办人写错了")
        assert documents.read(old) == PDF, "what was issued never changes"
        assert (new.state, new.replaces_id) == (states.MADE, old_id)
        assert new.number != old_number
        assert "更正后的文书" in db.session.query(FilerMessage).order_by(FilerMessage.id.desc()).first().text
        new_number = new.number
    section = text_of(soup(person.get(f"/desk/cases/{number}")).select_one("#s-doc"))
    assert f"由 {new_number} 替代" in section
    assert f"替代 {old_number}" in section
    assert "承办人写错了" in section
    assert person.get(f"/desk/cases/{number}/documents/{old_id}").data == PDF
    assert person.post(path, {"why": "再来一次"}).status_code == 409


def test_the_new_paper_says_what_it_replaces_and_what_was_put_right(office: Desk, number: str) -> None:
    person = office.person("east_lead")
    person.act(number, "refuse", seen=4, **refusal())
    old_id = make(office, "form.refusal")
    path = f"/desk/cases/{number}/documents/{old_id}/withdraw"
    person.post(path, {"why": "理由写错了", "reasons": "属于物业服务纠纷。", "competent_body": "市住房和城乡建设局"})
    printed: list[Paper] = []

    def press(paper: Paper) -> Rendered:
        printed.append(paper)
        return Rendered(PDF, 1)

    with office.records():
        (new_id,) = db.session.query(Document.id).filter_by(replaces_id=old_id).one()
        documents.make(new_id, clock.now(), press, lambda _session, _now: None)
        old_number = db.session.get_one(Document, old_id).number
    (paper,) = printed
    assert paper.contents.replaces == old_number
    assert paper.contents.words["reasons"] == "属于物业服务纠纷。"
    assert paper.contents.ground is not None
    assert paper.contents.ground.code == "R1"


def test_a_withdrawal_without_a_reason_keeps_what_was_typed(office: Desk, number: str) -> None:
    person = office.person("east_lead")
    person.act(number, "refuse", seen=4, **refusal())
    old_id = make(office, "form.refusal")
    path = f"/desk/cases/{number}/documents/{old_id}/withdraw"
    answer = person.post(path, {"why": " ", "reasons": "属于物业服务纠纷。"})
    assert answer.status_code == 422
    assert errors_of(answer) == {"why": "请写明这份文书错在哪里"}
    assert "属于物业服务纠纷。" in answer.text
    empty = person.post(path, {"why": "错了", "reasons": ""})
    assert empty.status_code == 422
    assert "reasons" in errors_of(empty)
    long = person.post(path, {"why": "错" * 201})
    assert long.status_code == 422
    with office.records():
        assert db.session.get_one(Document, old_id).state == states.MADE


def test_only_who_answers_for_a_case_withdraws_its_papers(office: Desk, number: str) -> None:
    paper_id = accepted(office, number)
    path = f"/desk/cases/{number}/documents/{paper_id}/withdraw"
    for part in ("city_dispatcher", "east_leader", "city_supervisor"):
        assert office.person(part).post(path, {"why": "错了"}).status_code in (403, 404), part
    assert office.person("west_handler").post(path, {"why": "错了"}).status_code == 404
    assert "撤回更正" not in office.person("east_leader").get(f"/desk/cases/{number}").text
    assert office.person("east_lead").post(path, {"why": "错了"}).status_code == 303


def test_a_paper_with_identities_opens_with_a_record_and_for_those_who_handle_the_case(
    office: Desk, number: str
) -> None:
    """Order 121 art. 37."""
    paper_id = make(office, "form.complaint_registration")
    path = f"/desk/cases/{number}/documents/{paper_id}"
    person = office.person("east_handler")
    assert person.get(path).status_code == 403
    assert person.get(f"{path}/preview").status_code in (303, 403)
    assert office.person("east_leader").post(f"{path}/open", {}).status_code == 403
    with office.records():
        assert db.session.query(Reveal).count() == 0
    answer = person.post(f"{path}/open", {"inline": "yes"})
    assert answer.data == PDF
    with office.records():
        assert [one.reason for one in db.session.query(Reveal)] == ["打开《投诉登记表》"]


def test_a_filing_waits_for_no_paper_and_the_desk_may_have_it_made_at_once(office: Desk, number: str) -> None:
    with office.records():
        paper = db.session.query(Document).filter_by(kind="form.complaint_registration").one()
        paper_id = paper.id
        assert paper.state == states.DUE
    person = office.person("east_handler")
    form = soup(person.get(f"/desk/cases/{number}")).select_one(f"#s-doc form[action$='/{paper_id}/again']")
    assert form.get_text().strip() == "现在制作"
    assert person.post(form["action"], {}).status_code == 303
    with office.records():
        assert db.session.get_one(Document, paper_id).state == states.QUEUED
        assert db.session.query(Task).filter(Task.unique_key == f"document-{paper_id}").count() == 1
