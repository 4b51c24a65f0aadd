"""What the procedure refuses, what settings change, and what must hold on every walk through it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from datetime import time as clock_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import refusals
from rules.access import allowed
from rules.calendar import Calendar, at_time
from rules.clocks import Clock, due
from rules.procedure import OUTCOMES, CaseView, OpenClock, Refused, Step, advance, apply_to, offered, why_not
from rules.settings import DEFAULTS
from rules.terms import RULES
from rules.workflow import WORKFLOW, regime_for
from tests.stories import complete_fields, met_guards

CALENDAR = Calendar.seeded()
MONDAY = date(2026, 6, 1)


class Walk:
    """A case in memory, with the day on which it stands."""

    def __init__(self, kind: str, on: date = MONDAY, **chosen: str) -> None:
        self.kind, self.received_on, self.on = kind, on, on
        self.state: str | None = None
        self.previous: str | None = None
        self.clocks: dict[str, Clock] = {}
        self.settings = {**DEFAULTS, **chosen}

    def view(self) -> CaseView:
        running = {key: OpenClock(clock) for key, clock in self.clocks.items()}
        return CaseView(self.kind, self.state, self.previous, self.received_on, regime_for(self.received_on), running)

    def fields(self, key: str, given: Mapping[str, object]) -> dict[str, object]:
        return complete_fields(WORKFLOW.action(key), self.kind, given, self.on, regime_for(self.received_on), None)

    def take(self, key: str, facts: frozenset[str] | None = None, at: str = "10:00", **given: object) -> Step:
        action = WORKFLOW.action(key)
        now = at_time(self.on, clock_time.fromisoformat(at))
        met = met_guards(action) if facts is None else facts
        step = advance(self.view(), action, self.fields(key, given), now, CALENDAR, met, self.settings)
        self.clocks = apply_to(self.clocks, step)
        self.state, self.previous = step.to_state, step.to_previous
        return step

    def to(self, *keys: str) -> Walk:
        for key in keys:
            self.take(key)
        return self

    def due(self, rule: str) -> date | None:
        return due(self.clocks[rule], CALENDAR, self.settings).on


def complaint(*keys: str, on: date = MONDAY, **chosen: str) -> Walk:
    return Walk("complaint", on, **chosen).to("register_online", "dispatch", "sign_for", "assign", *keys)


def refusal(walk: Walk, key: str, facts: frozenset[str] | None = None, **given: object) -> Refused:
    with pytest.raises(Refused) as caught:
        walk.take(key, facts, **given)
    assert "{" not in caught.value.sentence
    return caught.value


def test_a_step_that_the_state_does_not_allow_is_refused_naming_both() -> None:
    refused = refusal(complaint(), "make_agreement")
    assert refused.code == "state"
    assert refused.sentence == "这一件现在是“待决定是否受理”，不能“制作调解书”"


def test_a_report_cannot_be_accepted_or_refused() -> None:
    report = Walk("report").to("register_online", "dispatch", "sign_for", "assign")
    assert refusal(report, "accept").code == "kind"
    assert refusal(report, "refuse").code == "kind"


def test_a_case_is_registered_once() -> None:
    assert refusal(complaint(), "register_online").code == "begun"


def test_a_decision_needs_a_ground_and_names_the_field_the_ground_asks_for() -> None:
    walk = complaint()
    walk.received_on = MONDAY
    fields = walk.fields("refuse", {"ground": "R4"})
    with pytest.raises(Refused) as caught:
        advance(walk.view(), WORKFLOW.action("refuse"), fields, at_time(MONDAY, clock_time(11)), CALENDAR)
    assert (caught.value.code, caught.value.field) == ("required", "known_on")
    assert "知道或应当知道之日" in caught.value.sentence
    assert refusal(walk, "refuse", ground=None).field == "ground"


def test_a_ground_of_the_other_regime_is_refused() -> None:
    old = complaint(on=date(2026, 4, 10))
    assert refusal(old, "refuse", ground="R7", legal_basis="x").code == "ground"
    assert refusal(old, "request_identity", due_on=date(2026, 4, 14)).code == "regime"


def test_before_signing_only_lack_of_power_may_be_a_ground_for_refusal() -> None:
    walk = Walk("complaint").to("register_online")
    assert refusal(walk, "refuse", ground="R4", known_on=date(2020, 1, 1)).field == "ground"
    assert walk.take("refuse", ground="R1", competent_body="住建局").to_state == "refused"


def test_mediation_needs_the_consent_of_both() -> None:
    refused = refusal(complaint("accept"), "start_mediation", facts=frozenset())
    assert refused.code == "guard"
    assert "同意" in refused.sentence


def test_people_read_why_mediation_cannot_begin_yet() -> None:
    walk, action = complaint("accept"), WORKFLOW.action("start_mediation")
    now = at_time(MONDAY, clock_time(12))
    reason = why_not(walk.view(), action, now, CALENDAR, facts=frozenset())
    assert reason == WORKFLOW.guards["both_consent"].refusal
    assert why_not(walk.view(), action, now, CALENDAR, facts=frozenset({"both_consent"})) is None


def test_a_case_is_not_converted_into_what_it_is() -> None:
    assert refusal(complaint(), "convert_kind", ground="X2", new_kind="complaint").field == "new_kind"


def test_expiry_is_a_ground_only_from_the_due_day_and_the_refusal_says_which() -> None:
    walk = complaint("accept", "start_mediation")
    refused = refusal(walk, "terminate", ground="T5")
    assert refused.code == "term"
    assert "2026年7月31日（周五）" in refused.sentence
    walk.on = date(2026, 7, 31)
    assert walk.take("terminate", ground="T5").to_state == "termination_decided"


def test_absence_is_a_ground_only_where_the_notice_was_served() -> None:
    walk = complaint("accept", "start_mediation")
    assert refusal(walk, "terminate", facts=frozenset(), ground="T2", absence_record=["a"]).code == "guard"
    assert walk.take("terminate", facts=frozenset(), ground="T3", mediation_record=["a"]).to_state


def test_a_supplement_must_leave_a_working_day_for_the_decision() -> None:
    walk = complaint()
    limit = walk.due("complaint.decide")
    assert limit == date(2026, 6, 10)
    refused = refusal(walk, "request_supplement", due_on=limit)
    assert (refused.field, "6月10日" in refused.sentence) == ("due_on", True)
    assert refusal(walk, "request_supplement", due_on=MONDAY).code == "date"
    assert walk.take("request_supplement", due_on=date(2026, 6, 9)).to_state == "awaiting_material"


def test_a_verification_is_extended_once_and_never_after_its_term() -> None:
    walk = Walk("report").to("register_online", "dispatch", "sign_for", "assign")
    late = Walk("report").to("register_online", "dispatch", "sign_for", "assign")
    late.on = date(2026, 6, 30)
    assert "届满" in refusal(late, "extend_verification", ground="G1").sentence
    walk.take("extend_verification", ground="G1")
    assert "只能延长一次" in refusal(walk, "extend_verification", ground="G1").sentence
    reason = why_not(walk.view(), WORKFLOW.action("extend_verification"), at_time(MONDAY, clock_time(12)), CALENDAR)
    assert reason is not None
    assert "只能延长一次" in reason


def test_the_second_extension_of_a_case_needs_a_collective_decision() -> None:
    walk = Walk("report").to("register_online", "dispatch", "sign_for", "assign", "open_case", "hand_to_case_side")
    assert refusal(walk, "extend_case", days=60).field == "days"
    walk.take("extend_case", days=30)
    assert refusal(walk, "extend_case", days=60, collective=False).field == "collective"
    walk.take("extend_case", days=60, collective=True)
    assert walk.clocks["case.decide"].extra == 90
    assert refusal(walk, "extend_case", days=10, collective=True).code == "extension"


def test_an_archive_with_open_clocks_is_refused_naming_them() -> None:
    walk = complaint("accept", "start_mediation", "record_settlement", "reply")
    refused = refusal(walk, "archive")
    assert refused.code == "open_clocks"
    assert "投诉信息公示" in refused.sentence
    walk.to("decide_publication", "archive")
    assert walk.state == "archived"


def test_a_decision_cannot_be_dated_in_the_future() -> None:
    assert refusal(complaint(), "accept", decided_on=MONDAY + timedelta(days=1)).field == "decided_on"


def test_a_result_cannot_come_before_the_commission() -> None:
    walk = complaint("accept", "start_mediation")
    walk.on = date(2026, 6, 10)
    walk.take("start_appraisal", ground="A1", sent_on=date(2026, 6, 10))
    assert refusal(walk, "end_appraisal", result_on=date(2026, 6, 9)).field == "result_on"


def test_moving_within_a_bureau_never_restarts_a_term() -> None:
    walk = Walk("complaint").to("register_online")
    first = walk.due("complaint.decide")
    walk.on = date(2026, 6, 3)
    assert walk.take("dispatch", frozenset()).rebased == ()
    assert walk.due("complaint.decide") == first


def test_another_bureau_counts_from_its_own_receipt_unless_the_house_is_stricter() -> None:
    for choice, wanted in (("competent_receipt", date(2026, 6, 12)), ("first_receipt", date(2026, 6, 10))):
        walk = Walk("complaint", decide_counts_from=choice).to("register_online")
        walk.on = date(2026, 6, 3)
        walk.take("dispatch", frozenset({"other_bureau"}))
        assert walk.due("complaint.decide") == wanted


def test_a_filing_after_the_cut_off_may_be_sent_on_the_next_working_day() -> None:
    walk = Walk("complaint")
    walk.take("register_online", at="17:00")
    assert walk.due("intake.distribute") == date(2026, 6, 2)
    assert walk.due("complaint.decide") == date(2026, 6, 10)


@pytest.mark.parametrize(
    ("setting", "before", "pausing", "given", "resuming", "rule"),
    [
        (
            "supplement_pauses_decide",
            (),
            "request_supplement",
            {"due_on": date(2026, 6, 9)},
            "supply_material",
            "complaint.decide",
        ),
        (
            "recusal_pauses_mediate",
            ("accept", "start_mediation"),
            "request_recusal",
            {},
            "decide_recusal",
            "complaint.mediate",
        ),
        ("dispute_pauses", (), "raise_competence_dispute", {}, "settle_competence", "complaint.decide"),
    ],
)
def test_a_setting_decides_whether_a_term_stands_still(
    setting: str, before: tuple[str, ...], pausing: str, given: dict[str, object], resuming: str, rule: str
) -> None:
    running = complaint(*before)
    running.take(pausing, **given)
    assert not running.clocks[rule].paused
    standing = complaint(*before, **{setting: "yes"})
    standing.take(pausing, **given)
    assert standing.clocks[rule].paused
    standing.on = MONDAY + timedelta(days=3)
    standing.take(resuming, met_guards(WORKFLOW.action(resuming)))
    assert not standing.clocks[rule].paused
    assert standing.due(rule) > running.due(rule)  # type: ignore[operator]


def test_new_steps_may_live_under_the_new_rules_if_the_house_decides_so() -> None:
    old = complaint("accept", on=date(2026, 4, 10))
    assert old.clocks["complaint.mediate"].version == "order-20"
    walk = Walk("complaint", date(2026, 4, 10), transition="step").to(
        "register_online", "dispatch", "sign_for", "assign"
    )
    walk.on = date(2026, 4, 20)
    walk.take("accept")
    assert walk.clocks["complaint.mediate"].version == "order-121"


def test_old_history_runs_without_clocks() -> None:
    walk = Walk("complaint", date(2014, 5, 6)).to("register_by_staff", "dispatch", "sign_for", "assign", "accept")
    assert walk.clocks == {}
    assert walk.state == "accepted"


def test_disputes_over_complaints_may_be_left_to_the_superior() -> None:
    walk = complaint(complaint_dispute="superior_only")
    assert refusal(walk, "raise_competence_dispute").code == "regime"
    choice = offered("complaint", "under_review", "order-121", frozenset({"lead"}), walk.settings)
    assert "raise_competence_dispute" not in {action.key for action in choice}


def test_papers_follow_what_happened() -> None:
    walk = Walk("complaint").to("register_online")
    assert walk.take("dispatch", frozenset()).documents == ("paper.dispatch_slip",)
    other = Walk("complaint").to("register_online")
    assert other.take("dispatch", frozenset({"other_bureau"})).documents == ("form.forwarding_notice",)
    report = Walk("report", date(2026, 4, 10)).to("register_online", "dispatch", "sign_for", "assign")
    report.take("decide_not_to_open", frozenset({"real_name"}), ground="N1")
    told = report.take("notify_informant", ground="I0")
    assert told.documents == ("form20.report_non_opening_notice",)
    assert told.closed == (("report.notify-informant", "done"),)


def test_a_conversion_creates_the_case_of_the_new_kind() -> None:
    assert Walk("consultation").to("register_online").take("convert_kind", ground="X5").creates == ("register_sealed",)
    assert Walk("consultation").to("register_online").take("convert_kind", ground="X2").creates == ("register_linked",)


def test_clocks_close_with_what_became_of_them() -> None:
    accepted = complaint().take("accept")
    assert ("complaint.decide", "done") in accepted.closed
    assert ("complaint.decide", "withdrawn") in complaint().take("withdraw", ground="W1").closed
    assert ("complaint.decide", "ended") in complaint().take("convert_kind", ground="X3").closed
    walk = complaint()
    walk.take("ask_filer", due_on=date(2026, 6, 8))
    assert ("question.answer", "replaced") in walk.take("ask_filer", due_on=date(2026, 6, 9)).closed
    assert ("question.answer", "lapsed") in walk.take("lapse_question").closed


def test_the_usual_actions_come_first_in_the_order_of_the_panel() -> None:
    found = offered("complaint", "under_review", "order-121", frozenset({"handler"}))
    assert [action.key for action in found][:4] == ["accept", "request_supplement", "request_identity", "log_contact"]
    assert found[0].usual_in("complaint", "under_review")
    assert not WORKFLOW.action("note").usual_in("complaint", "under_review")


def test_who_refuses_is_what_the_house_decided() -> None:
    handler = (("handler", frozenset({"assigned"})),)
    lead = (("lead", frozenset({"own_unit"})),)
    assert allowed(WORKFLOW.action("accept"), handler)
    assert not allowed(WORKFLOW.action("accept"), handler, {**DEFAULTS, "accept_role": "lead"})
    assert allowed(WORKFLOW.action("refuse"), lead)
    assert not allowed(WORKFLOW.action("refuse"), lead, {**DEFAULTS, "refuse_role": "leader"})
    leader = (("leader", frozenset({"own_bureau"})),)
    assert allowed(WORKFLOW.action("refuse"), leader, {**DEFAULTS, "refuse_role": "leader"})


def attempt(walk: Walk, key: str) -> Step | None:
    """The step, or None where it is refused in words."""
    facts = met_guards(WORKFLOW.action(key)) | {"dissatisfied", "real_name", "special_law"}
    try:
        return walk.take(key, facts)
    except Refused as refused:
        return None if refused.sentence.strip() else pytest.fail(f"{key} is refused without a word")


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_whatever_people_press_no_case_is_lost_and_no_clock_sleeps(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(WORKFLOW.kinds))
    walk = Walk(kind, data.draw(st.dates(date(2026, 1, 5), date(2026, 8, 1))))
    walk.take(data.draw(st.sampled_from(offered(kind, None, regime_for(walk.on), frozenset(WORKFLOW.roles)))).key)
    for _ in range(data.draw(st.integers(0, 18))):
        walk.on += timedelta(days=data.draw(st.integers(0, 4)))
        before = (walk.state, dict(walk.clocks))
        choices = offered(kind, walk.state, regime_for(walk.received_on), frozenset(WORKFLOW.roles))
        key = data.draw(st.sampled_from([action.key for action in choices]))
        step = attempt(walk, key)
        if step is None:
            assert (walk.state, walk.clocks) == before
            continue
        state = WORKFLOW.state(kind, step.to_state)
        assert {outcome for _, outcome in step.closed} <= set(OUTCOMES)
        assert all(RULES[rule].after_end for rule in walk.clocks) or not state.terminal
        assert state.terminal or any(not clock.paused for clock in walk.clocks.values())
        assert all(kind in RULES[rule].kinds for rule in walk.clocks)
        assert step.to_state != "archived" or not walk.clocks


def test_a_step_takes_less_than_a_tenth_of_a_millisecond() -> None:
    walk = complaint()
    view, action, fields = walk.view(), WORKFLOW.action("accept"), walk.fields("accept", {})
    now = datetime.fromisoformat("2026-06-01T03:00:00+00:00")
    rounds = []
    for _ in range(5):
        begun = time.perf_counter()
        for _ in range(400):
            advance(view, action, fields, now, CALENDAR)
        rounds.append((time.perf_counter() - begun) / 400)
    assert min(rounds) < 0.0001


def test_the_facts_a_step_needs_are_those_a_program_or_a_person_must_supply() -> None:
    assert refusals.needed(WORKFLOW.action("settle_on_the_spot")) == ("small_and_clear", "both_consent")
    assert refusals.needed(WORKFLOW.action("extend_verification")) == ()
    assert refusals.needed(WORKFLOW.action("terminate"), WORKFLOW.ground("termination", "order-121", "T3")) == ()
    absent = WORKFLOW.ground("termination", "order-121", "T2")
    assert refusals.needed(WORKFLOW.action("terminate"), absent) == ("notice_served",)
