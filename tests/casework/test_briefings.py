"""The monthly briefing: frozen once, written by several, signed by another, kept; the districts' reports beside it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from casework import audit, documents
from casework.briefings import districts, editions, freezing, keeping, sentences, standings
from casework.briefings.keeping import Conflict
from casework.documents import Paper, Rendered
from casework.errors import Faults, NotAllowed, NotFound, Refused
from models import Briefing, BriefingEdition, db
from models import briefing as states
from models.base import writing
from models.secrets import Unreadable
from rules import briefing as law
from rules.periods import Period
from tests.support import cast
from tests.support.cast import Cast
from tests.support.gathering import filed

NOVEMBER = Period.parse("2026-11")
DECEMBER = datetime(2026, 12, 2, 1, tzinfo=UTC)
"""The second working day after November."""


@pytest.fixture
def people(context: Flask, tmp_path: Path) -> Cast:
    """A city with its people."""
    documents.configure(tmp_path / "documents")
    return cast.build()


def done(_session: Any, _now: datetime) -> None:
    """Mark no task."""


def compiled(people: Cast, now: datetime = DECEMBER) -> Briefing:
    """November's briefing, counted."""
    briefing_id, _ = keeping.order(people.view("city_supervisor"), NOVEMBER, now)
    keeping.compile(briefing_id, now, done)
    return db.session.get_one(Briefing, briefing_id)


def issued(people: Cast) -> Briefing:
    """November's briefing, signed off."""
    row = compiled(people)
    keeping.submit(people.view("city_supervisor"), row, DECEMBER)
    keeping.issue(people.view("city_leader"), row, DECEMBER)
    return row


def printed(row: Briefing, edition: str) -> Paper:
    """What stands in an edition."""
    return editions.paper_of(db.session(), row, edition)


def test_the_same_records_give_the_same_bytes_whenever_they_are_counted(people: Cast) -> None:
    filed(people, 3)
    first = freezing.text_of(freezing.freeze(NOVEMBER, DECEMBER))
    assert first == freezing.text_of(freezing.freeze(NOVEMBER, DECEMBER + timedelta(days=400)))
    row = compiled(people)
    assert row.data_sha256 == hashlib.sha256(first.encode()).digest()


def test_figures_are_frozen_and_counted_anew_only_when_an_editor_asks(people: Cast) -> None:
    filed(people, 2)
    row = compiled(people)
    filed(people, 1, filer_phone="13911112222")
    assert freezing.table(row.data, "kinds").cell("received").now.number == 2
    editor = people.view("editor")
    keeping.write(editor, row, "overview", "本月平稳。", 0, DECEMBER)
    keeping.recount(editor, row, DECEMBER)
    keeping.compile(row.id, DECEMBER, done)
    db.session.refresh(row)
    assert freezing.table(row.data, "kinds").cell("received").now.number == 3
    assert keeping.sections(row)["overview"].text == "本月平稳。"


def test_a_month_that_is_not_over_has_no_briefing(people: Cast) -> None:
    with pytest.raises(Refused, match="还没有过完"):
        keeping.order(people.view("city_supervisor"), Period.parse("2026-12"), DECEMBER)


def test_a_month_without_a_case_says_so_in_plain_words(people: Cast) -> None:
    said = sentences.of(freezing.freeze(Period.parse("2026-09"), DECEMBER))
    assert said["overview"][0].startswith("2026年9月，全市没有收到投诉、举报、咨询和建议。")
    assert said["complaints"] == ["本月没有收到投诉。"]
    assert "没有哪一家" in said["businesses"][0]


def test_one_case_is_written_with_numbers_and_never_with_a_percentage(people: Cast) -> None:
    filed(people, 1)
    said = sentences.of(freezing.freeze(NOVEMBER, DECEMBER))
    assert said["overview"][0].startswith("2026年11月，全市12315共收到1件，环比由0件增至1件")
    assert "%" not in "".join(said["overview"] + said["complaints"])


def test_a_business_with_many_complaints_stands_in_the_bureaus_edition_alone(people: Cast) -> None:
    filed(people, law.BUSINESS_LEAST)
    row = issued(people)
    inside, outside = printed(row, law.FULL), printed(row, law.PUBLIC)
    assert "临江澜亭健身服务有限公司3件" in str(inside.facts["parts"])
    assert "澜亭" not in str(outside.facts)
    assert {part["key"] for part in outside.facts["parts"]} <= {key for key, one in law.SECTIONS.items() if one.public}


