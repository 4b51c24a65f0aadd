"""Hot spots: found in what was filed, kept once, told to whom may know, answered by a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from casework import tasks
from casework.actors import StaffView
from casework.errors import Faults, NotAllowed, NotFound, Refused
from casework.hotspots import answering, finding, keeping, reading
from casework.hotspots.found import Found
from casework.hotspots.reading import Shown
from models import Case, Notice, Signal, SignalCase, Task, db
from models.base import writing
from rules import hotspots as law
from rules.calendar import local_date
from tests.support import cast
from tests.support.cast import MORNING as NOW
from tests.support.cast import Cast
from tests.support.gathering import filed

YESTERDAY = local_date(NOW) - timedelta(days=1)
SHOP = {
    "respondent_name": "临江云栖电器有限公司",
    "respondent_address": "西城区中山路30号",
    "goods": "空气净化器",
    "content": "买的空气净化器不能用，要求退货。",
}
AROUND = "东西南北中上下左右前后"


@pytest.fixture
def people(context: Flask) -> Cast:
    """A city with its people."""
    return cast.build()


@pytest.fixture
def city(people: Cast) -> Cast:
    """A city in which as much comes in every four weeks: complaints about different shops."""
    for back in range(1, 8):
        for n in range(3):
            story = f"{AROUND[n]}边买的空气净化器不能用，{AROUND[back]}街店里不退，要求退货。"
            shop = {**SHOP, "respondent_name": f"临江第{n}家电器有限公司", "content": story}
            when = NOW - timedelta(days=law.WINDOW_DAYS * back + 3 * n + 1)
            entered = {"filer_phone": f"1390000{back:02d}{n:02d}", "category": "air_conditioner", **shop}
            filed(people, 1, "west_office", now=when, **entered)
    return people


def risen(people: Cast, count: int = 12, unit: str | None = None, **more: Any) -> list[Case]:
    """So many complaints of the last days about one gym, each of another person."""
    found = []
    for n in range(count):
        entered = {"category": "gym", "problem": "prepaid", "filer_phone": f"1370000{n:04d}", **more}
        found += filed(people, 1, unit, now=NOW - timedelta(days=1 + n), **entered)
    return found


def found(*kinds: str) -> dict[tuple[str, str], Found]:
    """What a look finds, by kind and subject."""
    return {(one.kind, one.subject): one for one in finding.find(YESTERDAY, kinds or tuple(law.KINDS))}


def signals() -> dict[str, Signal]:
    return {row.kind: row for row in db.session.scalars(select(Signal).order_by(Signal.id.desc()))}


def shown(view: StaffView, kind: str) -> Shown:
    return reading.find(view, signals()[kind].id)


def test_what_rose_is_found_with_the_counts_that_show_it(city: Cast) -> None:
    cases = risen(city)
    one = found("category")["category", "gym"]
    assert one.evidence["now"] == len(cases)
    assert [window["count"] for window in one.evidence["past"]] == [0] * 6
    assert float(one.evidence["expected"]) < 1
    assert float(one.evidence["chance"]) < 1e-4
    assert one.evidence["tested"] > 50


def test_only_the_lowest_line_that_explains_the_rise_is_named(city: Cast) -> None:
    risen(city)
    assert [subject for kind, subject in found("category")] == ["gym"]


def test_what_comes_as_always_is_no_hot_spot(city: Cast) -> None:
    for n in range(3):
        filed(city, 1, None, now=NOW - timedelta(days=2 + n), category="air_conditioner", **SHOP)
    assert found() == {}


def test_the_day_that_is_not_over_does_not_count(city: Cast) -> None:
    filed(city, 15, None, category="gym", problem="unfair_terms")
    assert found() == {}


def test_without_a_past_nothing_is_compared(people: Cast) -> None:
    risen(people, problem="unfair_terms")
    assert found() == {}


def test_a_district_alone_is_found_by_what_it_complains_of(city: Cast) -> None:
    risen(city, unit="east_office")
    assert ("local", "east/gym") in found("local")
    assert ("place", "east") in found("place")
    assert ("local", "east/gym") not in found()  # the goods are named already


def test_a_business_is_found_with_its_cases_and_a_repeated_filing_counts_once(city: Cast) -> None:
    cases = risen(city, 8, problem="unfair_terms", content="合同里有一条说概不退款，认为条款不公平。")
    with writing() as session:
        session.execute(update(Case).where(Case.id == cases[0].id).values(main_case_id=cases[1].id))
    (one,) = found("respondent").values()
    assert one.words == cast.COMPLAINT["respondent_name"]
    assert set(one.cases) == {case.id for case in cases[1:]}


def test_reports_on_officials_are_in_no_count_and_no_term(city: Cast) -> None:
    for n in range(15):
        cast.file("misconduct", now=NOW - timedelta(days=1 + n))
    with writing() as session:  # even if one had a category and a business
        sealed = Case.kind == "misconduct"
        respondent = select(func.min(Case.respondent_id)).scalar_subquery()
        session.execute(update(Case).where(sealed).values(category="gym", problem="prepaid", respondent_id=respondent))
    assert found() == {}


def test_prepaid_money_of_a_shop_that_closes(city: Cast) -> None:
    cases = risen(city, 5)
    one = found("prepaid").popitem()[1]
    assert (one.evidence["now"], one.evidence["closed"]) == (5, 5)
    assert one.evidence["claimed"] == 5 * 368_000
    assert set(one.cases) == {case.id for case in cases}


@pytest.mark.parametrize(
    ("count", "content"), [(4, "去的时候已经关门停业。"), (6, "剩下的钱店里不肯退。")], ids=["too few", "still open"]
)
def test_prepaid_money_of_a_shop_that_goes_on_is_no_signal(city: Cast, count: int, content: str) -> None:
    risen(city, count, content=content)
    assert found("prepaid") == {}


def test_a_filer_of_very_many_complaints_is_counted_by_the_factors_of_the_statute(city: Cast) -> None:
    cases = risen(city, 10, filer_phone="13711112222", filer_name="周大年", **SHOP)
    (one,) = found("filer").values()
    assert one.evidence["factors"] == {"many": 10, "same_business": 10, "same_goods": 10, "same_problem": 10}
    assert set(one.cases) == {case.id for case in cases}
    assert "13711112222" not in f"{one.subject}{one.words}{one.evidence}"
    assert "周大年" not in f"{one.subject}{one.words}{one.evidence}"


def test_one_telephone_of_several_people_is_a_factor_of_its_own(city: Cast) -> None:
    for n, name in enumerate(("周大年", "吴小满", "郑立夏")):
        shop = {**SHOP, "respondent_name": f"第{n}家店"}
        filed(city, 1, None, now=NOW - timedelta(days=3), filer_phone="13711112222", filer_name=name, **shop)
    (one,) = found("filer").values()
    assert one.evidence["factors"] == {"names": 3}


def test_reports_and_consultations_make_nobody_a_filer_of_many_complaints(city: Cast) -> None:
    for _ in range(12):
        cast.file("consultation", now=NOW - timedelta(days=2))
    assert found("filer") == {}


def test_a_word_of_the_stories_is_found_and_the_name_of_the_business_is_none(city: Cast) -> None:
    for n in range(11):
        story = f"{AROUND[n]}边商场的{SHOP['respondent_name']}，{AROUND[-n]}共享充电宝{AROUND[n]}扣费{AROUND[n - 3]}"
        entered = {**SHOP, "content": f"{story}，要求{AROUND[n - 5]}退钱。", "filer_phone": f"1350000{n:04d}"}
        filed(city, 1, None, now=NOW - timedelta(days=1 + n), **entered)
    words = [one.words for one in found("term").values()]
    assert any("共享充电宝" in one for one in words)
    assert not any(one in str(SHOP["respondent_name"]) for one in words)


def test_a_look_keeps_each_thing_once_and_renews_it_on_the_next_day(city: Cast) -> None:
    risen(city)
    first = keeping.look(NOW)
    assert first.made >= 3
    assert keeping.look(NOW) == keeping.Looked(0, 0)
    risen(city, 1, filer_phone="13600000000")
    tomorrow = NOW + timedelta(days=1)
    assert keeping.look(tomorrow) == keeping.Looked(0, first.made)
    assert signals()["category"].evidence["now"] == 13
    kept = select(func.count()).where(SignalCase.signal_id == signals()["prepaid"].id)
    assert db.session.scalar(kept) == 13


def test_what_was_answered_does_not_come_back_while_the_windows_overlap(city: Cast) -> None:
    risen(city)
    keeping.look(NOW)
    supervisor = city.view("city_supervisor")
    answering.set_aside(supervisor, shown(supervisor, "category"), "季节原因", NOW)
    before = db.session.scalar(select(func.count()).select_from(Signal))
    assert keeping.look(NOW + timedelta(days=9)).made == 0
    assert db.session.scalar(select(func.count()).select_from(Signal)) == before
    assert signals()["category"].reason == "季节原因"


def test_the_look_of_a_day_is_ordered_once(people: Cast) -> None:
    assert len(keeping.order(NOW)) == 1
    assert keeping.order(NOW + timedelta(hours=3)) == ()
    assert len(keeping.order(NOW + timedelta(days=1))) == 1
    kinds = select(func.count()).where(Task.kind == tasks.HOTSPOT_LOOK)
    assert db.session.scalar(kinds) == 2


def test_a_worker_that_lost_its_claim_keeps_nothing(city: Cast) -> None:
    risen(city)

    def lost(*_: object) -> None:
        raise tasks.LostClaim("task 1")

    with pytest.raises(tasks.LostClaim):
        keeping.look(NOW, lost)
    assert signals() == {}


def test_everybody_sees_counts_but_only_whom_a_case_belongs_to_sees_whose_they_are(city: Cast) -> None:
    risen(city, unit="east_office")
    keeping.look(NOW)
    kinds = {
        part: {one.row.kind for one in reading.listed(city.view(part), "now", NOW)}
        for part in ("city_supervisor", "east_supervisor", "west_supervisor", "auditor", "editor")
    }
    assert {"category", "prepaid"} <= kinds["city_supervisor"]
    assert {"category", "prepaid"} <= kinds["east_supervisor"]
    assert {"category", "prepaid"} <= kinds["auditor"]
    assert {"category", "prepaid"} <= kinds["editor"]
    assert "category" in kinds["west_supervisor"]
    assert "prepaid" not in kinds["west_supervisor"]
    with pytest.raises(NotFound):
        shown(city.view("west_supervisor"), "prepaid")


def test_what_is_about_a_filer_is_neither_for_the_editor_nor_for_a_warning(city: Cast) -> None:
    risen(city, 10, filer_phone="13711112222")
    keeping.look(NOW)
    with pytest.raises(NotFound):
        shown(city.view("editor"), "filer")
    supervisor = city.view("city_supervisor")
    one = shown(supervisor, "filer")
    assert one.may_answer
    assert not one.may_hand_over
    with pytest.raises(NotAllowed):
        answering.hand_over(supervisor, one, {"title": "提示", "text": "正文"}, NOW)


def test_the_cases_of_a_signal_are_those_that_the_person_may_open(city: Cast) -> None:
    risen(city, 6, unit="east_office")
    risen(city, 2, unit="west_office", filer_phone="13500000000")
    keeping.look(NOW)
    whole, east = (shown(city.view(part), "prepaid") for part in ("city_supervisor", "east_supervisor"))
    assert (whole.seen, whole.kept) == (8, 8)
    assert (east.seen, east.kept) == (6, 8)
    assert not east.may_answer  # it is about cases of others as well
    assert len(reading.cases(city.view("east_supervisor"), east, None).cases) == 6
    assert reading.cases(city.view("editor"), whole, None).cases == []


@pytest.mark.parametrize("part", ["auditor", "city_leader", "east_supervisor"])
def test_who_only_reads_answers_nothing(city: Cast, part: str) -> None:
    risen(city, unit="east_office")
    keeping.look(NOW)
    view = city.view(part)
    with pytest.raises(NotAllowed):
        answering.set_aside(view, shown(view, "category"), "季节原因", NOW)


@pytest.mark.parametrize("part", ["city_supervisor", "editor"])
def test_a_signal_is_handed_over_as_a_draft_that_names_no_business_and_no_person(city: Cast, part: str) -> None:
    risen(city, unit="east_office")
    keeping.look(NOW)
    view = city.view(part)
    one = shown(view, "prepaid")
    draft = answering.draft(one)
    assert cast.COMPLAINT["respondent_name"] not in draft["title"] + draft["text"]
    assert "被集中投诉12件" in draft["text"]
    answering.hand_over(view, one, draft, NOW)
    (row,) = answering.drafts()
    assert (row.draft_title, row.draft_text) == (draft["title"], draft["text"])
    assert (row.answered_by, row.answered_at) == (view.id, NOW)
    notice = db.session.query(Notice).one()
    assert (notice.state, notice.category, notice.title) == ("draft", "warning", draft["title"])
    assert notice.mark == f"signal:{row.id}"


@pytest.mark.parametrize(
    ("entered", "field"),
    [
        ({"title": "", "text": "正文"}, "title"),
        ({"title": "标题", "text": "  "}, "text"),
        ({"title": "长" * 61, "text": "正文"}, "title"),
        ({"title": "标题", "text": "长" * 4001}, "text"),
        ({"title": "标题", "text": "请拨打13800001234"}, "text"),
        ({"title": "标题", "text": "证件11010519491231002X"}, "text"),
        ({"title": f"{cast.COMPLAINT['respondent_name']}停业", "text": "正文"}, "title"),
    ],
)
def test_a_draft_that_cannot_be_taken_says_so_at_its_field(city: Cast, entered: dict[str, str], field: str) -> None:
    risen(city)
    keeping.look(NOW)
    supervisor = city.view("city_supervisor")
    with pytest.raises(Faults) as fault:
        answering.hand_over(supervisor, shown(supervisor, "prepaid"), entered, NOW)
    assert list(fault.value.faults) == [field]
    assert signals()["prepaid"].state == "new"


@pytest.mark.parametrize("reason", ["", " \n", "长" * 201])
def test_setting_aside_needs_a_reason(city: Cast, reason: str) -> None:
    risen(city)
    keeping.look(NOW)
    supervisor = city.view("city_supervisor")
    with pytest.raises(Faults):
        answering.set_aside(supervisor, shown(supervisor, "category"), reason, NOW)


def test_two_who_answer_at_once_answer_once(city: Cast) -> None:
    risen(city)
    keeping.look(NOW)
    supervisor, editor = city.view("city_supervisor"), city.view("editor")
    first, second = shown(supervisor, "category"), shown(editor, "category")
    answering.set_aside(supervisor, first, "季节原因", NOW)
    with pytest.raises(Refused):
        answering.hand_over(editor, second, answering.draft(second), NOW)
    assert signals()["category"].state == "set_aside"


def test_a_signal_of_long_ago_is_not_among_those_of_now(city: Cast) -> None:
    risen(city)
    keeping.look(NOW)
    later = NOW + timedelta(days=40)
    supervisor = city.view("city_supervisor")
    assert reading.listed(supervisor, "now", later) == []
    assert reading.listed(supervisor, "over", later) != []
