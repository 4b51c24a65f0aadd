"""A table that contradicts itself is refused by name, before anything starts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rules.citation import parts
from rules.tables import DATA, TableError
from rules.terms import load_ladders, load_rules
from rules.workflow import Workflow


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the tables that a test may spoil."""
    shutil.copytree(DATA, tmp_path / "data")
    return tmp_path / "data"


def spoil(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} does not say {old}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_tables_as_they_are_load(root: Path) -> None:
    assert len(Workflow(root).actions) == 140


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("actions/acceptance.toml", 'to = "accepted"', 'to = "acepted"', "accept.*unknown state"),
        ("actions/acceptance.toml", '"form.acceptance"', '"form.aceptance"', "unknown document"),
        ("actions/acceptance.toml", "opens =", "opnes =", "unknown .*opnes"),
        ("actions/acceptance.toml", '"complaint.decide"', '"complaint.decied"', "unknown rule"),
        ("actions/acceptance.toml", 'label = "受理"\n', "", "missing .*label"),
        ("actions/acceptance.toml", '"order-121:15(1)', '"order-121:47', "no such article"),
        ("actions/mediation.toml", '"both_consent"', '"both_consents"', "unknown guard"),
        ("actions/mediation.toml", "{mediator}", "{mediators}", "unknown placeholder"),
        ("actions/mediation.toml", 'choices = "stance"', 'choices = "stances"', "unknown list of choices"),
        ("actions/mediation.toml", 'ground = "recusal"', 'ground = "recusals"', "recusal"),
        ("actions/verification.toml", 'roles = ["leader"]', 'roles = ["lead"]', "no action lets leader extend"),
        ("actions/mediation.toml", 'roles = ["handler"]', 'roles = ["lead"]', "scope and roles differ"),
        ("grounds/acceptance.toml", 'requires = ["competent_body"]', 'requires = ["nothing"]', "unknown field"),
        ("grounds/acceptance.toml", 'code = "R2"', 'code = "R1"', "stands twice"),
        ("guards.toml", 'kind = "pure"', 'kind = "magic"', "its kind is unknown"),
        ("states/complaint.toml", 'queue = "waiting"', 'queue = "wating"', "unknown queue"),
        ("states/complaint.toml", 'owner = "station"', 'owner = "sation"', "unknown role"),
        ("usual.toml", 'agreed = ["confirm_agreement"', 'agreed = ["accept"', "not possible there"),
        ("documents.toml", "official = true", "official = false", "第n号"),
        ("fields/choices.toml", 'key = "repair"', 'key = "redo"', "stands twice"),
    ],
)  # fmt: skip
def test_a_spoiled_table_is_refused_with_the_row_and_the_reason(
    root: Path, file: str, old: str, new: str, message: str
) -> None:
    spoil(root, file, old, new)
    with pytest.raises(TableError, match=message):
        Workflow(root)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("deadlines/complaint.toml", "until = 2026-04-14", "until = 2026-04-10", "overlap or leave a gap"),
        ("deadlines/complaint.toml", 'unit = "working_day"', 'unit = "workday"', "unknown unit"),
        ("deadlines/complaint.toml", 'source = "order-20:14"', 'source = "local"', "local source"),
        ("deadlines/mediation.toml", "pause_text", "pause_texts", "unknown"),
    ],
)
def test_a_spoiled_term_is_refused(root: Path, file: str, old: str, new: str, message: str) -> None:
    spoil(root, file, old, new)
    with pytest.raises(TableError, match=message):
        load_rules(root)


def test_a_ladder_out_of_order_is_refused(root: Path) -> None:
    spoil(root, "ladders.toml", "after = 3", "after = 0")
    with pytest.raises(TableError, match="order of time"):
        load_ladders(root)


def test_a_file_that_cannot_be_read_is_named(root: Path) -> None:
    (root / "usual.toml").unlink()
    with pytest.raises(TableError, match=r"usual\.toml"):
        Workflow(root)


def test_a_source_without_an_article_is_refused() -> None:
    with pytest.raises(TableError, match="no article"):
        parts("order-121")
