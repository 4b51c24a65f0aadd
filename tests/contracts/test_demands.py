"""Each demand of the security and reliability list that must always hold has tests that bear its name.

A test bears it in its name (`test_sec_20_…`) or at the beginning of a sentence of its docstring (`REL-01, 02: …`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.contracts import tree

DEMANDS = {
    "SEC-01": "what people type stays text on every page",
    "SEC-02": "values inside a tag stand in quotes",
    "SEC-03": "an address that somebody typed is never a link",
    "SEC-04": "no SQL is put together from text",
    "SEC-05": "nothing runs text as code; jobs are JSON",
    "SEC-11": "every form takes every input or says what is wrong with it",
    "SEC-13": "a step from a wrong state is refused and writes nothing",
    "SEC-14": "an act that fails half-way leaves nothing",
    "SEC-15": "of many who take the same step at once one succeeds",
    "SEC-20": "every answer carries the exact security policy",
    "SEC-24": "what writes needs a token of its own; what reads changes nothing",
    "SEC-25": "nobody is led to another host",
    "SEC-30": "fields that a form does not ask for change nothing",
    "SEC-36": "nothing is loaded from another host",
    "UPL-01": "a file that is not what its name says is refused",
    "UPL-02": "what is handed out holds no second format",
    "UPL-03": "bombs end in an error, and the next file is cleaned",
    "UPL-04": "nothing is left of what a picture says about its maker",
    "UPL-05": "pictures stand the right way up afterwards",
    "UPL-09": "a file's name can do no harm",
    "REL-01": "what was acknowledged is there, whatever dies",
    "REL-02": "the same form sent again makes one case",
    "REL-03": "a form outlives its visit, its token and a restart",
    "REL-07": "without Redis filings are taken and work is done later",
    "REL-11": "work of a killed worker is begun again within two minutes",
    "REL-12": "an emptied Redis is filled again from the database",
    "REL-20": "a backup made under load comes back whole",
    "REL-21": "a backup alone names nobody, and wrong keys are noticed",
    "REL-22": "migrations lead to the models, there and back, with data",
    "AUZ-01": "every way in is declared",
    "AUZ-02": "everybody may do what the table says, and nothing else",
    "AUZ-03": "what is refused writes nothing",
    "AUZ-04": "what is hidden looks like what does not exist",
    "AUZ-05": "a part of one case does not come out of another",
}
_NAME = re.compile(r"test_(sec|upl|rel|auz)_(\d\d)_")
_SAID = re.compile(r"\b(SEC|UPL|REL|AUZ)-(\d\d)((?:, \d\d\b)*)")


def borne(function: ast.FunctionDef) -> Iterator[str]:
    """Yield the demands that a test bears."""
    if found := _NAME.match(function.name):
        yield f"{found[1].upper()}-{found[2]}"
    for group, first, more in _SAID.findall(ast.get_docstring(function) or ""):
        yield from (f"{group}-{number}" for number in (first, *re.findall(r"\d\d", more)))


@cache
def by_demand() -> dict[str, list[str]]:
    """Return the tests of each demand."""
    found: dict[str, list[str]] = {}
    for path in sorted((tree.ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for demand in borne(node):
                    found.setdefault(demand, []).append(f"{path.relative_to(tree.ROOT)}::{node.name}")
    return found


@pytest.mark.parametrize("demand", DEMANDS)
def test_a_demand_has_a_test_that_bears_its_name(demand: str) -> None:
    assert by_demand().get(demand), f"{demand}: {DEMANDS[demand]}"


def test_names_and_docstrings_are_read_as_people_read_them() -> None:
    source = 'def test_sec_20_every_answer() -> None:\n    """REL-01, 02: nothing is lost (also UPL-09)."""'
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert list(borne(function)) == ["SEC-20", "REL-01", "REL-02", "UPL-09"]
