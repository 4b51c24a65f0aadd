"""What a filer may still do with a case: in which words it is offered, and what the form asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from models import Case
from rules.table import Action, Field
from rules.workflow import WORKFLOW


@dataclass(frozen=True)
class Words:
    """How an act is offered: `link` in the list, `title` of its form, what `follows`, `verb` on its button."""

    link: str
    title: str
    follows: str
    verb: str
    done: str
    red: bool = False
    first: bool = False
    """Waits for the filer: its form stands on the page of the case itself."""


WORDS: Mapping[str, Words] = {
    "answer_question": Words(
        "回答提问", "请您回答一个问题", "答了以后，办理人马上会看到。", "提交回答", "您的回答已收到。", first=True
    ),
    "supply_material": Words(
        "提交补充材料",
        "请您补充材料",
        "补齐以后，我们接着办。手上没有其中一样，在说明里写清楚，或打电话给办理单位。",
        "提交补充材料",
        "补充的材料已收到，接着办理。",
        first=True,
    ),
    "add_material": Words(
        "补充材料", "补充材料", "照片、截图、录音都可以。办理人会看到。", "提交补充材料", "补充的材料已收到。"
    ),
    "record_consent": Words(
        "说明是否愿意调解", "您愿意调解吗？", "调解要双方都愿意。以后还可以改主意。", "提交", "您的意愿已记下。"
    ),
    "rate": Words("评价", "办得怎么样？", "您的评价会用来改进工作。", "提交评价", "谢谢您的评价。", first=True),
    "ask_again": Words("追问", "还有没答清楚的？", "我们会再答复您一次。", "提交追问", "追问已收到。"),
    "withdraw": Words(
        "撤回投诉",
        "撤回这件投诉吗？",
        "撤回后我们不再办理这件投诉。需要时，在期限内可以再次投诉。",
        "撤回投诉",
        "投诉已撤回。",
        red=True,
    ),
    "request_withdrawal": Words(
        "撤回投诉",
        "撤回投诉，还是已经和商家谈好了？",
        "办理人会和您核实，再终止调解。核实前您可以改变主意。",
        "撤回投诉",
        "撤回的意思已收到，办理人会和您核实。",
        red=True,
    ),
    "cancel_withdrawal": Words(
        "收回撤回", "收回撤回，继续调解吗？", "调解会接着进行。", "继续调解", "已收回，调解继续。"
    ),
    "record_informant_withdrawal": Words(
        "撤回举报",
        "撤回这件举报吗？",
        "我们会记下您的意思。核查违法线索是我们的职责，核查仍会继续。",
        "撤回举报",
        "您的意思已记下，核查继续。",
        red=True,
    ),
    "cancel_by_filer": Words(
        "不用答复了", "不再需要答复吗？", "我们会办结这一件，不再答复。", "不用答复了", "已按您的意思办结。", red=True
    ),
    "request_recusal": Words(
        "申请换调解人员",
        "申请换调解人员",
        "调解先停下，由单位负责人决定。",
        "提交申请",
        "申请已收到，调解暂停，决定后告诉您。",
    ),
    "station_pass_on": Words(
        "改由市场监管部门办",
        "改由市场监管部门办吗？",
        "服务站不再协商，按投诉从今天起办理。",
        "转交",
        "已转交市场监管部门。",
    ),
    "register_proxy": Words(
        "请人代办", "登记代理人", "要有授权委托书原件的照片，和受托人的身份证明。", "登记代理人", "代理人已登记。"
    ),
    "change_representative": Words(
        "变更代表人或退出", "变更代表人或退出", "要有大家签名的书面材料。", "提交", "变更已登记。"
    ),
}
_LABELS = {
    "answer": "您的回答",
    "text": "想说明的话",
    "score": "满意吗",
    "comment": "哪里做得好，哪里要改进",
    "attachments": "上传文件",
    "ground": "是哪一种情形",
    "result": "和解的内容",
    "amount_recovered": "商家退、赔给您多少钱（没有填 0）",
    "stance": "您的意愿",
    "delegate_stance": "是否同意由消费者协会等组织调解",
    "statement": "书面材料",
    "content": "您的追问",
    "explanation": "说明",
    "station_note": "协商得怎么样",
    "proxy_name": "受托人姓名",
    "who": "是谁（几个人的用顿号隔开）",
}
_GROUNDS = {"W1": "我不投诉了", "W2": "和商家自己谈好了"}
_NOT_FOR_FILERS = {
    "ground": frozenset({"W3"}),
    "stance": frozenset({"silent"}),
    "delegate_stance": frozenset({"not_asked"}),
}


@dataclass(frozen=True)
class Asked:
    """One question of an act."""

    name: str
    label: str
    type: str
    required: bool
    hint: str
    options: tuple[tuple[str, str], ...]


def given(action: Action, today: date) -> dict[str, Any]:
    """Return what the filer need not be asked: who speaks, and that it is said today."""
    known: Mapping[str, Any] = {
        "party": "filer",
        "applicant": "filer",
        "said_on": today,
        "received_on": today,
    }
    return {field.name: known[field.name] for field in action.fields if field.name in known}


def asked(action: Action, case: Case, today: date) -> list[Asked]:
    """Return the questions of an act for this case, from the table of fields."""
    fixed = given(action, today)
    return [_asked(field, case) for field in WORKFLOW.fields(action, case.kind) if field.name not in fixed]


def _asked(field: Field, case: Case) -> Asked:
    hint = f"最多 {field.max:,} 个字" if field.type == "long_text" and field.max else ""
    if field.type == "date":
        hint = "例如 2026-10-08"
    return Asked(
        field.name, _LABELS.get(field.name, field.label), field.type, field.required, hint, _options(field, case)
    )


def _options(field: Field, case: Case) -> tuple[tuple[str, str], ...]:
    left_out = _NOT_FOR_FILERS.get(field.name, frozenset())
    if field.ground:
        grounds = WORKFLOW.grounds(field.ground, case.regime)
        return tuple(
            (ground.code, _GROUNDS.get(ground.code, ground.text)) for ground in grounds if ground.code not in left_out
        )
    return tuple((choice.key, choice.plain) for choice in field.choices if choice.key not in left_out)


def in_our_words(action: Action, kind: str, faults: Mapping[str, str]) -> dict[str, str]:
    """Return faults with the labels that the page shows."""
    labels = {field.name: field.label for field in WORKFLOW.fields(action, kind)}
    return {
        name: sentence.replace(labels[name], _LABELS[name]).replace("请上传上传", "请上传")
        if name in labels and name in _LABELS
        else sentence
        for name, sentence in faults.items()
    }
