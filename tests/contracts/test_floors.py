"""The house: imports run downward, each floor keeps to its own business."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

from tests.contracts import tree

BELOW = {
    "rules": set(),
    "models": {"rules"},
    "casework": {"rules", "models"},
    "blueprints": {"rules", "models", "casework"},
    "jobs": {"rules", "models", "casework", "script"},
    "commands": {"rules", "models", "casework", "blueprints", "jobs", "config", "script"},
    "app": {"rules", "models", "casework", "blueprints", "jobs", "commands", "config"},
    "worker": {"rules", "models", "casework", "jobs", "app", "config", "script"},
    "config": set(),
}  # fmt: skip
"""What each floor may import of the house. Casework gets its settings handed in; only jobs and above know processes."""
HOUSE = {*BELOW, "script"}
SETTINGS_TYPE = "config.Settings"


def test_imports_run_downward_only_inside_functions_too() -> None:
    upward = [
        f"{source.name}:{line} imports {module}"
        for source in tree.sources()
        if source.floor in BELOW
        for module, line in tree.imports(source)
        if (there := module.split(".")[0]) in HOUSE and there != source.floor and there not in BELOW[source.floor]
        if not (source.floor == "jobs" and module in ("config", SETTINGS_TYPE))
    ]
    assert upward == []


def test_the_import_contracts_of_the_project_hold() -> None:
    run = subprocess.run(
        [f"{sys.prefix}/bin/lint-imports", "--no-cache"], cwd=tree.ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-3000:]


def test_the_rules_need_the_standard_library_alone() -> None:
    foreign = [
        f"{source.name}:{line} {module}"
        for source in tree.of("rules")
        for module, line in tree.imports(source)
        if module.split(".")[0] not in sys.stdlib_module_names | {"rules"}
    ]
    assert foreign == []


def test_casework_knows_no_request_session_or_page() -> None:
    known = {"request", "session", "g", "render_template", "redirect", "url_for", "current_app"}
    found = [
        f"{source.name}:{line} {module}"
        for source in tree.of("casework", "models", "rules")
        for module, line in tree.imports(source)
        if module.startswith("flask.") and module.rpartition(".")[2] in known
    ]
    assert found == []


def test_a_blueprint_holds_no_sql() -> None:
    database = {"select", "insert", "update", "delete", "execute", "scalar", "scalars", "query"}
    found = [
        f"{tree.place(source, node)} {name}"
        for source in tree.of("blueprints")
        for name, node in tree.calls(source)
        if name in database or re.search(r"\bdb\.session\b|\bModel\.query\b", name)
    ]
    named = [f"{s.name}:{line}" for s in tree.of("blueprints") for m, line in tree.imports(s) if m == "models.base.db"]
    assert found + named == []


def test_only_the_work_commits_and_only_through_writing() -> None:
    """`models.base.writing` is the one way to write; casework may end a reading transaction besides."""
    found = [
        tree.place(source, node)
        for source in tree.sources()
        for name, node in tree.calls(source)
        if name.split(".")[-1] == "commit" and source.floor not in {"casework", "models"}
    ]
    assert found == []


def test_a_commit_in_casework_ends_a_reading_and_writes_nothing() -> None:
    """`writing` refuses rows that were changed outside of it, so that a bare commit can only end a reading."""
    adding = re.compile(r"\bdb\.session(\(\))?\.(add|add_all|delete|merge|bulk_\w+)\b")
    found = [
        tree.place(source, node)
        for source in tree.of("casework", "jobs", "commands", "blueprints")
        for name, node in tree.calls(source)
        if adding.search(name)
    ]
    assert found == []


def test_rules_models_and_casework_never_read_the_clock() -> None:
    readings = re.compile(r"(^|\.)(datetime|date)\.(now|utcnow|today)$|^time\.(time|time_ns|localtime|gmtime)$")
    found = [
        f"{tree.place(source, node)} {name}"
        for source in tree.of("rules", "models", "casework")
        for name, node in tree.calls(source)
        if readings.search(name) and source.name != "models/clock.py"
    ]
    assert found == []


def test_only_entry_points_ask_for_the_present_moment() -> None:
    """Views, jobs and commands ask `models.clock.now()` and hand it down."""
    asking = [
        f"{source.name}:{line}"
        for source in tree.of("rules", "casework", "models")
        for module, line in tree.imports(source)
        if module in ("models.clock", "models.clock.now")
    ]
    assert asking == []
    elsewhere = re.compile(r"(^|\.)(datetime|date)\.(now|utcnow|today)$")
    found = [
        f"{tree.place(source, node)} {name}"
        for source in tree.of("blueprints", "jobs", "commands", "app", "worker")
        for name, node in tree.calls(source)
        if elsewhere.search(name)
    ]
    assert found == []


def test_nobody_below_the_door_reads_the_environment() -> None:
    found = [
        tree.place(source, node)
        for source in tree.of("rules", "models", "casework", "blueprints", "commands", "app")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    ]
    assert found == []
