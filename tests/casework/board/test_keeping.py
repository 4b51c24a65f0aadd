"""A notice is written by one person and approved by another; it comes and goes at its moment; nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from casework import pagestamp
from casework.board import correcting, keeping, reading
from casework.errors import Faults, NotAllowed, NotFound, Refused, SavedMeanwhile
from jobs import run
from models import Notice, db
from rules import board as law
from tests.support import cast
from tests.support.board import TEXT, drafted, later, published, typed
from tests.support.cast import MORNING, Cast


@pytest.fixture
def people(context: Flask) -> Cast:
    """The city's people."""
    return cast.build()


def shown(now: object = MORNING) -> list[str]:
    """The titles that everybody reads at a moment."""
    found = reading.page(now)  # type: ignore[arg-type]
    return [one.title for one in (*found.pinned, *found.rows)]


class TestWay:
    def test_a_draft_is_read_by_nobody_until_a_second_person_approves_it(self, people: Cast) -> None:
        row = drafted(people)
        assert shown() == []
        keeping.submit(people.view("editor"), row, MORNING)
        with pytest.raises(NotFound):
            reading.one(row.id, MORNING)
        keeping.publish(people.view("city_leader"), row, later(hours=1))
        assert shown(later(hours=1)) == ["办预付卡前，先看这两点"]
        assert [one.step for one in keeping.steps(row)] == ["created", "submitted", "published"]

    def test_who_wrote_or_submitted_it_does_not_approve_it(self, people: Cast) -> None:
        supervisor = people.view("city_supervisor")
        row = keeping.find(keeping.draft(supervisor, typed(), MORNING))
        keeping.submit(supervisor, row, MORNING)
        with pytest.raises(NotAllowed, match="另一位"):
            keeping.publish(supervisor, row, MORNING)
        with pytest.raises(NotAllowed):
            keeping.publish(people.view("editor"), row, MORNING)
        assert shown() == []

    @pytest.mark.parametrize("part", ["east_supervisor", "east_leader", "city_intake", "auditor", "city_leader"])
    def test_only_the_editors_of_the_city_write(self, people: Cast, part: str) -> None:
        with pytest.raises(NotAllowed):
            keeping.draft(people.view(part), typed(), MORNING)

    def test_a_returned_notice_says_why_and_is_written_again(self, people: Cast) -> None:
        row = drafted(people)
        keeping.submit(people.view("editor"), row, MORNING)
        with pytest.raises(Faults):
            keeping.give_back(people.view("city_supervisor"), row, " ", MORNING)
        keeping.give_back(people.view("city_supervisor"), row, "第二点再写清楚", MORNING)
        assert keeping.steps(row)[-1].text == "第二点再写清楚"
        keeping.save(people.view("editor"), row, typed(title="改过的标题", version="1"), MORNING)
        assert keeping.find(row.id).title == "改过的标题"

    def test_what_waits_for_approval_is_changed_only_after_it_was_taken_back(self, people: Cast) -> None:
        row = drafted(people)
        keeping.submit(people.view("editor"), row, MORNING)
        with pytest.raises(Refused):
            keeping.save(people.view("editor"), row, typed(version="1"), MORNING)
        keeping.take_back(people.view("editor"), row, MORNING)
        keeping.save(people.view("editor"), row, typed(title="改", version="1"), MORNING)
        assert keeping.find(row.id).version == 2

    def test_the_same_source_makes_one_notice(self, people: Cast) -> None:
        """A hot spot writes a signal; the board's editor makes the warning of it."""
        first = keeping.draft(None, typed(), MORNING, source="signal:7")
        assert keeping.draft(None, typed(title="别的"), MORNING, source="signal:7") == first
        assert keeping.find(first).state == law.DRAFT

    def test_a_draft_nobody_wants_goes_and_a_published_one_does_not(self, people: Cast) -> None:
        row, other = drafted(people), published(people)
        keeping.drop(people.view("editor"), row)
        with pytest.raises(NotFound):
            keeping.find(row.id)
        with pytest.raises(Refused):
            keeping.drop(people.view("editor"), other)


class TestMoments:
    def test_a_scheduled_notice_appears_at_its_moment_whatever_the_worker_does(self, people: Cast) -> None:
        published(people, publish_at="2026-11-24 09:00")
        exactly = later(hours=23, minutes=30)
        assert shown(later(hours=23, minutes=29)) == []
        assert shown(exactly) == ["办预付卡前，先看这两点"]

    def test_it_goes_at_its_moment_and_its_page_says_so(self, people: Cast) -> None:
        row = published(people, expires_at="2026-11-24 09:00")
        assert shown(later(hours=23, minutes=29))
        assert shown(later(hours=23, minutes=30)) == []
        assert reading.standing(reading.one(row.id, later(days=2)), later(days=2)) == "expired"

    def test_the_worker_says_it_and_lets_old_pages_go(self, people: Cast, tmp_path: Path) -> None:
        stamp = tmp_path / "pages.stamp"
        pagestamp.configure(stamp)
        row = published(people, publish_at="2026-11-24 09:00", expires_at="2026-11-25 09:00")
        stamp.unlink()
        run.drain(later(hours=2), queues=("default",))
        assert not stamp.exists(), "nothing has come yet"
        run.drain(later(days=1), queues=("default",))
        assert stamp.exists()
        keeping.pin(people.view("city_supervisor"), row, True, later(days=1))
        run.drain(later(days=2), queues=("default",))
        assert [one.step for one in keeping.steps(row)][-3:] == ["shown", "pinned", "expired"]
        assert not db.session.get_one(Notice, row.id, populate_existing=True).pinned

    @pytest.mark.parametrize(
        ("wish", "field"),
        [
            ({"publish_at": "2026-11-20 09:00"}, "publish_at"),
            ({"publish_at": "昨天"}, "publish_at"),
            ({"expires_at": "2026-11-20"}, "expires_at"),
            ({"publish_at": "2026-12-02", "expires_at": "2026-12-01"}, "expires_at"),
        ],
    )
    def test_a_moment_that_makes_no_sense_is_told_at_its_field(
        self, people: Cast, wish: dict[str, str], field: str
    ) -> None:
        with pytest.raises(Faults) as found:
            drafted(people, **wish)
        assert list(found.value.faults) == [field]

    def test_a_wish_that_passed_while_it_waited_means_at_once(self, people: Cast) -> None:
        row = drafted(people, publish_at="2026-11-23 10:00")
        keeping.submit(people.view("editor"), row, MORNING)
        keeping.publish(people.view("city_supervisor"), row, later(hours=5))
        assert keeping.find(row.id).publish_at == later(hours=5)

    def test_what_expired_while_it_waited_is_not_published(self, people: Cast) -> None:
        row = drafted(people, expires_at="2026-11-23 10:00")
        keeping.submit(people.view("editor"), row, MORNING)
        with pytest.raises(Refused, match="到期时间已经过了"):
            keeping.publish(people.view("city_supervisor"), row, later(hours=5))


