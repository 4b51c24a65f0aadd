"""Who may do, read and reveal what: the sealed track above all."""

from __future__ import annotations

from itertools import product

import pytest

from rules.access import POLICIES, READS, REVEALS, ROLES, SCOPES, allowed, may_act, may_read, may_reveal, passes, policy
from rules.workflow import WORKFLOW

EVERY_OPEN_RELATION = frozenset(SCOPES) - {"sealed", "own_case"}
STAFF = [role for role in ROLES if role not in ("citizen", "system")]


@pytest.mark.parametrize("role", [role for role in STAFF if role != "discipline"])
def test_nobody_but_discipline_officers_sees_or_moves_a_sealed_case(role: str) -> None:
    sealed = EVERY_OPEN_RELATION | {"sealed"}
    assert not may_read(role, sealed)
    assert not may_reveal(role, sealed, registered_today=True)
    for action in WORKFLOW.actions.values():
        begins = action.key == "register_sealed" and role == "intake"
        assert may_act(action, role, sealed) == (
            begins or (role == "intake" and not action.from_ and role in action.roles)
        )


def test_discipline_officers_see_sealed_cases_and_no_others() -> None:
    assert may_read("discipline", frozenset({"sealed"}))
    assert not may_read("discipline", EVERY_OPEN_RELATION)
    assert may_act(WORKFLOW.action("discipline_sign"), "discipline", frozenset({"sealed"}))
    assert not may_act(WORKFLOW.action("discipline_sign"), "discipline", EVERY_OPEN_RELATION)


def test_a_role_acts_only_through_the_relation_the_table_names() -> None:
    for action, role in product(WORKFLOW.actions.values(), STAFF):
        wanted = action.scope.get(role)
        for scope in SCOPES:
            may = may_act(action, role, frozenset({scope}), {**_all_decide()})
            if wanted is None:
                assert not may, (action.key, role)
            elif scope == wanted:
                assert may, (action.key, role, scope)
            elif wanted != "any" and scope != "sealed":
                assert not may, (action.key, role, scope)


def _all_decide() -> dict[str, str]:
    """Settings that name no role and so narrow nothing."""
    return {
        **{key: s.default for key, s in WORKFLOW.settings.items()},
        "accept_role": "",
        "refuse_role": "",
        "terminate_role": "",
    }


def test_a_handler_reads_what_is_assigned_and_what_the_unit_may_still_sign_for() -> None:
    assert may_read("handler", frozenset({"assigned"}), "mediating")
    assert may_read("handler", frozenset({"own_unit"}), "dispatched")
    assert not may_read("handler", frozenset({"own_unit"}), "mediating")
    assert not may_read("handler", frozenset({"own_bureau"}), "dispatched")


def test_the_auditor_reads_everything_unsealed_and_changes_nothing() -> None:
    assert may_read("auditor", frozenset({"any"}))
    assert not any(may_act(action, "auditor", EVERY_OPEN_RELATION) for action in WORKFLOW.actions.values())


@pytest.mark.parametrize("role", ["editor", "system_admin", "security_admin"])
def test_administrators_and_editors_see_no_case(role: str) -> None:
    assert role not in READS
    assert not may_read(role, EVERY_OPEN_RELATION)


def test_identity_is_for_those_who_handle_the_case() -> None:
    assert may_reveal("handler", frozenset({"assigned"}))
    assert not may_reveal("handler", frozenset({"own_unit"}))
    assert may_reveal("lead", frozenset({"own_unit"}))
    assert may_reveal("intake", frozenset({"own_bureau"}), registered_today=True)
    assert not may_reveal("intake", frozenset({"own_bureau"}))
    for role in ("supervisor", "leader", "dispatcher", "archivist", "mediator", "auditor"):
        assert not may_reveal(role, EVERY_OPEN_RELATION, registered_today=True), role
    assert set(REVEALS) == {"handler", "lead", "discipline", "intake"}


def test_one_of_several_assignments_is_enough() -> None:
    both = [("archivist", frozenset({"own_bureau"})), ("lead", frozenset({"own_unit"}))]
    assert allowed(WORKFLOW.action("assign"), both)
    assert not allowed(WORKFLOW.action("assign"), both[:1])


def test_the_three_administrators_are_separated() -> None:
    admins = ("system_admin", "security_admin", "auditor")
    for name, roles in POLICIES.items():
        if name.startswith("admin.") or name == "audit":
            assert sum(role in roles for role in admins) == 1, name
    assert not passes("desk.act", admins)


def test_policies_let_in_whom_they_name() -> None:
    assert passes("public", ())
    assert passes("command", ["supervisor"])
    assert not passes("command", ["handler"])
    with pytest.raises(KeyError):
        policy("nobody-wrote-this")
