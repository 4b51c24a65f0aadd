"""Hot spots in plain words: what was compared, how it came out, and the draft of a warning made of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from casework.wording import yuan
from rules import hotspots as law
from rules.hotspots import FACTORS, FILER, PLACE, PREPAID, RESPONDENT, TERM

NOT_A_VERDICT = "信号，不是结论"
UNCHECKED = "以上件数没有逐件核实，不代表有关经营者违法。"
TO_WRITE = "（请编辑补写：问题集中在哪里，消费者怎样避免，遇到了怎么办。）"
TITLE_MOST = 60
"""Characters that the title of a notice on the board may have."""
Evidence = Mapping[str, Any]


def days(first: date, last: date) -> str:
    """Return the days of a window: 2026年10月30日至11月26日."""
    ends = f"{last.month}月{last.day}日" if first.year == last.year else f"{last.year}年{last.month}月{last.day}日"
    return f"{first.year}年{first.month}月{first.day}日至{ends}"


def title(kind: str, words: str) -> str:
    """Return what a signal is called on a page."""
    if kind == TERM:
        return f"“{words}”"
    return words if kind in (RESPONDENT, PREPAID, FILER) else f"{words}{law.KINDS[kind].unit}"


def short(kind: str, evidence: Evidence) -> str:
    """Return in one line what stands out."""
    if kind == PREPAID:
        return f"预付款被投诉{evidence['now']}件，其中{evidence['closed']}件说到关门、停业或者联系不上"
    if kind == FILER:
        return f"28天内投诉{evidence['now']}件，涉及{evidence['businesses']}家经营者"
    what = "篇来件" if kind == TERM else "件"
    return f"{evidence['now']}{what}，{usual(evidence, what)}"


def usual(evidence: Evidence, what: str) -> str:
    """Return what the past lets expect, in words."""
    if not any(one["count"] for one in evidence["past"]):
        return f"以前的同样时段一{what[0]}也没有"
    return f"按以前的情况约{expected(evidence)}{what}"


def expected(evidence: Evidence) -> str:
    """Return what was to be expected: whole from ten on, else with one decimal."""
    number = float(evidence["expected"])
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}"


def times(evidence: Evidence) -> str:
    """Return how many times what was to be expected came; of next to nothing no number."""
    number = float(evidence["expected"])
    return f"{evidence['now'] / number:.1f}倍" if number >= 1 else ""


def rarity(evidence: Evidence) -> str:
    """Return how likely chance alone is, in words."""
    chance = float(evidence["chance"])
    if chance < 1e-6:
        return "不到百万分之一"
    return f"约{1 / chance:,.0f}分之一"


def compared(kind: str, evidence: Evidence) -> list[str]:
    """Return what was compared and by which rule it became a signal, sentence by sentence."""
    if kind == PREPAID:
        rule = law.PREPAID_RULE
        return [
            f"28天内，同一经营者的预付款投诉满{rule.least}件，其中至少{rule.least_words}件说到关门、停业或者联系不上，"
            "就提出来。这一条按件数，不作统计推断。"
        ]
    if kind == FILER:
        return [
            "《市场监督管理投诉举报处理办法》第十七条列出了判断是不是“为生活消费需要”时可以考虑的因素，"
            "这里只数能从记录里数出来的。数到多少件才提出来，由本局定。",
            "是不是受理，由承办人逐件判断；不能只凭这个信号不予受理。",
        ]
    before = sum(one["back"] <= law.WINDOWS for one in evidence["past"])
    years = len(evidence["past"]) - before
    beside = f"和以前{years}年的同一时段" if years else ""
    if kind == TERM:
        first = (
            f"从这28天里读了{evidence['texts']:,}篇来件的文字（同样的文字只算一篇），"
            f"和它前面{before}个28天{beside}里抽读的文字比：每100篇里有几篇写到这个词。"
        )
    else:
        first = f"和它前面{before}个28天{beside}比。全市来件增多的部分，已经从以前的件数上按比例补回来。"
    what = "篇" if kind == TERM else "件"
    return [
        first,
        f"以前的{what}数时多时少，照这个幅度，碰巧达到{evidence['now']}{what}的可能{rarity(evidence)}。",
        f"同时看了{evidence['tested']:,}项，这一项排第{evidence['place']}。按 Benjamini-Hochberg 方法取舍："
        f"报出来的里面，碰巧的平均不超过{law.Q:.0%}；什么都没有上升时，一次查看误报的机会也不超过{law.Q:.0%}。",
    ]


def factors(evidence: Evidence) -> list[tuple[str, int, int]]:
    """Return (what is counted, how many, from how many on it is said) of a filer."""
    return [
        (FACTORS[key].label, number, FACTORS[key].least)
        for key, number in evidence["factors"].items()
        if key in FACTORS
    ]


def draft(kind: str, words: str, first: date, last: date, evidence: Evidence) -> tuple[str, str]:
    """Return title and text (Markdown) of a warning: plain facts, no person, no business by its name."""
    when = days(first, last)
    if kind == PREPAID:
        name, facts = "预付卡消费的提示", (
            f"{when}，有一家经营者的预付款被集中投诉{evidence['now']}件，"
            f"其中{evidence['closed']}件反映门店关门、停业或者联系不上，涉及金额{yuan(evidence['claimed'])}。"
        )  # fmt: skip
    elif kind == RESPONDENT:
        name, facts = "一家经营者被集中投诉的提示", (
            f"{when}，全市12315收到关于同一家经营者的来件{evidence['now']}件，{usual(evidence, '件')}。"
        )  # fmt: skip
    elif kind == TERM:
        about = "某一家经营者的名称" if evidence["named"] else f"“{words}”"
        name = "来件集中反映一类情况的提示" if evidence["named"] else f"涉及“{words}”的消费提示"
        facts = f"{when}的来件里，有{evidence['now']}篇写到{about}，{usual(evidence, '篇')}。"
    else:
        about = f"关于{title(kind, words)}的" if kind != PLACE else f"{words}的"
        name = f"{title(kind, words)}来件增多的提示"
        facts = f"{when}，全市12315收到{about}来件{evidence['now']}件，{usual(evidence, '件')}，明显增多。"
    return name[:TITLE_MOST], "\n\n".join((facts, UNCHECKED, TO_WRITE))


def sentence(found: Mapping[str, Any]) -> str:
    """Return one count of a briefing in a sentence part; no business, no person and no term stands in it."""
    said = found["evidence"]
    often = f"，是{times(said)}" if times(said) else ""
    return f"{title(found['kind'], found['words'])}{said['now']}件，{usual(said, '件')}{often}"
