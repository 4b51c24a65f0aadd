"""What each form asks, in a citizen's words: parts, questions, hints. Names and limits are the table's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from rules import categories
from rules.table import Field
from rules.workflow import WORKFLOW

KINDS = ("complaint", "report", "consultation", "suggestion", "misconduct")
Options = tuple[tuple[str, str], ...]
Groups = tuple[tuple[str, Options], ...]
_YES_NO: Options = (("yes", "同意"), ("no", "不同意"))


@dataclass(frozen=True)
class Ask:
    """One question. `widget` is text, phone, money, date, area, select, radios, checks, check or files."""

    name: str
    label: str
    hint: str = ""
    widget: str = "text"
    width: str = "w-30"
    said: str = ""
    """The label inside a sentence, where it differs."""
    rows: int = 7
    autocomplete: str = ""
    """Never "off": browsers do not give such a field back after 后退."""
    inputmode: str = ""
    late: bool = False
    """Asked on the page before sending, not in the form."""
    more: bool = False
    """Few people know or need it: folded away at the end of its part."""


@dataclass(frozen=True)
class Part:
    """One part of a form."""

    title: str
    lead: str
    asks: tuple[Ask, ...]


_BUSINESS = (
    Ask("respondent_name", "商家名称", "看小票、门头或营业执照；没有店名的摊位，写“某某市场几号摊”"),
    Ask("respondent_address", "商家地址", "写清区、街道和门牌号；网店写平台和店铺名"),
    Ask("respondent_phone", "商家电话", widget="phone", width="w-18", more=True),
    Ask("respondent_contact", "商家联系人", "例如店长姓什么", width="w-18", more=True),
    Ask("respondent_code", "统一社会信用代码", "营业执照上的 18 位号码", width="w-18", more=True),
)
_BOUGHT = (
    Ask("category", "买的是什么", "选最接近的一类就行", widget="select", said="类别"),
    Ask("problem", "是哪一类问题", "选最接近的一类就行", widget="select", said="问题类别"),
    Ask("goods", "商品或服务的名称", "例如：健身年卡、某牌热水器"),
    Ask("sales_mode", "怎么买的", widget="radios", said="购买方式"),
    Ask("platform", "在哪个平台买的", "网上买的才填", width="w-18", said="平台", more=True),
    Ask("order_number", "订单号", "网上买的才填", width="w-18", more=True),
    Ask(
        "happened_on",
        "什么时候发生的",
        "记不准就写大概的日子，例如 2026 年 10 月 8 日",
        widget="date",
        said="发生时间",
    ),
    Ask("amount", "花了多少钱", "只写数字，例如 1280 或 1280.50", widget="money", width="w-11", said="金额"),
)
_REACH = (
    Ask("filer_postcode", "邮政编码", width="w-8", inputmode="numeric", autocomplete="postal-code", more=True),
    Ask("filer_email", "电子邮箱", width="w-30", autocomplete="email", inputmode="email", more=True),
)
_IDENTITY = (
    Ask("filer_id_type", "证件类型", "要核实身份时才用得上，现在可以先不填", widget="select", width="w-18", more=True),
    Ask("filer_id_number", "证件号码", width="w-18", more=True),
)
_REPLY = Ask("reply_by", "怎么告诉您结果", widget="radios", said="告诉您结果的方式")
_NAME = Ask("filer_name", "姓名", width="w-18", autocomplete="name")
_PHONE = Ask("filer_phone", "手机号码", "办理人会打这个电话联系您", widget="phone", width="w-18", autocomplete="tel")
_ADDRESS = Ask("filer_address", "通讯地址", autocomplete="street-address")
_TRUTH = Ask("consent_truth", "我写的都是真实的，我愿意对此负责", widget="check", said="真实性", late=True)
_FILES = Ask("attachments", "上传文件", widget="files")

FORMS: Mapping[str, tuple[Part, ...]] = {
    "complaint": (
        Part("被投诉的商家", "写清是哪一家，我们才能找到它。", _BUSINESS),
        Part(
            "发生了什么",
            "",
            (
                *_BOUGHT,
                Ask("content", "事情经过", "什么时候、买了什么、哪里不对、和商家怎么谈的。", widget="area"),
            ),
        ),
        Part(
            "您的要求",
            "",
            (
                Ask("demands", "希望商家怎么做", "可以多选", widget="checks", said="要求"),
                Ask("demand_text", "具体说明", "例如：退还剩余 5 个月的费用，约 1533 元。", widget="area", rows=3),
                Ask(
                    "also_report",
                    "同时举报这家商家涉嫌违法",
                    "投诉和举报要分开办理。勾了以后，我们会另立一件举报：两个编号，分开查、分开告知结果",
                    widget="check",
                    said="同时举报",
                ),
            ),
        ),
        Part(
            "证据材料",
            "最好有一份付款凭证：小票、发票、转账或支付截图。照片里的拍摄地点等信息会自动清除。",
            (
                _FILES,
                Ask("evidence", "材料说明", "每样材料说明什么；没有材料的，写写谁能作证。", widget="area", rows=3),
            ),
        ),
        Part(
            "您的联系方式",
            "投诉要用真实姓名。只有办理这件事的人看得到，每次查看都有记录。",
            (
                _NAME,
                _PHONE,
                _ADDRESS,
                *_REACH,
                *_IDENTITY,
                _REPLY,
                Ask(
                    "consent_mediation",
                    "是否同意由消费者协会等组织调解",
                    "双方都同意，才会交给他们调解",
                    widget="radios",
                    said="委托调解",
                ),
                Ask(
                    "consent_publish",
                    "办结后，是否同意公示这件投诉",
                    "公示时不写您的电话和地址",
                    widget="radios",
                    said="公示投诉信息",
                ),
                _TRUTH,
            ),
        ),
    ),
    "report": (
        Part("被举报的商家或个人", "写清是哪一家，我们才能去查。", _BUSINESS),
        Part(
            "您发现了什么",
            "",
            (
                *_BOUGHT,
                Ask("content", "违法的事实", "在哪里、什么时候、看到或买到了什么、哪里违法。", widget="area"),
            ),
        ),
        Part(
            "线索和证据",
            "举报要有具体的线索和依据。照片里的拍摄地点等信息会自动清除。",
            (
                Ask(
                    "evidence",
                    "有哪些证据或线索",
                    "例如：门口灯箱的照片两张；店员说的话；商品批号。没有材料的，写清怎么能查到。",
                    widget="area",
                    rows=4,
                    said="证据和线索",
                ),
                _FILES,
            ),
        ),
        Part(
            "您的联系方式",
            "可以匿名。匿名的举报，我们不保存任何能认出您的内容；凭编号和查询码照样能查进度、回答提问。",
            (
                Ask(
                    "anonymous",
                    "匿名举报",
                    "勾了就不用填下面的内容，填了也不会保存。匿名的，我们没法把结果通知您，请自己来查",
                    widget="check",
                    said="匿名",
                ),
                _NAME,
                Ask(
                    "filer_phone",
                    "手机号码",
                    "需要向您了解情况时才打",
                    widget="phone",
                    width="w-18",
                    autocomplete="tel",
                ),
                _ADDRESS,
                *_REACH,
                *_IDENTITY,
                _REPLY,
                _TRUTH,
            ),
        ),
    ),
    "consultation": (
        Part(
            "您想问什么",
            "一次问一件事，答得更快。",
            (
                Ask("content", "您的问题", "把情况和想知道的写清楚。", widget="area", said="问题"),
                Ask("category", "和哪一类有关", widget="select", said="类别"),
                _FILES,
            ),
        ),
        Part(
            "怎么答复您",
            "都可以不填：凭编号和查询码，在“查办理进度”里就能看到答复。",
            (
                _NAME,
                Ask("filer_phone", "手机号码", widget="phone", width="w-18", autocomplete="tel"),
                Ask("filer_email", "电子邮箱", autocomplete="email", inputmode="email"),
                _REPLY,
            ),
        ),
    ),
    "suggestion": (
        Part(
            "您的建议",
            "",
            (
                Ask("content", "建议的内容", "说的是哪里、哪件事，希望怎么改。", widget="area", said="建议的内容"),
                _FILES,
            ),
        ),
        Part(
            "怎么答复您",
            "都可以不填：凭编号和查询码，在“查办理进度”里就能看到答复。",
            (
                _NAME,
                Ask("filer_phone", "手机号码", widget="phone", width="w-18", autocomplete="tel"),
                Ask("filer_email", "电子邮箱", autocomplete="email", inputmode="email"),
                _REPLY,
            ),
        ),
    ),
    "misconduct": (
        Part(
            "您反映的人和事",
            "这里只收市场监管部门工作人员的问题。",
            (
                Ask("officer_name", "被反映的人", "不知道姓名的，写职务或样子", width="w-18"),
                Ask("officer_unit", "所在单位", widget="select"),
                Ask("content", "反映的事实", "什么时候、在哪里、做了什么、谁知道。", widget="area"),
                _FILES,
            ),
        ),
        Part(
            "您的联系方式",
            "可以匿名。留了姓名的，也只有纪检人员看得到。",
            (
                Ask(
                    "anonymous",
                    "匿名反映",
                    "勾了就不用填下面的内容，填了也不会保存",
                    widget="check",
                    said="匿名",
                ),
                _NAME,
                Ask("filer_phone", "手机号码", widget="phone", width="w-18", autocomplete="tel"),
            ),
        ),
    ),
}
NEEDED: Mapping[str, tuple[str, ...]] = {
    "complaint": (
        "商家名称和地址",
        "付款凭证：小票、发票、转账或支付截图",
        "合同、会员卡、聊天记录（有就传）",
        "商品或现场的照片（有就传）",
        "您的姓名、电话和通讯地址",
    ),
    "report": (
        "被举报的商家名称和地址",
        "违法的事实：时间、地点、经过",
        "证据或线索：照片、录音、商品批号等",
        "想匿名的，不用留姓名和电话",
    ),
    "consultation": ("您想问的事", "有关的合同、告示或照片（有就传）"),
    "suggestion": ("您的想法", "有关的照片或材料（有就传）"),
    "misconduct": ("被反映的人和单位", "事情经过", "能证明的材料（有就传）"),
}
TITLES: Mapping[str, str] = {
    "complaint": "填写投诉",
    "report": "填写举报",
    "consultation": "填写咨询",
    "suggestion": "填写建议",
    "misconduct": "反映干部违纪违法",
}
SEND: Mapping[str, str] = {
    "complaint": "提交投诉",
    "report": "提交举报",
    "consultation": "提交咨询",
    "suggestion": "提交建议",
    "misconduct": "提交",
}


def asks(kind: str) -> Iterator[Ask]:
    """Yield the questions of a form in the order of the page."""
    for part in FORMS[kind]:
        yield from part.asks


@cache
def fields_of(kind: str) -> Mapping[str, Field]:
    """Return the rows of the table of fields that a form of this kind is checked by."""
    action = "register_sealed" if kind == "misconduct" else "register_online"
    return {field.name: field for field in WORKFLOW.fields(action, kind)}


@cache
def options(kind: str, name: str) -> Options:
    """Return the answers of a question as (key, words)."""
    field = fields_of(kind)[name]
    if field.type == "boolean":
        return _YES_NO
    return tuple((choice.key, choice.plain) for choice in field.choices)


@cache
def groups(kind: str, name: str) -> Groups:
    """Return the answers of a select, grouped."""
    if name == "category":
        return tuple(
            (root.plain, tuple((node.key, node.plain) for node in categories.children("goods", root.key)))
            for root in categories.children("goods")
        )
    if name == "problem":
        tree = "report_problem" if kind == "report" else "problem"
        return (("", tuple((node.key, node.plain) for node in categories.children(tree))),)
    return (("", options(kind, name)),)


def limits(kind: str, name: str) -> str:
    """Return the limits of a text as the page prints them: those that are enforced."""
    field = fields_of(kind)[name]
    if field.type != "long_text" or field.max is None:
        return ""
    return f"{field.min} 至 {field.max:,} 个字。" if field.min else f"最多 {field.max:,} 个字。"


def in_our_words(kind: str, faults: Mapping[str, str]) -> dict[str, str]:
    """Return the faults of a check in the order and in the words of the page."""
    fields, found = fields_of(kind), {}
    for ask in asks(kind):
        if ask.name in faults:
            sentence = faults[ask.name]
            field = fields.get(ask.name)
            if ask.name == "consent_truth":
                sentence = "请勾选：我写的都是真实的"
            found[ask.name] = sentence.replace(field.label, ask.said or ask.label) if field else sentence
    return found
