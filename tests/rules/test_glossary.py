"""The glossary has one row for every word of the procedure, and one meaning for every row."""

from __future__ import annotations

from pathlib import Path

from rules.workflow import WORKFLOW

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"


def rows() -> list[list[str]]:
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    start = lines.index("|---|---|---|---|---|") + 1
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[start:] if line.startswith("|")]


def test_every_row_is_complete_and_stands_once() -> None:
    found = rows()
    assert len(found) > 100
    assert all(len(row) == 5 and all(row) for row in found)
    for column in (0, 1):
        words = [row[column] for row in found]
        assert len(words) == len(set(words))


def test_every_kind_phase_role_and_state_is_explained() -> None:
    known = {row[1].strip("`") for row in rows()}
    of_the_procedure = {role for action in WORKFLOW.actions.values() for role in action.roles}
    states = {key for states in WORKFLOW.states.values() for key in states}
    assert set(WORKFLOW.kinds) | set(WORKFLOW.phases) | of_the_procedure | states <= known
