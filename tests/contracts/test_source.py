"""The size and manners of the source: what a reader may count on in every file."""

from __future__ import annotations

import ast
import re

from tests.contracts import tree

MOST_LINES = 400
MOST_IN_FUNCTION = 60
MOST_BYTES = 1_000_000


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    pages = [*(tree.ROOT / "templates").rglob("*.html"), *(tree.ROOT / "static").glob("*.js")]
    long = [
        f"{source.name}: {source.lines}" for source in (*tree.sources(), *tree.tests()) if source.lines > MOST_LINES
    ]
    long += [str(p.relative_to(tree.ROOT)) for p in pages if p.read_text(encoding="utf-8").count("\n") > MOST_LINES]
    assert long == []


def test_no_function_is_longer_than_sixty_lines() -> None:
    long = [
        f"{tree.place(source, function)} {function.name}"
        for source in tree.sources()
        for function in tree.functions(source)
        if (function.end_lineno or 0) - function.lineno + 1 > MOST_IN_FUNCTION
    ]
    assert long == []


def test_every_module_says_what_it_is_for() -> None:
    assert [
        source.name for source in tree.sources() if source.text.strip() and not ast.get_docstring(source.tree)
    ] == []


def test_every_public_function_and_class_of_the_law_and_the_work_is_explained() -> None:
    silent = [
        f"{tree.place(source, node)} {node.name}"
        for source in tree.of("rules", "casework", "models")
        for node in _reachable(source.tree)
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_every_public_function_of_the_product_says_its_types() -> None:
    bare = [
        f"{tree.place(source, node)} {node.name}"
        for source in tree.sources()
        for node in tree.functions(source)
        if node.returns is None or any(a.annotation is None for a in node.args.args if a.arg not in {"self", "cls"})
    ]
    assert bare == []


def _reachable(module: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """What others can call: functions and classes of a module, and the methods of its classes."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = [node for node in module.body if isinstance(node, kinds)]
    methods = [
        node
        for owner in found
        if isinstance(owner, ast.ClassDef) and not owner.name.startswith("_")
        for node in owner.body
        if isinstance(node, kinds)
    ]
    return [*found, *methods]


def test_nothing_is_left_for_later() -> None:
    """No note to come back, no empty function, no branch that says it is not there yet."""
    notes = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bfor now\b|lorem ipsum|placeholder implementation", re.IGNORECASE)
    found = []
    for source in tree.sources():
        found += [f"{source.name}:{n}" for n, line in enumerate(source.text.splitlines(), 1) if notes.search(line)]
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Raise) and node.exc is not None and "NotImplementedError" in ast.unparse(node.exc):
                found.append(tree.place(source, node))
        found += [tree.place(source, function) for function in tree.functions(source) if _empty(function)]
    assert found == []


def _empty(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """True for a function that does nothing, unless a protocol asks for its shape or its words say why."""
    body = [n for n in function.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
    silent = not ast.get_docstring(function)
    return bool(body) and all(isinstance(n, ast.Pass) for n in body) or (not body and silent and not _shape(function))


def _shape(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant) and n.value.value is ... for n in function.body
    )


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "misc", "common"}
    assert [source.name for source in tree.sources() if drawers & set(source.module.split("."))] == []


def test_every_test_asserts_and_none_is_skipped_or_sleeps() -> None:
    judging = re.compile(r"(assert|raises|warns|check|expect|verify|fail|play|run_state_machine)", re.IGNORECASE)
    found = []
    for source in tree.tests():
        for function in tree.functions(source):
            if not function.name.startswith("test_"):
                continue
            asserts = any(
                isinstance(n, ast.Assert)
                or (isinstance(n, ast.Call) and judging.match(ast.unparse(n.func).split(".")[-1].lstrip("_")))
                for n in ast.walk(function)
            )
            if not asserts:
                found.append(f"{tree.place(source, function)} asserts nothing")
        for name, node in tree.calls(source):
            last = name.split(".")[-1]
            if (last in {"skip", "skipif", "xfail"} and ("mark" in name or "pytest" in name)) or last == "sleep":
                found.append(f"{tree.place(source, node)} {name}")
    assert found == []


def test_a_broad_except_speaks_or_raises_again() -> None:
    """A10: nobody swallows an error in silence; what is caught as Exception is logged, told or raised."""
    silent = []
    for source in tree.sources():
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            broad = node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
            speaks = any(isinstance(n, ast.Raise | ast.Call | ast.Return) for n in ast.walk(node) if n is not node.type)
            if broad and (node.type is None or not speaks):
                silent.append(tree.place(source, node))
    assert silent == []


def test_no_file_of_the_tree_is_large() -> None:
    kept = [*(tree.ROOT / "docs").rglob("*"), *(tree.ROOT / "static").rglob("*"), *(tree.ROOT / "tests").rglob("*")]
    assert [str(p) for p in kept if p.is_file() and p.stat().st_size > MOST_BYTES and p.suffix != ".pyc"] == []
