"""What the home page and the guide say, drawn from the tables of the law floor on a given day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from casework.attachments.policy import FAMILIES, MAX_FILES, MAX_TOTAL, names_of, size_text
from rules.citation import cite
from rules.table import Field
from rules.terms import RULES, Rule, RuleVersion, version_for
from rules.workflow import WORKFLOW, regime_for

KINDS = ("complaint", "report", "consultation", "suggestion")
UNITS = {"working_day": "个工作日", "calendar_day": "天", "hour": "小时"}
_NOT_ASKED = frozenset({"consent_truth", "matter", "reply_by", "filer_id_type", "filer_id_number"})
"""Fields that are no material: promises, and what staff fill in or ask for when they must."""
_WHAT = {
    "complaint": "和商家有消费纠纷，想退款、换货、修理或赔偿。",
    "report": "发现商家涉嫌违法，请我们去查。可以匿名。",
    "consultation": "想问规定、流程或该找哪个部门。",
    "suggestion": "对市场监管工作有想法、有意见。",
}


@dataclass(frozen=True)
class Kind:
    """One of the four things that can be brought forward, in a citizen's words."""

    key: str
    label: str
    what: str
    term: str


@dataclass(frozen=True)
class Step:
    """One step after filing."""

    title: str
    note: str


@dataclass(frozen=True)
class Term:
    """One line of the table of terms."""

    label: str
    length: str
    since: str
    extension: str
    source: str
    statutory: bool


@dataclass(frozen=True)
class Materials:
    """What one kind of filing asks for: what must be told, what may be added."""

    key: str
    label: str
    needed: tuple[str, ...]
    optional: tuple[str, ...]


def length_words(version: RuleVersion) -> str:
    """Return 7个工作日, 60天, 2小时; a term of no days ends with the day itself."""
    return f"{version.length}{UNITS[version.unit]}" if version.length else "当天"


def term_words(rule: str, today: date) -> str:
    """Return the length of a term for a case received today. Raise LookupError when none is in force."""
    version = version_for(rule, today)
    if version is None:
        raise LookupError(rule)
    return length_words(version)


def kinds(today: date) -> tuple[Kind, ...]:
    """Return the four kinds with the promise that goes with each."""
    promise = {
        "complaint": f"{term_words('complaint.decide', today)}内告诉您是否受理",
        "report": f"{term_words('report.verify', today)}内核查并决定是否立案",
        "consultation": f"{term_words('consultation.answer', today)}内答复，多数当天答复",
        "suggestion": f"{term_words('suggestion.answer', today)}内告诉您采纳情况",
    }
    return tuple(Kind(key, WORKFLOW.kind_labels[key], _WHAT[key], promise[key]) for key in KINDS)


def after_filing(today: date) -> tuple[Step, ...]:
    """Return what happens after a complaint was filed."""
    decide, mediate = term_words("complaint.decide", today), term_words("complaint.mediate", today)
    return (
        Step("马上拿到编号和查询码", "凭这两样随时能查进度"),
        Step("当天分到辖区市场监管部门", "晚上和节假日提交的，下一个工作日分送"),
        Step(f"{decide}内告诉您是否受理", "材料不全时，我们一次说清要补什么"),
        Step(f"受理后{mediate}内调解结束", "结果按您选的方式告诉您"),
    )


def terms(kind: str, today: date) -> tuple[Term, ...]:
    """Return the terms that a citizen may count on, those of the law first."""
    found = []
    for rule in RULES.values():
        version = version_for(rule.key, today)
        if kind in rule.kinds and version is not None and (rule.statutory or rule.citizen):
            found.append(_term(rule, version))
    return tuple(sorted(found, key=lambda term: not term.statutory))


def terms_of(keys: Iterable[str], today: date) -> tuple[Term, ...]:
    """Return the terms of these rules that are in force today."""
    found = ((RULES[key], version_for(key, today)) for key in keys)
    return tuple(_term(rule, version) for rule, version in found if version is not None)


def _term(rule: Rule, version: RuleVersion) -> Term:
    extend = version.extend
    extension = f"可延长{extend.times}次，每次不超过{extend.most}{UNITS[extend.unit]}" if extend else "不延长"
    if rule.pausable_by:
        extension += "；鉴定、检测等时间不算"
    return Term(
        label=rule.label,
        length=length_words(version),
        since=rule.trigger,
        extension=extension,
        source=cite(version.source),
        statutory=rule.statutory,
    )


def refusals(today: date) -> tuple[str, ...]:
    """Return the grounds on which a complaint is not accepted, in the words of the law."""
    return tuple(ground.text for ground in WORKFLOW.grounds("refusal", regime_for(today)))


def materials(kind: str) -> Materials:
    """Return what the form of a kind asks for, from the same list of fields that checks it."""
    fields = WORKFLOW.fields("register_online", kind)
    asked = [f for f in fields if f.name not in _NOT_ASKED and f.type not in {"boolean", "files"}]
    return Materials(
        key=kind,
        label=WORKFLOW.kind_labels[kind],
        needed=tuple(_said(field) for field in asked if field.required),
        optional=tuple(_said(field) for field in asked if not field.required),
    )


def _said(field: Field) -> str:
    """Return a field as a list of materials names it, its limits included."""
    if field.min and field.max:
        return f"{field.label}（{field.min}至{field.max:,}字）"
    return field.label


def file_limits() -> tuple[str, ...]:
    """Return what may be uploaded, a line for each family of files, from the table that checks it."""
    lines = []
    for family in FAMILIES.values():
        names = names_of(family)
        shown = "" if names == family.label else f"（{names}）"
        lines.append(f"{family.label}{shown}，每个不超过 {size_text(family.max_bytes)}")
    return (*lines, f"一次最多 {MAX_FILES} 个，加起来不超过 {size_text(MAX_TOTAL)}")