def test_hot_spots_are_told_as_signals_and_name_no_business(people: Cast) -> None:
    for back in range(1, 8):
        when = NOVEMBER.ends - timedelta(days=28 * back + 3)
        filed(people, 2, now=when, category="shoes", happened_on="")
    late = NOVEMBER.ends - timedelta(days=4)
    filed(people, 14, now=late, category="gym", problem="closed_down")
    data = freezing.freeze(NOVEMBER, DECEMBER)
    said = sentences.of(data)["hotspots"]
    assert "健身类14件" in said[-1]
    assert "信号，不是结论" in said[-1]
    assert "澜亭" not in freezing.text_of({"hotspots": data["hotspots"]})
    assert {one["kind"] for one in data["hotspots"]} <= {"category", "problem", "place", "local", "term"}
    filed(people, 30, now=DECEMBER, category="shoes")
    assert freezing.freeze(NOVEMBER, DECEMBER)["hotspots"] == data["hotspots"]


def test_a_briefing_of_before_there_were_hot_spots_says_nothing_of_them(people: Cast) -> None:
    data = freezing.freeze(NOVEMBER, DECEMBER)
    assert "多得不像碰巧" in sentences.of(data)["hotspots"][-1]
    del data["hotspots"]
    assert len(sentences.of(data)["hotspots"]) == 1


def test_of_two_editors_the_later_sees_what_the_other_saved_and_loses_nothing(people: Cast) -> None:
    row, one, other = compiled(people), people.view("editor"), people.view("city_supervisor")
    keeping.write(one, row, "complaints", "健身停业多。", 0, DECEMBER)
    with pytest.raises(Conflict) as found:
        keeping.write(other, row, "complaints", "预付卡问题多。", 0, DECEMBER)
    assert (found.value.text, found.value.version, found.value.by) == ("健身停业多。", 1, one.id)
    assert keeping.sections(row)["complaints"].text == "健身停业多。"
    keeping.write(other, row, "complaints", "两样都多。", found.value.version, DECEMBER)
    assert keeping.sections(row)["complaints"].text == "两样都多。"


@pytest.mark.parametrize("part", ["east_supervisor", "city_leader", "auditor", "city_intake"])
def test_only_the_citys_editors_write(people: Cast, part: str) -> None:
    row = compiled(people)
    with pytest.raises(NotAllowed):
        keeping.write(people.view(part), row, "overview", "x", 0, DECEMBER)


def test_a_draft_is_for_those_who_write_sign_or_audit_it_and_an_issue_for_all(people: Cast) -> None:
    row = compiled(people)
    assert keeping.find(people.view("auditor"), row.month) is row
    with pytest.raises(NotFound):
        keeping.find(people.view("east_leader"), row.month)
    keeping.submit(people.view("editor"), row, DECEMBER)
    keeping.issue(people.view("city_leader"), row, DECEMBER)
    assert keeping.find(people.view("east_leader"), row.month) is row


def test_a_leader_returns_with_a_reason_or_signs_and_then_nothing_changes_any_more(people: Cast) -> None:
    row, editor, leader = compiled(people), people.view("editor"), people.view("city_leader")
    with pytest.raises(Refused):
        keeping.issue(leader, row, DECEMBER)
    keeping.submit(editor, row, DECEMBER)
    with pytest.raises(Faults):
        keeping.give_back(leader, row, " ", DECEMBER)
    keeping.give_back(leader, row, "热点要写清处置。", DECEMBER)
    keeping.submit(editor, row, DECEMBER)
    keeping.issue(leader, row, DECEMBER)
    assert (row.state, row.number, row.total_number) == (states.ISSUED, 1, 1)
    with pytest.raises(Refused):
        keeping.write(editor, row, "overview", "改一改", 0, DECEMBER)
    with pytest.raises(Refused):
        keeping.recount(editor, row, DECEMBER)
    assert [one.edition for one in reversed(editions.listed(row))] == [law.FULL, law.PUBLIC]


def test_an_edition_is_kept_as_made_and_made_once(people: Cast) -> None:
    row = issued(people)
    papers: list[Paper] = []

    def press(paper: Paper) -> Rendered:
        papers.append(paper)
        return Rendered(b"%PDF-1.7 a briefing", 8)

    one = next(one for one in editions.listed(row) if one.edition == law.FULL)
    assert editions.make(one.id, DECEMBER, press, done) == "made, 8 page(s)"
    assert editions.make(one.id, DECEMBER, press, done) == "nothing to do"
    assert len(papers) == 1
    assert editions.read(db.session.get_one(BriefingEdition, one.id)) == b"%PDF-1.7 a briefing"
    editions.path_of(one.id).write_bytes(editions.path_of(one.id).read_bytes()[:-1] + b"x")
    with pytest.raises(Unreadable):
        editions.read(one)


