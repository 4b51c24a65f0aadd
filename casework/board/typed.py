"""What an editor typed into the form of a notice, read and judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from casework.board import markup
from casework.errors import Faults
from casework.fields import Fault, clean_text, read_moment
from models import NEVER
from rules import board as law
from rules.calendar import ZONE

FIELDS = ("category", "title", "summary", "body", "publish_at", "expires_at")
"""What the form asks for, in its order."""
TEXTS = ("title", "summary", "body")


@dataclass(frozen=True)
class Typed:
    """A notice as it was typed and can be kept."""

    category: str
    title: str
    summary: str
    body: str
    publish_at: datetime = NEVER
    expires_at: datetime = NEVER

    @property
    def texts(self) -> dict[str, str]:
        """What readers see."""
        return {"title": self.title, "summary": self.summary, "body": self.body}


def read(values: Mapping[str, str], now: datetime, files: frozenset[int], notice_id: int | None) -> Typed:
    """Return what was typed, cleaned. Raise Faults with a sentence for each field that needs a change."""
    faults: dict[str, str] = {}
    category = values.get("category", "")
    if category not in law.CATEGORIES:
        faults["category"] = "请选择栏目。"
    texts = read_texts(values, files, notice_id, faults)
    publish_at = _moment(values, "publish_at", "登出时间", faults)
    expires_at = _moment(values, "expires_at", "到期时间", faults)
    if publish_at < now:
        faults["publish_at"] = "登出时间已经过了。要马上登出就不填，审核通过后立即登出。"
    if expires_at <= now:
        faults["expires_at"] = "到期时间已经过了，请写以后的时间，长期公示就不填。"
    elif publish_at is not NEVER and expires_at <= publish_at:
        faults["expires_at"] = "到期时间要晚于登出时间。"
    if faults:
        raise Faults({name: faults[name] for name in FIELDS if name in faults})
    return Typed(category, *texts, publish_at, expires_at)


def read_texts(
    values: Mapping[str, str], files: frozenset[int], notice_id: int | None, faults: dict[str, str]
) -> tuple[str, str, str]:
    """Return title, summary and text, cleaned; put a sentence into `faults` for what needs a change."""
    title = clean_text(values.get("title", ""), lines=False)
    body = clean_text(values.get("body", ""), lines=True)
    summary = clean_text(values.get("summary", ""), lines=False)
    if not title:
        faults["title"] = "请写标题。"
    elif len(title) > law.TITLE:
        faults["title"] = f"标题最多{law.TITLE}个字，现在有{len(title)}个字。"
    if len(summary) > law.SUMMARY:
        faults["summary"] = f"提要最多{law.SUMMARY}个字，现在有{len(summary)}个字。"
    if not body:
        faults["body"] = "请写正文。"
    elif len(body) > law.TEXT:
        faults["body"] = f"正文最多{law.TEXT:,}个字，现在有{len(body):,}个字，请分成几条，或者做成附件。"
    else:
        told = markup.fault(body, files, notice_id)
        if told is None and not markup.words(body):
            told = "正文里没有可以显示的文字，请看预览。"
        if told is not None:
            faults["body"] = told
    return title, summary, body


def _moment(values: Mapping[str, str], name: str, label: str, faults: dict[str, str]) -> datetime:
    try:
        return read_moment(label, values.get(name, "")) or NEVER
    except Fault as fault:
        faults[name] = f"{fault}。"
        return NEVER


def moment_typed(moment: datetime) -> str:
    """Return a moment as the form shows it again, empty for none."""
    return "" if moment == NEVER else moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")


def shortened(body: str) -> str:
    """Return the beginning of a text where nobody wrote a summary."""
    bare = " ".join(markup.words(body).split("\n"))
    return bare if len(bare) <= law.SUMMARY else bare[: law.SUMMARY - 1] + "…"
