"""What editors write becomes a harmless page, whatever it is made of."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.board import markup
from casework.board.markup import Clean, fault, render, words
from rules import board as law

HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src='/board/1/files/2' onload=alert(1) alt=x>",
    '<a href="javascript:alert(1)">点这里</a>',
    "[点这里](javascript:alert(1))",
    "[点这里](JaVaScRiPt&#58;alert(1))",
    "[点这里](data:text/html;base64,PHNjcmlwdD4=)",
    "[点这里](vbscript:msgbox)",
    '<a href="java\nscript:alert(1)">x</a>',
    '<a href="//evil.example">x</a>',
    '<a href="/\\evil.example">x</a>',
    '<a href="\\\\evil.example">x</a>',
    "[x](//evil.example)",
    "![追踪](https://evil.example/pixel.png)",
    "<svg onload=alert(1)><circle/></svg>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<iframe src=https://evil.example></iframe>",
    "<style>body{display:none}</style>",
    '<p style="position:fixed">盖住</p>',
    "<form action=/login><input name=password></form>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<object data=x></object><embed src=x>",
    '<div class="msg msg-red" id="notice">假的提示</div>',
    "<!-- <script>x</script> -->",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<template><script>x</script></template>",
]
FORBIDDEN = re.compile(
    r"<(?:script|style|iframe|object|embed|form|input|svg|math|meta|base|link)\b|\son\w+=|\sstyle=|javascript:|"
    r'vbscript:|data:|href="(?://|/\\|\\)|evil\.example/pixel|src="(?!/board/)|\sid=',
    re.I,
)


def wicked(shown: str) -> str | None:
    """What a browser would obey in the tags of a page; text may say anything."""
    found = FORBIDDEN.search(" ".join(re.findall(r"<[^>]*>", shown)))
    return found[0] if found else None


@pytest.mark.parametrize("text", HOSTILE)
def test_sec_01_what_is_hostile_in_a_notice_does_not_reach_the_page(text: str) -> None:
    shown = render(f"前面\n\n{text}\n\n后面")
    assert wicked(shown) is None, shown
    assert "前面" in shown


@given(st.lists(st.sampled_from([*HOSTILE, "# 题", "**重**", "|a|b|\n|-|-|\n|1|2|", "\n\n", "> ", "- ", "`", "<b>"])))
def test_no_mixture_of_markdown_and_markup_gets_through(parts: list[str]) -> None:
    assert wicked(render("\n".join(parts))) is None


@given(st.text(max_size=300))
def test_every_text_is_taken_and_stays_harmless(text: str) -> None:
    assert isinstance(render(text), Clean)
    assert wicked(render(text)) is None
    assert isinstance(words(text), str)


def test_what_editors_need_is_there() -> None:
    shown = render(
        "# 大标题\n\n#### 小标题\n\n#### 又一个\n\n# 再一个\n\n**要紧**，见[办法](/board/1)和[网站](https://www.samr.gov.cn/)。\n\n"
        "1. 一\n2. 二\n\n|金额|件数|\n|---|--:|\n|1,000元以下|48|\n"
    )
    assert "<h2>大标题</h2>" in shown
    assert "<h3>小标题</h3>" in shown, "no level of heading is left out"
    assert "<h3>又一个</h3>" in shown
    assert "<h2>再一个</h2>" in shown
    assert '<a href="/board/1"' in shown
    assert 'href="https://www.samr.gov.cn/"' in shown
    assert 'rel="noopener noreferrer nofollow"' in shown
    assert '<th scope="col">金额</th>' in shown
    assert '<td class="num">48</td>' in shown
    assert shown.count('<div class="scroll" tabindex="0"') == shown.count("</div>") == 1


def test_a_picture_is_shown_only_from_the_files_of_a_notice() -> None:
    assert '<img src="/board/7/files/9" alt="门店">' in render("![门店](/board/7/files/9)")
    assert "<img" not in render("![门店](/board/7/files/9?x=1)")
    assert "<img" not in render("![门店](/desk/cases/1/files/9)")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("![图](https://elsewhere.example/a.png)", "不在本平台上"),
        ("![图](/board/8/files/9)", "不是这一条公示的文件"),
        ("![图](/board/7/files/10)", "不是这一条公示的文件"),
        ("![](/board/7/files/9)", "没有写明"),
        ('<img src="/board/7/files/9">', "没有写明"),
        ("|" + "a|" * 21 + "\n|" + "-|" * 21 + "\n", "最多20列"),
        ("|a|\n|-|\n" + "|1|\n" * 400, "最多400行"),
        ("![图](/board/7/files/9)\n\n|a|\n|-|\n|1|", None),
    ],
)
def test_an_editor_is_told_what_has_to_change(text: str, told: str | None) -> None:
    found = fault(text, frozenset({9}), 7)
    assert (found is None) if told is None else (told in str(found))


def test_the_words_of_a_text_are_found_without_its_marks() -> None:
    assert words("# 题目\n\n**要紧**的&amp;事\n\n<script>x</script>\n\n- 一\n- 二") == "题目\n要紧的&事\n一\n二"


def test_what_a_machine_writes_is_shown_as_it_stands() -> None:
    text = "1. *不是* 列表 <b>也</b>[不](是) #链接 & | ~~"
    assert words(markup.escaped(text)) == text


@pytest.mark.parametrize(
    "text",
    ["[" * 60_000, "*a " * 20_000, "`" * 60_000, ">" * 60_000, "<b>" * 20_000, "![" * 30_000, "|a" * 30_000,
     "- " * 30_000, "<blockquote>" * 5_000, "a\n" * 30_000, "**a **" * 10_000, "[a](" * 15_000],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_a_text_made_to_be_slow_is_no_slower_than_a_long_one(text: str) -> None:
    began = time.perf_counter()
    render.__wrapped__(text[: law.TEXT])
    assert time.perf_counter() - began < 6
