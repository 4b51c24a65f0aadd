"""What editors write, made into a page: Markdown by markdown-it-py, and whatever comes of it cleaned by nh3.

`Clean` is the only text that a template prints as it stands, and `render` is the only maker of it. What nh3 lets
through are tags without a will of their own: no script, no style, no handler, no form, no frame; links into our own
pages or by http, https, mailto and tel; pictures only from the files of a notice.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rules import board as law

PICTURE = re.compile(r"/board/(\d{1,18})/files/(\d{1,18})")
"""The address of a file of a notice: the only pictures that a text may show."""

_TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "hr", "img", "li", "ol", "p", "pre"),
    *("strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_ATTRIBUTES = {"a": {"href"}, "img": {"alt", "src"}, "ol": {"start"}, "th": {"scope"}}
_CLASSES = {"td": {"num"}, "th": {"num"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_DROPPED = {"script", "style", "template", "iframe", "object", "noscript", "svg", "math", "title", "textarea"}
"""Their content goes with them."""
_HEADINGS = ("h2", "h3", "h4")
_NO_PICTURE = re.compile(r"<img(?![^>]*\ssrc=)[^>]*>")
_BLOCK_ENDS = re.compile(r"(?=</(?:p|h[2-4]|li|td|th|tr|pre|blockquote)>|<br>|<hr>)")
_IMAGE = re.compile(r"<img[^>]*>")
_ALT = re.compile(r'\salt="([^"]*)"')
_SCROLLED = '<div class="scroll" tabindex="0" role="region" aria-label="表格"><table class="plain-table">'

_markdown = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])


class Clean(str):
    """HTML that may be printed as it stands: nh3 has cleaned it."""

    __slots__ = ()

    def __html__(self) -> str:
        """Tell the templates that nothing is to be escaped."""
        return str(self)


@lru_cache(maxsize=64)
def render(text: str) -> Clean:
    """Return what a Markdown text says as cleaned HTML: headings below the page's own, wide tables in a box."""
    cleaned = _cleaned(text)
    return Clean(cleaned.replace("<table>", _SCROLLED).replace("</table>", "</table></div>"))


def _cleaned(text: str) -> str:
    tokens = _markdown.parse(text)
    _arrange(tokens)
    rough = _markdown.renderer.render(tokens, _markdown.options, {})
    fine = nh3.clean(
        rough,
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        attribute_filter=_attribute,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return _NO_PICTURE.sub("", fine)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Let only addresses through that cannot leave the house in disguise."""
    if tag == "img" and name == "src":
        return value if PICTURE.fullmatch(value) else None
    if tag == "a" and name == "href":
        bare = re.sub(r"[\x00-\x20]", "", value).replace("\\", "/")
        return None if bare.startswith("//") else value
    return value


def _arrange(tokens: Sequence[Token]) -> None:
    """Begin headings below that of the page and leave no level out; say alignment by class, columns by scope."""
    above: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            own = int(token.tag[1])
            while above and above[-1] >= own:
                above.pop()
            above.append(own)
        if token.type in ("heading_open", "heading_close"):
            token.tag = _HEADINGS[min(len(above), len(_HEADINGS)) - 1]
        if token.type in ("th_open", "td_open"):
            aligned = str(token.attrs.pop("style", ""))
            if aligned.endswith("right"):
                token.attrs["class"] = "num"
            if token.type == "th_open":
                token.attrs["scope"] = "col"


def words(text: str) -> str:
    """Return the bare words of a text: what is searched, and what a summary may be made of."""
    lines = _BLOCK_ENDS.sub("\n", _cleaned(text))
    bare = html.unescape(nh3.clean(lines, tags=set()))
    return "\n".join(line.strip() for line in bare.splitlines() if line.strip())


def for_editors(text: str) -> Clean:
    """Return the same before it is published: its pictures come from where only editors get them."""
    return Clean(render(text).replace('src="/board/', 'src="/board/edit/'))


def for_paper(text: str) -> Clean:
    """Return the same for a sheet of paper, where a picture is told by its words."""
    cleaned = _cleaned(text).replace("<table>", '<table class="plain">')
    return Clean(_IMAGE.sub(lambda found: _told(found[0]), cleaned))


def _told(image: str) -> str:
    alt = _ALT.search(image)
    return f"（图：{alt[1]}）" if alt is not None and alt[1] else ""


def headings(text: str) -> list[str]:
    """Return the headings of a text as bare words, in their order."""
    found = re.findall(r"<h[2-4]>(.*?)</h[2-4]>", _cleaned(text), re.S)
    return [bare for one in found if (bare := html.unescape(nh3.clean(one, tags=set())).strip())]


def fault(text: str, own_files: frozenset[int], notice_id: int | None) -> str | None:
    """Return what an editor has to change in a text before it can be shown, in one sentence; None for nothing."""
    raw = _markdown.parse(text)
    for token in raw:
        for child in token.children or ():
            if child.type == "image":
                found = _picture_fault(str(child.attrs.get("src", "")), child.content, own_files, notice_id)
                if found:
                    return found
    cleaned = _cleaned(text)
    for image in _IMAGE.findall(cleaned):
        alt = _ALT.search(image)
        if alt is None or not alt[1].strip():
            return "有一张图片没有写明画的是什么，请写在方括号里，例如 ![合同第二页](…)。"
    return _table_fault(cleaned)


def _picture_fault(source: str, alt: str, own_files: frozenset[int], notice_id: int | None) -> str | None:
    place = PICTURE.fullmatch(source)
    if place is None:
        return f"图片“{source[:60]}”不在本平台上，请先在下面上传，再用上传后给出的地址。"
    if int(place[1]) != notice_id or int(place[2]) not in own_files:
        return f"图片“{source}”不是这一条公示的文件，请核对地址。"
    if not alt.strip():
        return "有一张图片没有写明画的是什么，请写在方括号里，例如 ![合同第二页](…)。"
    return None


def _table_fault(cleaned: str) -> str | None:
    for part in cleaned.split("<table>")[1:]:
        rows = part.split("</table>")[0].split("<tr>")[1:]
        if len(rows) > law.TABLE_LINES:
            return f"一张表最多{law.TABLE_LINES}行，现在有{len(rows)}行，请分成几张，或者做成附件。"
        widest = max((row.count("<td") + row.count("<th") - row.count("<thead") for row in rows), default=0)
        if widest > law.TABLE_COLUMNS:
            return f"一张表最多{law.TABLE_COLUMNS}列，现在有{widest}列，请分成几张，或者做成附件。"
    return None


def escaped(text: str) -> str:
    """Return plain text so that Markdown shows it as it stands: what a machine writes into a notice."""
    return re.sub(r"([\\`*_{}\[\]<>#+\-.!|~&])", r"\\\1", text)
