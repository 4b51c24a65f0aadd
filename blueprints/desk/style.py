"""The style guide for staff who write pages: every component in every state, in the look that the reader has chosen."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response

from blueprints.web import page, policy
from blueprints.web.badges import paused, running
from blueprints.web.forms import Filled
from blueprints.web.signed_in import worker_of_desk
from casework.statistics import charts

bp = Blueprint("style", __name__)
_AT = datetime(2026, 11, 23, 2, 26, tzinfo=UTC)
TONES = (("", "等别人办"), ("on", "在办"), ("wait", "等我们办"), ("red", "超期、紧急"), ("done", "办完"))
BADGES = (
    running(12, "calendar_day"),
    running(2, "working_day"),
    running(0, "working_day"),
    running(-3, "working_day"),
    paused("等鉴定"),
)
STEPS = (
    {"title": "收到投诉", "at": _AT, "note": "编号 T20261123-00042-7", "place": "past"},
    {"title": "决定受理", "note": "最迟12月2日告诉您", "place": "now"},
    {"title": "调解", "note": "双方同意才进行", "place": "next"},
)
ICONS = (
    "phone", "type", "half", "clock", "soon", "late", "pause", "check", "cross", "left", "right", "doc", "image",
    "sound", "print", "eye", "search", "plus", "info",
)  # fmt: skip
COLOURS = (
    ("ink", "正文"), ("ink-2", "次要文字"), ("brand", "墨青：页眉、标题、主按钮"), ("link", "链接"),
    ("seal", "印红：公章、紧急，别处不用"), ("amber", "提醒"), ("green", "办成"), ("rice", "宣纸：侧栏、页脚"),
    ("edge", "输入框边线"), ("focus", "藤黄：只用于焦点"),
)  # fmt: skip
MONTHS, RECEIVED, CONCLUDED = ("7月", "8月", "9月", "10月"), (118, 126, 125, 129), (121, 132, 113, 118)


@bp.get("/guide/style")
@policy("staff")
def index() -> Response:
    """Show them."""
    worker_of_desk()
    return page(
        "desk/style.html",
        tones=TONES,
        badges=BADGES,
        steps=STEPS,
        icons=ICONS,
        colours=COLOURS,
        good=Filled({"name": "望江商场", "kind": "mall", "when_year": "2026"}, prefix="g-"),
        bad=Filled(
            {"name": "", "amount": "一千", "text": "商家不退款。"},
            {
                "name": "请填写商家名称",
                "amount": "金额只写数字，例如 1280",
                "kind": "请选择是哪一类",
                "agree": "请勾选",
            },
            prefix="b-",
        ),
        options=[("mall", "商场"), ("market", "市场"), ("online", "网店")],
        files=[
            {"name": "付款截图.png", "state": "已检查，可以查看", "bad": False, "icon": "image", "key": "1"},
            {"name": "合同.tiff", "state": "不是能收的格式", "bad": True, "icon": "doc", "key": "2"},
        ],
        chart=charts.lines(MONTHS, (("收到", RECEIVED), ("办结", CONCLUDED))),
        bar=charts.bars([(129, 125)])[0],
    )
