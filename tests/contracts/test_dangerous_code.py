"""What the product never does, read from its syntax: SEC-01, 02, 04, 05, 08, 10, 36 and 56 on the side of the code."""

from __future__ import annotations

import ast
import json
import re
import zlib
from pathlib import Path

import pytest
import redis as redis_client

from casework import tasks
from jobs import queues
from tests.contracts import tree

SHELLS = {"os.system", "os.popen", "commands.getoutput", "subprocess.getoutput", "subprocess.getstatusoutput"}
LOADERS = {"pickle", "cPickle", "dill", "shelve", "marshal", "jsonpickle"}
TEMPLATES = sorted((tree.ROOT / "templates").rglob("*.html"))


def test_sec_05_nothing_runs_text_as_code_or_starts_a_shell() -> None:
    found = []
    for source in tree.sources():
        for name, node in tree.calls(source):
            last = name.split(".")[-1]
            runs_text = last in {"eval", "exec", "compile"} and "." not in name
            shell = any(
                k.arg == "shell" and not (isinstance(k.value, ast.Constant) and k.value.value is False)
                for k in node.keywords
            )
            if runs_text or shell or name in SHELLS or (name == "yaml.load"):
                found.append(f"{tree.place(source, node)} {name}")
    assert found == []


def test_sec_05_no_format_that_builds_objects_is_read() -> None:
    found = [
        f"{source.name}:{line} {module}"
        for source in tree.sources()
        for module, line in tree.imports(source)
        if module.split(".")[0] in LOADERS
    ]
    assert found == []


def test_sec_05_what_lies_in_redis_is_json_and_names_nothing_but_a_number(redis_url: str) -> None:
    with queues.connect(redis_url) as connection:
        queues.push(connection, [tasks.Added(number, kind) for number, kind in enumerate(tasks.KINDS, 41)])
    with redis_client.Redis.from_url(redis_url) as raw:
        jobs = [raw.hgetall(key) for key in raw.scan_iter("rq:job:*")]
    payloads = sorted((json.loads(zlib.decompress(job[b"data"])) for job in jobs), key=lambda said: said[2])
    assert payloads == [[queues.RUN, None, [41 + place], {}] for place in range(len(tasks.KINDS))]


def test_sec_04_sql_is_never_put_together_from_text() -> None:
    """Statements that are no expressions are constants, or take names from our own tables of names alone."""
    reviewed = {"casework/search.py", "casework/ranges.py", "casework/loading/writer.py", "models/search_table.py"}
    found = []
    for source in tree.of("models", "casework", "jobs", "commands", "blueprints"):
        for name, node in tree.calls(source):
            if name.split(".")[-1] not in {"text", "exec_driver_sql", "executescript"} or not node.args:
                continue
            if name.split(".")[-1] == "text" and not re.fullmatch(r"(sa\.|sqlalchemy\.)?text", name):
                continue
            if _is_built(node.args[0]) and source.name not in reviewed:
                found.append(tree.place(source, node))
    assert [place for place in found if not place.startswith("models/base.py")] == []


def _is_built(argument: ast.expr) -> bool:
    """True for all that is not a constant or the name of one: text with holes, and names that may hold such."""
    if isinstance(argument, ast.IfExp):
        return _is_built(argument.body) or _is_built(argument.orelse)
    if isinstance(argument, ast.BinOp):
        return _is_built(argument.left) or _is_built(argument.right)
    constant = isinstance(argument, ast.Name) and argument.id.lstrip("_").isupper()
    return not (isinstance(argument, ast.Constant) or constant)


@pytest.mark.parametrize(
    "built", ['f"{x}"', '"a" + x', '"a %s" % x', '"{}".format(x)', "x", '" ".join(x)', "X if y else x"]
)
def test_text_with_holes_is_told_from_constants(built: str) -> None:
    assert _is_built(ast.parse(built, mode="eval").body)
    assert not _is_built(ast.parse('"a" + "b" if y else _STATEMENT', mode="eval").body)


def test_sec_01_no_code_marks_text_as_harmless() -> None:
    """Casework/blueprints never hand markup to a page: `Markup` and templates made of text do not occur."""
    names = {"Markup", "render_template_string", "from_string", "escape_silent"}
    found = [
        f"{tree.place(source, node)} {name}"
        for source in tree.sources()
        for name, node in tree.calls(source)
        if name.split(".")[-1] in names
    ]
    assert found == []


def test_sec_01_only_what_was_cleaned_is_printed_as_it_stands() -> None:
    """`Clean` is made where nh3 has cleaned a text, and of the QR code, in which nothing stands that somebody typed."""
    makers = {"casework/board/markup.py", "casework/board/sheets.py"}
    marking = {source.name for source in tree.sources() if "__html__" in source.text}
    making = {source.name for source in tree.sources() for name, _ in tree.calls(source) if name.endswith("Clean")}
    assert (marking, making) == ({"casework/board/markup.py"}, makers)


