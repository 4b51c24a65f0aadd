"""How official documents write things: dates, moments, money, quotation marks. Layout and preview say it alike."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from casework.wording import yuan
from rules.calendar import ZONE
from rules.workflow import WORKFLOW

if TYPE_CHECKING:
    from casework.documents import Paper

JOINER = "\N{WORD JOINER}"
_SPACE = "\N{ZERO WIDTH SPACE}"
_BEFORE_QUOTE = re.compile("(?<=[\u3000-\u9fff\uff00-\uffef”])(?=[“‘])")
_AFTER_QUOTE = re.compile("(?<=[”’])(?=[\u3400-\u9fff（《])")


def date_text(day: date | str) -> str:
    """Return a date as documents write it, 2026年6月5日; no figure parts from its unit at the end of a line."""
    found = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{found.year}{JOINER}年{found.month}{JOINER}月{found.day}{JOINER}日"


def moment_text(moment: str | datetime) -> str:
    """Return a moment (or its ISO text) as official documents write it: 2026年6月5日16时20分, local."""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    local = at.astimezone(ZONE)
    return f"{date_text(local.date())}{local.hour}{JOINER}时{local.minute:02d}{JOINER}分"


def money_text(fen: int | None) -> str:
    """Return an amount in yuan, a dash for none recorded."""
    return "—" if fen is None else yuan(int(fen))


def breaking(text: str) -> str:
    """Let Chinese lines break before an opening and after a closing quotation mark, which Unicode forbids."""
    return _AFTER_QUOTE.sub(_SPACE, _BEFORE_QUOTE.sub(_SPACE, text))


def inner(text: str) -> str:
    """Return a text that will stand in quotation marks: those of its own become single ones (GB/T 15834)."""
    return text.translate(str.maketrans("“”", "‘’")).rstrip("。")


def parted(number: str) -> str:
    """Let a long number break after its hyphens, so that no line ends far too early before it."""
    return number.replace("-", f"-{_SPACE}")


def stopped(text: str) -> str:
    """Return what somebody typed as a sentence: with one full stop at its end."""
    plain = text.strip()
    return plain if plain.endswith(("。", "！", "？", "；", "”", "）")) or not plain else plain.rstrip("，、,. ") + "。"


def paragraphs(text: str) -> list[str]:
    """Return what somebody typed line by line, empty lines left out."""
    return [line.strip() for line in text.splitlines() if line.strip()]


FILTERS = {
    "as_date": date.fromisoformat,
    "breaking": breaking,
    "date_text": date_text,
    "inner": inner,
    "moment_text": moment_text,
    "money_text": money_text,
    "paragraphs": paragraphs,
    "parted": parted,
    "stopped": stopped,
}
"""What the templates of papers call them."""


class Filled(dict[str, Any]):
    """What a template names: whatever is not there is an empty text, as on a form that nobody filled in."""

    def __missing__(self, _name: str) -> str:
        return ""


def template_of(kind: str) -> str:
    """Return the template of a kind of paper."""
    return f"print/{kind.replace('.', '-')}.html"


def given(paper: Paper) -> dict[str, Any]:
    """Return what every template of a paper may name besides the paper itself."""
    return {
        "facts": Filled(paper.facts),
        "said": paper.contents,
        "words": Filled(paper.contents.words),
        "law": WORKFLOW.laws.get(str(paper.facts.get("regime"))),
        "old": paper.facts.get("regime") == "order-20",
    }
