"""What holds for every template and static file, whoever writes the next one."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from jinja2 import Environment, FileSystemLoader, nodes

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
SCREEN = sorted(p for p in TEMPLATES.rglob("*.html") if "print" not in p.relative_to(TEMPLATES).parts)
NAMES = [p.relative_to(TEMPLATES).as_posix() for p in SCREEN]
HTMX = ROOT / "static" / "vendor" / "htmx-2.0.11.min.js"
# What the publisher printed for 2.0.11; the file, the page and this line have to agree.
HTMX_HASH = "sha384-2OatzQy1H+Zd/IIrjr1TcuDGqLXeHhbooAyJY1KdQMKnr4LZ22k31GBLdYKHmVjg"


def source(name: str) -> str:
    """Return a template without its comments."""
    return re.sub(r"\{#.*?#\}", "", (TEMPLATES / name).read_text(encoding="utf-8"), flags=re.S)


def tags(text: str) -> list[str]:
    """Return the opening tags of a template, expressions included: `>` inside an expression does not end one."""
    bare = re.sub(r"\{%.*?%\}", "", text, flags=re.S)
    return re.findall(
        r"<[a-zA-Z](?:\{\{.*?\}\}|\"(?:\{\{.*?\}\}|[^\"])*\"|'(?:\{\{.*?\}\}|[^'])*'|[^>\"'])*>", bare, flags=re.S
    )


@pytest.mark.parametrize("name", NAMES)
def test_it_parses(name: str) -> None:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    assert isinstance(environment.parse(source(name)), nodes.Template)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_escapes_the_escaping(name: str) -> None:
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", source(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_an_attribute_stands_in_quotes(name: str) -> None:
    for tag in tags(source(name)):
        unquoted = re.findall(r"=\s*\{\{", tag)
        assert not unquoted, tag


@pytest.mark.parametrize("name", NAMES)
def test_there_is_no_inline_script_style_or_handler(name: str) -> None:
    text = source(name)
    assert not re.search(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=|\bhx-on|hx-vals\s*=\s*[\"']js:|\bhx-vars\b", text, re.I)
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_fetched_from_another_host(name: str) -> None:
    assert not re.search(r"(?:src|href|action|poster|data)\s*=\s*[\"'](?:https?:)?//", source(name))


@pytest.mark.parametrize("name", NAMES)
def test_htmx_only_helps_what_works_without_it(name: str) -> None:
    for tag in tags(source(name)):
        if re.search(r"\shx-(get|post)\b", tag):
            assert re.match(r"<(form|a|input|select|textarea|div|tbody|tr|section|p|li|button)\b", tag), tag
        if re.search(r"\shx-post\b", tag):
            assert 'action="' in tag or "formaction" in tag, tag
        assert not re.search(r"\shx-(put|patch|delete)\b", tag), tag


@pytest.mark.parametrize("name", [n for n in NAMES if n.rsplit("/", 1)[-1].startswith("_")])
def test_a_fragment_says_what_it_needs_and_has_one_root_with_an_id(name: str) -> None:
    raw = (TEMPLATES / name).read_text(encoding="utf-8")
    assert raw.startswith("{#"), "its first line names its inputs"
    bare = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "x", source(name), flags=re.S)
    roots = BeautifulSoup(bare, "html.parser").find_all(recursive=False)
    assert len(roots) == 1
    assert roots[0].get("id")


@pytest.mark.parametrize("name", NAMES)
def test_every_template_that_is_named_exists(name: str) -> None:
    named = re.findall(r"\{%-?\s*(?:extends|include|import|from)\s+'([^']+)'", source(name))
    assert not [n for n in named if not (TEMPLATES / n).is_file()]


@pytest.mark.parametrize("name", NAMES)
def test_every_icon_that_is_named_is_drawn(name: str) -> None:
    drawn = set(re.findall(r'<symbol id="(\w+)"', (ROOT / "static/icons.svg").read_text()))
    named = set(re.findall(r"icon\('(\w+)'", source(name)))
    assert named <= drawn


def test_htmx_is_the_file_that_its_publisher_hashed() -> None:
    digest = base64.b64encode(hashlib.sha384(HTMX.read_bytes()).digest()).decode()
    assert f"sha384-{digest}" == HTMX_HASH


def test_htmx_may_not_evaluate_inject_or_remember() -> None:
    text = (TEMPLATES / "layout/scripts.html").read_text(encoding="utf-8")
    for setting in ('"allowEval":false', '"includeIndicatorStyles":false', '"allowScriptTags":false',
                    '"historyCacheSize":0', '"selfRequestsOnly":true'):  # fmt: skip
        assert setting in text


def test_the_stylesheet_and_our_script_stay_small() -> None:
    assert len(gzip.compress((ROOT / "static/portal.css").read_bytes(), 9)) <= 15_000
    assert len(gzip.compress((ROOT / "static/portal.js").read_bytes(), 9)) <= 5_000


def test_our_script_is_written_for_old_browsers() -> None:
    text = re.sub(r"/\*.*?\*/", "", (ROOT / "static/portal.js").read_text(encoding="utf-8"), flags=re.S)
    assert not re.search(r"=>|\?\.|\?\?|`|\b(?:let|const|class|async|await)\b|\beval\b|innerHTML|localStorage", text)


YOUNG = [
    *(r":has\(", r":is\(", r":where\(", r":focus-visible", r"\binset:", r"aspect-ratio", r"clamp\(", r"@container"),
    *(r"@layer", r"color-mix", r"\boklch", r"@import", r"(?:transition|animation):", r"https?://"),
]


@pytest.mark.parametrize("young", YOUNG)
def test_the_stylesheet_keeps_to_what_chromium_78_knows(young: str) -> None:
    css = re.sub(r"/\*.*?\*/", "", (ROOT / "static/portal.css").read_text(encoding="utf-8"), flags=re.S)
    assert not re.search(young, css)


def test_no_flex_box_relies_on_a_gap() -> None:
    css = re.sub(r"/\*.*?\*/", "", (ROOT / "static/portal.css").read_text(encoding="utf-8"), flags=re.S)
    for rule in re.findall(r"\{([^{}]*)\}", css):
        assert not ("flex" in rule and re.search(r"(?<!grid-)(?<!column-)(?<!row-)\bgap:", rule)), rule