@pytest.mark.parametrize("page", TEMPLATES, ids=lambda page: page.relative_to(tree.ROOT).as_posix())
def test_sec_01_no_template_turns_the_escaping_off(page: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", page.read_text(encoding="utf-8"), flags=re.S)
    assert not re.search(r"\|\s*(safe|striptags)\b|autoescape\s+false|Markup", text)


@pytest.mark.parametrize("page", TEMPLATES, ids=lambda page: page.relative_to(tree.ROOT).as_posix())
def test_sec_02_every_value_inside_a_tag_stands_in_quotes(page: Path) -> None:
    """Walks the page character by character: a `{{` between `<` and `>` has to lie inside quotes.

    A macro of the same file may write whole attributes; inside it no value may follow a bare `=` either.
    """
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}", "", page.read_text(encoding="utf-8"), flags=re.S)
    macros = re.findall(r"\{%-?\s*macro\s+(\w+)", page.read_text(encoding="utf-8"))
    bare = [value for value in bare_values(text) if not re.match(rf"\{{\{{-?\s*({'|'.join(macros) or '-'})\(", value)]
    assert bare == []
    assert not re.search(r"=\s*\{\{", re.sub(r"\{\{.*?=\s*\{.*?\}\}", "", text))


def bare_values(text: str) -> list[str]:
    """Return the expressions that stand inside a tag but outside quotes."""
    found, quote, inside, place = [], "", False, 0
    while place < len(text):
        if text.startswith("{{", place):
            end = text.index("}}", place) + 2
            if inside and not quote:
                found.append(text[place:end])
            place = end
            continue
        sign = text[place]
        if inside and quote:
            quote = "" if sign == quote else quote
        elif inside and sign in "\"'":
            quote = sign
        elif inside and sign == ">":
            inside = False
        elif not inside and sign == "<" and re.match(r"[a-zA-Z/]", text[place + 1 : place + 2]):
            inside = True
        place += 1
    return found


def test_the_walker_itself_sees_what_it_is_there_for() -> None:
    assert bare_values('<a href={{ x }}>{{ y }}</a><b class="{{ z }}">') == ["{{ x }}"]
    assert bare_values("<a title='{{ a }}' {{ b }}>") == ["{{ b }}"]


def test_sec_56_no_secret_comes_from_a_generator_that_can_be_guessed() -> None:
    """`random` and `uuid` make no tokens; the invented city alone may use them."""
    allowed = ("casework/demo/", "commands/demo.py")
    found = [
        f"{source.name}:{line} {module}"
        for source in tree.sources()
        for module, line in tree.imports(source)
        if module.split(".")[0] in {"random", "uuid"} and not source.name.startswith(allowed)
    ]
    assert found == []


def test_sec_56_secrets_are_compared_in_constant_time() -> None:
    """Nothing called token, code, mark or mac is compared with == where a request is judged."""
    found = [
        tree.place(source, node)
        for source in tree.of("blueprints")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Compare)
        and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
        and re.search(r"(digest|_mac|signature|csrf)\b", ast.unparse(node))
    ]
    assert found == []


def test_sec_36_no_file_of_the_portal_names_another_host() -> None:
    """Pages, styles and scripts load nothing from elsewhere; what a publisher wrote into a vendored file stays."""
    loading = re.compile(r"""(?:src|href|action|poster)\s*=\s*["'](?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import""")
    files = [*TEMPLATES, *(tree.ROOT / "static").glob("*.css"), *(tree.ROOT / "static").glob("*.js")]
    assert [str(f) for f in files if loading.search(f.read_text(encoding="utf-8"))] == []


def test_sec_36_every_vendored_file_is_the_one_that_was_recorded() -> None:
    import hashlib

    recorded = dict(
        line.split()[::-1] for line in (Path(__file__).parent / "vendored.sha384").read_text().splitlines() if line
    )
    folder = tree.ROOT / "static" / "vendor"
    present = {f.name: hashlib.sha384(f.read_bytes()).hexdigest() for f in folder.rglob("*") if f.is_file()}
    assert present == recorded


def test_sec_08_only_the_jobs_import_the_engine_that_fetches() -> None:
    found = [
        f"{source.name}:{line}"
        for source in tree.sources()
        for module, line in tree.imports(source)
        if module.split(".")[0] == "weasyprint" and source.floor != "jobs"
    ]
    assert found == []


def test_sec_10_spreadsheets_never_take_text_for_a_formula() -> None:
    found = [
        tree.place(source, node)
        for source in tree.sources()
        for name, node in tree.calls(source)
        if name.endswith("xlsxwriter.Workbook") or name == "Workbook"
        if "strings_to_formulas" not in ast.unparse(node)
    ]
    assert found == []