class TestTogether:
    def test_two_editors_at_once_lose_nothing(self, people: Cast) -> None:
        row = drafted(people)
        keeping.save(people.view("editor"), row, typed(title="甲的标题", version="1"), MORNING)
        with pytest.raises(SavedMeanwhile) as found:
            keeping.save(people.view("city_supervisor"), row, typed(title="乙的标题", version="1"), MORNING)
        assert found.value.theirs["title"] == "甲的标题"
        assert found.value.by == people.staff["editor"]
        assert keeping.find(row.id).title == "甲的标题"
        again = typed(title="乙的标题", version=str(found.value.version))
        keeping.save(people.view("city_supervisor"), row, again, MORNING)
        assert keeping.find(row.id).title == "乙的标题"

    def test_the_same_text_saved_twice_is_no_conflict(self, people: Cast) -> None:
        row = drafted(people)
        for _ in range(2):
            keeping.save(people.view("editor"), row, typed(version="1"), MORNING)
        assert keeping.find(row.id).body == TEXT


class TestCorrection:
    def test_it_is_read_only_after_a_second_person_approved_it_and_the_old_text_stays(self, people: Cast) -> None:
        row = published(people)
        wish = typed(body=TEXT.replace("执照", "营业执照"), note="第一点写错了证照的名称")
        correcting.propose(people.view("editor"), row, wish, later(days=1))
        assert keeping.find(row.id).body == TEXT
        with pytest.raises(NotAllowed):
            correcting.approve(people.view("editor"), row, "1", later(days=1))
        correcting.approve(people.view("city_supervisor"), row, "1", later(days=1))
        held = keeping.find(row.id)
        assert (held.correction, held.corrected_at) == ("第一点写错了证照的名称", later(days=1))
        assert [text.body for text in correcting.texts(held)] == [TEXT, wish["body"]]
        assert reading.page(later(days=1), query="营业执照").rows

    def test_it_needs_a_note_and_a_difference(self, people: Cast) -> None:
        row = published(people)
        with pytest.raises(Faults) as found:
            correcting.propose(people.view("editor"), row, typed(body="别的字"), MORNING)
        assert list(found.value.faults) == ["note"]
        with pytest.raises(Faults, match="一样"):
            correcting.propose(people.view("editor"), row, typed(note="没改"), MORNING)

    def test_what_was_changed_since_it_was_read_is_not_approved(self, people: Cast) -> None:
        row = published(people)
        correcting.propose(people.view("editor"), row, typed(body="第一稿", note="改"), MORNING)
        correcting.propose(people.view("editor"), row, typed(body="第二稿", note="改", version="1"), MORNING)
        with pytest.raises(Refused, match="又改过"):
            correcting.approve(people.view("city_supervisor"), row, "1", MORNING)
        with pytest.raises(SavedMeanwhile):
            correcting.propose(people.view("city_supervisor"), row, typed(body="第三稿", note="改"), MORNING)
        correcting.discard(people.view("city_supervisor"), row, MORNING)
        assert correcting.waiting(row) is None


class TestPinnedAndWithdrawn:
    def test_pinned_notices_stand_first_and_are_few(self, people: Cast) -> None:
        supervisor = people.view("city_supervisor")
        rows = [published(people, later(hours=n), title=f"第{n}条") for n in range(law.PINS + 1)]
        for row in rows[:-1]:
            keeping.pin(supervisor, row, True, later(days=1))
        assert shown(later(days=1)) == ["第2条", "第1条", "第0条", "第3条"]
        with pytest.raises(Refused, match="最多置顶"):
            keeping.pin(supervisor, rows[-1], True, later(days=1))
        keeping.pin(supervisor, rows[0], False, later(days=1))
        assert shown(later(days=1)) == ["第2条", "第1条", "第3条", "第0条"]

    def test_a_withdrawn_notice_is_gone_from_list_and_search_but_its_page_says_why(self, people: Cast) -> None:
        row = published(people)
        with pytest.raises(Faults):
            keeping.withdraw(people.view("city_leader"), row, "", MORNING)
        keeping.withdraw(people.view("city_leader"), row, "数字有误，核实后再登", MORNING)
        assert shown() == []
        assert not reading.page(MORNING, query="营业执照").rows
        held = reading.one(row.id, MORNING)
        assert (reading.standing(held, MORNING), held.withdrawal) == ("withdrawn", "数字有误，核实后再登")
