"""The code base as the contract tests read it: files by floor, parsed once, and the calls made in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("rules", "models", "casework", "blueprints", "jobs", "commands")
DOORS = ("app.py", "config.py", "worker.py")
"""The files at the door: settings in, everything wired."""


@dataclass(frozen=True)
class Source:
    """One Python file. `name` is its path from the root, `module` what it is imported as."""

    name: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """The dotted name."""
        return self.name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    @property
    def floor(self) -> str:
        """The first word of the dotted name."""
        return self.module.split(".")[0]

    @property
    def lines(self) -> int:
        """How many lines the file has."""
        return self.text.count("\n")


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of the product: the floors, the doors and the scripts; tests and migrations are not product."""
    paths = [ROOT / door for door in DOORS]
    for floor in (*FLOORS, "script"):
        paths += sorted((ROOT / floor).rglob("*.py"))
    return tuple(_read(path) for path in paths)


@cache
def tests() -> tuple[Source, ...]:
    """Every Python file of the tests."""
    return tuple(_read(path) for path in sorted((ROOT / "tests").rglob("*.py")))


def of(*floors: str) -> list[Source]:
    """The files of some floors."""
    return [source for source in sources() if source.floor in floors]


def _read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(path.relative_to(ROOT).as_posix(), text, ast.parse(text, str(path)))


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file, inner ones included."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def calls(source: Source) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a file with the dotted text of what is called."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def imports(source: Source) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, at the top or inside a function, with the line."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def place(source: Source, node: ast.AST) -> str:
    """Where something stands, as an editor opens it."""
    return f"{source.name}:{getattr(node, 'lineno', 1)}"
