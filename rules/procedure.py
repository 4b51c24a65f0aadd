"""One step of a case: from what is, an action and the moment, to what follows. Nothing is read or written.

A clock that closes has one of these outcomes: `done` (the act the term asks for), `ended` (the case went another way),
`withdrawn` (by the filer), `lapsed` (nobody answered), `replaced` (the same term began again), `extended`, `passed_on`
(another bureau received the case), `restarted` (the law orders a new count), `corrected` (the day of receipt was),
`recomputed` (the calendar has changed).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import NamedTuple

from rules import refusals
from rules.calendar import ZONE, Calendar, local_date
from rules.clocks import Clock, Pause, due
from rules.consistency import OUTCOMES
from rules.refusals import CaseView, OpenClock, Refused
from rules.settings import DEFAULTS, effects, stopping
from rules.table import Action, Condition
from rules.terms import RULES, version_for
from rules.workflow import WORKFLOW, regime_for

__all__ = [
    "OUTCOMES",
    "CaseView",
    "OpenClock",
    "Refused",
    "Step",
    "advance",
    "apply_to",
    "due_dates",
    "offered",
    "regime_at",
    "why_not",
]

_NOTHING: frozenset[str] = frozenset()


class Step(NamedTuple):
    """What follows from an action. Rules stand by key; a closed clock has one of the OUTCOMES.

    `to_previous` is what the case must remember as the state it came from. Extended, rebased, restarted and recounted
    clocks are new ones that take the place of the old, which close as extended, passed_on, restarted and corrected (or
    recomputed).
    `creates` are actions that begin linked cases.
    """

    to_state: str
    to_previous: str | None
    closed: tuple[tuple[str, str], ...] = ()
    opened: tuple[Clock, ...] = ()
    paused: tuple[tuple[str, date], ...] = ()
    resumed: tuple[tuple[str, date], ...] = ()
    extended: tuple[tuple[str, Clock], ...] = ()
    rebased: tuple[tuple[str, Clock], ...] = ()
    restarted: tuple[tuple[str, Clock], ...] = ()
    recounted: tuple[tuple[str, Clock], ...] = ()
    documents: tuple[str, ...] = ()
    creates: tuple[str, ...] = ()


def regime_at(view: CaseView, on: date, settings: Mapping[str, str]) -> str:
    """The regime whose actions and grounds hold for a step of `on`; the setting `transition` may bring the newer."""
    if settings["transition"] == "step" and view.regime != "before-2020":
        return regime_for(max(on, view.received_on))
    return view.regime


def advance(
    view: CaseView,
    action: Action,
    fields: Mapping[str, object],
    now: datetime,
    calendar: Calendar,
    facts: frozenset[str] = _NOTHING,
    settings: Mapping[str, str] = DEFAULTS,
) -> Step:
    """The step that the action makes at `now` (aware UTC); Refused when it may not be made.

    `facts` are the guards found in the records or attested by the person who acts. The sources of every refusal stand
    with the guard, ground or term it rests on.
    """
    on = local_date(now)
    regime = regime_at(view, on, settings)
    refusals.check(view, action, fields, on, regime, calendar, facts, settings)
    target = action.target(view.kind)
    if target == "=":
        to_state, to_previous = view.state or "", view.previous
    elif target == "@previous":
        to_state, to_previous = view.previous or view.state or "", view.state
    else:
        to_state, to_previous = target, view.state
    documents = _chosen(action.documents_for(view.kind), action.documents_when, view, fields, facts, regime)
    creates = _chosen(action.creates, action.creates_when, view, fields, facts, regime)
    pauses, resumes = _stopped_by(action, settings)
    if not (action.moves_clocks or pauses or resumes):
        return Step(to_state, to_previous, documents=documents, creates=creates)
    work = _Clocks(view, action, fields, now, on, calendar, facts, settings)
    # Most actions do one or two of these; the order matters, each part sees what the ones before it have left running.
    extended = work.extend() if action.extends else ()
    closed = work.close() if action.closes or work.opening else ()
    opened = work.open() if work.opening else ()
    rebased = work.rebase() if action.rebases else ()
    restarted = work.restart() if action.restarts else ()
    recounted = work.recount() if action.recounts or action.recomputes else ()
    paused: tuple[tuple[str, date], ...] = ()
    resumed: tuple[tuple[str, date], ...] = ()
    if pauses or action.pauses:
        paused = work.pause([*action.pauses, *pauses])
    if resumes or action.resumes:
        renewed = {key for key, _ in rebased}
        resumed = work.resume([*action.resumes, *(key for key in resumes if key not in renewed)])
    return Step(
        to_state, to_previous, closed, opened, paused, resumed, extended, rebased, restarted, recounted, documents,
        creates,
    )  # fmt: skip


def _stopped_by(action: Action, settings: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The terms that the action pauses, and those that it lets run again, because a setting says so."""
    pauses: list[str] = []
    resumes: list[str] = []
    for effect in stopping(settings):
        if action.key in effect.pauses:
            pauses += effect.pauses[action.key]
        if action.key in effect.resumes:
            resumes += effect.resumes[action.key]
    return pauses, resumes


