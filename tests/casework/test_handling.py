"""The one door: who may, what is refused, what is written; two at once, twice the same, half-way never."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from casework import access, handling, search
from casework.actors import FILER
from casework.errors import Faults, NotAllowed, NotFound, Refused, Stale, WorkError
from casework.reference import current
from models import Case, Deadline, Document, Event, FilerMessage, Party, StaffMessage, Task, db
from models.base import writing
from rules.workflow import WORKFLOW
from tests.support import cast
from tests.support.cast import MORNING, Cast

ROWS = (Case, Event, Deadline, Document, FilerMessage, Party, StaffMessage, Task)


@pytest.fixture
def people(context: Flask) -> Cast:
    """A city with its people."""
    return cast.build()


@pytest.fixture
def complaint(people: Cast) -> Case:
    """A complaint that 李 has in hand and must decide on."""
    case = cast.case_of(cast.file())
    bring(people, case, "under_review")
    return case


def bring(people: Cast, case: Case, state: str) -> None:
    """Send the case on to 东城所 and as far as `state`."""
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("city_dispatcher", "dispatch", {"unit": "east_office", "routing_reason": "地址在东城区"}),
        ("east_lead", "sign_for", {}),
        ("east_lead", "assign", {"handler": people.staff["east_handler"]}),
        ("east_handler", "accept", accepting(people)),
    ]
    begun = ("registered", "dispatched", "received", "under_review").index(case.state)
    for part, action, entered in steps[begun:]:
        if case.state == state:
            return
        handling.apply(case, action, people.actor(part), MORNING, **entered)


def accepting(people: Cast) -> dict[str, Any]:
    """What the form of 受理 asks for."""
    day = "2026-11-23"
    return {"decided_on": day, "told_on": day, "told_by": "sms", "handler": people.staff["east_handler"]}


def counts() -> dict[str, int]:
    """How many rows there are of everything that an act writes."""
    db.session.rollback()
    return {model.__tablename__: db.session.scalar(select(func.count()).select_from(model)) or 0 for model in ROWS}


class TestWhoMayAct:
    def test_a_handler_of_another_office_may_not(self, people: Cast, complaint: Case) -> None:
        before = counts()
        with pytest.raises(NotAllowed):
            handling.apply(complaint, "accept", people.actor("west_handler"), MORNING, **accepting(people))
        assert counts() == before

    def test_the_filer_cannot_accept_the_own_complaint(self, people: Cast, complaint: Case) -> None:
        with pytest.raises(NotAllowed):
            handling.apply(complaint, "accept", FILER, MORNING, **accepting(people))

    def test_a_deputy_acts_while_the_colleague_is_away(self, people: Cast, complaint: Case) -> None:
        from models import Staff

        with writing() as session:
            away = session.get_one(Staff, people.staff["east_handler"])
            away.deputy_id = people.staff["east_handler2"]
            away.away_from, away.away_until = MORNING - timedelta(days=1), MORNING + timedelta(days=5)
        event = handling.apply(complaint, "accept", people.actor("east_handler2"), MORNING, **accepting(people))
        assert event.actor_id == people.staff["east_handler2"]

    def test_an_unknown_action_is_not_found(self, people: Cast, complaint: Case) -> None:
        with pytest.raises(NotFound):
            handling.apply(complaint, "explode", people.actor("east_handler"), MORNING)

    def test_an_auditor_reads_and_does_nothing(self, people: Cast, complaint: Case) -> None:
        auditor = people.actor("auditor")
        assert access.find(people.view("auditor"), complaint.number).id == complaint.id
        for action in WORKFLOW.actions_from(complaint.kind, complaint.state, complaint.regime):
            with pytest.raises(NotAllowed):
                handling.apply(complaint, action.key, auditor, MORNING)


class TestWhatIsWritten:
    def test_accepting_closes_the_decision_term_and_opens_mediation(self, people: Cast, complaint: Case) -> None:
        handling.apply(complaint, "accept", people.actor("east_handler"), MORNING, **accepting(people))
        rows = {row.rule: row for row in db.session.query(Deadline).filter_by(case_id=complaint.id)}
        open_rules = {rule for rule, row in rows.items() if row.closed_at is None}
        assert complaint.state == "accepted"
        assert {"complaint.mediate", "contact.first"} == open_rules
        assert rows["complaint.mediate"].due_on.isoformat() == "2027-01-22"

    def test_the_acceptance_decision_is_ordered_and_its_task_is_there(self, people: Cast, complaint: Case) -> None:
        handling.apply(complaint, "accept", people.actor("east_handler"), MORNING, **accepting(people))
        paper = db.session.query(Document).filter_by(case_id=complaint.id, kind="form.acceptance").one()
        queued = [task.payload for task in db.session.query(Task).filter_by(kind="document.make")]
        assert paper.state == "queued"
        assert queued.count({"document_id": paper.id}) == 1

    def test_the_filer_is_told_by_the_chosen_way(self, people: Cast, complaint: Case) -> None:
        event = handling.apply(complaint, "accept", people.actor("east_handler"), MORNING, **accepting(people))
        told = db.session.query(FilerMessage).filter_by(case_id=complaint.id, event_seq=event.seq).one()
        assert told.channel == "sms"
        assert "已受理，由李明承办" in told.text

    def test_a_clock_that_is_passed_on_keeps_its_old_row(self, people: Cast) -> None:
        case = cast.case_of(cast.file())
        bring(people, case, "dispatched")
        rows = (
            db.session.query(Deadline).filter_by(case_id=case.id, rule="complaint.decide").order_by(Deadline.id).all()
        )
        assert [(row.outcome, row.closed_at is None) for row in rows] == [("passed_on", False), (None, True)]
        assert rows[1].replaces_id == rows[0].id

    def test_names_of_people_never_stand_in_an_event(self, people: Cast, complaint: Case) -> None:
        from tests.casework.test_stories import STORIES, Player

        file_id = Player(STORIES["s01-friday-afternoon"], people)._file(
            complaint, people.actor("east_handler"), MORNING
        )
        other = Player(STORIES["s01-friday-afternoon"], people)._file(complaint, people.actor("east_handler"), MORNING)
        entered = {
            "proxy_name": "欧阳若兰",
            "proxy_id": [file_id],
            "authorization": [other],
            "powers": ["withdraw"],
            "valid_until": "2027-01-01",
        }
        handling.apply(complaint, "register_proxy", people.actor("east_handler"), MORNING, **entered)
        kept = db.session.execute(text("SELECT fields FROM event")).scalars().all()
        assert not [row for row in kept if "欧阳若兰" in row or "王秀英" in row or "13800001234" in row]
        assert db.session.query(Party).filter_by(case_id=complaint.id, role="proxy").one().name == "欧阳若兰"

    def test_forged_columns_change_nothing(self, people: Cast, complaint: Case) -> None:
        """SEC-30"""
        forged = {"unit_id": 1, "state": "archived", "number": "T20260101-00001-1", "role": "leader", "is_admin": "1"}
        handling.apply(complaint, "note", people.actor("east_handler"), MORNING, text="已核对材料", **forged)
        assert (complaint.state, complaint.unit_id) == ("under_review", people.units["east_office"])
        assert complaint.number.startswith("T20261123")

    def test_events_cannot_be_changed_or_deleted(self, complaint: Case) -> None:
        for statement in ("UPDATE event SET public_text = 'x'", "DELETE FROM event"):
            with pytest.raises(Exception, match="only added"), writing() as session:
                session.execute(text(statement))


class TestTwoAtOnce:
    def test_the_second_clerk_is_told_what_changed(self, people: Cast, complaint: Case) -> None:
        seen = complaint.seq
        handling.apply(complaint, "note", people.actor("east_lead"), MORNING, seen=seen, text="先打电话问清楚")
        before = counts()
        with pytest.raises(Stale) as stale:
            handling.apply(complaint, "accept", people.actor("east_handler"), MORNING, seen=seen, **accepting(people))
        assert stale.value.changes == ("何勇 · 内部备注",)
        assert counts() == before

    def test_the_same_press_twice_is_one_event(self, people: Cast, complaint: Case) -> None:
        seen, actor = complaint.seq, people.actor("east_handler")
        first = handling.apply(complaint, "accept", actor, MORNING, seen=seen, **accepting(people))
        before = counts()
        again = handling.apply(
            complaint, "accept", actor, MORNING + timedelta(seconds=2), seen=seen, **accepting(people)
        )
        assert again.id == first.id
        assert counts() == before

    def test_of_twenty_acceptances_at_once_exactly_one_succeeds(
        self, app: Flask, people: Cast, complaint: Case
    ) -> None:
        """SEC-15"""
        case_id, entered = complaint.id, accepting(people)
        outcomes = at_once(app, 20, lambda: _accept(case_id, people, entered))
        assert outcomes.count("done") == 1
        assert outcomes.count("refused 409") == 19
        db.session.rollback()
        assert db.session.query(Event).filter_by(case_id=case_id, action="accept").count() == 1


def _accept(case_id: int, people: Cast, entered: dict[str, Any]) -> str:
    try:
        handling.apply(db.session.get_one(Case, case_id), "accept", people.actor("east_handler"), MORNING, **entered)
    except WorkError as error:
        return f"refused {error.status}"
    return "done"


def at_once(app: Flask, number: int, doing: Callable[[], str]) -> list[str]:
    """Let `number` threads do the same in the same moment; return what each came to."""
    start, outcomes, lock = threading.Barrier(number), [], threading.Lock()

    def one() -> None:
        with app.app_context():
            start.wait(30)
            try:
                found = doing()
            except Exception as error:
                found = repr(error)
            with lock:
                outcomes.append(found)

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


class TestAllOrNothing:
    PLACES = (
        "casework.handling.save",
        "casework.handling.aftermath.follow",
        "casework.telling.documents.add",
        "casework.telling.notify.add",
        "casework.telling.inform",
        "casework.telling.tasks.add",
    )

    @pytest.mark.parametrize("place", PLACES)
    def test_an_act_that_breaks_leaves_nothing_behind(
        self, people: Cast, complaint: Case, monkeypatch: pytest.MonkeyPatch, place: str
    ) -> None:
        """SEC-14"""
        before, state = counts(), complaint.state
        module, _, name = place.rpartition(".")
        real = _resolve(module, name)

        def breaks(*args: Any, **named: Any) -> Any:
            real(*args, **named)
            raise OSError("the power went")

        monkeypatch.setattr(place, breaks)
        with pytest.raises(OSError, match="power"):
            handling.apply(complaint, "accept", people.actor("east_handler"), MORNING, **accepting(people))
        assert counts() == before
        assert db.session.get_one(Case, complaint.id, populate_existing=True).state == state


def _resolve(module: str, name: str) -> Callable[..., Any]:
    import importlib

    parts = module.split(".")
    found: Any = importlib.import_module(".".join(parts[:2]))
    for part in parts[2:]:
        found = getattr(found, part)
    return getattr(found, name)  # type: ignore[no-any-return]


class TestSteps:
    def test_no_step_can_be_taken_from_a_state_where_the_table_has_none(self, people: Cast) -> None:
        """SEC-13, from the table: every action that does not start here is refused and writes nothing."""
        case = cast.case_of(cast.file())
        refused = 0
        for state in ("registered", "dispatched", "received", "under_review", "accepted"):
            bring(people, case, state)
            assert case.state == state
            possible = {action.key for action in WORKFLOW.actions_from(case.kind, case.state, case.regime)}
            before = counts()
            for key, action in WORKFLOW.actions.items():
                if key in possible or case.kind not in action.kinds or not action.from_:
                    continue
                actor = _somebody(people, case, key)
                with pytest.raises((Refused, Faults, NotAllowed)):
                    handling.apply(case, key, actor, MORNING)
                refused += 1
            assert counts() == before
        assert refused > 200

    def test_a_missing_entry_is_named_at_its_field(self, people: Cast, complaint: Case) -> None:
        with pytest.raises(Faults) as faults:
            handling.apply(complaint, "accept", people.actor("east_handler"), MORNING, decided_on="2026-02-30")
        assert faults.value.faults["decided_on"] == "决定日期：2026年2月没有30日"
        assert faults.value.faults["told_by"] == "请选择告知方式"


def _somebody(people: Cast, case: Case, action: str) -> Any:
    ref, columns = current(), access.columns(case)
    for part in cast.PEOPLE:
        actor = people.actor(part)
        if access.acting_role(actor, WORKFLOW.action(action), columns, ref):
            return actor
    return FILER


class TestCorrections:
    def test_a_corrected_business_is_found_under_its_new_name(self, people: Cast, complaint: Case) -> None:
        entered = {"field": "respondent_name", "new_value": "临江望海楼健身有限公司", "reasons": "营业执照上是这个名称"}
        event = handling.apply(complaint, "correct_record", people.actor("east_handler"), MORNING, **entered)
        assert complaint.respondent_name == "临江望海楼健身有限公司"
        assert event.fields["old_value"] == "临江澜亭健身服务有限公司"
        assert (search.case_ids("望海楼"), search.case_ids("澜亭健身")) == ([complaint.id], [])

    def test_a_corrected_phone_is_found_and_stands_in_no_event(self, people: Cast, complaint: Case) -> None:
        entered = {"field": "filer_phone", "new_value": "139 9999 8888", "reasons": "来电更正"}
        event = handling.apply(complaint, "correct_record", people.actor("east_handler"), MORNING, **entered)
        assert "8888" not in str(event.fields)
        assert db.session.scalars(select(Case.id).where(search.condition("13999998888"))).all() == [complaint.id]

    def test_an_entry_that_cannot_be_corrected_is_named(self, people: Cast, complaint: Case) -> None:
        with pytest.raises(Refused, match="不能更正"):
            handling.apply(
                complaint, "correct_record", people.actor("east_handler"), MORNING,
                field="state", new_value="archived", reasons="试一试",
            )  # fmt: skip
