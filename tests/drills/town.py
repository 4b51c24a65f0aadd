"""A month of city life by a seeded script: what citizens file and what staff do, moment by moment.

Who acts looks at the records as everybody does, and chance is seeded: as long as two towns are the same, the same
happens in them. An act that has no place is refused, as in service, and leaves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from casework import access, directives, handling, intake
from casework.actors import FILER, Actor
from casework.errors import WorkError
from casework.reference import current
from models import Case, Directive, DirectiveUnit, Staff, db
from models.base import writing
from rules.calendar import at_time, local_date
from rules.table import Action
from rules.workflow import WORKFLOW
from tests.stories import complete_fields
from tests.support import cast
from tests.support.cast import Cast

FIRST_DAY = date(2026, 11, 23)
HOURS = (time(8, 45), time(10, 5), time(14, 20), time(17, 10), time(22, 30))
"""When people act: before and after the digest, at noon's end, in the evening, in the quiet hours."""
KINDS = ("complaint", "complaint", "complaint", "report", "report", "consultation", "suggestion", "misconduct")
OFTEN: Mapping[str, int] = {
    "dispatch": 14, "sign_for": 14, "assign": 14, "accept": 10, "refuse": 2, "withdraw": 1,
    "ask_consent": 3, "record_consent": 4, "start_mediation": 8, "mediation_notice": 3, "hold_mediation": 4,
    "make_agreement": 5, "confirm_agreement": 8, "fail_agreement": 1, "terminate": 2, "notify_termination": 8,
    "reply": 8, "archive": 2, "request_supplement": 3, "supply_material": 3, "start_appraisal": 3,
    "end_appraisal": 4, "request_recusal": 1, "decide_recusal": 4, "delegate_mediation": 1, "return_delegation": 2,
    "log_contact": 1, "extend_verification": 2, "start_testing": 4, "end_testing": 4, "open_case": 3,
    "decide_not_to_open": 3, "hand_to_case_side": 6, "pause_case": 4, "resume_case": 4, "extend_case": 2,
    "record_case_outcome": 2, "notify_informant": 2, "close_report": 5, "ask_filer": 1, "answer_question": 1,
    "supervise": 1, "leader_note": 1, "answer_supervision": 5, "accept_supervision": 4, "return_supervision": 2,
    "set_supervision_term": 1, "return_to_dispatcher": 1, "reopen": 1, "answer": 6, "extend_answer": 2,
    "answer_suggestion": 5, "discipline_sign": 5, "discipline_extend": 2, "discipline_conclude": 2,
}  # fmt: skip
"""What is tried, and how often against the others that the state of a case allows."""
REACHED = {
    "east_lead": ("sms", "13900000001"), "west_lead": ("webhook", ""), "east_handler": ("sms", "13900000002"),
    "east_supervisor": ("webhook", ""), "city_supervisor": ("sms", "13900000003"),
    "west_leader": ("sms", "13900000004"),
}  # fmt: skip
"""Who gets texts outside of the portal, and how."""
TRIES = 3