def _chosen(
    keys: tuple[str, ...],
    conditions: Mapping[str, Condition],
    view: CaseView,
    fields: Mapping[str, object],
    facts: frozenset[str],
    regime: str,
) -> tuple[str, ...]:
    """The papers or linked cases whose condition holds in this step."""
    if not conditions:
        return keys
    return tuple(k for k in keys if k not in conditions or _holds(conditions[k], view, fields, facts, regime))


def _holds(
    condition: Condition, view: CaseView, fields: Mapping[str, object], facts: frozenset[str], regime: str
) -> bool:
    if condition.fact and condition.fact not in facts:
        return False
    if condition.no_fact and condition.no_fact in facts:
        return False
    if condition.regime and condition.regime != regime:
        return False
    # "through" asks by which way a decision was reached: the state itself, or the one before a conclusion.
    if condition.through and view.state not in condition.through and view.previous not in condition.through:
        return False
    return all(fields.get(name) in values for name, values in (condition.fields or {}).items())


class _Clocks:
    """The clocks of one step. Short-lived: it exists so that the parts of a step need not hand nine things around."""

    def __init__(
        self,
        view: CaseView,
        action: Action,
        fields: Mapping[str, object],
        now: datetime,
        on: date,
        calendar: Calendar,
        facts: frozenset[str],
        settings: Mapping[str, str],
    ) -> None:
        self.view, self.action, self.fields, self.now, self.on = view, action, fields, now, on
        self.calendar, self.facts, self.settings = calendar, facts, settings
        self.open_now = {key: running.clock for key, running in view.clocks.items()}
        self.opening = self._opening() if action.opens else []

    def extend(self) -> tuple[tuple[str, Clock], ...]:
        """The clocks that this action lengthens; `refusals` has seen that it may."""
        found: list[tuple[str, Clock]] = []
        for key in self.action.extends:
            clock = self.open_now.get(key)
            if clock is None:
                continue
            limit = refusals.extension_of(clock)
            days = self.fields.get("days")
            extra = clock.extra + (days if isinstance(days, int) else limit.length)
            self.open_now[key] = clock._replace(extra=extra, extended=clock.extended + 1)
            found.append((key, self.open_now[key]))
        return tuple(found)

    def close(self) -> tuple[tuple[str, str], ...]:
        """(rule, outcome) of every clock that ends; "*" ends all but those that outlive the end of a case."""
        closes = self.action.closes
        everything = "*" in closes
        found = [
            (key, self._outcome(key))
            for key in self.open_now
            if key in closes or (everything and not RULES[key].after_end)
        ]
        for key, _ in found:
            del self.open_now[key]
        return (*found, *[(key, "replaced") for key in self.opening if key in self.open_now])

    def _outcome(self, key: str) -> str:
        return "done" if self.action.key in RULES[key].done_by else self.action.outcome

    def _opening(self) -> list[str]:
        """The rules of `opens` that concern this case: its kind, its facts, a version of its day."""
        kind, facts = self.view.kind, self.facts
        return [
            key
            for key in self.action.opens
            if kind in (rule := RULES[key]).kinds and (rule.condition is None or rule.condition in facts)
        ]

    def open(self) -> tuple[Clock, ...]:
        """The clocks that begin."""
        if not self.opening or self.view.regime == "before-2020":
            return ()
        step = self.settings["transition"] == "step"
        lived = max(self.on, self.view.received_on) if step else self.view.received_on
        found: list[Clock] = []
        for key in self.opening:
            version = version_for(key, lived)
            if version is not None:
                clock = self._begin(key, version.key)
                found.append(clock)
                self.open_now[key] = clock
        return tuple(found)

    def _begin(self, key: str, version: str) -> Clock:
        rule = RULES[key]
        start = self.fields.get(rule.trigger_field) if rule.trigger_field else None
        if not isinstance(start, date):
            start = self.on
        if self.action.key == "station_pass_on" and self.settings["station_receipt"] == "registered":
            start = self.view.received_on
        fixed = self.fields.get(rule.fixed_by) if rule.fixed_by else None
        length = self.fields.get(rule.length_by) if rule.length_by else None
        if key == "intake.distribute" and start == self.on and self._after_hours():
            length = 1
        return Clock(
            key,
            version,
            start,
            self.now,
            fixed_on=fixed if isinstance(fixed, date) else None,
            length=length if isinstance(length, int) else None,
        )

    def _after_hours(self) -> bool:
        """Past the hour after which a filing may be sent on the next working day (the statutory terms do not move)."""
        cutoff = self.settings["after_hours_cutoff"]
        return cutoff != "24:00" and self.now.astimezone(ZONE).time() >= time.fromisoformat(cutoff)

    def rebase(self) -> tuple[tuple[str, Clock], ...]:
        """Clocks that count anew because another bureau with power has received the case today (article 15)."""
        if not self.action.rebases or self.action.rebase_when not in self.facts:
            return ()
        found: list[tuple[str, Clock]] = []
        for key in self.action.rebases:
            clock = self.open_now.get(key)
            first = key == "complaint.decide" and self.settings["decide_counts_from"] == "first_receipt"
            if clock is not None and not first:
                self.open_now[key] = Clock(key, clock.version, self.on, self.now)
                found.append((key, self.open_now[key]))
        return tuple(found)

    def restart(self) -> tuple[tuple[str, Clock], ...]:
        """Clocks that the law counts anew from a day in a field; time paused before stays left out (article 35)."""
        found: list[tuple[str, Clock]] = []
        for key in self.action.restarts:
            clock = self.open_now.get(key)
            start = self.fields.get(RULES[key].trigger_field or "", self.on)
            if clock is not None and isinstance(start, date):
                self.open_now[key] = Clock(key, clock.version, start, self.now, clock.pauses)
                found.append((key, self.open_now[key]))
        return tuple(found)

    def recount(self) -> tuple[tuple[str, Clock], ...]:
        """Clocks counted anew because the day of receipt was put right, each under the version in force on that day.

        What counts from another day (a later bureau's receipt, a later report, an order to reopen) keeps its day. Where
        the calendar has changed, the one clock that the action names begins again as it is.
        """
        rule = str(self.fields.get(self.action.recomputes))
        if self.action.recomputes and rule in self.open_now:
            return ((rule, self.open_now[rule]),)
        day = self.fields.get(refusals.RECEIPT)
        if not self.action.recounts or not isinstance(day, date):
            return ()
        found: list[tuple[str, Clock]] = []
        for key, running in self.view.clocks.items():
            clock = running.clock
            counts = key in self.action.recounts and not running.elsewhere and clock.opened_on == self.view.received_on
            version = None if self.settings["transition"] == "step" else version_for(key, day)
            begun, under = day if counts else clock.opened_on, version.key if version else clock.version
            if (begun, under) != (clock.opened_on, clock.version):
                self.open_now[key] = clock._replace(opened_on=begun, version=under, opened_at=self.now)
                found.append((key, self.open_now[key]))
        return tuple(found)

    def pause(self, keys: list[str]) -> tuple[tuple[str, date], ...]:
        """(rule, first day that does not count)."""
        if not keys:
            return ()
        first = self._day("sent_on", "approved_on", "told_on")
        return tuple((key, first) for key in keys if key in self.open_now and not self.open_now[key].paused)

    def resume(self, keys: list[str]) -> tuple[tuple[str, date], ...]:
        """(rule, first day that counts again)."""
        if not keys:
            return ()
        first = self._day("result_on", "resumed_on")
        return tuple((key, first) for key in keys if key in self.open_now and self.open_now[key].paused)

    def _day(self, *names: str) -> date:
        return next((day for name in names if isinstance(day := self.fields.get(name), date)), self.on)


