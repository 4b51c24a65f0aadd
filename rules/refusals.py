"""Why a step may not be made: every refusal of the procedure, with the sentence that people read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

from rules.calendar import Calendar
from rules.clocks import Clock, due
from rules.explanation import long_date
from rules.table import Action, Ground
from rules.terms import RULES, Extension, version_of
from rules.workflow import WORKFLOW, regime_for

RECEIPT = "_receipt"
"""Among the fields: the day of receipt as it is put right by an action that recounts terms."""
_ARCHIVING = ("archive", "discipline_archive")
_OF_A_GROUND = ("term_over", "notice_served")
# Days that a person writes down about the past: none of them may lie after today.
_PAST = dict.fromkeys(
    ("decided_on", "received_on", "told_on", "sent_on", "result_on", "resumed_on", "approved_on", "arose_on",
     "submitted_on", "discovered_on", "filer_told_on", "respondent_told_on", "said_on")
)  # fmt: skip

_OF_SUPERVISION = ("supervise", "_supervision", "leader_note", "supervision_term")


class Refused(Exception):
    """A step that the procedure does not allow: why, as a code and a Chinese sentence, and at which field.

    Codes: kind, state, begun, regime, role, ground, required, guard, term, extension, open_clocks, date.
    """

    def __init__(self, code: str, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.field = field


@dataclass(frozen=True, slots=True)
class OpenClock:
    """A clock that runs in a case, with the caller's own name for its row."""

    clock: Clock
    id: object = None
    elsewhere: bool = False
    """Counts from another day than that on which the case was first received."""


class Running(Protocol):
    """A clock that runs, whatever else the caller keeps beside it."""

    @property
    def clock(self) -> Clock:
        """The clock."""

    @property
    def elsewhere(self) -> bool:
        """Whether it counts from another day than that on which the case was first received."""


class CaseView(NamedTuple):
    """What the procedure must know of a case; `clocks` by rule, `state` None before the first step."""

    kind: str
    state: str | None
    previous: str | None
    received_on: date
    regime: str
    clocks: Mapping[str, Running]


def check(
    view: CaseView,
    action: Action,
    fields: Mapping[str, object],
    on: date,
    regime: str,
    calendar: Calendar,
    facts: frozenset[str],
    settings: Mapping[str, str],
) -> None:
    """Refused when anything stands against the step."""
    check_place(view, action, regime, settings)
    _new_kind(view, fields)
    _dates(view, action, fields, on)
    _new_receipt(view, action, fields, on, settings)
    ground = _ground(action, fields, regime, settings) if action.grounded else None
    if action.guards:
        _guards(view, action, ground, fields, on, calendar, facts, settings)
    check_terms(view, action, on, calendar, settings, fields)


def check_place(view: CaseView, action: Action, regime: str, settings: Mapping[str, str]) -> None:
    """Refused when the action is not for this kind, state or regime."""
    if view.kind not in action.kinds:
        raise Refused("kind", f"“{action.label}”不用于{WORKFLOW.kind_labels[view.kind]}")
    if not action.from_:
        if view.state is not None:
            raise Refused("begun", f"这一件已经登记，不能再次“{action.label}”")
    elif view.state not in action.states[view.kind]:
        here = WORKFLOW.state(view.kind, view.state).label if view.state else "登记以前"
        raise Refused("state", f"这一件现在是“{here}”，不能“{action.label}”")
    if action.regimes and regime not in action.regimes:
        raise Refused("regime", f"按这一件收到之日的规定，没有“{action.label}”这一步")
    if (
        action.key == "raise_competence_dispute"
        and view.kind == "complaint"
        and settings["complaint_dispute"] != "analogy"
    ):
        raise Refused("regime", "本局规定投诉的权限争议直接报请上级，请用“报请上级处理”")


def _new_kind(view: CaseView, fields: Mapping[str, object]) -> None:
    if fields.get("new_kind") == view.kind:
        raise Refused("kind", f"这一件已经是{WORKFLOW.kind_labels[view.kind]}，请选另一种类型", "new_kind")


