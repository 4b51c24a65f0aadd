"""What must hold before the program may start: every name in use exists, and no two rows disagree.

The deeper proofs (every state is reached and left, a clock runs in each, nothing leaks) stand in the tests: they look
at the whole graph, need time, and cannot change between two starts of the same program.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rules.citation import parts
from rules.table import Action
from rules.tables import TableError
from rules.terms import LADDERS, RULES

if TYPE_CHECKING:
    from rules.workflow import Workflow

OUTCOMES = ("done", "ended", "withdrawn", "lapsed", "replaced", "extended", "passed_on", "restarted",
            "corrected", "recomputed")  # fmt: skip
QUEUES = ("to_distribute", "to_sign", "to_assign", "to_decide", "waiting", "mediating", "verifying", "answering",
          "to_reply", "to_archive", "archived", "correcting", "sealed")  # fmt: skip
_CLOCK_LISTS = ("opens", "closes", "pauses", "resumes", "extends", "rebases", "restarts", "recounts")
# These actions are given their day of receipt by the door that begins the case, not by a field of a form.
_DAY_FROM_THE_DOOR = ("register_online", "register_lead", "register_sealed")


def known(where: str, what: str, names: Iterable[str], among: Iterable[str]) -> None:
    """TableError when a name is not among those that exist."""
    missing = sorted(set(names) - set(among))
    if missing:
        raise TableError(f"{where}: unknown {what} {', '.join(missing)}")


def check(table: Workflow) -> None:
    """TableError with the row and the reason when the tables contradict each other."""
    _states(table)
    _rules(table)
    for action in table.actions.values():
        where = f"action {action.key}"
        _moves(table, action, where)
        _people(table, action, where)
        _clocks(action, where)
        _papers(table, action, where)
        _fields(table, action, where)
        _words(table, action, where)
    _grounds(table)
    _usual(table)


def _states(table: Workflow) -> None:
    for kind, states in table.states.items():
        for key, state in states.items():
            where = f"state {kind}/{key}"
            known(where, "role", [state.owner], table.roles)
            known(where, "phase", [state.phase], table.phases)
            known(where, "move", [state.move], table.moves)
            known(where, "queue", [state.queue], QUEUES)
            if state.terminal != (state.move == "nobody"):
                raise TableError(f"{where}: terminal and move disagree")
            placeholders(table, where, state.citizen)
            known(where, "rule", state.terms, RULES)
            if bool(state.terms) != ("{due}" in state.citizen):
                raise TableError(f"{where}: a date is told exactly where a term gives it")


def _rules(table: Workflow) -> None:
    for rule in RULES.values():
        where = f"rule {rule.key}"
        known(where, "kind", rule.kinds, table.kinds)
        known(where, "ladder", [rule.ladder], LADDERS)
        known(where, "action", [*rule.pausable_by, *rule.done_by], table.actions)
        known(where, "guard", [rule.condition] if rule.condition else [], table.guards)
        for version in rule.versions:
            parts(version.source)
            known(where, "role", [version.extend.by] if version.extend else [], table.roles)
            placeholders(table, where, version.citizen or rule.citizen)
        pausing = {action.key for action in table.actions.values() if rule.key in action.pauses}
        if pausing != set(rule.pausable_by):
            raise TableError(f"{where}: pausable_by and the actions that pause it differ")
        extending = [action for action in table.actions.values() if rule.key in action.extends]
        limits = [version.extend for version in rule.versions if version.extend]
        if bool(extending) != bool(limits):
            raise TableError(f"{where}: the extension in the rule and in the actions disagree")
        for limit in limits:
            if not any(limit.by in action.roles for action in extending):
                raise TableError(f"{where}: no action lets {limit.by} extend it")
    for ladder in LADDERS.values():
        parts(ladder.source)
        known(f"ladder {ladder.key}", "role", [role for step in ladder.steps for role in step.to], table.roles)


def _moves(table: Workflow, action: Action, where: str) -> None:
    known(where, "kind", action.kinds, table.kinds)
    everywhere = {key for kind in action.kinds for key in table.states[kind]}
    known(where, "state", [name for name in action.from_ if not name.startswith("@")], everywhere)
    for kind in action.kinds:
        if action.from_ and not action.states[kind]:
            raise TableError(f"{where}: no starting state for {kind}")
        if isinstance(action.to, Mapping) and kind not in action.to:
            raise TableError(f"{where}: leads nowhere for {kind}")
        target = action.target(kind)
        known(where, f"state of {kind}", [target], [*table.states[kind], "=", "@previous"])
        if not action.from_ and target in ("=", "@previous"):
            raise TableError(f"{where}: begins a case, but names no state")


def _people(table: Workflow, action: Action, where: str) -> None:
    if set(action.scope) != set(action.roles):
        raise TableError(f"{where}: scope and roles differ")
    known(where, "role", [*action.roles, *action.inform], table.roles)
    known(where, "scope", action.scope.values(), table.scopes)
    known(where, "guard", [*action.guards, *([action.rebase_when] if action.rebase_when else [])], table.guards)
    for role, scope in action.scope.items():
        if (role == "discipline") != (scope == "sealed"):
            raise TableError(f"{where}: the sealed scope and the discipline role go together")


def _clocks(action: Action, where: str) -> None:
    for name in _CLOCK_LISTS:
        used: tuple[str, ...] = getattr(action, name)
        keys = [key for key in used if not (key == "*" and name == "closes")]
        known(where, "rule", keys, RULES)
        for key in keys:
            if not set(RULES[key].kinds) & set(action.kinds):
                raise TableError(f"{where}: {name} {key}, which belongs to other kinds")
    known(where, "outcome", [action.outcome], OUTCOMES)
    for key in action.recounts:
        if RULES[key].trigger_field != "received_on":
            raise TableError(f"{where}: recounts {key}, which does not count from the day of receipt")
    if action.recomputes and action.recomputes not in {field.name for field in action.fields}:
        raise TableError(f"{where}: recomputes the term in {action.recomputes}, but has no such field")
    if bool(action.rebases) != (action.rebase_when is not None):
        raise TableError(f"{where}: rebases needs rebase_when")
    names = {field.name for field in action.fields}
    for key in action.opens:
        trigger = RULES[key].trigger_field
        by_the_door = action.key in _DAY_FROM_THE_DOOR or (trigger == "received_on" and not action.from_)
        if trigger and trigger not in names and not by_the_door:
            raise TableError(f"{where}: opens {key}, which counts from {trigger}, but has no such field")


def _papers(table: Workflow, action: Action, where: str) -> None:
    papers = [paper for kind in action.kinds for paper in action.documents_for(kind)]
    known(where, "document", papers, table.documents)
    known(where, "document", action.documents_when, papers)
    known(where, "created case", action.creates_when, action.creates)
    known(where, "action", action.creates, table.actions)
    for created in action.creates:
        if table.actions[created].from_:
            raise TableError(f"{where}: creates with {created}, which does not begin a case")
    for condition in [*action.documents_when.values(), *action.creates_when.values()]:
        known(where, "guard", [name for name in (condition.fact, condition.no_fact) if name], table.guards)
        known(where, "field", condition.fields or (), [field.name for field in action.fields])
    for paper in table.documents.values():
        parts(paper.source)
        known(f"document {paper.key}", "action", paper.served_at, table.actions)


def _fields(table: Workflow, action: Action, where: str) -> None:
    types = {ground.type for ground in table.all_grounds}
    for field in action.fields:
        spot = f"{where} field {field.name}"
        known(spot, "kind", [*field.required_for, *field.only_for], table.kinds)
        known(spot, "ground list", [field.ground] if field.ground else [], types)
        if field.min is not None and field.max is not None and field.min > field.max:
            raise TableError(f"{spot}: its least is more than its most")


def placeholders(table: Workflow, where: str, text: str) -> None:
    """TableError when a text has a {placeholder} that nobody fills."""
    known(where, "placeholder", re.findall(r"\{(\w+)\}", text), table.placeholders)


def _words(table: Workflow, action: Action, where: str) -> None:
    for text in (action.tell, action.event, action.respondent):
        placeholders(table, where, text)
    visible = bool(action.tell or action.event)
    if visible == bool(action.hidden):
        raise TableError(f"{where}: either a wording for the filer or the reason why there is none")
    if action.respondent and action.kinds != ("complaint",):
        raise TableError(f"{where}: shows the respondent something although the case may be a report")
    parts(action.source)


def _grounds(table: Workflow) -> None:
    users: dict[str, list[Action]] = {}
    for action in table.actions.values():
        for field in action.fields:
            if field.ground:
                users.setdefault(field.ground, []).append(action)
    for ground in table.all_grounds:
        where = f"ground {ground.type}/{ground.version}/{ground.code}"
        parts(ground.source)
        known(where, "guard", [ground.guard] if ground.guard else [], table.guards)
        known(where, "setting", [ground.setting] if ground.setting else [], table.settings)
        if ground.type not in users:
            raise TableError(f"{where}: no action offers the list")
        names = {field.name for action in users[ground.type] for field in action.fields}
        known(where, "field", ground.requires, names)


def _usual(table: Workflow) -> None:
    for kind, panels in table.usual.items():
        known("usual.toml", "state", panels, table.states[kind])
        for state, keys in panels.items():
            where = f"usual.toml {kind}.{state}"
            known(where, "action", keys, table.actions)
            for key in keys:
                if kind not in table.actions[key].kinds or state not in table.actions[key].states[kind]:
                    raise TableError(f"{where}: {key} is not possible there")
        for key, row in table.states[kind].items():
            if not row.terminal and key not in panels:
                raise TableError(f"usual.toml {kind}.{key}: nothing is usual there")
