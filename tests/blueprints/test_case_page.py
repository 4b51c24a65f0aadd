"""The page of a case: what it shows to whom, its forms, and what happens when one is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from models import Deadline, Document, Event, Reveal, clock, db
from models.base import writing
from tests.support import cast, desk
from tests.support.desk import Desk, errors_of, soup, text_of

HTMX = {"HX-Request": "true"}
DECISION = {"decided_on": "2026-11-23", "told_on": "2026-11-23", "told_by": "sms"}
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
    return {**DECISION, "handler": str(office.people.staff["east_handler"])}


def offered(page: Any) -> list[str]:
    """The labels of the forms in the panel."""
    return [one.find(string=True, recursive=False).strip() for one in soup(page).select("#do details.do > summary")]


def test_the_page_says_who_what_where_and_until_when(office: Desk, number: str) -> None:
    page = office.person("east_handler").get(f"/desk/cases/{number}")
    words = text_of(soup(page).select_one("#case"))
    for said in (number, "待决定是否受理", "承办人 李明", "要求退还剩余费用", "退还货款和服务费用", "受理决定期限",
                 "2026年12月2日（周三）", "临江澜亭健身服务有限公司"):  # fmt: skip
        assert said in words, said


def test_people_are_masked_until_somebody_says_why_they_look(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    page = person.get(f"/desk/cases/{number}")
    assert "王秀英" not in page.text
    assert "13800001234" not in page.text
    assert "王**" in page.text
    assert "138****1234" in page.text
    shown = person.post(f"/desk/cases/{number}/reveal", {"reason": "contact", "note": ""})
    assert "王秀英" in shown.text
    assert "13800001234" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    with office.records():
        look = db.session.query(Reveal).one()
        assert (look.reason, look.staff_id) == ("联系来件人", office.people.staff["east_handler"])
    assert "王秀英" not in person.get(f"/desk/cases/{number}").text


@pytest.mark.parametrize("reason", [{"reason": ""}, {"reason": "other", "note": " "}, {"reason": "made-up"}])
def test_without_a_reason_nothing_is_shown_and_nothing_recorded(
    office: Desk, number: str, reason: dict[str, str]
) -> None:
    answer = office.person("east_handler").post(f"/desk/cases/{number}/reveal", reason)
    assert answer.status_code == 422
    assert "王秀英" not in answer.text
    with office.records():
        assert db.session.query(Reveal).count() == 0


@pytest.mark.parametrize("part", ["city_dispatcher", "auditor", "city_supervisor", "east_leader"])
def test_who_does_not_handle_a_case_is_not_shown_the_filer(office: Desk, number: str, part: str) -> None:
    person = office.person(part)
    assert soup(person.get(f"/desk/cases/{number}")).select_one("#reveal") is None
    answer = person.post(f"/desk/cases/{number}/reveal", {"reason": "contact"})
    assert answer.status_code == 403
    assert "王秀英" not in answer.text


def test_a_case_that_is_not_theirs_looks_like_one_that_does_not_exist(office: Desk, number: str) -> None:
    person = office.person("west_handler")
    for method, path in (("get", ""), ("post", "/accept"), ("post", "/reveal"), ("get", "/papers")):
        hidden = getattr(person, method)(f"/desk/cases/{number}{path}", **({"data": {}} if method == "post" else {}))
        unknown = getattr(person, method)(
            f"/desk/cases/T20991231-00001-0{path}", **({"data": {}} if method == "post" else {})
        )
        assert hidden.status_code == unknown.status_code == 404
        assert soup(hidden).main.get_text() == soup(unknown).main.get_text()


def test_the_panel_holds_what_this_person_may_do_now_the_usual_first(office: Desk, number: str) -> None:
    page = office.person("east_handler").get(f"/desk/cases/{number}")
    labels = offered(page)
    assert labels[0] == "受理"
    assert "记录联系" in labels
    assert "分送" not in labels
    assert "签收" not in labels
    rare = [one.get_text() for one in soup(page).select("#more a")]
    assert "内部备注" in rare


def test_what_is_for_somebody_else_is_named_with_who_it_is_for(office: Desk, number: str) -> None:
    page = office.person("east_handler").get(f"/desk/cases/{number}")
    said = [text_of(one) for one in soup(page).select(".not-now")]
    assert any(one.startswith("不予受理") and one.endswith("由承办单位负责人、中心督办员办理") for one in said)


def test_an_auditor_sees_everything_and_may_do_nothing(office: Desk, number: str) -> None:
    person = office.person("auditor")
    page = person.get(f"/desk/cases/{number}")
    assert soup(page).select("#do form") == []
    assert person.post(f"/desk/cases/{number}/note", {"text": "看过"}).status_code == 403


def test_a_rare_action_opens_by_its_address(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    link = next(one for one in soup(person.get(f"/desk/cases/{number}")).select("#more a") if one.text == "内部备注")
    page = person.get(link["href"].partition("#")[0])
    assert soup(page).select_one("#do-note[open] textarea[name=text]") is not None


def test_an_act_is_done_and_said(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    answer = person.act(number, "log_contact", seen=4, summary="说好明天带合同来。", **CONTACT)
    assert answer.status_code == 303
    page = person.get(answer.location)
    assert "“记录联系”已办好" in text_of(soup(page).select_one(".msg-ok"))
    assert "说好明天带合同来。" in text_of(soup(page).select_one("#log-5"))
    assert "已办好" not in person.get(answer.location).text


def test_what_is_missing_is_said_at_its_field_and_what_was_typed_stays(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    typed = {**CONTACT, "contact_at": "昨天", "summary": "留着的话"}
    answer = person.act(number, "log_contact", seen=4, **typed)
    assert answer.status_code == 422
    assert list(errors_of(answer)) == ["log_contact-contact_at"]
    page = soup(answer)
    assert page.title.get_text().startswith("错误：")
    field = page.select_one("#log_contact-contact_at")
    assert field["value"] == "昨天"
    assert field["aria-invalid"] == "true"
    assert page.select_one("#log_contact-summary").get_text().strip() == "留着的话"
    assert page.select_one("#log_contact-method option[selected]")["value"] == "phone"
    assert office.events(number)[-1] == "assign"


def test_what_issues_a_form_is_shown_once_more_before_it_is_done(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    asked = person.act(number, "accept", seen=4, confirm=False, **decision(office))
    assert asked.status_code == 200
    words = text_of(soup(asked).main)
    for said in (
        "确定受理吗？",
        "出《投诉受理决定书》",
        "调解期限开始计算，到2027年1月22日（周五）",
        "告诉来件人：“您的投诉已受理",
    ):
        assert said in words, said
    assert office.case(number).state == "under_review"
    assert office.events(number)[-1] == "assign"
    done = person.send(asked, "confirmed")
    assert done.status_code == 303
    assert office.case(number).state == "accepted"


def test_going_back_from_the_question_keeps_what_was_typed(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    asked = person.act(number, "accept", seen=4, confirm=False, **{**decision(office), "told_by": "mail"})
    back = person.send(asked, "edit")
    assert back.status_code == 200
    assert soup(back).select_one("#accept-told_by option[selected]")["value"] == "mail"
    assert office.case(number).state == "under_review"


def test_what_the_law_refuses_is_said_before_the_question(office: Desk, number: str) -> None:
    lead = office.person("east_lead")
    answer = lead.act(number, "refuse", seen=4, confirm=False, ground="R4", reasons="超过三年", **DECISION)
    assert answer.status_code == 422
    assert any("要填写" in sentence for sentence in errors_of(answer).values())
    assert office.case(number).state == "under_review"


def test_the_second_of_two_clerks_is_told_what_changed_and_loses_nothing(office: Desk, number: str) -> None:
    handler, lead = office.person("east_handler"), office.person("east_lead")
    assert lead.act(number, "log_contact", seen=4, summary="先问过商家。", **CONTACT).status_code == 303
    answer = handler.act(number, "log_contact", seen=4, summary="我写的一大段话。", **CONTACT)
    assert answer.status_code == 409
    page = soup(answer)
    assert "何勇 · 记录联系" in text_of(page.select_one("#stale"))
    assert page.select_one("#log_contact-summary").get_text().strip() == "我写的一大段话。"
    assert page.select_one("#do-log_contact[open] input[name=seen]")["value"] == "5"
    assert office.case(number).seq == 5
    again = handler.act(number, "log_contact", seen=5, summary="我写的一大段话。", **CONTACT)
    assert again.status_code == 303


def test_what_was_typed_is_kept_even_when_the_step_is_gone(office: Desk, number: str) -> None:
    handler, lead = office.person("east_handler"), office.person("east_lead")
    assert lead.act(number, "accept", seen=4, **decision(office)).status_code == 303
    typed = {"due_on": "2026-11-27", "materials": ["facts"], "told_on": "2026-11-23", "told_by": "phone"}
    answer = handler.act(number, "request_supplement", seen=4, **typed)
    assert answer.status_code == 409
    kept = text_of(soup(answer).select_one("#do .not-now"))
    assert "您刚才在“要求补正材料”里写的" in kept or "里写的" in kept
    assert "争议事实依据" in kept
    assert "2026年11月27日（周五）" in kept


def test_the_same_form_pressed_twice_is_one_act(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    first = person.act(number, "accept", seen=4, **{**decision(office), "confirmed": "yes"})
    second = person.act(number, "accept", seen=4, **{**decision(office), "confirmed": "yes"})
    assert first.status_code == second.status_code == 303
    assert office.events(number).count("accept") == 1


def test_names_that_no_form_has_change_nothing(office: Desk, number: str) -> None:
    """SEC-30: what a form does not ask for is not taken."""
    before = office.case(number)
    extra = dict.fromkeys(
        (
            "unit_id",
            "state",
            "status",
            "role",
            "is_admin",
            "actor",
            "created_at",
            "number",
            "case",
            "now",
            "handler_id",
        ),
        "1",
    )
    data = {"seen": "4", "summary": "说好了。", **CONTACT, **extra}
    answer = office.person("east_handler").post(f"/desk/cases/{number}/log_contact", data)
    assert answer.status_code == 303
    after = office.case(number)
    for name in ("unit_id", "state", "number", "handler_id", "received_at", "kind"):
        assert getattr(after, name) == getattr(before, name)


def test_a_case_that_leaves_their_reach_takes_people_back_to_the_desk(office: Desk) -> None:
    sent = office.file()
    office.act(sent, ("city_dispatcher", "dispatch", {"unit": "east_office", "routing_reason": "东城"}))
    lead = office.person("east_lead")
    answer = lead.act(sent, "return_to_dispatcher", seen=2, ground="B1", reasons="不在本所辖区")
    assert answer.location == "/desk/"
    assert f"{sent} 现在是“退回待改送”" in lead.get("/desk/").text
    assert lead.get(f"/desk/cases/{sent}").status_code == 404


def test_unknown_actions_and_those_of_citizens_are_nobodys(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    assert person.post(f"/desk/cases/{number}/explode", {}).status_code == 404
    assert person.post(f"/desk/cases/{number}/rate", {}).status_code == 403


def test_an_act_needs_the_token_of_the_session(office: Desk, number: str) -> None:
    mine, other = office.person("east_handler"), office.person("east_lead")
    path = f"/desk/cases/{number}/note"
    assert mine.client.post(path, data={"text": "没有"}).status_code == 400
    assert mine.client.post(path, data={"text": "别人的", "csrf_token": other.token}).status_code == 400
    assert office.events(number)[-1] == "assign"


def test_htmx_gets_the_case_anew_after_an_act(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    data = {"seen": "4", "summary": "说好了。", **CONTACT}
    answer = person.post(f"/desk/cases/{number}/log_contact", data, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="case">')
    assert "“记录联系”已办好" in answer.text
    assert 'name="seen" value="5"' in answer.text


def test_htmx_gets_the_form_back_with_its_faults(office: Desk, number: str) -> None:
    answer = office.person("east_handler").post(f"/desk/cases/{number}/log_contact", {"seen": "4"}, headers=HTMX)
    assert answer.status_code == 422
    assert answer.text.lstrip().startswith('<div id="case">')
    assert "请填写要点" in answer.text


def test_the_page_explains_why_a_term_ends_on_its_day(office: Desk, number: str) -> None:
    page = soup(office.person("east_handler").get(f"/desk/cases/{number}"))
    rows = {one.th.get_text(): one.td.get_text() for one in page.select("table.why tr")}
    assert {"起算", "长度", "依据"} <= rows.keys()
    assert "7个工作日" in page.select_one("#h-due").parent.get_text()


def test_a_paused_term_says_so(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    person.act(number, "accept", seen=4, **decision(office))
    with office.records(), writing() as session:
        row = session.query(Deadline).filter_by(rule="complaint.mediate").one()
        row.due_on = row.due_at = None
    assert "计时暂停" in text_of(soup(person.get(f"/desk/cases/{number}")).select_one("[aria-labelledby=h-due]"))


def test_opening_pages_writes_nothing(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    with office.records():
        before = [db.session.query(table).count() for table in (Event, Reveal, Document, Deadline)]
    for path in ("", "?do=note", "/papers"):
        person.get(f"/desk/cases/{number}{path}")
    with office.records():
        assert [db.session.query(table).count() for table in (Event, Reveal, Document, Deadline)] == before


def test_a_sealed_case_is_worked_by_discipline_alone(office: Desk) -> None:
    sealed = office.file("misconduct", content="某所工作人员收了商家的购物卡，事情发生在上个月，请查处。")
    page = office.person("discipline").get(f"/desk/cases/{sealed}")
    assert page.status_code == 200
    assert "购物卡" in page.text
    for part in ("city_leader", "city_supervisor", "auditor", "city_dispatcher"):
        assert office.person(part).get(f"/desk/cases/{sealed}").status_code == 404


def test_a_late_page_still_tells_what_is_due(office: Desk, number: str) -> None:
    with clock.frozen(cast.MORNING + timedelta(days=20)):
        page = office.person("east_handler").get(f"/desk/cases/{number}")
        assert "已超期" in text_of(soup(page).select_one("#case-head"))


def test_a_form_that_was_sent_back_can_be_loaded_anew(office: Desk, number: str) -> None:
    person = office.person("east_handler")
    answer = person.get(f"/desk/cases/{number}/accept")
    assert answer.location == f"/desk/cases/{number}?do=accept#do"
    assert person.get(f"/desk/cases/{number}/nonsense").status_code == 404