def _dates(view: CaseView, action: Action, fields: Mapping[str, object], on: date) -> None:
    late = None
    if not _PAST.keys().isdisjoint(fields):
        late = [name for name, day in fields.items() if name in _PAST and isinstance(day, date) and day > on]
    if late:
        name = next(name for name in _PAST if name in late)
        label = action.named[name].label if name in action.named else "日期"
        raise Refused("date", f"{label}不能晚于今天（{long_date(on)}）", name)
    _ahead(action, fields, on)
    if not action.resumes:
        return
    for name in ("result_on", "resumed_on"):
        day = fields.get(name)
        for key in action.resumes:
            running = view.clocks.get(key)
            if isinstance(day, date) and running and running.clock.paused and day < running.clock.pauses[-1].from_on:
                raise Refused("date", f"不能早于暂停之日（{long_date(running.clock.pauses[-1].from_on)}）", name)


def _new_receipt(
    view: CaseView, action: Action, fields: Mapping[str, object], on: date, settings: Mapping[str, str]
) -> None:
    """A day of receipt that is put right brings the Measures of that day with it, as long as nothing was decided.

    A decision rests on the grounds and forms of one regime; the other cannot be slipped under it afterwards.
    """
    day = fields.get(RECEIPT)
    if not action.recounts or not isinstance(day, date):
        return
    where = next((field.name for field in action.fields if field.name in ("new_value", "received_on")), None)
    if day > on:
        raise Refused("date", f"收到日期不能晚于今天（{long_date(on)}）", where)
    regime = regime_for(day)
    if regime != view.regime and "before-2020" in (regime, view.regime):
        raise Refused("regime", "2020年以前收到的件不适用现行的期限，要作为历史资料导入", where)
    if regime == view.regime or settings["transition"] == "step":
        return
    mine, other = (WORKFLOW.laws[key].short for key in (view.regime, regime))
    change = f"{long_date(day)}收到的件按{other}办理"
    if not any(key in view.clocks and RULES[key].condition is None for key in action.recounts):
        raise Refused("regime", f"{change}，而这一件已经按{mine}作出决定，所依据的规定不能改换", where)
    for key in view.clocks:
        begin = [one for one in WORKFLOW.actions.values() if key in one.opens and view.kind in one.kinds]
        if begin and all(one.regimes and regime not in one.regimes for one in begin):
            raise Refused("regime", f"{change}，其中没有“{begin[0].label}”；请先了结“{RULES[key].label}”再更正", where)


def _ahead(action: Action, fields: Mapping[str, object], on: date) -> None:
    """Terms that a supervisor sets or a unit asks for must not be over before they begin."""
    if not action.key.endswith(_OF_SUPERVISION):
        return
    for name in ("due_on", "new_due_on"):
        day = fields.get(name)
        if isinstance(day, date) and day < on:
            label = next((field.label for field in action.fields if field.name == name), "期限")
            raise Refused("date", f"{label}不能早于今天（{long_date(on)}）", name)


def _ground(action: Action, fields: Mapping[str, object], regime: str, settings: Mapping[str, str]) -> Ground | None:
    """The chosen ground, which must exist for the regime and have every field it asks for."""
    chosen = None
    for field in action.grounded:
        value = fields.get(field.name)
        if value is None or value == "" or value == ():
            if field.required:
                raise Refused("required", f"请选择{field.label}", field.name)
            continue
        for code in value if isinstance(value, list | tuple) else (value,):
            ground = WORKFLOW.find_ground(field.ground or "", regime, str(code))
            if ground is None:
                raise Refused("ground", f"按这一件收到之日的规定，没有这一项{field.label}", field.name)
            if ground.setting and settings[ground.setting] != "yes":
                raise Refused("ground", f"本局没有打开“{WORKFLOW.settings[ground.setting].label}”", field.name)
            for need in ground.requires:
                if need in action.named and fields.get(need) in (None, "", (), []):
                    raise Refused("required", f"以“{ground.label}”为由，要填写{action.named[need].label}", need)
            chosen = ground if field.name == "ground" else chosen
    return chosen


def _guards(
    view: CaseView,
    action: Action,
    ground: Ground | None,
    fields: Mapping[str, object],
    on: date,
    calendar: Calendar,
    facts: frozenset[str],
    settings: Mapping[str, str],
) -> None:
    for key in action.guards:
        guard = WORKFLOW.guards[key]
        # These two belong to a ground: a termination for another reason does not need them.
        if key in _OF_A_GROUND and (ground is None or ground.guard != key):
            continue
        if guard.kind != "pure":
            if key not in facts:
                raise Refused("guard", guard.refusal.format_map(settings), None)
        elif key == "term_over":
            _term_over(view, on, calendar, settings)
        elif key == "supplement_fits":
            _supplement_fits(view, fields, on, calendar, settings)
        elif key == "no_power_only" and view.state in guard.states and ground and ground.code not in guard.codes:
            raise Refused("ground", guard.refusal, "ground")


