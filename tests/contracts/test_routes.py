"""Every way into the portal is declared: routes, tasks and commands. What is not declared fails here (AUZ-01)."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import Any

import click
import pytest
from flask import Flask
from werkzeug.routing import Rule

import worker
from blueprints.web.policy import Policy, policy_of
from casework import tasks
from jobs import house, schedule, workers
from rules import access
from rules.workflow import WORKFLOW
from tests.contracts import tree

AUDIENCES = {"public", "filer", "staff", "login", "api", "machine"}
OPAQUE = {"number", "action", "token", "code", "number_or_code", "notice_id", "name", "month", "part", "unit"}
"""Parameters that are text by nature; all others say their type."""
OF_EVERYBODY = {
    "account.logout",
    "account.password",
    "account.end_session",
    "account.reach",
    "account.second_factor",
    "account.start_second_factor",
}
"""What anybody who is signed in may send: their own account."""
COMMANDS = {"init", "demo", "import", "sweep", "due", "brief", "audit", "backup", "restore", "doctor"}
"""The commands of the handbook. Flask's own and those of the migrations need no policy: they need a login shell."""
SYSTEM = {"run", "shell", "routes", "db"}
SURFACE = {
    "/", "/file", "/track", "/board", "/publicity", "/guide", "/guide/flow", "/guide/materials", "/figures",
    "/stations", "/healthz", "/login", "/logout", "/account", "/desk/", "/desk/new", "/desk/cases/<number>",
    "/desk/cases/<number>/<action>", "/command/", "/briefings/", "/insight/", "/admin/",
}  # fmt: skip
"""Addresses that other programs and handbooks know. None may vanish."""


def rules(app: Flask) -> list[Rule]:
    """Every rule of the portal."""
    return sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))


def declared(app: Flask, rule: Rule) -> Policy:
    """The policy of a rule; the test fails when there is none."""
    found = policy_of(app, rule.endpoint)
    assert found is not None, f"{rule.rule} ({rule.endpoint}) has no policy"
    return found


def methods(rule: Rule) -> set[str]:
    """The methods that a view was made for."""
    return set(rule.methods or ()) - {"HEAD", "OPTIONS"}


def test_auz_01_every_route_has_a_policy_whose_words_are_known(wired: Flask) -> None:
    for rule in rules(wired):
        policy = declared(wired, rule)
        assert policy.audience in AUDIENCES, rule.rule
        assert set(policy.permissions) <= access.POLICIES.keys(), rule.rule
        assert not policy.permissions or policy.audience == "staff", rule.rule


def test_auz_01_every_staff_route_that_writes_names_a_permission(wired: Flask) -> None:
    loose = [
        rule.endpoint
        for rule in rules(wired)
        if "POST" in methods(rule) and declared(wired, rule).audience == "staff"
        if not declared(wired, rule).permissions and rule.endpoint not in OF_EVERYBODY
    ]
    assert loose == []


def test_auz_01_a_view_that_declares_nothing_is_closed(app: Flask) -> None:
    """Should one slip through: it breaks loudly while it is built, and is closed in production."""
    app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    for profile, status in (("demo", 500), ("production", 403)):
        app.config["PROFILE"] = profile
        answer = app.test_client().get("/forgotten")
        assert answer.status_code == status
        assert "open" not in answer.text.split()


def test_only_pages_for_everybody_are_kept_as_one_body(wired: Flask) -> None:
    for rule in rules(wired):
        policy = declared(wired, rule)
        if policy.cached:
            assert policy.audience == "public", rule.rule
            assert methods(rule) == {"GET"}, rule.rule


def test_only_two_posts_go_without_a_token(wired: Flask) -> None:
    """Ruling 20: the first POST of an anonymous form, and the sign-in."""
    without = [
        rule.rule
        for rule in rules(wired)
        if "POST" in methods(rule)
        and (declared(wired, rule).first_post or declared(wired, rule).audience in {"login", "api", "machine"})
    ]
    assert [path for path in without if not re.fullmatch(r"/login|/track|/file/<any\([a-z, ]+\):kind>", path)] == []


