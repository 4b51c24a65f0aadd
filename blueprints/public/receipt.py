"""The receipt: shown again within the visit, printed, taken away as a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, current_app

from blueprints.public import guide, keys
from blueprints.web import current_visit, page, policy
from blueprints.web.filters import day_full, moment_full
from blueprints.web.site import site_of
from casework import receipts
from casework.attachments import disposition
from casework.errors import NotFound
from casework.receipts import Receipt, Slip
from models import clock
from rules.calendar import local_date
from rules.workflow import WORKFLOW

bp = Blueprint("receipt", __name__)
GONE = (
    "回执只在提交它的浏览器里显示，提交后 24 小时内可以再看。"
    "编号和查询码请看您保存或打印的那一份；都没有的，请打 12315。"
)
_WAYS = {"sms": "用短信", "phone": "打电话", "email": "发电子邮件", "mail": "写信"}


@dataclass(frozen=True)
class Step:
    """One step of what comes next, with its date where there is one."""

    title: str
    note: str
    now: bool = False


@dataclass(frozen=True)
class Sheet:
    """One case on the page: its number and code, what it is about, what comes next."""

    slip: Slip
    title: str
    rows: Sequence[dict[str, str]]
    steps: Sequence[Step]


@bp.get("/file/receipt/<token>")
@policy("filer")
def show(token: str) -> Response:
    """Show the receipt to the visit that sent the form."""
    receipt = _receipt(token)
    sheets = [_sheet(slip, receipt) for slip in receipt.slips]
    return page("public/receipt.html", sheets=sheets, token=token, first=receipt.slips[0])


@bp.get("/file/receipt/<token>/text")
@policy("filer")
def text(token: str) -> Response:
    """Hand the receipt out as a plain text, made in this request and kept nowhere."""
    receipt = _receipt(token)
    site = site_of(current_app.config["SETTINGS"])
    lines = [f"{site.bureau}登记回执", ""]
    for slip in receipt.slips:
        sheet = _sheet(slip, receipt)
        lines += [sheet.title, f"编号：{slip.number}", f"查询码：{slip.code}"]
        lines += [f"{row['name']}：{row['value']}" for row in sheet.rows]
        lines += ["接下来：", *(f"· {step.title}。{step.note}".rstrip("。") + "。" for step in sheet.steps), ""]
    lines += [
        f"凭编号和查询码，在{site.name}“查办理进度”查看，或打 {site.phone}。",
        "查询码等于钥匙，请不要给别人看。",
        "",
    ]
    # Windows' own editor needs the mark to read UTF-8, and both characters to end a line.
    body = ("\ufeff" + "\r\n".join(lines)).encode()
    name = f"回执{receipt.slips[0].number}.txt"
    return Response(body, mimetype="text/plain", headers={"Content-Disposition": disposition(name)})


def _receipt(token: str) -> Receipt:
    visit = current_visit()
    if visit is None:
        raise NotFound(GONE)
    try:
        return receipts.show(keys.full_key(visit, token), clock.now())
    except NotFound as gone:
        raise NotFound(GONE) from gone


def _sheet(slip: Slip, receipt: Receipt) -> Sheet:
    about = receipts.about(slip)
    label = "来信" if slip.kind == "misconduct" else WORKFLOW.kind_labels[slip.kind]
    rows = [{"name": "收到时间", "value": moment_full(receipt.received_at)}]
    if about.respondent_name:
        rows.append({"name": "商家", "value": about.respondent_name})
    if about.matter:
        rows.append({"name": "事项", "value": about.matter})
    if about.files:
        rows.append({"name": "收到的材料", "value": f"{len(about.files)} 份：" + "、".join(about.files)})
    way = _WAYS.get(about.reply_by or "", "")
    return Sheet(slip, label, rows, _steps(slip, way, receipt.received_at))


def _steps(slip: Slip, way: str, received_at: datetime) -> list[Step]:
    by = f"{day_full(slip.due_on)}前（当天有效）" if slip.due_on else "期限内"
    here = f"我们{way}告诉您，进度页上也能看到。" if way else "结果在“查办理进度”里看。"
    if slip.kind == "misconduct":
        return [
            Step("已经密封，送纪检监察人员", "别的人都看不到。", now=True),
            Step("纪检监察人员处理", "需要问您时，会写在“查办理进度”里，请过几天来看看。"),
        ]
    sent = Step(
        "分送到负责的单位",
        "当天分送；晚上和节假日提交的，下一个工作日分送。"
        + ("" if slip.kind == "report" else "进度页会显示办理单位。"),
        now=True,
    )
    if slip.kind == "complaint":
        length = guide.term_words("complaint.mediate", local_date(received_at))
        return [
            sent,
            Step(f"{by}：告诉您是否受理", f"{here}材料不全时，会一次说清要补什么。"),
            Step(f"受理后{length}内：组织调解", "调解要双方愿意。谈成了，可以做调解书；谈不成，会告诉您还能走哪些路。"),
        ]
    if slip.kind == "report":
        return [
            sent,
            Step(f"{by}：核查并决定是否立案", "情况复杂的可以延长一次。依法应当告知的，会告知您。"),
        ]
    words = "答复您" if slip.kind == "consultation" else "告诉您采纳情况"
    return [sent, Step(f"{by}：{words}", here)]
