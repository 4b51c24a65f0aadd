"""What the home page and the guide say, drawn from the tables of the law floor."""

from __future__ import annotations

from dataclasses import dataclass


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


def kinds() -> tuple[Kind, ...]:
    """Return the four kinds with the promise that goes with each."""
    return (
        Kind("complaint", "投诉", "和商家有消费纠纷，想退款、换货、修理或赔偿。", "7个工作日内告诉您是否受理"),
        Kind("report", "举报", "发现商家涉嫌违法，请我们去查。可以匿名。", "15个工作日内核查并决定是否立案"),
        Kind("consultation", "咨询", "想问规定、流程或该找哪个部门。", "多数问题当天答复"),
        Kind("suggestion", "建议", "对市场监管工作有想法、有意见。", "每条都有人看，有人回"),
    )


def after_filing() -> tuple[Step, ...]:
    """Return what happens after a complaint was filed."""
    return (
        Step("马上拿到编号和查询码", "凭这两样随时能查进度"),
        Step("当天分到辖区市场监管部门", "晚上和节假日提交的，下一个工作日分送"),
        Step("7个工作日内告诉您是否受理", "材料不全时，我们一次说清要补什么"),
        Step("受理后60天内调解结束", "结果按您选的方式告诉您"),
    )