def offered(
    kind: str, state: str | None, regime: str, roles: frozenset[str], settings: Mapping[str, str] = DEFAULTS
) -> tuple[Action, ...]:
    """The actions that one of these roles may be offered at this state, the usual ones first."""
    narrowed = [effect.roles for effect in effects(settings)]
    found: list[Action] = []
    for action in WORKFLOW.actions_from(kind, state, regime):
        allowed = roles & set(action.roles)
        for table in narrowed:
            allowed &= frozenset(table.get(action.key, allowed))
        if allowed and not (_superior_only(kind, action, settings)):
            found.append(action)
    return tuple(found)


def _superior_only(kind: str, action: Action, settings: Mapping[str, str]) -> bool:
    """Article 33 stands among the articles on reports; a bureau may leave disputes over complaints to the superior."""
    superior = settings["complaint_dispute"] == "superior_only"
    return superior and kind == "complaint" and action.key == "raise_competence_dispute"


def why_not(
    view: CaseView,
    action: Action,
    now: datetime,
    calendar: Calendar,
    settings: Mapping[str, str] = DEFAULTS,
    facts: frozenset[str] | None = None,
) -> str | None:
    """Why an action that people look for cannot be done now, in Chinese; None when nothing known stands against it.

    Only what needs no input is judged: state, regime, terms, and, where `facts` are given, the guards that are found
    in the records. Fields, grounds and what a person attests are judged when the form is sent.
    """
    on = local_date(now)
    try:
        refusals.check_place(view, action, regime_at(view, on, settings), settings)
        refusals.check_terms(view, action, on, calendar, settings)
    except Refused as refused:
        return refused.sentence
    if facts is None:
        return None
    missing = (WORKFLOW.guards[key] for key in refusals.needed(action) if key not in facts)
    return next((guard.refusal.format_map(settings) for guard in missing if guard.kind == "computed"), None)


def apply_to(clocks: Mapping[str, Clock], step: Step) -> dict[str, Clock]:
    """The clocks of a case after a step, for callers that keep no rows (tests, the bulk writer)."""
    after = dict(clocks)
    for key, clock in step.extended:
        after[key] = clock
    for key, _ in step.closed:
        after.pop(key, None)
    for clock in step.opened:
        after[clock.rule] = clock
    for key, clock in [*step.rebased, *step.restarted, *step.recounted]:
        after[key] = clock
    for key, first in step.paused:
        after[key] = after[key]._replace(pauses=(*after[key].pauses, Pause(first)))
    for key, first in step.resumed:
        *before, last = after[key].pauses
        after[key] = after[key]._replace(pauses=(*before, Pause(last.from_on, first)))
    return after


def due_dates(
    clocks: Mapping[str, Clock], calendar: Calendar, settings: Mapping[str, str] = DEFAULTS
) -> dict[str, date | None]:
    """The due day of every running clock; None for one that stands still."""
    return {key: due(clock, calendar, settings).on for key, clock in clocks.items()}