def test_there_are_only_get_and_post(wired: Flask) -> None:
    """htmx would send the fields of a DELETE in the address."""
    assert [rule.rule for rule in rules(wired) if not methods(rule) <= {"GET", "POST"}] == []
    both = [rule.endpoint for rule in rules(wired) if methods(rule) == {"GET", "POST"}]
    assert both == [], "reading and writing are two views"


def test_addresses_are_plain_words_with_hyphens_and_typed_parameters(wired: Flask) -> None:
    for rule in rules(wired):
        for kind, name in re.findall(r"<(?:([^<>:]+):)?(\w+)>", rule.rule):
            assert kind or name in OPAQUE, f"{rule.rule}: {name} says no type"
            assert not kind.startswith("path"), rule.rule
        words = [word for word in re.sub(r"<[^<>]*>", "", rule.rule).split("/") if word]
        odd = [
            word for word in words if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)?|v\d|\.(pdf|csv|txt)", word)
        ]
        assert not odd, rule.rule


def test_no_address_of_the_surface_has_vanished(wired: Flask) -> None:
    present = {re.sub(r"<any\([^)]*\):kind>", "<kind>", rule.rule) for rule in rules(wired)}
    assert SURFACE - present == set()
    assert "/file/<kind>" in present
    assert "/file/receipt/<token>" in present


def test_every_view_says_what_it_shows(wired: Flask) -> None:
    silent = [rule.endpoint for rule in rules(wired) if not inspect.getdoc(wired.view_functions[rule.endpoint])]
    assert silent == []


def test_an_act_of_the_table_never_hides_a_route_of_its_own(wired: Flask) -> None:
    """`POST /desk/cases/<number>/<action>` takes every key of the table; words of other routes are no keys."""
    beside = {
        rule.rule.split("/")[4]
        for rule in rules(wired)
        if rule.rule.startswith("/desk/cases/<number>/") and not rule.rule.endswith("<action>")
    }
    assert beside & WORKFLOW.actions.keys() == set()


class TestTasks:
    @pytest.mark.parametrize("kind", sorted(tasks.KINDS))
    def test_auz_01_every_kind_leads_to_a_job_and_a_queue_that_is_served(self, kind: str) -> None:
        row = tasks.KINDS[kind]
        job = _named(row.job)
        assert (
            list(inspect.signature(job).parameters)[:2] == ["claim", "now"]
            or len(inspect.signature(job).parameters) == 2
        )
        assert row.queue in tasks.QUEUES
        if row.gave_up:
            assert len(inspect.signature(_named(row.gave_up)).parameters) == 1

    def test_every_queue_has_a_worker(self) -> None:
        assert set(tasks.QUEUES) <= set(worker.PARTS)
        assert "periodic" in worker.PARTS

    def test_every_job_is_thin(self) -> None:
        """A job loads by id, calls casework, says one line: no SQL stands in it."""
        database = {"select", "insert", "update", "delete"}
        found = [
            f"{source.name}:{line} {module}"
            for source in tree.of("jobs")
            for module, line in tree.imports(source)
            if module.startswith("sqlalchemy") and module.rpartition(".")[2] in database
        ]
        assert found == []

    def test_every_periodic_work_is_named_once_and_has_a_rhythm(self) -> None:
        table = [line for line in vars(schedule).values() if isinstance(line, tuple) and line]
        lines = [line for found in table for line in found if isinstance(line, schedule.Periodic)]
        assert len(lines) >= 4
        assert len({line.name for line in lines}) == len(lines)
        assert all(0 < line.every <= 24 * 3600 for line in lines)

    def test_the_processes_of_the_house_can_be_furnished(self) -> None:
        assert callable(house.furnish)
        assert inspect.getdoc(workers)


def _named(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(import_module(module), function)


class TestCommands:
    def test_auz_01_every_command_is_one_of_the_handbook(self, wired: Flask) -> None:
        assert set(wired.cli.commands) - SYSTEM <= COMMANDS
        assert {"init", "demo"} <= set(wired.cli.commands)

    def test_every_command_has_a_help_for_itself_and_its_options(self, wired: Flask) -> None:
        for name, command in wired.cli.commands.items():
            if name in SYSTEM:
                continue
            assert command.help, name
            options = [p for p in command.params if isinstance(p, click.Option) and p.name != "help"]
            assert not [p.name for p in options if not p.help], name