class Town:
    """The script for one run. `moments` and `live` are all that a drill needs."""

    def __init__(self, people: Cast, seed: int, days: int, every: int, hours: int, acts: int) -> None:
        self.people, self.days, self.every, self.acts = people, days, every, acts
        self.rng = Random(f"{seed}/town")
        self.often = hours
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.filed = 0

    def moments(self) -> Iterator[datetime]:
        """Yield when something happens: `hours` times on each day lived, at hours that move on from day to day."""
        for day in range(0, self.days, self.every):
            for hour in sorted(HOURS[(day + n) % len(HOURS)] for n in range(self.often)):
                yield at_time(FIRST_DAY + timedelta(days=day), hour)

    def settle_in(self) -> None:
        """Say how people are reached, and that one of them will be away for some days."""
        with writing() as session:
            for part, (way, phone) in REACHED.items():
                person = session.get_one(Staff, self.people.staff[part])
                person.reach_by, person.phone = way, phone or None
            away = session.get_one(Staff, self.people.staff["west_handler"])
            away.away_from = at_time(FIRST_DAY + timedelta(days=4), time(9, 0))
            away.away_until = away.away_from + timedelta(days=9)
            away.deputy_id = self.people.staff["west_lead"]

    def live(self, now: datetime) -> Iterator[str]:
        """Let people file, act and answer at a moment; yield what was done after each thing done."""
        for _ in range(self.rng.choice((0, 1, 1, 2))):
            yield self._file(now)
        yield from self._directives(now)
        numbers = list(db.session.scalars(select(Case.number).order_by(Case.id)))
        db.session.rollback()
        decided: set[int] = set()
        for number in self.rng.sample(numbers, min(len(numbers), self.acts)):
            done = self._act(number, now, decided)
            if done:
                yield done

    def _file(self, now: datetime) -> str:
        self.filed += 1
        kind = self.rng.choice(KINDS)
        entered: dict[str, Any] = {**cast.FILINGS[kind]}
        if "respondent_name" in entered:
            entered["respondent_name"] = f"临江第{self.rng.randrange(7)}百货店"
        if "filer_phone" in entered:
            entered["filer_phone"] = f"138{self.filed:08d}"
        entered["also_report"] = "yes" if kind == "complaint" and self.rng.random() < 0.1 else None
        filing = intake.NewFiling(
            kind, {name: value for name, value in entered.items() if value}, FILER, f"{self.filed}"
        )
        intake.register(filing, now)
        return f"file {kind}"

    def _act(self, number: str, now: datetime, decided: set[int]) -> str:
        """Try some acts that fit the state of a case; one of them is taken at most."""
        for _ in range(TRIES):
            case = db.session.query(Case).filter_by(number=number).one()
            fitting = [key for key in OFTEN if case.state in WORKFLOW.action(key).states.get(case.kind, ())]
            if not fitting:
                break
            key = self.rng.choices(fitting, [OFTEN[one] for one in fitting])[0]
            if key == "accept" and case.bureau_id in decided:
                continue  # papers of one series are numbered as they are made: one for each moment
            action, columns, ref = WORKFLOW.action(key), access.columns(case), current()
            able = [one for one in self._actors(action, now) if access.acting_role(one, action, columns, ref)]
            entered = self._entered(action, case, now)
            attested = [guard for guard in action.guards if WORKFLOW.guards[guard].kind == "attested"]
            if able:
                actor = self.rng.choice(able)
                try:
                    handling.apply(case, key, actor, now, attested=attested, **entered)
                except WorkError:
                    db.session.rollback()
                    self.refused[key] += 1
                    continue
                decided |= {case.bureau_id} if key == "accept" else set()
                self.done[key] += 1
                return f"{key} {number}"
        db.session.rollback()
        return ""

    def _actors(self, action: Action, now: datetime) -> list[Actor]:
        parts = [part for part, (_, role, _) in cast.PEOPLE.items() if role in action.roles]
        able = [self.people.actor(part, now) for part in parts]
        return [*able, *([FILER] if "citizen" in action.roles else [])]

    def _entered(self, action: Action, case: Case, now: datetime) -> dict[str, Any]:
        entered = complete_fields(action, case.kind, {}, local_date(now), case.regime, None)
        of_unit = {self.people.units["west_office"]: "west_handler"}.get(case.unit_id, "east_handler")
        squad = "east_squad" if case.bureau_id == self.people.units["east"] else "west_office"
        kinds = {field.name: field.type for field in WORKFLOW.fields(action.key, case.kind)}
        fitting = {"unit": self.rng.choice(("east_office", "east_office", "west_office")),
                   "person": self.people.staff[of_unit]}  # fmt: skip
        entered = {name: fitting.get(kinds.get(name, ""), value) for name, value in entered.items()}
        if "case_unit" in entered:
            entered["case_unit"] = squad
        if "routing_reason" in kinds:
            entered["routing_reason"] = "按地址"
        return entered

    def _directives(self, now: datetime) -> Iterator[str]:
        """Issue one now and then; units acknowledge, report and complete theirs, or let it wait; some are filed."""
        if self.rng.random() < 0.12:
            issuer = self.people.view("city_supervisor", now)
            units = ("east_office", "west_office") if self.rng.random() < 0.5 else ("east_office",)
            order = directives.Order(
                title="排查预付卡门店", text="逐户核查，发现停业的当日上报。", urgency="urgent",
                hours=self.rng.choice(("24", "48", "72")), units=units, form_key=f"directive-{now.isoformat()}",
            )  # fmt: skip
            directives.issue(order, issuer, now)
            self.done["issue directive"] += 1
            yield "issue directive"
        copies = db.session.execute(
            select(DirectiveUnit.id, DirectiveUnit.unit_id).join(Directive, Directive.id == DirectiveUnit.directive_id)
            .where(DirectiveUnit.recorded_at.is_(None), Directive.ended_at.is_(None)).order_by(DirectiveUnit.id)
        ).all()  # fmt: skip
        db.session.rollback()
        for copy in copies:
            step = self.rng.choice(("acknowledge", "report", "complete", "record", "", "", "", "", "", ""))
            lead = "east_lead" if copy.unit_id == self.people.units["east_office"] else "west_lead"
            with suppress(WorkError):
                self._answer(copy.id, step, lead, now)
                self.done[f"directive {step or 'waits'}"] += 1
                yield f"directive {step}"
            db.session.rollback()

    def _answer(self, copy_id: int, step: str, lead: str, now: datetime) -> None:
        staff = self.people.view("city_supervisor" if step == "record" else lead, now)
        key = f"{step}-{copy_id}-{now.isoformat()}"
        if step == "acknowledge":
            directives.acknowledge(copy_id, staff, now)
        elif step == "report":
            directives.report(copy_id, "已核查三户。", staff, now, form_key=key)
        elif step == "complete":
            directives.complete(copy_id, "已全部核查。", staff, now, form_key=key)
        elif step == "record":
            directives.record(copy_id, staff, now)