def _term_over(view: CaseView, on: date, calendar: Calendar, settings: Mapping[str, str]) -> None:
    running = view.clocks.get("complaint.mediate")
    if running is None:
        return
    limit = due(running.clock, calendar, settings).on
    if limit is None:
        raise Refused("term", "调解期限正在暂停，不能以期满为由终止", "ground")
    if on < limit:
        raise Refused("term", WORKFLOW.guards["term_over"].refusal.format(date=long_date(limit)), "ground")


def _supplement_fits(
    view: CaseView, fields: Mapping[str, object], on: date, calendar: Calendar, settings: Mapping[str, str]
) -> None:
    wanted = fields.get("due_on")
    if not isinstance(wanted, date):
        raise Refused("required", "请填写期限，例如三个工作日以后的日期", "due_on")
    if wanted <= on:
        raise Refused("date", "期限要晚于今天", "due_on")
    running = view.clocks.get("complaint.decide")
    if running is None or settings["supplement_pauses_decide"] == "yes":
        return
    limit = due(running.clock, calendar, settings).on
    if limit is not None and wanted >= limit:
        raise Refused("guard", WORKFLOW.guards["supplement_fits"].refusal.format(date=long_date(limit)), "due_on")


def check_terms(
    view: CaseView,
    action: Action,
    on: date,
    calendar: Calendar,
    settings: Mapping[str, str],
    fields: Mapping[str, object] | None = None,
) -> None:
    """Refused for extensions that come too late or too often, notices outstanding, and archives with open clocks."""
    if action.key in _ARCHIVING:
        left = [RULES[key].label for key in view.clocks if key != "archive.file"]
        if left:
            raise Refused("open_clocks", f"还有没有了结的期限：{'、'.join(left)}；了结以后才能归档")
    if "notice_given" in action.guards:
        left = [RULES[key].label for key in view.clocks if key.startswith("report.notify-")]
        if left:
            raise Refused("guard", f"{WORKFLOW.guards['notice_given'].refusal}（{'、'.join(left)}）")
    if action.recomputes and fields is not None and fields.get(action.recomputes) not in view.clocks:
        raise Refused("term", "这个期限已经不在计算", action.recomputes)
    if action.extends:
        running = [view.clocks[key].clock for key in action.extends if key in view.clocks]
        if not running:
            raise Refused("extension", "没有正在计算的期限，不需要延长")
        for clock in running:
            _extension(clock, action, on, calendar, settings, fields)


def extension_of(clock: Clock) -> Extension:
    """What the rule allows; Refused when it knows no extension."""
    limit = version_of(clock.rule, clock.version).extend
    if limit is None:
        raise Refused("extension", f"{RULES[clock.rule].label}不能延长")
    return limit


def _extension(
    clock: Clock,
    action: Action,
    on: date,
    calendar: Calendar,
    settings: Mapping[str, str],
    fields: Mapping[str, object] | None,
) -> None:
    limit = extension_of(clock)
    if clock.extended >= limit.times:
        once = limit.times == 1
        raise Refused("extension", WORKFLOW.guards["extend_once"].refusal if once else "这个期限已经延长过，不能再延长")
    until = due(clock, calendar, settings).on
    if until is not None and on > until:
        raise Refused("extension", WORKFLOW.guards["before_due"].refusal.format(date=long_date(until)))
    if fields is None:
        return
    days = fields.get("days")
    collective = "extend_twice_collective" in action.guards and clock.extended > 0
    if collective and fields.get("collective") is not True:
        raise Refused("guard", WORKFLOW.guards["extend_twice_collective"].refusal, "collective")
    if isinstance(days, int) and not collective and not 1 <= days <= limit.most:
        raise Refused("extension", f"一次最多延长{limit.most}天，现在填的是{days}天", "days")


def needed(action: Action, ground: Ground | None = None) -> tuple[str, ...]:
    """The guards that must be among the facts for this action and ground: computed ones and those to be ticked."""
    return tuple(
        key
        for key in action.guards
        if WORKFLOW.guards[key].kind != "pure"
        and (key != "notice_served" or (ground is not None and ground.guard == key))
    )
