"""What must hold on the whole table: nobody is stuck, no clock sleeps, nothing leaks, the law is quoted exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules.citation import LAWS, chinese
from rules.table import Action
from rules.terms import LADDERS, RULES
from rules.workflow import WORKFLOW

ROOT = Path(__file__).resolve().parents[2]
KINDS = WORKFLOW.kinds
ACTIONS = tuple(WORKFLOW.actions.values())
AFTER_END = {key for key, rule in RULES.items() if rule.after_end}
INSIDE = {"system", "handler", "supervisor", "dispatcher", "lead", "enforcement"}


def targets(action: Action, kind: str, state: str) -> list[str]:
    """Where an action leads from a state; "@previous" is every state from which some action leads here."""
    target = action.target(kind)
    if target == "=":
        return [state]
    if target == "@previous":
        return sorted(
            {
                source
                for other in ACTIONS
                if kind in other.kinds and other is not action and other.target(kind) == state
                for source in other.states[kind]
                if source != state
            }
        )
    return [target]


def moves(kind: str) -> Iterator[tuple[Action, str | None, str]]:
    """(action, from, to) for every step that changes the state."""
    for action in ACTIONS:
        if kind not in action.kinds:
            continue
        if not action.from_:
            yield action, None, action.target(kind)
        for state in action.states[kind]:
            for target in targets(action, kind, state):
                if target != state:
                    yield action, state, target


def closes(action: Action, running: set[str]) -> set[str]:
    named = set(action.closes)
    if "*" in named:
        named |= running - AFTER_END
    return (named - {"*"}) & running


def reached_from(edges: dict[str | None, set[str]], start: str | None) -> set[str]:
    seen: set[str] = set()
    todo = list(edges.get(start, ()))
    while todo:
        state = todo.pop()
        if state not in seen:
            seen.add(state)
            todo += edges.get(state, ())
    return seen


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_can_be_reached_and_reaches_an_end_and_the_archive(kind: str) -> None:
    edges: dict[str | None, set[str]] = {}
    for _, source, target in moves(kind):
        edges.setdefault(source, set()).add(target)
    states = WORKFLOW.states[kind]
    assert reached_from(edges, None) == set(states)
    for key, state in states.items():
        onward = reached_from(edges, key) | {key}
        assert "archived" in onward, key
        assert state.terminal or any(states[s].terminal for s in onward), key


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_stuck_the_owner_of_every_open_state_has_a_way_out(kind: str) -> None:
    steps = list(moves(kind))
    for key, state in WORKFLOW.states[kind].items():
        if state.terminal:
            continue
        ways = [action for action, source, _ in steps if source == key]
        assert any(state.owner in action.roles for action in ways), key
        if state.move == "filer":
            assert any("citizen" in action.roles for action in ways), key
        if state.move in ("filer", "respondent", "other_body"):
            assert any(INSIDE & set(action.roles) for action in ways), key


@pytest.mark.parametrize("kind", KINDS)
def test_in_every_open_state_a_clock_is_sure_to_run(kind: str) -> None:
    mine = {key for key, rule in RULES.items() if kind in rule.kinds}
    certain = {key for key in mine if RULES[key].condition is None}
    group = {key: rule.group for key, rule in RULES.items()}

    def after(action: Action, before: set[str]) -> set[str]:
        star = "*" in action.closes
        left = {
            g
            for g in before
            if not (star and any(group[r] == g and r not in AFTER_END for r in mine))
            and not any(group[r] == g for r in action.closes if r != "*")
        }
        left -= {group[r] for r in action.pauses if r in mine}
        return left | {group[r] for r in action.opens if r in certain} | {group[r] for r in action.resumes if r in mine}

    must: dict[str, set[str] | None] = dict.fromkeys(WORKFLOW.states[kind])
    changed = True
    while changed:
        changed = False
        for action in (a for a in ACTIONS if kind in a.kinds):
            for source in action.states[kind] or ([None] if not action.from_ else []):
                before = set() if source is None else must[source]
                if before is None:
                    continue
                for target in targets(action, kind, source or ""):
                    out = after(action, before)
                    old = must[target]
                    new = out if old is None else old & out
                    if new != old:
                        must[target], changed = new, True
    for key, state in WORKFLOW.states[kind].items():
        assert state.terminal or must[key], f"{kind}/{key}: no clock is sure to run"


@pytest.mark.parametrize("kind", KINDS)
def test_no_case_ends_with_a_clock_left_behind_or_standing_still(kind: str) -> None:
    mine = {key for key, rule in RULES.items() if kind in rule.kinds}
    may: dict[str, set[str]] = {key: set() for key in WORKFLOW.states[kind]}
    paused: dict[str, set[str]] = {key: set() for key in WORKFLOW.states[kind]}
    changed = True
    while changed:
        changed = False
        for action in (a for a in ACTIONS if kind in a.kinds):
            for source in action.states[kind] or ([None] if not action.from_ else []):
                before = may[source] if source else set()
                still = paused[source] if source else set()
                opened = {r for r in action.opens if r in mine}
                running = (before - closes(action, before)) | opened
                standing = (still - closes(action, still) - set(action.resumes) - opened) | (set(action.pauses) & mine)
                for target in targets(action, kind, source or ""):
                    if not running <= may[target] or not standing <= paused[target]:
                        may[target] |= running
                        paused[target] |= standing
                        changed = True
    for key, state in WORKFLOW.states[kind].items():
        if state.terminal:
            assert may[key] <= AFTER_END, f"{kind}/{key} ends with {may[key] - AFTER_END}"
            assert not paused[key], f"{kind}/{key} ends with a paused clock"


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.key)
def test_every_term_is_opened_closed_and_fulfilled_for_every_kind_it_belongs_to(rule) -> None:  # type: ignore[no-untyped-def]
    for kind in rule.kinds:
        mine = [action for action in ACTIONS if kind in action.kinds]
        assert any(rule.key in action.opens for action in mine), kind
        ending = [a for a in mine if rule.key in a.closes or ("*" in a.closes and not rule.after_end)]
        assert ending, kind
        assert any(action.key in rule.done_by for action in ending), kind
    for key in rule.done_by:
        action = WORKFLOW.action(key)
        assert rule.key in action.closes or ("*" in action.closes and not rule.after_end), key


def test_nothing_in_the_tables_is_without_a_purpose() -> None:
    roles = {role for action in ACTIONS for role in action.roles}
    separated = {"editor", "auditor", "system_admin", "security_admin"}
    assert set(WORKFLOW.roles) == roles | separated
    assert set(WORKFLOW.scopes) == {scope for action in ACTIONS for scope in action.scope.values()}
    guards = {guard for action in ACTIONS for guard in action.guards}
    guards |= {action.rebase_when for action in ACTIONS if action.rebase_when}
    guards |= {rule.condition for rule in RULES.values() if rule.condition}
    assert guards == set(WORKFLOW.guards)
    assert {rule.ladder for rule in RULES.values()} == set(LADDERS)
    papers = {paper for action in ACTIONS for kind in action.kinds for paper in action.documents_for(kind)}
    assert papers == set(WORKFLOW.documents)


def test_a_field_name_has_one_type_everywhere() -> None:
    types: dict[str, set[str]] = {}
    for action in ACTIONS:
        for field in action.fields:
            types.setdefault(field.name, set()).add(field.type)
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


def test_required_texts_have_a_limit() -> None:
    written_by_the_system = {"field", "new_value", "rule"}
    for action in ACTIONS:
        for field in action.fields:
            if field.type in ("text", "long_text") and field.required:
                assert field.max or field.name in written_by_the_system, (action.key, field.name)


def test_the_truth_of_a_filing_is_affirmed_in_complaints_and_reports_only() -> None:
    for kind in ("complaint", "report", "consultation", "suggestion"):
        names = {field.name: field.required for field in WORKFLOW.fields("register_online", kind)}
        assert names.get("consent_truth") == (True if kind in ("complaint", "report") else None)


@pytest.mark.parametrize("kind", KINDS)
def test_what_citizens_read_of_a_state_is_short(kind: str) -> None:
    for key, state in WORKFLOW.states[kind].items():
        assert 6 <= len(state.citizen) <= 60, key


def test_messages_are_short_and_the_respondent_never_hears_of_a_report() -> None:
    for action in ACTIONS:
        assert len(action.tell) <= 160, action.key
        assert "举报" not in action.respondent, action.key
        if "respondent" in action.told:
            assert action.respondent, action.key
        for word in re.findall(r"[a-z_]{4,}", action.reversible):
            assert word in WORKFLOW.actions, (action.key, word)


def test_only_discipline_officers_move_a_sealed_case() -> None:
    for action in ACTIONS:
        if action.kinds == ("misconduct",):
            extra = set(action.roles) - {"citizen", "discipline", "system", "intake"}
            assert not extra, action.key
            assert "intake" not in action.roles or not action.from_, action.key
        elif "misconduct" in action.kinds:
            assert action.to == "=", action.key
    for rule in RULES.values():
        if rule.kinds == ("misconduct",):
            assert rule.ladder == "sealed"


def articles(law: str) -> dict[int, str]:
    """The articles of a text kept under docs/law."""
    text = (ROOT / LAWS[law].file).read_text(encoding="utf-8")
    marks = [(m.start(), m[1]) for m in re.finditer(r"第([一二三四五六七八九十]+)条(?=\*\*|市场)", text)]
    numbers = {chinese(n): n for n in range(1, (LAWS[law].articles or 0) + 1)}
    found: dict[int, str] = {}
    for (start, name), (end, _) in zip(marks, [*marks[1:], (len(text), "")], strict=True):
        if name in numbers:
            found.setdefault(numbers[name], text[start:end])
    return found


@pytest.mark.parametrize("law", [key for key, law in LAWS.items() if law.file])
def test_every_article_of_a_kept_text_is_found(law: str) -> None:
    assert set(articles(law)) == set(range(1, (LAWS[law].articles or 0) + 1))


def test_statutory_wording_stands_word_for_word_in_the_article_it_cites() -> None:
    texts = {key: articles(key) for key, law in LAWS.items() if law.file}
    compared = 0
    for ground in WORKFLOW.all_grounds:
        law, _, article = ground.source.split("; ")[0].partition(":")
        if ground.verbatim and law in texts:
            number = re.match(r"\d+", article)
            assert number
            assert ground.text in texts[law][int(number[0])], (ground.type, ground.version, ground.code)
            compared += 1
    assert compared > 40


def test_the_two_regimes_have_their_own_lists() -> None:
    def codes(type_: str, regime: str) -> list[str]:
        return [ground.code for ground in WORKFLOW.grounds(type_, regime)]

    assert codes("refusal", "order-121") == [f"R{n}" for n in range(1, 8)]
    assert codes("refusal", "order-20") == [f"R{n}" for n in range(1, 7)]
    assert codes("termination", "order-121") == [f"T{n}" for n in range(1, 9)]
    assert codes("termination", "order-20") == [f"T{n}" for n in range(1, 8)]


def test_a_ground_asks_only_for_lists_that_its_own_measures_have() -> None:
    old = WORKFLOW.ground("refusal", "order-20", "R3")
    new = WORKFLOW.ground("refusal", "order-121", "R3")
    assert (old.requires, new.requires) == ((), ("factors",))
    assert not WORKFLOW.grounds("factor", "order-20")
    assert WORKFLOW.grounds("factor", "order-121")


def test_the_ten_official_forms_of_2026_are_there() -> None:
    forms = [key for key in WORKFLOW.documents if key.startswith("form.")]
    assert len(forms) == 10
    numbered = [paper for paper in WORKFLOW.documents.values() if paper.official]
    assert all("第{n}号" in paper.series for paper in numbered)
    assert WORKFLOW.documents["form.acceptance"].title == "投诉受理决定书"