def test_a_typical_case_is_retold_without_the_names_in_it(people: Cast) -> None:
    filed(people, 1)
    row, editor = compiled(people), people.view("editor")
    with pytest.raises(NotFound):
        keeping.choose(editor, row, 1)
    with writing():
        case_id = 1
        held = db.session.get_one(Briefing, row.id)
        held.data = {**held.data, "proposals": [{"id": case_id, "number": "", "matter": "", "recovered": 1}]}
    keeping.choose(editor, row, case_id)
    keeping.choose(editor, row, case_id)
    (one,) = keeping.examples(row)
    assert "健身年卡" in one.title + one.text
    assert "澜亭" not in one.title + one.text
    assert "王" not in one.title + one.text
    with pytest.raises(Faults):
        keeping.retell(editor, row, one.id, {"title": "", "text": "", "version": "1"})
    keeping.leave_out(editor, row, one.id)
    assert keeping.examples(row) == []


def test_the_audit_finds_an_issued_briefing_whose_figures_were_changed_behind_its_back(people: Cast) -> None:
    filed(people, 2)
    row = issued(people)
    assert not [one for one in audit.verify(audit.Checked()) if one.rule == "briefing"]
    with writing() as session:
        changed = freezing.text_of({**row.data, "month": "2026-11", "supervision": {"issued": 0}})
        session.execute(text("UPDATE briefing SET data = :data"), {"data": changed})
    (finding,) = [one for one in audit.verify(audit.Checked()) if one.rule == "briefing"]
    assert "figures are not those that were frozen" in finding.sentence


def test_the_audit_finds_a_month_whose_events_are_not_those_that_were_sealed(people: Cast) -> None:
    filed(people, 2)
    row = issued(people)
    filed(people, 1, filer_phone="13911112222")  # what comes in later does not touch the seal
    assert not [one for one in audit.verify(audit.Checked()) if one.rule == "briefing"]
    with writing() as session:
        session.execute(text("UPDATE briefing SET records_count = records_count + 1"))
    (finding,) = [one for one in audit.verify(audit.Checked()) if one.rule == "briefing"]
    assert "events of its month" in finding.sentence
    assert row.month in finding.sentence


class TestDistrictReports:
    """NJ五6: the districts report upwards on time, and lateness is recorded."""

    TEXT = "本月辖区投诉以预付式消费为主，已约谈两家健身企业，没有重大事件。"

    def test_a_report_is_due_on_the_third_working_day_after_the_month(self, people: Cast) -> None:
        standing = standings.of_month(NOVEMBER, DECEMBER)
        assert [one.unit.key for one in standing] == ["east", "west"]
        assert standing[0].due_on.isoformat() == "2026-12-03"
        assert not any(one.overdue for one in standing)
        assert all(one.overdue for one in standings.of_month(NOVEMBER, DECEMBER + timedelta(days=2)))

    def test_the_first_time_that_it_came_decides_whether_it_was_late(self, people: Cast) -> None:
        staff = people.view("east_supervisor")
        assert districts.file(staff, "east", NOVEMBER, self.TEXT, 0, DECEMBER) is False
        later = DECEMBER + timedelta(days=3)
        assert districts.file(staff, "east", NOVEMBER, self.TEXT + "补充。", 1, later) is False
        assert districts.file(people.view("west_leader"), "west", NOVEMBER, self.TEXT, 0, later) is True
        assert [one.key for one in standings.late_units(NOVEMBER, later)] == ["west"]

    def test_nobody_reports_for_another_district_or_overwrites_a_colleague_unseen(self, people: Cast) -> None:
        staff = people.view("east_supervisor")
        with pytest.raises(NotAllowed):
            districts.file(staff, "west", NOVEMBER, self.TEXT, 0, DECEMBER)
        districts.file(staff, "east", NOVEMBER, self.TEXT, 0, DECEMBER)
        with pytest.raises(Conflict):
            districts.file(people.view("east_leader"), "east", NOVEMBER, self.TEXT + "另一种写法。", 0, DECEMBER)
        with pytest.raises(NotFound):
            districts.read(people.view("west_leader"), "east", NOVEMBER)

    def test_an_empty_report_and_a_month_that_runs_are_refused_at_the_field(self, people: Cast) -> None:
        staff = people.view("east_supervisor")
        with pytest.raises(Faults) as found:
            districts.file(staff, "east", NOVEMBER, "无", 0, DECEMBER)
        assert "text" in found.value.faults
        with pytest.raises(Faults):
            districts.file(staff, "east", Period.parse("2026-12"), self.TEXT, 0, DECEMBER)


def test_a_press_of_two_clerks_compiles_one_briefing(people: Cast) -> None:
    first, new = keeping.order(people.view("city_supervisor"), NOVEMBER, DECEMBER)
    assert (first, False) == keeping.order(people.view("editor"), NOVEMBER, DECEMBER)
    assert new
    assert len(db.session.scalars(select(Briefing)).all()) == 1
